//! Canned pairs of attributes and checks over time: the same numbers each time.

use super::world::{ATTRIBUTES, bell, evidence, key, noise, record, tables};
use super::{open, press, words};
use llm2loss::audit::Architecture;
use llm2loss::console::App;
use llm2loss::diagnose::*;
use std::path::PathBuf;
use std::sync::Arc;

/// What is measured within a group: the canned table, a quarter smaller for each attribute that is kept.
pub fn attributes(within: &[String]) -> AttributesTable {
    let record = record("00", "logistic", Architecture::Linear, 0);
    let mut table = tables(&record).attributes.clone();
    for row in &mut table.rows {
        (row.predicted, row.zero_shot, row.everybody) = (Vec::new(), Vec::new(), None);
        for name in within {
            row.n_true = if row.name == *name { row.n_true } else { row.n_true * 3 / 4 };
        }
    }
    if let Some(kept) = within.last().and_then(|name| table.rows.iter().find(|row| row.name == *name)) {
        table.n = kept.n_true;
    }
    table
}

/// Thirty pairs of attributes, worst first.
pub fn intersections() -> IntersectionsTable {
    let mut rows: Vec<IntersectionRow> = (0..30)
        .map(|at| {
            let names = [ATTRIBUTES[at % 7].0, ATTRIBUTES[7 + at].0].map(str::to_owned);
            let id = key(&names.concat());
            let n = 30 + (1_500.0 * noise(id, 1).powi(2)) as usize;
            let gap = 0.05 * bell(id, 2);
            IntersectionRow {
                attributes: names,
                n,
                n_others: 16_281 - n,
                loss: 0.886 + gap,
                loss_others: 0.886,
                loss_gap: gap,
                loss_evidence: evidence(Measured::Value(gap)),
                loss_shrunken: Measured::Value(0.886 + 0.8 * gap),
                combined: None,
            }
        })
        .collect();
    rows.sort_by(|a, b| b.loss.total_cmp(&a.loss));
    let end = |row: &IntersectionRow| (row.attributes.clone(), row.n, row.loss_shrunken.value().unwrap());
    let ((high, n_high, loss_high), (low, n_low, loss_low)) = (end(&rows[0]), end(&rows[29]));
    let farthest = FarthestApart { high, low, n_high, n_low, loss_high, loss_low, difference: loss_high - loss_low };
    IntersectionsTable {
        n: 16_281,
        units: 16_281,
        mean_loss: Measured::Value(0.886),
        attributes: 40,
        pairs: 780,
        least_items: LEAST_OF_PAIR,
        intervals: "Welch's variance".into(),
        farthest: Some(farthest),
        rows,
    }
}

/// The ledger that is named.
pub fn file() -> PathBuf {
    "gate.jsonl".into()
}

/// Twenty-four looks at a test set, the fifteenth of which broke a rule.
pub fn trends() -> Vec<TestSetTrend> {
    let status = |at: usize| match at {
        14 => Status::Broken,
        at if at % 5 == 2 => Status::Inconclusive,
        _ => Status::Pass,
    };
    let looks = (0..24).map(|at| LookBack {
        date: format!("2026-{:02}-{:02}T06:49:45Z", 1 + at / 3, 1 + 9 * (at % 3)),
        model: format!("nightly {}", at + 1),
        against: "logistic".into(),
        level: 0.05,
        status: status(at),
    });
    let subjects = ["all test items", "with age over 60", "without husband", "with widowed"];
    let figures = subjects.iter().zip(0_u64..).map(|(subject, id)| FigureTrend {
        rule: if id == 0 { "max_mean_increase" } else { "max_group_increase" }.into(),
        subject: (*subject).into(),
        values: (0..24_u64)
            .map(|at| (id != 3 || at > 5).then(|| 0.02 * bell(at, id) + if (at, id) == (14, 1) { 0.2 } else { 0.0 }))
            .collect(),
        limits: vec![Some(0.1); 24],
        statuses: vec![Some(Status::Pass); 24],
        limit: 0.1,
        status: Status::Pass,
        broken: usize::from(id == 1),
    });
    vec![TestSetTrend {
        test_set: "9f3a5c1e".into(),
        audit: "adult".into(),
        n: 16_281,
        expected_false_alarms: 1.2,
        looks: looks.collect(),
        figures: figures.collect(),
    }]
}

#[test]
fn equal_items_are_counted_once_and_named_as_what_they_are() {
    let mut app = open((120, 36));
    let shown = app.world.shown.as_mut().unwrap();
    let seen = Some(Seen { items: 190, of: 958, among: 32_561 });
    Arc::make_mut(&mut shown.tables).validity.seen = seen;
    press(&mut app, "0");
    let findings = |app: &mut App| match app.screens.findings.found.as_mut() {
        Some((_, Ok(found))) => found.findings.retain(|finding| !matches!(finding, Finding::Data(_))),
        other => panic!("{other:?}"),
    };
    findings(&mut app);
    let joined = |app: &App| words(app).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(joined(&app).contains("190 of 958 test"), "{}", words(&app));
    // Equal content is counted among all test items: the sample is not told beside it.
    let (_, found) = app.screens.findings.found.as_mut().unwrap();
    found.as_mut().unwrap().findings.push(Finding::Data(DataFault::Leaked { items: 222, of: 16_281 }));
    assert!(!joined(&app).contains("190 of 958"), "{}", words(&app));
    press(&mut app, "7");
    assert!(words(&app).contains("190 of 958 looked at: all but equal to a training item"), "{}", words(&app));
}
