//! The built-in encoder against the `tokenizers` library in Python and NumPy (`tests/recipes/make_encoder.py`).
#![allow(clippy::unwrap_used)]

use llm2loss::encoder::{Encoder, StaticEncoder};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/encoder.json")).unwrap()
}

#[test]
fn vectors_and_piece_counts_are_those_of_python() {
    let encoder = StaticEncoder::new().unwrap();
    let fixture = fixture();
    let texts = fixture.as_array().unwrap();
    assert!(texts.len() >= 15);
    for entry in texts {
        let text = entry["text"].as_str().unwrap();
        let expected: Vec<f64> =
            entry["vector"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        assert_eq!(
            encoder.reading(text).pieces.min(encoder.piece_limit()),
            entry["pieces"].as_array().unwrap().len(),
            "{text:?}"
        );
        let ours = encoder.encode(&[text]).unwrap();
        assert_eq!(ours.len(), expected.len());
        for (ours, expected) in ours.iter().zip(&expected) {
            assert!((f64::from(*ours) - expected).abs() < 2e-6, "{text:?}: {ours} against {expected}");
        }
    }
}

#[test]
fn a_batch_gives_what_single_texts_give() {
    let encoder = StaticEncoder::new().unwrap();
    let texts: Vec<String> = (0..5000).map(|age| format!("A man, {age} years old, café n°{age}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let batch = encoder.encode(&texts).unwrap();
    for row in [0, 1, 2047, 2048, 4999] {
        let single = encoder.encode(&[texts[row]]).unwrap();
        assert_eq!(single, batch[row * 256..(row + 1) * 256], "row {row}");
    }
}
