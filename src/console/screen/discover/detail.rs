//! The selected slice: how sure, which groups it is made of, what heads say of its name, its worst items.

use super::State;
use super::keys::{ADD, HERE};
use crate::audit::HeadKind;
use crate::console::glyph::Glyphs;
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::world::World;
use crate::diagnose::{Combined, DiscoveredSlice, Overlap, PromptScores};
use crate::engine::SliceItem;
use ratatui::layout::Rect;

/// Items that are told of where they have no place of their own.
const FEW: usize = 5;

/// `1.23 to 1.56`.
#[must_use]
pub fn interval(slice: &DiscoveredSlice, glyphs: &Glyphs) -> String {
    slice.interval.map_or_else(String::new, |ends| {
        format!("{} to {}", number::plain(ends.low, 3, glyphs), number::plain(ends.high, 3, glyphs))
    })
}

/// Draws the slice, and its items in a place of their own where there is one.
pub fn draw(state: &State, world: &World, pen: &mut Pen<'_>, places: (Rect, Option<Rect>), slice: &DiscoveredSlice) {
    let at = state.cursor.selected;
    let Some(view) = state.found(world) else { return };
    let Some(beside) = view.slices.get(at) else { return };
    let count = |n: usize| number::count(n);
    let note = format!("{} of {} test items tested", count(slice.n), count(beside.test_items));
    let area = places.0;
    let inside = inset(pen.panel(area, &slice.name, &note, false), 1);
    let glyphs = pen.glyphs();
    let mut lines = vec![(
        format!(
            "loss {} ({}), all {}; p {}, q {}",
            number::plain(slice.mean_loss, 4, glyphs),
            interval(slice, glyphs),
            number::plain(slice.overall, 4, glyphs),
            number::probability(slice.p),
            number::probability(slice.q)
        ),
        Role::Text,
    )];
    lines.extend(slice.combined.filter(Combined::adds).map(|found| (combined(found, glyphs), Role::Text)));
    lines.extend(beside.overlaps.iter().take(overlaps_shown(inside.height)).map(|group| (made_of(group), Role::Text)));
    lines.extend(heads(state, world, at, glyphs));
    if slice.near {
        lines.push(("a name from the encoder's space: look at the items".into(), Role::Warn));
    }
    lines.push((format!("{} makes it an attribute", world.key(HERE, ADD)), Role::Dim));
    if places.1.is_none() {
        let ids = beside.worst.iter().take(FEW).map(|item| format!("{} ({})", item.id, loss(item, glyphs)));
        let ids: Vec<String> = ids.collect();
        let worst = format!("{}: {}", worst_words(state), ids.join(", "));
        lines.insert(1, (worst, Role::Text));
    }
    let room = usize::from(inside.width);
    let lines = lines.iter().flat_map(|(words, role)| text::wrap(words, room).into_iter().map(|line| (line, *role)));
    for ((line, role), y) in lines.zip(inside.y..inside.bottom()) {
        pen.text(inside.x, y, inside.width, &line, role);
    }
    if let Some(area) = places.1 {
        items(state, world, pen, area, &beside.worst);
    }
}

/// What the measured mean and the heads make together.
fn combined(found: Combined, glyphs: &Glyphs) -> String {
    let few = if found.few_groups { ", of few slices" } else { "" };
    format!(
        "with what heads predict of its items {} ({} to {}{few})",
        number::plain(found.value, 4, glyphs),
        number::plain(found.interval.low, 3, glyphs),
        number::plain(found.interval.high, 3, glyphs)
    )
}

/// Groups told, so that what heads say has its lines too.
fn overlaps_shown(height: u16) -> usize {
    usize::from(height / 4).clamp(1, 3)
}

/// `98 % are Senior, 6.2 times as many as of all`.
fn made_of(group: &Overlap) -> String {
    let name = if group.is { group.attribute.clone() } else { format!("not {}", group.attribute) };
    format!("{:.0} % are {name}, {:.1} times the share of all", 100.0 * group.share, group.lift)
}

/// What heads and the calibrated estimate say of the name, where there is a run.
fn heads(state: &State, world: &World, at: usize, glyphs: &Glyphs) -> Vec<(String, Role)> {
    let Some(shown) = &world.shown else {
        return vec![("no heads yet that could say what its name costs".into(), Role::Dim)];
    };
    let Some(scores) = state.scores(world, at) else {
        let names = state.names.as_ref().filter(|names| names.run == shown.record.id);
        let asked = if names.is_some() { "the heads cannot read its name" } else { "asking the heads about its name" };
        return vec![(asked.into(), Role::Dim)];
    };
    let mut lines = vec![(said(scores, glyphs), Role::Text)];
    if scores.out_of_distribution {
        lines.push(("its name is unlike the prompts of the audit".into(), Role::Warn));
    }
    lines
}

fn said(scores: &PromptScores, glyphs: &Glyphs) -> String {
    let mut parts = Vec::new();
    if let Some(estimate) = &scores.estimate {
        let interval = estimate.interval.map_or_else(String::new, |ends| {
            format!(" ({} to {})", number::plain(ends.low, 3, glyphs), number::plain(ends.high, 3, glyphs))
        });
        let how = if estimate.measured { "measured on training items" } else { "estimate of its name" };
        parts.push(format!("{how} {}{interval}", number::plain(estimate.value, 3, glyphs)));
    }
    for head in [HeadKind::Regressor, HeadKind::Ranker] {
        if let Some(score) = scores.head(head) {
            parts.push(format!("{} {}", head.name(), number::percentile(score.percentile)));
        }
    }
    parts.join("; ")
}

fn worst_words(state: &State) -> &'static str {
    if state.question.look == super::Look::Easy { "easiest items" } else { "worst items" }
}

fn loss(item: &SliceItem, glyphs: &Glyphs) -> String {
    number::plain(item.loss, 3, glyphs)
}

/// The worst items with what they lose and their text.
fn items(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect, worst: &[SliceItem]) {
    let mut title = worst_words(state).to_owned();
    title[..1].make_ascii_uppercase();
    let note = format!("{} lists all", world.key(HERE, Action::OpenItems));
    let inside = inset(pen.panel(area, &title, &note, false), 1);
    let glyphs = pen.glyphs();
    let cells = worst.iter().map(|item| text::width(&item.id)).max().unwrap_or(0).min(16) as u16;
    for (item, y) in worst.iter().zip(inside.y..inside.bottom()) {
        pen.right(inside.x + 6, y, 6, &loss(item, glyphs), Role::Text);
        pen.text(inside.x + 8, y, cells, &item.id, Role::Dim);
        let words = match &item.text {
            Some(text) => text.as_str(),
            None if world.hide_text => "text hidden",
            None => "",
        };
        pen.text(inside.x + 9 + cells, y, inside.width.saturating_sub(9 + cells), words, Role::Text);
    }
}
