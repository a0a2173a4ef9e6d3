//! Sentences and figures of small audits worked out by hand.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::audit::{Attribute, AttributePrompts, Content, Item, PromptSets, Split};
use crate::diagnose::intersections;

const N: usize = 160;

type Holds = fn(usize) -> Option<bool>;

fn attribute(name: &str, phrase: &str, holds: Holds, n: usize) -> Attribute {
    let prompts = AttributePrompts {
        bare: (name.into(), format!("Not {name}")),
        phrase: phrase.into(),
        antonym: None,
        generic: "a person".into(),
        made: false,
    };
    Attribute { name: name.into(), prompts, values: (0..n).map(holds).collect() }
}

fn model(name: &str, loss: impl Fn(usize) -> f64, n: usize) -> ModelLosses {
    ModelLosses { name: name.into(), losses: (0..n).map(loss).collect(), scores: None, class_aurocs: None }
}

/// `n` test items; item `i` has its number as id.
fn audit(n: usize, attributes: &[(&str, &str, Holds)], loss: impl Fn(usize) -> f64) -> Audit {
    let item = |i: usize| Item {
        id: i.to_string().into(),
        text: format!("item {i}").into(),
        split: Split::Test,
        content: Content::Text,
    };
    Audit {
        name: "tiny".into(),
        items: (0..n).map(item).collect(),
        labels: None,
        clusters: None,
        attributes: attributes.iter().map(|(name, phrase, holds)| attribute(name, phrase, *holds, n)).collect(),
        models: vec![model("v1", loss, n)],
        prompts: PromptSets::default(),
    }
}

fn find(audit: &Audit) -> Findings {
    findings(audit, &audit.models[0], audit.models.get(1), &Additions::default())
}

fn claims(found: &Findings) -> Vec<String> {
    found.findings.iter().map(Finding::claim).collect()
}

/// ±.1 in turn, so that every group below keeps its mean.
fn noise(i: usize) -> f64 {
    if (i / 4).is_multiple_of(2) { 0.1 } else { -0.1 }
}

const SENIOR: (&str, &str, Holds) = ("Senior", "an elderly person", |i| Some(i % 4 == 0));

#[test]
fn a_group_and_its_easy_case_are_said_with_their_figures() {
    // 40 seniors lose 3, 80 odd items .7, none of them a senior, and the 40 left 1.6: all others 1 on average.
    let losses = |i: usize| noise(i) + [3.0, 0.7, 1.6, 0.7][i % 4];
    let audit = audit(N, &[SENIOR, ("Odd", "odd", |i| Some(i % 2 == 1))], losses);
    let found = find(&audit);
    assert_eq!(
        claims(&found),
        [
            "Elderly people (Senior) lose 3.0 times what others do",
            // (3 + 1.6)/2 = 2.3 against .7: of the gap of 1.6 the .9 outside of seniors are left, more than half.
            "Items with Odd are the easy case: others lose 3.3 times what they do",
        ]
    );
    // 120 of 240. Variances .0103 and .1916; seniors vary less than all do, .1469 within both sides: √(.1469/40 + .1916/120) =
    // .0726, times 1.975.
    assert_eq!(
        found.findings[0].figures(),
        ["3.00 against 1.00", "n 40 of 160", "gap [+1.85, +2.14]", "q < .001", "resolved", "50 % of all loss"]
    );
    let Finding::Harder(group) = &found.findings[0] else { panic!("{found:?}") };
    assert_eq!((group.n, group.of, group.n_others), (40, N, 120));
    assert!((group.loss - 3.0).abs() < 1e-9 && (group.gap - 2.0).abs() < 1e-9);
    let worst: Vec<&str> = group.worst.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(worst, ["0", "8", "16", "24", "32"], "3.1 each, in the order of the audit");
    assert_eq!(found.findings[0].reproduce(&found).join(" "), "llm2loss table tiny attributes --model v1");
    assert_eq!(found.over(), "160 test items, mean loss 1.50");
}

#[test]
fn a_group_easy_only_beside_the_groups_above_is_no_easy_case() {
    // Odd items lose 1 as everybody but seniors does: nothing of their gap is left outside of these.
    let odd: (&str, &str, Holds) = ("Odd", "odd", |i| Some(i % 2 == 1));
    let audit = audit(N, &[SENIOR, odd], |i| noise(i) + if i % 4 == 0 { 3.0 } else { 1.0 });
    assert_eq!(claims(&find(&audit)), ["Elderly people (Senior) lose 3.0 times what others do"]);
}

#[test]
fn a_pair_is_said_only_where_it_adds_to_its_parts() {
    let even: (&str, &str, Holds) = ("Even", "even", |i| Some(i % 2 == 0));
    let low: (&str, &str, Holds) = ("Low", "low", |i| Some((i / 2) % 2 == 0));
    let both = |i: usize| i.is_multiple_of(4);
    let joint = audit(N, &[even, low], |i| noise(i) + if both(i) { 5.0 } else { 1.0 });
    // Each alone holds 40 items of the pair and 40 others: (5 + 1)/2. What Low has beyond Even is nothing.
    assert_eq!(
        claims(&find(&joint)),
        [
            "Items with Even lose 3.0 times what others do",
            "Items with both Even and Low lose 5.0 times what others do, more than either alone (3.00 and 3.00)",
        ]
    );
    let alone = audit(N, &[even, low], |i| noise(i) + if i % 2 == 0 { 5.0 } else { 1.0 });
    let found = claims(&find(&alone));
    assert_eq!(found[0], "Items with Even lose 5.0 times what others do");
    assert!(!found.iter().any(|claim| claim.contains("both")), "{found:?}");
}

#[test]
fn those_without_an_attribute_are_named_where_they_are_the_fewer() {
    let audit = audit(N, &[("White", "a white person", |i| Some(i % 4 != 0))], |i| {
        noise(i) + if i % 4 == 0 { 3.0 } else { 1.0 }
    });
    let found = find(&audit);
    assert_eq!(claims(&found), ["Items without White lose 3.0 times what others do"]);
    assert_eq!(found.findings[0].figures()[..3], ["3.00 against 1.00", "n 40 of 160", "gap [+1.96, +2.04]"]);
}

#[test]
fn what_cannot_be_said_is_said() {
    let third: (&str, &str, Holds) = ("Third", "third", |i| Some(i % 8 < 4));
    let flat = |i: usize| 1.0 + if i % 4 < 2 { 0.5 } else { 0.0 };
    assert_eq!(claims(&find(&audit(N, &[], flat))), ["No attributes are given, so no groups can be compared"]);
    assert_eq!(
        claims(&find(&audit(N, &[SENIOR], |_| 0.3))),
        ["All 160 test items have the same loss, 0.300: nothing tells groups apart"]
    );
    // Losses whose squares are below the smallest number differ all the same.
    let tiny = claims(&find(&audit(N, &[SENIOR], |i| 1e-300 * (1 + i % 3) as f64)));
    assert!(!tiny[0].contains("same loss"), "{tiny:?}");
    assert_eq!(claims(&find(&audit(19, &[SENIOR], flat))), ["Only 19 test items: too few to compare groups"]);
    assert_eq!(claims(&find(&audit(1, &[SENIOR], flat))), ["Only 1 test item: too few to compare groups"]);
    let few: (&str, &str, Holds) = ("Few", "few", |i| Some(i < 9));
    assert_eq!(
        claims(&find(&audit(N, &[third, few], flat))),
        ["1 of 2 loss gaps is not resolved; 1 of 2 attributes has too few items to say"]
    );
    assert_eq!(claims(&find(&audit(N, &[third], flat))), ["The one loss gap is not resolved over 160 test items"]);
    let nobody = audit(N, &[SENIOR], |_| f64::NAN);
    assert_eq!(
        claims(&find(&nobody)),
        [
            "No test item has a loss, so no groups can be compared",
            "160 of 160 test items have no loss and are left out"
        ]
    );
    assert!(nobody.models[0].losses[0].is_nan() && intersections(&nobody, &nobody.models[0]).rows.is_empty());
}

#[test]
fn others_who_lose_nothing_have_no_ratio() {
    let audit = audit(N, &[SENIOR], |i| if i % 4 == 0 { 1.0 + noise(i) } else { 0.0 });
    let found = find(&audit);
    assert_eq!(claims(&found), ["Elderly people (Senior) lose 1.00 where others lose nothing"]);
}

#[test]
fn another_model_is_held_against_group_by_group() {
    let mut audit = audit(N, &[SENIOR], |i| noise(i) + if i % 4 == 0 { 3.0 } else { 1.0 });
    audit.models.push(model("v0", |i| noise(i) + if i % 4 == 0 { 2.0 } else { 1.0 }, N));
    let said = claims(&find(&audit));
    assert_eq!(said[1], "v1 loses more than v0 in 1 of 2 groups, most on elderly people (Senior): 3.00 against 2.00");
    audit.models.swap(0, 1);
    let found = find(&audit);
    assert_eq!(claims(&found)[1], "v0 loses more than v1 in none of 2 groups, less in 1");
    assert_eq!(found.findings[1].reproduce(&found).join(" "), "llm2loss compare-models tiny v1 v0 --no-heads");
}

#[test]
fn test_items_that_stand_in_training_are_told() {
    let mut audit = audit(N, &[SENIOR], |i| noise(i) + if i % 4 == 0 { 3.0 } else { 1.0 });
    for (i, item) in audit.items.iter_mut().enumerate().take(3) {
        item.split = Split::Train;
        item.text = format!("ITEM  {}", i + 40).into();
    }
    let said = claims(&find(&audit));
    assert_eq!(said[1], "3 of 157 test items stand in training too, with equal content");
}

#[test]
fn slices_and_faults_of_others_are_taken_in_and_no_more_than_seven_are_said() {
    let many: Vec<(&str, &str, Holds)> = vec![
        ("A", "a", |i| Some(i % 16 == 0)),
        ("B", "b", |i| Some(i % 16 == 1)),
        ("C", "c", |i| Some(i % 16 == 2)),
        ("D", "d", |i| Some(i % 16 == 3)),
        ("E", "e", |i| Some(i % 16 == 4)),
        ("F", "f", |i| Some(i % 16 == 5)),
        ("G", "g", |i| Some(i % 16 == 6)),
        ("Few", "few", |i| Some(i < 2)),
    ];
    // Those of i % 16 = 8 lose 4.5 and have no attribute.
    let means = [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 1.0, 4.5];
    let losses = |i: usize| noise(i / 16) + means.get(i % 16).copied().unwrap_or(1.0);
    let audit = audit(960, &many, losses);
    let held = |group: usize| (0..30).map(|at| at * 32 + group).collect::<Vec<usize>>();
    let slice = |group: usize, low: f64| NamedSlice {
        name: "\"retired\"".into(),
        n: 30,
        mean_loss: 4.5,
        interval: crate::stats::Interval { low, high: 5.0, level: 0.95 },
        overall: 1.5,
        q: 0.01,
        mostly: None,
        tested: held(group),
        items: held(group),
    };
    let added = Additions {
        discovered: vec![slice(8, 4.0)],
        faults: vec![DataFault::Other { sentence: "The losses look fitted to the items".into() }],
        run: Some("cbc4".into()),
    };
    let found = findings(&audit, &audit.models[0], None, &added);
    let said = claims(&found);
    assert_eq!(said.len(), 7, "{said:?}");
    assert!(said[0].starts_with("Items with A lose") && said[4].starts_with("Items with D lose"), "{said:?}");
    // Gaps to others, from a mean of 54.5/16 = 3.41: A 5.97, B 4.90, C 3.83, D 2.77, E 1.70, F .63, G −.43, each ±.70: any
    // 60 items vary by 2.7; the slice at least 4 − 1.5, D at least 2.77 − .70.
    assert_eq!(said[3], "Found in no attribute: items with \"retired\" lose 3.0 times what all do");
    assert_eq!(said[5], "2 of 8 loss gaps are not resolved; 1 of 8 attributes has too few items to say");
    assert_eq!(said[6], "The losses look fitted to the items");
    assert_eq!(found.run.as_deref(), Some("cbc4"));
    assert_eq!(found.findings[3].reproduce(&found).join(" "), "llm2loss discover tiny --model v1");
    let said_of = |slice: NamedSlice| {
        let added = Additions { discovered: vec![slice], faults: added.faults.clone(), ..Additions::default() };
        claims(&findings(&audit, &audit.models[0], None, &added))
    };
    let tells = |said: &[String]| said.iter().any(|claim| claim.contains("retired"));
    // What loses less than every group told gives way; what lies within one of them is that group.
    assert!(tells(&said_of(slice(8, 4.0))) && !tells(&said_of(slice(8, 1.6))) && !tells(&said_of(slice(0, 4.0))));
    let within = MostlyOf { attribute: "A".into(), side: Side::True, share: 0.634 };
    let said = said_of(NamedSlice { mostly: Some(within), ..slice(8, 4.0) });
    assert!(said.contains(&"Items with \"retired\", 63 % of them with A, lose 3.0 times what all do".to_owned()));
}

#[test]
fn values_that_are_not_known_are_no_others_and_clusters_widen_the_interval() {
    let a: (&str, &str, Holds) = ("A", "a", |i| if i % 8 == 7 { None } else { Some(i % 2 == 0) });
    let b: (&str, &str, Holds) = ("B", "b", |i| Some(i % 4 < 2));
    let mut audit = audit(400, &[a, b], |i| 1.0 + noise(i) + if i % 4 == 0 { 2.0 } else { 0.0 });
    let table = intersections(&audit, &audit.models[0]);
    // Both: i % 4 = 0. Known to lack one: all others, for where A is not known B is false.
    assert_eq!((table.rows[0].n, table.rows[0].n_others), (100, 300));
    audit.attributes[1].values = (0..400).map(|i| Some(i % 4 != 2)).collect();
    let table = intersections(&audit, &audit.models[0]);
    // Where A is not known (50 items) B now holds: they are neither.
    assert_eq!((table.rows[0].n, table.rows[0].n_others), (100, 250));
    let width =
        |table: &crate::diagnose::IntersectionsTable| table.rows[0].loss_evidence.interval.value().unwrap().width();
    audit.clusters = Some((0..400).map(|i| i / 8).collect());
    let clustered = intersections(&audit, &audit.models[0]);
    assert_eq!((clustered.units, clustered.rows[0].n, clustered.rows[0].n_others), (50, 100, 250));
    assert!((clustered.rows[0].loss - table.rows[0].loss).abs() < 1e-12);
    assert!(width(&clustered) != width(&table));
}
