//! Shards that workers left are one audit, and a shard that does not belong to it is named.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn encode(place: &Path, output: &str, arguments: &[&str]) {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let files = ["encode", "--input", "rows.jsonl", "--output", output];
    command.current_dir(place).args(files).args(arguments).assert().code(0);
}

/// Shards of one part each.
fn shards(place: &Path, of: usize) -> Vec<PathBuf> {
    (0..of)
        .map(|part| {
            let (part, output) = (format!("{part}/{of}"), format!("part-{part:05}.parquet"));
            encode(place, &output, &["--shard", &part]);
            place.join(output)
        })
        .collect()
}

fn ingest(place: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let files = ["--manifest", "part-*.parquet", "--embeddings", "part-*.parquet"];
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.current_dir(place).args(["--home", "home", "ingest", "x"]).args(files).args(arguments).assert()
}

#[test]
fn shards_are_taken_in_as_one_audit_and_one_that_does_not_belong_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let rows = (0..400).fold(String::new(), |mut rows, at| {
        let word = ["war", "peace", "bread", "music", "rain"][at % 5];
        let text = format!("a story about {word} and number {at}");
        let _ = writeln!(rows, r#"{{"id": "{at:05}", "text": "{text}", "loss:v1": {}}}"#, at as f64 / 8.0);
        rows
    });
    std::fs::write(place.join("rows.jsonl"), rows).unwrap();
    let files = shards(place, 4);
    let report = ingest(place, &["--check", "--json"]).code(0);
    let report: Value = serde_json::from_slice(&report.get_output().stdout).unwrap();
    assert_eq!(
        (&report["items"], &report["encoder"], &report["contents"]),
        (&400.into(), &"builtin".into(), &"texts".into())
    );
    assert_eq!(report["models"][0]["losses"], 400);
    let said = |arguments: &[&str], words: &[&str]| {
        let done = ingest(place, arguments).code(2);
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        for words in words {
            assert!(said.contains(words), "{said}");
        }
    };
    let put = |bytes: &[u8]| std::fs::write(&files[2], bytes).unwrap();
    let third = std::fs::read(&files[2]).unwrap();
    std::fs::remove_file(&files[2]).unwrap();
    said(&[], &["part-00002.parquet is missing"]);
    // Another shard in its place, one cut off, and one of another cut.
    put(&std::fs::read(&files[0]).unwrap());
    said(&[], &["part 2/4 is missing", "part 0/4 is there twice"]);
    put(&third[..third.len() / 2]);
    said(&[], &["part-00002.parquet", "cannot be read"]);
    std::fs::remove_file(&files[2]).unwrap();
    encode(place, "part-00002.parquet", &["--shard", "2/5"]);
    said(&[], &["part-00002.parquet is part 2/5 of an input that part-00000.parquet is a part of as one of 4"]);
    put(&third);
    // A last part that is gone.
    let last = std::fs::read(&files[3]).unwrap();
    std::fs::remove_file(&files[3]).unwrap();
    said(&[], &["part 3/4 is missing"]);
    std::fs::write(&files[3], last).unwrap();
    // A row of another shard.
    encode(place, "part-00004.parquet", &[]);
    said(&[], &["'00000' is there twice", "part-00000.parquet, row 1", "part-00004.parquet, row 1"]);
    std::fs::remove_file(place.join("part-00004.parquet")).unwrap();
    // Another encoder's shard.
    std::fs::remove_file(&files[2]).unwrap();
    encode(place, "part-00002.parquet", &["--shard", "2/4", "--dims", "64"]);
    said(&[], &["part-00002.parquet is of encoder builtin?dims=64", "no common space"]);
    put(&third);
    said(&["--dims", "64"], &["are of encoder builtin (", "not of builtin?dims=64"]);
    ingest(place, &[]).code(0);
}

#[test]
fn rows_of_a_pack_are_joined_by_the_ids_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let row = |at: usize| format!(r#"{{"id": "{at:05}", "text": "a story about number {at}", "loss": {}}}"#, at % 7);
    let rows = |order: &mut dyn Iterator<Item = usize>| order.map(row).collect::<Vec<_>>().join("\n");
    std::fs::write(place.join("rows.jsonl"), rows(&mut (0..200))).unwrap();
    std::fs::write(place.join("turned.jsonl"), rows(&mut (0..200).rev())).unwrap();
    encode(place, "rows.safetensors", &[]);
    encode(place, "other.safetensors", &[]);
    let export = |name: &str, arguments: &[&str]| {
        let run = |words: &[&str]| {
            let mut command = Command::cargo_bin("llm2loss").unwrap();
            command.current_dir(place).args(["--home", "home"]).args(words).assert()
        };
        run(&[&["ingest", name][..], arguments].concat()).code(0);
        let out = format!("{name}-out.safetensors");
        run(&["cache", "export", name, "--out", &out]).code(0);
        let bytes = std::fs::read(place.join(out)).unwrap();
        let header = safetensors::SafeTensors::read_metadata(&bytes).unwrap().1;
        let ids: Vec<String> = serde_json::from_str(&header.metadata().as_ref().unwrap()["ids"]).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let numbers = tensors.tensor("embeddings").unwrap();
        let width = numbers.data().len() / ids.len();
        ids.into_iter()
            .zip(numbers.data().chunks(width).map(<[u8]>::to_vec))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let of_pattern = export("pattern", &["--manifest", "rows.jsonl", "--embeddings", "r*.safetensors"]);
    let straight = export("straight", &["--manifest", "rows.jsonl", "--embeddings", "rows.safetensors"]);
    let turned = export("turned", &["--manifest", "turned.jsonl", "--embeddings", "rows.safetensors"]);
    assert!(straight == turned && straight == of_pattern && straight.len() == 200);
    // Without them nobody knows whose rows they are.
    std::fs::remove_file(place.join("other.safetensors.ids.txt")).unwrap();
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let words = ["--home", "home", "ingest", "x", "--manifest", "turned.jsonl", "--embeddings"];
    let refused = command.current_dir(place).args(words).arg("other.safetensors").assert().code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("other.safetensors.ids.txt, which is not there"), "{said}");
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let refused = command.current_dir(place).args(words).arg("*.safetensors").assert().code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("several arrays"), "{said}");
}

#[test]
fn shards_of_texts_are_texts_that_need_no_encoding_and_what_is_lost_without_them_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let word = |at: usize| ["war", "peace", "bread", "music", "rain"][at % 5];
    let row = |at: usize, text: usize| {
        format!(r#"{{"id": "{at:03}", "text": "a story about {} and number {text}", "loss": {}}}"#, word(text), at % 7)
    };
    let rows = |text: &dyn Fn(usize) -> usize| (0..300).map(|at| row(at, text(at))).collect::<Vec<_>>().join("\n");
    std::fs::write(place.join("rows.jsonl"), rows(&|at| at)).unwrap();
    shards(place, 3);
    let run = |words: &[&str], code: i32| {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        let done = command.current_dir(place).args(["--home", "home"]).args(words).assert().code(code);
        let output = done.get_output();
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
    };
    let embeddings = ["--embeddings", "part-*.parquet"];
    let said = run(&[&["ingest", "x", "--manifest", "part-*.parquet"], &embeddings[..]].concat(), 0);
    assert!(said.contains("those of the texts, which are the items"), "{said}");
    // All embeddings are there, under the texts' own digests.
    for _ in 0..2 {
        let kept = run(&["cache", "verify"], 0);
        assert!(kept.contains("300 embeddings read: 0 damaged; 0 items"), "{kept}");
        run(&["embed", "x"], 0);
    }
    // Texts of other rows are no texts of these; of some rows that were mixed up, neither.
    std::fs::write(place.join("turned.jsonl"), rows(&|at| 299 - at)).unwrap();
    let said = run(&[&["ingest", "y", "--manifest", "turned.jsonl"], &embeddings[..]].concat(), 0);
    assert!(said.contains("the texts beside them are others") && said.contains("without fragments"), "{said}");
    std::fs::write(place.join("mixed.jsonl"), rows(&|at| if at % 7 == 0 { 299 - at } else { at })).unwrap();
    let said = run(&[&["ingest", "z", "--manifest", "mixed.jsonl"], &embeddings[..]].concat(), 2);
    assert!(said.contains("are not what their embeddings are of") && said.contains("item '000'"), "{said}");
    let bare = "id,loss\n".to_owned() + &(0..300).map(|at| format!("{at:03},{}\n", at % 7)).collect::<String>();
    std::fs::write(place.join("bare.csv"), bare).unwrap();
    let said = run(&[&["ingest", "z", "--manifest", "bare.csv"], &embeddings[..]].concat(), 0);
    assert!(said.contains("their texts are not at hand") && said.contains("without fragments"), "{said}");
}

/// Changes a number in the middle of a small shard, where its embeddings lie.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x04;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn empty_shards_are_no_rows_and_numbers_that_changed_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let row = |at: usize| {
        let text = format!("a story about number {at}");
        format!(r#"{{"id": "r{at}", "text": "{text}", "loss": {}, "young": {}}}"#, at as f64 / 4.0, at % 2)
    };
    let rows = (0..60).map(row).collect::<Vec<_>>().join("\n");
    std::fs::write(place.join("rows.jsonl"), rows).unwrap();
    let files = shards(place, 3);
    let empty = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet/empty.parquet");
    // As pyarrow leaves it, and as the worker does of it, of nothing, of a header, of a tar without members.
    std::fs::copy(&empty, place.join("part-00003.parquet")).unwrap();
    std::fs::copy(&empty, place.join("none.parquet")).unwrap();
    std::fs::write(place.join("none.jsonl"), "").unwrap();
    std::fs::write(place.join("none.csv"), "id,text,loss\n").unwrap();
    std::fs::write(place.join("none.tar"), [0; 10240]).unwrap();
    for (at, name) in ["none.parquet", "none.jsonl", "none.csv", "none.tar"].into_iter().enumerate() {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        let output = format!("part-{:05}.parquet", at + 4);
        let done = command.current_dir(place).args(["encode", "--input", name, "--output", &output]).assert().code(0);
        let said = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
        assert!(said.contains("· 0 rows embedded"), "{name}: {said}");
    }
    let report = ingest(place, &["--check", "--json"]).code(0);
    let report: Value = serde_json::from_slice(&report.get_output().stdout).unwrap();
    assert_eq!((&report["items"], &report["contents"]), (&60.into(), &"texts".into()), "{report}");
    assert!(report["notes"].to_string().contains("files without rows: 5"), "{report}");
    // Beside rows, of one listing.
    for (name, bytes) in [("in-0.jsonl", String::new()), ("in-1.jsonl", row(0)), ("in-2.jsonl", "\n\n".to_owned())] {
        std::fs::write(place.join(name), bytes).unwrap();
    }
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let words = ["encode", "--input", "in-*.jsonl", "--output", "in.parquet", "--json"];
    let done = command.current_dir(place).args(words).assert().code(0);
    let done: Value = serde_json::from_slice(&done.get_output().stdout).unwrap();
    assert_eq!(done["rows"], 1);
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let words = ["--home", "home", "ingest", "y", "--check", "--json", "--manifest", "in-*.jsonl"];
    let refused = command.current_dir(place).args(words).assert().code(2);
    let said = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(said.contains("all 1 items have the same content") || said.contains("1 item"), "{said}");
    damage(&files[1]);
    let done = ingest(place, &[]).code(2);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.contains("part-00001.parquet: its embeddings are not the ones that were written"), "{said}");
}
