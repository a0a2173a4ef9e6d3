//! How much longer a tokenizer may make a text: its file can ask for replacements that double it again and again.

use serde::Deserialize;
use serde_json::Value;

/// How many times longer than it was a text may become.
const MOST_TIMES: f64 = 100.0;
/// Places of a text in a template of special tokens, and pieces of such a template.
const MOST_PLACES: f64 = 4.0;
const MOST_PIECES: usize = 1024;

/// The parts of a `tokenizer.json` that can make a text longer.
#[derive(Deserialize)]
struct Parts {
    normalizer: Option<Value>,
    pre_tokenizer: Option<Value>,
    post_processor: Option<Value>,
}

/// Refuses a tokenizer that could make a text very much longer, or whose file is no JSON.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(text: &[u8]) -> Result<(), String> {
    let parts: Parts = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let times = parts.normalizer.as_ref().map_or(1.0, times) * parts.pre_tokenizer.as_ref().map_or(1.0, times);
    if times > MOST_TIMES {
        return Err(format!(
            "its replacements can make a text {times:.0} times longer; at most {MOST_TIMES} are taken"
        ));
    }
    let places = parts.post_processor.as_ref().map_or(1.0, places);
    if places > MOST_PLACES {
        return Err(format!("its template repeats a text {places:.0} times; at most {MOST_PLACES} are taken"));
    }
    Ok(())
}

/// How many times longer a step can make a text, at worst.
fn times(step: &Value) -> f64 {
    let kind = step["type"].as_str().unwrap_or_default();
    match kind {
        "Sequence" => {
            let steps = step["normalizers"].as_array().or_else(|| step["pretokenizers"].as_array());
            steps.into_iter().flatten().map(times).product()
        }
        "Replace" => {
            let content = step["content"].as_str().map_or(0, str::len) as f64;
            match step["pattern"]["String"].as_str() {
                Some(pattern) if !pattern.is_empty() => (content / pattern.len() as f64).max(1.0),
                // What matches nothing is found between all letters.
                _ => 1.0 + content,
            }
        }
        "Precompiled" => 4.0,
        "ByteLevel" => 2.0,
        "Metaspace" => 3.0,
        _ => 1.0,
    }
}

/// How many times a text stands in what a post-processor makes of it.
fn places(step: &Value) -> f64 {
    match step["type"].as_str().unwrap_or_default() {
        "Sequence" => step["processors"].as_array().into_iter().flatten().map(places).product(),
        "TemplateProcessing" => {
            let pieces = step["single"].as_array().map_or(&[][..], Vec::as_slice);
            if pieces.len() > MOST_PIECES {
                return f64::INFINITY;
            }
            pieces.iter().filter(|piece| piece.get("Sequence").is_some()).count().max(1) as f64
        }
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_tokenizers_pass_and_growing_ones_do_not() {
        let replace = r#"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#;
        let many = |n: usize| {
            format!(r#"{{"normalizer": {{"type": "Sequence", "normalizers": [{}]}}}}"#, vec![replace; n].join(","))
        };
        assert_eq!(check(many(6).as_bytes()), Ok(()));
        assert!(check(many(7).as_bytes()).unwrap_err().contains("128 times longer"));
        assert!(check(many(2000).as_bytes()).is_err());
        let usual = r#"{"normalizer": {"type": "Sequence", "normalizers": [{"type": "Precompiled"},
            {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
            "pre_tokenizer": {"type": "Metaspace"}, "post_processor": {"type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "</s>"}}]}}"#;
        assert_eq!(check(usual.as_bytes()), Ok(()));
        let repeated = [r#"{"Sequence": {"id": "A"}}"#; 5].join(",");
        let repeated = format!(r#"{{"post_processor": {{"type": "TemplateProcessing", "single": [{repeated}]}}}}"#);
        assert!(check(repeated.as_bytes()).unwrap_err().contains("5 times"));
        assert!(check(br#"{"decoder": {{{"#).is_err());
    }
}
