//! Columns of text, aligned by the width a terminal gives them.

use unicode_width::UnicodeWidthStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// Rows of cells under headings.
#[derive(Debug, Clone)]
pub struct Grid {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// A grid of named columns.
    #[must_use]
    pub fn new(columns: &[(&str, Align)]) -> Self {
        Self { columns: columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect(), rows: Vec::new() }
    }

    /// Adds a row; missing cells are empty.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The grid as lines, two blanks between columns.
    #[must_use]
    pub fn render(&self) -> String {
        let cell = |row: &Vec<String>, column: usize| row.get(column).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                self.rows
                    .iter()
                    .map(|row| cell(row, column).width())
                    .chain([self.columns[column].0.width()])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let line = |cells: Vec<String>| {
            let padded = cells.iter().enumerate().map(|(column, text)| {
                let blanks = " ".repeat(widths[column].saturating_sub(text.width()));
                match self.columns[column].1 {
                    Align::Left => format!("{text}{blanks}"),
                    Align::Right => format!("{blanks}{text}"),
                }
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let head = line(self.columns.iter().map(|(name, _)| name.clone()).collect());
        let body = self.rows.iter().map(|row| line((0..self.columns.len()).map(|column| cell(row, column)).collect()));
        std::iter::once(head).chain(body).collect::<Vec<_>>().join("\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_width_on_screen() {
        let mut grid = Grid::new(&[("name", Align::Left), ("n", Align::Right)]);
        grid.row(vec!["界".into(), "7".into()]);
        grid.row(vec!["long name".into(), "1,000".into()]);
        assert_eq!(grid.render(), "name           n\n界             7\nlong name  1,000\n");
    }
}
