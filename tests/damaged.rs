//! Files that are damaged, made to blow up, or believed too much: a sentence and an exit code, never a panic.
#![allow(clippy::unwrap_used)]

mod checkpoint;

use assert_cmd::Command;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

fn run(home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").assert()
}

/// What the program says as it ends with this code: one line, without a panic.
fn fails(home: &Path, code: i32, arguments: &[&str]) -> String {
    let done = run(home, arguments).code(code);
    let said = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    assert!(said.lines().count() == 1 && !said.contains("panicked"), "{arguments:?}: {said}");
    said
}

fn written(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path.to_string_lossy().into_owned()
}

fn manifest(folder: &Path) -> String {
    let rows: String = (0..8)
        .map(|row| format!("r{row},text number {row},{row},{}\n", if row < 4 { "train" } else { "test" }))
        .collect();
    written(folder, "m.csv", format!("id,text,loss,split\n{rows}"))
}

/// A sentence encoder's folder.
fn encoder(folder: &Path) -> PathBuf {
    let place = folder.join("encoder");
    std::fs::create_dir_all(&place).unwrap();
    checkpoint::write(checkpoint::fixture().case("bert-mean"), &place);
    place
}

#[test]
fn a_damaged_or_blown_up_parquet_file_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let (home, rows) = (folder.path().join("home"), manifest(folder.path()));
    let mut damaged = 0;
    for entry in std::fs::read_dir(format!("{FIXTURES}/damaged")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "parquet") {
            continue;
        }
        let (file, name) = (path.to_str().unwrap(), path.file_name().unwrap().to_str().unwrap());
        let table = fails(&home, 2, &["ingest", "x", "--manifest", file]);
        let matrix = fails(&home, 2, &["ingest", "x", "--manifest", &rows, "--embeddings", file]);
        assert!(table.contains(name) && matrix.contains(name), "{table}{matrix}");
        damaged += usize::from(table.contains("is damaged") || matrix.contains("is damaged"));
        if name.starts_with("list-") {
            assert!(matrix.contains("at most"), "{matrix}");
        }
        if name.starts_with("rows-") {
            assert!(table.contains("claims 5000000 rows of 3 columns in 543 bytes"), "{table}");
        }
        if name.starts_with("pages-") {
            assert!(table.contains("the pages up to here claim") && matrix.contains("up to here claim"), "{table}");
        }
        if name.starts_with("dictionary-") {
            assert!(table.contains("a dictionary claims 84262961 values"), "{table}");
        }
    }
    assert!(damaged >= 3, "{damaged} were told as damaged");
}

#[test]
fn an_encoder_that_is_damaged_or_endless_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let (home, rows) = (folder.path().join("home"), manifest(folder.path()));
    let place = encoder(folder.path());
    let name = place.to_str().unwrap();
    let ingest = ["ingest", "x", "--manifest", &rows, "--encoder", name];
    let (config, tokenizer) = (place.join("config.json"), place.join("tokenizer.json"));
    let sound = std::fs::read(&tokenizer).unwrap();
    std::fs::copy(format!("{FIXTURES}/damaged/tokenizer-decoder-panic.json"), &tokenizer).unwrap();
    assert!(fails(&home, 2, &ingest).contains("tokenizer.json"));
    let mut growing: Value = serde_json::from_slice(&sound).unwrap();
    let step = json!({ "type": "Replace", "pattern": { "String": "e" }, "content": "ee" });
    growing["normalizer"] = json!({ "type": "Sequence", "normalizers": vec![step; 40] });
    std::fs::write(&tokenizer, growing.to_string()).unwrap();
    assert!(fails(&home, 2, &ingest).contains("times longer"));
    std::fs::write(&tokenizer, &sound).unwrap();
    let mut deep: Value = serde_json::from_slice(&std::fs::read(&config).unwrap()).unwrap();
    deep["num_hidden_layers"] = json!(1_000_000_000);
    std::fs::write(&config, deep.to_string()).unwrap();
    assert!(fails(&home, 2, &ingest).contains("num_hidden_layers is 1000000000"));
}

#[test]
fn an_encoder_that_gives_no_numbers_stops_with_the_item_named() {
    let folder = tempfile::tempdir().unwrap();
    let (home, rows) = (folder.path().join("home"), manifest(folder.path()));
    let place = encoder(folder.path());
    run(&home, &["ingest", "x", "--manifest", &rows, "--encoder", place.to_str().unwrap()]).code(0);
    // Other weights are another encoder: the second audit is taken in with it.
    let weights = place.join("model.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    bytes[header..].as_chunks_mut::<4>().0.iter_mut().for_each(|number| *number = f32::NAN.to_le_bytes());
    std::fs::write(&weights, bytes).unwrap();
    run(&home, &["ingest", "y", "--manifest", &rows, "--encoder", place.to_str().unwrap()]).code(0);
    let done = run(&home, &["embed", "y"]).code(1);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.contains("not finite for item 'r0'") && !said.contains("learning rate"), "{said}");
    let done = run(&home, &["cache", "stats", "--json"]).code(0);
    let stats = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    assert!(!stats.contains("\"embeddings\": 8"), "{stats}");
}

fn packed(document: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(document).unwrap();
    out.finish().unwrap()
}

fn unpacked(path: &Path) -> Value {
    serde_json::from_reader(flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())).unwrap()
}

#[test]
fn a_file_of_an_audit_is_that_audit_and_no_more_than_its_length_allows() {
    let folder = tempfile::tempdir().unwrap();
    let (home, rows) = (folder.path().join("home"), manifest(folder.path()));
    run(&home, &["ingest", "a", "--manifest", &rows]).code(0);
    let audits = home.join("audits");
    let sound = unpacked(&audits.join("a.json.gz"));
    let place = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut document = sound.clone();
        change(&mut document);
        std::fs::write(audits.join(name), packed(document.to_string().as_bytes())).unwrap();
    };

    for inner in ["a", "../../evil", "", "adult"] {
        place("b.json.gz", &|document| document["name"] = json!(inner));
        let before = std::fs::read(audits.join("a.json.gz")).unwrap();
        for arguments in [
            &["audits", "show", "b"][..],
            &["ingest", "b", "--model", "v2", "--losses", &rows],
            &["table", "b", "attributes"],
        ] {
            assert!(fails(&home, 1, arguments).contains("says to be audit"), "{inner}");
        }
        assert_eq!(std::fs::read(audits.join("a.json.gz")).unwrap(), before);
        assert!(!folder.path().join("evil.json.gz").exists());
    }
    place("b.json.gz", &|document| {
        document["name"] = json!("b");
        document["ids"][3] = document["ids"][2].clone();
    });
    assert!(fails(&home, 1, &["audits", "show", "b"]).contains("two items are called \"r2\""));
    run(&home, &["audits", "delete", "b"]).code(0);

    // Names that are none are no audits.
    place("..json.gz", &|_| {});
    place("-x.json.gz", &|_| {});
    let listed = run(&home, &["audits"]).code(0);
    assert_eq!(String::from_utf8_lossy(&listed.get_output().stdout), "adult\na\n");

    // Half a megabyte that unpacks to a hundred is refused after the part that is allowed.
    std::fs::write(audits.join("c.json.gz"), packed(&vec![b' '; 100 << 20])).unwrap();
    assert!(fails(&home, 1, &["audits", "show", "c"]).contains("unpack to more than"));
}

#[cfg(unix)]
#[test]
fn the_home_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    fn open(path: &Path) -> Vec<PathBuf> {
        let mode = path.metadata().unwrap().permissions().mode();
        let mut found = if mode & 0o077 == 0 { Vec::new() } else { vec![path.to_owned()] };
        for entry in std::fs::read_dir(path).into_iter().flatten() {
            found.extend(open(&entry.unwrap().path()));
        }
        // The database names its own files; nobody else comes into its folder.
        found.retain(|path| path.parent().is_none_or(|folder| folder.file_name().is_none_or(|name| name != "store")));
        // Nor does anybody into the folders within it.
        found.retain(|path| !path.components().any(|part| part.as_os_str() == "blobs"));
        found
    }
    let folder = tempfile::tempdir().unwrap();
    let (home, rows) = (folder.path().join("home"), manifest(folder.path()));
    run(&home, &["ingest", "a", "--manifest", &rows]).code(0);
    run(&home, &["embed", "a"]).code(0);
    run(&home, &["table", "a", "validity"]).code(0);
    assert_eq!(open(&home), Vec::<PathBuf>::new());

    let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    set(&home, 0o755);
    set(&home.join("audits"), 0o755);
    set(&home.join("audits/a.json.gz"), 0o644);
    let said = |words: &str| {
        let done = run(&home, &["doctor"]).code(0);
        let said = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
        assert!(said.contains(words), "{said}");
    };
    said("could be read by others; now only their owner can");
    said("readable by its owner alone");
    assert_eq!(open(&home), Vec::<PathBuf>::new());
}

#[test]
fn a_mark_of_the_byte_order_is_passed_over_by_every_reader_of_texts() {
    let folder = tempfile::tempdir().unwrap();
    let (home, rows) = (folder.path().join("home"), manifest(folder.path()));
    let marked = |name: &str, content: &str| written(folder.path(), name, format!("\u{feff}{content}"));
    let config = marked("config.toml", "hide_text = true\n");
    run(&home, &["--config", &config, "demo"]).code(0);
    let columns = marked("columns.toml", "id = \"id\"\ntext = \"text\"\n");
    let attributes = marked("attributes.json", r#"{"people": ["nobody"]}"#);
    let ingest = ["ingest", "x", "--manifest", &rows, "--columns", &columns, "--attributes", &attributes];
    run(&home, &ingest).code(0);
    marked("home/themes/mine.toml", "inherits = \"dark\"\n");
    let (themes, warnings) = llm2loss::console::Catalogue::load(&[home.join("themes")]);
    assert!(themes.find("mine").is_some() && warnings.is_empty(), "{warnings:?}");
    let models = ["check", "adult", "--model", "v2", "--against", "v1"];
    let rules = marked("rules.toml", "max_mean_loss_increase = \"900%\"\n");
    let ledger = folder.path().join("ledger.jsonl").to_string_lossy().into_owned();
    run(&home, &[&models[..], &["--rules", &rules, "--ledger", &ledger]].concat()).code(0);
    marked("ledger.jsonl", &std::fs::read_to_string(&ledger).unwrap());
    let done = run(&home, &["ledger", &ledger]).code(0);
    assert!(String::from_utf8_lossy(&done.get_output().stdout).contains("adult"));
    run(&home, &[&models[..], &["--rules", &rules, "--ledger", &ledger]].concat()).code(0);
    let list = marked("list.txt", "an old person\n");
    let scored = |arguments: &[&str]| run(&home, arguments).code(0).get_output().stdout.clone();
    assert_eq!(
        scored(&["score", "adult", "--model", "v1", "--json", "--prompts", &list]),
        scored(&["score", "adult", "--model", "v1", "--json", "an old person"])
    );
}

#[cfg(unix)]
#[test]
fn what_is_no_ordinary_file_is_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let (home, rows) = (folder.path().join("home"), manifest(folder.path()));
    let pipe = folder.path().join("pipe.csv").to_string_lossy().into_owned();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for arguments in [
        &["ingest", "x", "--manifest", &pipe][..],
        &["ingest", "x", "--manifest", &rows, "--embeddings", &pipe],
        &["ingest", "x", "--manifest", &rows, "--attributes", &pipe],
        &["ingest", "x", "--manifest", &rows, "--columns", &pipe],
        &["ingest", "x", "--manifest", &rows, "--losses", &pipe],
        &["--config", &pipe, "audits"],
    ] {
        assert!(fails(&home, 2, arguments).contains("is a pipe"), "{arguments:?}");
    }
    assert!(fails(&home, 2, &["ingest", "x", "--manifest", "/dev/zero"]).contains("device"));
    run(&home, &["demo"]).code(0);
    for arguments in [
        &["score", "adult", "--prompts", &pipe][..],
        &["check", "adult", "--model", "v2", "--against", "v1", "--rules", &pipe],
        &["check", "adult", "--model", "v2", "--baseline", &pipe],
        &["check", "adult", "--model", "v2", "--against", "v1", "--ledger", &pipe],
        &["ledger", &pipe],
        &["table", "adult", "ood", "--positives", &pipe],
        &["discover", "adult", "--phrases", &pipe],
    ] {
        assert!(fails(&home, 2, arguments).contains("pipe"), "{arguments:?}");
    }
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s.csv")).unwrap();
    let socket = folder.path().join("s.csv").to_string_lossy().into_owned();
    assert!(fails(&home, 2, &["ingest", "x", "--manifest", &socket]).contains("socket"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_limit_of_memory_ends_the_program_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    run(&home, &["demo"]).success();
    let table = ["table", "adult", "attributes", "--json"];
    let before = run(&home, &table).success().get_output().stdout.clone();
    let done = run(&home, &["--memory-limit", "24MB", "train", "adult", "--seed", "7"]).failure();
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.contains("memory allocation of") && !said.contains("panicked"), "{said}");
    let after = run(&home, &[&["--memory-limit", "none"], &table[..]].concat()).success().get_output().stdout.clone();
    assert_eq!(before, after);
    let refused = run(&home, &["--memory-limit", "1MB", "audits"]).code(2);
    assert!(String::from_utf8_lossy(&refused.get_output().stderr).contains("16 MB"));
}
