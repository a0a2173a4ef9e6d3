//! Slices that are found by themselves: the test against SciPy (tests/fixtures/discover.json, made by
//! tests/recipes/make_discover_fixtures.py), and the command on the built-in audit and on odd ones.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use llm2loss::stats::{PowerSums, skewed_welch};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

#[test]
fn the_corrected_test_is_scipys_welch_and_halls_transformation() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/discover.json")).unwrap();
    for test in fixture["tests"].as_array().unwrap() {
        let sums = |name: &str| -> PowerSums {
            test[name].as_array().unwrap().iter().map(|value| PowerSums::one(value.as_f64().unwrap())).sum()
        };
        let found = skewed_welch(sums("group"), sums("rest")).unwrap();
        for (ours, name) in [(found.t, "t"), (found.df, "df"), (found.corrected, "corrected"), (found.p, "p")] {
            let theirs = test[name].as_f64().unwrap();
            assert!((ours - theirs).abs() < 1e-9 * (1.0 + theirs.abs()), "{name}: {ours} against {theirs}");
        }
    }
}

fn done(home: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").env_remove("COLUMNS");
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    (String::from_utf8(output.stdout).unwrap(), said)
}

fn slices(home: &Path, arguments: &[&str]) -> Vec<Value> {
    let (text, _) = done(home, &[arguments, &["--json"]].concat(), 0);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema"], "llm2loss.discover/1");
    document["slices"].as_array().unwrap().clone()
}

#[test]
fn the_built_in_blind_spot_is_told_in_words_that_say_age() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let found = slices(home, &["discover", "adult", "--model", "v1"]);
    let first: Vec<&str> =
        found.iter().filter(|slice| slice["parent"].is_null()).map(|slice| slice["name"].as_str().unwrap()).collect();
    let says_age = |name: &&&str| {
        ["older", "middle-aged", "elderly", "senior"].iter().any(|word| name.to_lowercase().contains(word))
    };
    assert!(first.iter().take(2).any(|name| says_age(&name)), "{first:?}");
    let keys: BTreeSet<&str> = found[0].as_object().unwrap().keys().map(String::as_str).collect();
    let wanted = ["name", "terms", "n", "mean_loss", "overall", "interval", "p", "q", "share_of_excess", "parent"];
    assert_eq!(keys, BTreeSet::from(wanted));
    // v2 has seen everybody: what is left is less.
    let excess = |slices: &[Value]| -> f64 {
        let first = slices.iter().find(|slice| slice["parent"].is_null());
        first.map_or(0.0, |slice| slice["mean_loss"].as_f64().unwrap() - slice["overall"].as_f64().unwrap())
    };
    let other = slices(home, &["discover", "adult", "--model", "v2"]);
    assert!(excess(&other) < excess(&found), "{} {}", excess(&other), excess(&found));
    let change = slices(home, &["discover", "adult", "--change", "v2", "v1", "--depth", "1"]);
    assert!(change.iter().all(|slice| slice["mean_loss"].as_f64().unwrap() > slice["overall"].as_f64().unwrap()));
    assert!(!change.is_empty());
}

fn write_audit(folder: &Path, rows: usize, line: impl Fn(usize) -> (String, f64)) -> String {
    let mut text = String::from("id,split,text,loss:m\n");
    for row in 0..rows {
        let (words, loss) = line(row);
        writeln!(text, "i{row},{},\"{words}\",{loss}", if row.is_multiple_of(2) { "train" } else { "test" }).unwrap();
    }
    let path = folder.join("rows.csv");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn members_and_every_form_are_written_and_odd_names_are_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    // Colours and things cross; the sums of digits make losses that no word explains.
    let line = |row: usize| {
        let words =
            format!("{} {} =cmd {row}", ["crimson", "azure", "olive"][row / 2 % 3], ["tower", "wheel"][row / 6 % 2]);
        (words, f64::from(u8::from(row / 2 % 3 == 1)) + (row * 7919 % 97) as f64 / 97.0)
    };
    let manifest = write_audit(folder.path(), 1_200, line);
    done(&home, &["ingest", "mine", "--manifest", &manifest], 0);
    let ids = folder.path().join("ids.csv");
    let (text, said) = done(&home, &["discover", "mine", "--depth", "1", "--ids", ids.to_str().unwrap()], 0);
    assert!(said.contains("items of 1 slice\n"), "{said}");
    assert!(text.contains("azure") && text.contains("Found on") && !text.contains("olive"), "{text}");
    let members = std::fs::read_to_string(ids).unwrap();
    let lines: Vec<&str> = members.lines().skip(1).collect();
    assert_eq!(lines.len(), 400, "{}", members.lines().take(3).collect::<String>());
    let azure = |line: &&str| line.split(',').nth(1).unwrap()[1..].parse::<usize>().unwrap() / 2 % 3 == 1;
    assert!(members.starts_with("slice,id,split,loss,half\n") && lines.iter().all(azure));
    // The numbers told are over the half it was tested on.
    let tested: Vec<f64> =
        lines.iter().filter_map(|line| line.strip_suffix(",tested")?.rsplit(',').next()?.parse().ok()).collect();
    let told: serde_json::Value =
        serde_json::from_str(&done(&home, &["discover", "mine", "--depth", "1", "--json"], 0).0).unwrap();
    let slice = &told["slices"][0];
    let mean = tested.iter().sum::<f64>() / tested.len() as f64;
    assert!((slice["mean_loss"].as_f64().unwrap() - mean).abs() < 1e-5 && slice["n"] == tested.len(), "{slice} {mean}");
    for (flag, start) in [("--csv", "slice,n,mean loss"), ("--markdown", "**Discover"), ("--format=latex", "% needs")] {
        assert!(done(&home, &["discover", "mine", flag], 0).0.starts_with(start), "{flag}");
    }
    let (_, said) = done(&home, &["discover", "mine", "--within", "a submarine"], 2);
    assert!(said.contains("within 'a submarine'"), "{said}");
    let (_, said) = done(&home, &["discover", "mine", "--surprise"], 2);
    assert!(said.contains("no attributes"), "{said}");
    done(&home, &["discover", "mine", "--change", "m", "nobody"], 2);
}

#[test]
fn thirty_items_are_too_few_and_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let manifest = write_audit(folder.path(), 30, |row| (format!("a thing {}", row % 3), row as f64));
    done(&home, &["ingest", "few", "--manifest", &manifest], 0);
    let (text, _) = done(&home, &["discover", "few"], 0);
    assert!(text.contains("Too few items"), "{text}");
}

#[test]
fn a_slice_becomes_an_attribute_and_runs_stay_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let line = |row: usize| {
        let words = format!("{} {} {row}", ["crimson", "azure", "olive"][row / 2 % 3], ["tower", "wheel"][row / 6 % 2]);
        (words, f64::from(u8::from(row / 2 % 3 == 1)) + (row * 7919 % 97) as f64 / 97.0)
    };
    let manifest = write_audit(folder.path(), 1_200, line);
    done(&home, &["ingest", "mine", "--manifest", &manifest], 0);
    done(&home, &["train", "mine", "--architecture", "linear", "--epochs", "1"], 0);
    let table = || -> Value {
        let (text, _) = done(&home, &["table", "mine", "attributes", "--json"], 0);
        serde_json::from_str(&text).unwrap()
    };
    let before = table();
    let find = ["discover", "mine", "--depth", "1"];
    let (_, said) = done(&home, &[&find[..], &["--add", "purple"]].concat(), 2);
    assert!(said.contains("no slice 'purple'; found were 'azure'"), "{said}");
    let (_, said) = done(&home, &[&find[..], &["--add", "azure", "--as", "Blue things"]].concat(), 0);
    assert!(said.contains("'Blue things' is an attribute of audit mine now: 400 items"), "{said}");
    let after = table();
    assert_eq!((&before["run"], before["rows"].as_array().unwrap().len()), (&after["run"], 0));
    let row = &after["rows"][0];
    assert_eq!(
        (&row["name"], &row["prompts"]["phrase"], &row["prompts"]["bare"][1]),
        (&"Blue things".into(), &"azure".into(), &"Not Blue things".into())
    );
    let (again, _) = done(&home, &["audits", "show", "mine"], 0);
    assert!(again.contains("slice 'azure' (llm2loss discover, hard)"), "{again}");
    let name = |given: &str, said: &str| {
        let (_, told) = done(&home, &[&find[..], &["--add", "azure", "--as", given]].concat(), 2);
        assert!(told.contains(said), "{told}");
    };
    // The attribute names the slice now, in the place of its word.
    let (_, told) = done(&home, &[&find[..], &["--add", "azure", "--as", "blue_things"]].concat(), 2);
    assert!(told.contains("an attribute 'Blue things' already"), "{told}");
    for hidden in [" ", "a\u{202e}b", "a\u{1b}[31mb", "a\tb", "a\u{200b}", "a\u{2028}b"] {
        name(hidden, "1 to 100 characters, each of which can be seen");
    }
    let (_, told) = done(&home, &["discover", "adult", "--model", "v1", "--add", "an older person"], 2);
    assert!(told.contains("built in") || told.contains("no slice"), "{told}");
}

#[test]
fn the_gate_on_new_slices_passes_the_same_model_and_stops_a_worse_one() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let rules = folder.path().join("rules.toml");
    std::fs::write(&rules, "[discover]\nmax_new_slices = 0\n").unwrap();
    let rules = rules.to_str().unwrap();
    let check = |model: &str, how: &[&str], code: i32| {
        done(&home, &[&["check", "adult", "--model", model, "--rules", rules], how].concat(), code).0
    };
    let same = check("v1", &["--against", "v1"], 0);
    assert!(same.contains("PASS: 1 kept"), "{same}");
    let worse: Value = serde_json::from_str(&check("v1", &["--against", "v2", "--json"], 3)).unwrap();
    let outcome = &worse["outcomes"][0];
    assert_eq!((&outcome["rule"], &outcome["status"]), (&"max_new_slices".into(), &"broken".into()));
    assert!(outcome["after"].as_f64().unwrap() > outcome["before"].as_f64().unwrap());
    let junit = check("v1", &["--against", "v2", "--format", "junit"], 3);
    assert!(junit.contains("<testsuite name=\"max_new_slices\"") && junit.contains("may be new weaknesses"), "{junit}");
    let sarif = check("v1", &["--against", "v2", "--format", "sarif"], 3);
    assert!(
        sarif.contains("\"ruleId\":\"max_new_slices\"") || sarif.contains("\"ruleId\": \"max_new_slices\""),
        "{sarif}"
    );
    // A baseline holds no losses: those of its model are needed, as they were.
    let pinned = folder.path().join("v2.json");
    let pinned = pinned.to_str().unwrap();
    check("v2", &["--write-baseline", pinned, "--against", "v2"], 0);
    check("v1", &["--baseline", pinned], 3);
    let text = std::fs::read_to_string(pinned).unwrap().replace("\"model\": \"v2\"", "\"model\": \"v9\"");
    std::fs::write(pinned, text.replace("\"model\":\"v2\"", "\"model\":\"v9\"")).unwrap();
    let open = check("v1", &["--baseline", pinned, "--inconclusive", "exit4"], 4);
    assert!(open.contains("use --against"), "{open}");
}
