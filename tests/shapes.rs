//! Documents of version /1 keep their shape: no field goes, none changes its type. Fields may be added.
//!
//! `tests/fixtures/shapes.json` holds the paths of each document and the types found there, over examples made here.
//! After adding fields: `LLM2LOSS_BLESS=1 cargo test --test shapes`.
#![allow(clippy::unwrap_used)]

mod common;

use assert_cmd::Command;
use common::npy;
use llm2loss::report::{Evidence, EvidenceSide, Sheet, view_json};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Paths of a document, such as `rows[].name`, and the types found there.
type Shape = BTreeMap<String, BTreeSet<String>>;

/// Objects whose keys are names of the audit's models and attributes, not fields.
const NAMED_BY_DATA: [&str; 3] = ["items[].losses", "items[].scores", "items[].attributes"];

fn walk(value: &Value, path: &str, shape: &mut Shape) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    shape.entry(path.to_owned()).or_default().insert(kind.to_owned());
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, &format!("{path}[]"), shape)),
        Value::Object(fields) => {
            let data = NAMED_BY_DATA.iter().any(|named| path.ends_with(named));
            for (key, field) in fields {
                let key = if data { "*" } else { key };
                walk(field, format!("{path}.{key}").trim_start_matches('.'), shape);
            }
        }
        _ => {}
    }
}

/// What is gone or has another type; a field that is null in either may be anything.
fn broken(kept: &Shape, now: &Shape) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, types) in kept {
        let Some(found) = now.get(path) else {
            faults.push(format!("{path} is gone"));
            continue;
        };
        let told = |types: &BTreeSet<String>| types.iter().filter(|kind| *kind != "null").cloned().collect::<Vec<_>>();
        let (before, after) = (told(types), told(found));
        if !before.is_empty() && after.iter().any(|kind| !before.contains(kind)) {
            faults.push(format!("{path} was {}, is {}", before.join(" or "), after.join(" or ")));
        }
    }
    faults
}

/// A home with a small audit whose second model is worse on odd items.
struct Place {
    folder: tempfile::TempDir,
    shapes: BTreeMap<String, Shape>,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), shapes: BTreeMap::new() }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn add(&mut self, document: &Value) {
        let schema = document["schema"].as_str().unwrap().to_owned();
        walk(document, "", self.shapes.entry(schema).or_default());
    }

    /// Runs a command, and takes the documents on stdout, and those that are lines of stderr.
    fn run(&mut self, arguments: &[&str]) -> Value {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        command.arg("--home").arg(self.folder.path().join("home")).args(arguments).env_remove("LLM2LOSS_HOME");
        let output = command.env("HF_HUB_CACHE", self.folder.path().join("hub")).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {said}");
        said.lines()
            .filter(|line| line.starts_with('{'))
            .for_each(|line| self.add(&serde_json::from_str(line).unwrap()));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        if document.is_object() {
            self.add(&document);
        }
        document
    }

    fn json(&mut self, arguments: &[&str]) -> Value {
        let document = self.run(&[arguments, &["--json"]].concat());
        assert!(document.is_object(), "{arguments:?} prints no document");
        document
    }
}

fn manifest() -> String {
    let mut text = "id,split,text,label,score:v1,score:v2,loss:v1,loss:v2,odd,large\n".to_owned();
    for item in 0..600_usize {
        let split = if item < 300 { "train" } else { "test" };
        let (odd, large, label) = (item % 2, usize::from(item % 7 < 3), item / 3 % 2);
        let before = 0.2 + (item * 7 % 11) as f64 / 20.0 + 0.9 * large as f64;
        let after = before + 0.6 * odd as f64 + (item * 5 % 13) as f64 / 50.0;
        let score = |loss: f64| if label == 1 { (-loss).exp() } else { 1.0 - (-loss).exp() };
        let (kind, size) = (["even", "odd"][odd], ["small", "large"][large]);
        let (one, other) = (score(before), score(after));
        writeln!(text, "i{item},{split},\"a {size} {kind} thing number {item}, made of wood\",{label},{one},{other},{before},{after},{odd},{large}")
            .unwrap();
    }
    text
}

/// Every document that a program can ask for, but what needs a hub (tests/encoder_hub.rs).
fn examples() -> BTreeMap<String, Shape> {
    let mut place = Place::new();
    let rows = place.path("rows.csv");
    std::fs::write(&rows, manifest()).unwrap();
    place.json(&["ingest", "mine", "--manifest", &rows]);
    let shard = place.path("shard.parquet");
    place.json(&["encode", "--input", &rows, "--output", &shard]);
    place.json(&["encode", "--input", &rows, "--shard", "0/2", "--output", &place.path("first.parquet")]);
    place.json(&["audits"]);
    place.json(&["audits", "show", "mine"]);
    place.json(&["embed", "mine"]);
    let linear = ["--architecture", "linear", "--epochs", "2", "--members", "3"];
    let train = |seed: &'static str, model: &'static str| {
        [&["train", "mine"][..], &linear, &["--seed", seed, "--model", model]].concat()
    };
    let first = place.json(&train("1", "v1"))["id"].as_str().unwrap().to_owned();
    place.json(&train("1,2", "v1"));
    place.json(&train("1", "v2"));
    let second = place.json(&train("3", "v1"))["id"].as_str().unwrap().to_owned();
    place.json(&["runs", "list"]);
    place.json(&["runs", "show", &first]);
    place.json(&["runs", "diff", &first, &second]);
    place.json(&["score", "mine", "a large odd thing", "a nurse", "--why"]);
    place.json(&["compare", "mine", "a large thing", "a small thing"]);
    let pairs = place.path("pairs.tsv");
    std::fs::write(&pairs, "a large thing\ta small thing\n").unwrap();
    place.json(&["compare", "mine", "--pairs", &pairs]);
    place.json(&["items", "mine", "--top", "3"]);
    place.json(&["items", "mine", "--id", "i301"]);
    for table in ["attributes", "validity", "bias", "zeroshot", "ood", "calibration", "intersections"] {
        place.json(&["table", "mine", table]);
    }
    place.json(&["findings", "mine"]);
    place.json(&["discover", "mine"]);
    place.json(&["discover", "mine", "--change", "v1", "v2"]);
    place.json(&["compare-models", "mine", "v1", "v2"]);
    let (ledger, baseline, report) = (place.path("gate.jsonl"), place.path("base.json"), place.path("report.json"));
    place.json(&["check", "mine", "--model", "v2", "--against", "v1", "--ledger", &ledger]);
    place.json(&["check", "mine", "--model", "v1", "--against", "v2", "--ledger", &ledger]);
    place.json(&["ledger", &ledger]);
    place.run(&["check", "mine", "--model", "v1", "--write-baseline", &baseline]);
    place.json(&["check", "mine", "--model", "v2", "--baseline", &baseline]);
    place.run(&["report", "mine", "--model", "v2", "--against", "v1", "--items", "2", "-o", &report]);
    for file in [&ledger, &baseline, &report] {
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<Value> = serde_json::Deserializer::from_str(&text).into_iter().map(Result::unwrap).collect();
        lines.iter().for_each(|document| place.add(document));
    }
    let (vectors, phrases) = (place.path("vectors.npy"), place.path("phrases.npy"));
    common::half_array(Path::new(&vectors), 600, 8);
    std::fs::write(&phrases, npy("<f4", "(1, 8)", &[1.0_f32; 8].map(f32::to_le_bytes).concat())).unwrap();
    std::fs::write(place.path("phrases.txt"), "anything\n").unwrap();
    let given = ["--manifest", &rows, "--embeddings", &vectors, "--prompt-embeddings", &phrases];
    place.json(&[&["ingest", "listed"][..], &given].concat());
    place.json(&["score", "listed", "--phrases"]);
    place.json(&["cache", "stats"]);
    place.json(&["cache", "verify"]);
    let export = place.path("out.safetensors");
    place.json(&["cache", "export", "mine", "--out", &export]);
    place.json(&["cache", "gc"]);
    place.json(&["paper"]);
    place.json(&["doctor"]);
    place.run(&["train", "adult", "--architecture", "linear", "--epochs", "1", "--members", "2"]);
    place.json(&["demo"]);
    for document in of_the_console() {
        place.add(&serde_json::from_str(&document).unwrap());
    }
    place.shapes
}

/// Documents that only the console writes; names of columns are those of a table, so that no row is here.
fn of_the_console() -> [String; 2] {
    use llm2loss::diagnose::{
        Backed, BackedSide, HeadsDifference, ListedItem, MeanDifference, MeasuredMean, NearBacking,
    };
    let interval = Some(llm2loss::stats::Interval { low: 0.5, high: 1.5, level: 0.95 });
    let mean = MeasuredMean { n: 100, mean: 1.0, interval };
    let item = ListedItem {
        row: 0,
        id: "i1".into(),
        text: Some("a thing".into()),
        image: None,
        split: llm2loss::audit::Split::Test,
        label: None,
        scores: Vec::new(),
        losses: vec![("v1".into(), Some(0.5))],
        attributes: Vec::new(),
        order_only: false,
        risk: None,
        surprise: None,
        similarity: Some(0.5),
        change: None,
        heads: None,
        nearest: None,
    };
    let near =
        NearBacking { items: vec![item], belongs: vec![Some(true)], mean, of_group: Some(1), similarities: (0.5, 0.4) };
    let side = BackedSide { group: Some(mean), near: Some(near), lacking: None, predicted: None };
    let found = Backed {
        sides: vec![side],
        difference: Some(MeanDifference { value: 1.0, interval }),
        of_groups: false,
        heads: Some(HeadsDifference { value: 1.0, votes: 5, members: 5, order_only: false }),
        usual: None,
    };
    let side = EvidenceSide {
        name: "A".into(),
        model: "v1".into(),
        run: Some("cbc40000".into()),
        sentence: "a thing".into(),
        group: Some((vec!["large".into()], Vec::new())),
        within: Vec::new(),
    };
    let (about, versus) = (String::new(), "A less all items".into());
    let evidence =
        Evidence { audit: "mine".into(), about, versus, sides: vec![side], found: std::sync::Arc::new(found) };
    [evidence.rendered(None), view_json("data", &Sheet::new("Losses".into(), &[])).unwrap()]
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shapes.json")
}

fn kept() -> BTreeMap<String, Shape> {
    serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap()
}

#[test]
fn documents_keep_their_fields_and_types() {
    let now = examples();
    // A name of the data among the paths would freeze the data.
    let names = ["v1", "v2", "odd", "large", "mine", "listed"];
    for path in now.values().flat_map(BTreeMap::keys) {
        assert!(!path.split(['.', '[']).any(|part| names.contains(&part)), "{path}: add it to NAMED_BY_DATA");
    }
    if std::env::var_os("LLM2LOSS_BLESS").is_some() {
        std::fs::write(file(), serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    }
    let kept = kept();
    let mut faults = Vec::new();
    for (schema, shape) in &kept {
        let found = now.get(schema).cloned().unwrap_or_default();
        faults.extend(broken(shape, &found).into_iter().map(|fault| format!("{schema}: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let added: Vec<&String> = now.keys().filter(|schema| !kept.contains_key(*schema)).collect();
    assert!(added.is_empty(), "new documents {added:?}: LLM2LOSS_BLESS=1 cargo test --test shapes");
}

#[test]
fn every_document_of_the_page_is_held() {
    let kept = kept();
    let page = include_str!("../docs/json.md");
    let named = page.split(|sign: char| !(sign.is_ascii_alphanumeric() || "./-".contains(sign)));
    let named: BTreeSet<&str> = named.filter(|word| word.starts_with("llm2loss.") && word.ends_with("/1")).collect();
    assert!(named.len() > 25, "{named:?}");
    for schema in named.into_iter().filter(|schema| *schema != "llm2loss.fetch/1") {
        assert!(kept.contains_key(schema), "{schema} is not in tests/fixtures/shapes.json");
    }
}

#[test]
fn what_goes_or_changes_is_a_fault_and_what_comes_is_none() {
    let shape = |text: &str| {
        let mut shape = Shape::new();
        walk(&serde_json::from_str(text).unwrap(), "", &mut shape);
        shape
    };
    let kept = shape(r#"{"a": 1, "b": [{"c": "x"}, {"c": null}], "d": null}"#);
    assert_eq!(broken(&kept, &shape(r#"{"a": 2.5, "b": [{"c": "y", "new": 1}], "d": {"e": 1}, "f": 0}"#)), [""; 0]);
    assert_eq!(broken(&kept, &shape(r#"{"b": [{"c": "x"}], "d": null}"#)), ["a is gone"]);
    assert_eq!(broken(&kept, &shape(r#"{"a": "1", "b": [{"c": "x"}], "d": 1}"#)), ["a was number, is string"]);
    assert_eq!(broken(&kept, &shape(r#"{"a": 1, "b": [], "d": 1}"#)), ["b[] is gone", "b[].c is gone"]);
}
