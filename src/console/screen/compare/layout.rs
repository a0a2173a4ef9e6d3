//! Which parts of the Compare screen fit, and where.

use ratatui::layout::Rect;

/// Places of the parts; an absent part gave way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub verdict: Rect,
    pub table: Rect,
    pub heads: Option<Rect>,
    pub detail: Option<Rect>,
}

impl Layout {
    /// Rows of the table that are in sight.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.table.height.saturating_sub(3))
    }
}

/// Divides the body: the verdict above, attributes below it, head quality and the selected attribute on the right.
#[must_use]
pub fn layout(body: Rect) -> Layout {
    let tall = if body.height >= 20 { 5 } else { 4 };
    let verdict = Rect { height: body.height.min(tall), ..body };
    let rest = Rect { y: verdict.bottom(), height: body.height - verdict.height, ..body };
    if body.width >= 108 && rest.height >= 18 {
        let table = Rect { width: rest.width - 42, ..rest };
        let heads = Rect { x: table.right(), width: 42, height: (rest.height / 2 + 1).min(16), ..rest };
        let detail = Rect { y: heads.bottom(), height: rest.height - heads.height, ..heads };
        return Layout { verdict, table, heads: Some(heads), detail: Some(detail) };
    }
    let below = if rest.height >= 14 { 6 } else { 0 };
    let table = Rect { height: rest.height - below, ..rest };
    let heads = Rect { y: table.bottom(), height: below, ..rest };
    Layout { verdict, table, heads: (below > 0).then_some(heads), detail: None }
}
