//! What checks found over time, as text and as rows.

use super::sheet::{Cell, Format, Sheet};
use super::{Align, printable};
use crate::diagnose::{FigureTrend, LookBack, Status, TestSetTrend, grouped};

/// Looks that a sparkline shows, the newest.
const NEWEST: usize = 40;
const HEIGHTS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Each test set's looks and figures, at most `top` of these.
#[must_use]
pub fn trends_text(trends: &[TestSetTrend], top: usize) -> String {
    let texts: Vec<String> = trends.iter().map(|trend| of_test_set(trend, top)).collect();
    texts.join("\n")
}

/// How often a test set was looked at, and how often that may have been a false alarm.
#[must_use]
pub fn trend_heading(trend: &TestSetTrend) -> String {
    let looks = trend.looks.len();
    let broken = trend.looks.iter().filter(|look| look.status == Status::Broken).count();
    format!(
        "{} at test set {} (audit {}, {} test items), {} to {}: {broken} broke a rule; expected false alarms ≤ {}",
        if looks == 1 { "1 look".into() } else { format!("{} looks", grouped(looks)) },
        printable(&trend.test_set),
        printable(&trend.audit),
        grouped(trend.n),
        trend.looks.first().map_or_else(String::new, day),
        trend.looks.last().map_or_else(String::new, day),
        at_most(trend.expected_false_alarms)
    )
}

fn day(look: &LookBack) -> String {
    printable(look.date.get(..10).unwrap_or(&look.date))
}

fn of_test_set(trend: &TestSetTrend, top: usize) -> String {
    let mut sheet = figures(trend, top, true);
    sheet.heading = trend_heading(trend);
    if trend.figures.len() > top {
        sheet.notes.push(format!(
            "Broken ones first, then those nearest their limit. And {} more: --top N, csv and json.",
            trend.figures.len() - top
        ));
    }
    sheet.render(Format::Text)
}

/// Every figure's newest value, limit and status; for documents.
#[must_use]
pub fn figures_sheet(trend: &TestSetTrend) -> Sheet {
    figures(trend, usize::MAX, false)
}

fn figures(trend: &TestSetTrend, top: usize, sparks: bool) -> Sheet {
    let mut columns = vec![
        ("rule", Align::Left),
        ("figure", Align::Left),
        ("newest", Align::Right),
        ("limit", Align::Right),
        ("status", Align::Left),
        ("broken", Align::Right),
    ];
    columns.extend(sparks.then_some(("over time", Align::Left)));
    let mut sheet = Sheet::new("Figures at the last look".into(), &columns);
    let number = |value: f64| Cell::Number { value, digits: 4, signed: false };
    for figure in trend.figures.iter().take(top) {
        let newest = figure.values.iter().rev().find_map(|value| *value);
        let mut cells = vec![
            Cell::text(&figure.rule),
            Cell::text(&figure.subject),
            newest.map_or(Cell::Empty, number),
            number(figure.limit),
            Cell::text(figure.status.name()),
            Cell::Count(figure.broken),
        ];
        cells.extend(sparks.then(|| Cell::Text(spark(&figure.values))));
        sheet.row(cells);
    }
    sheet
}

/// Looks that a document lists, the newest.
const LISTED: usize = 30;

/// The newest looks: when, which models, and what came out.
#[must_use]
pub fn looks_sheet(trend: &TestSetTrend) -> Sheet {
    let columns = [
        ("look", Align::Right),
        ("date", Align::Left),
        ("model", Align::Left),
        ("against", Align::Left),
        ("false alarm at most", Align::Right),
        ("outcome", Align::Left),
    ];
    let mut sheet = Sheet::new("Looks, newest first".into(), &columns);
    for (at, look) in trend.looks.iter().enumerate().rev().take(LISTED) {
        sheet.row(vec![
            Cell::Count(at + 1),
            Cell::text(&look.date),
            Cell::text(&look.model),
            Cell::text(&look.against),
            Cell::Number { value: look.level, digits: 4, signed: false },
            Cell::text(look.status.name()),
        ]);
    }
    if trend.looks.len() > LISTED {
        sheet.notes.push(format!("And {} looks before.", grouped(trend.looks.len() - LISTED)));
    }
    sheet
}

/// An upper bound with two digits, rounded up.
pub(super) fn at_most(value: f64) -> String {
    format!("{:.2}", (100.0 * value - 1e-9).ceil() / 100.0)
}

/// The newest values as heights between their least and greatest.
fn spark(values: &[Option<f64>]) -> String {
    let newest = &values[values.len().saturating_sub(NEWEST)..];
    let known = || newest.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let height = |value: f64| if high > low { (8.0 * (value - low) / (high - low)) as usize } else { 3 };
    newest.iter().map(|value| value.map_or("·", |value| HEIGHTS[height(value).min(7)])).collect()
}

/// A row a look and figure.
#[must_use]
pub fn trends_sheet(trends: &[TestSetTrend]) -> Sheet {
    let columns = ["test set", "look", "date", "model", "against", "rule", "subject", "figure", "limit", "status"];
    let columns: Vec<(&str, Align)> = columns.iter().map(|name| (*name, Align::Left)).collect();
    let mut sheet = Sheet::new("Figures of checks over time".into(), &columns);
    for trend in trends {
        for (at, look) in trend.looks.iter().enumerate() {
            let asked = |figure: &&FigureTrend| figure.statuses[at].is_some();
            for figure in trend.figures.iter().filter(asked) {
                let number = |value: Option<f64>| {
                    value.map_or(Cell::Empty, |value| Cell::Number { value, digits: 6, signed: false })
                };
                let status = figure.statuses[at].map_or(Cell::Empty, |status| Cell::text(status.name()));
                let texts = [&look.date, &look.model, &look.against, &figure.rule, &figure.subject].map(Cell::text);
                let head = [Cell::text(&trend.test_set), Cell::Count(at + 1)];
                let found = [number(figure.values[at]), number(figure.limits[at]), status];
                sheet.row(head.into_iter().chain(texts).chain(found).collect());
            }
        }
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::{at_most, spark};

    #[test]
    fn a_sparkline_spans_its_own_range_and_shows_what_is_missing() {
        assert_eq!(spark(&[Some(0.0), Some(1.0), None, Some(2.0)]), "▁▅·█");
        assert_eq!(spark(&[Some(1.0); 2]), "▄▄");
        assert_eq!(spark(&[Some(1.0); 99]).chars().count(), 40);
    }

    #[test]
    fn a_bound_is_rounded_up() {
        assert_eq!(
            (at_most(1.85).as_str(), at_most(0.00274).as_str(), at_most(37.0 * 0.05).as_str()),
            ("1.85", "0.01", "1.85")
        );
    }
}
