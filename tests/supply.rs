//! What the program is made of: licences by a list, and how often it says `unsafe`.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Licences that ask for no more than to be named.
const TAKEN: [&str; 15] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "BSL-1.0",
    "CC0-1.0",
    "Unlicense",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "CDLA-Permissive-2.0",
];
/// Crates looked at one by one: MPL-2.0 asks that changes to the crate's own files be shown, and there are none.
const LOOKED_AT: [(&str, &str); 3] = [("nucleo-matcher", "MPL-2.0"), ("option-ext", "MPL-2.0"), ("terminfo", "WTFPL")];

/// Whether an expression such as `MIT OR (Apache-2.0 AND ISC)` can be met with licences of the list.
fn is_taken(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    let met = either(&mut words);
    met && words.is_empty()
}

fn either(words: &mut Vec<&str>) -> bool {
    let mut met = both(words);
    while words.last() == Some(&"OR") {
        words.pop();
        met |= both(words);
    }
    met
}

fn both(words: &mut Vec<&str>) -> bool {
    let mut met = one(words);
    while words.last() == Some(&"AND") {
        words.pop();
        met &= one(words);
    }
    met
}

fn one(words: &mut Vec<&str>) -> bool {
    match words.pop() {
        Some("(") => {
            let met = either(words);
            words.pop() == Some(")") && met
        }
        Some(name) if words.last() == Some(&"WITH") => {
            words.pop();
            let exception = words.pop().unwrap_or_default();
            TAKEN.contains(&format!("{name} WITH {exception}").as_str())
        }
        Some(name) => TAKEN.contains(&name),
        None => false,
    }
}

#[test]
fn expressions_are_read_as_written() {
    for taken in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR GPL-3.0) AND Unicode-3.0"] {
        assert!(is_taken(taken), "{taken}");
    }
    for refused in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR Zlib) AND MPL-2.0", "", "Apache-2.0 WITH GPL-exception"] {
        assert!(!is_taken(refused), "{refused}");
    }
}

#[test]
fn every_crate_has_a_licence_of_the_list() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let found = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    if !found.status.success() {
        // Crates of other systems are not on this machine, and there is no network.
        println!("skipped: {}", String::from_utf8_lossy(&found.stderr));
        return;
    }
    let metadata: Value = serde_json::from_slice(&found.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    for package in packages {
        let (name, licence) = (package["name"].as_str().unwrap(), package["license"].as_str().unwrap_or_default());
        assert!(
            is_taken(licence) || LOOKED_AT.contains(&(name, licence)),
            "{name} has licence '{licence}': decide, and put it on the list in tests/supply.rs"
        );
    }
}

/// What cargo-deny is told is what is held here, where there may be no network.
#[test]
fn cargo_deny_has_the_same_list() {
    let told: toml::Table = std::fs::read_to_string(Path::new(ROOT).join(".ci/deny.toml")).unwrap().parse().unwrap();
    let words = |value: &toml::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words(&told["licenses"]["allow"]), TAKEN);
    let one_by_one: Vec<(String, String)> = told["licenses"]["exceptions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["crate"].as_str().unwrap().to_owned(), words(&entry["allow"]).join(" ")))
        .collect();
    assert_eq!(one_by_one, LOOKED_AT.map(|(name, licence)| (name.to_owned(), licence.to_owned())));
}

/// Workflows cannot run here: they call scripts that do.
#[test]
fn workflows_call_scripts_that_are_there_and_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Path::new(ROOT).join(".github/workflows");
    let mut scripts = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let words = text.split_whitespace().filter(|word| word.starts_with(".ci/") || word.starts_with(".packaging/"));
        scripts.extend(words.map(str::to_owned));
    }
    let all = [".ci/msrv", ".ci/nightly", ".ci/run", ".packaging/release.sh", ".packaging/try.sh"];
    assert!(scripts.iter().eq(all.iter()), "{scripts:?}");
    for script in scripts {
        let mode = std::fs::metadata(Path::new(ROOT).join(&script)).unwrap().permissions().mode();
        assert!(mode & 0o111 == 0o111, "{script} cannot be run");
    }
}

fn lines_of(folder: &Path, lines: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lines_of(&path, lines);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            lines.extend(std::fs::read_to_string(path).unwrap().lines().map(str::to_owned));
        }
    }
}

#[test]
fn the_page_says_how_often_the_program_is_unsafe() {
    let mut lines = Vec::new();
    lines_of(&Path::new(ROOT).join("src"), &mut lines);
    let is_unsafe = |line: &&String| ["unsafe {", "unsafe fn", "unsafe impl"].iter().any(|word| line.contains(word));
    let count = lines.iter().filter(is_unsafe).count();
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/security.md")).unwrap();
    assert!(page.contains(&format!("`unsafe` stands {count} times in it")), "docs/security.md: {count} times");
}
