//! The estimate of a prompt: its statistics against SciPy (tests/fixtures/estimate.json, made by
//! tests/recipes/make_estimate_fixtures.py), and what the program says on planted data.
#![allow(clippy::unwrap_used)]

mod common;

use assert_cmd::Command;
use common::npy;
use llm2loss::diagnose::WordIndex;
use llm2loss::stats;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/estimate.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn flags(value: &Value) -> Vec<bool> {
    value.as_array().unwrap().iter().map(|value| value.as_bool().unwrap()).collect()
}

fn near(ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() < tolerance, "{ours} against {theirs}");
}

#[test]
fn the_statistics_agree_with_an_independent_computation() {
    let fixture = fixture();
    let ridge = &fixture["ridge"];
    let rows: Vec<Vec<f64>> = ridge["rows"].as_array().unwrap().iter().map(numbers).collect();
    let penalty = ridge["penalty"].as_f64().unwrap();
    let (weights, prior) = (numbers(&ridge["weights"]), numbers(&ridge["prior"]));
    let found = stats::nonnegative_ridge(&rows, &numbers(&ridge["y"]), &weights, &prior, penalty);
    for (ours, theirs) in found.iter().zip(ridge["coefficients"].as_array().unwrap()) {
        near(*ours, theirs, 1e-7);
    }
    assert_eq!(found[1], 0.0, "a witness that counts against itself is left out");
    let slope = &fixture["slope"];
    near(stats::logistic_slope(&numbers(&slope["x"]), &flags(&slope["came"])), &slope["slope"], 1e-6);
    let said = &fixture["reliability"];
    let found = stats::reliability(&numbers(&said["said"]), &flags(&said["came"])).unwrap();
    near(found.ece, &said["ece"], 1e-12);
    near(found.brier, &said["brier"], 1e-12);
    let between = &fixture["between"];
    let found = stats::between_variance(&numbers(&between["residuals"]), &numbers(&between["errors"]));
    near(found, &between["variance"], 1e-12);
    let conformal = &fixture["conformal"];
    near(stats::conformal_quantile(&numbers(&conformal["scores"]), 20, 0.9).unwrap(), &conformal["quantile"], 1e-12);
    let student = &fixture["student"];
    let found = stats::mean_interval(&numbers(&student["values"]), 0.9).unwrap();
    near(found.low, &student["low"], 1e-9);
    near(found.high, &student["high"], 1e-9);
}

#[test]
fn rows_with_a_prompts_words_are_found_as_a_pass_over_all_rows_finds_them() {
    let fixture = fixture();
    let words = &fixture["words"];
    let texts: Vec<&str> = words["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let index = WordIndex::new(texts.into_iter(), &numbers(&words["losses"]), &BTreeSet::new(), 1.0);
    let wanted: Vec<(Option<&str>, f64)> =
        words["wanted"].as_array().unwrap().iter().map(|pair| (pair[0].as_str(), pair[1].as_f64().unwrap())).collect();
    // Losses are kept in single precision.
    near(index.find(&wanted).mean, &words["mean"], 1e-5);
}

fn run(home: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").env_remove("COLUMNS");
    let done = command.assert().code(code);
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    (text(&done.get_output().stdout), text(&done.get_output().stderr))
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&run(home, arguments, 0).0).unwrap()
}

#[test]
fn the_built_in_audit_is_calibrated_and_says_so_before_any_number() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    run(home, &["train", "adult", "--epochs", "2", "--members", "2"], 0);
    let table = json(home, &["table", "adult", "calibration", "--json"]);
    assert_eq!(table["schema"], "llm2loss.table.calibration/1");
    assert!(table["calibrated"].as_bool().unwrap() && table["slices"].as_u64().unwrap() > 250);
    let held = &table["held_out"];
    let figure = |name: &str| held[name].as_f64().unwrap();
    assert!(figure("ece") < 0.08 && figure("order_right") > 0.8, "{held}");
    assert!((0.84..=0.99).contains(&figure("coverage")), "{held}");
    assert!(figure("mean_error") < 0.8 * figure("regressor_error"), "{held}");
    let shares: f64 = table["weights"].as_array().unwrap().iter().map(|weight| weight["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9);

    let scored = json(home, &["score", "adult", "an elderly person", "a ballet dancer", "--why", "--json"]);
    let (senior, dancer) = (&scored["prompts"][0], &scored["prompts"][1]);
    let ends = &senior["estimate"]["interval"];
    // The mean loss of seniors on test items, from the data file: 3.715.
    assert!(ends["low"].as_f64().unwrap() < 3.715 && 3.715 < ends["high"].as_f64().unwrap(), "{senior}");
    assert_eq!((&senior["estimate"]["calibrated"], &senior["support"]["supported"]), (&true.into(), &true.into()));
    let names: Vec<&str> =
        senior["witnesses"].as_array().unwrap().iter().map(|witness| witness["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["regressor", "ranker", "words", "nearest", "attribute"]);
    assert_eq!(senior["why"][0]["word"], "elderly");
    assert!(senior["why"][0]["change"].as_f64().unwrap() > 1.0);
    assert_eq!(dancer["support"]["supported"], false);
    assert_eq!(dancer["support"]["words"][0]["word"], "ballet");

    let pairs = folder.path().join("pairs.tsv");
    std::fs::write(
        &pairs,
        "an elderly person\ta young person\na young person\tan elderly person\na man\ta man\na ballet dancer\ta man\n",
    )
    .unwrap();
    let found = json(home, &["compare", "adult", "--pairs", pairs.to_str().unwrap(), "--json"]);
    let found = found["pairs"].as_array().unwrap();
    let p = |at: usize| found[at]["p_worse"].as_f64().unwrap();
    assert!(p(0) > 0.9 && (p(0) + p(1) - 1.0).abs() < 1e-9 && p(2) == 0.5);
    let verdicts: Vec<&str> = found.iter().map(|pair| pair["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["worse", "worse", "not_resolved", "no_such_data"]);
    assert!(found[0]["estimate"]["value"].as_f64().unwrap() > 1.0);
    let alone = json(home, &["compare", "adult", "an elderly person", "a young person", "--json"]);
    assert!((alone["pairs"][0]["p_worse"].as_f64().unwrap() - p(0)).abs() < 1e-9);
    let text = run(home, &["compare", "adult", "an elderly person", "a young person"], 0).0;
    assert_eq!(text.lines().nth(2), Some("A is WORSE than B"), "{text}");

    // Lists written by hand, none of them looked at when the guard was made.
    let lists: Value = serde_json::from_str(include_str!("fixtures/support.json")).unwrap();
    let refused = |name: &str| {
        let texts: Vec<&str> =
            lists["adult"][name].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        let file = folder.path().join("list.txt");
        std::fs::write(&file, texts.join("\n")).unwrap();
        let found = json(home, &["score", "adult", "--prompts", file.to_str().unwrap(), "--json"]);
        let found = found["prompts"].as_array().unwrap();
        assert_eq!(found.len(), texts.len());
        found.iter().filter(|prompt| prompt["support"]["supported"] == false).count()
    };
    assert!(refused("in") <= 2 && refused("near") >= 90 && refused("far") >= 95);

    let bias = json(home, &["table", "adult", "bias", "--contrast", "everybody", "--json"]);
    assert_eq!(bias["rows"], serde_json::json!([]));
    assert!(bias["everybody"][0]["correlations"]["spearman"]["value"].as_f64().unwrap() > 0.6, "{bias}");
}

#[test]
fn faults_in_lists_name_the_file_and_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let pairs = folder.path().join("pairs.tsv");
    std::fs::write(&pairs, "a\tb\nonly one\n").unwrap();
    let said = run(folder.path(), &["compare", "adult", "--pairs", pairs.to_str().unwrap()], 2).1;
    assert!(said.contains("pairs.tsv, line 2: 0 tabs"), "{said}");
    let said = run(folder.path(), &["score", "adult", "--prompts", "/nowhere"], 2).1;
    assert!(said.contains("/nowhere"), "{said}");
}

/// Items without words: the audit's own prompts speak for them, through the built-in vectors of single words.
#[test]
fn prompts_speak_for_items_without_words() {
    let lists: Value = serde_json::from_str(include_str!("fixtures/support.json")).unwrap();
    let texts = |name: &str| -> Vec<String> {
        lists["faces"][name].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let generic = llm2loss::data::generic_words(["a person", "a photo of a face"].into_iter());
    let content = |text: &str| llm2loss::data::content_words(text, &generic);
    let own: std::collections::BTreeSet<String> = texts("prompts").iter().flat_map(|prompt| content(prompt)).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    use llm2loss::encoder::{Encoder, StaticEncoder};
    let encoder = StaticEncoder::new().unwrap();
    let lexicon = llm2loss::diagnose::Lexicon::new(&own, &encoder).unwrap();
    let figure = |text: &String| {
        let read = |word: &String| lexicon.read(word, &encoder.encode(&[word]).unwrap()).cosine;
        content(text).iter().map(read).fold(1.0, f64::min)
    };
    let refused = |name: &str| texts(name).iter().filter(|text| figure(text) < lexicon.threshold()).count();
    let all = ["in", "synonyms", "near", "far"].map(|name| (name, refused(name), texts(name).len()));
    assert!(refused("in") == 0 && refused("near") >= 27 && refused("far") >= 28, "{all:?}");
}

/// Sentences of a list in `support.json`.
fn listed(lists: &Value, audit: &str, name: &str) -> Vec<String> {
    lists[audit][name].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// An audit of 240 embeddings by chance that says what it is about by the prompts of `support.json` alone, with a run.
fn without_words(home: &Path, encoder: &str, phrases: &[String]) {
    let width = llm2loss::encoder::open(encoder).unwrap().dimension();
    let attribute = |(at, phrase): (usize, &String)| serde_json::json!({"name": format!("a{at}"), "phrase": phrase, "generic": "a person"});
    let attributes: Vec<Value> = phrases.iter().enumerate().map(attribute).collect();
    std::fs::write(home.join("attributes.json"), serde_json::json!({"attributes": attributes}).to_string()).unwrap();
    let mut table = String::from("id,split,loss");
    (0..phrases.len()).for_each(|at| table.push_str(&format!(",attribute:a{at}")));
    let mut body = Vec::new();
    for row in 0..240 {
        table.push_str(&format!("\ni{row},{},{}", if row % 2 == 0 { "train" } else { "test" }, row % 7));
        (0..phrases.len())
            .for_each(|at| table.push_str(&format!(",{}", usize::from((row * row + at * row + at) % 7 < 3))));
        (0..width).for_each(|at| body.extend((((row * 31 + at * 17) % 23) as f32 - 11.0).to_le_bytes()));
    }
    std::fs::write(home.join("items.csv"), table).unwrap();
    std::fs::write(home.join("items.npy"), npy("<f4", &format!("(240, {width})"), &body)).unwrap();
    let place = |name: &str| home.join(name).to_str().unwrap().to_owned();
    let [items, arrays, sentences] = ["items.csv", "items.npy", "attributes.json"].map(place);
    let given = ["--manifest", &items, "--embeddings", &arrays, "--encoder", encoder, "--attributes", &sentences];
    run(home, &[&["ingest", "faces"][..], &given].concat(), 0);
    run(home, &["train", "faces", "--architecture", "linear", "--epochs", "1", "--members", "2"], 0);
}

/// How many of some sentences have no data, by the sentence.
fn refused_of(home: &Path, texts: &[String]) -> usize {
    let list = home.join("list.txt");
    std::fs::write(&list, texts.join("\n")).unwrap();
    let found = json(home, &["score", "faces", "--prompts", list.to_str().unwrap(), "--json"]);
    let found = found["prompts"].as_array().unwrap();
    assert!(found.len() == texts.len() && found.iter().all(|prompt| prompt["support"]["judged_by"] == "sentence"));
    found.iter().filter(|prompt| prompt["support"]["supported"] == false).count()
}

/// Items without words: sentences are told apart in the encoder's own space, once a run has learnt it.
#[test]
fn a_run_learns_what_sentences_about_items_without_words_are_its_own() {
    let lists: Value = serde_json::from_str(include_str!("fixtures/support.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let phrases = listed(&lists, "faces", "prompts");
    without_words(home, "builtin", &phrases);
    assert_eq!(refused_of(home, &phrases), 0, "what the audit says itself");
    let refused = ["in", "near", "far"].map(|name| refused_of(home, &listed(&lists, "faces", name)));
    assert!(refused[0] <= 1 && refused[1] >= 27 && refused[2] >= 26, "{refused:?} of 25, 30, 30");
    let said = run(home, &["score", "faces", "a nurse"], 0).0;
    assert!(said.contains("NO SUCH DATA: unlike the audit's prompts, which do not say 'nurse'"), "{said}");
}

/// The same by a small CLIP trained on faces, with lists that nobody looked at when the guard was made.
#[test]
fn a_clip_tells_sentences_about_faces_from_others() {
    let clip = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models/tinyclip-celeba");
    if !clip.is_dir() {
        println!("skipped: ../shared/models/tinyclip-celeba is not there");
        return;
    }
    let lists: Value = serde_json::from_str(include_str!("fixtures/support.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    without_words(home, clip.to_str().unwrap(), &listed(&lists, "faces", "prompts"));
    let refused = [("portraits", "in"), ("portraits", "near"), ("adult", "far")]
        .map(|(audit, name)| refused_of(home, &listed(&lists, audit, name)));
    assert!(refused[0] <= 2 && refused[1] >= 90 && refused[2] >= 95, "{refused:?} of 100 each");
}
