//! Draws one item: its figures, its whole text, attributes, what the heads say, the nearest items.

use super::keys::{ITEM_DOWN, ITEM_UP};
use super::{HERE, State, picture};
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::world::World;
use crate::diagnose::{ItemHead, ListedItem, NO_AMOUNT, NearItem};
use ratatui::layout::Rect;

type Line = Vec<(String, Role)>;

/// Draws the item into its place.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let Some(item) = state.drawn() else {
        pen.panel(area, "", "", state.alone);
        return;
    };
    let glyphs = pen.glyphs();
    let mark = if state.marked.contains_key(&item.row) { format!(" {} marked", glyphs.done) } else { String::new() };
    let title = format!("{} {} {}{mark}", text::clean(&item.id), glyphs.dot, item.split);
    let inside = inset(pen.panel(area, &title, "", state.alone), 1);
    let (cells, inside) = divide(state, world, item, inside);
    if let Some(Ok(found)) = state.picture(item) {
        picture::draw(pen, found, cells, world.pixels());
    }
    let (above, below) = around(state, item, inside.width, glyphs);
    let lines = above.len() + state.broken.lines.len() + below.len();
    let most = lines.saturating_sub(usize::from(inside.height));
    let first = state.scroll.min(most);
    let whole = |line: &String| vec![(line.clone(), Role::Text)];
    // A text may be a whole book: only the lines in sight are made.
    let held = first.saturating_sub(above.len());
    let text = state.broken.lines.iter().skip(held).take(usize::from(inside.height)).map(whole);
    let shown = above.into_iter().skip(first).chain(text);
    let passed = first.saturating_sub(lines - below.len());
    let shown = shown.chain(below.into_iter().skip(passed));
    for (line, y) in shown.zip(inside.y..inside.bottom()) {
        let pieces: Vec<(&str, Role)> = line.iter().map(|(words, role)| (words.as_str(), *role)).collect();
        pen.pieces(inside.x, y, inside.width, &pieces);
    }
    if most > 0 {
        let keys = format!("{} {}", world.key(HERE, ITEM_DOWN), world.key(HERE, ITEM_UP));
        let last = (first + usize::from(inside.height)).min(lines);
        pen.footnote(area, &format!("{keys}  {} to {} of {} lines", first + 1, last, number::count(lines)));
    }
}

/// The cells of the item's picture, if there is one, and what is left below them: more than half.
fn divide(state: &State, world: &World, item: &ListedItem, inside: Rect) -> (Rect, Rect) {
    let none = Rect { width: 0, height: 0, ..inside };
    let Some(Ok(found)) = state.picture(item) else { return (none, inside) };
    let cells = picture::place(found, Rect { height: inside.height / 2, ..inside }, world.pixels());
    let used = cells.height;
    (cells, Rect { y: inside.y + used, height: inside.height - used, ..inside })
}

/// How far the item scrolls in a panel of some size; its width is that of the text.
#[must_use]
pub fn most(state: &State, world: &World, area: Rect) -> usize {
    let Some(item) = state.drawn().filter(|_| state.scroll > 0) else { return 0 };
    let (above, below) = around(state, item, area.width, world.look.resolve().glyphs);
    let lines = above.len() + state.broken.lines.len() + below.len();
    let inside = Rect { height: area.height.saturating_sub(2), ..area };
    lines.saturating_sub(usize::from(divide(state, world, item, inside).1.height))
}

/// Lines before and after the text; at most some hundred.
fn around(state: &State, item: &ListedItem, width: u16, glyphs: &Glyphs) -> (Vec<Line>, Vec<Line>) {
    let width = usize::from(width);
    let mut above = figures(item, width, glyphs);
    above.push(Vec::new());
    if let Some(Err(problem)) = state.picture(item) {
        above.extend(paragraph("", &text::clean(problem), Role::Warn, width));
    }
    let mut below = vec![Vec::new()];
    let has = |wanted: Option<bool>| -> Vec<String> {
        item.attributes.iter().filter(|(_, has)| *has == wanted).map(|(name, _)| text::clean(name)).collect()
    };
    below.extend(paragraph("has ", &has(Some(true)).join(", "), Role::Accent, width));
    below.extend(paragraph("not known: ", &has(None).join(", "), Role::Dim, width));
    match &item.heads {
        Some(heads) if !heads.is_empty() => {
            below.push(Vec::new());
            below.extend(heads.iter().map(|head| of_head(item, head, width, glyphs)));
        }
        _ => {}
    }
    if let Some(nearest) = item.nearest.as_ref().filter(|nearest| !nearest.is_empty()) {
        below.push(Vec::new());
        below.push(vec![("nearest items: cosine, loss".into(), Role::Dim)]);
        below.extend(nearest.iter().map(|near| of_near(near, glyphs)));
    }
    if let (Some(message), true) = (&state.failed, state.is_current()) {
        below.push(Vec::new());
        below.extend(paragraph("", &text::clean(message), Role::Warn, width));
    }
    (above, below)
}

/// Label, losses and what is predicted: pairs of a name and a number, as many a line as fit.
fn figures(item: &ListedItem, width: usize, glyphs: &Glyphs) -> Vec<Line> {
    let plain = |value: f64| number::plain(value, 4, glyphs);
    let signed = |value: f64| number::signed(value, 4, glyphs);
    let mut pairs: Vec<(String, String)> = Vec::new();
    pairs.extend(item.label.map(|label| ("label".into(), label.to_string())));
    pairs.extend(item.scores.iter().filter_map(|(name, score)| {
        let name = if item.scores.len() == 1 { "score".to_owned() } else { format!("score {}", text::clean(name)) };
        Some((name, plain((*score)?)))
    }));
    pairs.extend(item.losses.iter().map(|(name, loss)| {
        let name = if item.losses.len() == 1 { "loss".to_owned() } else { format!("loss {}", text::clean(name)) };
        (name, loss.map_or_else(|| "none".into(), plain))
    }));
    pairs.extend(item.change.map(|change| ("change".into(), signed(change))));
    pairs.extend(item.predicted_amount().map(|risk| ("predicted".into(), plain(risk))));
    pairs.extend(item.surprise_amount().map(|surprise| ("surprise".into(), signed(surprise))));
    pairs.extend(item.similarity.map(|similarity| ("cosine".into(), plain(similarity))));
    let mut lines: Vec<Line> = Vec::new();
    let mut used = 0;
    for (name, value) in pairs {
        let cells = text::width(&name) + text::width(&value) + 1;
        if lines.is_empty() || used + 2 + cells > width {
            lines.push(Vec::new());
            used = 0;
        }
        let gap = if used == 0 { "" } else { "  " };
        if let Some(line) = lines.last_mut() {
            line.extend([(format!("{gap}{name} "), Role::Dim), (value, Role::Text)]);
        }
        used += gap.len() + cells;
    }
    lines
}

/// A paragraph after a word; none without text.
fn paragraph(word: &str, words: &str, role: Role, width: usize) -> Vec<Line> {
    if words.is_empty() {
        return Vec::new();
    }
    text::wrap(&format!("{word}{words}"), width).into_iter().map(|line| vec![(line, role)]).collect()
}

/// A head's mean, its spread, and its members one by one.
fn of_head(item: &ListedItem, head: &ItemHead, width: usize, glyphs: &Glyphs) -> Line {
    if item.amount(head).is_none() {
        return vec![(format!("{:<10}", head.head.name()), Role::Dim), (NO_AMOUNT.into(), Role::Dim)];
    }
    let spread = number::with_spread(head.summary.mean, head.summary.sd, 3, false, glyphs);
    let mut line: Line = vec![(format!("{:<10}", head.head.name()), Role::Dim), (format!("{spread:<14}"), Role::Text)];
    let mut used = 24;
    for (at, member) in head.members.iter().enumerate() {
        let words = format!(" {}", number::plain(*member, 3, glyphs));
        used += text::width(&words);
        let sign = if at + 1 < head.members.len() { 1 } else { 0 };
        if used + sign > width {
            line.push((glyphs.ellipsis.into(), Role::Dim));
            break;
        }
        line.push((words, Role::Dim));
    }
    line
}

fn of_near(near: &NearItem, glyphs: &Glyphs) -> Line {
    let loss = near.loss.map_or_else(|| "none".into(), |loss| number::plain(loss, 4, glyphs));
    let cosine = number::plain(near.similarity, 3, glyphs);
    let text: String = near.text.as_deref().unwrap_or_default().chars().take(400).collect();
    vec![
        (format!("{cosine:>4} {loss:>6}  "), Role::Text),
        (format!("{} ", text::clean(&near.id)), Role::Accent),
        (text, Role::Dim),
    ]
}

/// What stands in the place of an item's text, broken into lines: its text, its file, or why there is nothing.
#[must_use]
pub fn content(item: &ListedItem, note: Option<&str>, hidden: bool, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    lines.extend(item.image.as_deref().into_iter().flat_map(|path| text::wrap_whole(path, width)));
    match &item.text {
        Some(text) => lines.extend(text::wrap_whole(text, width)),
        None if hidden => lines.push("text hidden".into()),
        None if lines.is_empty() => lines.extend(text::wrap(note.unwrap_or("it has no text"), width)),
        None => {}
    }
    lines
}
