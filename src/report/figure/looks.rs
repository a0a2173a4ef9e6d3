//! Figures of checks over time, a panel a figure.

use super::canvas::{Canvas, Scale, short};
use crate::diagnose::{FigureTrend, LookBack, Status, TestSetTrend};
use crate::report::printable;

const WIDTH: f64 = 760.0;
const PANEL: f64 = 150.0;
const COLUMNS: usize = 2;
/// Figures that are drawn: those broken last, then those nearest to their limit.
pub const DRAWN: usize = 6;

/// Each figure at every look with its limit; a diamond is a look at which the figure broke it.
#[must_use]
pub fn figures_over_looks(trend: &TestSetTrend) -> String {
    let figures = &trend.figures[..trend.figures.len().min(DRAWN)];
    let rows = figures.len().div_ceil(COLUMNS).max(1);
    let mut canvas = Canvas::new(WIDTH, PANEL * rows as f64 + 14.0);
    let mut words = Vec::new();
    for (at, figure) in figures.iter().enumerate() {
        let width = WIDTH / COLUMNS as f64;
        let (left, top) = ((at % COLUMNS) as f64 * width + 56.0, (at / COLUMNS) as f64 * PANEL + 34.0);
        panel(&mut canvas, figure, &trend.looks, (left, left + width - 72.0), (top, top + PANEL - 62.0));
        words.push(described(figure, &trend.looks));
    }
    canvas.finish("ledger-figure", "Figures of checks over time", &words.join(" "))
}

fn day(look: Option<&LookBack>) -> String {
    look.map_or_else(String::new, |look| printable(look.date.get(..10).unwrap_or(&look.date)))
}

fn name(figure: &FigureTrend) -> String {
    format!("{}, {}", figure.rule, figure.subject)
}

fn panel(canvas: &mut Canvas, figure: &FigureTrend, looks: &[LookBack], x: (f64, f64), y: (f64, f64)) {
    let along = Scale::over(figure.values.iter().flatten().copied().chain([figure.limit]), false, y.1, y.0);
    let across = Scale::fixed(0.0, (looks.len().max(2) - 1) as f64, x.0, x.1);
    canvas.text("head", "start", (x.0, y.0 - 18.0), &short(&name(figure), 44));
    canvas.along(&along, x.0, x.1, "");
    canvas.line("limit", (x.0, along.at(figure.limit)), (x.1, along.at(figure.limit)));
    canvas.text("tick", "start", (x.0, y.1 + 16.0), &day(looks.first()));
    canvas.text("tick", "end", (x.1, y.1 + 16.0), &day(looks.last()));
    // A look that did not ask for the figure is a gap in its line.
    let points = || {
        figure
            .values
            .iter()
            .enumerate()
            .map(|(at, value)| (at, value.map(|value| (across.at(at as f64), along.at(value)))))
    };
    for line in points().collect::<Vec<_>>().split(|(_, point)| point.is_none()) {
        canvas.path("curve", &line.iter().filter_map(|(_, point)| *point).collect::<Vec<_>>());
    }
    let last = figure.values.iter().rposition(Option::is_some);
    for (at, point) in points() {
        let (Some(point), Some(value), Some(look)) = (point, figure.values[at], looks.get(at)) else { continue };
        let title = format!("{}, {} against {}: {value:.4}", look.date, look.model, look.against);
        if figure.breaks(value) {
            canvas.diamond("dot", point, &format!("{title}, past the limit"));
        } else if Some(at) == last {
            canvas.dot("ring", point, &format!("{title}, {}", figure.status.name()));
        }
    }
}

/// `max_gap_increase, Senior: 0.0123 on 2026-01-01, 0.0145 on 2026-11-27, limit 0.0500, broken at 0 of 37 looks, now …`
fn described(figure: &FigureTrend, looks: &[LookBack]) -> String {
    let at = |place: Option<usize>| {
        let found = place.and_then(|place| Some((figure.values.get(place).copied().flatten()?, looks.get(place)?)));
        found.map_or_else(|| "no value".into(), |(value, look)| format!("{value:.4} on {}", day(Some(look))))
    };
    let first = figure.values.iter().position(Option::is_some);
    let last = figure.values.iter().rposition(Option::is_some);
    let verdict = match figure.status {
        Status::Broken => "now broken",
        Status::Inconclusive => "now inconclusive",
        Status::Pass => "now passed",
    };
    format!(
        "{}: {}, {}, limit {:.4}, broken at {} of {} looks, {verdict}.",
        name(figure),
        at(first),
        at(last),
        figure.limit,
        figure.broken,
        looks.len()
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_described_and_looks_past_the_limit_are_marked() {
        let look = |day: usize, status| LookBack {
            date: format!("2026-01-{day:02}T00:00:00Z"),
            model: "v<2>".into(),
            against: "v1".into(),
            level: 0.05,
            status,
        };
        let figure = |rule: &str, values: Vec<Option<f64>>, broken| FigureTrend {
            rule: rule.into(),
            subject: "with Senior".into(),
            limits: vec![Some(0.5); values.len()],
            statuses: vec![Some(Status::Pass); values.len()],
            values,
            limit: 0.5,
            status: Status::Pass,
            broken,
        };
        let trend = TestSetTrend {
            test_set: "5e7".into(),
            audit: "adult".into(),
            n: 9,
            expected_false_alarms: 0.2,
            looks: vec![look(1, Status::Pass), look(2, Status::Broken), look(3, Status::Pass), look(4, Status::Pass)],
            figures: vec![
                figure("max_mean_increase", vec![Some(0.1), Some(0.7), None, Some(0.2)], 1),
                figure("min_auroc", vec![None; 4], 0),
            ],
        };
        let drawn = figures_over_looks(&trend);
        assert_eq!(drawn.matches("past the limit").count(), 1);
        assert!(drawn.contains("max_mean_increase, with Senior: 0.1000 on 2026-01-01, 0.2000 on 2026-01-04, limit 0.5000, broken at 1 of 4 looks, now passed."));
        assert!(drawn.contains("min_auroc, with Senior: no value, no value"));
        // The line has a gap where nothing was asked, and text from the ledger stays text.
        assert_eq!(drawn.matches("class=\"curve\" d=\"M").count(), 2);
        assert!(drawn.contains("v&lt;2&gt; against v1: 0.7000") && !drawn.contains("NaN"));
    }
}
