//! How many colours a terminal shows, and colours brought down to that many.

use ratatui::style::Color;

/// What a person asks for with `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColorChoice {
    /// What the environment says.
    #[default]
    Auto,
    /// 24-bit colours.
    True,
    /// The 256 indexed colours.
    Indexed,
    /// The 16 named colours.
    Named,
    /// No colour; weight and reverse video stay.
    Never,
}

impl std::str::FromStr for ColorChoice {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "true" => Ok(Self::True),
            "256" => Ok(Self::Indexed),
            "16" => Ok(Self::Named),
            "never" => Ok(Self::Never),
            other => Err(format!("'{other}' is no colour depth; give auto, true, 256, 16 or never")),
        }
    }
}

/// How many colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    True,
    Indexed,
    Named,
    None,
}

impl Depth {
    /// The name shown when it changes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::True => "true colour",
            Self::Indexed => "256 colours",
            Self::Named => "16 colours",
            Self::None => "no colour",
        }
    }

    /// The next lower depth, then the highest again.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::True => Self::Indexed,
            Self::Indexed => Self::Named,
            Self::Named => Self::None,
            Self::None => Self::True,
        }
    }

    /// The depth a choice and the environment give; `NO_COLOR` counts unless a depth is asked for.
    #[must_use]
    pub fn detect(choice: ColorChoice, read: impl Fn(&str) -> Option<String>) -> Self {
        match choice {
            ColorChoice::True => return Self::True,
            ColorChoice::Indexed => return Self::Indexed,
            ColorChoice::Named => return Self::Named,
            ColorChoice::Never => return Self::None,
            ColorChoice::Auto => {}
        }
        let value = |name: &str| read(name).filter(|value| !value.is_empty());
        let term = value("TERM").unwrap_or_default();
        if value("NO_COLOR").is_some() || term == "dumb" {
            return Self::None;
        }
        let named = value("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit");
        let known = ["kitty", "ghostty", "alacritty", "wezterm", "foot", "-direct"];
        if named || known.iter().any(|name| term.contains(name)) {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Named
        }
    }

    /// The nearest colour this depth can show.
    #[must_use]
    pub fn reduce(self, color: Color) -> Color {
        match (self, color) {
            (Self::None, _) => Color::Reset,
            (Self::Indexed, Color::Rgb(r, g, b)) => Color::Indexed(nearest_indexed(r, g, b)),
            (Self::Named, Color::Rgb(r, g, b)) => nearest_named(r, g, b),
            (Self::Named, Color::Indexed(index)) => {
                let (r, g, b) = indexed_rgb(index);
                nearest_named(r, g, b)
            }
            (_, color) => color,
        }
    }
}

/// The 16 named colours as xterm shows them.
pub const NAMED: [(Color, (u8, u8, u8)); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 49, 49)),
    (Color::Green, (13, 188, 121)),
    (Color::Yellow, (229, 192, 83)),
    (Color::Blue, (71, 130, 220)),
    (Color::Magenta, (197, 103, 190)),
    (Color::Cyan, (56, 178, 205)),
    (Color::Gray, (204, 204, 204)),
    (Color::DarkGray, (118, 118, 118)),
    (Color::LightRed, (241, 76, 76)),
    (Color::LightGreen, (35, 209, 139)),
    (Color::LightYellow, (245, 245, 67)),
    (Color::LightBlue, (100, 160, 240)),
    (Color::LightMagenta, (214, 112, 214)),
    (Color::LightCyan, (41, 184, 219)),
    (Color::White, (229, 229, 229)),
];

/// Red, green and blue of one of the 256 indexed colours.
#[must_use]
pub fn indexed_rgb(index: u8) -> (u8, u8, u8) {
    let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
    match index {
        0..=15 => NAMED[usize::from(index)].1,
        16..=231 => {
            let cube = index - 16;
            (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
        }
        _ => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    }
}

fn distance(a: (u8, u8, u8), b: (u8, u8, u8)) -> u32 {
    let part = |x: u8, y: u8, weight: u32| weight * u32::from(x.abs_diff(y)).pow(2);
    // The eye's weights, roughly.
    part(a.0, b.0, 3) + part(a.1, b.1, 6) + part(a.2, b.2, 1)
}

fn nearest_indexed(r: u8, g: u8, b: u8) -> u8 {
    // The first 16 are the user's own colours, so they cannot be trusted to be near anything.
    (16..=255).min_by_key(|&index| distance(indexed_rgb(index), (r, g, b))).unwrap_or(16)
}

fn nearest_named(r: u8, g: u8, b: u8) -> Color {
    NAMED.iter().min_by_key(|(_, rgb)| distance(*rgb, (r, g, b))).map_or(Color::Reset, |(color, _)| *color)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
    }

    #[test]
    fn the_environment_decides_the_depth() {
        let auto = |pairs: &[(&str, &str)]| Depth::detect(ColorChoice::Auto, with(pairs));
        assert_eq!(auto(&[("TERM", "xterm")]), Depth::Named);
        assert_eq!(auto(&[("TERM", "xterm-256color")]), Depth::Indexed);
        assert_eq!(auto(&[("TERM", "screen"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(auto(&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")]), Depth::None);
        assert_eq!(auto(&[("TERM", "dumb")]), Depth::None);
        assert_eq!(Depth::detect(ColorChoice::True, with(&[("NO_COLOR", "1")])), Depth::True);
    }

    #[test]
    fn colours_come_down_to_a_near_one() {
        assert_eq!(Depth::Indexed.reduce(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(Depth::Named.reduce(Color::Rgb(250, 250, 250)), Color::White);
        assert_eq!(Depth::None.reduce(Color::Red), Color::Reset);
        assert_eq!(Depth::Named.reduce(Color::Red), Color::Red);
    }
}
