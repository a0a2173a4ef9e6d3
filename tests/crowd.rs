//! Many processes on one home at once: each does its work, reads only, or says who holds the home. None takes another's
//! half-made state for damage, and none waits for ever.
#![allow(clippy::unwrap_used)]

mod common;

use common::{copy, program};
use llm2loss::store::{Store, content_hash};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Longest that a process of the crowd may take: far more than it needs, far less than for ever.
const PATIENCE: Duration = Duration::from_secs(240);

fn start(home: &Path, words: &[&str]) -> Child {
    program(home, words).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Exit code and stderr, or a failed test if the process does not end.
fn ended(mut child: Child, deadline: Instant, words: &[&str]) -> (Option<i32>, String) {
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            unreachable!("{words:?} did not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

/// An audit of two models with a run, in a home whose next opener makes the database smaller.
fn world(place: &Path, home: &Path) {
    let words = ["red", "blue", "green", "small", "large", "old"];
    let row =
        |at: usize| format!("{at},a {} {} thing {at},0.{},0.{}\n", words[at % 6], words[at / 6 % 6], at % 7, at % 10);
    let rows = place.join("rows.csv");
    fs::write(&rows, format!("id,text,loss:a,loss:b\n{}", (0..240).map(row).collect::<String>())).unwrap();
    for words in [
        &["ingest", "crowd", "--manifest", rows.to_str().unwrap()][..],
        &["train", "crowd", "--model", "a", "--architecture", "linear", "--epochs", "1", "--members", "2"],
    ] {
        let (code, said) = ended(start(home, words), Instant::now() + PATIENCE, words);
        assert_eq!(code, Some(0), "{words:?}: {said}");
    }
    let store = Store::open(home).unwrap();
    for window in 0..20 {
        let hashes: Vec<_> = (0..1024).map(|at| content_hash(&format!("{window} {at}"))).collect();
        store.put_embeddings("spare", &hashes, &vec![0.25; 1024 * 256]).unwrap();
    }
    store.seal_embeddings("spare").unwrap();
}

#[test]
fn a_crowd_on_one_home_finds_no_damage_and_ends() {
    let place = tempfile::tempdir().unwrap();
    let whole = place.path().join("whole");
    world(place.path(), &whole);
    let large = fs::metadata(whole.join("store/db")).unwrap().len();
    assert!(large > 16 << 20, "{large} bytes: nothing would be made smaller");
    for round in 0..3 {
        let home = place.path().join(format!("home{round}"));
        copy(&whole, &home);
        let ledger = place.path().join(format!("ledger{round}.jsonl"));
        let check = ["check", "crowd", "--model", "b", "--against", "a", "--ledger", ledger.to_str().unwrap()];
        let seeds: Vec<String> = (0..20).map(|seed| seed.to_string()).collect();
        let train =
            |seed| ["train", "crowd", "--architecture", "linear", "--epochs", "1", "--members", "2", "--seed", seed];
        let mut crowd: Vec<Vec<&str>> = seeds.iter().map(|_| check.to_vec()).collect();
        if round > 0 {
            for (at, words) in crowd.iter_mut().enumerate() {
                match at % 5 {
                    0 => *words = train(&seeds[at]).to_vec(),
                    1 => *words = ["score", "crowd", "a red thing", "--model", "a"].to_vec(),
                    2 if round > 1 => *words = ["cache", "gc"].to_vec(),
                    3 if round > 1 => *words = ["doctor", "--rebuild"].to_vec(),
                    _ => {}
                }
            }
        }
        let deadline = Instant::now() + PATIENCE;
        let children: Vec<Child> = crowd.iter().map(|words| start(&home, words)).collect();
        let mut checked = 0;
        for (child, words) in children.into_iter().zip(&crowd) {
            let (code, said) = ended(child, deadline, words);
            let told = format!("round {round}, {words:?}, exit {code:?}: {said}");
            assert!(
                !["damaged", "panicked", "is closed", "did not answer"].iter().any(|word| said.contains(word)),
                "{told}"
            );
            match (words[0], code) {
                // 3: a rule is broken.
                ("check", Some(0 | 3)) => checked += 1,
                (_, Some(0)) => {}
                // Only who wants to write may be refused, and is told by whom.
                ("doctor", Some(2)) => {}
                ("train" | "cache", Some(2)) => assert!(said.contains("in use by process"), "{told}"),
                _ => unreachable!("{told}"),
            }
        }
        assert!(checked > 0);
        assert_eq!(fs::read_to_string(&ledger).unwrap().lines().count(), checked);
        let words = ["cache", "verify"];
        let (code, said) = ended(start(&home, &words), Instant::now() + PATIENCE, &words);
        assert_eq!(code, Some(0), "{said}");
        let store = Store::open(&home).unwrap();
        assert!(store.notes().is_empty(), "{:?}", store.notes());
        assert!(!store.runs("crowd", Some("a")).unwrap().is_empty());
    }
}
