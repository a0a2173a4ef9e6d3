//! Verdicts on a small audit whose changes are known.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::audit::{Attribute, AttributePrompts, Content, Item, PromptSets};
use crate::diagnose::{ChangeVerdict, Fate};
use crate::stats::Undefined;

/// 80 test items, half of them with the attribute; `after` is what the second model loses on each.
fn audit(after: impl Fn(usize) -> f64) -> Audit {
    let items = (0..80).map(|i| Item {
        id: format!("i{i}").into(),
        text: format!("item\u{1b}[31m {i}").into(),
        split: Split::Test,
        content: Content::Text,
    });
    let (with, without) = ("a".to_owned(), "b".to_owned());
    let prompts = AttributePrompts {
        bare: (with.clone(), without.clone()),
        phrase: with,
        antonym: Some(without),
        generic: "c".into(),
        made: false,
    };
    let attribute = Attribute { name: "odd".into(), prompts, values: (0..80).map(|i| Some(i % 2 == 1)).collect() };
    let losses: Vec<f64> = (0..80).map(|i| 1.0 + f64::from(i % 7) / 10.0).collect();
    let second = (0..80).map(after).collect();
    Audit {
        name: "tiny".into(),
        items: items.collect(),
        labels: None,
        clusters: None,
        attributes: vec![attribute],
        models: vec![
            ModelLosses { name: "v1".into(), losses, scores: None, class_aurocs: None },
            ModelLosses { name: "v2".into(), losses: second, scores: None, class_aurocs: None },
        ],
        prompts: PromptSets::default(),
    }
}

fn compare(audit: &Audit) -> ModelComparison {
    compare_models(audit, &audit.models[0], &audit.models[1], &ComparisonQuestion::default())
}

fn base(i: usize) -> f64 {
    1.0 + (i % 7) as f64 / 10.0
}

#[test]
fn a_model_compared_with_itself_is_no_different() {
    let found = compare(&audit(base));
    let odd = &found.attributes[0];
    assert_eq!(odd.loss_gap.verdict, ChangeVerdict::NoDifference);
    assert_eq!(odd.loss_gap.change.value(), Some(0.0));
    assert_eq!((found.losses.worse, found.losses.better, found.losses.same), (0, 0, 80));
    assert_eq!(found.losses.mean.verdict, ChangeVerdict::NoDifference);
    assert!(found.items.is_empty());
}

#[test]
fn a_group_made_worse_is_found_with_its_sign() {
    let found = compare(&audit(|i| base(i) + if i % 2 == 1 { 0.5 + (i % 3) as f64 / 10.0 } else { 0.0 }));
    let odd = &found.attributes[0];
    assert_eq!(odd.loss_gap.verdict, ChangeVerdict::Worse);
    assert_eq!(odd.loss_true.verdict, ChangeVerdict::Worse);
    assert_eq!(odd.loss_false.verdict, ChangeVerdict::NoDifference);
    let (change, interval) = (odd.loss_gap.change.value().unwrap(), odd.loss_gap.interval.value().unwrap());
    assert!((0.5..0.7).contains(&change) && interval.low > 0.0 && interval.low < change && change < interval.high);
    assert_eq!((found.losses.worse, found.losses.same, found.items.len()), (40, 40, 10));
    assert!(found.items.windows(2).all(|pair| pair[0].change >= pair[1].change));
    let first: usize = found.items[0].id.trim_start_matches('i').parse().unwrap();
    assert_eq!(found.items[0].text, format!("item\u{1b}[31m {first}"), "as it is in the data: who shows it cleans it");
}

#[test]
fn a_gap_that_only_changes_sides_is_not_worse() {
    // The gap before is +g, after −g: its size is the same.
    let flipped = |i: usize| base(if i % 2 == 1 { i - 1 } else { i + 1 });
    let found = compare(&audit(flipped));
    let gap = &found.attributes[0].loss_gap;
    assert!((gap.before.value().unwrap() + gap.after.value().unwrap()).abs() < 1e-12);
    assert_eq!(gap.verdict, ChangeVerdict::NoDifference);
}

#[test]
fn a_change_under_the_least_effect_is_no_verdict_however_sure() {
    let found = compare(&audit(|i| base(i) + 0.001));
    assert!(found.losses.mean.q.value().unwrap() < 0.05);
    assert_eq!(found.losses.mean.verdict, ChangeVerdict::NoDifference);
}

#[test]
fn few_items_are_not_enough_data() {
    let mut audit = audit(|i| base(i) + 1.0);
    audit.attributes[0].values = (0..80).map(|i| Some(i < 5)).collect();
    let odd = compare(&audit).attributes.remove(0);
    assert_eq!(odd.loss_gap.verdict, ChangeVerdict::NotEnoughData);
    assert_eq!(odd.loss_true.q, Measured::Undefined { undefined: Undefined::TooFew { n: 5, need: 30 } });
    assert_eq!(odd.loss_false.verdict, ChangeVerdict::Worse);
    assert_eq!(odd.auroc_gap.verdict, ChangeVerdict::NotEnoughData);
}

#[test]
fn items_without_a_loss_of_both_take_no_part() {
    let found = compare(&audit(|i| if i < 4 { f64::NAN } else { base(i) }));
    assert_eq!(found.n, 76);
}

#[test]
fn clusters_widen_the_interval() {
    let audit = audit(|i| base(i) + (i / 8) as f64 / 10.0);
    let mut question = ComparisonQuestion::default();
    let width = |question: &ComparisonQuestion| {
        let found = compare_models(&audit, &audit.models[0], &audit.models[1], question);
        let interval = found.losses.mean.interval.value().unwrap();
        (found.units, interval.high - interval.low)
    };
    let (items, alone) = width(&question);
    question.clusters = Some((0..80).map(|i| i / 8).collect());
    let (clusters, together) = width(&question);
    assert_eq!((items, clusters), (80, 10));
    assert!(together > 1.5 * alone, "{together} {alone}");
}

fn fates(found: &ModelComparison) -> Vec<(String, String)> {
    found.groups.groups.iter().map(|group| (group.name(), group.words())).collect()
}

fn words(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect()
}

#[test]
fn harm_comes_before_a_gap_that_grew_among_gains() {
    let noise = |i: usize| (i % 3) as f64 / 100.0;
    // Those with it lose more: worse off. The others gain nothing.
    let harmed = compare(&audit(|i| base(i) + if i % 2 == 1 { 0.5 + noise(i) } else { 0.0 }));
    assert_eq!(fates(&harmed), words(&[("with odd", "worse off"), ("without odd", "not resolved")]));
    assert_eq!(
        harmed.groups.headline,
        "1 group worse off (40 of 80 test items); 0 gained less than others; 0 better; 1 not resolved."
    );
    // Both gain, those with it less: their gap grew, and nobody is worse off.
    let behind = compare(&audit(|i| base(i) - if i % 2 == 1 { 0.1 + noise(i) } else { 0.6 + noise(i) }));
    assert_eq!(behind.attributes[0].loss_gap.verdict, ChangeVerdict::Worse);
    assert_eq!(fates(&behind), words(&[("with odd", "better, left behind"), ("without odd", "better")]));
    assert!(
        behind
            .groups
            .headline
            .starts_with("0 groups worse off; 1 gained less than others (40 of 80 test items); 1 better")
    );
    assert_eq!(behind.groups.of(Fate::LeftBehind).count(), 1);
    // Only the others gain.
    let alone = compare(&audit(|i| base(i) - if i % 2 == 1 { 0.0 } else { 0.6 + noise(i) }));
    assert_eq!(fates(&alone), words(&[("with odd", "left behind"), ("without odd", "better")]));
}

#[test]
fn right_and_wrong_answers_get_a_mcnemar() {
    let mut audit = audit(|i| f64::from(u8::from(i % 8 == 1)));
    audit.models[0].losses = (0..80).map(|i| f64::from(u8::from(i % 16 == 1))).collect();
    let found = compare(&audit);
    let test = found.losses.tests.mcnemar.unwrap();
    // 0 against 5: 2 / 32.
    assert_eq!((test.before_only, test.after_only), (0, 5));
    assert!((test.p - 0.0625).abs() < 1e-12);
    assert_eq!(found.groups.groups[0].tests.mcnemar.unwrap().after_only, 5);
    let errors = found.losses.standard_error.value().unwrap();
    assert!(errors.naive > 0.0 && errors.clustered.is_none());
}

/// The same to eleven digits, whatever it is of.
fn assert_near(a: &serde_json::Value, b: &serde_json::Value, place: &str) {
    use serde_json::Value;
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-11 * (1.0 + a.abs()), "{place}: {a} {b}");
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{place}");
            a.iter().zip(b).enumerate().for_each(|(at, (a, b))| assert_near(a, b, &format!("{place}[{at}]")));
        }
        (Value::Object(a), Value::Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{place}");
            a.iter().zip(b).for_each(|((name, a), (_, b))| assert_near(a, b, &format!("{place}.{name}")));
        }
        _ => assert_eq!(a, b, "{place}"),
    }
}

#[test]
fn turning_a_comparison_round_gives_what_computing_it_that_way_gives() {
    let hash = |i: usize, salt: usize| ((i * 2_654_435_761 + salt * 40_503) % 1_009) as f64 / 1_009.0;
    let mut audit = audit(|i| 0.7 * base(i) + 0.6 * hash(i, 1) + if i % 2 == 1 { 0.5 } else { 0.0 });
    audit.labels = Some((0..80).map(|i| hash(i, 2) > 0.4).collect());
    for (model, salt) in [(0, 3), (1, 4)] {
        audit.models[model].scores = Some((0..80).map(|i| hash(i, salt)).collect());
    }
    let mut few = audit.attributes[0].clone();
    few.name = "few".into();
    few.values = (0..80).map(|i| Some(i < 5)).collect();
    audit.attributes.push(few);
    for clusters in [None, Some((0..80).map(|i| i / 3).collect())] {
        let question = ComparisonQuestion { clusters, ..ComparisonQuestion::default() };
        let drawn = std::sync::atomic::AtomicUsize::new(0);
        let told = || _ = drawn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let found = compare_both_ways(&audit, &audit.models[0], &audit.models[1], &question, &told);
        assert_eq!(drawn.into_inner(), question.draws(&audit, [&audit.models[0], &audit.models[1]]));
        let computed = compare_models(&audit, &audit.models[1], &audit.models[0], &question);
        let json = |found: &ModelComparison| serde_json::to_value(found).unwrap();
        assert_near(&json(&found.back), &json(&computed), "back");
        assert_eq!(json(&found.there), json(&compare_models(&audit, &audit.models[0], &audit.models[1], &question)));
        // It says something: the fates of the two ways differ.
        assert_ne!(fates(&found.there), fates(&found.back));
        assert!(found.there.groups.worse_off.groups > 0 && found.back.groups.better.groups > 0);
    }
}
