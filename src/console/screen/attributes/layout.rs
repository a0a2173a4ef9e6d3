//! Which parts of the Attributes screen fit, and where.

use ratatui::layout::Rect;

/// Places of the parts; an absent part gave way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub table: Rect,
    pub detail: Option<Rect>,
    pub scatter: Option<Rect>,
    /// The detail lies under the table, in few lines.
    pub strip: bool,
}

impl Layout {
    /// Rows of the table that are in sight: all but the frame and the head.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.table.height.saturating_sub(3))
    }
}

/// Width of the detail pane on the right.
const PANE: u16 = 42;
/// Height of the detail with all its lines.
const DETAIL: u16 = 23;

/// Divides the body: a pane on the right, else a strip below, else the table alone.
#[must_use]
pub fn layout(body: Rect) -> Layout {
    if body.width >= 108 && body.height >= 20 {
        let [x, width] = [body.right() - PANE, body.width - PANE];
        let table = Rect { width, ..body };
        let roomy = body.height >= DETAIL + 7;
        let height = if roomy { DETAIL } else { body.height };
        let detail = Rect { x, width: PANE, height, ..body };
        let below = Rect { y: body.y + height, height: body.height - height, ..detail };
        return Layout { table, detail: Some(detail), scatter: roomy.then_some(below), strip: false };
    }
    let strip = match body.height {
        24.. => 9,
        18..24 => 8,
        11..18 => 4,
        _ => 0,
    };
    let table = Rect { height: body.height - strip, ..body };
    let detail = Rect { y: body.y + table.height, height: strip, ..body };
    Layout { table, detail: (strip > 0).then_some(detail), scatter: None, strip: true }
}
