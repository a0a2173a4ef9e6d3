//! Names that would command a terminal, a browser, a spreadsheet or a build log, through every output.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use serde_json::{Value, json};
use std::path::Path;

/// What somebody may have put into a name.
const HOSTILE: [&str; 26] = [
    "\u{1b}[31m",
    "\u{1b}]0;title\u{7}",
    "\u{8}\u{8}",
    "\r",
    "\u{7f}",
    "\u{9b}31m",
    "\u{9d}0;title\u{9c}",
    "\u{85}",
    "\u{202e}",
    "\u{2066}\u{2069}",
    "\u{200f}",
    "\u{61c}",
    "\u{200b}",
    "\u{200d}",
    "\u{2060}",
    "\u{feff}",
    "\u{e0041}\u{e007f}",
    "\u{2028}",
    "\u{2029}",
    "\u{fff9}",
    "\u{ad}",
    "::error::",
    "\n::set-output name=x::",
    "##[error]",
    "=1+1|",
    "<script>alert(1)</script>",
];

fn is_hidden(character: char) -> bool {
    character.is_control()
        || ['\u{ad}', '\u{61c}', '\u{180e}', '\u{feff}'].contains(&character)
        || ('\u{200b}'..='\u{200f}').contains(&character)
        || ('\u{2028}'..='\u{202e}').contains(&character)
        || ('\u{2060}'..='\u{206f}').contains(&character)
        || ('\u{fff9}'..='\u{fffb}').contains(&character)
        || ('\u{e0000}'..='\u{e0fff}').contains(&character)
}

fn run(folder: &Path, arguments: &[&str], codes: &[i32]) -> (String, String) {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let done = command.current_dir(folder).args(["--home", "home"]).args(arguments).env_remove("LLM2LOSS_HOME");
    let done = done.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, said) = (text(&done.stdout), text(&done.stderr));
    assert!(codes.contains(&done.status.code().unwrap()), "{arguments:?}: {said}");
    (out, said)
}

/// Nothing that cannot be seen.
fn visible(what: &str, text: &str) {
    let hidden = text.chars().find(|character| *character != '\n' && is_hidden(*character));
    assert_eq!(hidden, None, "{what}: {text}");
}

/// Nor a line that a build log takes for a command.
fn tame(what: &str, text: &str) {
    visible(what, text);
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::"), "{what}: {line}");
        assert!(!line.contains("##["), "{what}: {line}");
    }
}

/// Every string as the beginning of an attribute's name, an id and a text; two models.
fn manifest(folder: &Path) {
    let mut lines = String::new();
    for row in 0..120 {
        let hostile = HOSTILE[row % HOSTILE.len()];
        let mut item = json!({
            "id": format!("{hostile}id {row}"),
            "text": format!("{hostile} a person, number {row}"),
            "split": if row < 60 { "train" } else { "test" },
            "label": row % 3 % 2,
            "loss:\u{9b}::before\u{202e}": f64::from(row as u8 % 7) / 4.0,
            "loss:::after\u{e0041}": f64::from(row as u8 % 5) / 2.0,
        });
        for (at, hostile) in HOSTILE.iter().enumerate() {
            item[format!("{hostile}attribute {at}")] = json!((row >> (at % 6)) % 2);
        }
        lines.push_str(&item.to_string());
        lines.push('\n');
    }
    std::fs::write(folder.join("m.jsonl"), lines).unwrap();
}

#[test]
fn no_output_carries_a_hostile_name_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    manifest(folder);
    let both = |arguments: &[&str], codes: &[i32]| {
        let (out, said) = run(folder, arguments, codes);
        tame(&format!("{arguments:?}"), &out);
        tame(&format!("{arguments:?}, stderr"), &said);
        out
    };
    let as_json = |arguments: &[&str], codes: &[i32]| -> Value {
        let (out, said) = run(folder, arguments, codes);
        visible(&format!("{arguments:?}"), &out);
        tame(&format!("{arguments:?}, stderr"), &said);
        serde_json::from_str(&out).unwrap()
    };
    both(&["ingest", "x", "--manifest", "m.jsonl", "--check"], &[0]);
    as_json(&["ingest", "x", "--manifest", "m.jsonl", "--json"], &[0]);
    both(&["audits", "show", "x"], &[0]);
    let shown = as_json(&["audits", "show", "x", "--json"], &[0]);
    // What is escaped is not lost.
    let models: Vec<&str> =
        shown["models"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    let [before, after] = models.as_slice() else { panic!("{models:?}") };
    assert!(before.contains("before") && after.contains("after"), "{models:?}");
    assert!(models.iter().any(|name| name.chars().any(is_hidden)), "{models:?}");
    as_json(&["embed", "x", "--json"], &[0]);
    both(&["train", "x", "--model", after, "--arch", "linear"], &[0]);
    for kind in ["attributes", "validity", "bias", "zeroshot", "ood"] {
        for form in ["text", "csv", "markdown", "latex"] {
            both(&["table", "x", kind, "--model", after, "--format", form], &[0]);
        }
        as_json(&["table", "x", kind, "--model", after, "--format", "json"], &[0]);
    }
    for form in ["text", "csv", "markdown", "latex"] {
        both(&["table", "x", "intersections", "--model", after, "--format", form], &[0]);
    }
    as_json(&["table", "x", "intersections", "--model", after, "--json"], &[0]);
    both(&["findings", "x", "--model", after], &[0]);
    both(&["findings", "x", "--model", after, "--csv"], &[0]);
    both(&["findings", "x", "--model", after, "--markdown"], &[0]);
    let found = as_json(&["findings", "x", "--model", after, "--json"], &[0]);
    assert!(found["findings"].as_array().unwrap().len() > 1, "{found}");
    for prompt in HOSTILE.iter().filter(|prompt| !prompt.trim().is_empty() && !prompt.contains('\n')) {
        both(&["score", "x", "--model", after, "--", prompt], &[0]);
        as_json(&["score", "x", "--model", after, "--json", "--", prompt], &[0]);
    }
    both(&["compare-models", "x", before, after, "--no-heads"], &[0]);
    as_json(&["compare-models", "x", before, after, "--no-heads", "--json"], &[0]);
    for form in ["text", "csv", "markdown", "latex"] {
        both(&["items", "x", "--model", after, "--against", before, "--near", "a person", "--format", form], &[0]);
    }
    let listed = as_json(&["items", "x", "--model", after, "--top", "60", "--json"], &[0]);
    let id = listed["items"][5]["id"].as_str().unwrap();
    both(&["items", "x", "--model", after, &format!("--id={id}")], &[0]);
    for name in ["ids.csv", "ids.jsonl", "ids.txt"] {
        both(&["items", "x", "--model", after, "--ids", name], &[0]);
        visible(name, &std::fs::read_to_string(folder.join(name)).unwrap());
    }
    both(&["runs"], &[0]);
    as_json(&["runs", "--json"], &[0]);
    let check = ["check", "x", "--model", after, "--against", before];
    let codes = [0, 3, 4];
    both(&[&check[..], &["--format", "text"]].concat(), &codes);
    both(&[&check[..], &["--format", "junit"]].concat(), &codes);
    as_json(&[&check[..], &["--format", "json"]].concat(), &codes);
    as_json(&[&check[..], &["--format", "sarif"]].concat(), &codes);
    let (github, _) = run(folder, &[&check[..], &["--format", "github"]].concat(), &codes);
    visible("github", &github);
    for line in github.lines() {
        let known = ["::error title=llm2loss", "::warning title=llm2loss", "::notice title=llm2loss"];
        assert!(known.iter().any(|command| line.starts_with(command)), "{line}");
    }
    both(&["check", "x", "--model", after, "--write-baseline", "baseline.json"], &[0]);
    let baseline = std::fs::read_to_string(folder.join("baseline.json")).unwrap();
    visible("baseline", &baseline);
    both(&["check", "x", "--model", after, "--baseline", "baseline.json"], &codes);
    for form in ["html", "md", "tex", "json"] {
        let name = format!("report.{form}");
        both(&["report", "x", "--model", after, "--output", &name], &[0]);
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        visible(form, &text);
        assert!(form != "html" || !text.contains("<script>alert"));
    }
}

#[test]
fn no_error_carries_a_hostile_name_out() {
    let folder = tempfile::tempdir().unwrap();
    for hostile in HOSTILE {
        let name = format!("{}.csv", hostile.replace('/', ""));
        for arguments in
            [&["ingest", "x", "--manifest", &name][..], &["table", &name, "bias"], &["runs", "show", &name]]
        {
            let (out, said) = run(folder.path(), arguments, &[2]);
            assert!(out.is_empty());
            tame(&format!("{arguments:?}"), &said);
            // Help on a wrong argument takes several lines.
            assert!(said.lines().count() == 1, "{said}");
        }
    }
}
