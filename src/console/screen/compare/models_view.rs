//! Draws what changed between two models.

use super::lines_view::{fate_role, table, verdict_mark};
use super::{HERE, Layout, Line, State};
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::world::World;
use crate::diagnose::{Change, ModelComparison, Tally};
use ratatui::layout::Rect;

/// Draws the parts in their places; what was found of the models must be there.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, places: &Layout, found: &ModelComparison) {
    verdict(state, pen, places.verdict, found);
    if state.lines.is_empty() {
        nothing(state, world, pen, places.table, found);
    } else {
        table(pen, world, places.table, state);
    }
    let line = state.line();
    match (places.heads, places.detail) {
        (Some(above), Some(below)) => {
            losses_and_heads(world, pen, above, found);
            detail(state, world, pen, below, line, true);
        }
        (Some(strip), None) => detail(state, world, pen, strip, line, false),
        _ => {}
    }
}

fn nothing(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect, found: &ModelComparison) {
    let inside = pen.panel(area, state.measure().name(), "", true);
    if inside.height < 3 {
        return;
    }
    let y = inside.y + inside.height / 2;
    if found.predicted.is_none() && state.measure() == super::Measure::Prompts {
        pen.centre(inside, y - 1, "Predictions are compared between heads of both models, trained alike.", Role::Text);
        let train = world.key(HERE, Action::TrainAlike);
        pen.centre(inside, y, &format!("{train} trains those that are missing; it takes some seconds."), Role::Dim);
    } else {
        pen.centre(inside, y, "none", Role::Dim);
    }
}

/// A change in words: `.886 ▸ .275  −.611 [−.636, −.587] better`.
fn change(pen: &Pen<'_>, label: &str, change: &Change) -> Vec<(String, Role)> {
    let glyphs = pen.glyphs();
    let (Some(before), Some(after), Some(by)) = (change.before.value(), change.after.value(), change.change.value())
    else {
        return Vec::new();
    };
    let plain = |value| number::plain(value, 3, glyphs);
    let signed = |value| number::signed(value, 3, glyphs);
    let interval = change.interval.value();
    let interval = interval.map(|ends| format!(" [{}, {}]", signed(ends.low), signed(ends.high))).unwrap_or_default();
    let (_, _, role) = verdict_mark(change.verdict, glyphs);
    vec![
        (format!("{label} {} {} {}  {}", plain(before), glyphs.right, plain(after), signed(by)), Role::Text),
        (format!("{interval} "), Role::Dim),
        (change.verdict.words().to_owned(), role),
    ]
}

fn verdict(state: &State, pen: &mut Pen<'_>, area: Rect, found: &ModelComparison) {
    let glyphs = pen.glyphs();
    let title = format!("{} {} {}: what changed", found.before, glyphs.right, found.after);
    let over = match state.kept.drawn(&found.before, &found.after) {
        Some((done, total)) => format!("finer intervals: {} %", number::percent(done as u64, total as u64)),
        None => format!("{} test items", number::count(found.n)),
    };
    let inside = inset(pen.panel(area, &title, &over, false), 1);
    let mut y = inside.y;
    let mut write = |pen: &mut Pen<'_>, groups: &[Vec<(String, Role)>]| {
        if y < inside.bottom() {
            let groups: Vec<Vec<(&str, Role)>> = groups
                .iter()
                .map(|group| group.iter().map(|(words, role)| (words.as_str(), *role)).collect())
                .collect();
            let groups: Vec<&[(&str, Role)]> = groups.iter().map(Vec::as_slice).collect();
            pen.groups(inside.x, y, inside.width, &groups);
        }
        y += 1;
    };
    let mut second = change(pen, "AUROC", &found.losses.auroc);
    if !second.is_empty() {
        second.insert(0, ("   ".into(), Role::Dim));
    }
    let first = change(pen, "Mean loss", &found.losses.mean);
    let room = usize::from(inside.width);
    let cells =
        |said: &[Vec<(String, Role)>]| said.iter().flatten().map(|(words, _)| text::width(words)).sum::<usize>();
    // Where not all fits, the counts of groups stay.
    let said = Some(headline(found, true)).filter(|said| cells(said) <= room);
    write(pen, &said.unwrap_or_else(|| headline(found, false)));
    write(pen, &[first, second]);
    let share = |n: usize| format!("{} ({:.1} %)", number::count(n), 100.0 * n as f64 / found.n.max(1) as f64);
    let rose = format!("Loss rose for {}, fell for {}", share(found.losses.worse), share(found.losses.better));
    let units = match found.units == found.n {
        true => String::new(),
        false => format!("   resampled by {} clusters", number::count(found.units)),
    };
    write(pen, &[vec![(rose, Role::Text)], vec![(units, Role::Dim)]]);
}

/// Whom the second model harmed, whom it left behind, and the rest: the words of `compare-models`, with the people in
/// these groups where `items`.
fn headline(found: &ModelComparison, items: bool) -> Vec<Vec<(String, Role)>> {
    let groups = &found.groups;
    let over = |tally: Tally| match tally.groups {
        0 => String::new(),
        _ if !items => String::new(),
        _ => format!(" ({} of {} test items)", number::count(tally.items), number::count(found.n)),
    };
    let noun = if groups.worse_off.groups == 1 { "group" } else { "groups" };
    let harm = if groups.worse_off.groups == 0 { Role::Good } else { Role::Bad };
    let behind = if groups.left_behind.groups == 0 { Role::Text } else { Role::Warn };
    let mut said = vec![vec![
        (number::count(groups.worse_off.groups), harm),
        (format!(" {noun} worse off{}", over(groups.worse_off)), Role::Text),
    ]];
    let mut add = |n: usize, role: Role, words: String| {
        said.push(vec![("; ".into(), Role::Dim), (number::count(n), role), (words, Role::Text)]);
    };
    add(groups.left_behind.groups, behind, format!(" gained less than others{}", over(groups.left_behind)));
    add(groups.better.groups, Role::Text, " better".into());
    add(groups.not_resolved.groups, Role::Text, " not resolved".into());
    if groups.not_enough_data.groups > 0 {
        add(groups.not_enough_data.groups, Role::Warn, " with too few items".into());
    }
    said
}

fn losses_and_heads(world: &World, pen: &mut Pen<'_>, area: Rect, found: &ModelComparison) {
    let inside = inset(pen.panel(area, "Losses and heads", "", false), 1);
    let glyphs = pen.glyphs();
    let right = inside.right();
    let mut y = inside.y;
    let mut row = |pen: &mut Pen<'_>, label: &str, cells: [String; 3], role: Role| {
        if y < inside.bottom() {
            let room = if cells.iter().all(String::is_empty) { 0 } else { 24 };
            pen.text(inside.x, y, inside.width.saturating_sub(room), label, role);
            for (back, words) in [(16, &cells[0]), (8, &cells[1]), (0, &cells[2])] {
                pen.right(right.saturating_sub(back), y, 8, words, role);
            }
        }
        y += 1;
    };
    let three = |before: Option<f64>, after: Option<f64>| {
        let plain = |value: Option<f64>| value.map_or_else(|| "n/a".into(), |value| number::plain(value, 3, glyphs));
        let by = before.zip(after).map(|(before, after)| number::signed(after - before, 3, glyphs));
        [plain(before), plain(after), by.unwrap_or_default()]
    };
    row(pen, "loss", ["before".into(), "after".into(), "change".into()], Role::Dim);
    let mean = &found.losses.mean;
    row(pen, "mean", three(mean.before.value(), mean.after.value()), Role::Text);
    for quantile in &found.losses.quantiles {
        let label = format!("{:.0} %", 100.0 * quantile.probability);
        row(pen, &label, three(Some(quantile.before), Some(quantile.after)), Role::Text);
    }
    let Some(predicted) = &found.predicted else {
        let train = world.key(HERE, Action::TrainAlike);
        row(pen, &format!("{train} trains heads of both alike"), Default::default(), Role::Dim);
        return;
    };
    row(pen, "heads: Spearman with loss", Default::default(), Role::Dim);
    for head in &predicted.heads {
        let of =
            |value: crate::diagnose::Measured<crate::diagnose::Association>| value.value().map(|found| found.value);
        row(pen, head.head.name(), three(of(head.before), of(head.after)), Role::Text);
    }
}

/// What there is to say of the selected row; a pane has the numbers too, which a strip leaves to the table.
fn detail(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect, line: Option<&Line>, pane: bool) {
    let Some(line) = line else {
        pen.panel(area, "", "", false);
        return;
    };
    let glyphs = pen.glyphs();
    let inside = inset(pen.panel(area, &line.name, "", false), 1);
    let mut rows: Vec<(String, Role)> = Vec::new();
    if let Some(verdict) = line.verdict {
        let (mark, word, role) = match &line.group {
            Some(group) => ("", group.words.as_str(), fate_role(group.fate)),
            None if state.measure().is_of_gaps() => {
                let (mark, _, role) = verdict_mark(verdict, glyphs);
                (mark, verdict.gap_words(), role)
            }
            None => {
                let (mark, _, role) = verdict_mark(verdict, glyphs);
                (mark, verdict.words(), role)
            }
        };
        let signed = |value: f64| number::signed(value, 4, glyphs);
        let by = line.change.map(signed).unwrap_or_else(|| "n/a".into());
        let interval = line.interval.map(|(low, high)| format!(" [{}, {}]", signed(low), signed(high)));
        let q = line.q.map(|q| format!(", q {}", number::probability(q))).unwrap_or_default();
        let sum = format!("change {by}{}", interval.unwrap_or_default());
        let words = format!("{mark} {word}").trim().to_owned();
        if pane {
            rows.extend([(format!("{words}{q}"), role), (sum, Role::Text)]);
        } else {
            rows.push((format!("{words}: {sum}{q}"), role));
        }
    }
    let room = usize::from(inside.width);
    for sentence in &line.detail {
        // Only sentences of our own are full of numbers; an item's text stays as it is.
        let own = line.verdict.is_some() || line.opens.is_some();
        let minus = format!(" {}", glyphs.minus);
        let sentence = if own { text::clean(sentence).replace(" -", &minus) } else { text::clean(sentence) };
        rows.extend(text::wrap(&sentence, room).into_iter().map(|line| (line, Role::Text)));
    }
    if pane && line.opens.is_some() {
        rows.push((format!("{} opens it as prompts", world.key(HERE, Action::OpenPair)), Role::Dim));
    }
    for (at, (words, role)) in rows.iter().take(usize::from(inside.height)).enumerate() {
        pen.text(inside.x, inside.y + at as u16, inside.width, words, *role);
    }
}
