//! Files of JSON that prove themselves: the last member of an object is the digest of the others. Other programs read
//! them as they are; files written before have no such member, and are believed.

use super::{Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

const CHECKSUM: &str = "checksum";
/// How an object ends that has members, one a line.
const END: &str = "\n}";

/// The text of a file.
pub fn text(value: &impl Serialize, what: &str) -> Result<Vec<u8>> {
    let damaged = |error: serde_json::Error| StoreError::Damaged { what: what.into(), problem: error.to_string() };
    let mut text = serde_json::to_string_pretty(value).map_err(damaged)?;
    let digest = digest(&serde_json::from_str(&text).map_err(damaged)?);
    if let Some(members) = text.strip_suffix(END).map(str::len) {
        text.truncate(members);
        text.push_str(&format!(",\n  \"{CHECKSUM}\": \"{digest}\"{END}"));
    }
    Ok(text.into_bytes())
}

/// The value of a file; none where it is damaged.
pub fn value<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    let written = value.as_object_mut().and_then(|members| members.remove(CHECKSUM));
    if written.is_some_and(|written| written != Value::String(digest(&value))) {
        return None;
    }
    serde_json::from_value(value).ok()
}

/// Digest of a value, however it is laid out.
fn digest(value: &Value) -> String {
    format!("{:016x}", xxh3_64(value.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn what_is_written_comes_back_and_no_changed_number_does(
            numbers in prop::collection::btree_map("[a-b]{1,3}", any::<f32>().prop_filter("finite", |n| n.is_finite()), 1..6),
            at: prop::sample::Index,
        ) {
            let text = text(&numbers, "test").unwrap();
            prop_assert_eq!(value::<BTreeMap<String, f32>>(&text), Some(numbers));
            let digits: Vec<usize> = (0..text.len()).filter(|at| text[*at].is_ascii_digit()).collect();
            let mut other = text.clone();
            let place = digits[at.index(digits.len())];
            other[place] = if other[place] == b'9' { b'8' } else { other[place] + 1 };
            let same = serde_json::from_slice::<Value>(&other).unwrap() == serde_json::from_slice::<Value>(&text).unwrap();
            prop_assert!(same || value::<BTreeMap<String, f32>>(&other).is_none());
        }
    }

    #[test]
    fn what_has_no_checksum_is_believed() {
        assert_eq!(value::<Vec<u8>>(b"[1, 2]"), Some(vec![1, 2]));
        assert_eq!(value::<BTreeMap<String, u8>>(b"{\"a\": 1}"), Some([("a".to_owned(), 1)].into()));
        assert_eq!(text(&[1, 2], "test").unwrap(), b"[\n  1,\n  2\n]");
        assert_eq!(value::<u8>(b"{"), None);
    }
}
