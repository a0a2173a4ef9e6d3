//! The gate from outside: exit codes, rules, pinned baselines, and documents other programs read.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use std::path::{Path, PathBuf};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Exit code, stdout, stderr of a check.
    fn check(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        command.arg("--home").arg(self.folder.path().join("home")).args(["check", "adult"]).args(arguments);
        let output = command.env_remove("LLM2LOSS_HOME").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_better_model_passes_a_worse_one_is_stopped_and_the_same_one_passes() {
    let place = Place::new();
    let (code, text, _) = place.check(&["--model", "v2", "--against", "v1"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("PASS: 81 kept") && text.contains("SE of the mean change 0.0"), "{text}");
    let (code, text, _) = place.check(&["--model", "v1", "--against", "v2", "--json"]);
    assert_eq!(code, 3);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&document["schema"], &document["exit_code"], &document["status"]),
        (&"llm2loss.check/1".into(), &3.into(), &"broken".into())
    );
    let senior =
        document["outcomes"].as_array().unwrap().iter().find(|outcome| outcome["subject"] == "with Senior").unwrap();
    assert_eq!((&senior["status"], &senior["n"]), (&"broken".into(), &1411.into()));
    assert_eq!(place.check(&["--model", "v1", "--against", "v1"]).0, 0);
}

#[test]
fn what_may_be_chance_is_inconclusive_unless_one_says_otherwise() {
    let place = Place::new();
    let rules = place.file("rules.toml", "max_gap_increase = 0.05\n");
    let with = |more: &[&str]| {
        let base = ["--model", "v2", "--against", "v1", "--rules", word(&rules)];
        place.check(&[&base[..], more].concat()).0
    };
    assert_eq!(with(&[]), 0);
    assert_eq!(with(&["--inconclusive", "ok"]), 0);
    assert_eq!(with(&["--inconclusive", "exit4"]), 4);
    assert_eq!(with(&["--inconclusive", "fail"]), 3);
    assert_eq!(with(&["--on", "point"]), 3);
    let (_, text, _) = place.check(&["--model", "v2", "--against", "v1", "--rules", word(&rules)]);
    assert!(text.contains("it may be chance; could see ≥ ") && text.contains("PASS: "), "{text}");
    // Nothing is announced in a pull request that changes nothing.
    let (_, text, _) =
        place.check(&["--model", "v2", "--against", "v1", "--rules", word(&rules), "--format", "github"]);
    assert!(text.lines().count() == 1 && text.starts_with("::notice "), "{text}");
}

#[test]
fn a_test_set_that_cannot_show_what_it_must_is_inconclusive() {
    let place = Place::new();
    let rules = place.file("rules.toml", "max_group_loss_increase = \"50%\"\nmust_see = \"55%\"\n");
    let (code, text, _) = place.check(&["--model", "v2", "--against", "v1", "--rules", word(&rules), "--json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &document["exit_code"], &document["status"]), (4, &4.into(), &"inconclusive".into()));
    let outcomes = document["outcomes"].as_array().unwrap();
    let short = outcomes.iter().filter(|outcome| outcome["underpowered"] == true).count();
    assert!(short > 0 && short < 80 && document["underpowered"] == short, "{short}");
    for outcome in outcomes.iter().filter(|outcome| outcome["detectable"].is_number()) {
        let sees = outcome["detectable"].as_f64().unwrap() <= 0.55 / 0.5 * outcome["limit"].as_f64().unwrap();
        assert_eq!(sees, outcome["underpowered"] == false, "{outcome}");
    }
}

#[test]
fn a_ledger_counts_looks_and_is_drawn() {
    let place = Place::new();
    let ledger = place.folder.path().join("gate.jsonl");
    let look = |model: &str, against: &str, more: &[&str]| {
        place.check(&[&["--model", model, "--against", against, "--ledger", word(&ledger)][..], more].concat())
    };
    let (code, text, _) = look("v2", "v1", &[]);
    assert!(code == 0 && text.contains("Look 1 at this test set (") && text.contains("so far ≤ 0.05."), "{text}");
    let (code, text, _) = look("v1", "v2", &["--json", "--false-alarms", "1/year", "--runs-per-year", "365"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &document["look"]["look"]), (3, &2.into()));
    assert!((document["level"].as_f64().unwrap() - 1.0 / 365.0).abs() < 1e-12);
    assert!((document["look"]["expected_false_alarms"].as_f64().unwrap() - 0.05 - 1.0 / 365.0).abs() < 1e-12);
    // A process killed while it wrote.
    let whole = std::fs::read_to_string(&ledger).unwrap();
    std::fs::write(&ledger, format!("{whole}{{\"schema\":\"llm2loss.ledger/1\",\"da")).unwrap();
    let (_, text, said) = look("v2", "v1", &[]);
    assert!(
        text.contains("Look 3 at this test set") && said.contains("gate.jsonl, line 3: torn, and passed over"),
        "{said}"
    );
    let shown = |arguments: &[&str]| {
        let output =
            Command::cargo_bin("llm2loss").unwrap().arg("ledger").arg(&ledger).args(arguments).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = shown(&["--top", "3"]);
    assert!(code == 0 && text.contains("3 looks at test set ") && text.contains("1 broke a rule"), "{text}");
    assert!(text.contains("▁█▁") && text.contains("And 78 more: --top N"), "{text}");
    let document: Value = serde_json::from_str(&shown(&["--json"]).1).unwrap();
    let set = &document["test_sets"][0];
    assert_eq!((&document["schema"], &set["audit"]), (&"llm2loss.ledger-trends/1".into(), &"adult".into()));
    assert_eq!((set["looks"].as_array().unwrap().len(), set["figures"].as_array().unwrap().len()), (3, 81));
    let csv = shown(&["--format", "csv"]).1;
    assert_eq!(csv.lines().count(), 1 + 3 * 81);
    assert!(csv.lines().next().unwrap().ends_with("rule,subject,figure,limit,status"), "{csv}");
    assert_eq!(csv.lines().filter(|line| line.ends_with(",broken")).count() as u64, {
        let figures = set["figures"].as_array().unwrap();
        figures.iter().map(|figure| figure["broken"].as_u64().unwrap()).sum::<u64>()
    });
}

#[test]
fn looks_of_many_processes_at_once_are_all_counted() {
    let place = Place::new();
    let ledger = place.folder.path().join("gate.jsonl");
    // One home each: readers of one home would wait for each other.
    let look = |at: usize| {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        command.arg("--home").arg(place.folder.path().join(at.to_string()));
        command.args(["check", "adult", "--model", "v2", "--against", "v1", "--ledger"]).arg(&ledger);
        assert_eq!(command.output().unwrap().status.code(), Some(0));
    };
    std::thread::scope(|scope| (0..3).for_each(|at| drop(scope.spawn(move || look(at)))));
    let text = std::fs::read_to_string(&ledger).unwrap();
    let looks: Vec<u64> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["look"].as_u64().unwrap()).collect();
    assert_eq!(looks, [1, 2, 3]);
}

#[test]
fn bad_ledgers_and_levels_exit_2_with_a_sentence_before_anything_is_written() {
    let place = Place::new();
    let other = place.file("other.jsonl", "{\"schema\": \"llm2loss.baseline/1\"}\n");
    let folder = place.folder.path().join("nowhere/gate.jsonl");
    let base = ["--model", "v2", "--against", "v1"];
    for (more, words) in [
        (
            &["--ledger", word(&other)][..],
            "line 1: its schema is llm2loss.baseline/1; this program reads llm2loss.ledger/1",
        ),
        (&["--ledger", word(&folder)], "gate.jsonl: "),
        (&["--ledger", word(place.folder.path())], "is a folder, not a file"),
        (&["--false-alarms", "1", "--runs-per-year", "365"], "give false alarms a year, such as 1/year"),
        (&["--false-alarms", "9/year", "--runs-per-year", "10"], "more than every second run"),
        (&["--false-alarms", "1/year"], "--runs-per-year"),
    ] {
        let (code, out, said) = place.check(&[&base[..], more].concat());
        assert!(code == 2 && out.is_empty() && said.contains(words), "{more:?}: {said}");
    }
    let pinned = place.folder.path().join("baseline.json");
    let (code, _, said) = place.check(&["--model", "v2", "--write-baseline", word(&pinned), "--ledger", word(&other)]);
    assert!(code == 2 && said.contains("--ledger keeps checks"), "{said}");
    let output = Command::cargo_bin("llm2loss").unwrap().arg("ledger").arg(&other).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_baseline_is_small_holds_no_item_and_knows_a_regression() {
    let place = Place::new();
    let rules = place.file(
        "rules.toml",
        "max_mean_loss_increase = \"5%\"\n[attribute.Senior]\nmax_gap_increase = 0.5\n[[prompt]]\ntext = \"an elderly person\"\nmax_increase = 1.0\n",
    );
    let baseline = place.folder.path().join("baseline.json");
    let linear = ["--rules", word(&rules), "--architecture", "linear"];
    let (code, _, said) = place.check(&[&["--model", "v2", "--write-baseline", word(&baseline)][..], &linear].concat());
    assert_eq!(code, 0, "{said}");
    let text = std::fs::read_to_string(&baseline).unwrap();
    assert!(text.len() < 64_000 && !text.contains("years old"), "{} bytes", text.len());
    let against =
        |model: &str| place.check(&[&["--model", model, "--baseline", word(&baseline)][..], &linear].concat());
    assert_eq!(against("v2").0, 0);
    let (code, text, _) = against("v1");
    assert_eq!(code, 3);
    for words in [
        "all test items: mean loss changed by",
        "Senior: the loss gap's size changed by",
        "an elderly person: predicted loss changed by",
    ] {
        assert!(text.contains(words), "{text}");
    }
    // The same figures from other heads are not comparable.
    let (code, _, said) = place.check(&[
        "--model",
        "v1",
        "--baseline",
        word(&baseline),
        "--rules",
        word(&rules),
        "--seed",
        "7",
        "--architecture",
        "linear",
    ]);
    assert!(code == 2 && said.contains("write it again"), "{said}");
}

#[test]
fn bad_rules_and_baselines_name_the_place_and_exit_2() {
    let place = Place::new();
    for (text, words) in [
        ("max_gap = 1\nmax_gapp = 2\n", "rules.toml, line 2: unknown field `max_gapp`"),
        ("max_gap = 1\n[attribute.Tall]\nmax_gap = 1\n", "rules.toml, line 2: audit 'adult' has no attribute 'Tall'"),
        ("max_gap = [\n", "rules.toml, line"),
        ("", "no rule in it"),
        ("max_gap = 1\nmin_power = 0.8\n", "rules.toml, line 2: min_power needs must_see"),
        (
            "[attribute.Senior]\nmax_gap = 1\nskip = true\n",
            "nothing was checked: max_gap would be held against nothing",
        ),
        ("max_gap = \"much\"\n", "rules.toml, line 1: 'much' is not a limit"),
    ] {
        let rules = place.file("rules.toml", text);
        let (code, out, said) = place.check(&["--model", "v2", "--against", "v1", "--rules", word(&rules)]);
        assert!(code == 2 && said.contains(words) && out.is_empty(), "{said}");
    }
    let file = place.file("baseline.json", "{\"schema\": \"other/1\"}");
    let (code, _, said) = place.check(&["--model", "v2", "--baseline", word(&file)]);
    assert!(code == 2 && said.contains("its schema is other/1"), "{said}");
    assert!(place.check(&["--model", "v2"]).2.contains("--against MODEL, or --baseline FILE"));
    assert!(place.check(&["--against", "v1"]).2.contains("with --model; audit 'adult' has: v1, v2"));
}

#[test]
fn junit_has_the_structure_that_servers_read() {
    let place = Place::new();
    let (code, text, _) = place.check(&["--model", "v1", "--against", "v2", "--format", "junit"]);
    assert_eq!(code, 3);
    let mut reader = Reader::from_str(&text);
    let (mut depth, mut cases, mut failures, mut said) = (0, 0, 0, (0, 0));
    loop {
        let event = reader.read_event().unwrap();
        let (element, opens) = match &event {
            Event::Start(element) => (element, true),
            Event::Empty(element) => (element, false),
            Event::End(_) => {
                depth -= 1;
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        let name = element.name().as_ref().to_owned();
        let expected: usize = match name.as_str() {
            "testsuites" => 0,
            "testsuite" => 1,
            "testcase" => 2,
            "failure" | "skipped" => 3,
            other => panic!("<{other}> has no place in JUnit"),
        };
        assert_eq!(depth, expected, "<{name}>");
        let attribute = |key: &str| {
            let found = element.try_get_attribute(key).unwrap().unwrap();
            found.value.into_owned()
        };
        match name.as_str() {
            "testsuites" => {
                assert!(element.try_get_attribute("skipped").unwrap().is_none(), "no schema has it here");
                said = (attribute("tests").parse().unwrap(), attribute("failures").parse().unwrap());
            }
            "testcase" => {
                assert!(!attribute("name").is_empty() && attribute("classname").starts_with("llm2loss."));
                cases += 1;
            }
            "failure" => {
                assert!(attribute("message").contains("is allowed"));
                failures += 1;
            }
            _ => {}
        }
        depth += usize::from(opens);
    }
    assert_eq!((depth, said), (0, (cases, failures)));
    assert!(cases == 81 && failures == 81, "{cases} {failures}");
}

#[test]
fn sarif_and_annotations_say_what_broke() {
    let place = Place::new();
    let rules = place.file("my rules.toml", "max_gap = 0.5\n");
    let arguments = ["--model", "v1", "--against", "v2", "--rules", word(&rules)];
    let (code, text, _) = place.check(&[&arguments[..], &["--format", "sarif"]].concat());
    assert_eq!(code, 3);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["version"], "2.1.0");
    let run = &document["runs"][0];
    assert_eq!(
        (&run["tool"]["driver"]["name"], &run["tool"]["driver"]["rules"][0]["id"]),
        (&"llm2loss".into(), &"max_gap".into())
    );
    let results = run["results"].as_array().unwrap();
    assert!(results.iter().any(|result| result["message"]["text"].as_str().unwrap().starts_with("Senior: ")));
    for result in results {
        assert_eq!((&result["ruleId"], &result["ruleIndex"]), (&"max_gap".into(), &0.into()));
        assert!(["error", "note"].contains(&result["level"].as_str().unwrap()));
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().unwrap().ends_with("/my%20rules.toml"));
        assert_eq!(place["region"]["startLine"], 1);
    }
    let (_, text, _) = place.check(&[&arguments[..], &["--format", "github"]].concat());
    assert!(
        text.lines().all(|line| ["::error title=", "::warning title=", "::notice title="]
            .iter()
            .any(|start| line.starts_with(start))),
        "{text}"
    );
    assert!(text.contains("::error title=llm2loss max_gap broken::Senior: the loss gap's size is"));
    let answer = place.folder.path().join("answer.txt");
    let (code, out, _) = place.check(&[&arguments[..], &["-o", word(&answer)]].concat());
    assert!(code == 3 && out.is_empty() && std::fs::read_to_string(answer).unwrap().contains("FAIL"));
}
