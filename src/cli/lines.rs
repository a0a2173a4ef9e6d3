//! Lists a person gives: one prompt, or one pair of prompts, a line.

use super::context::{Failure, check_prompt};
use crate::data::Source;
use std::io::Read;
use std::path::Path;

/// Longest list that is read, in bytes.
const LONGEST: u64 = 64 << 20;

/// The lines of a file, or of the standard input for `-`, that are not empty, with their numbers from 1.
fn lines(path: &Path) -> Result<Vec<(usize, String)>, Failure> {
    let fault = |problem: String| Failure::usage(format!("{}: {problem}", path.display()));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(LONGEST + 1).read_to_string(&mut text)
    } else {
        let source = Source::open(path).map_err(|error| Failure::usage(error.to_string()))?;
        source.into_reader().take(LONGEST + 1).read_to_string(&mut text)
    };
    read.map_err(|error| fault(error.to_string()))?;
    let text = crate::files::without_mark(text);
    if text.len() as u64 > LONGEST {
        return Err(fault(format!("over {LONGEST} bytes; give it in parts")));
    }
    let numbered = text.lines().zip(1..);
    let kept: Vec<(usize, String)> =
        numbered.filter(|(line, _)| !line.trim().is_empty()).map(|(line, number)| (number, line.to_owned())).collect();
    if kept.is_empty() { Err(fault("there is no line in it".into())) } else { Ok(kept) }
}

fn in_line(path: &Path, number: usize, failure: &Failure) -> Failure {
    Failure::usage(format!("{}, line {number}: {}", path.display(), failure.message))
}

/// Prompts, one a line.
pub fn prompts(path: &Path) -> Result<Vec<String>, Failure> {
    let one = |(number, line): (usize, String)| {
        check_prompt(&line).map(str::to_owned).map_err(|failure| in_line(path, number, &failure))
    };
    lines(path)?.into_iter().map(one).collect()
}

/// Pairs of prompts, A and B separated by a tab.
pub fn pairs(path: &Path) -> Result<Vec<(String, String)>, Failure> {
    let one = |(number, line): (usize, String)| {
        let halves: Vec<&str> = line.split('\t').collect();
        let [a, b] = halves.as_slice() else {
            let problem = format!("{} tabs; give A and B separated by one tab", halves.len() - 1);
            return Err(in_line(path, number, &Failure::usage(problem)));
        };
        let check =
            |half: &str| check_prompt(half).map(str::to_owned).map_err(|failure| in_line(path, number, &failure));
        Ok((check(a)?, check(b)?))
    };
    lines(path)?.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_split_by_one_tab_and_faults_name_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.tsv");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write("a nurse\ta pilot\r\n\n an old man \t a boy\n");
        let expected = [("a nurse", "a pilot"), ("an old man", "a boy")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(pairs(&path).unwrap(), expected);
        for (text, words) in
            [("a\tb\nc", "line 2: 0 tabs"), ("a\t ", "line 1: the prompt is empty"), ("\n", "is empty")]
        {
            write(text);
            let failure = pairs(&path).unwrap_err();
            assert!(failure.message.contains(words) && failure.code == 2, "{}", failure.message);
        }
        write("one\n two \n");
        assert_eq!(prompts(&path).unwrap(), ["one", "two"]);
    }
}
