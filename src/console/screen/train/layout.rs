//! Which parts of the Train screen fit, and where.

use ratatui::layout::Rect;

/// Places of the parts; an absent part gave way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub chart: Rect,
    pub status: Option<Rect>,
    pub members: Option<Rect>,
    /// One line with the gauge.
    pub gauge: Option<Rect>,
    pub runs: Option<Rect>,
}

impl Layout {
    /// Rows of the runs list that are in sight: all but the frame and the head.
    #[must_use]
    pub fn page(&self) -> usize {
        self.runs.map_or(1, |area| usize::from(area.height.saturating_sub(3)))
    }
}

/// Divides the body: chart and two panes above, gauge and runs below; runs alone under the chart when small.
#[must_use]
pub fn layout(body: Rect) -> Layout {
    let gauge_height = u16::from(body.height >= 9);
    let runs_height = match body.height {
        30.. => 10,
        20..30 => 7,
        13..20 => 5,
        _ => 0,
    };
    let top = Rect { height: body.height - gauge_height - runs_height, ..body };
    let gauge = Rect { y: top.bottom(), height: gauge_height, ..body };
    let runs = Rect { y: gauge.y + gauge_height, height: runs_height, ..body };
    let mut layout = Layout {
        chart: top,
        status: None,
        members: None,
        gauge: (gauge_height > 0).then_some(gauge),
        runs: (runs_height > 0).then_some(runs),
    };
    if body.width >= 108 && top.height >= 15 {
        let x = top.right() - 42;
        layout.chart.width = top.width - 42;
        let status = Rect { x, width: 42, height: 10, ..top };
        layout.status = Some(status);
        layout.members = Some(Rect { y: status.bottom(), height: top.height - 10, ..status });
    } else if body.width >= 72 && top.height >= 9 {
        let x = top.right() - 30;
        layout.chart.width = top.width - 30;
        layout.members = Some(Rect { x, width: 30, ..top });
    }
    layout
}
