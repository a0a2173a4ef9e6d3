//! Draws the list: a mark, the id, figures, the text cut with a sign.

use super::columns::Columns;
use super::{HERE, Layout, Listed, State};
use crate::console::glyph::Glyphs;
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::input;
use crate::console::world::World;
use crate::diagnose::{ItemOrder, ListedItem, WorstWords};
use ratatui::layout::Rect;

/// Draws the list into its place.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, places: Layout) {
    let area = places.list;
    if area.height == 0 {
        return;
    }
    let title = title(state, world, pen.glyphs());
    let inside = inset(pen.panel(area, &title, "", true), 1);
    foot(state, pen, area);
    let (rows, words) = match places.words {
        true => (
            Rect { height: inside.height.saturating_sub(1), ..inside },
            Some(Rect { y: inside.bottom().saturating_sub(1), height: 1, ..inside }),
        ),
        false => (inside, None),
    };
    match &state.listed {
        Some(listed) if state.failed.is_none() || state.is_current() => {
            if listed.matching == 0 {
                says_why_empty(state, world, pen, rows);
            } else {
                table(state, listed, pen, rows, places);
            }
            if let Some(area) = words {
                line_of_words(listed, pen, area);
            }
        }
        _ => says_why_empty(state, world, pen, rows),
    }
}

/// What is listed, how many and in which order.
#[must_use]
pub fn title(state: &State, world: &World, glyphs: &Glyphs) -> String {
    let question = state.listing.question(world);
    let matching = state.listed.as_ref().filter(|_| state.is_current()).map(|listed| listed.matching);
    question.map_or_else(|| "Items".to_owned(), |(question, _)| state.listing.words(&question, matching, glyphs))
}

/// Says why no item is there.
pub fn says_why_empty(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let words = match (&state.failed, &world.audit) {
        (None, _) if state.listed.is_some() => nothing(state, world),
        (Some(failed), _) => failed.clone(),
        (None, Some(_)) => "listing the items".into(),
        (None, None) => "opening the audit".into(),
    };
    sentence(pen, area, &words);
}

/// What no item is like, and what to do about it.
fn nothing(state: &State, world: &World) -> String {
    let filter = &state.listing.filter;
    let words = filter.text.trim();
    let split = filter.split.map_or_else(String::new, |split| format!("{split} "));
    let names =
        |before: &str, names: &[String]| (!names.is_empty()).then(|| format!("{before} {}", names.join(" and ")));
    let mut like: Vec<String> = names("has", &filter.with).into_iter().chain(names("lacks", &filter.without)).collect();
    like.extend((!words.is_empty()).then(|| format!("holds the words \"{words}\"")));
    like.extend((filter.least_loss.is_some() || filter.most_loss.is_some()).then(|| "loses that much".into()));
    like.extend(filter.among.is_some().then(|| "is of this slice".to_owned()));
    if like.is_empty() {
        like.push("is there".into());
    }
    let back = if words.is_empty() { "goes back" } else { "clears the words" };
    let key = |action| world.key(HERE, action);
    let figure = match state.listed.as_ref().map(|listed| listed.question.order) {
        None | Some(ItemOrder::Loss) => String::new(),
        Some(_) => {
            format!("; items without the figure it is sorted by are left out, {} takes another", key(Action::NextSort))
        }
    };
    let (leaves, other) = (key(super::keys::BACK), key(super::keys::NEXT_SPLIT));
    format!("no {split}item {}: {leaves} {back}, {other} looks at training items or all{figure}", like.join(" and "))
}

fn sentence(pen: &mut Pen<'_>, area: Rect, words: &str) {
    let lines = text::wrap(&text::clean(words), usize::from(area.width));
    let first = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (line, y) in lines.iter().zip(first..area.bottom()) {
        pen.centre(area, y, line, Role::Dim);
    }
}

/// The words that are asked for, the marks, and the place of the selection.
fn foot(state: &State, pen: &mut Pen<'_>, area: Rect) {
    if area.height < 3 {
        return;
    }
    let place = match state.matching() {
        // The sentence in the list says why.
        0 => String::new(),
        all => format!("{} of {}", number::count(state.cursor.selected + 1), number::count(all)),
    };
    pen.footnote(area, &place);
    if state.typing || !state.words.value().is_empty() {
        let y = area.bottom() - 1;
        let at = pen.text(area.x + 2, y, 3, " / ", Role::Accent);
        let room = area.width.saturating_sub(24 + text::width(&place) as u16).min(30);
        pen.text(at, y, room, &" ".repeat(usize::from(room)), Role::Text);
        input::draw(pen, (at, y), room, &state.words, state.typing, &[]);
    }
}

fn table(state: &State, listed: &Listed, pen: &mut Pen<'_>, area: Rect, places: Layout) {
    if area.height < 2 {
        return;
    }
    let columns = Columns::of(state, listed, places, area.width);
    let start = area.x + 4 + columns.id;
    pen.text(area.x + 4, area.y, columns.id, "id", Role::Dim);
    for (figure, end, room) in columns.ends(start) {
        pen.right(end, area.y, room, &figure.head(&listed.question.model), Role::Dim);
    }
    let x = start + columns.width() + 2;
    let room = area.right().saturating_sub(x);
    let is_text = state.selected().is_none_or(|item| item.text.is_some());
    pen.text(x, area.y, room, if is_text { "text" } else { "has" }, Role::Dim);
    for (place, y) in (state.cursor.offset..listed.matching).zip(area.y + 1..area.bottom()) {
        let row = Rect { y, height: 1, ..area };
        match state.at(place) {
            Some(item) => {
                let marked = state.marked.contains_key(&item.row);
                pen.text(area.x + 2, y, 1, if marked { pen.glyphs().done } else { " " }, Role::Accent);
                pen.text(area.x + 4, y, columns.id, &item.id, Role::Text);
                for (figure, end, room) in columns.ends(start) {
                    let words = figure.words(item, pen.glyphs());
                    pen.right(end, y, room, &words, Role::Text);
                }
                let (words, role) = excerpt(item, usize::from(room));
                pen.text(x, y, room, &words, role);
            }
            None => {
                pen.text(area.x + 4, y, columns.id, pen.glyphs().ellipsis, Role::Dim);
            }
        }
        if place == state.cursor.selected {
            pen.text(area.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(row);
        }
    }
}

/// What an item is, in a line: its text, else the attributes it has. A few characters more than are
/// shown, so that it is cut with a sign; a text may be a whole book.
fn excerpt(item: &ListedItem, room: usize) -> (String, Role) {
    let start = |text: &str| text.chars().take(4 * room + 1).collect::<String>();
    if let Some(text) = &item.text {
        return (start(text.trim_start()), Role::Text);
    }
    let has = item.attributes.iter().filter(|(_, has)| *has == Some(true)).map(|(name, _)| name.as_str());
    let has = has.collect::<Vec<_>>().join(", ");
    (if has.is_empty() { "no attribute".into() } else { has }, Role::Dim)
}

/// What the worst have in common, or why there is no content; a word that does not fit whole is left out.
fn line_of_words(listed: &Listed, pen: &mut Pen<'_>, area: Rect) {
    if let Some(note) = &listed.note {
        pen.text(area.x, area.y, area.width, note, Role::Dim);
        return;
    }
    let Some(found) = &listed.words else { return };
    let Some(found) = found else {
        pen.text(area.x, area.y, area.width, "texts are hidden", Role::Dim);
        return;
    };
    let (head, words) = said(found, listed.question.order);
    let groups: Vec<[(&str, Role); 1]> = std::iter::once([(head.as_str(), Role::Dim)])
        .chain(words.iter().map(|word| [(word.as_str(), Role::Text)]))
        .collect();
    let groups: Vec<&[(&str, Role)]> = groups.iter().map(|group| &group[..]).collect();
    pen.groups(area.x, area.y, area.width, &groups);
}

fn said(found: &WorstWords, order: ItemOrder) -> (String, Vec<String>) {
    // What lies near shares the words of the sentence: such a list is judged by loss.
    let by = if order == ItemOrder::Similarity { ItemOrder::Loss } else { order }.name();
    if found.words.is_empty() {
        let none = match found.tested {
            0 => String::new(),
            n => format!("no word of {} is over-represented in the worst 5 % by {by}", number::count(n)),
        };
        return (none, Vec::new());
    }
    let head = format!("worst {} by {by}, q < .05:", number::count(found.worst));
    let word = |word: &crate::diagnose::WorstWord| format!("  {} x{:.1}", text::clean(&word.word), word.ratio);
    (head, found.words.iter().map(word).collect())
}

/// What stands on the right of the tabs.
#[must_use]
pub fn about(state: &State, world: &World) -> String {
    match state.marked.len() {
        0 => String::new(),
        n => format!("{} marked, {} writes", number::count(n), world.key(HERE, super::keys::WRITE_MARKED)),
    }
}

/// What a newcomer should know, in full and in short.
#[must_use]
pub fn hint(world: &World) -> [String; 2] {
    let key = |action| world.key(HERE, action);
    let (similar, back, mark) = (key(super::keys::SIMILAR), key(super::keys::BACK), key(super::keys::MARK));
    let (sort, words) = (key(Action::NextSort), key(Action::Filter));
    [
        format!(
            "{words} finds words, {sort} sorts, {similar} lists what is like an item, {back} goes back, {mark} marks"
        ),
        format!("{words} finds words, {sort} sorts, {mark} marks"),
    ]
}
