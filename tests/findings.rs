//! Findings and intersections of the built-in audit, from outside and without heads.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use llm2loss::engine::{Command as Ask, Engine, Event, Session};
use serde_json::Value;
use std::path::Path;
use std::sync::OnceLock;

/// A home that only these tests use; nothing in it is ever trained.
fn home() -> &'static Path {
    static HOME: OnceLock<std::path::PathBuf> = OnceLock::new();
    HOME.get_or_init(|| tempfile::tempdir().unwrap().keep())
}

fn run(arguments: &[&str], code: i32) -> (String, String) {
    // One at a time: a home that another process has open is read beside it, which says so.
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = TURN.lock().unwrap();
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let done = command.arg("--home").arg(home()).args(arguments).env_remove("LLM2LOSS_HOME").output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(done.status.code(), Some(code), "{arguments:?}: {}", text(&done.stderr));
    (text(&done.stdout), text(&done.stderr))
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&run(arguments, 0).0).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn every_pair_is_what_numpy_and_scipy_measure() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/intersections.json")).unwrap();
    let ours = json(&["table", "adult", "intersections", "--of", "2", "--json"]);
    assert_eq!(ours["schema"], "llm2loss.table.intersections/1");
    let rows = ours["rows"].as_array().unwrap();
    assert_eq!((rows.len() as u64, ours["pairs"].as_u64()), (fixture["pairs"].as_u64().unwrap(), Some(780)));
    assert_eq!((&ours["farthest"]["high"], &ours["farthest"]["low"]), (&fixture["high"], &fixture["low"]));
    for theirs in fixture["rows"].as_array().unwrap() {
        let row = rows.iter().find(|row| row["attributes"] == theirs["attributes"]).unwrap();
        assert_eq!(row["n"], theirs["n"]);
        for part in ["loss", "loss_others", "loss_gap"] {
            assert!((number(&row[part]) - number(&theirs[part])).abs() < 1e-9, "{part}: {row} {theirs}");
        }
        assert!((number(&row["loss_shrunken"]) - number(&theirs["loss_shrunken"])).abs() < 1e-6, "{row} {theirs}");
        let evidence = &row["loss_evidence"];
        let near = |ours: &Value, theirs: &Value| (number(ours) - number(theirs)).abs() < 1e-7;
        let (low, high) = (&evidence["interval"]["low"], &evidence["interval"]["high"]);
        assert!(near(low, &theirs["interval"][0]) && near(high, &theirs["interval"][1]), "{evidence} {theirs}");
        assert!(near(&evidence["q"], &theirs["q"]), "{evidence} {theirs}");
    }
    let heights: Vec<f64> = rows.iter().map(|row| number(&row["loss_shrunken"])).collect();
    assert!(heights.is_sorted_by(|a, b| a >= b));
}

#[test]
fn attributes_within_a_group_are_measured_over_it_alone() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/intersections.json")).unwrap();
    for theirs in &fixture["rows"].as_array().unwrap()[..5] {
        let [a, b] = [0, 1].map(|at| theirs["attributes"][at].as_str().unwrap());
        let ours = json(&["table", "adult", "attributes", "--within", a, "--json"]);
        assert_eq!((&ours["schema"], &ours["within"][0]), (&"llm2loss.table.attributes/1".into(), &a.into()));
        let row = |name: &str| ours["rows"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
        // The group itself has nothing to be held against.
        assert_eq!((&row(a)["n_true"], &row(a)["n_false"]), (&ours["n"], &0.into()));
        assert_eq!(row(b)["n_true"], theirs["n"]);
        assert!((number(&row(b)["loss_true"]) - number(&theirs["loss"])).abs() < 1e-9, "{b} within {a}");
        assert!(row(b)["predicted"].as_array().unwrap().is_empty());
        let both = json(&["table", "adult", "attributes", "--within", a, "--within", b, "--json"]);
        assert_eq!(both["n"], theirs["n"]);
    }
}

#[test]
fn the_blind_spot_comes_first_and_its_command_computes_it_again() {
    let found = json(&["findings", "adult", "--json"]);
    assert_eq!((&found["schema"], &found["model"]), (&"llm2loss.findings/1".into(), &"v1".into()));
    let list = found["findings"].as_array().unwrap();
    assert!((4..=7).contains(&list.len()));
    let first = &list[0];
    assert_eq!(first["claim"], "Elderly people (Senior) lose 6.0 times what others do");
    assert_eq!((&first["kind"], &first["subject"]), (&"harder".into(), &serde_json::json!(["Senior"])));
    // Taken from the data file itself with NumPy.
    assert_eq!((&first["n"], &first["of"]), (&1411.into(), &16281.into()));
    assert!((number(&first["loss"]) - 3.715).abs() < 1e-3 && (number(&first["loss_others"]) - 0.618).abs() < 1e-3);
    assert_eq!(first["worst"].as_array().unwrap().len(), 5);
    let pair = list.iter().find(|finding| finding["kind"] == "pair").unwrap();
    let words: Vec<&str> = pair["reproduce"].as_str().unwrap().split(' ').skip(1).collect();
    let again = json(&[&words[..], &["--json"]].concat());
    let row = again["rows"].as_array().unwrap().iter().find(|row| row["attributes"] == pair["subject"]).unwrap();
    assert_eq!((&row["n"], &row["loss"]), (&pair["n"], &pair["loss"]));
    let (text, said) = run(&["findings", "adult"], 0);
    assert_eq!(said, "", "nothing was trained or embedded");
    assert!(text.starts_with("What v1 fails, worst first\naudit adult · model v1 · 16,281 test items"), "{text}");
    for finding in list {
        assert!(text.contains(finding["claim"].as_str().unwrap()), "{text}");
    }
    let (paragraphs, _) = run(&["findings", "adult", "--markdown"], 0);
    assert_eq!(paragraphs.trim_end().split("\n\n").count(), list.len(), "{paragraphs}");
    assert!(paragraphs.starts_with("**Elderly people (Senior) lose 6.0 times what others do.** 3.71 against 0.618; "));
    assert!(paragraphs.contains("`llm2loss table adult attributes --model v1`"), "{paragraphs}");
    let (lines, _) = run(&["findings", "adult", "--csv"], 0);
    let mut reader = csv::Reader::from_reader(lines.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(csv::StringRecord::len).collect::<Vec<_>>(), vec![19; list.len()]);
    let changed = rows.iter().position(|row| &row[1] == "changed").unwrap();
    let worst = &list[changed]["worst"];
    let change = number(&worst["loss"]) - number(&worst["loss_against"]);
    assert_eq!((&rows[changed][2], &rows[changed][4]), (worst["subject"].as_str().unwrap(), &*worst["n"].to_string()));
    assert!((rows[changed][15].parse::<f64>().unwrap() - change).abs() < 1e-3, "{:?}", rows[changed]);
}

#[test]
fn what_is_asked_of_no_table_or_model_is_refused() {
    for (arguments, words) in [
        (&["findings", "adult", "--model", "v9"][..], "model 'v9'"),
        (&["findings", "adult", "--against", "v1"], "against itself"),
        (&["findings", "nowhere"], "nowhere"),
        (&["table", "adult", "intersections", "--paper"], "need no run"),
        (&["table", "adult", "bias", "--within", "Senior"], "goes with the table 'attributes' alone"),
        (&["table", "adult", "attributes", "--within", "Seniors"], "did you mean 'Senior'?"),
        (&["table", "adult", "validity", "--top", "3"], "belong to the table 'intersections'"),
    ] {
        let (out, said) = run(arguments, 2);
        assert!(out.is_empty() && said.contains(words), "{arguments:?}: {said}");
    }
    let (text, _) = run(&["table", "adult", "intersections", "--top", "3"], 0);
    assert!(text.contains("the worst 3 are shown") && text.contains("Farthest apart: "), "{text}");
}

#[test]
fn the_engine_finds_before_any_head_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, mut links) = Engine::start(Session::open(folder.path(), "adult").unwrap(), Some("v2")).unwrap();
    engine.command(Ask::Find { model: "v2".into() });
    loop {
        match links.events.blocking_recv().unwrap() {
            Event::Found { model, found } => {
                assert_eq!(model, "v2");
                let found = found.unwrap();
                assert!(found.run.is_none() && found.findings.len() > 2, "{found:?}");
                break;
            }
            Event::Shown(_) => panic!("heads came first"),
            _ => {}
        }
    }
}
