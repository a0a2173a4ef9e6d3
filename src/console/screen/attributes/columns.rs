//! Which columns of the max-min table have room, and how wide they are.

use super::{State, Zoom};
use crate::console::text;
use crate::diagnose::AttributesTable;
use ratatui::layout::Rect;

/// Widths of the columns after the name; zero for one that gave way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Columns {
    pub name: u16,
    pub auroc: u16,
    pub rmm: u16,
    pub gap: u16,
    pub lane: u16,
    pub count: u16,
    pub zero: u16,
    pub verdict: u16,
    /// Mean loss of those with the attribute and without.
    pub losses: u16,
    pub interval: u16,
    pub q: u16,
    pub predicted: u16,
    /// Columns that have no room, or were passed over.
    pub hidden: usize,
}

const AUROC: u16 = 14;
const RMM: u16 = 6;
const GAP: u16 = 7;
const COUNT: u16 = 7;
const ZERO: u16 = 7;
const VERDICT: u16 = 17;
/// Of the two losses the first, whose head is longer.
pub const FIRST_LOSS: u16 = 11;
const LOSSES: u16 = FIRST_LOSS + 8;
const INTERVAL: u16 = 19;
const Q: u16 = 7;
const PREDICTED: u16 = 10;
/// Least width of the bars.
const LANE: u16 = 13;
/// Columns after the name, from the left. Beside the usual choice there is one that begins with each.
pub const COLUMNS: usize = 11;

/// What the columns are called where they are out of sight.
const NAMES: [&str; COLUMNS] =
    ["AUROC", "RMM", "gap", "bars", "n", "0-shot", "verdict", "losses", "95 %", "q", "predicted"];

impl Columns {
    /// Every column with the width it has, from the left, and the width it wants.
    pub fn all(&mut self) -> [(&mut u16, u16); COLUMNS] {
        [
            (&mut self.auroc, AUROC),
            (&mut self.rmm, RMM),
            (&mut self.gap, GAP),
            (&mut self.lane, LANE),
            (&mut self.count, COUNT),
            (&mut self.zero, ZERO),
            (&mut self.verdict, VERDICT),
            (&mut self.losses, LOSSES),
            (&mut self.interval, INTERVAL),
            (&mut self.q, Q),
            (&mut self.predicted, PREDICTED),
        ]
    }

    /// Names of the columns out of sight, from the left.
    pub fn out_of_sight(mut self, table: &AttributesTable) -> Vec<&'static str> {
        let names = NAMES.iter().zip(self.all()).skip(if has_auroc(table) { 0 } else { 2 });
        names.filter(|(_, (width, _))| **width == 0).map(|(name, _)| *name).collect()
    }

    /// Gives columns their room from the left, those passed over none, until one does not fit.
    fn fill(&mut self, room: u16, passed: usize, auroc: bool) {
        let mut left = room;
        let mut full = false;
        for (at, (width, wanted)) in self.all().into_iter().enumerate() {
            let is_there = auroc || at > 1;
            if at < passed || !is_there || *width > 0 {
                continue;
            }
            full |= wanted > left;
            if !full {
                *width = wanted;
                left -= wanted;
            }
        }
    }
}

/// The columns of a width where some are passed over, as a person asked for: those further right, as many as fit whole.
fn further(width: u16, longest: u16, auroc: bool, passed: usize) -> Columns {
    let mut columns = Columns { name: longest.clamp(9, 24).min(width / 3), ..Columns::default() };
    columns.fill(width.saturating_sub(3 + columns.name), passed, auroc);
    columns
}

/// The columns of a width: those that matter most, and what has room beside them; or those further right.
pub fn columns(width: u16, longest: u16, auroc: bool, passed: usize) -> Columns {
    let mut columns = match passed {
        0 => usual(width, longest, auroc),
        passed => further(width, longest, auroc, passed - 1),
    };
    let spent = |c: &mut Columns| 3 + c.name + c.all().iter().map(|(width, _)| **width).sum::<u16>();
    let left = width.saturating_sub(spent(&mut columns));
    if passed == 0 && columns.verdict > 0 {
        columns.fill(left, 0, auroc);
    }
    columns.hidden = columns.all().iter().filter(|(width, _)| **width == 0).count() - if auroc { 0 } else { 2 };
    let left = width.saturating_sub(spent(&mut columns));
    if columns.lane > 0 {
        // Where all else is there, nothing stays blank.
        let most = if columns.hidden == 0 { u16::MAX } else { 44 };
        columns.lane += left.min(most.saturating_sub(columns.lane));
    }
    let left = width.saturating_sub(spent(&mut columns));
    columns.name = (columns.name + left).min(longest.max(columns.name));
    columns
}

/// The verdict, which a mark tells too, zero-shot, n, then the two AUROCs give way.
fn usual(width: u16, longest: u16, auroc: bool) -> Columns {
    let mut columns = Columns {
        name: longest.clamp(9, 24),
        auroc: if auroc { AUROC } else { 0 },
        rmm: if auroc { RMM } else { 0 },
        gap: GAP,
        lane: 0,
        count: COUNT,
        zero: ZERO,
        verdict: VERDICT,
        ..Columns::default()
    };
    let marker = 2;
    let spent = |c: &Columns| marker + c.name + c.auroc + c.rmm + c.gap + c.count + c.zero + c.verdict + 1;
    for step in 0..7 {
        if spent(&columns) + LANE <= width {
            break;
        }
        match step {
            0 => columns.verdict = 0,
            // Long names are cut a little before a column is lost.
            1 => columns.name = columns.name.min(20),
            2 => columns.zero = 0,
            3 => columns.count = 0,
            4 => columns.name = columns.name.min(18),
            5 => columns.auroc = 0,
            _ => columns.name = columns.name.min(14),
        }
    }
    columns.lane = width.saturating_sub(spent(&columns)).min(LANE);
    columns
}

/// Columns of the table in an area as it is drawn.
#[must_use]
pub fn columns_of(area: Rect, table: &AttributesTable, state: &State) -> Columns {
    let longest = table.rows.iter().map(|row| text::width(&row.name)).max().unwrap_or(9).min(40) as u16;
    if state.zoom == Zoom::Bars {
        return wide_bars(area.width, longest, has_auroc(table));
    }
    columns(area.width, longest, has_auroc(table), state.passed)
}

/// Names whole, half of the width for the bars, in the rest what the table shows, and what is left over for the bars.
fn wide_bars(width: u16, longest: u16, auroc: bool) -> Columns {
    let name = longest.min(width / 3) + 1;
    let mut columns = Columns { name, gap: GAP, lane: width / 2, ..Columns::default() };
    columns.fill(width.saturating_sub(3 + name + GAP + width / 2), 0, auroc);
    let others: u16 = columns.all().iter().map(|(width, _)| **width).sum::<u16>() - columns.lane;
    columns.lane = width.saturating_sub(3 + name + others);
    columns
}

fn has_auroc(table: &AttributesTable) -> bool {
    table.rows.iter().any(|row| row.rmm.value().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_give_way_by_priority() {
        let wide = columns(76, 18, true, 0);
        assert!(wide.count > 0 && wide.zero > 0 && wide.lane >= 13);
        let narrow = columns(58, 18, true, 0);
        assert_eq!((narrow.count, narrow.zero), (0, 0));
        assert!(narrow.lane >= 13 && narrow.rmm > 0);
        for (width, passed) in (0..260).flat_map(|width| (0..=COLUMNS).map(move |passed| (width, passed))) {
            let mut c = columns(width, 60, true, passed);
            let used = 3 + c.name + c.all().iter().map(|(width, _)| **width).sum::<u16>();
            assert!(width < 40 || used <= width, "{width} {passed}");
            assert!(width < 60 || c.hidden < COLUMNS, "{width} {passed}");
        }
        assert_eq!(columns(230, 24, true, 0).hidden, 0);
    }

    #[test]
    fn wide_bars_stand_beside_what_the_table_shows_and_leave_no_blank() {
        for width in 40..400 {
            let mut bars = wide_bars(width, 24, true);
            let used = 3 + bars.name + bars.all().iter().map(|(width, _)| **width).sum::<u16>();
            assert_eq!(used, width);
            assert!(bars.lane >= width / 2 - 7 && bars.gap > 0);
        }
        let bars = wide_bars(158, 18, true);
        assert!(bars.auroc > 0 && bars.rmm > 0 && bars.count > 0 && bars.zero > 0, "{bars:?}");
        let mut widest = columns(300, 24, true, 0);
        assert_eq!(3 + widest.name + widest.all().iter().map(|(width, _)| **width).sum::<u16>(), 300);
    }

    #[test]
    fn every_column_is_reached_by_passing_over_those_before_it() {
        for at in 0..COLUMNS {
            let mut found = columns(58, 18, true, at + 1);
            assert!(*found.all()[at].0 > 0, "{at}");
        }
    }
}
