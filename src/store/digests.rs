//! A column of digests as JSON: base64 in pieces, since so many are neither read by people nor shortened by packing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Digests in a piece.
const PIECE: usize = 192;
/// Letters of a digest alone, in files written before.
const HEXADECIMAL: usize = 32;

/// Digests of 16 bytes: `["BASE64", …]`, each of some of them; read as hexadecimal digits too, one by one.
#[derive(Debug, PartialEq)]
pub struct Digests(pub Vec<[u8; 16]>);

impl Serialize for Digests {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.chunks(PIECE).map(|piece| STANDARD.encode(piece.as_flattened())))
    }
}

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Digests;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("digests")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut pieces: A) -> Result<Digests, A::Error> {
                let (mut digests, mut bytes) = (Vec::new(), Vec::new());
                while let Some(Piece(text)) = pieces.next_element()? {
                    let damaged = || de::Error::custom(format!("'{text}' are no digests"));
                    bytes.clear();
                    if text.len() == HEXADECIMAL {
                        let number = u128::from_str_radix(&text, 16).map_err(|_| damaged())?;
                        bytes.extend_from_slice(&number.to_be_bytes());
                    } else {
                        STANDARD.decode_vec(text.as_bytes(), &mut bytes).map_err(|_| damaged())?;
                    }
                    let (whole, rest) = bytes.as_chunks::<16>();
                    digests.extend_from_slice(if rest.is_empty() { whole } else { return Err(damaged()) });
                }
                Ok(Digests(digests))
            }
        }

        deserializer.deserialize_seq(Visitor)
    }
}

/// One text of the file.
#[derive(Deserialize)]
struct Piece(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_come_back_whatever_their_number_and_those_written_before_too() {
        for count in [0, 1, 2, 191, 192, 193, 1000] {
            let digests = Digests((0..count).map(|at: u128| (at * 0x1234_5678_9abc_def0_0fed).to_be_bytes()).collect());
            let text = serde_json::to_string(&digests).unwrap();
            assert_eq!(serde_json::from_str::<Digests>(&text).unwrap(), digests);
            let before: Vec<String> =
                digests.0.iter().map(|digest| format!("{:032x}", u128::from_be_bytes(*digest))).collect();
            assert_eq!(serde_json::from_str::<Digests>(&serde_json::to_string(&before).unwrap()).unwrap(), digests);
        }
        for damaged in [r#"["x"]"#, r#"["AAAA"]"#, r#"["0000000000000000000000000000000g"]"#, "[1]", "3"] {
            assert!(serde_json::from_str::<Digests>(damaged).is_err(), "{damaged}");
        }
    }
}
