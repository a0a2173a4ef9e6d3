//! Runs from outside: listed, shown, compared, deleted; sweeps, progress for programs, signals, two trainers.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Small heads: four runs in a few seconds.
const SWEEP: [&str; 11] =
    ["train", "adult", "--arch", "linear,mlp", "--hidden", "8", "--epochs", "1", "--target", "raw,rank", "--json"];

/// A home in which a sweep of four runs was trained once; what it said.
fn swept() -> (MutexGuard<'static, ()>, &'static Path, &'static (Value, String)) {
    static TURN: Mutex<()> = Mutex::new(());
    static HOME: OnceLock<(PathBuf, (Value, String))> = OnceLock::new();
    // sled lets one process in at a time: commands on the shared home take turns.
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (home, said) = HOME.get_or_init(|| {
        let home = tempfile::tempdir().unwrap().keep();
        let done = run(&home, &SWEEP).code(0);
        let said = (serde_json::from_str(&stdout(&done)).unwrap(), stderr(&done));
        (home, said)
    });
    (turn, home, said)
}

fn program(home: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("llm2loss"));
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").env_remove("LLM2LOSS_DEVICE");
    command
}

fn run(home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::from_std(program(home, arguments)).assert()
}

fn stdout(done: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(done.get_output().stdout.clone()).unwrap()
}

fn stderr(done: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(done.get_output().stderr.clone()).unwrap()
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(&run(home, arguments).code(0))).unwrap()
}

fn refused(home: &Path, arguments: &[&str], words: &str) {
    let done = run(home, arguments).code(2);
    assert!(stderr(&done).contains(words), "{arguments:?} said: {}", stderr(&done));
    assert_eq!(stdout(&done), "");
}

/// Mean over members of the better loss head's last Spearman, from the record itself.
fn best_spearman(run: &Value) -> f64 {
    let mean = |head: &str| {
        let epochs = run["epochs"].as_array().unwrap();
        let last = epochs.iter().rev().find(|epoch| epoch["head"] == head).unwrap();
        let values: Vec<f64> =
            last["validation_spearman"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    mean("regressor").max(mean("ranker"))
}

fn is_descending(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] >= pair[1])
}

#[test]
fn a_sweep_trains_every_combination_and_sorts_by_spearman() {
    let (_turn, home, (document, _)) = swept();
    assert_eq!(document["schema"], "llm2loss.sweep/1");
    let runs = document["runs"].as_array().unwrap();
    let kinds: std::collections::BTreeSet<String> =
        runs.iter().map(|run| format!("{} {}", run["hyper"]["architecture"], run["hyper"]["target"])).collect();
    assert_eq!((runs.len(), kinds.len()), (4, 4));
    assert!(runs.iter().all(|run| run["ending"] == "finished"));
    let metrics: Vec<f64> = runs.iter().map(|run| best_spearman(&run["run"])).collect();
    assert!(is_descending(&metrics), "{metrics:?}");
    // The same again trains nothing.
    let again = json(home, &SWEEP);
    assert!(again["runs"].as_array().unwrap().iter().all(|run| run["ending"] == "kept"));
}

#[test]
fn progress_for_programs_is_json_lines() {
    let (_turn, _, (_, said)) = swept();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["schema"] == "llm2loss.progress/1" && line["runs"] == 4));
    for run in 1..=4 {
        let of = |kind: &str| -> Vec<&Value> {
            lines.iter().filter(|line| line["run"] == run && line["kind"] == kind).collect()
        };
        let stages: Vec<&str> = of("stage").iter().map(|line| line["stage"].as_str().unwrap()).collect();
        assert!(stages.contains(&"training") && stages.last() == Some(&"tables"), "{stages:?}");
        let steps = of("steps");
        let last = steps.iter().rfind(|line| line["stage"] == "training").unwrap();
        assert_eq!(last["done"], last["total"]);
        assert!(last["items_per_second"].as_f64().unwrap() > 0.0);
        assert!(last["memory_bytes"].as_u64().unwrap() > 1 << 20);
        let epoch = of("epoch")[0];
        assert_eq!((&epoch["epoch"], &epoch["epochs"]), (&1.into(), &1.into()));
        for head in ["regressor", "ranker", "ood"] {
            assert_eq!(epoch["train_loss"][head].as_array().unwrap().len(), 5);
        }
        assert_eq!(of("validation")[0]["spearman"]["ranker"].as_array().unwrap().len(), 5);
        assert_eq!(of("finished")[0]["state"], "finished");
    }
}

#[test]
fn without_a_terminal_progress_is_plain_lines() {
    let home = tempfile::tempdir().unwrap();
    let done = run(home.path(), &["train", "adult", "--arch", "linear", "--epochs", "1", "--members", "2"]).code(0);
    let said = stderr(&done);
    assert!(said.contains("training") && said.contains("epoch 1 of 1: ranker"), "{said}");
    assert!(!said.contains('\u{1b}') && !said.contains('\r'), "{said:?}");
    assert!(stdout(&done).starts_with("1 run\n"), "{}", stdout(&done));
}

#[test]
fn a_list_is_sorted_and_comes_in_every_format() {
    let (_turn, home, _) = swept();
    let list = json(home, &["runs", "list", "--sort", "spearman", "--json"]);
    let runs = list["runs"].as_array().unwrap();
    assert!(is_descending(&runs.iter().map(best_spearman).collect::<Vec<f64>>()));
    let when = json(home, &["runs", "--json"]);
    let times: Vec<u64> =
        when["runs"].as_array().unwrap().iter().map(|run| run["finished_at"].as_u64().unwrap()).collect();
    assert!(times.is_sorted());
    let csv = stdout(&run(home, &["runs", "list", "adult", "--format", "csv"]).code(0));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert!(reader.headers().unwrap().iter().any(|name| name == "ρ ranker"));
    assert_eq!(reader.records().map(Result::unwrap).count(), runs.len());
    assert!(stdout(&run(home, &["runs", "--format", "markdown"]).code(0)).contains("| ---: |"));
    refused(home, &["runs", "list", "nowhere"], "there is no audit 'nowhere'");
    refused(home, &["runs", "list", "--sort", "beauty"], "invalid value 'beauty'");
}

#[test]
fn a_run_is_shown_in_full() {
    let (_turn, home, (document, _)) = swept();
    let kept = &document["runs"][0]["run"];
    let id = kept["id"].as_str().unwrap();
    let mut shown = json(home, &["runs", "show", id, "--json"]);
    assert_eq!(shown.as_object_mut().unwrap().shift_remove("schema").unwrap(), "llm2loss.run/1");
    assert!(shown == *kept, "the record never changes");
    let text = stdout(&run(home, &["runs", "show", &id[..7].to_uppercase()]).code(0));
    for words in
        ["data fingerprint", "learning rate", "weights digest", "training loss", kept["encoder"].as_str().unwrap()]
    {
        assert!(text.contains(words), "{words} is missing: {text}");
    }
    // One epoch, three heads, five members.
    let csv = stdout(&run(home, &["runs", "show", id, "--format", "csv"]).code(0));
    assert_eq!(csv.lines().count(), 1 + 15);
}

#[test]
fn a_difference_names_what_differs() {
    let (_turn, home, (document, _)) = swept();
    let find = |architecture: &str, target: &str| {
        let runs = document["runs"].as_array().unwrap();
        let is = |run: &&Value| run["hyper"]["architecture"] == architecture && run["hyper"]["target"] == target;
        runs.iter().find(is).unwrap()["run"]["id"].as_str().unwrap().to_owned()
    };
    let (a, b) = (find("linear", "raw"), find("mlp", "raw"));
    let difference = json(home, &["runs", "diff", &a, &b, "--json"]);
    assert_eq!(difference["differs"], serde_json::json!(["architecture", "hidden"]));
    assert_eq!(difference["same_validation_rows"], true);
    let text = stdout(&run(home, &["runs", "diff", &find("mlp", "rank"), &b]).code(0));
    assert!(text.contains("differ in target\n"), "{text}");
    let same = stdout(&run(home, &["runs", "diff", &a, &a]).code(0));
    assert!(same.contains("differ in none of their inputs"), "{same}");
}

#[test]
fn a_beginning_that_fits_several_runs_names_them() {
    let home = tempfile::tempdir().unwrap();
    let train = ["train", "adult", "--arch", "linear", "--epochs", "1", "--members", "1", "--fragments", "off"];
    // Seventeen names of sixteen first digits: two must begin alike.
    let seeds: Vec<String> = (0..17).map(|seed| seed.to_string()).collect();
    run(home.path(), &[&train[..], &["--seed", &seeds.join(",")]].concat()).code(0);
    let list = json(home.path(), &["runs", "--json"]);
    let ids: Vec<&str> = list["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    let alike = |first: &str| ids.iter().copied().filter(|id| id.starts_with(first)).collect::<Vec<&str>>();
    let first = ids.iter().map(|id| &id[..1]).find(|first| alike(first).len() > 1).unwrap();
    for verb in [&["show"][..], &["delete", "--yes"]] {
        let done = run(home.path(), &[&["runs"], verb, &[first]].concat()).code(2);
        assert!(alike(first).iter().take(8).all(|id| stderr(&done).contains(id)), "{}", stderr(&done));
    }
    refused(home.path(), &["runs", "show", "zz"], "there is no run 'zz'");
    assert_eq!(json(home.path(), &["runs", "--json"])["runs"].as_array().unwrap().len(), 17);
}

#[test]
fn a_deleted_run_is_gone_with_its_weights() {
    let home = tempfile::tempdir().unwrap();
    let small = ["train", "adult", "--arch", "linear", "--epochs", "1", "--members", "1", "--seed", "1,2", "--json"];
    let document = json(home.path(), &small);
    let id = |index: usize| document["runs"][index]["run"]["id"].as_str().unwrap();
    let folder = |index: usize| home.path().join("runs").join(id(index));
    refused(home.path(), &["runs", "delete", id(0)], "give --yes");
    refused(home.path(), &["runs", "delete", id(0), "ffff", "--yes"], "there is no run 'ffff'");
    assert!(folder(0).join("heads.safetensors").exists(), "one bad name deletes nothing");
    run(home.path(), &["runs", "delete", id(0), "--yes"]).code(0);
    assert!(!folder(0).exists() && folder(1).exists());
    refused(home.path(), &["runs", "show", id(0)], "there is no run");
    assert_eq!(json(home.path(), &["runs", "--json"])["runs"].as_array().unwrap().len(), 1);
    // The other one answers, and the deleted one can be made again.
    assert_eq!(json(home.path(), &["score", "adult", "a nurse", "--json"])["run"], id(1));
    let again = json(home.path(), &small);
    assert!(
        again["runs"].as_array().unwrap().iter().any(|run| run["ending"] == "finished" && run["run"]["id"] == id(0))
    );
}

#[test]
fn a_deletion_that_is_killed_leaves_runs_whole_or_gone() {
    let home = tempfile::tempdir().unwrap();
    let train = ["train", "adult", "--arch", "linear", "--epochs", "1", "--members", "1", "--fragments", "off"];
    run(home.path(), &[&train[..], &["--seed", "1,2,3,4,5,6,7,8"]].concat()).code(0);
    let kept = || -> Vec<String> {
        let list = json(home.path(), &["runs", "--json"]);
        list["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
    };
    for (round, id) in kept().iter().enumerate() {
        let mut child = program(home.path(), &["runs", "delete", id, "--yes"]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(6 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        let left = kept();
        let weights = |id: &String| home.path().join("runs").join(id).join("heads.safetensors").exists();
        assert!(left.iter().all(weights), "round {round}: a run without weights");
        let folders = std::fs::read_dir(home.path().join("runs")).unwrap().count();
        assert_eq!(folders, left.len(), "round {round}: weights without a run");
    }
}

#[test]
fn a_run_that_diverges_does_not_stop_the_sweep() {
    let home = tempfile::tempdir().unwrap();
    let sweep =
        ["train", "adult", "--arch", "linear", "--epochs", "1", "--members", "1", "--learning-rate", "10,0.003"];
    let done = run(home.path(), &sweep).code(1);
    assert!(stdout(&done).contains("diverged") && stdout(&done).contains("finished"), "{}", stdout(&done));
    assert!(stderr(&done).contains("1 of 2 runs did not finish: diverged (linear"), "{}", stderr(&done));
    assert_eq!(json(home.path(), &["runs", "--json"])["runs"].as_array().unwrap().len(), 1);
}

#[test]
fn a_dry_run_trains_nothing() {
    let home = tempfile::tempdir().unwrap();
    let done = run(home.path(), &["train", "adult", "--arch", "linear,mlp", "--seed", "1,2,3", "--dry-run"]).code(0);
    assert!(stdout(&done).starts_with("6 runs: 0 kept already, 6 to train\n"), "{}", stdout(&done));
    assert_eq!(json(home.path(), &["runs", "--json"])["runs"], serde_json::json!([]));
    refused(home.path(), &["train", "adult", "--epochs", "1,0", "--dry-run"], "epochs is 0");
    // Only images move, and these negatives are what is drawn for texts anyway.
    let same = ["train", "adult", "--shift", "on,off", "--negatives", "auto,vocabulary", "--dry-run", "--json"];
    let done = run(home.path(), &same).code(0);
    let document: Value = serde_json::from_slice(&done.get_output().stdout).unwrap();
    assert_eq!(document["runs"].as_array().unwrap().len(), 1);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.contains("3 of 4 combinations differ in nothing these items heed"), "{said}");
    refused(home.path(), &["train", "adult", "--seed", "1,x"], "seed is 'x'; give a whole number");
}

/// A long training, once its steps have begun.
fn training(home: &Path) -> Child {
    wait_for_steps(program(home, &["train", "adult", "--epochs", "10000", "--json"]))
}

fn wait_for_steps(mut command: std::process::Command) -> Child {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
    let mut lines = lines.map_while(Result::ok);
    assert!(lines.any(|line| line.contains("\"kind\":\"steps\"") && line.contains("\"stage\":\"training\"")));
    // Read on, or the trainer would wait for its reader.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

#[test]
fn a_signal_ends_training_in_time_and_leaves_the_store_whole() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let home = tempfile::tempdir().unwrap();
        let mut child = training(home.path());
        let told = Instant::now();
        let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
        assert_eq!(json(home.path(), &["runs", "--json"])["runs"], serde_json::json!([]));
    }
}

#[test]
fn nohup_is_respected() {
    let home = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new("nohup");
    let train = program(home.path(), &["train", "adult", "--epochs", "10000", "--json"]);
    command.arg(train.get_program()).args(train.get_args());
    let mut child = wait_for_steps(command);
    let send = |signal: &str| {
        let sent = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    };
    send("-HUP");
    std::thread::sleep(Duration::from_secs(1));
    send("-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143), "the hang-up must not have ended it");
}

/// Runs a command in a terminal, answers once it asks, and returns what the terminal showed and the exit code.
fn in_a_terminal(home: &Path, arguments: &[&str], question: &str, answer: &str) -> (String, u32) {
    let pair = portable_pty::native_pty_system().openpty(portable_pty::PtySize::default()).unwrap();
    let mut command = portable_pty::CommandBuilder::new(assert_cmd::cargo::cargo_bin("llm2loss"));
    command.args(["--home".as_ref(), home.as_os_str()]);
    command.args(arguments);
    command.env("TERM", "xterm");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let (mut reader, mut writer) = (pair.master.try_clone_reader().unwrap(), pair.master.take_writer().unwrap());
    let (mut shown, mut bytes, mut answered) = (Vec::new(), [0u8; 4096], question.is_empty());
    while let Ok(count @ 1..) = std::io::Read::read(&mut reader, &mut bytes) {
        shown.extend_from_slice(&bytes[..count]);
        if !answered && String::from_utf8_lossy(&shown).contains(question) {
            answered = true;
            std::io::Write::write_all(&mut writer, answer.as_bytes()).unwrap();
        }
    }
    (String::from_utf8_lossy(&shown).into_owned(), child.wait().unwrap().exit_code())
}

#[test]
fn a_terminal_shows_bars_and_is_asked_before_a_run_is_deleted() {
    let home = tempfile::tempdir().unwrap();
    let train = ["train", "adult", "--arch", "linear", "--epochs", "1", "--members", "1"];
    let (shown, code) = in_a_terminal(home.path(), &train, "", "");
    assert!(shown.contains("training [") && shown.contains("epoch 1 of 1: ranker"), "{shown}");
    assert_eq!(code, 0);
    let list = json(home.path(), &["runs", "--json"]);
    let id = list["runs"][0]["id"].as_str().unwrap();
    let (shown, code) = in_a_terminal(home.path(), &["runs", "delete", id], "[y/N]", "n\n");
    assert!(shown.contains("nothing was deleted") && code == 1, "{shown}");
    let (shown, code) = in_a_terminal(home.path(), &["runs", "delete", id], "[y/N]", "y\n");
    assert!(shown.contains(&format!("deleted run {id}")) && code == 0, "{shown}");
    assert_eq!(json(home.path(), &["runs", "--json"])["runs"], serde_json::json!([]));
}

#[test]
fn a_second_trainer_is_told_who_holds_the_store() {
    let home = tempfile::tempdir().unwrap();
    let mut first = training(home.path());
    let second = run(home.path(), &["train", "adult", "--epochs", "1"]).code(2);
    let words = format!("is in use by process {} (llm2loss train adult)", first.id());
    assert!(stderr(&second).contains(&words), "{}", stderr(&second));
    first.kill().unwrap();
    first.wait().unwrap();
    // Killed without a word, it leaves a store that opens.
    run(home.path(), &["runs"]).code(0);
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_weights() {
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let train = ["train", "adult", "--epochs", "4", "--hidden", "16", "--json"];
    let expected = json(whole.path(), &train);
    let mut child = program(killed.path(), &train).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let id = expected["id"].as_str().unwrap();
    let folder = killed.path().join("runs").join(id);
    let deadline = Instant::now() + Duration::from_secs(60);
    let is_kept = || {
        std::fs::read_dir(&folder).is_ok_and(|entries| {
            entries.flatten().any(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                name.starts_with("checkpoint-") && name.ends_with(".safetensors")
            })
        })
    };
    while !is_kept() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    // The name of the file may be there an instant before the database knows it.
    std::thread::sleep(Duration::from_millis(60));
    child.kill().unwrap();
    child.wait().unwrap();
    let listed = json(killed.path(), &["runs", "--json"]);
    if listed["runs"].as_array().unwrap().is_empty() {
        assert_eq!(listed["unfinished"][0]["id"], id);
        let table = stdout(&run(killed.path(), &["runs"]).code(0));
        assert!(table.contains("training it again goes on"), "{table}");
    }
    let done = run(killed.path(), &train).code(0);
    let resumed: Value = serde_json::from_str(&stdout(&done)).unwrap();
    assert!(stderr(&done).contains("going on from its checkpoint"), "{}", stderr(&done));
    assert_eq!(resumed["weights_digest"], expected["weights_digest"]);
    assert_eq!(resumed["epochs"], expected["epochs"]);
    assert!(json(killed.path(), &["runs", "--json"])["unfinished"].as_array().unwrap().is_empty());
    assert!(!is_kept(), "a finished run needs no checkpoint");
}

/// A small audit of texts, taken in.
fn small(home: &Path) {
    let mut text = String::from("text,loss,split\n");
    for row in 0..400 {
        let word = ["calm", "stormy", "sunny", "foggy"][row % 4];
        let split = if row % 5 == 0 { "test" } else { "train" };
        text.push_str(&format!("a {word} day number {row},{}.{row},{split}\n", row % 4));
    }
    let file = home.join("weather.csv");
    std::fs::write(&file, text).unwrap();
    run(&home.join("home"), &["ingest", "weather", "--manifest", file.to_str().unwrap()]).code(0);
}

#[test]
fn a_run_on_fewer_threads_is_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    let home = folder.path().join("home");
    let train = ["train", "weather", "--epochs", "1", "--force", "--json"];
    let on = |threads: &str| -> Value {
        let mut command = program(&home, &train);
        command.env("LLM2LOSS_THREADS", threads);
        serde_json::from_str(&stdout(&Command::from_std(command).assert().code(0))).unwrap()
    };
    let (one, three) = (on("1"), on("3"));
    assert_eq!(one["weights_digest"], three["weights_digest"]);
}

/// The program where no file may grow beyond `kilobytes`: writes fail as they do on a full disk.
#[cfg(target_os = "linux")]
fn confined(home: &Path, kilobytes: u32, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = std::process::Command::new("bash");
    command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\""));
    let inner = program(home, arguments);
    command.arg(inner.get_program()).args(inner.get_args()).env_remove("LLM2LOSS_HOME").env_remove("LLM2LOSS_DEVICE");
    Command::from_std(command).assert()
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_costs_a_checkpoint_or_the_run_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    small(folder.path());
    let home = folder.path().join("home");
    let train = |hidden: &'static str| ["train", "weather", "--hidden", hidden, "--epochs", "2", "--json"];
    let before = json(&home, &train("8"));
    // Room for the weights (4 MB), none for the checkpoint, which holds the moments too (12 MB).
    let done = confined(&home, 8_000, &train("256")).code(0);
    assert!(stderr(&done).contains("no checkpoint could be kept"), "{}", stderr(&done));
    let kept: Value = serde_json::from_str(&stdout(&done)).unwrap();
    // No room for either: the error names what could not be written, and the runs before are there.
    let done = confined(&home, 8_000, &train("1024")).code(1);
    assert!(stderr(&done).contains("safetensors"), "{}", stderr(&done));
    let listed = json(&home, &["runs", "--json"]);
    let ids: Vec<&str> = listed["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert!(ids.len() == 2 && [&before, &kept].iter().all(|run| ids.contains(&run["id"].as_str().unwrap())), "{ids:?}");
    assert!(listed["unfinished"].as_array().unwrap().is_empty(), "{listed}");
    // With room, the same command finishes.
    run(&home, &train("1024")).code(0);
    assert_eq!(json(&home, &["runs", "--json"])["runs"].as_array().unwrap().len(), 3);
}
