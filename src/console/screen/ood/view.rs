//! Draws the OOD screen: a ladder with logits and probabilities, and Table 1.

use super::{HERE, State};
use crate::audit::HeadKind;
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::lane::lane;
use crate::console::widget::scale::Scale;
use crate::console::widget::table::cut_sign;
use crate::console::world::World;
use crate::diagnose::{Measured, OodTable};
use crate::engine::{Examination, Familiarity};
use ratatui::layout::Rect;

/// Places of the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub ladder: Rect,
    pub table: Option<Rect>,
    pub notes: Option<Rect>,
}

impl Layout {
    /// Rows of the ladder that are in sight.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.ladder.height.saturating_sub(3))
    }
}

/// Divides the body: the ladder, Table 1 beside it or below it; or the table alone.
#[must_use]
pub fn layout(body: Rect, whole: bool) -> Layout {
    if whole {
        return Layout { ladder: Rect { height: 0, ..body }, table: Some(body), notes: None };
    }
    if body.width >= 108 && body.height >= 22 {
        let width = body.width - 51;
        let ladder = Rect { width, ..body };
        let table = Rect { x: body.x + width, width: 51, height: body.height.min(16), ..body };
        let notes = Rect { y: table.bottom(), height: body.height - table.height, ..table };
        return Layout { ladder, table: Some(table), notes: (notes.height >= 5).then_some(notes) };
    }
    let below = if body.height >= 18 { 8 } else { 0 };
    let ladder = Rect { height: body.height - below, ..body };
    let table = Rect { y: ladder.bottom(), height: below, ..body };
    Layout { ladder, table: (below > 0).then_some(table), notes: None }
}

/// Draws the screen into the body.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let places = layout(body, state.whole);
    let examined = world.examined();
    if !state.whole {
        ladder(pen, places.ladder, examined, state, world.no_heads_or("looking at the prompts"));
    }
    if let Some(area) = places.table {
        let title = format!("Table 1 {} AUROC of familiarity", pen.glyphs().dot);
        let inside = inset(pen.panel(area, &title, "", state.whole), 1);
        if let Some(shown) = &world.shown {
            table(pen, inside, &shown.tables.ood);
            let rows = shown.tables.ood.rows.len();
            cut_sign(pen, area, rows, inside, (!state.whole).then(|| world.key(HERE, Action::Zoom)));
        }
    }
    if let Some(area) = places.notes {
        notes(pen, area, world, examined);
    }
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

fn ladder(pen: &mut Pen<'_>, area: Rect, examined: Option<&Examination>, state: &State, missing: &str) {
    let dot = pen.glyphs().dot;
    let title = format!("Ladder {dot} {}", state.list.as_deref().unwrap_or("most familiar first"));
    let note = format!("{} prompts", state.shown.len());
    let inside = inset(pen.panel(area, &title, if examined.is_some() { &note } else { "" }, true), 1);
    let Some(examined) = examined else {
        if inside.height > 0 {
            pen.centre(inside, inside.y + inside.height / 2, missing, Role::Dim);
        }
        return;
    };
    if inside.height < 2 {
        return;
    }
    let columns = Columns::of(inside.width);
    let scale = Scale::of(examined.ladder.iter().flat_map(|one| [one.mean - one.sd, one.mean + one.sd])).with_zero();
    head(pen, inside, columns, scale);
    let page = usize::from(inside.height - 1);
    for (line, (place, &at)) in state.shown.iter().enumerate().skip(state.cursor.offset).take(page).enumerate() {
        let Some(prompt) = examined.ladder.get(at) else { continue };
        let y = inside.y + 1 + line as u16;
        row(pen, Rect { y, height: 1, ..inside }, columns, scale, prompt);
        if place == state.cursor.selected {
            pen.text(inside.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
    }
    if !state.shown.is_empty() {
        pen.footnote(area, &format!("{} of {}", state.cursor.selected + 1, state.shown.len()));
    }
}

/// Widths: name, logit ± sd, lane, probability.
#[derive(Debug, Clone, Copy)]
struct Columns {
    name: u16,
    lane: u16,
}

const LOGIT: u16 = 15;
const PROBABILITY: u16 = 7;

impl Columns {
    fn of(width: u16) -> Self {
        let spent = 4 + LOGIT + PROBABILITY;
        let name = (width.saturating_sub(spent) / 2).clamp(12, 34);
        Self { name, lane: width.saturating_sub(spent + name).min(60) }
    }
}

fn head(pen: &mut Pen<'_>, area: Rect, columns: Columns, scale: Scale) {
    let y = area.y;
    pen.text(area.x + 4, y, columns.name, "prompt", Role::Dim);
    let x = area.x + 4 + columns.name;
    pen.text(x, y, LOGIT, &format!("logit {} sd", pen.glyphs().plus_minus), Role::Dim);
    if columns.lane >= 9 {
        let zero = scale.clamped(0.0, usize::from(columns.lane)) as u16;
        let lane = x + LOGIT;
        pen.text(lane + zero, y, 1, "0", Role::Dim);
        if zero > 8 {
            pen.text(lane, y, zero, "foreign", Role::Dim);
        }
        if columns.lane - zero > 9 {
            pen.right(lane + columns.lane, y, 8, "familiar", Role::Dim);
        }
    }
    pen.right(x + LOGIT + columns.lane + PROBABILITY, y, PROBABILITY, "sigm.", Role::Dim);
}

fn row(pen: &mut Pen<'_>, area: Rect, columns: Columns, scale: Scale, prompt: &Familiarity) {
    let glyphs = pen.glyphs();
    let own = prompt.foreign.is_none();
    let (mark, role) = if own { (glyphs.idle, Role::Good) } else { (glyphs.queued, Role::Warn) };
    pen.text(area.x + 2, area.y, 1, mark, role);
    pen.text(area.x + 4, area.y, columns.name.saturating_sub(1), &prompt.text, Role::Text);
    let x = area.x + 4 + columns.name;
    let value = number::with_spread(prompt.mean, prompt.sd, 3, false, glyphs);
    pen.text(x, area.y, LOGIT - 1, &value, Role::Text);
    let cells = usize::from(columns.lane);
    let mut marks = lane(scale, cells, prompt.mean, prompt.sd, glyphs);
    let zero = scale.clamped(0.0, cells);
    if let Some(cell) = marks.get_mut(zero).filter(|cell| cell.0 == glyphs.track) {
        *cell = (glyphs.zero, Role::Text);
    }
    pen.marks(x + LOGIT, area.y, &marks);
    let end = x + LOGIT + columns.lane + PROBABILITY;
    pen.right(end, area.y, PROBABILITY - 1, &number::probability(sigmoid(prompt.mean)), Role::Text);
}

fn table(pen: &mut Pen<'_>, area: Rect, table: &OodTable) {
    if area.height < 2 {
        return;
    }
    let ends = [area.right().saturating_sub(13), area.right().saturating_sub(6), area.right()];
    let name = ends[0].saturating_sub(area.x + 12);
    pen.text(area.x, area.y, name, "against", Role::Dim);
    for (end, head) in ends.into_iter().zip([HeadKind::Ood, HeadKind::Ranker, HeadKind::Regressor]) {
        let words = if head == HeadKind::Regressor { "regr." } else { head.name() };
        pen.right(end, area.y, 6, words, Role::Dim);
    }
    for (line, row) in table.rows.iter().take(usize::from(area.height - 1)).enumerate() {
        let y = area.y + 1 + line as u16;
        let glyphs = pen.glyphs();
        let words =
            text::fit(&text::clean(&row.foreign).replace(", with a/an", ", a/an"), usize::from(name), glyphs.ellipsis);
        pen.text(area.x, y, name, &words, Role::Text);
        pen.right(ends[0].saturating_sub(6), y, 6, &number::count(row.n_foreign), Role::Dim);
        for (end, head) in ends.into_iter().zip([HeadKind::Ood, HeadKind::Ranker, HeadKind::Regressor]) {
            let words = match row.auroc(head) {
                Some(Measured::Value(value)) => number::plain(value, 3, glyphs),
                _ => "n/a".into(),
            };
            pen.right(end, y, 6, &words, Role::Text);
        }
    }
}

fn notes(pen: &mut Pen<'_>, area: Rect, world: &World, examined: Option<&Examination>) {
    let inside = inset(pen.panel(area, "How to read it", "", false), 1);
    let glyphs = pen.glyphs();
    let own = world.shown.as_ref().map_or(0, |shown| shown.tables.ood.in_distribution.len());
    let left_out = world.shown.as_ref().map_or(0, |shown| shown.tables.ood.left_out.len());
    let members = examined.map_or(0, |examined| examined.members);
    let mut paragraphs = vec![
        format!("{} describes the data ({own} prompts), {} is foreign.", glyphs.idle, glyphs.queued),
        format!("Logit: mean and sd of {members} members. The sigmoid presses most of the ladder against 1, so order and distance are read before it."),
        "AUROC: how often a prompt of the data is more familiar than a foreign one. Few prompts: see the intervals in llm2loss table ood.".to_owned(),
    ];
    if left_out > 0 {
        paragraphs.push(format!("{left_out} foreign words that name people are left out."));
    }
    let mut y = inside.y;
    for paragraph in paragraphs {
        for line in text::wrap(&paragraph, usize::from(inside.width)) {
            if y >= inside.bottom() {
                return;
            }
            pen.text(inside.x, y, inside.width, &line, Role::Dim);
            y += 1;
        }
        y += 1;
    }
}
