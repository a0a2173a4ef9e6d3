//! The help overlay: the keys of this place from the key table, and a legend of every mark.

use crate::console::app::App;
use crate::console::glyph::Glyphs;
use crate::console::keys::{self, Context, EVERYWHERE, HELP, Keymap};
use crate::console::msg::Action;
use crate::console::paint::{Pen, inset};
use crate::console::theme::Role;
use ratatui::layout::Rect;

/// Pairs of a mark and its meaning.
fn legend(glyphs: &Glyphs) -> Vec<(String, &'static str)> {
    let bar = glyphs.bar;
    let whiskers = format!(
        "{l}{w}{w}{m}{w}{w}{r}",
        l = glyphs.whisker_left,
        w = glyphs.whisker,
        m = glyphs.mean,
        r = glyphs.whisker_right
    );
    let boxes = format!(
        "{l}{w}{q}{m}{q}{w}{r}",
        l = glyphs.whisker_left,
        w = glyphs.whisker,
        q = glyphs.quartile,
        m = glyphs.median,
        r = glyphs.whisker_right
    );
    let levels: String = [2, 4, 6, 5, 3].iter().map(|at| glyphs.levels[*at]).collect();
    vec![
        (format!("{bar}{bar}{bar}"), "measured loss gap, true less false"),
        (format!("{}{}{}", glyphs.whisker_left, glyphs.whisker, glyphs.whisker_right), "95 % interval of the gap"),
        (glyphs.predicted.into(), "gap the regressor predicts"),
        (format!("{} {}", glyphs.beyond_left, glyphs.beyond_right), "beyond the axis"),
        (glyphs.zero.into(), "zero"),
        (format!("{} {}", glyphs.ascending, glyphs.descending), "loses more, or less, than others"),
        (format!("{}loss", glyphs.delta), "loss gap, true less false"),
        (format!("P({}>0)", glyphs.delta), "chance that the mean gap is above 0"),
        ("?".into(), "may be chance, or cannot be said"),
        ("T F".into(), "the side with the worse AUROC"),
        (whiskers, "mean and sd of the members"),
        (boxes, "least, quartiles, greatest"),
        (levels, "members a to e on the lane's axis"),
        ("q0-4".into(), "five order statistics of more members"),
        ("p82".into(), "percentile among the test items"),
        (glyphs.care.into(), "read with care; wrong with the data"),
        (format!("{} {} {}", glyphs.running, glyphs.done, glyphs.queued), "running, done, waiting or stopped"),
    ]
}

/// Words the screens use.
const WORDS: [(&str, &str); 13] = [
    ("loss", "error of the model on an item"),
    ("AUROC", "how well scores order labels; .5 chance"),
    ("RMM", "size of the AUROC gap, true and false"),
    ("gap", "true less false"),
    ("resolved", "hardly chance: q under .05"),
    ("q", "p, allowing for all that was looked at"),
    ("lane", "the axis that the bars of rows share"),
    ("pieces", "parts of words that the encoder reads"),
    ("head", "regressor, ranker or ood (familiar)"),
    ("member", "one of the copies of a head"),
    ("0-shot", "AUROC of the encoder alone"),
    ("contrast", "antonym, anybody, or the bare Not X"),
    ("fragment", "part of a text, trained with its loss"),
];

/// One line of the overlay: what stands left, what it means; a heading has no left.
type Row = (String, String);

fn heading(words: &str) -> Row {
    (String::new(), words.to_owned())
}

fn keys_of(keymap: &Keymap, context: Context, title: &str, ascii: bool) -> Vec<Row> {
    let mut rows = vec![heading(title)];
    rows.extend(keymap.of(context).map(|binding| {
        let names: Vec<&str> = binding.keys.iter().map(|key| keys::shown(key, ascii)).collect();
        (names.join(" "), binding.help.to_owned())
    }));
    rows
}

/// The two columns: keys, and marks with words.
fn columns(app: &App, glyphs: &Glyphs) -> (Vec<Row>, Vec<Row>) {
    let here = app.screen().context();
    let keymap = &app.world.keymap;
    let mut left = keys_of(keymap, here, &format!("HERE: {}", here.name), glyphs.ascii);
    left.push(heading(""));
    if let Some(other) = app.screen().beside() {
        left.extend(keys_of(keymap, other, &other.name.to_uppercase(), glyphs.ascii));
        left.push(heading(""));
    }
    left.extend(keys_of(keymap, EVERYWHERE, "EVERYWHERE", glyphs.ascii));
    let mut right = vec![heading("READ THE MARKS")];
    right.extend(legend(glyphs).into_iter().map(|(mark, words)| (mark, words.to_owned())));
    right.push(heading(""));
    right.push(heading("WORDS"));
    right.extend(WORDS.iter().map(|(word, meaning)| ((*word).to_owned(), (*meaning).to_owned())));
    right.push(heading(""));
    right.push(heading("No mark needs colour to be read."));
    (left, right)
}

/// How far the overlay can scroll at a size.
#[must_use]
pub fn most(app: &App, glyphs: &Glyphs) -> usize {
    let columns = columns(app, glyphs);
    let place = place(Rect::new(0, 0, app.world.size.0, app.world.size.1), &columns);
    let (left, right) = (columns.0.len(), columns.1.len());
    let length = if place.width >= TWO { left.max(right) } else { left + 1 + right };
    length.saturating_sub(usize::from(place.height.saturating_sub(2)))
}

/// Width from which both columns stand side by side.
const TWO: u16 = 92;

fn place(area: Rect, columns: &(Vec<Row>, Vec<Row>)) -> Rect {
    let (left, right) = (columns.0.len(), columns.1.len());
    let width = if area.width >= 112 { 106 } else { area.width.saturating_sub(4).min(110) };
    let length = if width >= TWO { left.max(right) } else { left + 1 + right };
    let wanted = u16::try_from(length).unwrap_or(u16::MAX).saturating_add(2);
    let height = area.height.saturating_sub(2).min(wanted);
    Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height)
}

/// Draws the overlay over the whole screen.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, offset: usize) {
    let columns = columns(app, pen.glyphs());
    let place = place(area, &columns);
    pen.clear(place);
    let key = |action| app.world.key(HELP, action);
    let note = format!("{} {} scroll, {} closes", key(Action::Down), key(Action::Up), key(Action::CloseHelp));
    let inside = inset(pen.panel(place, "Help", &note, true), 2);
    let (left, right) = columns;
    let offset = offset.min(most(app, pen.glyphs()));
    if place.width >= TWO {
        let half = inside.width / 2;
        rows(pen, Rect { width: half - 1, ..inside }, &left, offset, 12);
        rows(pen, Rect { x: inside.x + half, width: inside.width - half, ..inside }, &right, offset, 11);
    } else {
        let mut all = left;
        all.push(heading(""));
        all.extend(right);
        rows(pen, inside, &all, offset, 13);
    }
}

fn rows(pen: &mut Pen<'_>, area: Rect, rows: &[Row], offset: usize, key: u16) {
    for (line, (left, right)) in rows.iter().skip(offset).take(usize::from(area.height)).enumerate() {
        let y = area.y + line as u16;
        if left.is_empty() {
            pen.text(area.x, y, area.width, right, Role::Title);
        } else {
            pen.text(area.x, y, key.saturating_sub(1), left, Role::Accent);
            pen.text(area.x + key, y, area.width.saturating_sub(key), right, Role::Text);
        }
    }
}
