//! Two models of small audits of one's own: too few items, items of one person, and names that mean harm.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A home with an audit `mine` of 60 training and 60 test items, taken in from a manifest.
struct Place {
    folder: tempfile::TempDir,
}

/// Columns of the manifest after id, split and losses: their names, and the cells of an item.
type Rest<'a> = (&'a str, &'a dyn Fn(usize) -> String);

impl Place {
    fn new(model: &str, rest: Rest) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let mut text = format!("id,split,loss:v1,\"loss:{model}\",text,{}\n", rest.0);
        for item in 0..120 {
            let split = if item < 60 { "train" } else { "test" };
            let before = 1.0 + (item * 7 % 11) as f64 / 10.0;
            // Items of one person change together; the odd ones get worse.
            let after = before + 0.6 * (item % 2) as f64 + 0.4 * ((item / 6) % 3) as f64;
            let words = format!("a {} person number {item}", if item % 2 == 1 { "odd" } else { "even" });
            writeln!(text, "i{item},{split},{before},{after},\"{words}\",{}", rest.1(item)).unwrap();
        }
        let manifest = place.path("rows.csv");
        std::fs::write(&manifest, text).unwrap();
        place.done(&["ingest", "mine", "--manifest", manifest.to_str().unwrap()], 0);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn done(&self, arguments: &[&str], code: i32) -> String {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        command.arg("--home").arg(self.folder.path().join("home")).args(arguments);
        let output = command.env_remove("LLM2LOSS_HOME").env_remove("COLUMNS").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str], code: i32) -> Value {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat(), code)).unwrap()
    }

    /// What is written to a file, so that the ending chooses the form.
    fn file(&self, arguments: &[&str], name: &str) -> String {
        let path = self.path(name);
        self.done(&[arguments, &["-o", path.to_str().unwrap()]].concat(), 0);
        std::fs::read_to_string(path).unwrap()
    }
}

const COMPARE: [&str; 5] = ["compare-models", "mine", "v1", "v2", "--no-heads"];

#[test]
fn a_group_of_few_is_told_as_not_enough_data_and_a_gate_on_it_is_inconclusive() {
    let cells = |item: usize| format!("{},{}", item % 2, u8::from((60..65).contains(&item) || item == 3));
    let place = Place::new("v2", ("odd,rare", &cells));
    let found = place.json(&COMPARE, 0);
    let row = |name: &str| found["attributes"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
    assert_eq!((&row("odd")["loss_gap"]["verdict"], &row("odd")["n_true"]), (&"worse".into(), &30.into()));
    let rare = row("rare");
    assert_eq!((&rare["loss_gap"]["verdict"], &rare["n_true"]), (&"not_enough_data".into(), &5.into()));
    assert_eq!(rare["loss_gap"]["q"]["undefined"]["too_few"]["n"], 5, "{}", rare["loss_gap"]["q"]);
    assert!(rare["loss_gap"]["change"].is_f64(), "the change itself is shown");
    let text = place.done(&COMPARE, 0);
    let line = text.lines().find(|line| line.starts_with("rare ")).unwrap();
    assert!(line.ends_with("not enough data"), "{text}");
    assert!(text.contains("1 without enough data"), "{text}");
    let rules = place.path("rules.toml");
    std::fs::write(&rules, "[attribute.rare]\nmax_gap_increase = 0.01\n").unwrap();
    let check = ["check", "mine", "--model", "v2", "--against", "v1", "--rules", rules.to_str().unwrap()];
    let verdict = place.json(&check, 0);
    assert_eq!((&verdict["status"], &verdict["undecided"]), (&"inconclusive".into(), &1.into()));
    assert!(verdict["outcomes"][0]["message"].as_str().unwrap().contains("too few (5) to decide"), "{verdict}");
}

#[test]
fn items_of_one_person_are_resampled_together() {
    let person = |item: usize| format!("{},person {}", item % 2, item / 6);
    let alone = |item: usize| format!("{},", item % 2);
    let [grouped, plain] = [&person as &dyn Fn(usize) -> String, &alone].map(|cells| {
        let place = Place::new("v2", ("odd,group", cells));
        (place.json(&COMPARE, 0), place)
    });
    assert_eq!((&grouped.0["n"], &grouped.0["units"]), (&60.into(), &10.into()));
    assert_eq!((&plain.0["n"], &plain.0["units"]), (&60.into(), &60.into()), "a blank group is nobody's");
    let width = |found: &Value| {
        let interval = &found["losses"]["mean"]["interval"];
        interval["high"].as_f64().unwrap() - interval["low"].as_f64().unwrap()
    };
    assert!(width(&grouped.0) > 1.3 * width(&plain.0), "{} {}", width(&grouped.0), width(&plain.0));
    assert_eq!(grouped.0["losses"]["mean"]["change"], plain.0["losses"]["mean"]["change"]);
    assert!(grouped.1.done(&COMPARE, 0).contains("over 10 clusters of items"));
    // Pinned figures know of persons too.
    let error = |place: &Place| {
        let baseline = place.path("baseline.json");
        let baseline = baseline.to_str().unwrap();
        place.done(&["check", "mine", "--model", "v1", "--write-baseline", baseline], 0);
        let rules = place.path("rules.toml");
        std::fs::write(&rules, "max_mean_loss_increase = 0.1\n").unwrap();
        let rules = rules.to_str().unwrap();
        let found = place
            .json(&["check", "mine", "--model", "v2", "--rules", rules, "--baseline", baseline, "--on", "point"], 3);
        found["outcomes"][0]["error"].as_f64().unwrap()
    };
    assert!(error(&grouped.1) > 1.1 * error(&plain.1));
}

#[test]
fn names_that_mean_harm_stay_text_in_every_output() {
    const ATTRIBUTE: &str =
        "=HYPERLINK('http://x')</script><script>alert(1)</script>|`$x$`\\input{/etc/passwd}%0A::error::";
    const MODEL: &str = "@v2<img src=x onerror=y>::error title=x::y";
    let cells = |item: usize| format!("{},{}", item % 2, u8::from(item.is_multiple_of(3)));
    let place = Place::new(MODEL, (&format!("odd,\"{ATTRIBUTE}\""), &cells));
    let compare = ["compare-models", "mine", "v1", MODEL, "--no-heads"];
    let csv = place.done(&[&compare[..], &["--format", "csv"]].concat(), 0);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let cells: Vec<String> =
        rows.records().flat_map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(cells.iter().any(|cell| cell.starts_with("'=HYPERLINK")), "{csv}");
    assert!(!cells.iter().any(|cell| cell.starts_with(['=', '@'])), "{csv}");
    let markdown = place.done(&[&compare[..], &["--format", "markdown"]].concat(), 0);
    assert!(!markdown.contains("<script") && !markdown.contains("<img"), "{markdown}");
    let latex = place.done(&[&compare[..], &["--format", "latex"]].concat(), 0);
    assert!(!latex.contains("\\input{") && latex.contains("\\textbackslash{}input\\{"), "{latex}");

    let check = ["check", "mine", "--model", MODEL, "--against", "v1", "--on", "point"];
    let github = place.done(&[&check[..], &["--format", "github"]].concat(), 3);
    let starts = ["::error title=llm2loss ", "::warning title=llm2loss ", "::notice title=llm2loss "];
    assert!(github.lines().all(|line| starts.iter().any(|start| line.starts_with(start))), "{github}");
    assert!(github.contains("%250A"), "a per cent sign of a name is no escape: {github}");
    let junit = place.done(&[&check[..], &["--format", "junit"]].concat(), 3);
    assert!(!junit.contains("<script") && !junit.contains("<img"), "{junit}");
    let mut reader = quick_xml::Reader::from_str(&junit);
    while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    let sarif: Value = serde_json::from_str(&place.done(&[&check[..], &["--format", "sarif"]].concat(), 3)).unwrap();
    let said = sarif["runs"][0]["results"].to_string();
    assert!(said.contains("with =HYPERLINK"), "{said}");

    let report = ["report", "mine", "--model", MODEL, "--against", "v1", "--architecture", "linear"];
    let page = place.file(&report, "a.html");
    assert!(!page.contains("<script") && !page.contains("<img") && page.contains("&lt;script&gt;alert(1)"));
    let page = place.file(&report, "a.md");
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    let page = place.file(&report, "a.tex");
    assert!(!page.contains("\\input{") && !page.contains("$x$"));
    if Path::new("/usr/bin/pdflatex").exists() {
        let mut command = std::process::Command::new("/usr/bin/pdflatex");
        command.args(["-interaction=nonstopmode", "-halt-on-error", "a.tex"]).current_dir(place.folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let document: Value = serde_json::from_str(&place.file(&report, "a.json")).unwrap();
    assert_eq!(document["comparison"]["after"], MODEL);
}
