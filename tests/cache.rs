//! The embedding pipeline and what it keeps: killed, cancelled, damaged, shared, cleaned up.
#![allow(clippy::unwrap_used)]

mod common;

use assert_cmd::Command;
use common::files;
use llm2loss::data::{AttributeFile, Contents, Draft, ImagePlace, Mapping, manifest, read_matrix};
use llm2loss::encoder::{Encoder, EncoderError, Pixels, Reading};
use llm2loss::engine::{EngineError, Intake, Session, Tracker, cache_gc, cache_report, ingest_with};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An encoder whose "images" are lists of numbers. What it gives for an image depends, a little, on the whole
/// batch, as real ones do: a run that resumes with other batches is found out.
#[derive(Default)]
struct Numbers {
    batches: AtomicUsize,
    images: AtomicUsize,
    /// Cancelled while a batch is encoded.
    cancel: Mutex<Option<Arc<Tracker>>>,
}

const DIMENSION: usize = 8;

impl Encoder for Numbers {
    fn name(&self) -> &str {
        "numbers"
    }

    fn fingerprint(&self) -> &str {
        "numbers-1"
    }

    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn piece_limit(&self) -> usize {
        10
    }

    fn reading(&self, _: &str) -> Reading {
        Reading { pieces: 1, unknown: 0 }
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        Ok(vec![0.5; texts.len() * DIMENSION])
    }

    fn reads_images(&self) -> bool {
        true
    }

    fn prepare_image(&self, bytes: &[u8]) -> Result<Pixels, EncoderError> {
        let problem = || EncoderError::Unusable { encoder: "numbers".into(), problem: "not a number\u{1b}[31m".into() };
        let text = std::str::from_utf8(bytes).map_err(|_| problem())?;
        Ok(Pixels(vec![text.parse().map_err(|_| problem())?]))
    }

    fn encode_images(&self, images: &[Pixels]) -> Result<Vec<f32>, EncoderError> {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.images.fetch_add(images.len(), Ordering::Relaxed);
        if let Some(tracker) = self.cancel.lock().unwrap().take() {
            tracker.cancel();
        }
        let whole: f32 = images.iter().map(|image| image.0[0]).sum();
        let number = |image: &Pixels, at: usize| (image.0[0] + at as f32 + whole / 1e3).sin();
        Ok(images.iter().flat_map(|image| (0..DIMENSION).map(|at| number(image, at)).collect::<Vec<f32>>()).collect())
    }

    fn words(&self) -> &[&str] {
        &[]
    }
}

/// 500 image files: every tenth the same, 3 broken in different ways.
fn images(folder: &Path) -> Draft {
    let mut text = String::from("image,loss,split\n");
    for row in 0..500 {
        let content = match row {
            17 => String::new(),
            40 => "half an ima".into(),
            499 => "\0".into(),
            _ if row % 10 == 0 => "7".into(),
            _ => row.to_string(),
        };
        std::fs::write(folder.join(format!("{row}.png")), content).unwrap();
        let _ = writeln!(text, "{row}.png,{},{}", row % 5, if row % 3 == 0 { "test" } else { "train" });
    }
    let file = folder.join("m.csv");
    std::fs::write(&file, text).unwrap();
    manifest(&file, &Mapping::default(), "m", Contents::Table(&ImagePlace::default())).unwrap()
}

fn take_in(home: &Path, draft: Draft, name: &str) {
    let how = Intake { name, encoder: "numbers", allow_mismatch: false, link: false, check: false };
    ingest_with(home, draft, &AttributeFile::default(), &how, &Numbers::default()).unwrap();
}

fn open(home: &Path, name: &str, encoder: &Arc<Numbers>) -> Session {
    Session::open_with(home, name, |_| Ok(encoder.clone())).unwrap()
}

#[test]
fn a_run_cancelled_again_and_again_ends_as_one_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    for home in [&whole, &broken] {
        take_in(home, images(folder.path()), "pictures");
    }
    let encoder = Arc::new(Numbers::default());
    let at_once = open(&whole, "pictures", &encoder).embeddings(&Tracker::silent()).unwrap();
    let mut cancelled = 0;
    let in_parts = loop {
        let session = open(&broken, "pictures", &encoder);
        let tracker = Arc::new(Tracker::silent());
        *encoder.cancel.lock().unwrap() = Some(tracker.clone());
        match session.embeddings(&tracker) {
            Err(EngineError::Cancelled) => cancelled += 1,
            done => break done.unwrap(),
        }
        assert!(cancelled < 20);
    };
    assert!(cancelled > 5, "cancelled {cancelled} times");
    assert!(at_once.to_vec() == in_parts.to_vec(), "the embeddings differ");
}

#[test]
fn broken_images_are_named_and_left_out_and_equal_ones_are_embedded_once() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    take_in(&home, images(folder.path()), "pictures");
    let encoder = Arc::new(Numbers::default());
    {
        let session = open(&home, "pictures", &encoder);
        let rows = session.embeddings(&Tracker::silent()).unwrap().to_vec();
        let bad = session.unreadable_images().unwrap();
        let ids: Vec<&str> = bad.iter().map(|image| image.id.as_str()).collect();
        assert_eq!(ids, ["17.png", "40.png", "499.png"]);
        assert_eq!(bad[0].problem, "the file is empty");
        assert!(rows[17 * DIMENSION..18 * DIMENSION].iter().all(|value| *value == 0.0));
        let audit = session.audit().unwrap();
        let of_all: usize = [llm2loss::audit::Split::Train, llm2loss::audit::Split::Test]
            .map(|split| audit.rows(split).len())
            .iter()
            .sum();
        assert_eq!(of_all, 497, "they take part in nothing");
    }
    let made = encoder.images.load(Ordering::Relaxed);
    // The same files in a second audit, and the same bytes under other names: nothing is encoded but what is new.
    let copies = folder.path().join("copies");
    std::fs::create_dir(&copies).unwrap();
    take_in(&home, images(&copies), "copies");
    take_in(&home, images(folder.path()), "again");
    open(&home, "again", &encoder).embeddings(&Tracker::silent()).unwrap();
    assert_eq!(open(&home, "again", &encoder).store().embedding_count("numbers-1").unwrap(), 448);
    open(&home, "copies", &encoder).embeddings(&Tracker::silent()).unwrap();
    assert_eq!(encoder.images.load(Ordering::Relaxed), made, "known content is not encoded again");
    // Nothing is dropped while an audit uses it; all of it once none does.
    assert_eq!(cache_gc(&home).unwrap().embeddings, 0);
    for name in ["pictures", "copies", "again"] {
        llm2loss::engine::delete(&home, name).unwrap();
    }
    let dropped = cache_gc(&home).unwrap();
    assert_eq!((dropped.embeddings, dropped.files), (448, 1500));
    assert!(cache_report(&home).unwrap().encoders.is_empty());
}

#[test]
fn a_folder_that_is_gone_is_no_folder_of_broken_images() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    take_in(&home, images(folder.path()), "pictures");
    (100..500).for_each(|row| std::fs::remove_file(folder.path().join(format!("{row}.png"))).unwrap());
    let encoder = Arc::new(Numbers::default());
    let session = open(&home, "pictures", &encoder);
    let said = session.embeddings(&Tracker::silent()).unwrap_err();
    assert!(said.is_usage() && said.to_string().contains("is the folder of the images still there?"), "{said}");
    assert_eq!(session.unreadable_images().unwrap().len(), 2, "only those that were seen to be broken");
}

fn program(home: &Path) -> Command {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).env_remove("LLM2LOSS_HOME");
    command
}

/// Forty thousand texts.
fn texts(folder: &Path) -> String {
    let mut text = String::from("id,text,loss\n");
    for row in 0..40_000 {
        let _ =
            writeln!(text, "{row},a person of {row} years who owns {} chairs and {} tables,1", row % 977, row % 613);
    }
    let path = folder.join("texts.csv");
    std::fs::write(&path, text).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn killed_in_a_loop_it_goes_on_and_ends_with_the_same_embeddings() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = texts(folder.path());
    let export = |home: &Path, name: &str| {
        let out = folder.path().join(name);
        program(home).args(["cache", "export", "many", "--out", out.to_str().unwrap()]).assert().code(0);
        read_matrix(&out, None).unwrap()
    };
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    for home in [&whole, &killed] {
        program(home).args(["ingest", "many", "--manifest", &manifest]).assert().code(0);
    }
    let (mut kills, mut grew) = (0, 0);
    let mut kept = 0;
    for patience in (0..60).map(|turn| Duration::from_millis(20 + 15 * turn)) {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("llm2loss"))
            .args(["--home", killed.to_str().unwrap(), "embed", "many"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(patience);
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let session = Session::open(&killed, "many").unwrap();
        let now = session.store().embedding_count(session.encoder().fingerprint()).unwrap();
        assert!(now >= kept, "a kill lost what was kept: {kept}, then {now}");
        grew += usize::from(now > kept);
        kept = now;
    }
    assert!(kills > 0 && grew > 0, "{kills} kills, {grew} of them after something was kept");
    program(&killed).args(["cache", "verify"]).assert().code(0);
    let (resumed, at_once) = (export(&killed, "killed.safetensors"), export(&whole, "whole.safetensors"));
    assert_eq!((resumed.rows(), resumed.columns), (40_000, 256));
    assert!(resumed == at_once, "the embeddings differ");
}

#[test]
fn a_flipped_byte_on_disk_is_found_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let rows: String =
        (0..3000).fold("id,text,loss\n".into(), |text, row| text + &format!("{row},text number {row},{}\n", row % 3));
    let file = folder.path().join("m.csv");
    std::fs::write(&file, rows).unwrap();
    program(&home).args(["ingest", "some", "--manifest", file.to_str().unwrap()]).assert().code(0);
    program(&home).args(["train", "some", "--architecture", "linear", "--epochs", "1"]).assert().code(0);
    program(&home).args(["cache", "verify"]).assert().code(0);
    // The middle of one embedding, as it lies on disk.
    let wanted: Vec<u8> = {
        let session = Session::open(&home, "some").unwrap();
        let rows = session.embeddings(&Tracker::silent()).unwrap().to_vec();
        rows[1500 * 256 + 20..1500 * 256 + 60].iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let mut flipped = 0;
    for path in files(&home) {
        let mut bytes = std::fs::read(&path).unwrap();
        let places: Vec<usize> = bytes
            .windows(wanted.len())
            .enumerate()
            .filter_map(|(at, window)| (window == wanted).then_some(at))
            .collect();
        places.iter().for_each(|&at| bytes[at + 80] ^= 0x10);
        flipped += places.len();
        if !places.is_empty() {
            std::fs::write(&path, bytes).unwrap();
        }
    }
    assert!(flipped > 0, "the embedding was not found on disk");
    let said = program(&home).args(["cache", "verify"]).assert().code(1);
    let said =
        String::from_utf8_lossy(&[&said.get_output().stdout[..], &said.get_output().stderr[..]].concat()).into_owned();
    assert!(said.contains("1 damaged"), "{said}");
    program(&home).args(["embed", "some"]).assert().code(0);
    program(&home).args(["cache", "verify"]).assert().code(0);
}
