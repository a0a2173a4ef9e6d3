//! What tests of whole homes share: the program, folders, arrays, a closed database.
#![allow(dead_code, reason = "no test needs all of it")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The program on a home.
pub fn program(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_llm2loss"));
    command.args(words).arg("--home").arg(home).env_remove("LLM2LOSS_HOME").stdin(Stdio::null());
    command
}

/// The files under a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// How the array begins that NumPy would save: of a kind such as `<f4`, of a shape such as `(30, 2)`.
pub fn npy_header(kind: &str, shape: &str) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let length = (header.len() + 11).next_multiple_of(64) - 10;
    let padded = format!("{header:<width$}\n", width = length - 1);
    [b"\x93NUMPY\x01\x00", &(length as u16).to_le_bytes()[..], padded.as_bytes()].concat()
}

/// An array as NumPy would save it.
pub fn npy(kind: &str, shape: &str, body: &[u8]) -> Vec<u8> {
    [&npy_header(kind, shape)[..], body].concat()
}

/// Writes an array of half precision, rows of length one, all different.
pub fn half_array(path: &Path, n: usize, width: usize) {
    let value = |at: usize| {
        let (row, column) = (at / width, at % width);
        half::f16::from_f32(if column == row % width { 1.0 } else { (row / width) as f32 * 0.0001 })
    };
    let body: Vec<u8> = (0..n * width).flat_map(|at| value(at).to_le_bytes()).collect();
    fs::write(path, npy("<f2", &format!("({n}, {width})"), &body)).unwrap();
}

/// Waits until nobody has the home's database: one that was closed is closed a moment later, and its threads write by
/// name until then.
pub fn settled(home: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let free =
        || File::options().read(true).write(true).open(home.join("store/db")).is_ok_and(|file| file.try_lock().is_ok());
    while !free() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
}
