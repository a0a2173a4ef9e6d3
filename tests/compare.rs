//! Two models compared, from outside: planted differences have the right sign, and SciPy agrees on the intervals.
#![allow(clippy::panic, clippy::unwrap_used)]

use assert_cmd::Command;
use llm2loss::stats::{Resampling, Side, Units, mean_changes};
use serde_json::Value;
use std::path::Path;
use unicode_width::UnicodeWidthStr;

fn run(home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").env_remove("COLUMNS").assert()
}

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn attribute<'a>(document: &'a Value, name: &str) -> &'a Value {
    document["attributes"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()
}

#[test]
fn the_paired_bootstrap_agrees_with_scipy() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/compare.json")).unwrap();
    let column = |name: &str| fixture[name].as_array().unwrap().iter().map(number).collect::<Vec<f64>>();
    let (before, after) = (column("before"), column("after"));
    let sides: Vec<Side> =
        fixture["with"].as_array().unwrap().iter().map(|is| Side::from(is.as_bool().unwrap())).collect();
    let plan = Resampling { replicates: 20_000, seed: 3 };
    let found = mean_changes(&before, &after, &[sides], Units::Items(before.len()), plan, &|| {}).unwrap();
    let gap = found.attributes.into_iter().next().unwrap().gap;
    for (ours, theirs) in [(found.overall, &fixture["mean_change"]), (gap, &fixture["gap_change"])] {
        let ours = ours.unwrap();
        assert!((ours.estimate - number(&theirs["value"])).abs() < 1e-12);
        let interval = ours.percentile(0.95).unwrap();
        let (low, high) = (number(&theirs["low"]), number(&theirs["high"]));
        let allowed = 0.03 * (high - low);
        assert!(
            (interval.low - low).abs() < allowed && (interval.high - high).abs() < allowed,
            "{interval:?} {theirs}"
        );
    }
}

#[test]
fn the_blind_spot_of_v1_is_gone_in_v2_and_back_the_other_way() {
    let home = tempfile::tempdir().unwrap();
    let done = run(home.path(), &["compare-models", "adult", "v1", "v2", "--json"]).code(0);
    let better: Value = serde_json::from_str(&stdout(&done)).unwrap();
    assert_eq!(better["schema"], "llm2loss.compare-models/1");
    let senior = attribute(&better, "Senior");
    assert_eq!((&senior["loss_gap"]["verdict"], &senior["loss_true"]["verdict"]), (&"better".into(), &"better".into()));
    // Taken from the data file itself with pandas.
    assert!((number(&senior["loss_true"]["before"]) - 3.72).abs() < 0.02, "{}", senior["loss_true"]);
    assert!((number(&senior["loss_true"]["after"]) - 0.33).abs() < 0.01, "{}", senior["loss_true"]);
    let groups = &better["groups"];
    assert!(groups["headline"].as_str().unwrap().starts_with("0 groups worse off; "), "{}", groups["headline"]);
    let fates: Vec<&str> =
        groups["groups"].as_array().unwrap().iter().map(|group| group["fate"].as_str().unwrap()).collect();
    assert_eq!(fates.len(), 80);
    assert!(fates.is_sorted_by_key(|fate| {
        ["worse_off", "left_behind", "better", "not_resolved", "not_enough_data"].iter().position(|known| known == fate)
    }));
    let left_behind = fates.iter().filter(|fate| **fate == "left_behind").count();
    assert!(left_behind > 0 && groups["left_behind"]["groups"] == left_behind);
    assert!(better["losses"]["tests"]["mcnemar"].is_null(), "cross entropies are not right or wrong");
    assert!(number(&better["losses"]["tests"]["wilcoxon"]["p"]) < 1e-6);
    assert!(number(&better["losses"]["standard_error"]["naive"]) > 0.0);
    let predicted = &senior["predicted"];
    assert!(number(&predicted["before"]["mean"]) > 4.0 && number(&predicted["after"]["mean"]) < 1.0, "{predicted}");
    assert_eq!(predicted["direction"]["positive"], 0, "every member sees the gap fall");
    let spearman = |head: usize, model: &str| number(&better["predicted"]["heads"][head][model]["value"]);
    assert!(spearman(0, "before") > 0.5 && spearman(0, "after") > 0.8);

    let done =
        run(home.path(), &["compare-models", "adult", "v2", "v1", "--json", "--attributes", "Senior,Young"]).code(0);
    let worse: Value = serde_json::from_str(&stdout(&done)).unwrap();
    assert_eq!(worse["attributes"].as_array().unwrap().len(), 2);
    let back = attribute(&worse, "Senior");
    assert_eq!(back["loss_gap"]["verdict"], "worse");
    assert!((number(&back["loss_gap"]["change"]) + number(&senior["loss_gap"]["change"])).abs() < 1e-9);
    assert_eq!(worse["predicted"]["prompts"][0]["text"], "an elderly person", "its predicted loss rose most");
    let items = worse["items"].as_array().unwrap();
    assert!(items.len() == 10 && items.iter().all(|item| number(&item["change"]) > 5.0));
}

#[test]
fn the_text_fits_its_columns_and_a_model_beside_itself_is_no_different() {
    let home = tempfile::tempdir().unwrap();
    for width in ["80", "120"] {
        let compared = |before, after| {
            let arguments = ["compare-models", "adult", before, after, "--no-heads", "--width", width];
            let text = stdout(&run(home.path(), &arguments).code(0));
            let room: usize = width.parse().unwrap();
            let long: Vec<&str> = text.lines().filter(|line| line.width() > room).collect();
            assert!(long.is_empty(), "{long:?}");
            text
        };
        assert!(compared("v1", "v2").contains("Left behind: "));
        let text = compared("v2", "v1");
        let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("no '{words}': {text}"));
        assert!(place("groups worse off (") < place("Worse off: ") && place("Worse off: ") < place("with Senior"));
        assert!(place("with Senior") < place("Loss gap of each attribute") && text.contains("wider"));
    }
    let done = run(home.path(), &["compare-models", "adult", "v1", "v1", "--no-heads", "--format", "csv"]).code(0);
    let text = stdout(&done);
    assert_eq!(text.lines().count(), 41);
    assert!(text.lines().skip(1).all(|line| line.ends_with("no difference")), "{text}");
}

#[test]
fn unknown_names_are_named_with_what_there_is() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (&["compare-models", "adult", "v1", "v9"][..], "model 'v9' is not part of audit 'adult'; it has: v1, v2"),
        (&["compare-models", "adult", "v1", "v2", "--attributes", "Tall"], "no attribute 'Tall'; it has: Male"),
        (&["compare-models", "adult", "v1", "v2", "--prompts", "/nowhere"], "/nowhere"),
    ] {
        let done = run(home.path(), arguments).code(2);
        let said = String::from_utf8(done.get_output().stderr.clone()).unwrap();
        assert!(said.contains(words), "{said}");
    }
}
