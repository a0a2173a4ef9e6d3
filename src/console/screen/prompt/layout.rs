//! Which parts of the Prompt screen fit, and where.

use ratatui::layout::Rect;

/// Places of the parts; an absent part gave way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub lines: Rect,
    /// One panel for each prompt, or one for both.
    pub scores: Scores,
    pub pair: Option<Rect>,
    pub ladder: Option<Rect>,
}

/// How the scores are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scores {
    Apart([Rect; 2]),
    Together(Rect),
    /// They gave way to what was asked for, where only one of the two fits.
    Hidden,
}

/// What a person wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// The ladder, or what stands in its place, where only one of the parts below fits.
    pub ladder: bool,
    /// A line for both models.
    pub both: bool,
}

/// Divides the body.
#[must_use]
pub fn layout(body: Rect, wish: Wish) -> Layout {
    let ladder = wish.ladder;
    let lines = Rect { height: body.height.min(5 + u16::from(wish.both)), ..body };
    let rest = Rect { y: body.y + lines.height, height: body.height - lines.height, ..body };
    if body.width >= 108 && rest.height >= 18 {
        return wide(lines, rest);
    }
    let height = match rest.height {
        16.. => 8,
        11..16 => 6,
        height => height,
    };
    let scores = Rect { height, ..rest };
    let below = Rect { y: rest.y + height, height: rest.height - height, ..rest };
    let below = (below.height >= 3).then_some(below);
    if ladder && below.is_none() {
        return Layout { lines, scores: Scores::Hidden, pair: None, ladder: Some(rest) };
    }
    let (pair, ladder_place) = match below {
        // With room to spare both are shown, the difference first.
        Some(area) if area.height >= 20 => {
            let pair = Rect { height: 10, ..area };
            let ladder = Rect { y: area.y + 10, height: area.height - 10, ..area };
            (Some(pair), Some(ladder))
        }
        area if ladder => (None, area),
        area => (area, None),
    };
    Layout { lines, scores: Scores::Together(scores), pair, ladder: ladder_place }
}

fn wide(lines: Rect, rest: Rect) -> Layout {
    let each = if rest.height >= 26 { 10 } else { 9 };
    let left = rest.width * 54 / 100;
    let a = Rect { width: left, height: each, ..rest };
    let b = Rect { y: rest.y + each, ..a };
    let both = 2 * each;
    let pair = Rect { x: rest.x + left, width: rest.width - left, height: both, ..rest };
    let ladder = Rect { y: rest.y + both, height: rest.height - both, ..rest };
    let ladder = (ladder.height >= 3).then_some(ladder);
    Layout { lines, scores: Scores::Apart([a, b]), pair: Some(pair), ladder }
}
