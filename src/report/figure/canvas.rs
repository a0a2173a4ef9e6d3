//! What every figure is drawn with: escaped text, scales, axes.

use crate::report::printable;
use std::fmt::Write;

/// Text as it may stand in HTML and SVG, in content and in quoted attributes.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// The beginning of a text, for places of little room.
#[must_use]
pub fn short(text: &str, characters: usize) -> String {
    let text = printable(text);
    if text.chars().count() <= characters {
        return text;
    }
    text.chars().take(characters.saturating_sub(1)).collect::<String>().trim_end().to_owned() + "…"
}

/// A linear scale from data to pixels with round ticks.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// A scale that holds all finite values, and a little more; zero is held if `zero`.
    #[must_use]
    pub fn over(values: impl Iterator<Item = f64>, zero: bool, from: f64, to: f64) -> Self {
        let values = values.filter(|value| value.is_finite()).chain(zero.then_some(0.0));
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        let room = if high > low { 0.04 * (high - low) } else { 0.5 };
        Self { low: low - room, high: high + room, from, to }
    }

    /// Between two given ends.
    #[must_use]
    pub fn fixed(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self { low, high, from, to }
    }

    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// Some five round values within, and the digits they need.
    #[must_use]
    pub fn ticks(&self) -> (Vec<f64>, usize) {
        let rough = (self.high - self.low) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= rough).unwrap_or(rough);
        // An end that is a round value counts, whatever its last bit says.
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        let digits = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
        ((first..=last).map(|tick| tick as f64 * step).collect(), digits)
    }
}

/// An SVG under construction.
pub struct Canvas {
    body: String,
    width: f64,
    height: f64,
}

impl Canvas {
    #[must_use]
    pub fn new(width: f64, height: f64) -> Self {
        Self { body: String::new(), width, height }
    }

    pub fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let _ = writeln!(
            self.body,
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        );
    }

    /// A dot: filled, or a ring.
    pub fn dot(&mut self, class: &str, (x, y): (f64, f64), title: &str) {
        let _ = writeln!(
            self.body,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"><title>{}</title></circle>",
            escape(title)
        );
    }

    /// A mark of another shape, for what differs in kind.
    pub fn diamond(&mut self, class: &str, (x, y): (f64, f64), title: &str) {
        let _ = writeln!(
            self.body,
            "<path class=\"{class}\" d=\"M{x:.1} {:.1}l5 5l-5 5l-5 -5z\"><title>{}</title></path>",
            y - 5.0,
            escape(title)
        );
    }

    pub fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        let (width, height) = (width.max(0.5), height.max(0.5));
        let _ = writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        );
    }

    pub fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let mut d = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let _ = write!(d, "{}{x:.1} {y:.1}", if index == 0 { 'M' } else { 'L' });
        }
        let _ = writeln!(self.body, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    /// Text anchored at `start`, `middle` or `end`; it is escaped here.
    pub fn text(&mut self, class: &str, anchor: &str, (x, y): (f64, f64), text: &str) {
        let _ = writeln!(
            self.body,
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            escape(text)
        );
    }

    /// Grid lines and numbers of a horizontal axis; zero is drawn stronger.
    pub fn across(&mut self, scale: &Scale, top: f64, bottom: f64, label: &str) {
        let (ticks, digits) = scale.ticks();
        for tick in ticks {
            let x = scale.at(tick);
            self.line(if tick == 0.0 { "zero" } else { "grid" }, (x, top), (x, bottom));
            self.text("tick", "middle", (x, bottom + 15.0), &number(tick, digits));
        }
        self.text("label", "middle", (f64::midpoint(scale.from, scale.to), bottom + 34.0), label);
    }

    /// Grid lines and numbers of a vertical axis.
    pub fn along(&mut self, scale: &Scale, left: f64, right: f64, label: &str) {
        let (ticks, digits) = scale.ticks();
        for tick in ticks {
            let y = scale.at(tick);
            self.line(if tick == 0.0 { "zero" } else { "grid" }, (left, y), (right, y));
            self.text("tick", "end", (left - 6.0, y + 4.0), &number(tick, digits));
        }
        let top = scale.from.min(scale.to);
        self.text("label", "start", (left - 40.0, top - 10.0), label);
    }

    /// The figure with its title and text alternative; `id` must be its own on the page.
    #[must_use]
    pub fn finish(self, id: &str, title: &str, description: &str) -> String {
        let Self { body, width, height } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\n<title id=\"{id}-t\">{}</title>\n<desc id=\"{id}-d\">{}</desc>\n{body}</svg>\n",
            escape(title),
            escape(description)
        )
    }
}

/// A tick's number, with a minus sign that is one.
fn number(value: f64, digits: usize) -> String {
    let value = if value == 0.0 { 0.0 } else { value };
    format!("{value:.digits$}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_leave_its_place() {
        let hostile = "</title><script>alert('1')</script>\" onload=\"x\u{202e}\u{7}";
        let shown = escape(hostile);
        assert!(!shown.contains(['<', '>', '"', '\'', '\u{202e}', '\u{7}']), "{shown}");
    }

    #[test]
    fn ticks_are_round_and_inside() {
        let (ticks, digits) = Scale::over([-1.1, 3.2].into_iter(), true, 0.0, 100.0).ticks();
        assert_eq!((ticks, digits), (vec![-1.0, 0.0, 1.0, 2.0, 3.0], 0));
        let (ticks, digits) = Scale::fixed(0.0, 0.3, 0.0, 1.0).ticks();
        assert_eq!((ticks.len(), digits), (4, 1));
    }

    #[test]
    fn nothing_to_show_is_no_panic() {
        let scale = Scale::over(std::iter::empty(), false, 0.0, 10.0);
        assert!(scale.at(0.5).is_finite());
        assert!(Scale::over([2.0].into_iter(), false, 0.0, 10.0).at(2.0).is_finite());
    }
}
