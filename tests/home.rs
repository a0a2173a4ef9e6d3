//! The home after damage: files are the truth, the index is made again, nothing is dropped that could not be read.
#![allow(clippy::unwrap_used)]

mod common;

use assert_cmd::Command;
use common::{copy, files, settled};
use llm2loss::audit::{Architecture, HyperParameters, RunId, RunRecord, RunState};
use llm2loss::store::{HistoryEntry, Store, StoreError, content_hash};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn record(id: &str, weights: &[u8], finished_at: u64) -> RunRecord {
    RunRecord {
        id: RunId(id.into()),
        audit: "adult".into(),
        model: "v1".into(),
        encoder: "test".into(),
        state: RunState::Finished,
        hyper: HyperParameters::new(Architecture::Linear),
        data_fingerprint: "0".into(),
        train_items: 2,
        validation_items: 0,
        dimension: 3,
        device: "cpu".into(),
        version: "0".into(),
        weights_digest: Store::weights_digest(weights),
        finished_at,
        seconds: 0.1,
        epochs: Vec::new(),
        best_epoch: None,
        reduced_batch: None,
    }
}

/// A home with runs, a stopped run, history, something shown, and embeddings.
fn filled(home: &Path) {
    let store = Store::open(home).unwrap();
    store.put_run(&record("aa11", b"weights", 2), b"weights", &"tables of aa11").unwrap();
    store.put_run(&record("ab22", b"others", 1), b"others", &"tables of ab22").unwrap();
    let stopped = record("cc33", b"checkpoint", 3);
    store.put_checkpoint(&stopped, b"checkpoint").unwrap();
    for index in 0..50 {
        store.remember("adult", &HistoryEntry { a: format!("prompt {index}"), b: None }).unwrap();
    }
    store.set_shown("adult", "v1", &RunId("ab22".into())).unwrap();
    let hashes: Vec<_> = (0..200).map(|index| content_hash(&index.to_string())).collect();
    store.put_embeddings("e", &hashes, &vec![0.5; 600]).unwrap();
    drop(store);
    settled(home);
}

/// Everything of [`filled`] but the embeddings, which may have to be made again but are never others.
fn holds(store: &Store) {
    let ids: Vec<String> = store.runs("adult", None).unwrap().into_iter().map(|run| run.id.0).collect();
    assert_eq!(ids, ["ab22", "aa11"]);
    for run in store.runs("adult", None).unwrap() {
        let wanted = format!("tables of {}", run.id);
        assert_eq!(store.run::<String>(run).unwrap().diagnosis, Some(wanted));
    }
    assert_eq!(store.checkpoint(&RunId("cc33".into())).unwrap().unwrap().bytes, b"checkpoint");
    let history = store.history("adult").unwrap();
    assert_eq!((history.len(), history[0].a.as_str(), history[49].a.as_str()), (50, "prompt 0", "prompt 49"));
    assert_eq!(store.shown_model("adult").unwrap().as_deref(), Some("v1"));
    assert_eq!(store.shown_run("adult", "v1").unwrap().unwrap().0, "ab22");
    let hashes: Vec<_> = (0..200).map(|index| Some(content_hash(&index.to_string()))).collect();
    let (rows, missing) = store.embeddings("e", &hashes, 3).unwrap();
    assert!(rows.iter().all(|value| *value == 0.5 || *value == 0.0));
    assert_eq!(rows.iter().filter(|value| **value == 0.0).count(), missing.len() * 3);
}

#[test]
fn what_the_database_was_writing_when_it_died_is_passed_over() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    fs::write(home.path().join("store/snap.0000000000000ABC.generating"), b"half").unwrap();
    let store = Store::open(home.path()).unwrap();
    assert!(store.notes().is_empty(), "{:?}", store.notes());
    holds(&store);
    let hashes: Vec<_> = (0..200).map(|index| Some(content_hash(&index.to_string()))).collect();
    assert!(store.embeddings("e", &hashes, 3).unwrap().1.is_empty(), "nothing is lost");
}

#[test]
fn an_index_that_is_missing_or_thrown_away_is_made_again_from_the_files() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    fs::remove_dir_all(home.path().join("store")).unwrap();
    holds(&Store::open(home.path()).unwrap());
    holds(&Store::rebuild(home.path()).unwrap());
}

#[test]
fn damage_anywhere_in_the_database_is_passed_over_or_mended() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path());
    // The same places every time, spread over each file; a cut as well as a changed byte.
    let mut place = 0x9e37_79b9_u64;
    let mut mended = 0;
    for file in files(&whole.path().join("store")) {
        let name = file.strip_prefix(whole.path()).unwrap();
        let length = fs::metadata(&file).unwrap().len();
        for round in 0..8 {
            place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let home = tempfile::tempdir().unwrap();
            copy(whole.path(), home.path());
            let mut bytes = fs::read(home.path().join(name)).unwrap();
            // Most of the database's file is empty space: its beginning is where things are.
            let at = ((place >> 20) % length.clamp(1, 20_000)) as usize;
            if round % 4 == 0 {
                bytes.truncate(at);
            } else if !bytes.is_empty() {
                bytes[at] ^= 1 << (round % 8);
            }
            fs::write(home.path().join(name), bytes).unwrap();
            let store = Store::open(home.path()).unwrap();
            mended += usize::from(!store.notes().is_empty());
            holds(&store);
        }
    }
    assert!(mended > 0, "no damage was met: the test has lost its sense");
}

#[test]
fn a_home_of_the_first_layout_is_converted_once() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    // What the first layout had in the database alone.
    for file in ["shown.json", "prompts/adult.jsonl", "runs/cc33/unfinished.json", "runs/aa11/tables.json"] {
        fs::remove_file(home.path().join(file)).unwrap();
    }
    sled::open(home.path().join("store")).unwrap().insert("schema", "1").unwrap();
    settled(home.path());
    holds(&Store::open(home.path()).unwrap());
    settled(home.path());
    assert!(home.path().join("runs/cc33/unfinished.json").exists());
    fs::remove_dir_all(home.path().join("store")).unwrap();
    fs::write(home.path().join("runs/aa11/tables.json"), b"\"tables of aa11\"").unwrap();
    holds(&Store::open(home.path()).unwrap());
}

#[test]
fn others_read_while_one_writes() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let writer = Store::open(home.path()).unwrap();
    let reader = Store::open_reading(home.path()).unwrap();
    assert!(reader.notes()[0].contains("in use by process"), "{:?}", reader.notes());
    holds_runs(&reader);
    let refused = reader.put_run(&record("dd44", b"w", 4), b"w", &"t").unwrap_err();
    assert!(refused.is_usage() && refused.to_string().contains("in use by"), "{refused}");
    // What a reader does is not for others, and takes nothing from them.
    reader.remember("adult", &HistoryEntry { a: "mine".into(), b: None }).unwrap();
    holds(&writer);
    // Once the writer has left, who reads is told how to write; it still only reads.
    assert!(!reader.could_write());
    drop(writer);
    assert!(reader.could_write());
    let refused = reader.put_run(&record("dd44", b"w", 4), b"w", &"t").unwrap_err();
    assert!(refused.is_usage() && refused.to_string().contains("quit and start again"), "{refused}");
    let writer = Store::open(home.path()).unwrap();
    assert!(!reader.could_write() && writer.writes().is_ok());
}

fn holds_runs(store: &Store) {
    assert_eq!(store.runs("adult", None).unwrap().len(), 2);
    assert_eq!(store.history("adult").unwrap().len(), 50);
}

#[test]
fn a_folder_of_audits_that_cannot_be_listed_is_not_taken_for_none() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    // A file in the folder's place: reading it fails for every user, root too.
    fs::write(home.path().join("audits"), b"").unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        command.args(words).arg("--home").arg(home.path()).output().unwrap()
    };
    let output = run(&["cache", "gc"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let store = Store::open(home.path()).unwrap();
    assert_eq!(store.embedding_count("e").unwrap(), 200);
}

#[test]
fn one_damaged_audit_is_named_and_stops_no_other() {
    let home = tempfile::tempdir().unwrap();
    let manifest = home.path().join("rows.csv");
    let rows: String = (0..60).map(|row| format!("{row},text number {row},0.{row:02}\n")).collect();
    fs::write(&manifest, format!("id,text,loss\n{rows}")).unwrap();
    let run = |words: &[&str]| {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        command.args(words).arg("--home").arg(home.path().join("home")).output().unwrap()
    };
    for name in ["good", "bad"] {
        let output = run(&["ingest", name, "--manifest", manifest.to_str().unwrap()]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let file = home.path().join("home/audits/bad.json.gz");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&file, bytes).unwrap();
    let verified = run(&["cache", "verify"]);
    let text = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.status.code(), Some(1));
    assert!(text.contains("bad.json.gz") && text.contains("audits delete bad"), "{text}");
    assert!(run(&["cache", "stats"]).status.success());
    // Nothing is dropped while an audit cannot be read.
    assert_eq!(run(&["cache", "gc"]).status.code(), Some(1));
    assert!(run(&["audits", "delete", "bad"]).status.success());
    assert!(run(&["cache", "gc"]).status.success());
    assert!(run(&["cache", "verify"]).status.success());
}

#[test]
fn damaged_weights_and_records_are_found() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    fs::write(home.path().join("runs/aa11/heads.safetensors"), b"weightz").unwrap();
    fs::write(home.path().join("runs/ab22/run.json"), b"{").unwrap();
    fs::write(home.path().join("runs/cc33").join(checkpoint(home.path())), b"checkpoinz").unwrap();
    let store = Store::open(home.path()).unwrap();
    let damage = store.damaged_runs().unwrap();
    assert_eq!(damage.len(), 3, "{damage:?}");
    assert!(damage.iter().any(|line| line.contains("aa11") && line.contains("train it again")), "{damage:?}");
    assert!(damage.iter().any(|line| line.contains("ab22") && line.contains("writes it again")), "{damage:?}");
    let id = store.find_run_id("ab").unwrap();
    store.delete_run(&id).unwrap();
    assert!(!home.path().join("runs/ab22").exists());
    assert!(matches!(store.find_run_id("ab"), Err(StoreError::NoRun { .. })));
}

#[test]
fn tables_whose_file_was_changed_are_found_and_never_shown() {
    let home = tempfile::tempdir().unwrap();
    let tables = || BTreeMap::from([("auroc".to_owned(), 0.75)]);
    let run = record("aa11", b"weights", 2);
    Store::open(home.path()).unwrap().put_run(&run, b"weights", &tables()).unwrap();
    let file = home.path().join("runs/aa11/tables.json");
    let kept = |store: &Store| store.run::<BTreeMap<String, f64>>(run.clone()).unwrap().diagnosis;
    assert_eq!(kept(&Store::rebuild(home.path()).unwrap()), Some(tables()));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("0.75", "0.76")).unwrap();
    let store = Store::open(home.path()).unwrap();
    assert!(store.damaged_runs().unwrap()[0].contains("its tables are damaged"));
    assert_eq!(kept(&store.rebuilt().unwrap()), None);
}

#[test]
fn a_rebuild_writes_a_damaged_record_again_and_names_what_is_lost() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let file = home.path().join("runs/aa11/run.json");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..100]).unwrap();
    let store = Store::open(home.path()).unwrap();
    let damage = store.damaged_runs().unwrap();
    assert!(damage.len() == 1 && damage[0].contains("aa11") && damage[0].contains("doctor --rebuild"), "{damage:?}");
    let store = store.rebuilt().unwrap();
    assert!(
        store.notes().iter().any(|note| note.contains("aa11") && note.contains("written again")),
        "{:?}",
        store.notes()
    );
    assert_eq!((fs::read(&file).unwrap(), store.damaged_runs().unwrap().len()), (whole, 0));
    drop(store);
    // The index knows of no copy after it was lost too.
    fs::write(&file, b"{").unwrap();
    fs::remove_dir_all(home.path().join("store")).unwrap();
    let store = Store::rebuild(home.path()).unwrap();
    assert!(store.notes().iter().any(|note| note.contains("run aa11 is lost")), "{:?}", store.notes());
    assert!(store.find_run("ab22").is_ok());
}

fn checkpoint(home: &Path) -> String {
    let names =
        fs::read_dir(home.join("runs/cc33")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.into_iter().find(|name| name.starts_with("checkpoint-")).unwrap()
}

#[test]
fn what_killed_processes_left_is_swept() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path());
    let spare = home.path().join("runs/ee55");
    fs::create_dir_all(&spare).unwrap();
    for left in ["runs/ee55/heads.safetensors", "runs/aa11/run.json.77.tmp", "shown.json.77.tmp"] {
        fs::write(home.path().join(left), b"half").unwrap();
    }
    // A folder with something else in it is somebody's.
    fs::create_dir_all(home.path().join("runs/mine")).unwrap();
    fs::write(home.path().join("runs/mine/notes.txt"), b"keep").unwrap();
    holds(&Store::open(home.path()).unwrap());
    assert!(!spare.exists() && home.path().join("runs/mine/notes.txt").exists());
    assert!(files(home.path()).iter().all(|file| file.extension().is_none_or(|end| end != "tmp")));
}

#[test]
fn a_home_that_is_removed_while_it_is_used_is_told_and_not_made_again() {
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("home");
    filled(&home);
    let store = Store::open(&home).unwrap();
    fs::remove_dir_all(&home).unwrap();
    let refused = |error: StoreError| {
        assert!(error.is_usage() && error.to_string().contains("was removed or replaced"), "{error}");
    };
    refused(store.put_run(&record("dd44", b"w", 4), b"w", &"tables").unwrap_err());
    refused(store.put_checkpoint(&record("dd44", b"w", 4), b"w").unwrap_err());
    assert!(!home.exists());
    // Another home in its place is somebody else's.
    fs::create_dir(&home).unwrap();
    refused(store.put_run(&record("dd44", b"w", 4), b"w", &"tables").unwrap_err());
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
}

/// Sixty disks that fill up in another place each while runs, history and embeddings are kept; then room is made.
/// `mount` puts the disk of a round on a folder, with a file beside it to keep its bytes in.
fn full_disks(mount: impl Fn(u64, &Path, &Path)) {
    let place = tempfile::tempdir().unwrap();
    let disk = place.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let (mut refused, mut rebuilt) = (0, 0);
    for round in 0..60 {
        mount(round, &disk, &place.path().join("image"));
        let home = disk.join("home");
        filled(&home);
        let fill = disk.join("fill");
        let mut kept: Vec<String> = Vec::new();
        if let Ok(store) = Store::open(&home) {
            fill_but(&fill, round * 7 * 1024);
            for run in 0..40 {
                let id = format!("f{run:03}");
                match store.put_run(&record(&id, &[run; 3000], 10 + u64::from(run)), &[run; 3000], &"tables") {
                    Ok(()) => kept.push(id),
                    Err(_) => refused += 1,
                }
                let hashes: Vec<_> = (0..50).map(|index| content_hash(&format!("{run} {index}"))).collect();
                let _ = store.put_embeddings("e", &hashes, &vec![0.5; 150]);
            }
        }
        drop(Store::open_reading(&home));
        fs::remove_file(&fill).unwrap();
        rebuilt += usize::from(nothing_is_lost(&home, &kept, round));
        assert!(sh(&["umount", disk.to_str().unwrap()]));
    }
    assert!(refused > 0, "no disk was full: the campaign has lost its sense");
    eprintln!("60 disks: {refused} runs refused, {rebuilt} indexes made again");
}

fn sh(words: &[&str]) -> bool {
    std::process::Command::new(words[0]).args(&words[1..]).status().unwrap().success()
}

/// Fills a disk by a file, but for some bytes.
fn fill_but(fill: &Path, left: u64) {
    let all = vec![0_u8; 64 << 10];
    let mut file = fs::File::create(fill).unwrap();
    while std::io::Write::write_all(&mut file, &all).is_ok() {}
    let length = file.metadata().unwrap().len();
    file.set_len(length.saturating_sub(left)).unwrap();
}

/// Everything finished is there, and what is not there was told; whether the index was made again.
fn nothing_is_lost(home: &Path, kept: &[String], round: u64) -> bool {
    let store = Store::open(home).unwrap();
    for id in kept.iter().map(String::as_str).chain(["aa11", "ab22"]) {
        let run = store.find_run(id).unwrap();
        assert!(store.weights(&run).is_ok(), "round {round}, run {id}");
    }
    assert_eq!(store.damaged_runs().unwrap(), Vec::<String>::new());
    assert_eq!(store.history("adult").unwrap().len(), 50);
    let hashes: Vec<_> = (0..200).map(|index| Some(content_hash(&index.to_string()))).collect();
    let (rows, missing) = store.embeddings("e", &hashes, 3).unwrap();
    assert!(rows.iter().all(|value| *value == 0.5 || *value == 0.0));
    let told = !store.notes().is_empty();
    assert!(missing.is_empty() || told, "round {round}: lost {} in silence", missing.len());
    told
}

#[test]
#[ignore = "mounts small file systems: run it as root, by name"]
fn a_full_disk_in_memory_costs_nothing_that_was_finished() {
    full_disks(|round, disk, _| {
        let size = format!("size={}k", 1400 + round * 60);
        assert!(sh(&["mount", "-t", "tmpfs", "-o", &size, "tmpfs", disk.to_str().unwrap()]));
    });
}

#[test]
#[ignore = "mounts small file systems: run it as root, by name"]
fn a_full_ext4_disk_costs_nothing_that_was_finished() {
    full_disks(|round, disk, image| {
        fs::File::create(image).unwrap().set_len((6_000 + round * 60) << 10).unwrap();
        let (disk, image) = (disk.to_str().unwrap(), image.to_str().unwrap());
        assert!(sh(&["mkfs.ext4", "-q", "-F", "-m", "0", image]) && sh(&["mount", "-o", "loop", image, disk]));
    });
}
