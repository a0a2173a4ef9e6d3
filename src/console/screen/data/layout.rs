//! Which parts of the Data screen fit, and where.

use ratatui::layout::Rect;

/// Places of the parts; an absent part gave way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub models: Rect,
    pub histogram: Option<Rect>,
    pub audit: Option<Rect>,
    pub store: Option<Rect>,
    /// The jobs: a panel, or one line where there is no room.
    pub jobs: Option<Rect>,
}

impl Layout {
    /// Rows of the list of models that are in sight.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.models.height.saturating_sub(3))
    }
}

/// Divides the body: models and losses above, audit and store below, the jobs at the foot; the store goes first, then
/// the audit, and the jobs shrink to a line.
#[must_use]
pub fn layout(body: Rect) -> Layout {
    if body.width >= 108 && body.height >= 24 {
        let left = body.width * 52 / 100;
        let foot = if body.height >= 30 { 6 } else { 4 };
        let top = (body.height * 40 / 100).min(14);
        let models = Rect { width: left, height: top, ..body };
        let histogram = Rect { x: body.x + left, width: body.width - left, height: top, ..body };
        let audit = Rect { y: body.y + top, width: left, height: body.height - top - foot, ..body };
        let store = Rect { y: audit.y, height: audit.height, ..histogram };
        let jobs = Rect { y: audit.bottom(), height: foot, ..body };
        return Layout { models, histogram: Some(histogram), audit: Some(audit), store: Some(store), jobs: Some(jobs) };
    }
    let foot = u16::from(body.height >= 13);
    let jobs = Rect { y: body.bottom() - foot, height: foot, ..body };
    let body = Rect { height: body.height - foot, ..body };
    let models = Rect { height: body.height.min(if body.height >= 18 { 6 } else { 5 }), ..body };
    let rest = Rect { y: models.bottom(), height: body.height - models.height, ..body };
    let histogram = Rect { height: rest.height.min(8), ..rest };
    let below = Rect { y: histogram.bottom(), height: rest.height - histogram.height, ..rest };
    Layout {
        models,
        histogram: (histogram.height >= 5).then_some(histogram),
        audit: (below.height >= 4).then_some(below),
        store: None,
        jobs: (foot > 0).then_some(jobs),
    }
}
