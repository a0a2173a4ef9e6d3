//! The report as a file: equal bytes, nothing fetched, nothing injected, everything named.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use llm2loss::audit::{Architecture, HyperParameters};
use llm2loss::diagnose::{Finding, Findings};
use llm2loss::engine::{Session, Tracker};
use llm2loss::report::{self, Format, ReportMaterial};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::path::Path;

fn report(home: &Path, arguments: &[&str], date: Option<&str>) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(["report", "adult"]).args(arguments).env_remove("LLM2LOSS_HOME");
    match date {
        Some(seconds) => command.env("SOURCE_DATE_EPOCH", seconds),
        None => command.env_remove("SOURCE_DATE_EPOCH"),
    };
    command.assert()
}

/// Names of the elements of a page's body, which must be nested as XML is; and whether each has what it needs.
fn elements(page: &str) -> Vec<String> {
    let body = &page[page.find("<body>").unwrap()..page.find("</html>").unwrap()];
    let mut reader = Reader::from_str(body);
    let mut names = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => {
                let name = element.name().as_ref().to_owned();
                if name == "svg" {
                    assert!(element.try_get_attribute("aria-labelledby").unwrap().is_some());
                }
                names.push(name);
            }
            Event::Eof => return names,
            _ => {}
        }
    }
}

#[test]
fn equal_inputs_give_equal_bytes_that_open_without_a_network() {
    let home = tempfile::tempdir().unwrap();
    let write_with = |name: &str, date: Option<&str>, more: &[&str]| {
        let file = home.path().join(name);
        let arguments = ["--model", "v2", "--against", "v1", "--architecture", "linear", "-o", file.to_str().unwrap()];
        report(home.path(), &[&arguments[..], more].concat(), date).code(0);
        std::fs::read_to_string(file).unwrap()
    };
    let write = |name: &str, date: Option<&str>| write_with(name, date, &[]);
    let page = write("a.html", None);
    assert!(page == write("b.html", None), "the same inputs must give the same bytes");
    let dated = write("c.html", Some("1700000000"));
    assert!(dated.contains("<dt>date</dt><dd>2023-11-14</dd>") && !page.contains("<dt>date</dt>"));

    for fetched in ["src=", "<script", "<link", "@import", "url(", "href=\"http"] {
        assert!(!page.contains(fetched), "{fetched}");
    }
    let names = elements(&page);
    let count = |name: &str| names.iter().filter(|other| *other == name).count();
    assert_eq!((count("svg"), count("figure"), count("figcaption")), (7, 7, 7));
    assert_eq!(count("desc"), 7, "every figure has a text alternative");
    assert!(count("table") >= 9 && count("table") == count("caption"));
    for words in ["Senior", "16,281 test items", "data fingerprint", "linear, 5 members", "n = 40", "Runs "] {
        assert!(page.contains(words), "{words}");
    }
    // Checks over time are a section of their own, with a figure that is described.
    let ledger = home.path().join("gate.jsonl");
    for _ in 0..2 {
        let mut check = Command::cargo_bin("llm2loss").unwrap();
        check.arg("--home").arg(home.path()).args(["check", "adult", "--model", "v2", "--against", "v1", "--ledger"]);
        check.arg(&ledger).env_remove("LLM2LOSS_HOME").env("SOURCE_DATE_EPOCH", "1700000000").assert().code(0);
    }
    let checked = write_with("g.html", None, &["--ledger", ledger.to_str().unwrap()]);
    let names = elements(&checked);
    assert_eq!(names.iter().filter(|name| *name == "desc").count(), 8);
    for words in ["What checks found over time", "2 looks at test set", "on 2023-11-14, limit", "v2 against v1"] {
        assert!(checked.contains(words), "{words}");
    }
    std::fs::write(&ledger, "# Notes\n").unwrap();
    let refused = report(home.path(), &["--ledger", ledger.to_str().unwrap(), "-o", "x.html"], None).code(2);
    assert!(String::from_utf8_lossy(&refused.get_output().stderr).contains("line 1 is no line of a ledger"));
    let tables = write("d.md", None);
    assert!(tables.starts_with("# adult: audit of model v2\n") && tables.contains("| Senior |"));
    assert!(!tables.contains("Test items of the highest loss") && tables.contains("years old"), "of risen items alone");
    let hidden = write_with("e.tex", None, &["--items", "2", "--hide-text"]);
    assert!(hidden.trim_end().ends_with("\\end{document}") && hidden.contains("Texts are hidden"));
    assert!(hidden.contains("Test items of the highest loss") && !hidden.contains("years old"));
    let shown = write_with("f.json", None, &["--items", "2"]);
    let document: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let behind = document["items"].as_array().unwrap();
    assert!(
        !behind.is_empty()
            && behind.len() < 8
            && behind.iter().all(|finding| finding["items"].as_array().unwrap().len() == 2)
    );
    let first = &behind[0]["items"];
    assert!(first[0]["losses"]["v2"].as_f64() >= first[1]["losses"]["v2"].as_f64());
    assert!(
        first[0]["text"].is_string()
            && first[0]["attributes"][behind[0]["attribute"].as_str().unwrap()] == behind[0]["with"]
    );
    assert_eq!((&document["schema"], &document["comparison"]["before"]), (&"llm2loss.report/1".into(), &"v1".into()));
}

#[test]
fn hostile_names_stay_text() {
    const HOSTILE: &str = "</title><script>alert(1)</script>\"><img src=x onerror='y'>\u{202e}";
    let home = tempfile::tempdir().unwrap();
    let session = Session::open(home.path(), "adult").unwrap();
    let hyper = HyperParameters { epochs: 1, ..HyperParameters::new(Architecture::Linear) };
    let mut run = session.train("v1", &hyper, &Tracker::silent()).unwrap();
    let mut findings = session.findings_of_run(&run, None).unwrap();
    let clean = elements(&page(&session, &run, &findings));
    run.record.audit = HOSTILE.into();
    run.record.model = format!("=1+1{HOSTILE}");
    run.record.device = HOSTILE.into();
    let tables = &mut run.diagnosis.tables;
    tables.attributes.rows[0].name = HOSTILE.into();
    tables.attributes.rows[1].name = "=HYPERLINK(\"http://x\")".into();
    tables.attributes.rows[2].name = "\t@SUM(1)".into();
    tables.attributes.rows[3].name = "\u{ff1d}1".into();
    tables.ood.in_distribution[0] = HOSTILE.into();
    tables.ood.rows[1].foreign = HOSTILE.into();
    let Some(Finding::Harder(group)) = findings.findings.first_mut() else { panic!("v1 fails somebody") };
    group.group = HOSTILE.into();
    let hostile = page(&session, &run, &findings);
    assert!(!hostile.contains("<script") && !hostile.contains("<img") && !hostile.contains('\u{202e}'));
    assert!(hostile.contains("&lt;script&gt;alert(1)"), "the name is shown as it is");
    assert!(elements(&hostile) == clean, "no element more, none less");

    let csv = report::attributes(&run.diagnosis.tables.attributes, &run.record).render(Format::Csv);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let first: Vec<String> = rows.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert_eq!(first[1], "'=HYPERLINK(\"http://x\")");
    assert!(first[2].starts_with('\'') && first[3].starts_with('\''), "{first:?}");
    let formula = |cell: &String| cell.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}']);
    assert!(!first.iter().any(formula));
}

fn page(session: &Session, run: &llm2loss::engine::LoadedRun, findings: &Findings) -> String {
    let scorer = session.scorer(run).unwrap();
    let tables = &run.diagnosis.tables;
    // Scored as calm prompts, so that both pages have the same axes; shown under whatever names there are.
    let name = tables.ood.in_distribution[0].clone();
    let mut one = scorer.score("a person").unwrap();
    let mut pair = scorer.compare("a person", "a nurse").unwrap();
    one.text.clone_from(&name);
    pair.a.text = name;
    report::html_report(&ReportMaterial {
        run: &run.record,
        tables,
        test_items: session.record().test_items,
        findings,
        ladder: vec![one],
        pairs: vec![pair],
        calibration: llm2loss::diagnose::CalibrationTable::of(&run.diagnosis.calibration),
        discovery: llm2loss::diagnose::Discovery::default(),
        ledger: None,
        comparison: None,
        items: &[],
        date: Some(run.record.device.clone()),
    })
}

#[test]
fn where_and_how_to_write_is_asked_for() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (&[][..], "say where the report goes"),
        (&["-o", "audit.pdf"], "ends in .html, .md, .json or .tex"),
        (&["-o", "/nowhere/audit.html", "--model", "v9"], "it has: v1, v2"),
    ] {
        let done = report(home.path(), arguments, None).code(2);
        let said = String::from_utf8(done.get_output().stderr.clone()).unwrap();
        assert!(said.contains(words), "{said}");
    }
    report(home.path(), &["-o", "a.html"], Some("tomorrow")).code(2);
}
