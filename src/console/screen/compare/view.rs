//! Draws the Compare screen.

use super::other::others;
use super::{Change, Comparison, HERE, Row, State, layout, models_view};
use crate::console::glyph::Glyphs;
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::screen::train::way_to_a_run;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::dumbbell::dumbbell;
use crate::console::widget::scale::Scale;
use crate::console::world::World;
use ratatui::layout::Rect;

/// Draws the screen into the body.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    if state.ledger.shown {
        return state.ledger.draw(world, pen, body);
    }
    let places = layout(body);
    if let (Some(models), true) = (&state.models, state.measure().is_of_models()) {
        match state.found() {
            Some(found) => models_view::view(state, world, pen, &places, found),
            None => comparing(state, world, pen, body, models),
        }
        return;
    }
    let stale = state.other.is_none();
    let Some(comparison) = state.comparison.as_ref().filter(|_| !stale) else {
        let title = format!("Compare {} two models or two runs of the audit", pen.glyphs().dot);
        let inside = pen.panel(body, &title, "", true);
        waiting(world, pen, inside);
        return;
    };
    verdict(pen, places.verdict, comparison);
    table(pen, places.table, comparison, state);
    if let Some(area) = places.heads {
        heads(pen, area, comparison);
    }
    if let (Some(area), Some(row)) = (places.detail, state.selected()) {
        detail(world, pen, area, row);
    }
}

/// Two models that are being compared, or cannot be.
fn comparing(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect, (then, now): &(String, String)) {
    let title = format!("{then} {} {now}", pen.glyphs().right);
    let inside = inset(pen.panel(body, &title, "", true), 1);
    if inside.height < 3 {
        return;
    }
    let failed = state.kept.answer(then, now).and_then(|(_, answer)| answer.as_ref().err());
    let y = inside.y + inside.height / 2;
    let Some(why) = failed else {
        let items = world.audit.as_ref().map_or(0, |audit| audit.test_items);
        let words = format!("comparing the two models, item by item, over {} test items", number::count(items));
        let lines = text::wrap(&words, usize::from(inside.width));
        let top = y.saturating_sub(lines.len() as u16);
        for (line, words) in (top..).zip(&lines) {
            pen.centre(inside, line, words, Role::Text);
        }
        let drawn = state
            .kept
            .drawn(then, now)
            .map(|(done, total)| format!("{} %. ", number::percent(done as u64, total as u64)));
        let words = format!("{}No heads are needed; the other screens go on.", drawn.unwrap_or_default());
        pen.centre(inside, y, &words, Role::Dim);
        return;
    };
    for (at, line) in text::wrap(why, usize::from(inside.width)).iter().take(3).enumerate() {
        pen.centre(inside, y - 1 + at as u16, line, Role::Warn);
    }
}

fn waiting(world: &World, pen: &mut Pen<'_>, area: Rect) {
    if area.height < 3 {
        return;
    }
    let y = area.y + area.height / 2;
    if world.shown.is_none() {
        pen.centre(area, y, world.no_heads(), Role::Dim);
    } else if others(world).is_empty() {
        pen.centre(area, y - 1, "There is one finished run so far, and nothing to compare it with.", Role::Text);
        pen.centre(
            area,
            y,
            &format!(
                "{} describes another run; llm2loss ingest AUDIT --model NAME --losses FILE adds a model.",
                way_to_a_run(world)
            ),
            Role::Dim,
        );
    } else {
        pen.centre(area, y, "reading the other run", Role::Dim);
    }
}

fn verdict(pen: &mut Pen<'_>, area: Rect, comparison: &Comparison) {
    let glyphs = pen.glyphs();
    let arrow = glyphs.right;
    let wide = area.width >= 100;
    let note = if wide { format!("A {}  {arrow}  B {}", comparison.a, comparison.b) } else { String::new() };
    let differs = differs(comparison, arrow, usize::from(area.width).saturating_sub(text::width(&note) + 10));
    let title = format!("{}; {differs}", capital(comparison.measure.name()));
    let inside = inset(pen.panel(area, &title, &note, false), 1);
    let count = |change| number::count(comparison.count(change));
    let (worse, better) = (count(Change::Regressed), count(Change::Improved));
    let same = count(Change::WithinNoise);
    let unknown = comparison.rows.iter().filter(|row| row.change.is_none()).count();
    let attributes = format!("  of {} attributes", comparison.rows.len());
    let unknown = if unknown > 0 { format!("  {unknown} not decided") } else { String::new() };
    let noise = format!("  ({})", comparison.measure.noise());
    let role = if worse == "0" { Role::Good } else { Role::Bad };
    let groups: [&[(&str, Role)]; 6] = [
        &[(&worse, role), (" regressed", Role::Text)],
        &[("  ", Role::Dim), (&better, Role::Good), (" improved", Role::Text)],
        &[("  ", Role::Dim), (&same, Role::Text), (" within noise", Role::Text)],
        &[(&unknown, Role::Dim)],
        &[(&attributes, Role::Dim)],
        &[(&noise, Role::Dim)],
    ];
    if inside.height > 0 {
        pen.groups(inside.x, inside.y, inside.width, &groups);
    }
    if inside.height > 1 {
        let side = |of: fn(&Row) -> Option<f64>| comparison.worst(of);
        let (Some(a), Some(b)) = (side(|row| row.a), side(|row| row.b)) else { return };
        let value = |value: f64| number::plain(value, 4, glyphs);
        let worst = format!("largest {} {} {arrow} {} {}", value(a.1), a.0, value(b.1), b.0);
        let mean = format!("  mean {} {arrow} {}", value(a.2), value(b.2));
        let caution = comparison.caution.as_ref().map(|words| format!("  {} {words}", glyphs.care)).unwrap_or_default();
        let groups: [&[(&str, Role)]; 3] =
            [&[(&mean[2..], Role::Text)], &[(&caution, Role::Warn)], &[("  ", Role::Dim), (&worst, Role::Text)]];
        pen.groups(inside.x, inside.y + 1, inside.width, &groups);
    }
}

/// What differs in how the two were made, as much as there is room for; what does not fit is counted.
fn differs(comparison: &Comparison, arrow: &str, room: usize) -> String {
    let name = text::width(comparison.measure.name()) + 2;
    let all = comparison.differs.len();
    if all == 0 {
        return "made alike".into();
    }
    let mut words = String::new();
    for (at, (field, a, b)) in comparison.differs.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        let next = format!("{words}{separator}{field} {a} {arrow} {b}");
        if at > 0 && name + text::width(&next) + 8 > room {
            return format!("{words}, {} more", all - at);
        }
        words = next;
    }
    words
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn mark(change: Option<Change>, glyphs: &Glyphs) -> (&'static str, Role) {
    match change {
        Some(Change::Regressed) => (glyphs.ascending, Role::Bad),
        Some(Change::Improved) => (glyphs.descending, Role::Good),
        Some(Change::WithinNoise) => (" ", Role::Dim),
        None => ("?", Role::Dim),
    }
}

fn table(pen: &mut Pen<'_>, area: Rect, comparison: &Comparison, state: &State) {
    let glyphs = pen.glyphs();
    let note = format!("{} A  {} B", glyphs.first, glyphs.second);
    let inside = pen.panel(area, "Attributes", &note, true);
    if inside.height < 2 || inside.width < 40 {
        return;
    }
    let longest = comparison.rows.iter().map(|row| text::width(&row.name)).max().unwrap_or(9).min(40) as u16;
    let name = longest.clamp(9, inside.width.saturating_sub(40).max(9)) + 1;
    let lane = inside.width.saturating_sub(2 + name + 27).min(60);
    let scale = Scale::of(comparison.rows.iter().flat_map(|row| [row.a, row.b]).flatten()).with_zero();
    let x = inside.x + 2;
    pen.text(x, inside.y, name, "attribute", Role::Dim);
    for (end, words) in [(7, "A"), (14, "B"), (22, "B - A")] {
        let words = words.replace('-', glyphs.minus);
        pen.right(x + name + end, inside.y, 7, &words, Role::Dim);
    }
    let at = x + name + 25;
    pen.text(at, inside.y, 1, "0", Role::Dim);
    pen.right(at + lane, inside.y, 8, &number::plain(scale.high, 3, glyphs), Role::Dim);
    let page = usize::from(inside.height - 1);
    for (line, (place, &row)) in state.order.iter().enumerate().skip(state.cursor.offset).take(page).enumerate() {
        let Some(row) = comparison.rows.get(row) else { continue };
        let y = inside.y + 1 + line as u16;
        pen.text(x, y, name - 1, &row.name, Role::Text);
        let plain = |value: Option<f64>| value.map_or_else(|| "n/a".into(), |value| number::plain(value, 4, glyphs));
        pen.right(x + name + 7, y, 7, &plain(row.a), Role::Text);
        pen.right(x + name + 14, y, 7, &plain(row.b), Role::Text);
        let delta = row.delta().map_or_else(|| "n/a".into(), |delta| number::signed(delta, 4, glyphs));
        pen.right(x + name + 22, y, 8, &delta, Role::Text);
        let (sign, role) = mark(row.change, glyphs);
        pen.text(x + name + 23, y, 1, sign, role);
        pen.marks(at, y, &dumbbell(scale, usize::from(lane), row.a, row.b, glyphs));
        if place == state.cursor.selected {
            pen.text(inside.x, y, 1, glyphs.selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
    }
    let legend = format!(" {} regressed  {} improved  blank within noise ", glyphs.ascending, glyphs.descending);
    if text::width(&legend) + 20 < usize::from(area.width) {
        pen.text(area.x + 2, area.bottom() - 1, area.width, &legend, Role::Dim);
    }
    pen.footnote(area, &format!("{} of {}", state.cursor.selected + 1, state.order.len()));
}

fn heads(pen: &mut Pen<'_>, area: Rect, comparison: &Comparison) {
    let inside = inset(pen.panel(area, "Head quality", "Spearman, OOD AUROC", false), 1);
    if inside.height < 2 {
        return;
    }
    let glyphs = pen.glyphs();
    let right = inside.right();
    let name = inside.width.saturating_sub(18);
    for (back, words) in [(12, "A"), (6, "B"), (0, "B-A")] {
        pen.right(right - back, inside.y, 6, &words.replace('-', glyphs.minus), Role::Dim);
    }
    for (line, head) in comparison.heads.iter().take(usize::from(inside.height - 1)).enumerate() {
        let y = inside.y + 1 + line as u16;
        pen.text(inside.x, y, name, &head.label, Role::Text);
        let plain = |value: Option<f64>| value.map_or_else(|| "n/a".into(), |value| number::plain(value, 3, glyphs));
        pen.right(right - 12, y, 5, &plain(head.a), Role::Text);
        pen.right(right - 6, y, 5, &plain(head.b), Role::Text);
        if let (Some(a), Some(b)) = (head.a, head.b) {
            pen.right(right, y, 6, &number::signed(b - a, 3, glyphs), Role::Dim);
        }
    }
}

fn detail(world: &World, pen: &mut Pen<'_>, area: Rect, row: &Row) {
    let glyphs = pen.glyphs();
    let (words, role) = match row.change {
        Some(Change::Regressed) => ("regressed", Role::Bad),
        Some(Change::Improved) => ("improved", Role::Good),
        Some(Change::WithinNoise) => ("within noise", Role::Dim),
        None => ("not decided", Role::Dim),
    };
    let inside = inset(pen.panel(area, &row.name, "", false), 1);
    let delta = row.delta().map_or_else(|| "n/a".into(), |delta| number::signed(delta, 4, glyphs));
    let noise = row.noise.map(|noise| format!(" {} {}", glyphs.plus_minus, number::plain(noise, 4, glyphs)));
    let sum = format!("{delta}{}", noise.unwrap_or_default());
    let (sign, _) = mark(row.change, glyphs);
    let mut y = inside.y;
    let mut line = |pen: &mut Pen<'_>, pieces: &[(&str, Role)]| {
        if y < inside.bottom() {
            pen.pieces(inside.x, y, inside.width, pieces);
        }
        y += 1;
    };
    let label = format!("B {} A  ", glyphs.minus);
    line(
        pen,
        &[(&label, Role::Dim), (&sum, Role::Text), ("  ", Role::Dim), (sign.trim(), role), (" ", role), (words, role)],
    );
    line(pen, &[]);
    line(pen, &[(&format!("{:<12}{:>10}{:>10}", "", "A", "B"), Role::Dim)]);
    for (label, a, b) in &row.detail {
        let (a, b) = (a.replace('-', glyphs.minus), b.replace('-', glyphs.minus));
        line(pen, &[(&format!("{label:<12}"), Role::Dim), (&format!("{a:>10}{b:>10}"), Role::Text)]);
    }
    line(pen, &[]);
    line(pen, &[("true less false, over the test items", Role::Dim)]);
    let open = world.key(HERE, Action::OpenPair);
    line(pen, &[(&format!("{open} opens both sentences as prompts"), Role::Dim)]);
}
