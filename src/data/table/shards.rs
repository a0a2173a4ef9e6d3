//! Data in several files: a folder or a pattern, in the order of their names, none missing.

use super::Table;
use super::column::Column;
use super::source::{file_name, is_blank};
use crate::data::DataError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Endings of files of rows, the likeliest first: a folder's files of the first kind found are read.
const KINDS: [&[&str]; 3] =
    [&[".parquet"], &[".jsonl", ".ndjson", ".jsonl.gz"], &[".csv", ".tsv", ".csv.gz", ".tsv.gz"]];
const IMAGES: [&str; 6] = [".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"];
/// Words before `-00000-of-00005` that name a split.
const SPLITS: [&str; 7] = ["train", "validation", "valid", "val", "dev", "test", "eval"];

/// The files that a folder or a pattern (`*`, `?` in the name) stands for, in order; `None` for a single file.
///
/// # Errors
/// If there are none, or one is missing in a series that is numbered.
pub fn files(path: &Path) -> Result<Option<Vec<PathBuf>>, DataError> {
    let fault = |problem: String| DataError::File { file: path.display().to_string(), problem };
    let name = file_name(path);
    let (folder, pattern) = if path.is_dir() {
        (path.to_owned(), None)
    } else if !path.exists() && path.to_string_lossy().contains(['*', '?']) {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        (parent.unwrap_or(Path::new(".")).to_owned(), Some(name))
    } else {
        return Ok(None);
    };
    if !folder.exists() && folder.to_string_lossy().contains(['*', '?']) {
        return Err(fault("a pattern stands for names of files in one folder; name the folder without * and ?".into()));
    }
    let entries = std::fs::read_dir(&folder).map_err(|error| fault(error.to_string()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| !entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        // Spark's marks and sums.
        .filter(|name| !name.starts_with(['.', '_']))
        .collect();
    match &pattern {
        Some(pattern) => names.retain(|name| matches(pattern.as_bytes(), name.as_bytes())),
        None => names = of_one_kind(&folder, names).map_err(fault)?,
    }
    if names.is_empty() {
        return Err(fault("no file is called so".into()));
    }
    let mut numbered: Vec<(Series, String)> = names.into_iter().map(|name| (Series::of(&name), name)).collect();
    numbered.sort();
    whole(&numbered).map_err(fault)?;
    Ok(Some(numbered.into_iter().map(|(_, name)| folder.join(name)).collect()))
}

/// The files of a folder that are rows.
fn of_one_kind(folder: &Path, names: Vec<String>) -> Result<Vec<String>, String> {
    let has = |name: &str, endings: &[&str]| endings.iter().any(|ending| name.to_lowercase().ends_with(ending));
    if names.iter().any(|name| name == "samples.json") && names.iter().any(|name| name == "metadata.json") {
        return Err(super::forms::fiftyone("samples.json"));
    }
    for kind in KINDS {
        let found: Vec<String> = names.iter().filter(|name| has(name, kind)).cloned().collect();
        if !found.is_empty() {
            return Ok(found);
        }
    }
    if names.iter().any(|name| has(name, &[".arrow"])) {
        let shown = folder.display();
        return Err(format!(
            "is a data set of Hugging Face in Arrow, which is not read; convert it: python -c \"from datasets import load_from_disk; load_from_disk('{shown}').to_parquet('rows.parquet')\""
        ));
    }
    if names.iter().any(|name| has(name, &IMAGES)) {
        return Err("holds images; give a manifest that lists them in a column 'image'".into());
    }
    Err("is a folder without files of rows (Parquet, JSON lines, CSV, TSV); give the one that holds them".into())
}

/// Reads the files one after the other.
///
/// # Errors
/// As for each file, or if their columns differ.
pub fn read(path: &Path, files: &[PathBuf]) -> Result<Table, DataError> {
    let name = file_name(path);
    let splits = split_names(files);
    let (mut joined, mut without): (Option<Table>, usize) = (None, 0);
    for (at, file) in files.iter().enumerate() {
        // A worker that had no rows leaves a file without rows, or without anything.
        let table = if is_blank(file) { None } else { Some(Table::read_one(file)?) };
        let Some(mut table) = table.filter(|table| table.rows > 0 || joined.is_none() && at + 1 == files.len()) else {
            without += 1;
            continue;
        };
        if let Some(splits) = splits.as_ref().filter(|_| table.position("split").is_none()) {
            let mut column = Column::new("split");
            (0..table.rows).for_each(|_| column.push(&splits[at]));
            table.columns.push(column);
        }
        match &mut joined {
            None => joined = Some(table),
            Some(joined) => joined
                .append(&table)
                .map_err(|problem| DataError::File { file: file.display().to_string(), problem })?,
        }
    }
    let mut table =
        joined.ok_or_else(|| DataError::File { file: name.clone(), problem: "none of its files holds rows".into() })?;
    let named = |at: usize| files.get(at).map_or_else(String::new, |file| file_name(file));
    table.notes.push(match files.len() {
        1 => format!("read from {}", named(0)),
        count => format!("{count} files were read one after the other, {} to {}", named(0), named(count - 1)),
    });
    if without > 0 {
        table.notes.push(format!("files without rows: {without}"));
    }
    if splits.is_some() {
        table.notes.push("splits are those that the files' names say".into());
    }
    table.file = name;
    Ok(table)
}

/// The split that each file's name says, where every name does and they differ.
fn split_names(files: &[PathBuf]) -> Option<Vec<String>> {
    let names: Vec<String> = files
        .iter()
        .map(|file| {
            let name = file_name(file).to_lowercase();
            SPLITS
                .iter()
                .find(|split| name.strip_prefix(**split).is_some_and(|rest| rest.starts_with(['-', '.', '_'])))
                .map(|split| (*split).to_owned())
        })
        .collect::<Option<_>>()?;
    names.iter().any(|name| *name != names[0]).then_some(names)
}

/// Where a name stands in a series: what surrounds its number, the number, and how many there should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    before: String,
    number: Option<u64>,
    of: Option<u64>,
    width: usize,
}

impl Series {
    fn of(name: &str) -> Self {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        // The first number that nothing but a separator or the beginning stands before; else the first of all.
        let begins = |at: usize| !name[..at].ends_with(|before: char| before.is_ascii_digit());
        let apart = |at: usize| at == 0 || name[..at].ends_with(['-', '_', '.']);
        let numbers = name.char_indices().filter(|(at, character)| character.is_ascii_digit() && begins(*at));
        let mut starts: Vec<usize> = numbers.map(|(at, _)| at).collect();
        starts.sort_by_key(|at| (!apart(*at), *at));
        for at in starts {
            let rest = &name[at..];
            let width = digits(rest);
            let after = &rest[width..];
            if !(after.is_empty() || after.starts_with(['-', '_', '.'])) {
                continue;
            }
            let of = after.strip_prefix("-of-").map(|rest| &rest[..digits(rest)]).and_then(|of| of.parse().ok());
            return Self { before: name[..at].to_owned(), number: rest[..width].parse().ok(), of, width };
        }
        Self { before: name.to_owned(), number: None, of: None, width: 0 }
    }
}

/// A file's place and name.
type Member<'a> = (&'a Series, &'a str);

/// Refuses a series in which a number is missing.
fn whole(names: &[(Series, String)]) -> Result<(), String> {
    let mut series: BTreeMap<(&str, Option<u64>), Vec<Member>> = BTreeMap::new();
    for (place, name) in names.iter().filter(|(place, _)| place.number.is_some()) {
        series.entry((&place.before, place.of)).or_default().push((place, name));
    }
    for ((_, of), members) in series {
        let Some((first, name)) = members.first().copied() else { continue };
        let numbers: Vec<u64> = members.iter().filter_map(|(place, _)| place.number).collect();
        let start = numbers[0].min(u64::from(of.is_none()));
        let end = of.map_or_else(|| numbers.last().copied().unwrap_or(start), |of| of.max(1) - 1);
        // Steps of ten leave room for what comes between.
        let steps: Vec<u64> = numbers.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if of.is_none() && steps.len() > 1 && steps[0] > 1 && steps.iter().all(|step| *step == steps[0]) {
            continue;
        }
        // Years and the like are no series.
        if of.is_none() && (end - start > 100 + 10 * numbers.len() as u64 || numbers.len() < 2) {
            continue;
        }
        if let Some(missing) = (start..=end).find(|number| numbers.binary_search(number).is_err()) {
            let rest = &name[first.before.len() + first.width..];
            let called = format!("{}{missing:0width$}{rest}", first.before, width = first.width);
            return Err(format!(
                "{called} is missing: the files are numbered from {start} to {end}; bring it, or name the files you mean"
            ));
        }
    }
    Ok(())
}

/// Whether a name fits a pattern of `*` and `?`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(b'?') => (at, from) = (at + 1, from + 1),
            Some(letter) if *letter == name[from] => (at, from) = (at + 1, from + 1),
            _ => match star {
                Some((place, taken)) => {
                    (at, from) = (place + 1, taken + 1);
                    star = Some((place, taken + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str]) -> Result<Vec<String>, String> {
        let mut numbered: Vec<_> = names.iter().map(|name| (Series::of(name), (*name).to_owned())).collect();
        numbered.sort();
        whole(&numbered).map(|()| numbered.into_iter().map(|(_, name)| name).collect())
    }

    #[test]
    fn a_series_is_in_order_and_whole() {
        assert_eq!(check(&["part-10.csv", "part-9.csv", "part-8.csv"]).unwrap_or_default().len(), 0);
        let ten: Vec<String> = (0..11).rev().map(|at| format!("part-{at}.csv")).collect();
        let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
        assert_eq!(check(&ten).map(|names| names[10].clone()), Ok("part-10.csv".into()));
        let gap = check(&["part-00000.parquet", "part-00002.parquet"]);
        assert!(gap.is_err_and(|problem| problem.starts_with("part-00001.parquet is missing")));
        let last = check(&["train-00000-of-00003.parquet", "train-00001-of-00003.parquet"]);
        assert!(last.is_err_and(|problem| problem.starts_with("train-00002-of-00003.parquet is missing")));
        let spark = check(&["part-00001-ab12-c000.snappy.parquet", "part-00003-ab12-c000.snappy.parquet"]);
        assert!(spark.is_err_and(|problem| problem.starts_with("part-00002-ab12-c000.snappy.parquet is missing")));
        assert!(check(&["test-00000-of-00001.parquet", "train-00000-of-00001.parquet"]).is_ok());
        assert!(check(&["rows-2019.csv", "rows-2024.csv"]).is_ok());
        assert!(check(&["part-10.csv", "part-20.csv", "part-30.csv"]).is_ok());
        assert!(check(&["part-10.csv", "part-20.csv", "part-40.csv"]).is_err());
        assert!(check(&["a.csv", "b.csv"]).is_ok());
    }

    #[test]
    fn patterns_fit_names() {
        assert!(matches(b"part-*.parquet", b"part-00001.parquet") && matches(b"*", b"x"));
        assert!(matches(b"p?rt*", b"part") && !matches(b"*.csv", b"a.csv.gz") && matches(b"a*b*c", b"aXbYbc"));
    }
}
