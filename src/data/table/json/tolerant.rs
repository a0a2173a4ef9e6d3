//! What Python's `json` writes and JSON does not know: NaN, Infinity, half a surrogate pair.

use crate::guard::check_values;
use serde_json::Value;
use std::borrow::Cow;

/// What stands for half a surrogate pair: a character that is never used, so that it is found again.
pub const HALF: char = '\u{fdd0}';

/// Reads JSON as Python writes it; NaN and Infinity become words, half a surrogate pair becomes U+FFFD.
///
/// # Errors
/// What is wrong with it.
pub fn parse(bytes: &[u8]) -> Result<Value, String> {
    check_values(bytes, false)?;
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let text = mended(bytes, '\u{fffd}');
    serde_json::from_slice(&text).map_err(|error| error.to_string())
}

/// The same JSON with `"NaN"` for NaN, and so on, and `half` for half a surrogate pair.
#[must_use]
pub fn mended(bytes: &[u8], half: char) -> Cow<'_, [u8]> {
    let mut mended: Vec<u8> = Vec::new();
    let (mut at, mut kept, mut inside) = (0, 0, false);
    let escape = format!("\\u{:04x}", u32::from(half));
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (length, instead) = match bytes[at] {
            b'\\' if inside => match surrogate(rest) {
                Some(Pair::Whole) => (12, None),
                Some(Pair::Half) => (6, Some(escape.as_bytes())),
                None => (2, None),
            },
            b'"' => {
                inside = !inside;
                (1, None)
            }
            b'N' if !inside && rest.starts_with(b"NaN") => (3, Some(&b"\"NaN\""[..])),
            b'I' if !inside && rest.starts_with(b"Infinity") => (8, Some(&b"\"Infinity\""[..])),
            b'-' if !inside && rest.starts_with(b"-Infinity") => (9, Some(&b"\"-Infinity\""[..])),
            _ => (1, None),
        };
        if let Some(instead) = instead {
            mended.extend_from_slice(&bytes[kept..at]);
            mended.extend_from_slice(instead);
            kept = at + length;
        }
        at += length;
    }
    if kept == 0 {
        return Cow::Borrowed(bytes);
    }
    mended.extend_from_slice(&bytes[kept.min(bytes.len())..]);
    Cow::Owned(mended)
}

enum Pair {
    Whole,
    Half,
}

/// Whether an escape is a surrogate, and whether its other half follows.
fn surrogate(text: &[u8]) -> Option<Pair> {
    let unit = |text: &[u8]| {
        let digits = text.strip_prefix(b"\\u")?.get(..4)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match unit(text)? {
        0xd800..=0xdbff => {
            let low = text.get(6..).and_then(unit).is_some_and(|low| (0xdc00..=0xdfff).contains(&low));
            Some(if low { Pair::Whole } else { Pair::Half })
        }
        0xdc00..=0xdfff => Some(Pair::Half),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_what_json_does_not_know_changes() {
        let same = br#"{"a": "NaN \\\" Infinity \ud83d\ude00", "b": [1, -2.5e-3, null]}"#;
        assert!(matches!(mended(same, HALF), Cow::Borrowed(_)));
        let text = br#"{"NaN": NaN, "b": [-Infinity, Infinity], "c": "x\ud83d y\\ud83d \udc00"}"#;
        let value = parse(text).unwrap();
        assert_eq!(value["NaN"], "NaN");
        assert_eq!(value["b"], serde_json::json!(["-Infinity", "Infinity"]));
        assert_eq!(value["c"], "x\u{fffd} y\\ud83d \u{fffd}");
        assert!(parse(b"{\"a\": Nan}").is_err() && parse(b"{\"a\": \"\\").is_err());
    }
}
