//! Images a second, from JPEG files to embeddings, beside PyTorch and Pillow in one run:
//! `cargo bench --bench images -- FOLDER [--python PYTHON]`; tests/bench/images.py is the other side.
//!
//! FOLDER is a CLIP checkpoint that tests/bench/encoders.py has written; images.py writes the pictures beside it.
#![allow(clippy::unwrap_used)]

use llm2loss::data::{AttributeFile, Contents, ImagePlace, Mapping, manifest};
use llm2loss::encoder::{self, Encoder};
use llm2loss::engine::{Intake, Session, Tracker, ingest_with};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/images.py");
/// Sizes of pictures, as images.py names their folders.
const KINDS: [&str; 2] = ["178x218", "640x480"];

/// Seconds from an audit just taken in until all its embeddings are in the store and in memory.
fn embed(images: &Path, encoder: &Arc<dyn Encoder>) -> (usize, f64) {
    let home = tempfile::tempdir().unwrap();
    let mut files: Vec<PathBuf> = std::fs::read_dir(images).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let row = |(at, path): (usize, &PathBuf)| {
        format!("{},1,{}\n", path.file_name().unwrap().display(), if at % 4 == 0 { "test" } else { "train" })
    };
    let rows: String = files.iter().enumerate().map(row).collect();
    let file = home.path().join("m.csv");
    std::fs::write(&file, format!("image,loss,split\n{rows}")).unwrap();
    let place = ImagePlace { root: Some(images.to_owned()), outside: false };
    let draft = manifest(&file, &Mapping::default(), "m", Contents::Table(&place)).unwrap();
    let how = Intake { name: "pictures", encoder: encoder.name(), allow_mismatch: false, link: false, check: false };
    ingest_with(home.path(), draft, &AttributeFile::default(), &how, &**encoder).unwrap();
    let session = Session::open_with(home.path(), "pictures", |_| Ok(encoder.clone())).unwrap();
    let start = Instant::now();
    session.embeddings(&Tracker::silent()).unwrap();
    (files.len(), start.elapsed().as_secs_f64())
}

fn ours(folder: &Path, encoder: &Arc<dyn Encoder>) {
    for kind in KINDS {
        let (n, seconds) = embed(&folder.join(kind), encoder);
        println!("llm2loss, {n} JPEG files of {kind:<24} {:>7.1} images/s", n as f64 / seconds);
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (mut folder, mut python) = (None, "python3".to_owned());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--python" => python = arguments.next().unwrap_or(python),
            _ => folder = Some(PathBuf::from(argument)),
        }
    }
    let Some(folder) = folder else {
        println!("skipped: name a folder that tests/bench/encoders.py has written");
        return;
    };
    let script = |action: &str| {
        let done = Command::new(&python).args([SCRIPT, action]).arg(&folder).status();
        if !done.is_ok_and(|status| status.success()) {
            println!("PyTorch's side did not run: give a Python with torch, transformers and Pillow by --python");
        }
    };
    script("write");
    let encoder = encoder::open(folder.to_str().unwrap()).unwrap();
    // Its weights are read before the clock runs, as Python's are.
    let first = std::fs::read_dir(folder.join(KINDS[0])).unwrap().next().unwrap().unwrap().path();
    let pixels = encoder.prepare_image(&std::fs::read(first).unwrap()).unwrap();
    encoder.encode_images(&[pixels]).unwrap();
    // One batch a thread; products stay on one thread (.cargo/config.toml).
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    rayon::ThreadPoolBuilder::new().num_threads(cores).build().unwrap().install(|| {
        ours(&folder, &encoder);
        script("time");
        ours(&folder, &encoder);
    });
}
