//! Which column of a table holds the texts, where no name says so.

use super::DataError;
use super::table::{Column, Table};
use std::collections::HashSet;

/// Names that texts go by, beside those that are always theirs.
const NAMES: [&str; 22] = [
    "review",
    "tweet",
    "content",
    "prompt",
    "question",
    "message",
    "body",
    "input",
    "utterance",
    "document",
    "comment",
    "post",
    "query",
    "problem",
    "instruction",
    "description",
    "abstract",
    "passage",
    "article",
    "transcript",
    "title",
    "sentence1",
];
/// Cells looked at.
const SAMPLE: usize = 5_000;
/// Fewest words of a text on average, and least share of texts that differ.
const LEAST_WORDS: f64 = 3.0;
const LEAST_DISTINCT: f64 = 0.5;
const LEAST_DISTINCT_NAMED: f64 = 0.05;
/// A text is so many times as long as the next column's, or it is not clear which is the text.
const TIMES: f64 = 2.0;

/// A column that may hold the texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub name: String,
    /// Mean number of words.
    pub words: f64,
    named: bool,
}

/// The name of the column that holds the texts: the one with a known name, or by far the longest.
///
/// # Errors
/// The columns it may be, where none is clear.
pub fn find_text(columns: &[&Column]) -> Result<String, Vec<Candidate>> {
    let mut found: Vec<Candidate> = columns.iter().filter_map(|column| candidate(column)).collect();
    found.sort_by(|a, b| b.named.cmp(&a.named).then(b.words.total_cmp(&a.words)));
    let named = found.iter().filter(|candidate| candidate.named).count();
    let clear = match found.as_slice() {
        [only] => Some(only),
        [first, ..] if named == 1 => Some(first),
        [first, second, ..] if first.named == second.named && first.words >= TIMES * second.words => Some(first),
        _ => None,
    };
    clear.map(|candidate| candidate.name.clone()).ok_or(found)
}

fn candidate(column: &Column) -> Option<Candidate> {
    let step = (column.len() / SAMPLE).max(1);
    let cells: Vec<&str> = column.cells().step_by(step).filter(|cell| !super::columns::is_missing(cell)).collect();
    let share = |count: usize| count as f64 / cells.len().max(1) as f64;
    let worded = share(cells.iter().filter(|cell| is_worded(cell)).count());
    let distinct = share(cells.iter().collect::<HashSet<_>>().len());
    let words = cells.iter().map(|cell| words(cell)).sum::<f64>() / cells.len().max(1) as f64;
    let lower = column.name.to_lowercase();
    let named = NAMES.contains(&lower.as_str());
    let fits = if named {
        distinct >= LEAST_DISTINCT_NAMED && cells.len() >= 2
    } else {
        distinct >= LEAST_DISTINCT && words >= LEAST_WORDS
    };
    (worded > 0.8 && fits).then(|| Candidate { name: column.name.clone(), words, named })
}

/// Letters, and neither a number, an address nor a path.
fn is_worded(cell: &str) -> bool {
    let letters = cell.chars().take(400).filter(|letter| letter.is_alphabetic()).count();
    let length = cell.chars().take(400).filter(|letter| !letter.is_whitespace()).count();
    let address = !cell.contains(char::is_whitespace) && (cell.contains("://") || cell.contains('/'));
    letters * 2 > length && !address
}

/// Words of a cell; scripts without blanks between words count two characters as one.
fn words(cell: &str) -> f64 {
    let dense = cell.chars().filter(|letter| *letter >= '\u{2e80}').count();
    cell.split_whitespace().count() as f64 + dense as f64 / 2.0
}

/// The error of a table whose texts cannot be found.
#[must_use]
pub fn no_text(table: &Table, candidates: &[Candidate]) -> DataError {
    let problem = if candidates.is_empty() {
        let known: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).take(40).collect();
        format!(
            "no column holds texts (it has: {}); name it with --column text=COLUMN, give --embeddings FILE, or write each row as a sentence of its columns with --describe",
            known.join(", ")
        )
    } else {
        let names: Vec<String> = candidates
            .iter()
            .map(|candidate| format!("'{}' ({:.0} words a row)", candidate.name, candidate.words))
            .collect();
        format!("several columns may hold the texts: {}; say which with --column text=COLUMN", names.join(", "))
    };
    DataError::File { file: table.file.clone(), problem }
}
