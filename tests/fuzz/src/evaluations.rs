//! Logs of evaluations, damaged inside and as they lie.

use crate::targets::{Ready, bytes, folder};
use llm2loss::data::{EvaluationFiles, Evaluations, Harness, Mapping};
use serde_json::{Value, json};
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

fn read(harness: Harness, path: &Path) {
    let paths = vec![path.to_owned()];
    let files = EvaluationFiles { harness, paths, metric: None, text_field: None, model: None };
    let _ = Evaluations::read(&files).and_then(|found| found.draft(&Mapping::default()));
}

/// A folder of lm-eval's: its log or its results are damaged.
pub fn lm_eval(results: bool) -> Ready {
    let folder = folder();
    let line = |item: usize| {
        json!({"doc_id": item, "doc": {"question": format!("What is {item}?"), "level": "easy", "meta": {"source": "book"}},
            "target": "1", "arguments": {"gen_args_0": {"arg_0": "a", "arg_1": " b"}}, "filtered_resps": [["-2.0", "False"]],
            "filter": "none", "metrics": ["acc"], "doc_hash": format!("h{item}"), "acc": 1.0})
        .to_string()
    };
    let log: String = (0..4).map(|item| line(item) + "\n").collect();
    let said =
        json!({"model_name": "org/v1", "config": {"model_args": "pretrained=org/v1"}, "group_subtasks": {"g": ["arc"]},
        "higher_is_better": {"arc": {"acc": true}}})
        .to_string();
    let names = ["samples_arc_2025-03-01T10-00-00.jsonl", "results_2025-03-01T10-00-00.json"];
    let paths = names.map(|name| folder.path().join(name));
    for (path, content) in paths.iter().zip([&log, &said]) {
        fs::write(path, content).expect("a log");
    }
    let (path, seed) = if results { (paths[1].clone(), said) } else { (paths[0].clone(), log) };
    bytes(&[seed.into_bytes()], move |bytes| {
        if fs::write(&path, bytes).is_ok() {
            read(Harness::LmEval, folder.path());
        }
    })
}

/// A log of Inspect: one document, or a zip.
pub fn inspect(zipped: bool) -> Ready {
    let folder = folder();
    let sample = |item: usize| {
        json!({"id": item, "epoch": 1, "input": format!("What is {item}?\n(content truncated)"), "target": "1",
            "metadata": {"topic": "sum"}, "scores": {"match": {"value": "C"}, "other": {"value": {"a": 1, "b": 0.5}}}})
    };
    let samples = json!([sample(1), sample(2), sample(3)]);
    let header = json!({"version": 2, "status": "success", "eval": {"model": "org/v1", "task": "sums", "scorers": [{"name": "match"}]}});
    let mut whole = header.clone();
    whole["samples"] = samples.clone();
    let seeds = match zipped {
        false => vec![whole.to_string().into_bytes()],
        true => vec![
            archive(&[("header.json", &header), ("summaries.json", &samples), ("samples/1_epoch_1.json", &samples[0])]),
            archive(&[("_journal/start.json", &header), ("_journal/summaries/1.json", &samples)]),
        ],
    };
    let path = folder.path().join("x.eval");
    bytes(&seeds, move |bytes| {
        let _keep = &folder;
        if fs::write(&path, bytes).is_ok() {
            read(Harness::Inspect, &path);
        }
    })
}

fn archive(entries: &[(&str, &Value)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // What is packed hides from damage: one entry is, the others lie open.
    for (at, (name, content)) in entries.iter().enumerate() {
        let method = if at == 0 { zip::CompressionMethod::Zstd } else { zip::CompressionMethod::Stored };
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        zip.start_file(*name, options).expect("an entry");
        zip.write_all(content.to_string().as_bytes()).expect("an entry");
    }
    zip.finish().expect("a zip").into_inner()
}
