//! Which protocol of images a terminal takes: what a person says, else what it answers.

use super::super::probe::Answers;

/// What a person asks for with `--images`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageChoice {
    /// What the terminal answers.
    #[default]
    Auto,
    Kitty,
    ITerm2,
    Sixel,
    /// Half blocks, or ASCII shades.
    Blocks,
}

impl std::str::FromStr for ImageChoice {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "auto" => Ok(Self::Auto),
            "kitty" => Ok(Self::Kitty),
            "iterm2" => Ok(Self::ITerm2),
            "sixel" => Ok(Self::Sixel),
            "blocks" => Ok(Self::Blocks),
            other => Err(format!("'{other}' is no way to show images; give auto, kitty, iterm2, sixel or blocks")),
        }
    }
}

/// A protocol of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Kitty,
    ITerm2,
    Sixel,
}

/// Terminals whose cells can stand for parts of a Kitty image; others that take the protocol place it otherwise.
const PLACEHOLDERS: [&str; 2] = ["kitty", "ghostty"];
/// Terminals that take images as iTerm2 does.
const ITERM2: [&str; 4] = ["iterm2", "wezterm", "konsole", "mintty"];

/// Whether tmux or screen stands between; what lies behind it shows no images by itself.
#[must_use]
pub fn is_multiplexer(read: impl Fn(&str) -> Option<String>) -> bool {
    let is_set = |name: &str| read(name).is_some_and(|value| !value.is_empty());
    let term = read("TERM").unwrap_or_default();
    is_set("TMUX") || is_set("STY") || term.starts_with("tmux") || term.starts_with("screen")
}

/// The protocol to use; `None` for characters.
#[must_use]
pub fn protocol(
    choice: ImageChoice,
    answers: &Answers,
    read: impl Fn(&str) -> Option<String> + Copy,
) -> Option<Protocol> {
    match choice {
        ImageChoice::Kitty => return Some(Protocol::Kitty),
        ImageChoice::ITerm2 => return Some(Protocol::ITerm2),
        ImageChoice::Sixel => return Some(Protocol::Sixel),
        ImageChoice::Blocks => return None,
        ImageChoice::Auto => {}
    }
    if is_multiplexer(read) {
        return None;
    }
    let name = answers.name.as_deref().unwrap_or_default().to_lowercase();
    let term = read("TERM").unwrap_or_default();
    let is_one = |known: &[&str]| known.iter().any(|known| name.starts_with(known));
    if answers.kitty && (is_one(&PLACEHOLDERS) || PLACEHOLDERS.iter().any(|known| term.contains(known))) {
        return Some(Protocol::Kitty);
    }
    // A variable alone proves little: it goes on to terminals that are opened from another.
    let program = read("TERM_PROGRAM").is_some_and(|program| program == "iTerm.app" || program == "WezTerm");
    if is_one(&ITERM2) || (program && name.is_empty() && answers.complete) {
        return Some(Protocol::ITerm2);
    }
    answers.sixel.then_some(Protocol::Sixel)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(answers: &Answers, environment: &[(&str, &str)]) -> Option<Protocol> {
        let read = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into());
        protocol(ImageChoice::Auto, answers, read)
    }

    #[test]
    fn answers_go_before_the_environment() {
        let named = |name: &str| Answers { name: Some(name.into()), complete: true, ..Answers::default() };
        let kitty = Answers { kitty: true, ..named("kitty(0.42.1)") };
        assert_eq!(found(&kitty, &[]), Some(Protocol::Kitty));
        assert_eq!(found(&named("kitty(0.42.1)"), &[]), None, "it says no");
        let unnamed = Answers { kitty: true, complete: true, ..Answers::default() };
        assert_eq!(found(&unnamed, &[("TERM", "xterm-kitty")]), Some(Protocol::Kitty));
        assert_eq!(found(&unnamed, &[("TERM", "xterm-256color")]), None, "it may not know placeholders");
        let wezterm = Answers { kitty: true, sixel: true, ..named("WezTerm 20240203") };
        assert_eq!(found(&wezterm, &[]), Some(Protocol::ITerm2));
        let sixel = Answers { sixel: true, ..named("foot(1.21.0)") };
        assert_eq!(found(&sixel, &[("TERM_PROGRAM", "iTerm.app")]), Some(Protocol::Sixel), "foot, opened from iTerm2");
        let silent = Answers { complete: true, ..Answers::default() };
        assert_eq!(found(&silent, &[("TERM_PROGRAM", "iTerm.app")]), Some(Protocol::ITerm2));
        assert_eq!(found(&Answers::default(), &[("TERM", "xterm-kitty"), ("TERM_PROGRAM", "WezTerm")]), None);
    }

    #[test]
    fn behind_tmux_images_are_asked_for_by_name() {
        let sixel = Answers { sixel: true, complete: true, ..Answers::default() };
        assert_eq!(found(&sixel, &[("TMUX", "/tmp/tmux-0/default,1,0")]), None);
        assert_eq!(found(&sixel, &[("TERM", "screen-256color")]), None);
        let read = |name: &str| (name == "TMUX").then(|| "x".to_owned());
        assert_eq!(protocol(ImageChoice::Kitty, &sixel, read), Some(Protocol::Kitty));
        assert_eq!("iterm2".parse(), Ok(ImageChoice::ITerm2));
        assert!("png".parse::<ImageChoice>().unwrap_err().contains("kitty, iterm2, sixel or blocks"));
    }
}
