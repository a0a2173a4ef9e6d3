//! What waits in a console that is left, hangs up, or is watched by another one.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "pty/console.rs"]
#[allow(dead_code)]
mod console;

use console::Console;
use llm2loss::audit::{Architecture, HyperParameters};
use llm2loss::engine::{Session, Tracker};
use llm2loss::store::Store;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

/// A home whose model has heads, so that nothing trains by itself: trained once, copied for every test.
fn trained() -> tempfile::TempDir {
    static TRAINED: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let home = tempfile::tempdir().unwrap();
        let session = Session::open(home.path(), "adult").unwrap();
        let hyper = HyperParameters { epochs: 1, members: 1, seed: 5, ..HyperParameters::new(Architecture::Linear) };
        session.train("v1", &hyper, &Tracker::silent()).unwrap();
        home
    });
    let home = tempfile::tempdir().unwrap();
    copy(TRAINED.path(), home.path());
    home
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Opens a console and queues runs of three seeds that take longer than any test.
fn queued(home: &Path) -> Console {
    let mut console = Console::open(home, 120, 36, &[]);
    console.wait("findings", |text| text.contains("lose 6.0 times"));
    console.send("3n");
    console.wait("the form", |text| text.contains("same settings") || text.contains("whose losses"));
    // Down to the epochs, then up from the first field to the seed.
    console.send("\t\t\t\u{8}\u{8}\u{8}9999");
    console.send("\u{1b}[A\u{1b}[A\u{1b}[A\u{1b}[A\u{8}\u{8}\u{8}1..3");
    console.wait("three runs", |text| text.contains("3 runs, a row each"));
    console.send("\r");
    console.wait("one that runs and two that wait", |text| {
        text.contains("2 waiting") && text.contains("waits, 1 before it")
    });
    console
}

/// Seeds of the runs that the home keeps waiting.
fn seeds(home: &Path) -> Vec<u64> {
    Store::open_reading(home).unwrap().waiting().unwrap().iter().map(|run| run.hyper.seed).collect()
}

#[test]
fn jobs_are_kept_by_who_leaves_and_offered_at_the_next_start() {
    let home = trained();
    let mut console = queued(home.path());
    // The last one before the second.
    console.send("gjjK");
    console.wait("the last one next", |text| {
        let next = text.lines().find(|line| line.contains("begins next"));
        next.is_some_and(|line| line.contains("job 3"))
    });
    console.send("q");
    console.wait("words", |text| text.contains("1 running, 2 waiting: kept"));
    assert!(console.end().success());
    assert_eq!(seeds(home.path()), [1, 3, 2]);
    let listed =
        Command::new(env!("CARGO_BIN_EXE_llm2loss")).arg("--home").arg(home.path()).arg("runs").output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(
        listed.contains("Waiting: adult, v1, linear") && listed.contains("seed 3; the console runs or drops it."),
        "{listed}"
    );

    let mut console = Console::open(home.path(), 120, 36, &[]);
    console.wait("the offer", |text| text.contains("3 runs were left waiting: R runs, D drops"));
    console.wait("rows", |text| text.contains("left waiting the last time") && text.contains("idle"));
    // The first goes on where it was, alone.
    console.send("gr");
    console.wait("one that runs", |text| !text.contains("idle") && text.contains("job 1"));
    console.send("D");
    console.wait("a question", |text| text.contains("D again: 2 runs that wait are dropped for good"));
    console.send("D");
    console.wait("nothing else", |text| !text.contains("left waiting"));
    console.send("q");
    console.wait("words", |text| text.contains("1 running: kept"));
    assert!(console.end().success());
    assert_eq!(seeds(home.path()), [1]);
}

#[test]
fn a_hang_up_keeps_what_runs_and_waits() {
    let home = trained();
    let mut console = queued(home.path());
    console.hang_up();
    assert!(!console.end().success());
    assert_eq!(seeds(home.path()), [1, 2, 3]);
}

#[test]
fn another_audit_is_opened_by_its_name_and_what_ran_is_kept() {
    let home = trained();
    let rows = home.path().join("rows.csv");
    let row = |item: usize| format!("{item},{},{}.5,item {item}\n", if item < 60 { "train" } else { "test" }, item % 7);
    std::fs::write(&rows, format!("id,split,loss:v1,text\n{}", (0..120).map(row).collect::<String>())).unwrap();
    let mut ingest = Command::new(env!("CARGO_BIN_EXE_llm2loss"));
    ingest.arg("--home").arg(home.path()).args(["ingest", "mine", "--manifest"]).arg(&rows);
    assert!(ingest.status().unwrap().success());

    let mut console = queued(home.path());
    console.send(":audit: mine\r");
    console.wait("the other audit", |text| text.contains("llm2loss  mine"));
    console.wait("what was kept", |text| text.contains("adult: 1 running, 2 waiting: kept"));
    assert_eq!(seeds(home.path()), [1, 2, 3]);
    // One that is gone meanwhile is told, and the one before stands there again.
    console.send(":audit: adult\r");
    console.wait("the first audit", |text| text.contains("llm2loss  adult"));
    std::fs::remove_file(home.path().join("audits/mine.json.gz")).unwrap();
    console.send(":audit: mine\r");
    console.wait("a reason", |text| text.contains("there is no audit 'mine'") || text.contains("audit 'mine'"));
    console.wait("the first audit", |text| text.contains("llm2loss  adult"));
    console.send("q");
    assert!(console.end().success());
    assert_eq!(seeds(home.path()), [1, 2, 3]);
}

#[test]
fn another_console_watches() {
    let home = trained();
    let mut console = queued(home.path());
    let mut watcher = Console::open(home.path(), 120, 36, &[]);
    watcher.wait("a start", |text| text.contains("[0 Findings]") || text.contains("[3 Train]"));
    watcher.send("\u{1b}3");
    watcher.wait("what runs there", |text| {
        text.contains("runs in another process") && text.matches("waits in another process").count() == 2
    });
    console.send("G\u{1b}X");
    watcher.wait("one less", |text| text.matches("waits in another process").count() == 1);
    watcher.send("q");
    assert!(watcher.end().success());
    console.send("q");
    assert!(console.end().success());
}
