//! Scores of models that tell many classes apart: macro one-vs-rest AUROC as scikit-learn measures it.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ingest/scores");

fn fixture(name: &str) -> String {
    format!("{FIXTURES}/{name}")
}

fn run(home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").assert()
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    let done = run(home, &[arguments, &["--json"]].concat()).code(0);
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

fn text(home: &Path, arguments: &[&str]) -> String {
    String::from_utf8(run(home, arguments).code(0).get_output().stdout.clone()).unwrap()
}

/// Exit 2, one line that holds `words`, and nothing kept.
fn refused(home: &Path, arguments: &[&str], words: &str) {
    let done = run(home, arguments).code(2);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.contains(words) && said.trim_end().lines().count() == 1, "{arguments:?} said: {said}");
}

fn written(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path.to_string_lossy().into_owned()
}

/// The table's AUROCs are those of `expected.json`.
fn as_scikit_learn_has_it(table: &Value) {
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(fixture("expected.json")).unwrap()).unwrap();
    assert_eq!((&table["n"], &table["classes"]), (&expected["items"], &7.into()));
    for row in table["rows"].as_array().unwrap() {
        let wanted = &expected["attributes"][row["name"].as_str().unwrap()];
        for side in ["true", "false"] {
            let (found, sure) = (&row[format!("auroc_{side}")], &wanted[side]["auroc"]);
            let off = (found.as_f64().unwrap() - sure.as_f64().unwrap()).abs();
            assert!(off < 1e-12, "{} {side}: {found}, scikit-learn {sure}", row["name"]);
            assert_eq!(row["classes"][format!("classes_{side}")], wanted[side]["classes"]);
            assert_eq!(row[format!("n_{side}")], wanted[side]["items"]);
        }
        assert_eq!(row["auroc_evidence"]["verdict"], "not_enough_data", "fewer than ten classes");
    }
}

#[test]
fn a_matrix_of_scores_gives_the_gaps_that_scikit_learn_measures() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (manifest, scores) = (fixture("manifest.csv"), fixture("scores.npy"));
    let found = json(&home, &["ingest", "faces", "--manifest", &manifest, "--scores", &scores]);
    assert_eq!((&found["models"][0]["classes"], &found["groups"]), (&7.into(), &7.into()));
    run(&home, &["train", "faces", "--architecture", "linear", "--epochs", "1"]).code(0);
    let table = json(&home, &["table", "faces", "attributes"]);
    as_scikit_learn_has_it(&table);
    assert_eq!(table["units"], 6, "people with a test item");
    let words = text(&home, &["table", "faces", "attributes"]);
    assert!(words.contains("classes true") && words.contains("of the model's 7 classes"), "{words}");
    let drawn = json(&home, &["table", "faces", "attributes", "--intervals", "percentile", "--replicates", "1000"]);
    as_scikit_learn_has_it(&drawn);
    assert!(drawn["intervals"].as_str().unwrap().contains("whole classes drawn"), "{}", drawn["intervals"]);
    // The correlations over attributes have them too.
    let bias = json(&home, &["table", "faces", "bias"]);
    let of = |row: &&Value| row["against"] == "rmm" && row["contrast"] == "generic";
    let rmm = bias["rows"].as_array().unwrap().iter().find(of).unwrap();
    assert_eq!(rmm["n"], 2);
}

#[test]
fn scores_may_come_later_and_in_another_order() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (manifest, scores) = (fixture("manifest.csv"), fixture("scores.parquet"));
    json(&home, &["ingest", "faces", "--manifest", &manifest]);
    run(&home, &["train", "faces", "--architecture", "linear", "--epochs", "1"]).code(0);
    let before = json(&home, &["table", "faces", "attributes"]);
    assert!(before["rows"][0]["auroc_true"]["undefined"].is_string() && before.get("classes").is_none());
    json(&home, &["ingest", "faces", "--scores", &scores]);
    as_scikit_learn_has_it(&json(&home, &["table", "faces", "attributes"]));
    refused(&home, &["ingest", "faces", "--scores", &scores], "model 'model' has scores already; --replace");
    json(&home, &["ingest", "faces", "--scores", &fixture("scores.npy"), "--replace"]);
    assert_eq!(json(&home, &["runs", "faces"])["runs"].as_array().unwrap().len(), 1, "runs stay");
    // A further model brings its losses and its scores.
    let losses = (0..120).fold("id,loss\n".to_owned(), |text, row| text + &format!("i{row},1\n"));
    let losses = written(folder.path(), "v2.csv", losses);
    let added = json(&home, &["ingest", "faces", "--model", "v2", "--losses", &losses, "--scores", &scores]);
    assert_eq!((&added["models"][1]["classes"], &added["models"][1]["losses"]), (&7.into(), &120.into()));
}

/// Three classes; the one of two items with the attribute is told apart, the other is not.
fn small(folder: &Path) -> (String, String) {
    let mut rows = String::from("id,text,loss,split,label,tall\n");
    for (at, (label, tall)) in [("0", 1), ("1", 1), ("2", 1), ("0", 0), ("1", 0), ("2", 0)].into_iter().enumerate() {
        let _ = writeln!(rows, "t{at},test text {at},1,test,{label},{tall}");
        let _ = writeln!(rows, "r{at},training text {at},{at},train,{label},{tall}");
    }
    // Rows in the manifest's order: a test item, then a training item.
    let test = [[3.0, 2.0, 1.0], [2.0, 3.0, 1.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [2.0, 2.0, 2.0], [3.0, 2.0, 1.0]];
    let matrix = test.into_iter().flat_map(|row: [f32; 3]| [row, [0.0; 3]]);
    (written(folder, "small.csv", rows), tensor(folder, "small.safetensors", &matrix.collect::<Vec<_>>()))
}

fn tensor(folder: &Path, name: &str, rows: &[[f32; 3]]) -> String {
    let bytes: Vec<u8> = rows.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![rows.len(), 3], &bytes).unwrap();
    written(folder, name, safetensors::serialize([("scores", view)], None).unwrap())
}

#[test]
fn columns_are_numbers_where_nothing_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (manifest, scores) = small(folder.path());
    let found = json(&home, &["ingest", "small", "--manifest", &manifest, "--scores", &scores]);
    assert!(found["notes"].to_string().contains("row by row"), "{}", found["notes"]);
    run(&home, &["train", "small", "--architecture", "linear", "--epochs", "1"]).code(0);
    let row = &json(&home, &["table", "small", "attributes"])["rows"][0];
    // With it every class's own item is above both others; without it class 0 and 2 are below both, class 1 ties.
    assert_eq!((&row["auroc_true"], &row["auroc_false"]), (&1.0.into(), &(0.5 / 3.0).into()));
}

#[test]
fn scores_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (manifest, scores) = small(folder.path());
    let at = folder.path();
    let short = tensor(at, "short.safetensors", &[[0.0; 3]; 5]);
    let nan = tensor(at, "nan.safetensors", &[[f32::NAN, 0.0, 0.0]; 12]);
    let strange = written(at, "strange.txt", "0\n1\nsomebody else\n");
    let twice = written(at, "twice.txt", "0\n1\n1\n");
    let few = written(at, "few.txt", "0\n1\n");
    let ids = written(at, "ids.txt", (0..12).fold(String::new(), |text, row| text + &format!("q{row}\n")));
    let unlabelled = std::fs::read_to_string(&manifest).unwrap().replace("label", "note");
    let unlabelled = written(at, "unlabelled.csv", unlabelled);
    let two = std::fs::read_to_string(&manifest).unwrap().replace(",loss,", ",loss:v1,");
    let two = written(at, "two.csv", two.replace("tall", "loss:v2"));
    for (manifest, more, words) in [
        (&manifest, &["--scores", &short][..], "short.safetensors: has 5 rows for 12 items and no ids"),
        (&manifest, &["--scores", &nan], "nan.safetensors: row 1, class 1: the score is NaN"),
        (&manifest, &["--scores", &scores, "--score-classes", &strange], "no column of class '2'"),
        (&manifest, &["--scores", &scores, "--score-classes", &twice], "twice.txt: row 3: '1' is there twice"),
        (&manifest, &["--scores", &scores, "--score-classes", &few], "few.txt: names 2 classes"),
        (&manifest, &["--scores", &scores, "--score-ids", &ids], "none of its ids, such as 'q0'"),
        (&manifest, &["--scores", &manifest], "small.csv: holds no two columns of numbers"),
        (&unlabelled, &["--scores", &scores], "need the true class of each item"),
        (&two, &["--scores", &scores], "say with --model whose they are"),
    ] {
        refused(&home, &[&["ingest", "x", "--manifest", manifest], more].concat(), words);
    }
    assert!(!home.exists(), "something was kept");
}
