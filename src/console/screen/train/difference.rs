//! Two marked runs side by side: what differs in their settings, and how well their heads order the validation items.

use crate::audit::RunRecord;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::report::Difference;
use ratatui::layout::Rect;

/// Draws them in the place of the chart.
pub fn draw(pen: &mut Pen<'_>, area: Rect, [a, b]: [&RunRecord; 2]) {
    let found = Difference::of(a, b);
    let title = format!("Runs {} and {} {} what differs", a.id.short(), b.id.short(), pen.glyphs().dot);
    let differing = found.fields.iter().filter(|field| field.differs).count();
    let note = if differing == 0 { "no setting".to_owned() } else { format!("{differing} of {}", found.fields.len()) };
    let inside = inset(pen.panel(area, &title, &note, false), 1);
    let glyphs = pen.glyphs();
    let mut lines: Vec<[String; 3]> = vec![[String::new(), a.id.short().to_owned(), b.id.short().to_owned()]];
    for field in found.fields.iter().filter(|field| field.differs) {
        lines.push([field.name.clone(), field.a.clone(), field.b.clone()]);
    }
    for metric in &found.metrics {
        let value =
            |value: Option<f64>| value.map_or_else(|| "n/a".to_owned(), |value| number::plain(value, 3, glyphs));
        lines.push([metric.name.replace('ρ', "Spearman"), value(metric.a), value(metric.b)]);
    }
    let name = lines.iter().map(|[name, ..]| text::width(name)).max().unwrap_or(0).min(usize::from(inside.width) / 2);
    let each = usize::from(inside.width).saturating_sub(name + 2) / 2;
    let last = inside.bottom().saturating_sub(u16::from(!found.same_validation_rows));
    for (y, [label, a, b]) in (inside.y..last).zip(&lines) {
        let column = |words: &str, cells: usize| text::pad(words, cells.saturating_sub(2), glyphs.ellipsis) + "  ";
        let role = if y == inside.y { Role::Dim } else { Role::Text };
        let pieces = [(column(label, name + 2), Role::Dim), (column(a, each), role), (column(b, each), role)];
        let pieces: Vec<(&str, Role)> = pieces.iter().map(|(words, role)| (words.as_str(), *role)).collect();
        pen.pieces(inside.x, y, inside.width, &pieces);
    }
    if last < inside.bottom() {
        let words = "other validation rows: part of the difference in Spearman is that of the rows";
        pen.text(inside.x, last, inside.width, words, Role::Dim);
    }
}
