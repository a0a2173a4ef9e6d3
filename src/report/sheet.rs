//! A table as typed cells, and the ways to write it: text, CSV, Markdown, LaTeX.

use super::grid::{Align, Grid};
use super::printable;
use crate::diagnose::Measured;
use crate::stats::{Interval, Undefined};

/// Columns that still fit a page in LaTeX.
const WIDE: usize = 8;
/// Bytes of a cell from which LaTeX breaks its text into lines.
const LONG: usize = 60;

/// What a spreadsheet takes for the beginning of a formula, at the beginning of a cell or after blanks; full-width
/// forms count as well.
const FORMULA: [char; 9] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '|'];

/// One cell. Text forms round; CSV keeps every digit.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Count(usize),
    /// A number shown with so many digits, with its sign if `signed`.
    Number {
        value: f64,
        digits: usize,
        signed: bool,
    },
    /// A p or q value.
    Probability(f64),
    Interval {
        interval: Interval,
        digits: usize,
        signed: bool,
    },
    Undefined(Undefined),
    Empty,
}

impl Cell {
    /// Text from data or from us.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number, or why there is none.
    #[must_use]
    pub fn number(value: Measured, digits: usize) -> Self {
        Self::measured(value, |value| Self::Number { value, digits, signed: false })
    }

    /// A number with its sign.
    #[must_use]
    pub fn signed(value: Measured, digits: usize) -> Self {
        Self::measured(value, |value| Self::Number { value, digits, signed: true })
    }

    /// A p or q value, or why there is none.
    #[must_use]
    pub fn probability(value: Measured) -> Self {
        Self::measured(value, Self::Probability)
    }

    /// An interval of a share or an AUROC, or why there is none.
    #[must_use]
    pub fn interval(value: Measured<Interval>, digits: usize) -> Self {
        Self::measured(value, |interval| Self::Interval { interval, digits, signed: false })
    }

    /// An interval of a gap or a correlation, whose ends have signs.
    #[must_use]
    pub fn signed_interval(value: Measured<Interval>, digits: usize) -> Self {
        Self::measured(value, |interval| Self::Interval { interval, digits, signed: true })
    }

    fn measured<T: Copy>(value: Measured<T>, cell: impl Fn(T) -> Self) -> Self {
        match value {
            Measured::Value(value) => cell(value),
            Measured::Undefined { undefined } => Self::Undefined(undefined),
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => printable(text),
            Self::Count(count) => count.to_string(),
            Self::Number { value, digits, signed: true } => format!("{value:+.digits$}"),
            Self::Number { value, digits, signed: false } => format!("{value:.digits$}"),
            Self::Probability(p) if *p < 1e-4 => "<.0001".into(),
            Self::Probability(p) => format!("{p:.4}"),
            Self::Interval { interval, digits, signed: true } => {
                format!("[{:+.digits$}, {:+.digits$}]", interval.low, interval.high)
            }
            Self::Interval { interval, digits, signed: false } => {
                format!("[{:.digits$}, {:.digits$}]", interval.low, interval.high)
            }
            Self::Undefined(undefined) => undefined.to_string(),
            Self::Empty => String::new(),
        }
    }

    /// Every digit; text cannot start a formula in a spreadsheet, nor a command in a build log.
    fn exact(&self) -> String {
        match self {
            Self::Text(text) => {
                let text = printable(text);
                if text.trim_start().starts_with(FORMULA) || text.trim_start().starts_with("::") {
                    format!("'{text}")
                } else {
                    text
                }
            }
            Self::Number { value, .. } | Self::Probability(value) => value.to_string(),
            other => other.shown(),
        }
    }
}

impl Cell {
    fn json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => printable(text).into(),
            Self::Count(count) => (*count).into(),
            Self::Number { value, .. } | Self::Probability(value) => (*value).into(),
            Self::Interval { interval, .. } => vec![interval.low, interval.high].into(),
            Self::Undefined(undefined) => serde_json::json!({ "undefined": undefined.to_string() }),
            Self::Empty => serde_json::Value::Null,
        }
    }

    /// Both ends of an interval; the reason twice where there is none.
    fn ends(&self) -> Vec<String> {
        match self {
            Self::Interval { interval, .. } => vec![interval.low.to_string(), interval.high.to_string()],
            other => vec![other.exact(), other.exact()],
        }
    }
}

/// How a sheet is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Csv,
    Markdown,
    Latex,
}

/// A table with its heading, columns, rows and notes.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub heading: String,
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<Cell>>,
    pub notes: Vec<String>,
}

impl Sheet {
    /// An empty sheet of named columns.
    #[must_use]
    pub fn new(heading: String, columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect();
        Self { heading, columns, rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Leaves out columns without a single value, then, one by one and in this order, those named until the text is
    /// no wider than `widest` characters; a note says which.
    #[must_use]
    pub fn fitted(mut self, widest: usize, order: &[&str]) -> Self {
        let unknown = |cell: &Cell| matches!(cell, Cell::Empty | Cell::Undefined(_));
        let empty: Vec<String> = (0..self.columns.len())
            .filter(|&at| !self.rows.is_empty() && self.rows.iter().all(|row| row.get(at).is_none_or(unknown)))
            .map(|at| self.columns[at].0.clone())
            .collect();
        empty.iter().for_each(|name| self.leave_out(name));
        let mut left_out = Vec::new();
        for name in order {
            if self.width() <= widest {
                break;
            }
            if self.columns.iter().any(|(known, _)| known == name) {
                self.leave_out(name);
                left_out.push(*name);
            }
        }
        if !left_out.is_empty() {
            self.notes.push(format!("Left out for room: {}; --all-columns shows them.", left_out.join(", ")));
        }
        self
    }

    /// Width of the widest line of the table as text.
    fn width(&self) -> usize {
        self.grid().render().lines().map(unicode_width::UnicodeWidthStr::width).max().unwrap_or(0)
    }

    /// Puts other cells into a column.
    pub fn fill(&mut self, name: &str, cells: impl Iterator<Item = Cell>) {
        let Some(at) = self.columns.iter().position(|(known, _)| known == name) else { return };
        self.rows.iter_mut().zip(cells).for_each(|(row, cell)| row[at] = cell);
    }

    /// Adds a column of words on the right.
    pub fn append(&mut self, name: &str, cells: impl Iterator<Item = Cell>) {
        self.columns.push((name.to_owned(), Align::Left));
        self.rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    }

    /// Removes a column.
    pub fn leave_out(&mut self, name: &str) {
        let Some(at) = self.columns.iter().position(|(known, _)| known == name) else { return };
        self.columns.remove(at);
        self.rows.iter_mut().filter(|row| at < row.len()).for_each(|row| drop(row.remove(at)));
    }

    /// Whether a column's name ends so.
    #[must_use]
    pub fn has_column(&self, ending: &str) -> bool {
        self.columns.iter().any(|(name, _)| name.ends_with(ending))
    }

    fn grid(&self) -> Grid {
        let columns: Vec<(&str, Align)> = self.columns.iter().map(|(name, align)| (name.as_str(), *align)).collect();
        let mut grid = Grid::new(&columns);
        self.rows.iter().for_each(|row| grid.row(row.iter().map(Cell::shown).collect()));
        grid
    }

    /// Names of the columns, and how they are aligned.
    pub(super) fn columns(&self) -> &[(String, Align)] {
        &self.columns
    }

    /// Cells, row by row.
    pub(super) fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// The rows as JSON objects: every digit, `null` where there is no number, both ends of an interval.
    #[must_use]
    pub fn records(&self) -> Vec<serde_json::Map<String, serde_json::Value>> {
        let names = || self.columns.iter().map(|(name, _)| name.clone());
        self.rows.iter().map(|row| names().zip(row.iter().map(Cell::json)).collect()).collect()
    }

    /// The row at a place with what it is of: the heading, then each column's name and its cell, a line each.
    #[must_use]
    pub fn row_text(&self, at: usize) -> Option<String> {
        let cells = self.columns.iter().zip(self.rows.get(at)?);
        let lines: String = cells.map(|((name, _), cell)| format!("{name}: {}\n", cell.shown())).collect();
        Some(format!("{}\n\n{lines}", self.heading.trim_end()))
    }

    /// Writes the sheet.
    #[must_use]
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Text => self.as_text(),
            Format::Csv => self.as_csv(),
            Format::Markdown => self.as_markdown(),
            Format::Latex => self.as_latex(),
        }
    }

    fn as_text(&self) -> String {
        let grid = self.grid();
        let notes: String = self.notes.iter().map(|note| format!("{note}\n")).collect();
        format!("{}\n\n{}\n{notes}", self.heading, grid.render())
    }

    /// The table alone: notes would be rows to a program. An interval takes two columns.
    fn as_csv(&self) -> String {
        let is_interval =
            |column: usize| self.rows.iter().any(|row| matches!(row.get(column), Some(Cell::Interval { .. })));
        let wide: Vec<bool> = (0..self.columns.len()).map(is_interval).collect();
        let head = self.columns.iter().zip(&wide).flat_map(|((name, _), wide)| {
            if *wide { vec![format!("{name} low"), format!("{name} high")] } else { vec![name.clone()] }
        });
        let line = |row: &Vec<Cell>| {
            row.iter()
                .zip(&wide)
                .flat_map(|(cell, wide)| if *wide { cell.ends() } else { vec![cell.exact()] })
                .collect()
        };
        let lines = std::iter::once(head.collect::<Vec<String>>()).chain(self.rows.iter().map(line));
        let mut writer = csv::Writer::from_writer(Vec::new());
        for line in lines {
            // Writing to memory cannot fail, and all lines are equally long.
            let _ = writer.write_record(line);
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    fn as_markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let escape = |cell: &Cell| match cell {
            Cell::Text(_) => markdown(&cell.shown()),
            number => number.shown(),
        };
        let head = line(self.columns.iter().map(|(name, _)| markdown(name)).collect());
        let rule = line(
            self.columns.iter().map(|(_, align)| if *align == Align::Left { "---" } else { "---:" }.into()).collect(),
        );
        let body: String = self.rows.iter().map(|row| line(row.iter().map(escape).collect())).collect();
        let notes: String = self.notes.iter().map(|note| format!("\n{}\n", markdown(note))).collect();
        let heading: Vec<String> = self.heading.lines().map(markdown).collect();
        let heading = heading.join("  \n");
        let heading = if heading.is_empty() { heading } else { format!("**{heading}**\n\n") };
        format!("{heading}{head}{rule}{body}{notes}")
    }

    fn as_latex(&self) -> String {
        // Long text is broken into lines, so that the table stays on its page.
        let long = |at: usize| self.rows.iter().filter_map(|row| row.get(at)).any(|cell| cell.shown().len() > LONG);
        let layout: Vec<&str> = (self.columns.iter().enumerate())
            .map(|(at, (_, align))| match align {
                Align::Left if long(at) => "p{0.5\\textwidth}",
                Align::Left => "l",
                Align::Right => "r",
            })
            .collect();
        let layout = layout.concat();
        let line = |cells: Vec<String>| {
            format!("    {} \\\\\n", cells.iter().map(|cell| latex(cell)).collect::<Vec<_>>().join(" & "))
        };
        let head = line(self.columns.iter().map(|(name, _)| name.clone()).collect());
        let body: String = self.rows.iter().map(|row| line(row.iter().map(Cell::shown).collect())).collect();
        let caption =
            latex(&format!("{}. {}", self.heading.replace("?\n", "? ").replace('\n', ". "), self.notes.join(" ")));
        // A table of many columns is scaled to the page.
        let (open, close) =
            if self.columns.len() > WIDE { ("\\resizebox{\\textwidth}{!}{%\n", "}\n") } else { ("", "") };
        format!(
            "% needs \\usepackage{{booktabs}} and, for wide tables, graphicx\n\\begin{{table}}\n  \\caption{{{caption}}}\n{open}  \\begin{{tabular}}{{{layout}}}\n    \\toprule\n{head}    \\midrule\n{body}    \\bottomrule\n  \\end{{tabular}}\n{close}\\end{{table}}\n"
        )
    }
}

/// Text that Markdown shows as it is: one line, without marks or elements of its own.
pub(super) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' => out.extend(['\\', character]),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            other => out.push(other),
        }
    }
    out
}

/// Text that LaTeX prints as it is.
pub(super) fn latex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let sign = matches!(before, ' ' | '[' | '(')
            && characters.peek().is_some_and(|next| next.is_ascii_digit() || *next == '.');
        before = character;
        match character {
            '-' if sign => out.push_str("$-$"),
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', character]),
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("$<$"),
            '>' => out.push_str("$>$"),
            '−' => out.push_str("$-$"),
            'τ' => out.push_str("$\\tau$"),
            'Δ' => out.push_str("$\\Delta$"),
            'ρ' => out.push_str("$\\rho$"),
            '·' => out.push_str("\\textperiodcentered{}"),
            '→' => out.push_str("$\\rightarrow$"),
            '…' => out.push_str("\\ldots{}"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new("A & B".into(), &[("name", Align::Left), ("gap_1", Align::Right)]);
        sheet.row(vec![Cell::text("=cmd|x"), Cell::Number { value: 0.123_456_789, digits: 2, signed: true }]);
        sheet.row(vec![Cell::text("b"), Cell::Undefined(Undefined::OneClass)]);
        sheet.notes.push("50 % of it".into());
        sheet
    }

    #[test]
    fn text_rounds_and_csv_keeps_every_digit_and_starts_no_formula() {
        assert_eq!(
            sheet().render(Format::Text),
            "A & B\n\nname             gap_1\n=cmd|x           +0.12\nb       n/a: one class\n\n50 % of it\n"
        );
        assert_eq!(sheet().render(Format::Csv), "name,gap_1\n'=cmd|x,0.123456789\nb,n/a: one class\n");
    }

    #[test]
    fn latex_breaks_long_text_and_prints_a_minus_as_one() {
        let mut sheet = Sheet::new("A".into(), &[("change", Align::Right), ("text", Align::Left)]);
        sheet.row(vec![Cell::text("-0.5 [-1.0, -.25]"), Cell::text("a well-known text ".repeat(6))]);
        let text = sheet.render(Format::Latex);
        assert!(text.contains("\\begin{tabular}{rp{0.5\\textwidth}}"), "{text}");
        assert!(text.contains("$-$0.5 [$-$1.0, $-$.25]") && text.contains("well-known"), "{text}");
    }

    #[test]
    fn records_keep_numbers_as_numbers() {
        let records = sheet().records();
        assert_eq!(records[0]["gap_1"], 0.123_456_789);
        assert_eq!(records[1]["gap_1"]["undefined"], "n/a: one class");
    }

    #[test]
    fn markdown_and_latex_escape_their_own_signs() {
        assert!(sheet().render(Format::Markdown).contains("| =cmd\\|x | +0.12 |"));
        let latex = sheet().render(Format::Latex);
        assert!(latex.contains("A \\& B") && latex.contains("gap\\_1") && latex.contains("50 \\% of it"));
    }
}
