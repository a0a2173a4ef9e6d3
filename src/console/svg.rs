//! A frame as a picture: text runs in a monospace font over background rectangles, no script, no file beside it.

use super::depth::{NAMED, indexed_rgb};
use super::theme::Theme;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

type Rgb = (u8, u8, u8);

/// Size of one cell in the picture.
const CELL: (f64, f64) = (8.4, 16.5);
/// Room around the frame.
const MARGIN: f64 = 12.0;

/// Ink, paper, weight of a cell once the terminal's own ways are undone.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    ink: Rgb,
    paper: Option<Rgb>,
    bold: bool,
    italic: bool,
    underlined: bool,
}

/// The frame as a self-contained SVG.
#[must_use]
pub fn svg(buffer: &Buffer, theme: &Theme) -> String {
    let (columns, rows) = (f64::from(buffer.area.width), f64::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 2.0 * MARGIN, rows * CELL.1 + 2.0 * MARGIN);
    let (ink, paper) = theme.canvas;
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-family=\"ui-monospace,'DejaVu Sans Mono','JetBrains Mono',Menlo,Consolas,monospace\" \
         font-size=\"14\" xml:space=\"preserve\" style=\"white-space:pre\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n",
        hex(paper)
    );
    for y in buffer.area.top()..buffer.area.bottom() {
        row(&mut picture, buffer, theme, y, ink);
    }
    picture.push_str("</svg>\n");
    picture
}

fn row(picture: &mut String, buffer: &Buffer, theme: &Theme, y: u16, ink: Rgb) {
    let mut x = buffer.area.left();
    while x < buffer.area.right() {
        let Some(first) = buffer.cell((x, y)) else { return };
        let look = look(first, theme);
        let (mut words, start) = (String::new(), x);
        while let Some(cell) = buffer.cell((x, y)).filter(|cell| self::look(cell, theme) == look) {
            words.push_str(cell.symbol());
            x += u16::try_from(cell.symbol().width().max(1)).unwrap_or(1);
        }
        let left = MARGIN + f64::from(start - buffer.area.left()) * CELL.0;
        let top = MARGIN + f64::from(y - buffer.area.top()) * CELL.1;
        let cells = f64::from(x - start);
        if let Some(paper) = look.paper {
            let _ = writeln!(
                picture,
                "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                cells * CELL.0,
                CELL.1,
                hex(paper)
            );
        }
        runs(picture, &words, (left, top), look, ink);
    }
}

/// Writes a run without the spaces at its ends, stretched to its cells so that columns stay columns.
fn runs(picture: &mut String, words: &str, at: (f64, f64), look: Look, _ink: Rgb) {
    let trimmed = words.trim_start();
    let skipped = words.width() - trimmed.width();
    let trimmed = trimmed.trim_end();
    if trimmed.is_empty() {
        return;
    }
    let (x, length) = (at.0 + skipped as f64 * CELL.0, trimmed.width() as f64 * CELL.0);
    let mut attributes = format!("fill=\"{}\"", hex(look.ink));
    if look.bold {
        attributes.push_str(" font-weight=\"bold\"");
    }
    if look.italic {
        attributes.push_str(" font-style=\"italic\"");
    }
    if look.underlined {
        attributes.push_str(" text-decoration=\"underline\"");
    }
    let _ = writeln!(
        picture,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\" {attributes}>{}</text>",
        at.1 + 12.9,
        escape(trimmed)
    );
}

fn look(cell: &Cell, theme: &Theme) -> Look {
    let (ink, paper) = theme.canvas;
    let mut front = rgb(cell.fg).unwrap_or(ink);
    let mut back = rgb(cell.bg);
    let has = |modifier| cell.modifier.contains(modifier);
    if has(Modifier::DIM) {
        let under = back.unwrap_or(paper);
        let mix = |a: u8, b: u8| ((u16::from(a) * 55 + u16::from(b) * 45) / 100) as u8;
        front = (mix(front.0, under.0), mix(front.1, under.1), mix(front.2, under.2));
    }
    if has(Modifier::REVERSED) {
        (front, back) = (back.unwrap_or(paper), Some(front));
    }
    Look {
        ink: front,
        paper: back,
        bold: has(Modifier::BOLD),
        italic: has(Modifier::ITALIC),
        underlined: has(Modifier::UNDERLINED),
    }
}

fn rgb(color: Color) -> Option<Rgb> {
    match color {
        Color::Reset => None,
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(index) => Some(indexed_rgb(index)),
        named => NAMED.iter().find(|(known, _)| *known == named).map(|(_, rgb)| *rgb),
    }
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn escape(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
