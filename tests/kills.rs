//! kill -9 at any moment, hundreds of times: what was finished is there, and what was begun ends the same afterwards.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod common;

use llm2loss::store::Store;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TRAIN: [&str; 8] = ["train", "kept", "--architecture", "linear", "--epochs", "2", "--members", "3"];

struct World {
    place: tempfile::TempDir,
    /// The finished run whose table must never change, and that table.
    run: String,
    table: Vec<u8>,
}

/// What is killed, what it needs before, and what is done with its result.
struct Work {
    name: &'static str,
    before: &'static [&'static [&'static str]],
    words: &'static [&'static str],
    /// Files of the home that an uninterrupted command ends with.
    results: &'static [&'static str],
    after: &'static [&'static [&'static str]],
}

const EXPORT: [&str; 5] = ["cache", "export", "new", "--out", "home.safetensors"];

const WORKS: [Work; 7] = [
    Work {
        name: "ingest",
        before: &[],
        words: &["ingest", "new", "--manifest", "more.csv"],
        results: &["audits/new.json.gz"],
        after: &[&["audits", "delete", "new"]],
    },
    Work {
        name: "embed",
        before: &[&["ingest", "new", "--manifest", "more.csv"]],
        words: &["embed", "new"],
        results: &["home.safetensors"],
        after: &[&["audits", "delete", "new"], &["cache", "gc"]],
    },
    Work {
        name: "ingest embeddings",
        before: &[],
        words: &["ingest", "new", "--manifest", "rows.csv", "--embeddings", "rows.npy"],
        results: &["audits/new.json.gz", "home.safetensors"],
        after: &[&["audits", "delete", "new"], &["cache", "gc"]],
    },
    Work {
        name: "train",
        before: &[],
        words: &["train", "kept", "--architecture", "linear", "--epochs", "2", "--members", "3", "--seed", "5"],
        results: &["heads.safetensors", "tables.json"],
        after: &[],
    },
    Work { name: "rebuild", before: &[], words: &["doctor", "--rebuild"], results: &[], after: &[] },
    Work { name: "gc", before: &[], words: &["cache", "gc"], results: &[], after: &[] },
    Work { name: "convert", before: &[], words: &["runs"], results: &[], after: &[] },
];

impl World {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let words = ["red", "blue", "green", "small", "large", "old"];
        let row =
            |at: usize| format!("{at},a {} {} thing {at},{}.{}\n", words[at % 6], words[at / 6 % 6], at % 3, at % 10);
        for (name, rows) in [("kept.csv", 0..120), ("more.csv", 1000..2500)] {
            let text = format!("id,text,loss\n{}", rows.map(row).collect::<String>());
            fs::write(place.path().join(name), text).unwrap();
        }
        let (n, width) = (4000, 256);
        let lines: String = (0..n).map(|row| format!("{row},{}.{:02}\n", row % 3, row % 100)).collect();
        fs::write(place.path().join("rows.csv"), format!("id,loss\n{lines}")).unwrap();
        common::half_array(&place.path().join("rows.npy"), n, width);
        let mut world = Self { place, run: String::new(), table: Vec::new() };
        world.ends(&["ingest", "kept", "--manifest", "kept.csv"]);
        world.ends(&TRAIN);
        world.run = world.runs().pop().unwrap();
        world.table = world.table();
        world
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    fn runs(&self) -> Vec<String> {
        let entries = fs::read_dir(self.home().join("runs")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn program(&self, words: &[&str]) -> Command {
        let mut command = common::program(&self.home(), words);
        command.current_dir(self.place.path());
        command
    }

    fn ends(&self, words: &[&str]) -> Vec<u8> {
        let output = self.program(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
        output.stdout
    }

    fn table(&self) -> Vec<u8> {
        self.ends(&["table", "kept", "validity", "--format", "csv", "--run", &self.run])
    }

    /// Does work to its end as if nothing had happened; what is there already is done.
    fn finished(&self, work: &Work) {
        if work.words[0] == "ingest" && self.home().join("audits/new.json.gz").exists() {
            return;
        }
        self.ends(work.words);
    }

    /// What an uninterrupted command ends with.
    fn results(&self, work: &Work) -> Vec<Vec<u8>> {
        if work.results.contains(&"home.safetensors") {
            self.ends(&EXPORT);
        }
        let read = |name: &&str| {
            let file = match *name {
                "home.safetensors" => self.place.path().join(name),
                "heads.safetensors" | "tables.json" => {
                    let other = self.runs().into_iter().find(|run| *run != self.run).unwrap();
                    self.home().join("runs").join(other).join(name)
                }
                name => self.home().join(name),
            };
            fs::read(file).unwrap()
        };
        work.results.iter().map(read).collect()
    }

    fn prepare(&self, work: &Work) {
        work.before.iter().for_each(|words| drop(self.ends(words)));
        if work.name == "convert" {
            drop(Store::open(&self.home()).unwrap());
            sled::open(self.home().join("store")).unwrap().insert("schema", "1").unwrap();
        }
    }

    fn clean(&self, work: &Work) {
        work.after.iter().for_each(|words| drop(self.ends(words)));
        for run in self.runs().into_iter().filter(|run| *run != self.run) {
            self.ends(&["runs", "delete", &run, "--yes"]);
        }
    }
}

#[test]
#[ignore = "500 kills take half an hour: run it by name; LLM2LOSS_KILLS says how many"]
fn kills_cost_nothing_that_was_finished() {
    let kills: usize = std::env::var("LLM2LOSS_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(500);
    let world = World::new();
    let references: Vec<(Duration, Vec<Vec<u8>>)> = WORKS
        .iter()
        .map(|work| {
            world.prepare(work);
            let began = Instant::now();
            world.finished(work);
            let took = began.elapsed();
            let results = world.results(work);
            world.clean(work);
            (took, results)
        })
        .collect();
    let (mut hit, mut rounds) = ([0; WORKS.len()], 0);
    while hit.iter().sum::<usize>() < kills {
        assert!(rounds < 4 * kills + 40, "few processes were alive when they were killed: {hit:?}");
        let work = &WORKS[rounds % WORKS.len()];
        let (took, wanted) = &references[rounds % WORKS.len()];
        // Every moment of the command, evenly: the golden section never comes back to where it was.
        let moment = took.mul_f64((rounds as f64 * 0.618_033_988_749_895).fract());
        rounds += 1;
        world.prepare(work);
        let mut child = world.program(work.words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(moment);
        let _ = child.kill();
        hit[(rounds - 1) % WORKS.len()] += usize::from(!child.wait().unwrap().success());
        let round = format!("round {rounds}, {} after {moment:?}", work.name);
        assert!(world.table() == world.table, "{round}: another table");
        world.ends(&["cache", "verify"]);
        world.finished(work);
        assert!(world.results(work) == *wanted, "{round}: other results than without a kill");
        assert!(world.table() == world.table, "{round}: another table");
        world.clean(work);
    }
    let told: Vec<String> = WORKS.iter().zip(hit).map(|(work, hit)| format!("{} {hit}", work.name)).collect();
    eprintln!("{} kills in {rounds} rounds: {}", hit.iter().sum::<usize>(), told.join(", "));
}
