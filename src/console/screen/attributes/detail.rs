//! Everything known of the selected attribute: on the right, or as a strip below.

use super::evidence;
use super::table::{Axis, WEAK_ZERO_SHOT};
use super::{State, predicted, shown_contrast};
use crate::audit::{Contrast, HeadKind, Side};
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::screen::direction;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::scale::Scale;
use crate::console::widget::{scatter as dots, spark};
use crate::diagnose::{AttributeRow, AttributesTable, BiasRow, BiasTable, Combined, Measured, PredictedGap, TrueGap};
use ratatui::layout::Rect;

/// What the detail is drawn from.
pub struct Context<'a> {
    pub row: &'a AttributeRow,
    pub state: &'a State,
    pub table: &'a AttributesTable,
    /// Correlations with what heads predict, where they do.
    pub bias: Option<&'a BiasTable>,
    /// The key that opens the row's prompts.
    pub open: String,
}

impl Context<'_> {
    fn contrast(&self) -> Contrast {
        shown_contrast(self.row, self.state.contrast)
    }

    fn gap(&self, head: HeadKind) -> Option<&PredictedGap> {
        predicted(self.row, head, self.state.contrast)
    }

    /// The members as heights: on the lane's axis for the regressor, else on that of all attributes.
    fn heights(&self, gap: &PredictedGap, glyphs: &Glyphs) -> String {
        let table = self.table;
        let members = spark::members(&gap.members, 5);
        if gap.head == HeadKind::Regressor {
            let axis = Axis::of(table, self.state);
            return spark::spark(axis.scale, members.into_iter().map(|member| axis.map(member)), glyphs);
        }
        let gaps = table.rows.iter().filter_map(|row| predicted(row, gap.head, self.state.contrast));
        let scale = Scale::of(gaps.flat_map(|gap| gap.members.iter().copied())).with_zero();
        spark::spark(scale, members, glyphs)
    }

    /// Predicted against measured loss gap over the attributes, for the contrast asked for.
    fn correlation(&self) -> Option<&BiasRow> {
        self.bias?.rows.iter().find(|row| {
            row.head == HeadKind::Regressor && row.contrast == self.state.contrast && row.against == TrueGap::SignedLoss
        })
    }
}

fn measured(pen: &Pen<'_>, value: &Measured) -> String {
    match value {
        Measured::Value(value) => number::short(*value, pen.glyphs()),
        Measured::Undefined { undefined } => undefined.to_string(),
    }
}

fn signed(pen: &Pen<'_>, value: &Measured) -> String {
    match value {
        Measured::Value(value) => number::signed(*value, 4, pen.glyphs()),
        Measured::Undefined { undefined } => undefined.to_string(),
    }
}

fn side(worse: Option<Side>) -> &'static str {
    match worse {
        Some(Side::True) => "true",
        Some(Side::False) => "false",
        None => "neither",
    }
}

/// The pane on the right: one block a question, blank lines between.
pub fn pane(pen: &mut Pen<'_>, area: Rect, context: &Context<'_>) {
    let row = context.row;
    let inside = inset(pen.panel(area, &row.name, "", false), 1);
    let mut y = inside.y;
    y = groups(pen, inside, y, row);
    if let Some(found) = row.combined.filter(Combined::adds) {
        let glyphs = pen.glyphs();
        let [value, low, high] =
            [found.value, found.interval.low, found.interval.high].map(|value| number::short(value, glyphs));
        let words = format!("{value} ({low} to {high})");
        y = line(pen, inside, y, &[("true with heads ", Role::Dim), (&words, Role::Text)]);
    }
    for (name, judged) in [("AUROC gap ", &row.auroc_evidence), ("loss gap  ", &row.loss_evidence)] {
        let (words, role) = evidence::verdict(judged);
        y = line(pen, inside, y, &[(name, Role::Dim), (&words, role)]);
        let ends = evidence::interval(pen, judged);
        y = line(pen, inside, y, &[("          ", Role::Dim), (&ends, Role::Text)]);
    }
    y = heads(pen, inside, y + 1, context);
    y = zero_shot(pen, inside, y + 1, context);
    // The prompts' two lines rather than the blank one before them.
    let blank = u16::from(y + 3 <= inside.bottom());
    prompts(pen, inside, y + blank, context);
}

/// Writes a line if it is still inside; returns the next one.
fn line(pen: &mut Pen<'_>, area: Rect, y: u16, pieces: &[(&str, Role)]) -> u16 {
    if y < area.bottom() {
        pen.pieces(area.x, y, area.width, pieces);
    }
    y.saturating_add(1)
}

/// Ends of the four columns of the group table.
const ENDS: [u16; 4] = [15, 22, 30, 38];

fn columns(pen: &mut Pen<'_>, area: Rect, y: u16, label: &str, cells: [&str; 4], role: Role) -> u16 {
    if y < area.bottom() {
        pen.text(area.x, y, 9, label, Role::Dim);
        let mut from = 9;
        for (words, end) in cells.into_iter().zip(ENDS) {
            if text::width(words) > usize::from(end - from) {
                // Words for a missing value may run on where the next cells are as empty.
                let from = from + 1;
                pen.text(area.x + from, y, area.width.saturating_sub(from), words, Role::Dim);
                break;
            }
            pen.right(area.x + end.min(area.width), y, end - from, words, role);
            from = end;
        }
    }
    y.saturating_add(1)
}

fn groups(pen: &mut Pen<'_>, area: Rect, y: u16, row: &AttributeRow) -> u16 {
    let mut y = columns(pen, area, y, "", ["true", "false", "gap", "worse"], Role::Dim);
    let unknown = if row.n_unknown > 0 { format!("?{}", number::count(row.n_unknown)) } else { String::new() };
    let (n_true, n_false) = (number::count(row.n_true), number::count(row.n_false));
    y = columns(pen, area, y, "n test", [&n_true, &n_false, "", &unknown], Role::Text);
    let (a, b, gap) = (measured(pen, &row.auroc_true), measured(pen, &row.auroc_false), signed(pen, &row.auroc_gap));
    y = columns(pen, area, y, "AUROC", [&a, &b, &gap, side(row.worse_auroc)], Role::Text);
    if let Some(sides) = &row.classes {
        let (a, b) = (number::count(sides.classes_true), number::count(sides.classes_false));
        y = columns(pen, area, y, "  classes", [&a, &b, "", ""], Role::Dim);
    }
    let (a, b, gap) = (measured(pen, &row.loss_true), measured(pen, &row.loss_false), signed(pen, &row.loss_gap));
    columns(pen, area, y, "mean loss", [&a, &b, &gap, side(row.worse_loss)], Role::Text)
}

fn heads(pen: &mut Pen<'_>, area: Rect, y: u16, context: &Context<'_>) -> u16 {
    let members = context.gap(HeadKind::Regressor).map_or(0, |gap| gap.members.len());
    let mut y = y;
    if let Some(gap) = context.row.everybody {
        let glyphs = pen.glyphs();
        let ends = gap.interval.map_or_else(String::new, |ends| {
            format!(" {} to {}", number::signed(ends.low, 3, glyphs), number::signed(ends.high, 3, glyphs))
        });
        let words = format!("{}{ends}", number::signed(gap.value, 3, glyphs));
        y = line(pen, area, y, &[("estimate   ", Role::Accent), (&words, Role::Text)]);
        y = line(pen, area, y, &[("against everybody, 90 %", Role::Dim)]);
    }
    if context.row.predicted.is_empty() {
        let kept = context.state.within.is_kept();
        let why = if kept { "within a group, all is measured" } else { "measured; heads answer later" };
        return line(pen, area, y, &[(why, Role::Dim)]);
    }
    let title = format!("predicted gap, {} contrast", context.contrast());
    y = line(pen, area, y, &[(&title, Role::Title)]);
    let p = format!("P({}>0)", pen.glyphs().delta);
    let head = format!("{:<10}{:<15}{:<6}{p:>7}", "head", "mean ± sd", member_names(members));
    let head = head.replace('±', pen.glyphs().plus_minus);
    y = line(pen, area, y, &[(&head, Role::Dim)]);
    for head in HeadKind::ALL {
        if let Some(gap) = context.gap(head) {
            y = head_line(pen, area, y, context, gap);
        }
    }
    let estimator = context.gap(HeadKind::Regressor).map(|gap| direction::estimator(&gap.direction));
    let estimator = estimator.unwrap_or_default();
    y = line(pen, area, y, &[(&estimator, Role::Dim)]);
    line(pen, area, y, &[("the spread of training, not of items", Role::Dim)])
}

/// `a-e` over the heights of up to five members, `min-max` over the order statistics of more.
fn member_names(members: usize) -> String {
    match members {
        0 => String::new(),
        1 => "a".into(),
        2..=5 => format!("a-{}", spark::letter(members - 1)),
        _ => "q0-4".into(),
    }
}

fn head_line(pen: &mut Pen<'_>, area: Rect, y: u16, context: &Context<'_>, gap: &PredictedGap) -> u16 {
    let glyphs = pen.glyphs();
    let value = text::pad(&gap_words(gap, glyphs), 15, glyphs.ellipsis);
    let heights = context.heights(gap, glyphs);
    let p = number::probability(direction::probability(&gap.direction));
    let name = format!("{:<10}", gap.head);
    let heights = format!("{heights:<6}");
    let p = format!("{p:>7}");
    line(pen, area, y, &[(&name, Role::Accent), (&value, Role::Text), (&heights, Role::Lane), (&p, Role::Text)])
}

fn zero_shot(pen: &mut Pen<'_>, area: Rect, y: u16, context: &Context<'_>) -> u16 {
    let Some(value) = context.row.zero_shot(context.contrast()) else { return y };
    let words = measured(pen, &value);
    let weak = value.value().is_some_and(|auroc| auroc < WEAK_ZERO_SHOT);
    let care = if weak { format!("  {} weak prior", pen.glyphs().care) } else { String::new() };
    line(pen, area, y, &[("0-shot AUROC ", Role::Dim), (&words, Role::Text), (&care, Role::Warn)])
}

fn prompts(pen: &mut Pen<'_>, area: Rect, y: u16, context: &Context<'_>) {
    let Some((a, b)) = context.row.prompts.pair(context.contrast()) else { return };
    let y = line(pen, area, y, &[("A ", Role::Accent), (a, Role::Text)]);
    let y = line(pen, area, y, &[("B ", Role::Accent), (b, Role::Text)]);
    line(pen, area, y, &[(&context.open, Role::Dim), (" opens both as prompts", Role::Dim)]);
}

/// The strip under the table, most important lines first; whole groups give way from the right.
pub fn strip(pen: &mut Pen<'_>, area: Rect, context: &Context<'_>) {
    let row = context.row;
    let glue = pen.glyphs().dot;
    let note = format!("{} contrast {glue} {} opens both prompts", context.contrast(), context.open);
    let inside = inset(pen.panel(area, &row.name, &note, false), 1);
    let mut y = inside.y;
    if inside.height >= 4 {
        y = auroc_line(pen, inside, y, row);
    }
    y = loss_line(pen, inside, y, context);
    for head in HeadKind::ALL {
        if let Some(gap) = context.gap(head) {
            y = strip_head(pen, inside, y, context, gap);
        }
    }
    if let Some((a, b)) = row.prompts.pair(context.contrast()) {
        y = line(pen, inside, y, &[("A ", Role::Accent), (a, Role::Text), ("   B ", Role::Accent), (b, Role::Text)]);
    }
    if let Some(gap) = context.gap(HeadKind::Regressor) {
        let words = format!("{}; spread of training, not of items", direction::estimator(&gap.direction));
        line(pen, inside, y, &[(&words, Role::Dim)]);
    }
}

/// Writes groups if the line is still inside; returns the next one.
fn groups_line(pen: &mut Pen<'_>, area: Rect, y: u16, groups: &[&[(&str, Role)]]) -> u16 {
    if y < area.bottom() {
        pen.groups(area.x, y, area.width, groups);
    }
    y.saturating_add(1)
}

fn auroc_line(pen: &mut Pen<'_>, area: Rect, y: u16, row: &AttributeRow) -> u16 {
    let (a, b, gap) = (measured(pen, &row.auroc_true), measured(pen, &row.auroc_false), signed(pen, &row.auroc_gap));
    // A macro AUROC is over classes, any other over items.
    let over = row.classes.map_or((row.n_true, row.n_false), |sides| (sides.classes_true, sides.classes_false));
    let what = if row.classes.is_some() { " classes " } else { " n " };
    let (n, m) = (number::count(over.0), number::count(over.1));
    let worse = row.worse_auroc.map(|worse| worse.letter().to_string()).unwrap_or_default();
    let (_, role) = evidence::verdict(&row.auroc_evidence);
    let groups: [&[(&str, Role)]; 5] = [
        &[("AUROC     true ", Role::Dim), (&a, Role::Text), (what, Role::Dim), (&n, Role::Dim)],
        &[("  false ", Role::Dim), (&b, Role::Text), (what, Role::Dim), (&m, Role::Dim)],
        &[("  gap ", Role::Dim), (&gap, Role::Text)],
        &[("  ", Role::Dim), (row.auroc_evidence.verdict.words(), role)],
        &[("  worse ", Role::Dim), (&worse, Role::Bad)],
    ];
    groups_line(pen, area, y, &groups)
}

fn loss_line(pen: &mut Pen<'_>, area: Rect, y: u16, context: &Context<'_>) -> u16 {
    let row = context.row;
    let (a, b, gap) = (measured(pen, &row.loss_true), measured(pen, &row.loss_false), signed(pen, &row.loss_gap));
    let zero = row.zero_shot(context.contrast());
    let weak = zero.and_then(|zero| zero.value()).is_some_and(|auroc| auroc < WEAK_ZERO_SHOT);
    let words = zero.map(|zero| measured(pen, &zero)).unwrap_or_default();
    let care = if weak { pen.glyphs().care } else { "" };
    let (judged, role) = evidence::verdict(&row.loss_evidence);
    let groups: [&[(&str, Role)]; 5] = [
        &[("mean loss true ", Role::Dim), (&a, Role::Text)],
        &[("  false ", Role::Dim), (&b, Role::Text)],
        &[("  gap ", Role::Dim), (&gap, Role::Text)],
        &[("  ", Role::Dim), (&judged, role)],
        &[(if zero.is_some() { "  0-shot " } else { "" }, Role::Dim), (&words, Role::Text), (care, Role::Warn)],
    ];
    groups_line(pen, area, y, &groups)
}

fn strip_head(pen: &mut Pen<'_>, area: Rect, y: u16, context: &Context<'_>, gap: &PredictedGap) -> u16 {
    let glyphs = pen.glyphs();
    let value = text::pad(&gap_words(gap, glyphs), 17, glyphs.ellipsis);
    let heights = context.heights(gap, glyphs);
    let p = number::probability(direction::probability(&gap.direction));
    let label = format!("  P({}>0) ", glyphs.delta);
    let votes = format!("  {}", direction::votes(&gap.direction));
    let name = format!("{:<11}", gap.head);
    let groups: [&[(&str, Role)]; 4] = [
        &[(&name, Role::Accent), (&value, Role::Text)],
        &[(&heights, Role::Lane)],
        &[(&label, Role::Dim), (&p, Role::Text)],
        &[(&votes, Role::Dim)],
    ];
    groups_line(pen, area, y, &groups)
}

/// Mean ± sd of a predicted gap, in as many digits as its unit deserves.
fn gap_words(gap: &PredictedGap, glyphs: &Glyphs) -> String {
    let digits = if gap.head == HeadKind::Regressor { 4 } else { 3 };
    let words = || if gap.summary.mean > 0.0 { "harder, no amount" } else { "easier, no amount" }.to_owned();
    gap.amount().map_or_else(words, |said| number::with_spread(said.mean, said.sd, digits, true, glyphs))
}

/// Points of the scatter: measured and predicted loss gap of each attribute on the lane's axis, and the one picked.
fn points<'a>(context: &Context<'a>) -> (Vec<(f64, f64)>, Vec<&'a str>, Option<usize>) {
    let axis = Axis::of(context.table, context.state);
    let (mut points, mut names, mut picked) = (Vec::new(), Vec::new(), None);
    for row in &context.table.rows {
        let everybody = row.everybody.filter(|_| context.state.everybody).map(|gap| gap.value);
        let head = || Some(row.predicted(HeadKind::Regressor, context.state.contrast)?.amount()?.mean);
        if let (Some(gap), Some(truth)) = (everybody.or_else(head), row.loss_gap.value()) {
            if row.name == context.row.name {
                picked = Some(points.len());
            }
            points.push((axis.map(truth), axis.map(gap)));
            names.push(row.name.as_str());
        }
    }
    (points, names, picked)
}

/// Predicted against measured loss gap over the attributes, with the selected one picked out.
pub fn scatter(pen: &mut Pen<'_>, area: Rect, context: &Context<'_>) {
    let rooted = Axis::of(context.table, context.state).rooted;
    let inside = pen.panel(area, "Predicted, true loss gap", if rooted { "root scale" } else { "" }, false);
    if inside.height >= 4 {
        plotted(pen, inside, context, false);
    }
}

/// The same over the place of the table, with as many names as fit.
pub fn plot(pen: &mut Pen<'_>, area: Rect, context: &Context<'_>) {
    if area.height >= 4 && area.width >= 30 {
        plotted(pen, area, context, true);
    }
}

fn plotted(pen: &mut Pen<'_>, inside: Rect, context: &Context<'_>, named: bool) {
    let (points, names, picked) = points(context);
    let plot = Rect { height: inside.height - 1, ..inset(inside, 1) };
    let names = if named { names } else { Vec::new() };
    dots::draw(pen, plot, &points, &names, picked);
    let words = format!("{} predicted", pen.glyphs().ascending);
    pen.text(plot.x, plot.y, plot.width, &words, Role::Dim);
    let words = correlation_words(context, points.len(), pen.glyphs());
    pen.text(plot.x, inside.bottom() - 1, plot.width, &words, Role::Text);
    pen.right(plot.right(), inside.bottom() - 1, 6, &format!("true {}", pen.glyphs().right), Role::Dim);
}

fn correlation_words(context: &Context<'_>, points: usize, glyphs: &Glyphs) -> String {
    let everybody = context.bias.and_then(|bias| bias.everybody.iter().find(|row| row.against == TrueGap::SignedLoss));
    let estimated = everybody.filter(|_| context.state.everybody).map(|row| &row.correlations.spearman);
    match estimated.or_else(|| context.correlation().map(|row| &row.correlations.spearman)) {
        Some(Measured::Value(found)) => {
            let value = number::plain(found.value, 2, glyphs);
            format!("Spearman {value}, n = {} attributes", found.n)
        }
        Some(Measured::Undefined { undefined }) => format!("Spearman {undefined}, n = {points}"),
        None => format!("{points} attributes"),
    }
}
