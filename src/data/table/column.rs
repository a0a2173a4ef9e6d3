//! A column of cells: as one string and where each cell ends, or, while it has few different words, a byte a cell, or
//! as the numbers that they are.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::OnceLock;

/// Different words that a column may have before its cells are kept one by one, and the longest of them.
const FEW: usize = 64;
const SHORT: usize = 200;

/// What a column's cells are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Text,
    /// Bytes that are no text, such as images: not read, all cells are empty.
    Binary,
    /// Lists or maps: not read, all cells are empty.
    List,
}

/// A column: its name and its cells.
#[derive(Debug, Clone, Default)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    cells: Cells,
    /// Why the column cannot be used, and in which row: said only if somebody wants to use it.
    fault: Option<(usize, String)>,
}

#[derive(Debug, Clone)]
enum Cells {
    Few {
        words: Vec<String>,
        codes: Vec<u8>,
        index: HashMap<String, u8>,
    },
    Many(Texts),
    /// Numbers whose texts are made when somebody asks for them.
    Numbers {
        values: Vec<f64>,
        texts: OnceLock<Texts>,
    },
}

/// Texts one after the other.
#[derive(Debug, Clone, Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn of(cells: impl ExactSizeIterator<Item = impl std::fmt::Display>) -> Self {
        let mut texts =
            Self { text: String::with_capacity(cells.len() * 8), ends: Vec::with_capacity(cells.len() + 1) };
        for cell in cells {
            // Writing to a string does not fail.
            let _ = write!(texts.text, "{cell}");
            texts.ends.push(texts.text.len());
        }
        texts
    }

    fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    fn cell(&self, row: usize) -> &str {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(row).and_then(|&end| self.text.get(start..end)).unwrap_or_default().trim()
    }
}

impl Default for Cells {
    fn default() -> Self {
        Self::Few { words: Vec::new(), codes: Vec::new(), index: HashMap::new() }
    }
}

impl Column {
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// A column of `rows` empty cells.
    #[must_use]
    pub fn empty(name: &str, kind: Kind, rows: usize) -> Self {
        let mut column = Self { kind, ..Self::new(name) };
        column.pad(rows);
        column
    }

    #[must_use]
    pub fn len(&self) -> usize {
        match &self.cells {
            Cells::Few { codes, .. } => codes.len(),
            Cells::Many(texts) => texts.ends.len(),
            Cells::Numbers { values, .. } => values.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a cell.
    pub fn push(&mut self, cell: &str) {
        if let Cells::Few { words, codes, index } = &mut self.cells
            && let Some(code) = code(words, codes, index, cell)
        {
            codes.push(code);
            return;
        }
        self.one_by_one();
        if let Cells::Many(texts) = &mut self.cells {
            texts.push(cell);
        }
    }

    /// Appends a number, whose cell is `text`.
    pub fn push_number(&mut self, value: f64, text: impl FnOnce() -> String) {
        match &mut self.cells {
            Cells::Numbers { values, texts } => {
                texts.take();
                values.push(value);
            }
            Cells::Few { words, codes, index } => {
                let text = text();
                if let Some(code) = code(words, codes, index, &text) {
                    codes.push(code);
                    return;
                }
                let numbers: Option<Vec<f64>> = words.iter().map(|word| word.parse().ok()).collect();
                match numbers {
                    Some(numbers) => {
                        let values = codes.iter().map(|code| numbers[usize::from(*code)]).chain([value]).collect();
                        self.cells = Cells::Numbers { values, texts: OnceLock::new() };
                    }
                    None => self.push(&text),
                }
            }
            Cells::Many(texts) => texts.push(&text()),
        }
    }

    /// The numbers that all cells are, where they came as such.
    #[must_use]
    pub fn numbers(&self) -> Option<&[f64]> {
        match &self.cells {
            Cells::Numbers { values, .. } => Some(values),
            Cells::Few { .. } | Cells::Many(_) => None,
        }
    }

    /// The cells one by one, whatever they were before.
    fn one_by_one(&mut self) {
        match &self.cells {
            Cells::Few { words, codes, .. } => {
                self.cells = Cells::Many(Texts::of(codes.iter().map(|code| &words[usize::from(*code)])));
            }
            Cells::Numbers { values, .. } => self.cells = Cells::Many(Texts::of(values.iter())),
            Cells::Many(_) => {}
        }
    }

    /// Appends empty cells until there are `rows`.
    pub fn pad(&mut self, rows: usize) {
        let missing = rows.saturating_sub(self.len());
        if missing == 0 {
            return;
        }
        self.push("");
        match &mut self.cells {
            Cells::Few { codes, .. } => {
                let code = codes.last().copied().unwrap_or(0);
                codes.resize(rows, code);
            }
            Cells::Many(texts) => texts.ends.resize(rows, texts.text.len()),
            // An empty cell is none.
            Cells::Numbers { .. } => {}
        }
    }

    /// Says why the column cannot be used; the first reason stays. The row's cell is then empty.
    pub fn spoil(&mut self, row: usize, problem: impl Into<String>) {
        self.fault.get_or_insert_with(|| (row, problem.into()));
    }

    /// Why the column cannot be used, and the row where that was seen.
    #[must_use]
    pub fn fault(&self) -> Option<(usize, &str)> {
        self.fault.as_ref().map(|(row, problem)| (*row, problem.as_str()))
    }

    /// The cell of a row, without blanks around it; empty where there is none.
    #[must_use]
    pub fn cell(&self, row: usize) -> &str {
        match &self.cells {
            Cells::Few { words, codes, .. } => {
                codes.get(row).and_then(|code| words.get(usize::from(*code))).map_or("", |word| word.trim())
            }
            Cells::Many(texts) => texts.cell(row),
            Cells::Numbers { values, texts } => texts.get_or_init(|| Texts::of(values.iter())).cell(row),
        }
    }

    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|row| self.cell(row))
    }

    /// What `of` makes of every cell; of equal cells among few it is asked once.
    pub fn map_cells<T: Copy>(&self, of: impl Fn(&str) -> T) -> Vec<T> {
        match &self.cells {
            Cells::Few { words, codes, .. } => {
                let made: Vec<T> = words.iter().map(|word| of(word.trim())).collect();
                codes.iter().map(|code| made[usize::from(*code)]).collect()
            }
            Cells::Many(_) | Cells::Numbers { .. } => self.cells().map(of).collect(),
        }
    }

    /// Every different cell at least once, and never more cells than there are.
    pub fn different(&self) -> impl Iterator<Item = &str> {
        let (few, many) = match &self.cells {
            Cells::Few { words, .. } => (words.as_slice(), 0),
            Cells::Many(_) | Cells::Numbers { .. } => (&[][..], self.len()),
        };
        few.iter().map(|word| word.trim()).chain((0..many).map(|row| self.cell(row)))
    }

    /// Appends the cells of another column, and its fault.
    pub fn extend(&mut self, more: &Self) {
        let before = self.len();
        if more.kind != Kind::Text {
            self.kind = more.kind;
        }
        if let Some((row, problem)) = more.fault() {
            self.spoil(before + row, problem);
        }
        match (&mut self.cells, &more.cells) {
            (Cells::Numbers { values, texts }, Cells::Numbers { values: others, .. }) => {
                texts.take();
                values.extend_from_slice(others);
            }
            _ => more.cells().for_each(|cell| self.push(cell)),
        }
    }
}

/// The code of a cell among few words, with a new one for a new word; `None` if they would be too many or too long.
fn code(words: &mut Vec<String>, codes: &[u8], index: &mut HashMap<String, u8>, cell: &str) -> Option<u8> {
    // Most often it is the word before, or one of a few.
    if let Some(code) = codes.last().filter(|code| words[usize::from(**code)] == cell) {
        return Some(*code);
    }
    let known = match words.len() {
        0..=4 => words.iter().position(|word| word == cell).map(|at| at as u8),
        _ => index.get(cell).copied(),
    };
    if known.is_some() || words.len() == FEW || cell.len() > SHORT {
        return known;
    }
    let code = words.len() as u8;
    words.push(cell.to_owned());
    index.insert(cell.to_owned(), code);
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_what_they_are_when_words_become_many() {
        let mut column = Column::new("c");
        let cells: Vec<String> = (0..200).map(|row| format!(" word {} ", row % 70)).collect();
        cells.iter().take(50).for_each(|cell| column.push(cell));
        assert_eq!((column.different().count(), column.map_cells(str::len)[12]), (50, 7));
        cells.iter().skip(50).for_each(|cell| column.push(cell));
        assert_eq!((column.different().count(), column.map_cells(str::len)[12]), (200, 7));
        assert!(column.cells().eq(cells.iter().map(|cell| cell.trim())));
        column.pad(203);
        assert_eq!((column.len(), column.cell(202), column.cell(900)), (203, "", ""));
    }

    #[test]
    fn numbers_stay_numbers_until_a_cell_is_none() {
        let mut column = Column::new("c");
        let values: Vec<f64> = (0..200).map(|row| f64::from(row) / 7.0).collect();
        values.iter().for_each(|value| column.push_number(*value, || value.to_string()));
        assert_eq!(column.numbers(), Some(&values[..]));
        assert!(column.cells().eq(values.iter().map(f64::to_string)));
        let (mut joined, mut other) = (column.clone(), column.clone());
        joined.extend(&column);
        assert_eq!((joined.numbers().unwrap().len(), joined.cell(201)), (400, column.cell(1)));
        other.push("");
        assert_eq!((other.numbers(), other.len(), other.cell(3), other.cell(200)), (None, 201, column.cell(3), ""));
        column.pad(203);
        assert_eq!((column.len(), column.cell(199), column.cell(202)), (203, values[199].to_string().as_str(), ""));
        let mut few = Column::new("c");
        few.push("");
        values.iter().for_each(|value| few.push_number(*value, || value.to_string()));
        assert_eq!((few.numbers(), few.cell(200)), (None, values[199].to_string().as_str()));
    }

    #[test]
    fn a_column_without_cells_is_filled_with_empty_ones() {
        let column = Column::empty("blob", Kind::Binary, 3);
        assert_eq!(column.cells().collect::<Vec<_>>(), ["", "", ""]);
        let mut first = Column::new("c");
        first.push("1");
        let mut second = Column::new("c");
        second.push("2");
        second.spoil(0, "bad");
        first.extend(&second);
        assert_eq!((first.cell(1), first.fault()), ("2", Some((1, "bad"))));
    }
}
