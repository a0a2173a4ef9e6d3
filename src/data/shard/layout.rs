//! What looking through the files of a shard finds: its columns, and of which kind their cells are.

use super::cells::Values;
use super::records::{Open, Record, label};
use crate::data::DataError;
use crate::data::table::{Column, MOST_COLUMNS, Table, brief};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Rows looked at to tell the text.
const SAMPLE: usize = 5_000;
/// Sentences about columns.
const MOST_NOTES: usize = 5;

/// What a column's cells have been so far.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nothing,
    Flag,
    Whole,
    Real,
    Text,
}

impl Kind {
    fn of(cell: &str) -> Self {
        match cell {
            "" => Self::Nothing,
            "true" | "false" => Self::Flag,
            "NaN" | "Infinity" | "-Infinity" => Self::Real,
            _ => number_kind(cell),
        }
    }

    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, kind) | (kind, Self::Nothing) => kind,
            (Self::Whole | Self::Real, Self::Whole | Self::Real) if self != other => Self::Real,
            (kind, same) if kind == same => kind,
            _ => Self::Text,
        }
    }
}

/// A number as JSON writes it: `007` and `1.` are words.
fn number_kind(cell: &str) -> Kind {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let leading = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    let plain = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.ends_with(|last: char| last.is_ascii_digit())
        && !leading;
    match (cell.parse::<i64>(), cell.parse::<f64>()) {
        (Ok(_), _) if plain => Kind::Whole,
        // Digits beyond what a number holds make it a word.
        (Err(_), Ok(value)) if plain && value.is_finite() && digits.contains(['.', 'e', 'E']) => Kind::Real,
        _ => Kind::Text,
    }
}

/// What looking through the files found.
pub struct Layout {
    pub names: Vec<String>,
    pub kinds: Vec<Kind>,
    pub at: HashMap<String, usize>,
    pub sample: Table,
    seen: Vec<Seen>,
    /// Rows with a further image, and the first of them.
    spare: (u64, String),
    /// Rows of each file.
    pub counts: Vec<u64>,
    pub images: u64,
}

impl Layout {
    /// Looks through the files once.
    pub fn of(files: &[PathBuf], open: &Open, name: &str) -> Result<Self, DataError> {
        let sample = Table::new(name.to_owned(), 1);
        let mut layout = Self {
            names: Vec::new(),
            kinds: Vec::new(),
            at: HashMap::new(),
            sample,
            seen: Vec::new(),
            spare: (0, String::new()),
            counts: Vec::new(),
            images: 0,
        };
        for file in files {
            let mut records = open(file, false)?;
            layout.counts.push(0);
            while let Some(record) = records.next()? {
                if let Some(count) = layout.counts.last_mut() {
                    *count += 1;
                }
                layout.images += u64::from(record.image.is_some());
                if let Some(ending) = &record.spare {
                    if layout.spare.0 == 0 {
                        layout.spare.1 = format!("{}.{ending}", record.id.as_deref().unwrap_or_default());
                    }
                    layout.spare.0 += 1;
                }
                layout.look(&record, file)?;
            }
        }
        let rows = layout.sample.rows;
        layout.sample.columns.iter_mut().for_each(|column| column.pad(rows));
        Ok(layout)
    }

    fn look(&mut self, record: &Record, file: &Path) -> Result<(), DataError> {
        for (name, cell) in &record.cells {
            let at = match self.at.get(name) {
                Some(at) => *at,
                None if self.names.len() == MOST_COLUMNS => {
                    return Err(self.sample.problem(format!("has more than {MOST_COLUMNS} different columns")));
                }
                None => {
                    self.names.push(name.clone());
                    self.kinds.push(Kind::Nothing);
                    self.seen.push(Seen::default());
                    self.sample.columns.push(Column::new(name));
                    self.at.insert(name.clone(), self.names.len() - 1);
                    self.names.len() - 1
                }
            };
            let kind = Kind::of(cell);
            self.kinds[at] = self.kinds[at].with(kind);
            self.seen[at].look(kind, cell, || format!("row {} of {}", record.number, label(file)));
            if self.sample.rows < SAMPLE {
                self.sample.columns[at].pad(self.sample.rows);
                self.sample.columns[at].push(cell);
            }
        }
        self.sample.rows = (self.sample.rows + usize::from(record.bad.is_none())).min(SAMPLE);
        Ok(())
    }

    /// What a person may not expect: images passed over, texts that are none, numbers written as words.
    pub fn notes(&self, text: Option<usize>, id: Option<usize>) -> Vec<String> {
        let mut notes = Vec::new();
        if self.spare.0 > 0 {
            let (count, first) = &self.spare;
            notes.push(format!("rows with more than one image: {count}; the first is taken, not {first}"));
        }
        let columns = self.names.iter().zip(&self.seen).zip(&self.kinds).enumerate();
        for (at, ((name, seen), kind)) in columns {
            match (&seen.strange, &seen.word) {
                (Some(first), _) if text == Some(at) => notes.push(format!(
                    "texts of column '{name}' that are numbers or lists: {}, such as {first}; they are embedded as they are written",
                    seen.strange_ones
                )),
                (_, Some(first)) if *kind == Kind::Text && text != Some(at) && id != Some(at) && seen.numbers > seen.words => {
                    notes.push(format!("column '{name}' is written as text: {first} is no number"));
                }
                _ => {}
            }
        }
        notes.truncate(MOST_NOTES);
        notes
    }
}

/// Cells of a column that are of another kind than the others.
#[derive(Default)]
struct Seen {
    numbers: u64,
    words: u64,
    /// The first word, and where; lists and numbers, and where the first is.
    word: Option<String>,
    strange_ones: u64,
    strange: Option<String>,
}

impl Seen {
    fn look(&mut self, kind: Kind, cell: &str, place: impl Fn() -> String) {
        let list = || cell.starts_with('[') && serde_json::from_str::<Vec<serde::de::IgnoredAny>>(cell).is_ok();
        match kind {
            Kind::Nothing => return,
            Kind::Text => {
                self.words += 1;
                self.word.get_or_insert_with(|| format!("'{}' in {}", brief(cell), place()));
            }
            Kind::Flag | Kind::Whole | Kind::Real => self.numbers += 1,
        }
        if kind != Kind::Text || list() {
            self.strange_ones += 1;
            self.strange.get_or_insert_with(place);
        }
    }
}

impl Kind {
    pub fn values(self) -> Values {
        match self {
            Self::Flag => Values::Flags(Vec::new()),
            Self::Whole => Values::Int64(Vec::new()),
            Self::Real => Values::Double(Vec::new()),
            Self::Nothing | Self::Text => Values::Bytes(Vec::new()),
        }
    }

    /// Appends a cell, which is what all of its column are.
    pub fn push(self, values: &mut Values, cell: &str) {
        match values {
            Values::Flags(flags) => flags.push(cell == "true"),
            Values::Int64(numbers) => numbers.push(cell.parse().unwrap_or_default()),
            Values::Double(numbers) => numbers.push(cell.parse().unwrap_or(f64::NAN)),
            Values::Bytes(texts) => texts.push(cell.into()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_numbers_only_where_nothing_is_lost() {
        let kind = |cells: &[&str]| cells.iter().fold(Kind::Nothing, |kind, cell| kind.with(Kind::of(cell)));
        assert!(kind(&["1", "", "-20"]) == Kind::Whole && kind(&["1", "2.5", "NaN", "1e-7"]) == Kind::Real);
        for words in [&["007"][..], &["1", "x"], &["12345678901234567890"], &["+1"], &["1."], &["true", "1"]] {
            assert!(kind(words) == Kind::Text, "{words:?}");
        }
        assert!(kind(&["true", "false"]) == Kind::Flag && kind(&["inf"]) == Kind::Text);
    }
}
