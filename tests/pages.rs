//! What the pages show is what the program prints: every `console` block of the tutorial is run, in order, in one home.
//!
//! A line of a page that is `…` stands for any lines, `…` within a line for any text. Words must be equal; numbers may
//! differ by a tenth, or by .2, since heads differ a little from processor to processor.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;

/// A command and what the page shows of its output.
struct Shown {
    line: usize,
    command: String,
    output: Vec<String>,
}

/// The commands of a page's `console` blocks.
fn shown(page: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let mut inside = false;
    for (at, line) in page.lines().enumerate() {
        match (line, line.strip_prefix("$ ")) {
            ("```console", _) => inside = true,
            ("```", _) => inside = false,
            (_, Some(command)) if inside => {
                all.push(Shown { line: at + 1, command: command.to_owned(), output: Vec::new() });
            }
            _ if inside => {
                if let Some(last) = all.last_mut() {
                    last.output.push(line.to_owned());
                }
            }
            _ => {}
        }
    }
    all
}

/// The words of a command, quoted ones as one.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for sign in command.chars() {
        match sign {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            sign => words.last_mut().unwrap().push(sign),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A number as the program prints it, with what stands around it taken off.
fn number(token: &str) -> Option<f64> {
    let bare = token.trim_matches(|sign: char| "[](),;%<>".contains(sign)).replace(',', "");
    bare.parse().ok()
}

/// Whether a token printed is the token shown.
fn alike(shown: &str, printed: &str) -> bool {
    let hexadecimal = |token: &str| token.len() == 8 && token.chars().all(|sign| sign.is_ascii_hexdigit());
    if shown == printed || hexadecimal(shown) && hexadecimal(printed) {
        return true;
    }
    match (number(shown), number(printed)) {
        (Some(a), Some(b)) => (a - b).abs() <= (0.1 * a.abs()).max(0.2),
        _ => false,
    }
}

/// Whether a printed line is the line shown.
fn matches(shown: &str, printed: &str) -> bool {
    let (shown, printed) =
        (shown.split_whitespace().collect::<Vec<_>>(), printed.split_whitespace().collect::<Vec<_>>());
    same(&shown, &printed)
}

fn same(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((&"…", rest)) => (0..=printed.len()).any(|from| same(rest, &printed[from..])),
        Some((first, rest)) => {
            printed.split_first().is_some_and(|(token, after)| alike(first, token) && same(rest, after))
        }
    }
}

/// The first line shown that is not printed where it should be.
fn missing<'a>(shown: &'a [String], printed: &[&str]) -> Option<&'a str> {
    let mut at = 0;
    let mut free = false;
    for line in shown.iter().map(|line| line.trim_end()) {
        if line == "…" {
            free = true;
            continue;
        }
        let found = match free {
            true => (at..printed.len()).find(|&row| matches(line, printed[row])),
            false => Some(at).filter(|&row| row < printed.len() && matches(line, printed[row])),
        };
        match found {
            Some(row) => at = row + 1,
            None => return Some(line),
        }
        free = false;
    }
    None
}

#[test]
fn lines_are_compared_by_words_and_by_numbers_that_are_near() {
    assert!(matches("Senior  1411  3.71", "Senior  1411  3.69"));
    assert!(!matches("Senior  1411  3.71", "Senior  1411  4.71"));
    assert!(!matches("Senior 3.71", "Junior 3.71"));
    assert!(matches("run 1c6a92c0 …", "run ffff0000 and more"));
    let output = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert_eq!(missing(&output(&["a", "…", "c"]), &["a", "b", "c"]), None);
    assert_eq!(missing(&output(&["a", "c"]), &["a", "b", "c"]), Some("c"));
}

#[test]
fn every_command_of_the_tutorial_prints_what_it_shows() {
    let home = tempfile::tempdir().unwrap();
    let page = include_str!("../docs/tutorial.md");
    let mut ran = 0;
    let mut wrong = Vec::new();
    for shown in shown(page) {
        let words = words(&shown.command);
        let Some(("llm2loss", arguments)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) else {
            continue;
        };
        // The console itself needs a terminal: tests/pty.rs.
        if arguments.is_empty() {
            continue;
        }
        let done = Command::cargo_bin("llm2loss")
            .unwrap()
            .args(arguments)
            .current_dir(home.path())
            .env("LLM2LOSS_HOME", home.path().join("home"))
            .output()
            .unwrap();
        let printed = String::from_utf8(done.stdout).unwrap();
        let printed: Vec<&str> = printed.lines().collect();
        let start = format!("docs/tutorial.md:{}: `{}`", shown.line, shown.command);
        // A check that stops a model ends with 3, which its page says.
        if !matches!(done.status.code(), Some(0 | 3)) {
            wrong.push(format!("{start}: {}", String::from_utf8_lossy(&done.stderr)));
        } else if let Some(line) = missing(&shown.output, &printed) {
            wrong.push(format!("{start} does not print: {line}\nbut:\n{}", printed.join("\n")));
        }
        ran += 1;
    }
    assert!(ran > 5 && wrong.is_empty(), "{ran} commands ran\n{}", wrong.join("\n\n"));
}
