//! Sentences measured on the items that hold their words: two models, and words that raise an estimate, against a plain
//! pass over the items.
#![allow(clippy::unwrap_used, clippy::panic)]

use llm2loss::audit::{Architecture, Audit, HyperParameters, Split};
use llm2loss::diagnose::{MatchingItems, MeasuredMean, RaiseMaterial, RaisedBy, raise};
use llm2loss::engine::{Session, Tracker};
use std::cell::Cell;

/// Losses of the test items whose text has all of some words, found without an index.
fn losses(audit: &Audit, model: &str, words: &[&str]) -> Vec<f64> {
    let model = audit.model(model).unwrap();
    let holds = |text: &str, word: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '\'').any(|held| held.eq_ignore_ascii_case(word))
    };
    let all = audit.rows_of(model, Split::Test).into_iter();
    let rows = all.filter(|&row| words.iter().all(|word| holds(audit.items[row].text.as_str(), word)));
    rows.map(|row| model.losses[row]).collect()
}

fn near(found: &MeasuredMean, values: &[f64]) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    assert_eq!(found.n, values.len());
    assert!((found.mean - mean).abs() < 1e-9, "{} against {mean}", found.mean);
    // Student's t of many items is nearly normal.
    let ends = found.interval.unwrap();
    let half = (ends.high - ends.low) / 2.0 / (sd / n.sqrt());
    assert!((1.95..2.1).contains(&half), "{half}");
}

#[test]
fn both_models_and_words_that_raise_agree_with_a_pass_over_the_items() {
    let home = tempfile::tempdir().unwrap();
    let session = Session::open(home.path(), "adult").unwrap();
    let audit = session.audit().unwrap();
    let items = MatchingItems::new(&audit);
    let models = ["v1", "v2"].map(|name| audit.model(name).unwrap());
    let words = items.words_of("a widowed woman", None);
    assert_eq!(words, ["widowed", "woman"]);
    let both = items.compare(&audit, models, "a widowed woman", words).unwrap();
    let [first, second] = ["v1", "v2"].map(|model| losses(&audit, model, &["widowed", "woman"]));
    let differences: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a - b).collect();
    near(&both.difference, &differences);
    assert!((both.means[0] - both.means[1] - both.difference.mean).abs() < 1e-9);
    assert!(items.compare(&audit, models, "a ballet dancer", items.words_of("a ballet dancer", None)).is_none());

    let hyper = HyperParameters { epochs: 1, members: 1, ..HyperParameters::new(Architecture::Linear) };
    let run = session.train("v1", &hyper, &Tracker::silent()).unwrap();
    let estimator = session.estimator(&run).unwrap();
    let material = RaiseMaterial { audit: &audit, model: models[0], estimator: &estimator, items: &items };
    let found = raise(&material, "a widowed woman", &|| true).unwrap().unwrap();
    near(found.measured.as_ref().unwrap(), &first);
    assert!(!found.single.is_empty() && found.together.len() > 1 && found.tried > 50);
    assert_eq!(found.single[0].word, found.together[0].word);
    let estimate = |text: &str| estimator.tell_all(&[text]).unwrap()[0].estimate.as_ref().unwrap().value;
    assert!(estimate("a widowed woman") < found.single[0].estimate);
    for one in found.single.iter().chain(&found.together) {
        // One by one or many at once, sums are rounded otherwise.
        assert!((estimate(&one.text) - one.estimate).abs() < 1e-4, "{}", one.text);
        assert!(one.text.ends_with(&one.word) && one.text.starts_with("a widowed woman "));
    }
    // What items hold comes first, then the highest estimate.
    let place = |one: &RaisedBy| (one.measured.is_none(), -one.estimate);
    assert!(found.single.is_sorted_by(|a, b| place(a) <= place(b)), "{:?}", found.single);
    for one in &found.single {
        let held = losses(&audit, "v1", &["widowed", "woman", &one.word]);
        assert_eq!(one.measured.as_ref().map_or(0, |found| found.n), held.len(), "{}", one.word);
    }
    assert!(found.together.is_sorted_by(|a, b| a.estimate < b.estimate));
    // Nothing that was tried and that items hold is better than the first.
    let held = |word: &String| !losses(&audit, "v1", &["widowed", "woman", word]).is_empty();
    let texts: Vec<String> = (estimator.costly_words(30, found.tried).iter())
        .filter(|word| held(word))
        .map(|word| format!("a widowed woman {word}"))
        .collect();
    let told = estimator.tell_all(&texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let most = told.iter().map(|told| told.estimate.as_ref().unwrap().value).fold(0.0, f64::max);
    assert!((most - found.single[0].estimate).abs() < 1e-4, "{most}");
    // Who no longer waits is not answered.
    let looks = Cell::new(0);
    let wanted = || {
        looks.set(looks.get() + 1);
        looks.get() < 3
    };
    assert_eq!(raise(&material, "a widowed woman", &wanted).unwrap(), None);
    assert_eq!(looks.get(), 3);
}
