//! An audit in a space that no encoder here knows: items and a list of phrases come with vectors computed elsewhere.
//!
//! The space is made up so that answers can be worked out by hand: eight kinds of sound along eight axes; those of rain
//! lose 2, all others nothing.
#![allow(clippy::unwrap_used)]

mod common;

use common::{npy, program};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const KINDS: usize = 8;
const RAIN: usize = 2;

fn run(home: &Path, words: &[&str]) -> (i32, String, String) {
    let done = program(home, words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

fn json(home: &Path, words: &[&str]) -> Value {
    let (code, out, said) = run(home, &[words, &["--json"]].concat());
    assert_eq!(code, 0, "{words:?}: {said}");
    serde_json::from_str(&out).unwrap()
}

fn refused(home: &Path, words: &[&str], told: &str) {
    let (code, out, said) = run(home, words);
    assert_eq!((code, out.as_str()), (2, ""), "{words:?}: {said}");
    assert!(said.contains(told), "{said}");
}

fn array(path: &Path, rows: &[Vec<f32>]) {
    let body: Vec<u8> = rows.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
    fs::write(path, npy("<f4", &format!("({}, {})", rows.len(), rows[0].len()), &body)).unwrap();
}

fn axis(parts: &[(usize, f32)]) -> Vec<f32> {
    let mut row = vec![0.0; KINDS];
    parts.iter().for_each(|(at, value)| row[*at] = *value);
    row
}

/// 800 items: each lies along its kind's axis, but for a little of the next one that tells it from the others.
fn items(folder: &Path) {
    let mut table = String::from("id,split,loss,attribute:dog_barking,attribute:Rain,attribute:odd\n");
    let mut rows = Vec::new();
    for at in 0..800 {
        let (kind, turn) = (at % KINDS, at / KINDS);
        let split = if turn % 3 == 0 { "test" } else { "train" };
        let loss = if kind == RAIN { 2 } else { 0 };
        let (dog, rain) = (u8::from(kind == 0), u8::from(kind == RAIN));
        let _ = writeln!(table, "s{at},{split},{loss},{dog},{rain},{}", turn % 2);
        rows.push(axis(&[(kind, 1.0), ((kind + 1) % KINDS, 0.0001 * turn as f32)]));
    }
    fs::write(folder.join("items.csv"), table).unwrap();
    array(&folder.join("items.npy"), &rows);
}

/// Phrases with vectors of length 5; "wet bird" lies between two kinds.
const PHRASES: [(&str, &[(usize, f32)]); 6] = [
    ("Dog barking", &[(0, 5.0)]),
    ("rain", &[(RAIN, 5.0)]),
    ("a bird", &[(1, 5.0)]),
    ("wet bird", &[(1, 3.0), (RAIN, 4.0)]),
    ("wind", &[(7, 5.0)]),
    ("anything", &[(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0), (5, 1.0), (6, 1.0), (7, 1.0)]),
];

fn phrases(folder: &Path) {
    array(&folder.join("phrases.npy"), &PHRASES.map(|(_, parts)| axis(parts)));
    let lines: Vec<&str> = PHRASES.iter().map(|(phrase, _)| *phrase).collect();
    fs::write(folder.join("phrases.txt"), lines.join("\n") + "\n").unwrap();
}

/// The arguments of an ingest, with files of the folder named in full.
fn ingest(folder: &Path, name: &str, list: &str) -> Vec<String> {
    let file = |name: &str| folder.join(name).display().to_string();
    let words = ["ingest", name, "--manifest", "items.csv", "--embeddings", "items.npy", "--prompt-embeddings", list];
    words.iter().map(|word| if word.contains('.') { file(word) } else { (*word).to_owned() }).collect()
}

fn take_in(home: &Path, folder: &Path) -> String {
    items(folder);
    phrases(folder);
    let words = ingest(folder, "sounds", "phrases.npy");
    let (code, out, said) = run(home, &words.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(code, 0, "{said}");
    out
}

fn figure(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn phrases_with_vectors_are_scored_paired_and_tabled_without_an_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let home = &folder.path().join("home");
    let told = take_in(home, folder.path());
    for words in [
        "encoder phrases:",
        "(8 dimensions)",
        "prompts are the 6 phrases given",
        "no vector is given for the phrase of 1 of 3 attributes, of which nothing is predicted: odd (\"odd\")",
        "vectors of phrases had lengths from 2.8284 to 5.0000; each is scaled to length 1",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // What was given may be gone: the home has its own.
    fs::remove_file(folder.path().join("phrases.npy")).unwrap();
    let settings = "--architecture linear --target raw --learning-rate 0.05 --epochs 200 --patience 0";
    let words: Vec<&str> = ["train", "sounds"].into_iter().chain(settings.split(' ')).collect();
    let (code, _, said) = run(home, &words);
    assert_eq!(code, 0, "{said}");

    let scores = json(home, &["score", "sounds", " RAIN ", "a bird", "wet bird", "wind"]);
    let prompt = |at: usize| &scores["prompts"][at];
    let witness = |at: usize, name: &str| {
        let all = prompt(at)["witnesses"].as_array().unwrap();
        all.iter().find(|witness| witness["name"] == name).map(|witness| figure(&witness["value"]))
    };
    // The tenth nearest of the training items are all of the kind: what they lose is known.
    assert_eq!([0, 1, 3].map(|at| witness(at, "nearest")), [Some(2.0), Some(0.0), Some(0.0)]);
    assert_eq!((witness(0, "attribute"), witness(1, "attribute")), (Some(2.0), None));
    // The loss is linear in the space, and so is what linear heads say: .8 of rain's on the way to it.
    let regressor = |at: usize| witness(at, "regressor").unwrap();
    assert!((regressor(0) - 2.0).abs() < 0.3 && regressor(1).abs() < 0.3 && regressor(3).abs() < 0.3, "{scores}");
    assert!(regressor(2) > 1.2 && regressor(2) < 2.0, "{}", regressor(2));
    assert!(!figure(&prompt(0)["nearest"][0][1]).is_nan() && prompt(0)["nearest"][0][0] == "Rain");

    let pair = json(home, &["compare", "sounds", "rain", "wind"]);
    assert_eq!(figure(&pair["pairs"][0]["estimate"]["value"]), 2.0);
    assert!(figure(&pair["pairs"][0]["p_worse"]) > 0.8, "{pair}");

    let near = json(home, &["items", "sounds", "--near", "wet bird", "--top", "1"]);
    // 3-4-5: the cosine with an item along rain's own axis.
    assert!((figure(&near["items"][0]["similarity"]) - 0.8).abs() < 1e-3, "{near}");

    let table = json(home, &["table", "sounds", "attributes"]);
    let row = |name: &str| {
        let rows = table["rows"].as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap().clone()
    };
    let generic = |name: &str| {
        let gaps = row(name)["predicted"].as_array().unwrap().clone();
        gaps.iter()
            .find(|gap| gap["head"] == "regressor" && gap["contrast"] == "generic")
            .map(|gap| figure(&gap["summary"]["mean"]))
    };
    assert!(generic("Rain").unwrap() > 0.5, "{table}");
    assert_eq!(generic("odd"), None, "without a vector nothing is predicted, and all is measured");
    assert!(figure(&row("odd")["loss_true"]).is_finite());
    let known = row("Rain")["zero_shot"][0]["auroc"].clone();
    assert!((figure(&known) - 1.0).abs() < 1e-12, "items along the axis are told from all others: {known}");
    for kind in ["ood", "validity", "bias", "zeroshot", "calibration"] {
        let (code, out, said) = run(home, &["table", "sounds", kind]);
        assert_eq!(code, 0, "{said}");
        assert!(kind != "ood" || out.contains("no vector is given for them"), "{out}");
    }
    let found = json(home, &["discover", "sounds"]);
    assert_eq!(found["slices"][0]["name"], "rain", "{found}");
    let (code, out, _) = run(home, &["score", "sounds", "--phrases"]);
    assert_eq!((code, out.lines().count(), out.lines().next()), (0, 6, Some("Dog barking")));
    let (code, out, said) = run(home, &["report", "sounds", "-o", &folder.path().join("r.html").display().to_string()]);
    assert_eq!(code, 0, "{out}{said}");
    unknown_phrases_are_named(home);
    damage_is_told(home);
}

fn unknown_phrases_are_named(home: &Path) {
    let told = "no vector is given for \"a wet dog\": 6 phrases are known, such as \"";
    refused(home, &["score", "sounds", "rain", "a wet dog"], told);
    refused(home, &["score", "sounds", "a wet dog"], "'llm2loss score AUDIT --phrases' lists them");
    refused(home, &["compare", "sounds", "rain", "a wet dog"], told);
    refused(home, &["items", "sounds", "--near", "a wet dog"], told);
    refused(home, &["score", "adult", "--phrases"], "encoder builtin reads any sentence");
}

/// A list in use stays when others go; a damaged one is told, and nothing is guessed.
fn damage_is_told(home: &Path) {
    let kept = || fs::read_dir(home.join("phrases")).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    fs::write(home.join("phrases/0123456789abcdef.safetensors"), "x").unwrap();
    let (code, out, said) = run(home, &["cache", "gc"]);
    assert!(code == 0 && out.contains("1 lists of phrases"), "{out}{said}");
    assert_eq!(kept().len(), 1);
    let file = &kept()[0];
    let mut bytes = fs::read(file).unwrap();
    let last = bytes.len() - 3;
    bytes[last] ^= 1;
    fs::write(file, bytes).unwrap();
    let (code, _, said) = run(home, &["score", "sounds", "rain"]);
    assert!(code != 0 && said.contains("is damaged (its digest is another one); take the audit in anew"), "{said}");
    fs::remove_file(file).unwrap();
    let (code, _, said) = run(home, &["score", "sounds", "rain"]);
    assert!(code != 0 && said.contains("is gone; take the audit in anew with --prompt-embeddings"), "{said}");
}

#[test]
fn lists_that_cannot_be_used_are_refused_and_nothing_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (home, folder) = (&folder.path().join("home"), folder.path());
    items(folder);
    phrases(folder);
    let file = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    file("short.csv", "phrase,embedding\nrain,\"[1, 0]\"\n");
    let one = "[1,0,0,0,0,0,0,0]";
    file("twice.csv", &format!("phrase,embedding\nrain,\"{one}\"\nwind,\"{one}\"\n Rain,\"[0,1,0,0,0,0,0,0]\"\n"));
    file("empty.csv", &format!("phrase,embedding\nrain,\"{one}\"\n,\"{one}\"\n"));
    file("zero.csv", "phrase,embedding\nrain,\"[0,0,0,0,0,0,0,0]\"\n");
    fs::copy(folder.join("phrases.npy"), folder.join("alone.npy")).unwrap();
    fs::copy(folder.join("phrases.npy"), folder.join("less.npy")).unwrap();
    file("less.txt", "rain\n");
    for (list, told) in [
        ("short.csv", "the items' embeddings have 8 dimensions, the phrases' vectors 2"),
        ("twice.csv", "the phrase \"Rain\" of row 4 stands in row 2 too, with another vector"),
        ("empty.csv", "row 3: the phrase is empty"),
        ("zero.csv", "row 2: the vector is all zeros"),
        ("alone.npy", "has no phrases; write them, one a line, into alone.txt beside it"),
        ("less.npy", "less.txt: has 1 lines for the 6 rows of less.npy"),
    ] {
        let words = ingest(folder, "sounds", list);
        refused(home, &words.iter().map(String::as_str).collect::<Vec<_>>(), told);
    }
    let texts: Vec<String> = (0..40).map(|at| format!("a text of {at},{at}")).collect();
    file("texts.csv", &format!("text,loss\n{}\n", texts.join("\n")));
    let mut words = ingest(folder, "sounds", "phrases.npy");
    words.drain(4..6);
    words[3] = folder.join("texts.csv").display().to_string();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    refused(home, &words, "give the items' own by --embeddings FILE");
    refused(home, &[&words[..], &["--encoder", "builtin"]].concat(), "cannot be used with");
    refused(home, &["ingest", "sounds", "--encoder", "phrases:00", "--manifest", words[3]], "--prompt-embeddings FILE");
    let (_, out, _) = run(home, &["audits"]);
    assert_eq!(out, "adult\n");
    assert!(!home.join("phrases").exists());
}
