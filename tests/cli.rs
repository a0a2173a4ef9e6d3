//! The program from outside: results on stdout, progress on stderr, exit codes, bad input.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A home in which linear heads of v1 are trained once for all tests.
fn trained_home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = tempfile::tempdir().unwrap().keep();
        run(&home, &["train", "adult", "--architecture", "linear", "--epochs", "2"]).code(0);
        home
    })
}

/// sled lets one process in at a time: commands on the shared home take turns.
fn turn() -> std::sync::MutexGuard<'static, ()> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn run(home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("llm2loss").unwrap().arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").assert()
}

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let home = trained_home();
    let _turn = turn();
    let done = run(home, arguments).code(0);
    serde_json::from_str(&stdout(&done)).unwrap()
}

/// One sentence, exit 2, no panic, nothing on stdout.
fn refused(home: &Path, arguments: &[&str], words: &str) {
    let _turn = turn();
    let done = run(home, arguments).code(2);
    let said = stderr(&done);
    assert!(said.contains(words), "{arguments:?} said: {said}");
    assert!(!said.contains("panicked") && !said.contains("stack backtrace"), "{said}");
    assert_eq!(stdout(&done), "");
}

#[test]
fn documents_name_their_schema_and_what_they_are_about() {
    for (arguments, schema) in [
        (&["score", "adult", "a nurse", "--json"][..], "llm2loss.score/1"),
        (&["compare", "adult", "a man", "a woman", "--json"], "llm2loss.compare/1"),
        (&["table", "adult", "attributes", "--json"], "llm2loss.table.attributes/1"),
        (&["table", "adult", "validity", "--json"], "llm2loss.table.validity/1"),
        (&["table", "adult", "bias", "--json"], "llm2loss.table.bias/1"),
        (&["table", "adult", "zeroshot", "--json"], "llm2loss.table.zeroshot/1"),
        (&["table", "adult", "ood", "--json"], "llm2loss.table.ood/1"),
        (&["demo", "--json"], "llm2loss.demo/1"),
    ] {
        let document = json(arguments);
        assert_eq!(document["schema"], schema);
        assert_eq!((&document["audit"], &document["model"]), (&"adult".into(), &"v1".into()), "{schema}");
        assert_eq!(document["members"], 5, "{schema}");
    }
    assert_eq!(json(&["runs", "--json"])["runs"].as_array().unwrap().len(), 1);
    assert_eq!(json(&["doctor", "--json"])["ok"], true);
}

#[test]
fn a_score_has_every_member_and_marks_words_no_item_uses() {
    let document = json(&["score", "adult", "a trucker, 40 years old", "--json"]);
    let prompt = &document["prompts"][0];
    assert_eq!(prompt["unseen_words"], serde_json::json!(["trucker"]));
    for head in prompt["heads"].as_array().unwrap() {
        let members: Vec<f64> =
            head["members"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        assert_eq!(members.len(), 5);
        let mean = members.iter().sum::<f64>() / 5.0;
        assert!((head["summary"]["mean"].as_f64().unwrap() - mean).abs() < 1e-9);
    }
}

#[test]
fn a_comparison_turned_round_has_the_opposite_sign() {
    let ab = json(&["compare", "adult", "an elderly person", "a young person", "--json"]);
    let ba = json(&["compare", "adult", "a young person", "an elderly person", "--json"]);
    for head in 0..3 {
        let mean = |document: &Value| document["heads"][head]["summary"]["mean"].as_f64().unwrap();
        assert!((mean(&ab) + mean(&ba)).abs() < 1e-9);
        let positive = |document: &Value| document["heads"][head]["direction"]["positive"].as_u64().unwrap();
        assert_eq!(positive(&ab) + positive(&ba), 5);
    }
    assert!(ab["verdict"].as_str().unwrap().starts_with("A "), "{}", ab["verdict"]);
}

#[test]
fn a_second_call_trains_nothing() {
    let home = trained_home();
    let _turn = turn();
    let again = run(home, &["train", "adult", "--architecture", "linear", "--epochs", "2"]).code(0);
    assert!(stderr(&again).contains("exactly these inputs already"));
    let demo = run(home, &["demo"]).code(0);
    assert_eq!(stderr(&demo), "", "the run kept must answer");
    assert!(stdout(&demo).contains("Senior") && stdout(&demo).contains("16,281 test items"));
    assert!(stdout(&demo).contains("llm2loss ingest mine") && stdout(&demo).contains("on your data\n"));
    // A home that was named once is to be named for the commands that follow.
    assert!(stdout(&demo).ends_with(&format!("export LLM2LOSS_HOME={}\n", home.display())));
}

#[test]
fn bad_input_is_one_sentence_and_exit_2() {
    let home = trained_home();
    let endless = "x".repeat(10_000);
    refused(home, &["table", "nowhere", "attributes"], "there is no audit 'nowhere'; known audits: adult");
    refused(
        home,
        &["table", "adult", "attributes", "--model", "v9"],
        "model 'v9' is not part of audit 'adult'; it has: v1, v2",
    );
    refused(home, &["table", "adult", "colours"], "invalid value 'colours'");
    refused(home, &["score", "adult", "--run", "ffffffff", "x"], "there is no run 'ffffffff'");
    refused(home, &["score", "adult", ""], "the prompt is empty");
    refused(home, &["score", "adult", "   "], "the prompt is empty");
    refused(home, &["score", "adult", &endless], "the prompt has 10000 characters");
    refused(home, &["compare", "adult", "a man", ""], "the prompt is empty");
    refused(home, &["train", "adult", "--epochs", "0"], "epochs is 0");
    refused(home, &["train", "adult", "--learning-rate", "NaN"], "learning rate is NaN");
    refused(home, &["train", "adult", "--members", "0"], "members is 0");
    refused(home, &["frobnicate"], "unrecognized subcommand");
}

#[test]
fn a_home_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    refused(&file, &["demo"], "it is a file, not a folder");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    refused(&file.join("below"), &["demo"], "cannot be used");
    refused(Path::new("/proc/llm2loss"), &["runs"], "give another with --home or LLM2LOSS_HOME");
}

#[test]
fn an_empty_variable_means_the_users_data_folder() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.args(["runs"]).env("LLM2LOSS_HOME", "").env("HOME", home.path()).env_remove("XDG_DATA_HOME");
    command.assert().code(0);
    assert!(home.path().join(".local/share/llm2loss/store").is_dir());
}

#[test]
fn a_store_in_use_names_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let store = llm2loss::store::Store::open(folder.path()).unwrap();
    let holder = format!("is in use by process {}", std::process::id());
    let read = run(folder.path(), &["runs"]).code(0);
    assert!(stderr(&read).contains("reading only: ") && stderr(&read).contains(&holder), "{}", stderr(&read));
    refused(folder.path(), &["train", "adult"], &holder);
    drop(store);
    assert!(!stderr(&run(folder.path(), &["runs"]).code(0)).contains("reading only"));
}

#[test]
fn without_a_terminal_the_console_prints_help_and_exits_2() {
    let folder = tempfile::tempdir().unwrap();
    let done = run(folder.path(), &[]).code(2);
    assert!(stderr(&done).contains("Usage:") && stderr(&done).contains("needs a terminal"));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is written");
}

#[test]
fn the_version_says_in_full_what_was_built() {
    let home = tempfile::tempdir().unwrap();
    let version = format!("llm2loss {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(stdout(&run(home.path(), &["--version"]).code(0)), version);
    assert_eq!(stdout(&run(home.path(), &["-V"]).code(0)), version);
    let full = stdout(&run(home.path(), &["--version", "--verbose"]).code(0));
    // Independent of the build script: what the compiler says of itself here.
    let compiler = std::process::Command::new("rustc").arg("--version").output().unwrap();
    let compiler = String::from_utf8_lossy(&compiler.stdout).trim().to_owned();
    assert!(full.starts_with(&version) && full.contains(&compiler), "{full}");
    let target = format!("{}-unknown-linux-", std::env::consts::ARCH);
    assert!(full.lines().any(|line| line.starts_with("target") && line.contains(&target)), "{full}");
    refused(home.path(), &["--verbose"], "--version");
}

#[test]
fn an_ingest_of_nothing_shows_what_can_be_taken_in() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["ingest"][..], &["ingest", "mine"], &["ingest", "--manifest", "rows.csv"]] {
        let done = run(home.path(), arguments).code(2);
        let said = stderr(&done);
        let held = arguments.len() == 3 || said.contains("texts with losses") && said.contains("--lm-eval DIR");
        assert!(held && stdout(&done).is_empty(), "{arguments:?}: {said}");
    }
    assert!(std::fs::read_dir(home.path()).unwrap().next().is_none(), "nothing is written");
}

#[test]
fn the_doctor_names_each_problem_with_its_remedy() {
    let home = tempfile::tempdir().unwrap();
    let doctor = |home: &Path, limit: &str, hub: &Path| {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        command.arg("--home").arg(home).args(["--memory-limit", limit, "doctor", "--json"]);
        command.env_remove("LLM2LOSS_HOME").env("HF_HUB_CACHE", hub).env("HF_HUB_OFFLINE", "1");
        let output = command.output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let problems: Vec<String> = document["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["what"].as_str().unwrap().to_owned())
            .collect();
        (output.status.code().unwrap(), document, problems)
    };
    let hub = home.path().join("hub");
    std::fs::create_dir_all(hub.join("models--org--one")).unwrap();
    let (code, sound, problems) = doctor(&home.path().join("home"), "4GB", &hub);
    // A build machine may be short of space; that is all it may be.
    assert!(code == 0 && problems.iter().all(|what| what.contains("MB left")), "{problems:?}");
    assert_eq!((&sound["hub"]["encoders"], &sound["hub"]["offline"]), (&1.into(), &true.into()));
    assert_eq!(sound["memory"]["limit"], 4_u64 << 30);
    assert_eq!(sound["cores"]["usable"], std::thread::available_parallelism().unwrap().get());
    let (code, _, problems) = doctor(&home.path().join("home"), "300MB", &home.path().join("none"));
    assert_eq!(code, 0);
    let about = |word: &str| problems.iter().any(|what| what.contains(word));
    assert!(about("300 MB of memory") && about("the cache holds no encoder"), "{problems:?}");
    let file = home.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    let (code, document, problems) = doctor(&file, "4GB", &hub);
    assert!(code == 2 && problems[0].contains("it is a file"), "{problems:?}");
    assert!(document["problems"][0]["remedy"].as_str().unwrap().contains("LLM2LOSS_HOME"));
}

#[test]
fn control_characters_in_a_prompt_do_not_reach_the_terminal() {
    let home = trained_home();
    let _turn = turn();
    let done = run(home, &["score", "adult", "a \u{1b}[31mred\u{7} person"]).code(0);
    assert!(!stdout(&done).contains('\u{1b}') && !stdout(&done).contains('\u{7}'));
}

#[test]
fn tables_come_in_every_format() {
    let home = trained_home();
    let _turn = turn();
    let table = |format: &str, kind: &str| stdout(&run(home, &["table", "adult", kind, "--format", format]).code(0));
    let csv = table("csv", "attributes");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let gap = reader.headers().unwrap().iter().position(|name| name == "loss gap").unwrap();
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 40);
    let names: std::collections::BTreeSet<&str> = headers.iter().collect();
    assert_eq!(names.len(), headers.len(), "a program goes by names");
    assert!(names.contains("loss gap 95 % low") && names.contains("loss gap 95 % high"));
    assert!(rows.iter().all(|row| row[gap].parse::<f64>().is_ok()), "full numbers, not rounded words");
    assert!(table("markdown", "bias").contains("| ---: |"));
    let latex = table("latex", "ood");
    assert_eq!(latex.matches("\\begin{tabular}").count(), 1);
    assert!(latex.contains("\\end{table}") && !latex.contains("τ"));
    let document: Value = serde_json::from_str(&table("json", "validity")).unwrap();
    // Mean, median and each of five members, for three heads.
    assert_eq!(document["rows"].as_array().unwrap().len(), 21);
}

#[test]
fn intervals_may_come_from_a_bootstrap() {
    let home = trained_home();
    let document = |method: &str| {
        if method == "analytic" {
            return json(&["table", "adult", "attributes", "--json"]);
        }
        json(&["table", "adult", "attributes", "--intervals", method, "--replicates", "1000", "--json"])
    };
    let (analytic, percentile, again) = (document("analytic"), document("percentile"), document("percentile"));
    assert!(percentile == again, "seeded");
    for row in 0..40 {
        let end =
            |document: &Value, side: &str| document["rows"][row]["loss_evidence"]["interval"][side].as_f64().unwrap();
        let width = end(&analytic, "high") - end(&analytic, "low");
        for side in ["low", "high"] {
            let shift = (end(&analytic, side) - end(&percentile, side)).abs();
            assert!(shift < 0.35 * width, "row {row}: {side} differs by {shift} of {width}");
        }
    }
    refused(home, &["table", "adult", "bias", "--intervals", "bca"], "belongs to the table 'attributes'");
}

#[test]
fn a_person_may_bring_lists_of_their_own_to_table_1() {
    let home = trained_home();
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("tools");
    std::fs::write(&list, "hammer\n\nscrew driver\n").unwrap();
    let foreign = format!("tools={}", list.display());
    let found = json(&["table", "adult", "ood", "--foreign", &foreign, "--json"]);
    let rows = found["rows"].as_array().unwrap();
    assert_eq!((rows.len(), rows[1]["foreign"].as_str(), rows[1]["n_foreign"].as_u64()), (2, Some("tools"), Some(2)));
    assert_eq!(rows[1]["prompts"], serde_json::json!(["hammer", "screw driver"]));
    let kept = json(&["table", "adult", "ood", "--drop-people", "off", "--json"]);
    assert_eq!(kept["left_out"], serde_json::json!([]));
    refused(home, &["table", "adult", "ood", "--foreign", "tools"], "give NAME=FILE");
    refused(home, &["table", "adult", "ood", "--positives", "/nowhere/list"], "/nowhere/list");
    refused(home, &["table", "adult", "bias", "--lists"], "belong to the table 'ood'");
    refused(home, &["table", "adult", "validity", "--contrast", "bare"], "this table has none");
    refused(home, &["table", "adult", "ood", "--foreign", &foreign, "--foreign", &foreign], "names 'tools' twice");
}

#[test]
fn the_papers_conventions_are_unsigned_and_bare() {
    let home = trained_home();
    let _turn = turn();
    let csv = stdout(&run(home, &["table", "adult", "attributes", "--paper", "--format", "csv"]).code(0));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap().len(), 8);
    for row in reader.records().map(Result::unwrap) {
        assert!(row.iter().skip(1).all(|cell| cell.parse::<f64>().unwrap() >= 0.0), "{row:?}");
    }
    let bias = stdout(&run(home, &["table", "adult", "bias", "--paper"]).code(0));
    assert!(bias.contains("RMM, unsigned") && !bias.contains("signed loss gap") && !bias.contains("antonym"));
}

#[test]
fn the_papers_own_table_is_recomputed() {
    let home = tempfile::tempdir().unwrap();
    let done = run(home.path(), &["paper"]).code(0);
    let text = stdout(&done);
    assert!(text.contains("+0.269") && text.contains("+0.286") && text.contains("+0.339"), "{text}");
    assert!(text.contains("Table 3 cannot be recomputed"));
    let document: Value = serde_json::from_str(&stdout(&run(home.path(), &["paper", "--json"]).code(0))).unwrap();
    assert_eq!((&document["schema"], document["rows"].as_array().unwrap().len()), (&"llm2loss.paper/1".into(), 40));
}
