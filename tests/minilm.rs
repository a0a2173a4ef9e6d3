//! all-MiniLM-L6-v2 itself against sentence-transformers (`tests/recipes/make_minilm_fixture.py`), where it is at hand:
//! LLM2LOSS_MINILM names its folder; `.ci/run` fetches it where it can.
#![allow(clippy::unwrap_used)]

use llm2loss::encoder;
use serde_json::Value;

#[test]
fn sentences_are_embedded_as_sentence_transformers_does() {
    let Some(folder) = std::env::var_os("LLM2LOSS_MINILM").filter(|folder| !folder.is_empty()) else {
        eprintln!("skipped: LLM2LOSS_MINILM names no folder of all-MiniLM-L6-v2");
        return;
    };
    let encoder = encoder::open(folder.to_str().unwrap()).unwrap();
    let fixture: Value = serde_json::from_str(include_str!("fixtures/encoder/minilm.json")).unwrap();
    let texts: Vec<&str> = fixture["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!((encoder.dimension(), texts.len()), (384, 9));
    let batch = encoder.encode(&texts).unwrap();
    let mut worst = 0f64;
    for (row, text) in texts.iter().enumerate() {
        let theirs: Vec<f64> =
            fixture["features"][row].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        for ours in [&batch[row * 384..(row + 1) * 384], &encoder.encode(&[text]).unwrap()] {
            let apart = ours.iter().zip(&theirs).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>().sqrt();
            worst = worst.max(apart);
            assert!(apart < 1e-5, "{text:?}: {apart:e}");
        }
    }
    println!("all-MiniLM-L6-v2: at most {worst:.1e} apart");
}
