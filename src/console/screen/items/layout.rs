//! Which parts of the Items screen fit, and where.

use ratatui::layout::Rect;

/// Places of the parts; one may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub list: Rect,
    pub item: Rect,
    /// Whether the list has a line for what the worst have in common.
    pub words: bool,
}

impl Layout {
    /// Rows of the list that are in sight: all but the frame, the head and the line of words.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.list.height.saturating_sub(3 + u16::from(self.words)))
    }
}

/// Divides the body: the item on the right, else below; `alone` gives it all.
#[must_use]
pub fn layout(body: Rect, alone: bool) -> Layout {
    if alone {
        return Layout { list: Rect { height: 0, ..body }, item: body, words: false };
    }
    let (list, item) = if body.width >= 108 {
        let width = body.width * 3 / 5;
        (Rect { width, ..body }, Rect { x: body.x + width, width: body.width - width, ..body })
    } else {
        let height = body.height / 2;
        (Rect { height, ..body }, Rect { y: body.y + height, height: body.height - height, ..body })
    };
    Layout { list, item, words: list.height >= 9 }
}
