//! The marks of the screen, each with its ASCII twin.

/// The corners and edges of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    pub top_left: &'static str,
    pub top_right: &'static str,
    pub bottom_left: &'static str,
    pub bottom_right: &'static str,
    pub horizontal: &'static str,
    pub vertical: &'static str,
}

/// One alphabet of marks; all but plus-minus are one cell wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs {
    /// Whether this is the ASCII alphabet.
    pub ascii: bool,
    /// The frame of a panel that has no focus.
    pub plain: Frame,
    /// The frame of the panel that has the focus.
    pub heavy: Frame,
    /// The selected row.
    pub selected: &'static str,
    /// The measured bar: whole cell, left half, right half.
    pub bar: &'static str,
    pub bar_left: &'static str,
    pub bar_right: &'static str,
    /// The parts of a gauge that are done and not done.
    pub full: &'static str,
    pub rest: &'static str,
    /// A predicted value on a bar.
    pub predicted: &'static str,
    /// Zero on an axis, and a horizontal zero line.
    pub zero: &'static str,
    pub zero_horizontal: &'static str,
    /// An empty place on a lane.
    pub track: &'static str,
    /// Mean and ends of mean ± sd.
    pub mean: &'static str,
    pub whisker: &'static str,
    pub whisker_left: &'static str,
    pub whisker_right: &'static str,
    /// Quartile box and median.
    pub quartile: &'static str,
    pub median: &'static str,
    /// A value beyond the left or right end of an axis.
    pub beyond_left: &'static str,
    pub beyond_right: &'static str,
    /// States of a job.
    pub running: &'static str,
    pub done: &'static str,
    pub queued: &'static str,
    pub idle: &'static str,
    /// Read with care.
    pub care: &'static str,
    /// Sort order.
    pub descending: &'static str,
    pub ascending: &'static str,
    /// A line being typed.
    pub prompt: &'static str,
    /// Between words of a line.
    pub dot: &'static str,
    /// Cut text.
    pub ellipsis: &'static str,
    /// A negative number's sign.
    pub minus: &'static str,
    /// Between a value and its spread.
    pub plus_minus: &'static str,
    /// A difference.
    pub delta: &'static str,
    /// Toward the left, toward the right.
    pub left: &'static str,
    pub right: &'static str,
    /// A point of a scatter plot, and several points in one cell.
    pub point: &'static str,
    pub points: &'static str,
    /// An item of an axis.
    pub tick: &'static str,
    /// Four densities, low to high.
    pub shades: [&'static str; 4],
    /// The first and the second of two compared values, and the line between them.
    pub first: &'static str,
    pub second: &'static str,
    pub between: &'static str,
    /// Eight heights, low to high.
    pub levels: [&'static str; 8],
}

/// The alphabet of a terminal that shows Unicode.
pub static UNICODE: Glyphs = Glyphs {
    ascii: false,
    plain: Frame {
        top_left: "╭", top_right: "╮", bottom_left: "╰", bottom_right: "╯", horizontal: "─", vertical: "│"
    },
    heavy: Frame {
        top_left: "┏", top_right: "┓", bottom_left: "┗", bottom_right: "┛", horizontal: "━", vertical: "┃"
    },
    selected: "▶",
    bar: "━",
    bar_left: "╸",
    bar_right: "╺",
    full: "█",
    rest: "░",
    predicted: "◆",
    zero: "┆",
    zero_horizontal: "┄",
    track: "·",
    mean: "●",
    whisker: "─",
    whisker_left: "├",
    whisker_right: "┤",
    quartile: "█",
    median: "┃",
    beyond_left: "◂",
    beyond_right: "▸",
    running: "▶",
    done: "✓",
    queued: "○",
    idle: "●",
    care: "!",
    descending: "▼",
    ascending: "▲",
    prompt: "›",
    dot: "·",
    ellipsis: "…",
    minus: "−",
    plus_minus: "±",
    delta: "Δ",
    left: "◂",
    right: "▸",
    point: "•",
    points: "●",
    tick: "┤",
    shades: ["░", "▒", "▓", "█"],
    first: "○",
    second: "●",
    between: "─",
    levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

/// The alphabet of any other terminal.
pub static ASCII: Glyphs = Glyphs {
    ascii: true,
    plain: Frame { top_left: "+", top_right: "+", bottom_left: "+", bottom_right: "+", horizontal: "-", vertical: "|" },
    heavy: Frame { top_left: "#", top_right: "#", bottom_left: "#", bottom_right: "#", horizontal: "=", vertical: "|" },
    selected: ">",
    bar: "#",
    bar_left: "#",
    bar_right: "#",
    full: "#",
    rest: ".",
    predicted: "*",
    zero: ":",
    zero_horizontal: "-",
    track: ".",
    mean: "o",
    whisker: "-",
    whisker_left: "|",
    whisker_right: "|",
    quartile: "#",
    median: "|",
    beyond_left: "<",
    beyond_right: ">",
    running: ">",
    done: "+",
    queued: "o",
    idle: "-",
    care: "!",
    descending: "v",
    ascending: "^",
    prompt: ">",
    dot: "-",
    ellipsis: "~",
    minus: "-",
    plus_minus: "+-",
    delta: "d",
    left: "<",
    right: ">",
    point: "o",
    points: "@",
    tick: "|",
    shades: [".", ":", "+", "#"],
    first: "o",
    second: "@",
    between: "-",
    levels: ["1", "2", "3", "4", "5", "6", "7", "8"],
};

/// Whether the environment asks for ASCII: a locale that is named and is not UTF-8, or a bare console.
#[must_use]
pub fn environment_is_ascii(read: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| read(name).filter(|value| !value.is_empty()));
    // No locale at all is the habit of containers, whose terminals do show UTF-8.
    let foreign = locale.is_some_and(|value| {
        let value = value.to_ascii_lowercase();
        !value.contains("utf-8") && !value.contains("utf8")
    });
    let bare = read("TERM").is_some_and(|term| term == "linux" || term.starts_with("vt"));
    foreign || bare
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn every_mark_is_one_cell() {
        for glyphs in [&UNICODE, &ASCII] {
            for mark in [
                glyphs.selected,
                glyphs.bar,
                glyphs.predicted,
                glyphs.zero,
                glyphs.mean,
                glyphs.median,
                glyphs.done,
                glyphs.ellipsis,
                glyphs.minus,
            ] {
                assert_eq!(mark.width(), 1, "{mark}");
            }
            assert!(glyphs.levels.iter().all(|level| level.width() == 1));
        }
    }

    #[test]
    fn a_locale_decides_and_no_locale_does_not() {
        let with = |value: &'static str| move |name: &str| (name == "LANG").then(|| value.into());
        assert!(environment_is_ascii(with("C")));
        assert!(!environment_is_ascii(with("en_GB.UTF-8")));
        assert!(!environment_is_ascii(|_| None));
    }
}
