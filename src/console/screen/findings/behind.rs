//! What is behind the selected finding: its figures, how the losses of its group lie, its worst items.

use super::view::{self, group, sentence};
use super::{HERE, OPEN, leads_to};
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::columns;
use crate::console::world::World;
use crate::diagnose::{Finding, Findings, GroupFinding, WorstItem};
use ratatui::layout::Rect;

/// Rows of a histogram.
const LEAST_ROWS: u16 = 2;
const MOST_ROWS: usize = 5;
/// Cells before a histogram.
const LABEL: u16 = 8;

type Line = (String, Role);

/// Draws the pane; `told` says that the figures stand under the sentences already.
pub fn draw(pen: &mut Pen<'_>, area: Rect, world: &World, found: &Findings, finding: &Finding, told: bool) {
    let title = if area.height > 4 { "Behind it" } else { "" };
    let inside = inset(pen.panel(area, title, "", false), 1);
    let mut lines = Vec::new();
    let room = usize::from(inside.width);
    let wrapped =
        |words: &str, role: Role| text::wrap(words, room).into_iter().map(move |line| (line, role)).collect::<Vec<_>>();
    if !told && text::width(&sentence(finding)) > view::room_beside(inside.width) {
        lines.extend(wrapped(&sentence(finding), Role::Text));
    }
    lines.extend(whole(&finding.figures(), &format!(" {} ", pen.glyphs().dot), room));
    if let Some(group) = group(finding) {
        lines.extend(wrapped(&parts(group), Role::Text));
        lines.extend(whole(&worst(group, pen), ", ", room));
    }
    let command = finding.reproduce(found).iter().map(|word| crate::console::shell::quoted(word)).collect::<Vec<_>>();
    lines.push((format!("{} {}", world.key(HERE, OPEN), leads_to(finding)), Role::Dim));
    lines.push((format!("$ {}", command.join(" ")), Role::Dim));
    let mut rest = inside;
    // The axis and a blank line take two; both histograms what is left over.
    let rows = (usize::from(inside.height).saturating_sub(lines.len() + 2) / 2).min(MOST_ROWS) as u16;
    if let Some(group) = group(finding).filter(|group| rows >= LEAST_ROWS && !group.bins.is_empty()) {
        histograms(pen, inside, found, group, rows);
        let taken = 2 * rows + 2;
        rest = Rect { y: inside.y + taken, height: inside.height - taken, ..inside };
    }
    write(pen, rest, &lines);
}

/// Parts in lines that hold only whole ones.
fn whole(parts: &[String], glue: &str, room: usize) -> Vec<Line> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if text::width(line) + text::width(glue) + text::width(part) <= room => {
                line.push_str(glue);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines.into_iter().map(|line| (line, Role::Text)).collect()
}

/// Writes as many lines as there are rows.
fn write(pen: &mut Pen<'_>, area: Rect, lines: &[Line]) {
    for ((words, role), y) in lines.iter().zip(area.y..area.bottom()) {
        pen.text(area.x, y, area.width, words, *role);
    }
}

/// What the two attributes of a pair lose alone; empty for any other group.
fn parts(group: &GroupFinding) -> String {
    let alone = group.subject.iter().zip(&group.parts);
    let alone: Vec<String> = alone.map(|(name, loss)| format!("{name} {loss:.2}")).collect();
    if alone.is_empty() { String::new() } else { format!("alone: {}", alone.join(", ")) }
}

/// The items that lose most, each with what it loses.
fn worst(group: &GroupFinding, pen: &Pen<'_>) -> Vec<String> {
    let item = |(at, item): (usize, &WorstItem)| {
        let before = if at == 0 { "worst items: " } else { "" };
        format!("{before}{} ({})", item.id, number::plain(item.loss, 3, pen.glyphs()))
    };
    group.worst.iter().enumerate().map(item).collect()
}

/// The losses of all and of the group, each in some rows, over one axis.
fn histograms(pen: &mut Pen<'_>, area: Rect, found: &Findings, group: &GroupFinding, rows: u16) {
    let width = area.width.saturating_sub(LABEL);
    for (at, (name, counts)) in [("all", &found.bins.counts), ("group", &group.bins)].into_iter().enumerate() {
        let plot = Rect { x: area.x + LABEL, y: area.y + at as u16 * rows, width, height: rows };
        columns::draw(pen, plot, counts);
        pen.text(area.x, plot.bottom() - 1, LABEL - 1, name, Role::Dim);
    }
    let y = area.y + 2 * rows;
    let power = |power: f64| if power.abs() <= 3.0 { format!("{}", 10_f64.powf(power)) } else { format!("1e{power}") };
    let (low, high) = (found.bins.range.0, found.bins.range.1);
    pen.text(area.x, y, LABEL - 1, "loss", Role::Dim);
    pen.text(area.x + LABEL, y, width, &power(low), Role::Dim);
    pen.centre(Rect { x: area.x + LABEL, width, ..area }, y, "log scale", Role::Dim);
    pen.right(area.right(), y, 8, &power(high), Role::Dim);
}
