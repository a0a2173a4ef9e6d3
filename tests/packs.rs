//! Packs of embeddings: other tools read them, no damage gives other numbers, nothing is kept twice or lost.
#![allow(clippy::unwrap_used)]

mod common;

use assert_cmd::Command;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{half_array, settled};
use llm2loss::numbers::{NumberArray, Precision, checksum, digest, to_unit};
use llm2loss::store::{ContentHash, FileFact, Store, content_hash};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const WIDTH: usize = 24;

fn hashes(range: std::ops::Range<usize>) -> Vec<ContentHash> {
    range.map(|index| content_hash(&format!("item {index}"))).collect()
}

/// Values that need all of f32, or that half precision holds exactly.
fn rows(range: std::ops::Range<usize>, half: bool) -> Vec<f32> {
    let values = range.flat_map(|row| (0..WIDTH).map(move |column| ((row * 31 + column * 7) % 997) as f32));
    values.map(|value| if half { value / 64.0 } else { value / 7.0 }).collect()
}

/// Keeps rows that came with data.
fn add(store: &Store, encoder: &str, hashes: &[ContentHash], rows: &[f32]) {
    let precision = Precision::of(rows);
    let fill = |at: usize, out: &mut Vec<u8>| {
        precision.encode(&rows[at * WIDTH..][..WIDTH], out);
        Ok(None)
    };
    store.add_pack(encoder, hashes, (precision, WIDTH), || fill).unwrap();
}

fn packs(home: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(home.join("packs")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> =
        folders.flat_map(|folder| fs::read_dir(folder.path()).unwrap()).map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn wanted(range: std::ops::Range<usize>) -> Vec<Option<ContentHash>> {
    hashes(range).into_iter().map(Some).collect()
}

#[test]
fn a_pack_is_a_safetensors_file_in_the_precision_and_order_that_came() {
    for (half, dtype, width) in [(true, Dtype::F16, 2), (false, Dtype::F32, 4)] {
        let home = tempfile::tempdir().unwrap();
        let store = Store::open(home.path()).unwrap();
        let given = rows(0..300, half);
        add(&store, "test/e 1", &hashes(0..300), &given);
        let [path] = &packs(home.path())[..] else { unreachable!("one pack") };
        let bytes = fs::read(path).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let embeddings = tensors.tensor("embeddings").unwrap();
        assert_eq!((embeddings.dtype(), embeddings.shape()), (dtype, &[300, WIDTH][..]));
        let read: Vec<f32> = match width {
            2 => embeddings.data().as_chunks::<2>().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f32()).collect(),
            _ => embeddings.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        };
        assert_eq!(read, given);
        assert_eq!(tensors.tensor("digests").unwrap().data(), hashes(0..300).as_flattened());
        assert_eq!(
            embeddings.data().as_ptr() as usize % 64,
            bytes.as_ptr() as usize % 64,
            "rows lie at even addresses"
        );
        let whole = (300 * WIDTH * width) as f64;
        assert!((bytes.len() as f64) < whole + 300.0 * 24.0 + 1024.0, "{} bytes", bytes.len());
        assert_eq!(store.embeddings("test/e 1", &wanted(0..300), WIDTH).unwrap(), (given, Vec::new()));
        assert_eq!(store.embedding_encoders().unwrap(), ["test/e 1"]);
    }
}

#[test]
fn equal_contents_share_a_row_and_what_is_there_is_not_written_again() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path()).unwrap();
    let twice: Vec<ContentHash> = hashes(0..10).into_iter().chain(hashes(0..10)).collect();
    let given: Vec<f32> = rows(0..10, false).into_iter().chain(rows(0..10, false)).collect();
    add(&store, "e", &twice, &given);
    add(&store, "e", &twice, &given);
    assert_eq!((packs(home.path()).len(), store.embedding_count("e").unwrap()), (1, 10));
    store.put_embeddings("e", &hashes(5..15), &rows(5..15, false)).unwrap();
    assert_eq!(store.embedding_count("e").unwrap(), 15);
    store.seal_embeddings("e").unwrap();
    assert_eq!(store.embedding_count("e").unwrap(), 15);
    assert_eq!(store.embeddings("e", &wanted(0..15), WIDTH).unwrap(), (rows(0..15, false), Vec::new()));
}

#[test]
fn small_packs_are_merged_and_outlive_the_database() {
    let home = tempfile::tempdir().unwrap();
    for part in 0..6 {
        let store = Store::open(home.path()).unwrap();
        let range = part * 50..(part + 1) * 50;
        store.put_embeddings("e", &hashes(range.clone()), &rows(range, part % 2 == 0)).unwrap();
        store.seal_embeddings("e").unwrap();
    }
    assert_eq!(packs(home.path()).len(), 1);
    settled(home.path());
    fs::remove_dir_all(home.path().join("store")).unwrap();
    let store = Store::open(home.path()).unwrap();
    let (read, missing) = store.embeddings("e", &wanted(0..300), WIDTH).unwrap();
    assert!(missing.is_empty());
    for part in 0..6 {
        let range = part * 50..(part + 1) * 50;
        assert_eq!(read[range.start * WIDTH..range.end * WIDTH], rows(range, part % 2 == 0));
    }
}

#[test]
fn a_pack_killed_before_its_rows_left_the_database_costs_nothing() {
    let home = tempfile::tempdir().unwrap();
    let aside = tempfile::tempdir().unwrap();
    {
        let store = Store::open(home.path()).unwrap();
        store.put_embeddings("e", &hashes(0..100), &rows(0..100, false)).unwrap();
        store.seal_embeddings("e").unwrap();
        fs::copy(&packs(home.path())[0], aside.path().join("pack")).unwrap();
    }
    fs::remove_file(&packs(home.path())[0]).unwrap();
    {
        let store = Store::open(home.path()).unwrap();
        store.put_embeddings("e", &hashes(0..100), &rows(0..100, false)).unwrap();
    }
    // The pack is there, and the database has its rows still.
    let folder = home.path().join("packs/e");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(aside.path().join("pack"), folder.join("00000000.safetensors")).unwrap();
    let store = Store::open(home.path()).unwrap();
    assert_eq!(store.embedding_count("e").unwrap(), 100);
    store.seal_embeddings("e").unwrap();
    let sealed = fs::read(&packs(home.path())[0]).unwrap();
    assert_eq!((packs(home.path()).len(), sealed), (1, fs::read(aside.path().join("pack")).unwrap()));
}

#[test]
fn no_damage_to_a_pack_gives_other_numbers() {
    let whole = tempfile::tempdir().unwrap();
    let given = rows(0..60, true);
    add(&Store::open(whole.path()).unwrap(), "e", &hashes(0..60), &given);
    let name = packs(whole.path())[0].strip_prefix(whole.path()).unwrap().to_owned();
    let bytes = fs::read(whole.path().join(&name)).unwrap();
    let (mut place, mut lost, mut unopened) = (7_u64, 0, 0);
    for round in 0..400 {
        place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = (place >> 33) as usize % bytes.len();
        let mut damaged = bytes.clone();
        if round % 10 == 0 {
            damaged.truncate(at)
        } else {
            damaged[at] ^= 1 << (round % 8)
        }
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("packs/e")).unwrap();
        fs::write(home.path().join(&name), damaged).unwrap();
        let store = Store::open(home.path()).unwrap();
        let (read, missing) = store.embeddings("e", &wanted(0..60), WIDTH).unwrap();
        for (row, (found, true_row)) in read.chunks_exact(WIDTH).zip(given.chunks_exact(WIDTH)).enumerate() {
            assert!(missing.contains(&row) || found == true_row, "round {round}, row {row}");
        }
        lost += usize::from(missing.len() == 1);
        unopened += usize::from(missing.len() == 60);
        let told = !store.damaged_packs().unwrap().is_empty() || store.embedding_stats("e").unwrap().damaged > 0;
        assert!(told || missing.is_empty(), "round {round}: rows are lost in silence");
    }
    assert!(lost > 100 && unopened > 10, "{lost} {unopened}: the damage did not arrive");
}

#[test]
fn a_damaged_row_is_mended_when_its_content_comes_again() {
    let home = tempfile::tempdir().unwrap();
    add(&Store::open(home.path()).unwrap(), "e", &hashes(0..20), &rows(0..20, false));
    let path = packs(home.path())[0].clone();
    let mut bytes = fs::read(&path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize + 8;
    bytes[header + 3 * WIDTH * 4] ^= 1;
    fs::write(&path, bytes).unwrap();
    let store = Store::open(home.path()).unwrap();
    assert_eq!(store.embeddings("e", &wanted(0..20), WIDTH).unwrap().1, [3]);
    add(&store, "e", &hashes(0..20), &rows(0..20, false));
    assert_eq!(store.embeddings("e", &wanted(0..20), WIDTH).unwrap(), (rows(0..20, false), Vec::new()));
}

#[test]
fn what_nobody_uses_leaves_the_packs() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path()).unwrap();
    add(&store, "e", &hashes(0..40), &rows(0..40, true));
    add(&store, "f", &hashes(0..40), &rows(0..40, true));
    let used: BTreeSet<ContentHash> = hashes(10..20).into_iter().collect();
    assert_eq!(store.keep_embeddings("e", &used).unwrap(), 30);
    assert_eq!(store.keep_embeddings("f", &BTreeSet::new()).unwrap(), 40);
    assert_eq!(store.embeddings("e", &wanted(10..20), WIDTH).unwrap(), (rows(10..20, true), Vec::new()));
    assert_eq!(store.embedding_encoders().unwrap(), ["e"]);
}

#[test]
fn what_is_known_of_image_files_outlives_the_database() {
    let home = tempfile::tempdir().unwrap();
    let stamps = hashes(0..3);
    let facts = [FileFact::Content(stamps[2]), FileFact::Unreadable("no image".into())];
    Store::open(home.path())
        .unwrap()
        .put_file_facts(&[(stamps[0], facts[0].clone()), (stamps[1], facts[1].clone())])
        .unwrap();
    settled(home.path());
    fs::remove_dir_all(home.path().join("store")).unwrap();
    let store = Store::open(home.path()).unwrap();
    assert_eq!(store.file_fact(&stamps[0]).unwrap().as_ref(), Some(&facts[0]));
    assert_eq!(store.file_fact(&stamps[1]).unwrap().as_ref(), Some(&facts[1]));
    assert_eq!(store.keep_files(&[stamps[1]].into()).unwrap(), 1);
    drop(store);
    assert_eq!(Store::rebuild(home.path()).unwrap().file_fact(&stamps[0]).unwrap(), None);
}

/// A manifest of ids and losses.
fn rows_of(path: &Path, n: usize) {
    let lines: String = (0..n).map(|row| format!("{row},{}.{:02}\n", row % 3, row % 100)).collect();
    fs::write(path, format!("id,loss\n{lines}")).unwrap();
}

/// Turns the file of an audit into what it was before: digests of 32 digits, texts one by one.
fn first_form(path: &Path, n: usize) {
    let text = flate2::read::MultiGzDecoder::new(fs::File::open(path).unwrap());
    let mut document: serde_json::Value = serde_json::from_reader(text).unwrap();
    let pieces = document["contents"]["embedded"].as_array().unwrap();
    let bytes: Vec<u8> = pieces.iter().flat_map(|piece| STANDARD.decode(piece.as_str().unwrap()).unwrap()).collect();
    let digits = |digest: &[u8; 16]| digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let digests: Vec<String> = bytes.as_chunks::<16>().0.iter().map(digits).collect();
    assert_eq!((digests.len(), document["texts"].as_array().unwrap().len()), (n, 0));
    document["format"] = "llm2loss.audit/1".into();
    document["contents"]["embedded"] = digests.into();
    document["texts"] = vec![""; n].into();
    let mut packed = flate2::write::GzEncoder::new(fs::File::create(path).unwrap(), flate2::Compression::fast());
    serde_json::to_writer(&mut packed, &document).unwrap();
    packed.finish().unwrap();
}

/// Through the program: embeddings that came with data survive the loss of the database, and a clean-up gives disk back.
#[test]
fn an_audit_that_came_with_embeddings_survives_the_loss_of_its_database() {
    let place = tempfile::tempdir().unwrap();
    let (n, width) = (400, 256);
    half_array(&place.path().join("e.npy"), n, width);
    rows_of(&place.path().join("rows.csv"), n);
    let home = place.path().join("home");
    let run = |words: &[&str]| {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        command.current_dir(place.path()).args(words).arg("--home").arg(&home).output().unwrap()
    };
    let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let taken = run(&["ingest", "mine", "--manifest", "rows.csv", "--embeddings", "e.npy"]);
    assert!(taken.status.success(), "{}", said(&taken));
    let bytes: u64 = packs(&home).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(bytes as f64 <= 1.1 * (n * width * 2) as f64 + 1024.0, "{bytes}: half precision stays half");
    let trained = run(&["train", "mine", "--architecture", "linear", "--epochs", "1"]);
    assert!(trained.status.success(), "{}", said(&trained));
    let table = run(&["table", "mine", "validity"]);
    fs::remove_dir_all(home.join("store")).unwrap();
    let again = run(&["table", "mine", "validity"]);
    assert_eq!(String::from_utf8_lossy(&table.stdout), String::from_utf8_lossy(&again.stdout));
    let verified = run(&["cache", "verify"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    first_form(&home.join("audits/mine.json.gz"), n);
    fs::remove_dir_all(home.join("store")).unwrap();
    let before = run(&["table", "mine", "validity"]);
    assert_eq!(String::from_utf8_lossy(&table.stdout), String::from_utf8_lossy(&before.stdout), "{}", said(&before));
    assert!(run(&["audits", "delete", "mine"]).status.success());
    let cleaned = run(&["cache", "gc"]);
    assert!(String::from_utf8_lossy(&cleaned.stdout).contains("given back"), "{}", said(&cleaned));
    assert!(packs(&home).is_empty());
}

/// Through the program: an array is used where it lies; changed or gone it is named and refused.
#[test]
fn a_linked_array_is_used_where_it_lies_and_never_gives_other_numbers() {
    let place = tempfile::tempdir().unwrap();
    let (n, width) = (400, 256);
    let array = place.path().join("e.npy");
    half_array(&array, n, width);
    rows_of(&place.path().join("rows.csv"), n);
    let run = |home: &str, words: &[&str]| {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        let output = command.current_dir(place.path()).args(words).args(["--home", home]).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let ingest = ["ingest", "mine", "--manifest", "rows.csv", "--embeddings", "e.npy"];
    let train = ["train", "mine", "--architecture", "linear", "--epochs", "1"];
    let table = ["table", "mine", "validity", "--format", "csv"];
    assert_eq!(run("copied", &ingest).0, Some(0));
    let linked = run("linked", &[&ingest[..], &["--link"]].concat());
    assert_eq!(linked.0, Some(0), "{}", linked.2);
    let bytes: u64 = packs(&place.path().join("linked")).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(bytes < 24 * n as u64 + 2048, "{bytes}: the numbers are not copied");
    for home in ["copied", "linked"] {
        let trained = run(home, &train);
        assert_eq!(trained.0, Some(0), "{}", trained.2);
    }
    assert_eq!(run("copied", &table).1, run("linked", &table).1);
    assert_eq!(run("linked", &["cache", "verify"]).0, Some(0));

    let again = ["train", "mine", "--architecture", "linear", "--epochs", "2"];
    let whole = fs::read(&array).unwrap();
    let refused = |words: &str| {
        let trained = run("linked", &again);
        assert_eq!(trained.0, Some(2), "{}", trained.2);
        assert!(trained.2.contains("e.npy") && trained.2.contains(words), "{}", trained.2);
        let verified = run("linked", &["cache", "verify"]);
        assert_eq!(verified.0, Some(1));
        assert!(verified.1.contains("e.npy") && verified.1.contains(words), "{}", verified.1);
        assert_eq!(run("linked", &table).1, run("copied", &table).1, "what was computed stays");
    };
    let mut other = whole.clone();
    other[200 * width * 2] ^= 1;
    fs::write(&array, &other).unwrap();
    refused("is not what it was when it was linked");
    fs::write(&array, &whole[..whole.len() - 2]).unwrap();
    refused("where it had");
    fs::remove_file(&array).unwrap();
    refused("is gone");
    fs::write(&array, &whole).unwrap();
    assert_eq!(run("linked", &again).0, Some(0));
    assert_eq!(run("linked", &["audits", "delete", "mine"]).0, Some(0));
    assert_eq!(run("linked", &["cache", "gc"]).0, Some(0));
    assert!(packs(&place.path().join("linked")).is_empty() && fs::read(&array).unwrap() == whole);

    let mut turned = whole.clone();
    let at = turned.windows(5).position(|part| part == b"False").unwrap();
    turned[at..at + 5].copy_from_slice(b"True ");
    fs::write(place.path().join("turned.npy"), turned).unwrap();
    let said = run("linked", &["ingest", "x", "--manifest", "rows.csv", "--embeddings", "turned.npy", "--link"]);
    assert!(said.0 == Some(2) && said.2.contains("turned.npy does not hold its rows as they are"), "{}", said.2);
    let said = run("linked", &["ingest", "x", "--manifest", "rows.csv", "--link"]);
    assert!(said.0 == Some(2) && said.2.contains("--link"), "{}", said.2);
}

/// A row that changes between its proof and its use is not a number, and whoever used it is told.
#[test]
fn a_linked_row_that_changes_while_it_is_used_is_not_a_number() {
    let place = tempfile::tempdir().unwrap();
    let array = place.path().join("e.npy");
    half_array(&array, 40, WIDTH);
    let open = || {
        let start = fs::metadata(&array).unwrap().len() - (40 * WIDTH * 2) as u64;
        NumberArray::open(&array, start, [40, WIDTH], Precision::F16).unwrap()
    };
    let (mut values, mut bytes) = (vec![0.0; 40 * WIDTH], Vec::new());
    open().read(0, &mut values, &mut bytes).unwrap();
    for row in values.chunks_exact_mut(WIDTH) {
        to_unit(row, true);
    }
    let digests: Vec<ContentHash> = values.chunks_exact(WIDTH).map(|row| digest(row).to_be_bytes()).collect();
    let store = Store::open(&place.path().join("home")).unwrap();
    let lying = values.chunks_exact(WIDTH).zip(bytes.chunks_exact(2 * WIDTH));
    let checksums: Vec<u32> = lying.map(|(row, bytes)| checksum(digest(row), bytes)).collect();
    store.link_array("e", &open(), true, &digests, &checksums).unwrap();
    let asked: Vec<Option<ContentHash>> = digests.iter().copied().map(Some).collect();
    assert_eq!(store.embeddings("e", &asked, WIDTH).unwrap(), (values.clone(), Vec::new()));
    let (rows, missing) = store.packed_rows("e", &asked, WIDTH).unwrap();
    assert!(missing.is_empty() && rows.fault().is_none());
    let mut bytes = fs::read(&array).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 0x10;
    fs::write(&array, bytes).unwrap();
    let mut row = vec![0.0; WIDTH];
    rows.copy(38, &mut row);
    assert_eq!(row, values[38 * WIDTH..39 * WIDTH]);
    rows.copy(39, &mut row);
    assert!(row.iter().all(|value| value.is_nan()));
    assert!(rows.fault().unwrap().contains("e.npy is not what it was"));
}
