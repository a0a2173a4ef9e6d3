//! Seconds and memory by items, both axes logarithmic.

use super::Cost;
use std::fmt::Write as _;

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 260.0;
const STEPS: [(&str, &str); 3] = [
    ("taking in, copied", "#0072b2"),
    ("taking in, --link", "#009e73"),
    ("linear heads, 2 epochs of 5 members", "#d55e00"),
];

/// Two panels side by side; a dashed line of slope one goes through each last point of the seconds.
pub fn drawing(figures: &[(f64, [Cost; 3])]) -> String {
    let mut svg = String::new();
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#777\">\n<title>Seconds and memory by items</title>\n",
        WIDTH * 2.0,
        HEIGHT + 24.0
    );
    let curves = |of: fn(&Cost) -> f64| -> Vec<Vec<(f64, f64)>> {
        (0..STEPS.len()).map(|step| figures.iter().map(|(rows, costs)| (*rows, of(&costs[step]))).collect()).collect()
    };
    panel(&mut svg, "seconds", &curves(|cost| cost.seconds), 0.0, true);
    panel(&mut svg, "MB beside mapped pages", &curves(|cost| cost.memory / 1e6), WIDTH, false);
    for (index, (name, colour)) in STEPS.iter().enumerate() {
        let x = 40.0 + 170.0 * index as f64;
        let y = HEIGHT + 12.0;
        let _ = writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{colour}\"/><text x=\"{}\" y=\"{}\">{name}</text>",
            x + 8.0,
            y + 4.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel(svg: &mut String, unit: &str, curves: &[Vec<(f64, f64)>], left: f64, in_proportion: bool) {
    let points = || curves.iter().flatten();
    let least = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&(f64, f64)) -> f64| points().map(of).fold(0.0, f64::max);
    let (x0, x1) = (least(|point| point.0), most(|point| point.0) * 1.0001);
    let (y0, y1) = (least(|point| point.1) / 1.5, most(|point| point.1) * 1.5);
    let x = |value: f64| left + 52.0 + (WIDTH - 76.0) * (value / x0).ln() / (x1 / x0).ln();
    let y = |value: f64| HEIGHT - 40.0 - (HEIGHT - 62.0) * (value / y0).ln() / (y1 / y0).ln();
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">items</text><text x=\"{}\" y=\"12\">{unit}</text>",
        left + WIDTH / 2.0,
        HEIGHT - 8.0,
        left + 12.0
    );
    let ticks = (-2..6).flat_map(|power| [1.0, 3.0].map(|digit| digit * 10f64.powi(power)));
    for tick in ticks.filter(|tick| (y0..=y1).contains(tick)) {
        let (at, tick) = (y(tick), (tick * 100.0).round() / 100.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{:.1} {at:.1}H{:.1}\" stroke=\"#777\" stroke-opacity=\".25\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{tick}</text>",
            left + 52.0,
            left + WIDTH - 24.0,
            left + 48.0,
            at + 4.0
        );
    }
    for (rows, _) in &curves[0] {
        let label = if *rows >= 1e6 { format!("{} M", rows / 1e6) } else { format!("{} k", rows / 1e3) };
        let (x, y) = (x(*rows), HEIGHT - 24.0);
        let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{label}</text>");
    }
    for (curve, (_, colour)) in curves.iter().zip(STEPS) {
        let path: Vec<String> = curve.iter().map(|point| format!("{:.1} {:.1}", x(point.0), y(point.1))).collect();
        let _ = writeln!(svg, "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\"/>", path.join("L"));
        for (x, y) in curve.iter().map(|point| (x(point.0), y(point.1))) {
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
        if let Some(last) = curve.last().filter(|_| in_proportion) {
            let first = (last.1 * x0 / last.0).max(y0);
            let from = last.0 * first / last.1;
            let ends = [x(from), y(first), x(last.0), y(last.1)].map(|value| format!("{value:.1}"));
            let [x1, y1, x2, y2] = ends;
            let _ = writeln!(svg, "<path d=\"M{x1} {y1}L{x2} {y2}\" stroke=\"{colour}\" stroke-dasharray=\"2 3\"/>");
        }
    }
}
