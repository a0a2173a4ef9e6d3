//! Evaluations of language models become audits: logs of lm-eval and of Inspect, one model or several.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

fn run(home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("llm2loss").unwrap().arg("--home").arg(home).args(arguments).assert()
}

fn found(home: &Path, arguments: &[&str]) -> Value {
    let done = run(home, &[arguments, &["--json"]].concat()).code(0);
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

fn refused(arguments: &[&str], words: &str) {
    let home = tempfile::tempdir().unwrap();
    let done = run(home.path(), arguments).code(2);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.contains(words), "{arguments:?} said: {said}");
}

fn written(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// A log of a task of multiple choice; `wrong` says which items the model gets wrong.
fn choices(items: std::ops::Range<usize>, wrong: impl Fn(usize) -> bool) -> String {
    let mut log = String::new();
    for item in items {
        let (right, level) = (if wrong(item) { -3.0 } else { -1.0 }, ["easy", "medium", "hard"][item % 3]);
        let line = json!({
            "doc_id": item,
            "doc": {"id": format!("q{item}"), "question": format!("What is {item} plus {}?", "one ".repeat(1 + item % 9)),
                "level": level, "meta": {"source": (["book", "web"][item / 3 % 2])}, "choices": ["a", "b"], "answerKey": (["A", "B"][item % 2])},
            "target": "1",
            "arguments": {"gen_args_0": {"arg_0": format!("few shots\nQuestion: {item}"), "arg_1": " a"}, "gen_args_1": {"arg_0": format!("few shots\nQuestion: {item}"), "arg_1": " b"}},
            "resps": [[["-2.0", "False"]], [[right.to_string(), "False"]]],
            "filtered_resps": [["-2.0", "False"], [right.to_string(), "False"]],
            "filter": "none", "metrics": ["acc", "acc_norm"],
            "doc_hash": format!("hash{item}"), "prompt_hash": "p", "target_hash": "t",
            "acc": f64::from(u8::from(!wrong(item))), "acc_norm": 1.0,
        });
        let _ = writeln!(log, "{line}");
    }
    log
}

/// A log of a task of free answers under two filters.
fn answers(items: usize) -> String {
    let mut log = String::new();
    for filter in ["flexible-extract", "strict-match"] {
        for item in 0..items {
            let strict = filter == "strict-match";
            let line = json!({"doc_id": item, "doc": {"question": format!("How many apples are {item}?"), "answer": "#### 4"},
                "target": "4", "arguments": [["How many", {}]], "filtered_resps": ["4"], "filter": filter,
                "exact_match": if strict { item % 2 } else { 1 }, "doc_hash": format!("gsm{item}")});
            let _ = writeln!(log, "{line}");
        }
    }
    log
}

const TIME: &str = "2025-03-01T10-00-00.000001";

#[test]
fn two_commands_lead_from_two_runs_of_lm_eval_to_whom_the_new_model_made_worse() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (model, wrong) in [("v1", 2), ("v2", 1)] {
        let place = at.join(format!("runs/org__{model}"));
        written(&place.join(format!("samples_arc_{TIME}.jsonl")), &choices(0..120, |item| item % 3 >= wrong));
        written(&place.join("samples_arc_2024-01-01T00-00-00.000001.jsonl"), &choices(0..2, |_| true));
        written(&place.join(format!("samples_gsm8k_{TIME}.jsonl")), &answers(40));
        written(
            &place.join(format!("results_{TIME}.json")),
            &json!({"model_name": format!("org/{model}"), "results": {}, "higher_is_better": {"arc": {"acc": true}}})
                .to_string(),
        );
    }
    let (home, runs) = (at.join("home"), at.join("runs").to_string_lossy().into_owned());
    let report = found(&home, &["ingest", "arc", "--lm-eval", &runs]);
    assert_eq!(report["items"], 160);
    let models: Vec<(&str, u64)> = report["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| (model["name"].as_str().unwrap(), model["losses"].as_u64().unwrap()))
        .collect();
    assert_eq!(models, [("v1", 160), ("v2", 160)]);
    // A third of arc is wrong and half of gsm8k; then two thirds of arc.
    let mean = |at: usize| report["models"][at]["mean"].as_f64().unwrap();
    assert!((mean(0) - (40.0 + 20.0) / 160.0).abs() < 1e-9 && (mean(1) - (80.0 + 20.0) / 160.0).abs() < 1e-9);
    let notes = report["notes"].to_string();
    for words in [
        "the newest log is read, not samples_arc_2024",
        "filter 'strict-match' is taken, not flexible-extract",
        "loss = 1 - acc (arc)",
        "loss = 1 - exact_match (gsm8k)",
    ] {
        assert!(notes.contains(words), "{words} not in {notes}");
    }
    let attributes: Vec<&str> =
        report["attributes"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    for name in ["level: hard", "meta.source: web", "task: gsm8k", "length: short"] {
        assert!(attributes.contains(&name), "{name} not in {attributes:?}");
    }
    assert!(
        !attributes.iter().any(|name| name.contains("answer") || name.starts_with("acc") || name.starts_with("doc.id"))
    );
    assert_eq!(report["preview"][0]["id"], "arc/hash0");
    assert!(report["preview"][0]["content"].as_str().unwrap().starts_with("What is 0 plus"));
    let worse = found(&home, &["compare-models", "arc", "v1", "v2", "--no-heads"]);
    assert!(worse.to_string().contains("level: medium"));
}

#[test]
fn a_further_run_joins_by_id_and_what_differs_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let log = |name: &str, items, wrong: usize| {
        let path = at.join(name).join("samples_arc.jsonl");
        written(&path, &choices(items, move |item| item % 4 >= wrong));
        path.to_string_lossy().into_owned()
    };
    let (first, second, other) = (log("a", 0..80, 2), log("b", 2..90, 1), log("c", 500..520, 1));
    let home = at.join("home");
    found(&home, &["ingest", "arc", "--model", "v1", "--lm-eval", &first]);
    let report = found(&home, &["ingest", "arc", "--model", "v2", "--lm-eval", &second]);
    assert_eq!(report["models"][1]["missing"], 2);
    let notes = report["notes"].to_string();
    assert!(notes.contains("model 'v2' has no result of 2 items: arc/hash0, arc/hash1"), "{notes}");
    assert!(notes.contains("10 rows of the results belong to no item"), "{notes}");
    let done = run(&home, &["ingest", "arc", "--model", "v3", "--lm-eval", &other]).code(2);
    assert!(String::from_utf8_lossy(&done.get_output().stderr).contains("none of its ids, such as 'arc/hash500'"));
    let both = found(&home, &["ingest", "both", "--lm-eval", &first, &second, "--check"]);
    assert_eq!(both["models"][1]["name"], "b");
    assert!(both["notes"].to_string().contains("only model 'b' has 10 items"), "{both}");
    refused(
        &["ingest", "x", "--model", "v1", "--lm-eval", &first, &second],
        "--model v1 names one model, and 2 runs were found",
    );
}

#[test]
fn the_metric_the_text_and_the_group_can_be_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samples_arc.jsonl");
    written(&path, &choices(0..60, |item| item % 2 == 0));
    let (home, log) = (folder.path().join("home"), path.to_string_lossy().into_owned());
    let check = |more: &[&str]| found(&home, &[&["ingest", "x", "--lm-eval", &log, "--check"], more].concat());
    let likely = check(&["--metric", "log-likelihood"]);
    let wanted = f64::midpoint((1.0 + f64::exp(1.0)).ln(), (1.0 + f64::exp(-1.0)).ln());
    assert!((likely["models"][0]["mean"].as_f64().unwrap() - wanted).abs() < 1e-9);
    let prompt = check(&["--text-field", "prompt"]);
    assert_eq!(prompt["preview"][0]["content"], "few shots\nQuestion: 0");
    let grouped = check(&["--column", "group=doc.level", "--column", "ignore=length"]);
    assert_eq!(grouped["groups"], 3);
    assert!(!grouped["attributes"].to_string().contains("length: short"));
    refused(
        &["ingest", "x", "--lm-eval", &log, "--metric", "bleu"],
        "logs no metric 'bleu' a number an item; it has: acc, acc_norm",
    );
    refused(
        &["ingest", "x", "--lm-eval", &log, "--text-field", "title"],
        "not every item has a text 'title'; the first has: id, question",
    );
    refused(
        &["ingest", "x", "--lm-eval", folder.path().join("home").parent().unwrap().join("none").to_str().unwrap()],
        "No such file",
    );
}

/// A log as Inspect writes it: JSON in a zip whose entries are packed with zstd.
fn inspect(path: &Path, model: &str, finished: bool, value: impl Fn(usize, usize) -> Value) {
    let mut summaries = Vec::new();
    for epoch in 1..=2 {
        for item in 0..60 {
            let long = "word ".repeat(2000);
            let input = match item {
                0 => json!(format!("{}...\n(content truncated)", &long[..5120])),
                1 => {
                    json!([{"role": "system", "content": "be good"}, {"role": "user", "content": [{"type": "text", "text": "What is 1?"}]}])
                }
                _ => json!(format!("What is {item}?")),
            };
            let score = value(item, epoch);
            let mut sample = json!({"id": item, "epoch": epoch, "input": input, "target": "1",
                "metadata": {"topic": (["sum", "even"][item % 2]), "cluster": item / 4, "answer": "x"}, "completed": true});
            match score {
                Value::Null => sample["error"] = "Error()".into(),
                score => sample["scores"] = json!({"other": {"value": 1}, "match": {"value": score}}),
            }
            summaries.push(sample);
        }
    }
    let header = json!({"version": 2, "status": if finished { "success" } else { "started" },
        "eval": {"model": model, "task": "evals/sums", "scorers": [{"name": "match"}]}});
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let packed = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Zstd);
    let mut put = |name: &str, content: &Value| {
        zip.start_file(name, packed).unwrap();
        zip.write_all(content.to_string().as_bytes()).unwrap();
    };
    put("_journal/start.json", &header);
    put("samples/0_epoch_1.json", &json!({"id": 0, "epoch": 1, "input": "word ".repeat(2000), "events": [{"a": 1}]}));
    let (first, second) = summaries.split_at(70);
    put("_journal/summaries/1.json", &json!(first));
    put("_journal/summaries/2.json", &json!(second));
    if finished {
        put("summaries.json", &json!(summaries));
        put("header.json", &header);
    }
    zip.finish().unwrap();
}

#[test]
fn logs_of_inspect_are_the_mean_over_epochs_and_errors_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (first, second, cut) = (file("a.eval"), file("b.eval"), file("cut.eval"));
    // Item 2 fails once, item 3 always; the rest is right in every other epoch.
    let verdict = |item: usize, epoch: usize| match (item, epoch) {
        (2, 1) | (3, _) => Value::Null,
        (item, 2) if item % 2 == 0 => "C".into(),
        _ => "I".into(),
    };
    inspect(Path::new(&first), "openai/gpt-1", true, verdict);
    inspect(Path::new(&second), "openai/gpt-2", true, |item, _| json!(item % 2 == 0));
    inspect(Path::new(&cut), "openai/gpt-1", false, verdict);
    let home = folder.path().join("home");
    let report = found(&home, &["ingest", "sums", "--inspect", &first, &second]);
    assert_eq!((&report["items"], &report["groups"]), (&60.into(), &15.into()));
    assert_eq!((&report["models"][0]["name"], &report["models"][0]["missing"]), (&"gpt-1".into(), &1.into()));
    // 29 even items at .5, item 2 at 0, 29 odd ones at 1.
    let mean = report["models"][0]["mean"].as_f64().unwrap();
    assert!((mean - (29.0 * 0.5 + 29.0) / 59.0).abs() < 1e-9, "{mean}");
    let notes = report["notes"].to_string();
    for words in [
        "2 epochs",
        "3 samples ended with an error and count as missing",
        "loss = 1 - match",
        "same 'cluster' are a group",
    ] {
        assert!(notes.contains(words), "{words} not in {notes}");
    }
    let preview = report["preview"].as_array().unwrap();
    assert_eq!((&preview[0]["id"], &preview[1]["content"]), (&"sums/0".into(), &"What is 1?".into()));
    let attributes = report["attributes"].to_string();
    assert!(attributes.contains("topic: even") && !attributes.contains("answer"));
    let unfinished = found(&home, &["ingest", "x", "--inspect", &cut, "--check"]);
    assert_eq!(unfinished["models"][0]["missing"], 1);
    assert!(unfinished["notes"].to_string().contains("the log's status is 'started'"));
    assert_eq!(
        found(&home, &["ingest", "x", "--inspect", &first, "--metric", "other", "--check"])["models"][0]["mean"],
        0.0
    );
    refused(&["ingest", "x", "--inspect", &first, "--metric", "f1"], "has no score 'f1'; it has: other, match");
    refused(&["ingest", "x", "--manifest", &first], "is a log of Inspect; take it in with --inspect");
    let empty = file("empty.eval");
    inspect(Path::new(&empty), "m", true, |_, _| Value::Null);
    refused(&["ingest", "x", "--inspect", &empty], "none of its 60 items has a result; errors count as missing");
}

/// A zip of entries, each packed.
fn archive(path: &Path, entries: &[(String, String)]) {
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let packed = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Zstd);
    for (name, content) in entries {
        zip.start_file(name.as_str(), packed).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

#[test]
fn small_logs_that_become_large_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let header =
        json!({"status": "success", "eval": {"model": "m", "task": "t", "scorers": [{"name": "match"}]}}).to_string();
    // Ten entries of 40 MB of blanks: each might be, all of them are too much.
    let blanks = format!("{}[]", " ".repeat(40 << 20));
    let mut entries = vec![("_journal/start.json".to_owned(), header.clone())];
    entries.extend((0..10).map(|part| (format!("_journal/summaries/{part}.json"), blanks.clone())));
    let many = file("many.eval");
    archive(Path::new(&many), &entries);
    refused(&["ingest", "x", "--inspect", &many], "unpacks to more than its length lets one expect");
    // Fields of their own for every item.
    let own = |item: usize| -> serde_json::Map<String, Value> {
        (0..10).map(|field| (format!("k{item}_{field}"), "v".into())).collect()
    };
    let samples: Vec<Value> = (0..3000)
        .map(|item| json!({"id": item, "input": format!("text {item}"), "metadata": own(item), "scores": {"match": {"value": 1}}}))
        .collect();
    let fields = file("fields.eval");
    archive(
        Path::new(&fields),
        &[("header.json".into(), header), ("summaries.json".into(), json!(samples).to_string())],
    );
    refused(&["ingest", "x", "--inspect", &fields], "3000 items have 30000 different fields");
    // Metrics of their own, and a key whose name is a part of ten thousand others.
    let mut metrics = String::new();
    for item in 0..200 {
        let mut line = json!({"doc_id": item, "doc": {"question": format!("text {item}")}});
        (0..10).for_each(|metric| line[format!("m{item}_{metric}")] = 1.0.into());
        let _ = writeln!(metrics, "{line}");
    }
    let log = file("samples_a.jsonl");
    written(Path::new(&log), &metrics);
    refused(&["ingest", "x", "--lm-eval", &log], "logs more than 1000 metrics");
    let mut lines = String::new();
    for item in 0..20 {
        let keys: serde_json::Map<String, Value> = (0..10_000).map(|key| (format!("k{key}"), 1.into())).collect();
        let mut doc = json!({"question": format!("text {item}")});
        if item == 0 {
            doc["a".repeat(1 << 20)] = keys.into();
        }
        let _ = writeln!(lines, "{}", json!({"doc_id": item, "doc": doc, "acc": item % 2}));
    }
    written(Path::new(&log), &lines);
    let home = folder.path().join("home");
    assert_eq!(found(&home, &["ingest", "x", "--lm-eval", &log, "--check"])["items"], 20);
}

/// Logs that the real programs wrote, where they are at hand.
#[test]
fn logs_of_the_real_programs_are_read() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases");
    if !shared.is_dir() {
        eprintln!("skipped: {} is not there", shared.display());
        return;
    }
    let mock = shared.join("inspect/mock.eval").to_string_lossy().into_owned();
    refused(&["ingest", "x", "--inspect", &mock], "none of its 6 items has a result; errors count as missing");
    let log = shared.join("lm-eval/samples_arc.jsonl");
    let files = llm2loss::data::EvaluationFiles {
        harness: llm2loss::data::Harness::LmEval,
        paths: vec![log],
        metric: None,
        text_field: None,
        model: Some("v1".into()),
    };
    let draft = llm2loss::data::Evaluations::read(&files).unwrap().draft(&llm2loss::data::Mapping::default()).unwrap();
    assert_eq!((draft.ids, draft.models[0].losses.clone()), (vec!["arc/a".to_owned(), "arc/d".into()], vec![0.0, 1.0]));
    assert!(draft.texts[0].starts_with("An astronomer observes"));
}
