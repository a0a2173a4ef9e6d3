//! Draws the Findings screen: the sentences, what is behind the selected one, and what to know before trusting any.

use super::{HERE, OPEN, State, behind, layout, leads_to, trust};
use crate::console::glyph::Glyphs;
use crate::console::paint::{Mark, Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::world::World;
use crate::diagnose::{Finding, Findings, GroupFinding};
use ratatui::layout::Rect;

/// Cells of a bar: under a sentence, and beside it.
const BAR: u16 = 10;
const SHORT_BAR: u16 = 6;
/// Width of a row from which a bar has room beside its sentence.
const BESIDE: u16 = 72;
/// Cells before a sentence: the selection's mark and the kind's.
const BEFORE: u16 = 4;

/// Draws the screen into the body, or what is being prepared for it.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let found = state.findings();
    let places = layout(body, state.length());
    let model = world.model().unwrap_or_default();
    let title = if model.is_empty() { "Findings".into() } else { format!("What {model} fails, worst first") };
    let note = found.map(Findings::over).unwrap_or_default();
    let inside = inset(pen.panel(places.list, &title, &note, true), 1);
    let Some(found) = found.filter(|found| !found.findings.is_empty()) else {
        nothing(state, world, pen, inside);
        return;
    };
    let greatest = found.findings.iter().filter_map(group).map(|group| group.gap.abs()).fold(0.0, f64::max);
    let seen = found.findings.iter().enumerate().skip(state.cursor.offset).take(places.page());
    for (line_at, (at, finding)) in seen.enumerate() {
        let y = inside.y + line_at as u16 * places.lines;
        let row = Rect { y, height: places.lines, ..inside }.intersection(inside);
        line(pen, row, world, finding, greatest);
        if at == state.cursor.selected {
            pen.text(row.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(Rect { height: 1, ..row });
        }
    }
    if places.page() < found.findings.len() {
        pen.footnote(places.list, &format!("{} of {}", state.cursor.selected + 1, found.findings.len()));
    }
    if let (Some(area), Some(finding)) = (places.behind, found.findings.get(state.behind)) {
        behind::draw(pen, area, world, found, finding, places.lines > 1);
    }
    if let Some(area) = places.trust {
        trust::draw(pen, area, world, found);
    }
}

/// What stands in the place of findings while there are none.
fn nothing(state: &State, world: &World, pen: &mut Pen<'_>, inside: Rect) {
    let (words, role) = match (&world.audit, &state.found) {
        (None, _) => ("opening the audit".to_owned(), Role::Dim),
        (Some(_), None) => ("measuring the losses of its groups".to_owned(), Role::Dim),
        (Some(_), Some((_, Err(why)))) => (format!("{} {why}", pen.glyphs().care), Role::Warn),
        (Some(_), Some(_)) => ("Nothing to report: no group loses clearly more than others.".to_owned(), Role::Text),
    };
    let lines = text::wrap(&words, usize::from(inside.width));
    let top = inside.y + (usize::from(inside.height).saturating_sub(lines.len()) / 2) as u16;
    for (line, y) in lines.iter().zip(top..inside.bottom()) {
        pen.centre(inside, y, line, role);
    }
}

/// A finding's group, if it is of one.
pub fn group(finding: &Finding) -> Option<&GroupFinding> {
    match finding {
        Finding::Harder(group) | Finding::Pair(group) | Finding::Easier(group) => Some(group),
        _ => None,
    }
}

/// The kind of a finding as a mark.
fn kind(finding: &Finding, glyphs: &'static Glyphs) -> Mark {
    match finding {
        Finding::Harder(_) | Finding::Pair(_) | Finding::Discovered(_) => (glyphs.ascending, Role::Bad),
        Finding::Easier(_) => (glyphs.descending, Role::Good),
        Finding::Changed(found) if found.worse > 0 => (glyphs.ascending, Role::Bad),
        Finding::Changed(_) => (glyphs.descending, Role::Good),
        Finding::Unsaid(_) => ("?", Role::Dim),
        Finding::Data(_) => (glyphs.care, Role::Warn),
    }
}

/// A sentence; its figures and its bar under it where there is room, else a small bar beside it.
fn line(pen: &mut Pen<'_>, row: Rect, world: &World, finding: &Finding, greatest: f64) {
    let (mark, role) = kind(finding, pen.glyphs());
    pen.text(row.x + 2, row.y, 1, mark, role);
    let share = group(finding).map(|group| if greatest > 0.0 { group.gap / greatest } else { 0.0 });
    let beside = if row.height == 1 && row.width >= BESIDE { SHORT_BAR } else { 0 };
    let room = if row.height == 1 { room_beside(row.width) as u16 } else { row.width.saturating_sub(BEFORE) };
    pen.text(row.x + BEFORE, row.y, room, &sentence(finding), Role::Text);
    if let Some(share) = share.filter(|_| beside > 0) {
        bar(pen, row.right() - beside, row.y, beside, share);
    }
    if row.height < 2 {
        return;
    }
    if let Some(share) = share {
        bar(pen, row.x + BEFORE, row.y + 1, BAR, share);
    }
    let x = row.x + BEFORE + BAR + 2;
    let mut figures = finding.figures();
    if figures.is_empty() {
        figures.push(format!("{} {}", world.key(HERE, OPEN), leads_to(finding)));
    }
    let glue = format!(" {} ", pen.glyphs().dot);
    // Whole figures give way from the right.
    while figures.len() > 1 && text::width(&figures.join(&glue)) > usize::from(row.right().saturating_sub(x)) {
        figures.pop();
    }
    pen.text(x, row.y + 1, row.right().saturating_sub(x), &figures.join(&glue), Role::Dim);
}

/// Cells that a sentence has in a row of one line.
pub fn room_beside(width: u16) -> usize {
    usize::from(width.saturating_sub(BEFORE + if width >= BESIDE { SHORT_BAR + 1 } else { 0 }))
}

/// The whole sentence of a finding.
pub fn sentence(finding: &Finding) -> String {
    finding.claim() + "."
}

/// A gap as a share of the greatest: full cells for a group that loses more, shaded ones for one that loses less.
fn bar(pen: &mut Pen<'_>, x: u16, y: u16, cells: u16, share: f64) {
    let (mark, role) = if share < 0.0 { (pen.glyphs().rest, Role::Good) } else { (pen.glyphs().full, Role::Lane) };
    let filled = ((share.abs() * f64::from(cells)).round() as u16).clamp(1, cells);
    pen.marks(x, y, &vec![(mark, role); usize::from(filled)]);
}
