//! A − B: the members' differences around zero and the verdict in words.

use super::State;
use crate::audit::HeadKind;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::screen::direction;
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::quartile::quartile_bar;
use crate::console::widget::scale::Scale;
use crate::diagnose::{PairHead, PairScores};
use crate::engine::Answer;
use ratatui::layout::Rect;

/// Draws the difference, or what is missing for one.
pub fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let glyphs = pen.glyphs();
    let title = format!("A {} B", glyphs.minus);
    let answer = state.scored.as_ref().map(|scored| &*scored.answer);
    let Some(Answer::Pair(pair)) = answer else {
        let inside = pen.panel(area, &title, "", false);
        if inside.height > 0 {
            let words = "two prompts show their difference here";
            pen.centre(inside, inside.y + inside.height / 2, words, Role::Dim);
        }
        return;
    };
    let members = pair.heads.first().map_or(0, |head| head.deltas.len());
    let note = format!("quartiles of {members} members");
    let inside = inset(pen.panel(area, &title, &note, false), 1);
    let tall = inside.height >= 15;
    let asked = (&**pair, state.student);
    let mut y = inside.y;
    for head in &pair.heads {
        y = if tall { tall_head(pen, inside, y, asked, head) } else { short_head(pen, inside, y, asked, head) };
    }
    let spare = inside.bottom().saturating_sub(y);
    words(pen, inside, y + u16::from(!tall && spare >= 4), asked, tall);
}

/// The axis of a head: half the range of the test items to both sides, more if the members differ by more.
fn scale(pair: &PairScores, head: &PairHead) -> Scale {
    let items = pair.a.head(head.head).map_or(0.0, |score| (score.axis.1 - score.axis.0).abs() / 2.0);
    let own = head.summary.min.abs().max(head.summary.max.abs());
    let reach = if items.is_finite() { items.max(own) } else { own };
    Scale::new(-reach, reach)
}

/// What lies on the left and on the right of zero, in fewer and fewer letters.
fn sides(head: HeadKind) -> [(&'static str, &'static str); 3] {
    match head {
        HeadKind::Ood => [("A less familiar", "A more familiar"), ("A farther", "A nearer"), ("", "")],
        HeadKind::Regressor | HeadKind::Ranker => [("A easier", "A harder"), ("easier", "harder"), ("", "")],
    }
}

/// Three lines a head: the two directions, the bar, the numbers.
fn tall_head(pen: &mut Pen<'_>, area: Rect, y: u16, (pair, student): (&PairScores, bool), head: &PairHead) -> u16 {
    if y + 3 > area.bottom() || area.width < 30 {
        return y;
    }
    let glyphs = pen.glyphs();
    let cells = area.width - 11;
    let x = area.x + 11;
    let scale = scale(pair, head);
    // Each head has an axis of its own: its ends are told, so that bars of two heads are not compared by length.
    let told = pair.amount(head).is_some();
    let end = |value| if told { number::signed(value, 3, glyphs) } else { String::new() };
    let (low, high) = (end(scale.low), end(scale.high));
    let zero = scale.clamped(0.0, usize::from(cells)) as u16;
    let [most, fewer, none] = sides(head.head)
        .map(|(left, right)| (format!("{low} {} {left}", glyphs.left), format!("{right} {} {high}", glyphs.right)));
    // Words that would run into the zero or each other give way to shorter ones.
    let fits = |(left, right): &(String, String)| {
        text::width(left) < usize::from(zero) && text::width(right) + 1 < usize::from(cells - zero)
    };
    let (left, right) = [most, fewer].into_iter().find(fits).unwrap_or(none);
    pen.text(x, y, cells, &left, Role::Dim);
    pen.right(x + cells, y, cells, &right, Role::Dim);
    pen.text(x + zero, y, 1, "0", Role::Dim);
    pen.text(area.x, y + 1, 10, head.head.name(), Role::Accent);
    pen.marks(x, y + 1, &quartile_bar(scale, usize::from(cells), &head.summary, glyphs));
    let median = pair.amount(head).map_or_else(|| "n/a".into(), |said| number::signed(said.median, 3, glyphs));
    let p = number::probability(direction::probability(&head.direction));
    let end = format!("  {}", direction::votes(&head.direction));
    // The paper's P over the members is no probability about items: it comes on request.
    let (label, p) = if student { (format!("  P({}>0) ", glyphs.delta), p) } else { (String::new(), String::new()) };
    pen.pieces(
        x,
        y + 2,
        cells,
        &[("median ", Role::Dim), (&median, Role::Text), (&label, Role::Dim), (&p, Role::Text), (&end, Role::Dim)],
    );
    let blank = u16::from(area.height >= 18);
    y + 3 + blank
}

/// One line a head.
fn short_head(pen: &mut Pen<'_>, area: Rect, y: u16, (pair, student): (&PairScores, bool), head: &PairHead) -> u16 {
    if y >= area.bottom() || area.width < 40 {
        return y;
    }
    let glyphs = pen.glyphs();
    let median = pair.amount(head).map_or_else(|| "n/a".into(), |said| number::signed(said.median, 3, glyphs));
    let p = number::probability(direction::probability(&head.direction));
    let direction = &head.direction;
    let most = direction.positive.max(direction.members - direction.positive.min(direction.members));
    let p = if student { format!("  P>0 {p:>5}") } else { String::new() };
    let tail = format!(" {median:>6}{p}  {most}/{}", direction.members);
    let tail_cells = text::width(&tail) as u16;
    let cells = area.width.saturating_sub(10 + tail_cells);
    pen.text(area.x, y, 10, head.head.name(), Role::Accent);
    pen.marks(area.x + 10, y, &quartile_bar(scale(pair, head), usize::from(cells), &head.summary, glyphs));
    pen.text(area.x + 10 + cells, y, tail_cells, &tail, Role::Text);
    y + 1
}

fn words(pen: &mut Pen<'_>, area: Rect, top: u16, (pair, student): (&PairScores, bool), tall: bool) {
    let mut y = top;
    // The verdict stands under the prompts; here is what the heads alone would say.
    let said = if pair.estimate.is_some() { format!("heads alone: {}", pair.verdict) } else { pair.verdict.clone() };
    let role = if pair.estimate.is_some() { Role::Dim } else { Role::Title };
    for line in text::wrap(&text::clean(&said), usize::from(area.width)) {
        if y < area.bottom() {
            pen.text(area.x, y, area.width, &line, role);
        }
        y += 1;
    }
    let Some(first) = pair.heads.first() else { return };
    let estimator = if student { direction::estimator(&first.direction) } else { "votes of the members".to_owned() };
    let more = if tall {
        "the spread of training, not of items. Axis: half the test items' range, or the members' if wider."
    } else {
        "left: A easier (ood: less familiar)"
    };
    for line in text::wrap(&format!("{estimator}; {more}"), usize::from(area.width)) {
        if y < area.bottom() {
            pen.text(area.x, y, area.width, &line, Role::Dim);
        }
        y += 1;
    }
}
