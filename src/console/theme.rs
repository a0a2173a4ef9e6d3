//! Themes: fourteen roles named by meaning, read from TOML, resolved for a colour depth.

use super::depth::Depth;
use super::glyph::{ASCII, Glyphs, UNICODE};
use super::theme_file::{self, ThemeFile};
use ratatui::style::{Color, Modifier, Style};
use std::path::{Path, PathBuf};

/// What a style stands for; `series` is the fourteenth, see [`Theme::series`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text and numbers.
    Text,
    /// Labels, hints and what matters less.
    Dim,
    /// Names of things, keys.
    Accent,
    /// The frame that has the focus.
    Focus,
    /// The selected row.
    Select,
    /// Done, better.
    Good,
    /// Failed, worse.
    Bad,
    /// Read with care.
    Warn,
    /// Axes, zero lines and empty lanes.
    Axis,
    /// Measured bars and boxes.
    Lane,
    /// The predicted value on a bar.
    Mark,
    /// Frames without focus.
    Border,
    /// Titles.
    Title,
}

impl Role {
    /// Every role but the series, in the order of the styles.
    pub const ALL: [Self; 13] = [
        Self::Text,
        Self::Dim,
        Self::Accent,
        Self::Focus,
        Self::Select,
        Self::Good,
        Self::Bad,
        Self::Warn,
        Self::Axis,
        Self::Lane,
        Self::Mark,
        Self::Border,
        Self::Title,
    ];

    fn index(self) -> usize {
        self as usize
    }
}

/// A theme for one colour depth and one alphabet, ready to draw with.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// The name of the file it came from.
    pub name: String,
    /// The depth it was resolved for.
    pub depth: Depth,
    /// The marks to draw with.
    pub glyphs: &'static Glyphs,
    /// Ink and paper of pictures, where there is no terminal to ask.
    pub canvas: ((u8, u8, u8), (u8, u8, u8)),
    styles: [Style; 13],
    series: Vec<Style>,
}

impl Theme {
    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles[role.index()]
    }

    /// The style of a member's line; the colours repeat, the letters do not.
    #[must_use]
    pub fn series(&self, member: usize) -> Style {
        match self.series.len() {
            0 => Style::new(),
            n => self.series[member % n],
        }
    }

    /// The embedded default theme, in Unicode.
    #[must_use]
    pub fn default_at(depth: Depth, ascii: bool) -> Self {
        let (catalogue, _) = Catalogue::load(&[]);
        catalogue.theme(0, depth, ascii)
    }
}

/// Every theme there is: the embedded ones, then the user's.
#[derive(Debug, Clone)]
pub struct Catalogue {
    files: Vec<ThemeFile>,
}

const EMBEDDED: [(&str, &str); 6] = [
    ("terminal", include_str!("../../themes/terminal.toml")),
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../themes/colour-blind.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

impl Catalogue {
    /// The embedded themes and those of some folders; a bad file is a warning, not an end.
    #[must_use]
    pub fn load(folders: &[PathBuf]) -> (Self, Vec<String>) {
        let mut catalogue = Self { files: Vec::new() };
        let mut warnings = Vec::new();
        for (name, text) in EMBEDDED {
            catalogue.add(name, text, &mut warnings);
        }
        warnings.extend(catalogue.reload(folders));
        (catalogue, warnings)
    }

    /// Reads the files of some folders again; what can no longer be read stays as it was.
    pub fn reload(&mut self, folders: &[PathBuf]) -> Vec<String> {
        let mut warnings = Vec::new();
        for path in folders.iter().flat_map(|folder| toml_files(folder)) {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            match (name, crate::files::read_note(&path)) {
                (Some(name), Ok(text)) => self.add(&name, &text, &mut warnings),
                (_, Err(error)) => warnings.push(format!("theme '{}': {error}", path.display())),
                (None, _) => {}
            }
        }
        warnings
    }

    fn add(&mut self, name: &str, text: &str, warnings: &mut Vec<String>) {
        match theme_file::parse(name, text, &self.files) {
            // A file of the user's replaces an embedded theme of the same name.
            Ok(file) => match self.files.iter_mut().find(|known| known.name == file.name) {
                Some(known) => *known = file,
                None => self.files.push(file),
            },
            Err(message) => warnings.push(message),
        }
    }

    /// Position of a theme.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        self.files.iter().position(|file| file.name == name)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// How many themes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no theme at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// A theme for a depth and an alphabet; plain text if there is none at this position.
    #[must_use]
    pub fn theme(&self, index: usize, depth: Depth, ascii: bool) -> Theme {
        let glyphs = if ascii { &ASCII } else { &UNICODE };
        let Some(file) = self.files.get(index) else {
            let canvas = ((212, 212, 212), (22, 24, 29));
            let mut styles = [Style::new(); 13];
            styles[Role::Select.index()] = Style::new().add_modifier(Modifier::REVERSED);
            return Theme { name: "plain".into(), depth, glyphs, canvas, styles, series: Vec::new() };
        };
        let mut styles = [Style::new(); 13];
        for role in Role::ALL {
            styles[role.index()] = resolve(file, role, depth);
        }
        let color = |&color: &Color| Style::new().fg(depth.reduce(color));
        let series = file.series.iter().map(color).collect();
        Theme { name: file.name.clone(), depth, glyphs, canvas: file.canvas, styles, series }
    }
}

fn resolve(file: &ThemeFile, role: Role, depth: Depth) -> Style {
    let base = file.roles[role.index()];
    let at = role.index();
    let special = match depth {
        Depth::True => None,
        Depth::Indexed => file.ansi256[at],
        Depth::Named => file.ansi16[at],
        Depth::None => file.none[at].or(file.ansi16[at]),
    };
    let mut style = special.unwrap_or(base);
    style.fg = style.fg.map(|color| depth.reduce(color));
    style.bg = style.bg.map(|color| depth.reduce(color));
    // Where a background cannot show, reverse video must, or the selection is lost.
    if depth == Depth::None && role == Role::Select {
        style = style.add_modifier(Modifier::REVERSED);
    }
    style
}

fn toml_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_theme_is_sound() {
        let (catalogue, warnings) = Catalogue::load(&[]);
        assert_eq!(warnings, Vec::<String>::new());
        let names: Vec<&str> = catalogue.names().collect();
        assert_eq!(names, ["terminal", "dark", "light", "high-contrast", "colour-blind", "mono"]);
    }

    #[test]
    fn a_selection_shows_at_every_depth() {
        let (catalogue, _) = Catalogue::load(&[]);
        for index in 0..catalogue.len() {
            for depth in [Depth::True, Depth::Indexed, Depth::Named, Depth::None] {
                let select = catalogue.theme(index, depth, false).style(Role::Select);
                let shown =
                    select.bg.is_some_and(|bg| bg != Color::Reset) || select.add_modifier.contains(Modifier::REVERSED);
                assert!(shown, "{index} {depth:?}");
            }
        }
    }

    #[test]
    fn no_colour_means_none() {
        let (catalogue, _) = Catalogue::load(&[]);
        for index in 0..catalogue.len() {
            let theme = catalogue.theme(index, Depth::None, false);
            for role in Role::ALL {
                let style = theme.style(role);
                assert!(style.fg.is_none_or(|c| c == Color::Reset), "{role:?}");
                assert!(style.bg.is_none_or(|c| c == Color::Reset), "{role:?}");
            }
        }
    }

    /// Relative luminance of WCAG 2.2.
    fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
        let part = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }

    fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_its_paper() {
        let (catalogue, _) = Catalogue::load(&[]);
        for (name, least) in [("dark", 4.5), ("light", 4.5), ("colour-blind", 4.5), ("high-contrast", 7.0)] {
            let theme = catalogue.theme(catalogue.find(name).unwrap(), Depth::True, false);
            for role in [Role::Text, Role::Accent, Role::Focus, Role::Good, Role::Bad, Role::Warn, Role::Title] {
                let ink = match theme.style(role).fg {
                    Some(Color::Rgb(r, g, b)) => (r, g, b),
                    _ => theme.canvas.0,
                };
                let found = contrast(ink, theme.canvas.1);
                assert!(found >= least, "{name} {role:?}: {found:.1}");
            }
        }
    }

    #[test]
    fn a_file_that_went_bad_keeps_the_theme_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, "inherits = \"dark\"\n[roles]\ntext = { fg = \"#010203\" }\n").unwrap();
        let folders = [folder.path().to_owned()];
        let (mut catalogue, warnings) = Catalogue::load(&folders);
        assert!(warnings.is_empty());
        let at = catalogue.find("mine").unwrap();
        let before = catalogue.theme(at, Depth::True, false);
        std::fs::write(&path, "inherits = \"dark\"\n[roles]\ntext = { fg = \"#0102\" }\n").unwrap();
        let said = catalogue.reload(&folders);
        assert!(said.len() == 1 && said[0].contains("'mine'") && said[0].contains("line 3"), "{said:?}");
        assert_eq!(catalogue.theme(at, Depth::True, false), before);
    }

    #[test]
    fn light_takes_what_it_does_not_say_from_dark() {
        let (catalogue, _) = Catalogue::load(&[]);
        let light = catalogue.theme(2, Depth::True, false);
        assert_eq!(light.style(Role::Text).fg, Some(Color::Rgb(0x22, 0x27, 0x2e)));
        assert!(light.style(Role::Title).add_modifier.contains(Modifier::BOLD));
    }
}
