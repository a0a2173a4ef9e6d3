//! The fuzzing lane, briefly: every target for a second. What it found, and damaged tars, without it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "fuzz/src/mutate.rs"]
mod mutate;
#[path = "fuzz/src/tars.rs"]
mod tars;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::process::Command;

/// Writes a tar and reads it.
fn read(folder: &tempfile::TempDir, bytes: &[u8]) -> Result<(u64, u64), String> {
    let path = folder.path().join("x.tar");
    std::fs::write(&path, bytes).unwrap();
    tars::read(&path)
}

#[test]
fn a_damaged_tar_is_read_whole_or_refused_and_never_ends_early_in_silence() {
    let (folder, seeds) = (tempfile::tempdir().unwrap(), tars::seeds());
    let sound: Vec<_> = seeds.iter().map(|seed| read(&folder, seed)).collect();
    assert_eq!(sound, [Ok((4, 4)), Ok((3, 3)), Ok((3, 3))]);
    let mut refused = 0;
    for number in 0..1_500 {
        let mut bytes = mutate::damaged(&seeds, &mut ChaCha8Rng::seed_from_u64(number));
        if number % 2 == 0 {
            tars::mend(&mut bytes);
        }
        match read(&folder, &bytes) {
            Ok((announced, came)) => assert_eq!(announced, came, "case {number}"),
            Err(problem) => {
                refused += 1;
                assert!(problem.starts_with("x.tar") && !problem.contains("internal"), "case {number}: {problem}");
            }
        }
    }
    assert!((100..1_400).contains(&refused), "{refused}");
}

#[test]
fn lengths_that_lie_take_no_memory() {
    // Of the first member, of a name and of an extended header: more than there is of anything.
    let folder = tempfile::tempdir().unwrap();
    for seed in tars::seeds() {
        for length in [*b"77777777777\0", *b"00000200000\0", *b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", [0xff; 12]]
        {
            let mut bytes = seed.clone();
            bytes[124..136].copy_from_slice(&length);
            tars::mend(&mut bytes);
            let problem = read(&folder, &bytes).unwrap_err();
            assert!(problem.starts_with("x.tar"), "{problem}");
        }
    }
}

#[test]
#[ignore = "builds a crate of its own: cargo test --test fuzzing -- --ignored"]
fn no_target_finds_anything_in_a_second() {
    let root = env!("CARGO_MANIFEST_DIR");
    let found = Command::new("bash").args(["tests/fuzz/run.sh", "1"]).current_dir(root).output().unwrap();
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.status.success(), "{said}{}", String::from_utf8_lossy(&found.stderr));
    assert!(said.lines().count() > 20, "{said}");

    // What is broken is found.
    for (target, words) in [
        ("broken.panic", "panics"),
        ("broken.abort", "ends the process"),
        ("broken.wait", "takes 6.0 s"),
        ("broken.memory", " MB"),
    ] {
        let found = Command::new("bash").args(["tests/fuzz/run.sh", "1", target]).current_dir(root).output().unwrap();
        let said = String::from_utf8_lossy(&found.stdout).into_owned();
        assert!(found.status.code() == Some(1) && said.contains(words), "{target}: {said}");
    }
}
