//! A theme's TOML: roles, a palette, overrides for 16 colours, and one parent.

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A parsed theme with its parent's values filled in.
#[derive(Debug, Clone)]
pub struct ThemeFile {
    pub name: String,
    /// One style a role, in the order of `Role::ALL`.
    pub roles: [Style; 13],
    /// Overrides where 256 colours can be shown, where 16 or none can, and where none can.
    pub ansi256: [Option<Style>; 13],
    pub ansi16: [Option<Style>; 13],
    pub none: [Option<Style>; 13],
    pub series: Vec<Color>,
    /// Ink and paper of pictures.
    pub canvas: ((u8, u8, u8), (u8, u8, u8)),
    palette: BTreeMap<String, String>,
    source: Roles,
    source256: Roles,
    source16: Roles,
    source_none: Roles,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    inherits: Option<String>,
    palette: BTreeMap<String, String>,
    roles: Roles,
    ansi256: Roles,
    ansi16: Roles,
    none: Roles,
    canvas: Canvas,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Canvas {
    fg: Option<String>,
    bg: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Paint {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(rename = "mod")]
    modifiers: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Roles {
    text: Option<Paint>,
    dim: Option<Paint>,
    accent: Option<Paint>,
    focus: Option<Paint>,
    select: Option<Paint>,
    good: Option<Paint>,
    bad: Option<Paint>,
    warn: Option<Paint>,
    axis: Option<Paint>,
    lane: Option<Paint>,
    mark: Option<Paint>,
    border: Option<Paint>,
    title: Option<Paint>,
    series: Option<Vec<String>>,
}

impl Roles {
    /// The paints in the order of `Role::ALL`.
    fn paints(&self) -> [&Option<Paint>; 13] {
        [
            &self.text,
            &self.dim,
            &self.accent,
            &self.focus,
            &self.select,
            &self.good,
            &self.bad,
            &self.warn,
            &self.axis,
            &self.lane,
            &self.mark,
            &self.border,
            &self.title,
        ]
    }

    /// These roles, and the parent's where these say nothing.
    fn over(self, parent: &Self) -> Self {
        let parent = parent.clone();
        Self {
            text: self.text.or(parent.text),
            dim: self.dim.or(parent.dim),
            accent: self.accent.or(parent.accent),
            focus: self.focus.or(parent.focus),
            select: self.select.or(parent.select),
            good: self.good.or(parent.good),
            bad: self.bad.or(parent.bad),
            warn: self.warn.or(parent.warn),
            axis: self.axis.or(parent.axis),
            lane: self.lane.or(parent.lane),
            mark: self.mark.or(parent.mark),
            border: self.border.or(parent.border),
            title: self.title.or(parent.title),
            series: self.series.or(parent.series),
        }
    }
}

/// Reads a theme; `known` are the themes it may inherit from.
///
/// # Errors
/// A sentence with the theme's name, and the line where the TOML itself is wrong.
pub fn parse(name: &str, text: &str, known: &[ThemeFile]) -> Result<ThemeFile, String> {
    let mut document: Document =
        toml::from_str(text).map_err(|error| format!("theme '{name}': {}", one_line(&error.to_string())))?;
    let mut canvas = ((212, 212, 212), (22, 24, 29));
    if let Some(parent_name) = &document.inherits {
        let parent = known
            .iter()
            .find(|file| file.name == *parent_name)
            .ok_or_else(|| format!("theme '{name}' inherits '{parent_name}', which is not there or comes later"))?;
        // The child's palette repaints the parent's roles: that is what makes light from dark.
        let mut palette = parent.palette.clone();
        palette.append(&mut document.palette);
        document.palette = palette;
        document.roles = document.roles.over(&parent.source);
        document.ansi256 = document.ansi256.over(&parent.source256);
        document.ansi16 = document.ansi16.over(&parent.source16);
        document.none = document.none.over(&parent.source_none);
        canvas = parent.canvas;
    }
    build(name, document, canvas).map_err(|message| format!("theme '{name}': {}{message}", line_of(text, &message)))
}

/// `line 3: ` for a mistake that names a word in quotes, found where it stands first behind an equals sign.
fn line_of(text: &str, message: &str) -> String {
    let Some(word) = message.split('\'').nth(1) else { return String::new() };
    let said = format!("\"{word}\"");
    let holds = |line: &str| line.split_once('=').is_some_and(|(_, value)| value.contains(&said));
    text.lines().position(holds).map(|at| format!("line {}: ", at + 1)).unwrap_or_default()
}

fn build(name: &str, document: Document, canvas: ((u8, u8, u8), (u8, u8, u8))) -> Result<ThemeFile, String> {
    let palette = &document.palette;
    let mut roles = [Style::new(); 13];
    let overrides = |given: &Roles| -> Result<[Option<Style>; 13], String> {
        let mut styles = [None; 13];
        for (slot, paint) in styles.iter_mut().zip(given.paints()) {
            *slot = paint.as_ref().map(|paint| style(paint, palette)).transpose()?;
        }
        Ok(styles)
    };
    for (slot, paint) in roles.iter_mut().zip(document.roles.paints()) {
        *slot = paint.as_ref().map_or(Ok(Style::new()), |paint| style(paint, palette))?;
    }
    let series = document.roles.series.iter().flatten().map(|word| color(word, palette));
    let shade = |word: &Option<String>, default: (u8, u8, u8)| match word {
        None => Ok(default),
        Some(word) => match color(word, palette)? {
            Color::Rgb(r, g, b) => Ok((r, g, b)),
            _ => Err(format!("'{word}' must be written like #1a2b3c on the canvas")),
        },
    };
    Ok(ThemeFile {
        name: name.to_owned(),
        roles,
        ansi256: overrides(&document.ansi256)?,
        ansi16: overrides(&document.ansi16)?,
        none: overrides(&document.none)?,
        series: series.collect::<Result<_, String>>()?,
        canvas: (shade(&document.canvas.fg, canvas.0)?, shade(&document.canvas.bg, canvas.1)?),
        palette: document.palette,
        source: document.roles,
        source256: document.ansi256,
        source16: document.ansi16,
        source_none: document.none,
    })
}

fn style(paint: &Paint, palette: &BTreeMap<String, String>) -> Result<Style, String> {
    let mut style = Style::new();
    if let Some(word) = &paint.fg {
        style = style.fg(color(word, palette)?);
    }
    if let Some(word) = &paint.bg {
        style = style.bg(color(word, palette)?);
    }
    for word in &paint.modifiers {
        style = style.add_modifier(match word.as_str() {
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underlined" => Modifier::UNDERLINED,
            "reversed" => Modifier::REVERSED,
            other => {
                return Err(format!("'{other}' is no modifier; give bold, dim, italic, underlined or reversed"));
            }
        });
    }
    Ok(style)
}

fn color(word: &str, palette: &BTreeMap<String, String>) -> Result<Color, String> {
    let word = palette.get(word).map_or(word, String::as_str);
    let unknown = || format!("'{word}' is no colour; give a name, 0-255, #1a2b3c or a palette entry");
    if let Some(hex) = word.strip_prefix('#') {
        if hex.len() != 6 || !hex.is_ascii() {
            return Err(unknown());
        }
        let number = u32::from_str_radix(hex, 16).map_err(|_| unknown())?;
        let [_, r, g, b] = number.to_be_bytes();
        return Ok(Color::Rgb(r, g, b));
    }
    if let Ok(index) = word.parse::<u8>() {
        return Ok(Color::Indexed(index));
    }
    Ok(match word {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "gray" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "white" => Color::White,
        _ => return Err(unknown()),
    })
}

/// The first line of a TOML error says where, the last says what.
fn one_line(message: &str) -> String {
    let mut lines = message.lines().filter(|line| !line.trim().is_empty());
    match (lines.next(), lines.next_back()) {
        (Some(first), Some(last)) => format!("{first}: {last}"),
        (Some(only), None) => only.to_owned(),
        _ => "unreadable".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse("mine", text, &[]).unwrap_err()
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let said = error("[roles]\ntext = { fg = \"red\" }\nglow = {}\n");
        assert!(said.contains("'mine'") && said.contains("line 3") && said.contains("glow"), "{said}");
        let said = error("[roles]\ntext = {}\ndim = { fg = \"blurple\" }");
        assert!(said.contains("line 3") && said.contains("'blurple' is no colour"), "{said}");
        assert!(error("[roles]\ndim = { mod = [\"blink\"] }").contains("'blink' is no modifier"));
        assert!(error("inherits = \"none\"").contains("inherits 'none'"));
    }

    #[test]
    fn colours_are_read_in_every_form() {
        let palette = BTreeMap::from([("ink".to_owned(), "#010203".to_owned())]);
        assert_eq!(color("ink", &palette), Ok(Color::Rgb(1, 2, 3)));
        assert_eq!(color("200", &palette), Ok(Color::Indexed(200)));
        assert_eq!(color("bright-black", &palette), Ok(Color::DarkGray));
        assert!(color("#12", &palette).is_err());
        assert!(color("#éé1", &palette).is_err());
    }
}
