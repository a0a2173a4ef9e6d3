//! Draws the checks of a ledger: every figure's newest value, and the selected one over all looks.

use super::LEDGER;
use super::keys::{LEFT, RIGHT};
use super::ledger::State;
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::linechart::{self, Across};
use crate::console::world::World;
use crate::diagnose::{FigureTrend, Status, TestSetTrend};
use ratatui::layout::Rect;

/// Cells of a number, and of a status with the blank before it.
const NUMBER: u16 = 9;
const STATUS: u16 = 14;

/// Where the parts are.
pub struct Places {
    pub list: Rect,
    chart: Rect,
}

impl Places {
    /// The figures above, the selected one over time below.
    #[must_use]
    pub fn of(body: Rect) -> Self {
        let list = Rect { height: (body.height * 2 / 5).clamp(5.min(body.height), 16), ..body };
        Self { list, chart: Rect { y: list.bottom(), height: body.height - list.height, ..body } }
    }

    /// Figures in sight.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.list.height.saturating_sub(3))
    }
}

/// A status's mark and colour; the word stands beside it.
fn mark(status: Status, glyphs: &Glyphs) -> (&'static str, Role) {
    match status {
        Status::Broken => (glyphs.care, Role::Bad),
        Status::Pass => (glyphs.done, Role::Good),
        _ => (glyphs.track, Role::Dim),
    }
}

/// A sentence in the middle, and what to do.
pub fn say(pen: &mut Pen<'_>, inside: Rect, said: &str, advice: &str) {
    if inside.height < 3 {
        return;
    }
    let lines = text::wrap(&text::clean(said), usize::from(inside.width.saturating_sub(2)));
    let top = inside.y + (inside.height / 2).saturating_sub(1);
    for (at, line) in lines.iter().map(|line| (line, Role::Text)).chain([(&advice.to_owned(), Role::Dim)]).enumerate() {
        let y = top + at as u16;
        if y < inside.bottom() {
            pen.centre(inside, y, line.0, line.1);
        }
    }
}

/// Draws figures and chart.
pub fn draw(state: &State, world: &World, trend: &TestSetTrend, pen: &mut Pen<'_>, body: Rect) {
    let places = Places::of(body);
    list(state, trend, pen, places.list);
    match state.figure(world) {
        Some(figure) => chart(state, world, trend, figure, pen, places.chart),
        None => _ = pen.panel(places.chart, "", "", false),
    }
}

fn list(state: &State, trend: &TestSetTrend, pen: &mut Pen<'_>, area: Rect) {
    let looks = trend.looks.len();
    let noun = if looks == 1 { "look" } else { "looks" };
    let wide = area.width >= 90;
    let set = if wide { format!(" at test set {}", trend.test_set) } else { String::new() };
    let title = format!("Ledger: {} {noun}{set}", number::count(looks));
    let alarms =
        format!("expected false alarms at most {:.2}", (100.0 * trend.expected_false_alarms - 1e-9).ceil() / 100.0);
    let inside = pen.panel(area, &title, &alarms, true);
    if inside.height < 2 || inside.width < 40 {
        return;
    }
    let glyphs = pen.glyphs();
    // The chart below tells the limit; the first to give way, so that rule and figure can be read.
    let narrow = inside.width < 74;
    let limits = if narrow { 0 } else { NUMBER };
    let broken = if narrow { 0 } else { NUMBER };
    let numbers = NUMBER + limits + STATUS + broken;
    let name = inside.width.saturating_sub(3 + numbers);
    let longest = |of: fn(&FigureTrend) -> &str| {
        trend.figures.iter().map(|figure| text::width(of(figure))).max().unwrap_or(0) as u16
    };
    // The figure is cut before the rule, but not to less than half.
    let figure = longest(|figure| &figure.subject).min(name / 2);
    let rule = (longest(|figure| &figure.rule) + 2).min(name.saturating_sub(figure));
    let x = inside.x + 2;
    let row = |pen: &mut Pen<'_>, y: u16, words: [&str; 6], roles: [Role; 2]| {
        pen.text(x, y, rule - 1, words[0], roles[0]);
        pen.text(x + rule, y, name - rule, words[1], roles[0]);
        pen.right(x + name + NUMBER, y, NUMBER, words[2], roles[0]);
        pen.right(x + name + NUMBER + limits, y, limits, words[3], Role::Dim);
        pen.text(x + name + NUMBER + limits + 1, y, STATUS - 1, words[4], roles[1]);
        pen.right(x + name + numbers, y, broken, words[5], Role::Dim);
    };
    row(pen, inside.y, ["rule", "figure", "newest", "limit", "status", "broken"], [Role::Dim, Role::Dim]);
    let seen = trend.figures.iter().enumerate().skip(state.cursor.offset).take(usize::from(inside.height - 1));
    for (at, (place, figure)) in seen.enumerate() {
        let y = inside.y + 1 + at as u16;
        let newest = figure.values.iter().rev().find_map(|value| *value);
        let plain = |value: Option<f64>| value.map_or_else(|| "n/a".into(), |value| number::plain(value, 4, glyphs));
        let (sign, role) = mark(figure.status, glyphs);
        let status = format!("{sign} {}", figure.status.name());
        let (newest, limit, broken) = (plain(newest), plain(Some(figure.limit)), number::count(figure.broken));
        row(pen, y, [&figure.rule, &figure.subject, &newest, &limit, &status, &broken], [Role::Text, role]);
        if place == state.cursor.selected {
            pen.text(inside.x, y, 1, glyphs.selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
    }
    pen.footnote(area, &format!("{} of {}", state.cursor.selected + 1, trend.figures.len()));
}

/// The figure over the looks, its limit, what each look said, and one look read out.
fn chart(state: &State, world: &World, trend: &TestSetTrend, figure: &FigureTrend, pen: &mut Pen<'_>, area: Rect) {
    let glyphs = pen.glyphs();
    let subject = if figure.subject.is_empty() { String::new() } else { format!(", {}", figure.subject) };
    let key = format!("a the figure, b its limit {}", number::plain(figure.limit, 4, glyphs));
    let inside = inset(pen.panel(area, &format!("{}{subject}", figure.rule), &key, false), 1);
    let at = trend.looks.len().saturating_sub(1 + state.back);
    let Some(look) = trend.looks.get(at).filter(|_| inside.height >= 3) else { return };
    let (sign, role) = mark(look.status, glyphs);
    let day = look.date.get(..10).unwrap_or(&look.date);
    let value = figure.values.get(at).copied().flatten();
    let value = value.map_or_else(|| "not asked".into(), |value| number::plain(value, 4, glyphs));
    let place = format!("look {} of {}", at + 1, trend.looks.len());
    let models = format!("  {} against {}", look.model, look.against);
    let keys = format!("   {} {} another", world.key(LEDGER, LEFT), world.key(LEDGER, RIGHT));
    let groups: [&[(&str, Role)]; 5] = [
        &[(&place, Role::Text), (" ", Role::Dim), (sign, role), (" ", role), (look.status.name(), role)],
        &[("  figure ", Role::Dim), (&value, Role::Text)],
        &[("  ", Role::Dim), (day, Role::Dim)],
        &[(&models, Role::Dim)],
        &[(&keys, Role::Dim)],
    ];
    pen.groups(inside.x, inside.y, inside.width, &groups);
    let steps: Vec<u32> = (1..=trend.looks.len() as u32).collect();
    let values = figure.values.iter().map(|value| value.map_or(f32::NAN, |value| value as f32)).collect();
    let limit = vec![figure.limit as f32; steps.len()];
    let plot = Rect { y: inside.y + 2, height: inside.height - 2, ..inside };
    let over = Across { unit: "look", end: steps.last().copied(), log: false };
    linechart::draw(pen, plot, &steps, &[values, limit], over);
    // What each look said stands above the lines; the look that is read out is marked.
    let ends = (1, steps.len() as u32);
    for (step, look) in steps.iter().zip(&trend.looks) {
        let (sign, role) = mark(look.status, glyphs);
        pen.text(linechart::column(plot, ends, *step), inside.y + 1, 1, sign, role);
    }
    let column = linechart::column(plot, ends, at as u32 + 1);
    pen.select(Rect { x: column, y: inside.y + 1, width: 1, height: 1 });
    let dates =
        [trend.looks.first(), trend.looks.last()].map(|look| look.map_or("", |look| look.date.get(..10).unwrap_or("")));
    pen.footnote(area, &format!("{} to {}", dates[0], dates[1]));
}
