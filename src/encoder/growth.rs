//! How much longer a tokenizer may make a text, and how long it may take: its file can ask for replacements that double
//! it again and again.

use super::patterns;
use serde::Deserialize;
use serde_json::Value;

/// How many times longer than it was a text may become.
const MOST_TIMES: f64 = 100.0;
/// Bytes put before a text that count as once its length.
const PREPENDED: f64 = 64.0;
/// Places of a text in a template of special tokens, and pieces of such a template.
const MOST_PLACES: f64 = 4.0;
const MOST_PIECES: usize = 1024;

/// Steps that every text goes through.
const MOST_STEPS: usize = 1000;
/// Letters of a word that are looked up: the time grows with their third power. A usual tokenizer has 100.
const LONGEST_WORD: u64 = 1000;

/// Bytes that mark a part of a word, such as `##`: they stand before every try.
const LONGEST_MARK: usize = 64;

/// The parts of a `tokenizer.json` that can make a text longer, or its reading.
#[derive(Deserialize)]
struct Parts {
    normalizer: Option<Value>,
    pre_tokenizer: Option<Value>,
    post_processor: Option<Value>,
    model: Option<Model>,
}

#[derive(Deserialize)]
struct Model {
    max_input_chars_per_word: Option<u64>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
}

/// Refuses a tokenizer that could make a text very much longer or its reading endless, or whose file is no JSON.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(text: &[u8]) -> Result<(), String> {
    let parts: Parts = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if let Some(model) = &parts.model {
        check_model(model)?;
    }
    let mut steps = Vec::new();
    [&parts.normalizer, &parts.pre_tokenizer, &parts.post_processor]
        .into_iter()
        .flatten()
        .for_each(|step| collect(step, &mut steps));
    if steps.len() > MOST_STEPS {
        return Err(format!("a text goes through {} steps; at most {MOST_STEPS} are taken", steps.len()));
    }
    if let Some(fault) = steps.iter().filter_map(|step| step["pattern"]["Regex"].as_str()).find_map(patterns::fault) {
        return Err(fault);
    }
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

fn check_model(model: &Model) -> Result<(), String> {
    let word = model.max_input_chars_per_word.unwrap_or(0);
    if word > LONGEST_WORD {
        return Err(format!("max_input_chars_per_word is {word}; at most {LONGEST_WORD} are taken"));
    }
    let marks = [&model.continuing_subword_prefix, &model.end_of_word_suffix].into_iter().flatten();
    match marks.map(String::len).find(|length| *length > LONGEST_MARK) {
        Some(length) => Err(format!("parts of words are marked by {length} bytes; at most {LONGEST_MARK} are taken")),
        None => Ok(()),
    }
}

/// The steps within a step.
fn parts_of(step: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["normalizers", "pretokenizers", "processors"].into_iter().filter_map(|name| step[name].as_array());
    lists.flatten()
}

/// A step and all within it.
fn collect<'a>(step: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(step);
    parts_of(step).for_each(|part| collect(part, found));
}

/// How many times longer a step can make a text, at worst.
fn times(step: &Value) -> f64 {
    let kind = step["type"].as_str().unwrap_or_default();
    match kind {
        "Sequence" => parts_of(step).map(times).product(),
        // A mark takes no room; what is put before every text must not be a book.
        "Prepend" => 1.0 + step["prepend"].as_str().map_or(0, str::len) as f64 / PREPENDED,
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
        "Sequence" => parts_of(step).map(places).product(),
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
        let prepended =
            |length: usize| format!(r#"{{"normalizer": {{"type": "Prepend", "prepend": "{}"}}}}"#, "a".repeat(length));
        assert_eq!(check(prepended(3).as_bytes()), Ok(()));
        assert!(check(prepended(1 << 20).as_bytes()).unwrap_err().contains("times longer"));
    }

    #[test]
    fn what_takes_a_text_for_ever_is_refused() {
        let word = |letters: u64| format!(r#"{{"model": {{"max_input_chars_per_word": {letters}}}}}"#);
        assert_eq!(check(word(100).as_bytes()), Ok(()));
        assert!(check(word(1 << 30).as_bytes()).unwrap_err().contains("max_input_chars_per_word is 1073741824"));
        let mark = format!(r#"{{"model": {{"continuing_subword_prefix": "{}"}}}}"#, "a".repeat(65));
        assert!(check(mark.as_bytes()).unwrap_err().contains("marked by 65 bytes"));
        let split = br#"{"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a+)\\1"}}}"#;
        assert!(check(split).unwrap_err().contains("refers back"));
        let steps = |n: usize| {
            let lower = vec![r#"{"type": "Lowercase"}"#; n].join(",");
            format!(r#"{{"normalizer": {{"type": "Sequence", "normalizers": [{lower}]}}}}"#)
        };
        assert_eq!(check(steps(5).as_bytes()), Ok(()));
        assert!(check(steps(5000).as_bytes()).unwrap_err().contains("5001 steps"));
    }
}
