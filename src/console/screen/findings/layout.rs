//! Where the parts of the Findings screen are.

use ratatui::layout::Rect;

/// Size from which a finding has its figures under it.
const ROOMY: (u16, u16) = (96, 26);
/// Lines kept for what is behind a finding; where both do not fit, the list scrolls.
const BEHIND: u16 = 6;
/// Lines of what is said about trust below, where there is no room beside.
const TRUST: u16 = 5;

/// Places of the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub list: Rect,
    /// Lines of a finding in the list.
    pub lines: u16,
    /// What is behind the selected finding.
    pub behind: Option<Rect>,
    /// What to know before trusting any.
    pub trust: Option<Rect>,
}

impl Layout {
    /// Findings in sight.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.list.height.saturating_sub(2) / self.lines)
    }
}

/// The places for some findings in a body.
#[must_use]
pub fn layout(body: Rect, findings: usize) -> Layout {
    let lines = if body.width >= ROOMY.0 && body.height >= ROOMY.1 { 2 } else { 1 };
    let rows = u16::try_from(findings.max(1)).unwrap_or(u16::MAX).saturating_mul(lines);
    let most = if body.height >= 2 * BEHIND { body.height - BEHIND } else { body.height };
    let list = Rect { height: rows.saturating_add(2).min(most), ..body };
    let rest = Rect { y: list.bottom(), height: body.height - list.height, ..body };
    if findings == 0 || rest.height < 3 {
        return Layout { list: body, lines, behind: None, trust: None };
    }
    if rest.width >= ROOMY.0 {
        let right = (rest.width / 3).clamp(36, 60);
        let behind = Rect { width: rest.width - right, ..rest };
        let trust = Rect { x: behind.right(), width: right, ..rest };
        return Layout { list, lines, behind: Some(behind), trust: Some(trust) };
    }
    let below = if rest.height >= TRUST + BEHIND { TRUST } else { 0 };
    let behind = Rect { height: rest.height - below, ..rest };
    let trust = Rect { y: behind.bottom(), height: below, ..rest };
    Layout { list, lines, behind: Some(behind), trust: (below > 0).then_some(trust) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_inside_and_a_small_terminal_scrolls() {
        for (width, height) in (1..200).step_by(7).flat_map(|width| (0..60).map(move |height| (width, height))) {
            let body = Rect::new(0, 2, width, height);
            for findings in [0, 1, 7] {
                let places = layout(body, findings);
                let all = [Some(places.list), places.behind, places.trust];
                for place in all.into_iter().flatten() {
                    assert_eq!(place.intersection(body), place, "{body} {findings}");
                }
                let used: u32 = all.into_iter().flatten().map(Rect::area).sum();
                assert_eq!(used, body.area(), "{body} {findings}");
            }
        }
        let page = |width, height| layout(Rect::new(0, 2, width, height), 7).page();
        assert_eq!([page(120, 33), page(80, 21), page(60, 13)], [7, 7, 5]);
    }
}
