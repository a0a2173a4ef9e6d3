//! A column of cells: as one string and where each cell ends, or, while it has few different words, a byte a cell.

use std::collections::HashMap;

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
    Few { words: Vec<String>, codes: Vec<u8>, index: HashMap<String, u8> },
    Many { text: String, ends: Vec<usize> },
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
            Cells::Many { ends, .. } => ends.len(),
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a cell.
    pub fn push(&mut self, cell: &str) {
        if let Cells::Few { words, codes, index } = &mut self.cells {
            if let Some(code) = code(words, codes, index, cell) {
                codes.push(code);
                return;
            }
            let mut text = String::with_capacity(codes.len() * 8);
            let mut ends = Vec::with_capacity(codes.len() + 1);
            for code in codes.iter() {
                text.push_str(&words[usize::from(*code)]);
                ends.push(text.len());
            }
            self.cells = Cells::Many { text, ends };
        }
        if let Cells::Many { text, ends } = &mut self.cells {
            text.push_str(cell);
            ends.push(text.len());
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
            Cells::Many { text, ends } => ends.resize(rows, text.len()),
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
            Cells::Many { text, ends } => {
                let start = row.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
                ends.get(row).and_then(|&end| text.get(start..end)).unwrap_or_default().trim()
            }
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
            Cells::Many { .. } => self.cells().map(of).collect(),
        }
    }

    /// Every different cell at least once, and never more cells than there are.
    pub fn different(&self) -> impl Iterator<Item = &str> {
        let (few, many) = match &self.cells {
            Cells::Few { words, .. } => (words.as_slice(), 0),
            Cells::Many { ends, .. } => (&[][..], ends.len()),
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
        more.cells().for_each(|cell| self.push(cell));
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
