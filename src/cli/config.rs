//! `config.toml`: the settings between the defaults and the environment, and `llm2loss config`, their commented sample.

use super::arguments::Look;
use super::context::{Failure, print};
use crate::console::keys::{Keymap, Rebindings};
use crate::console::{ColorChoice, ImageChoice, Options};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that can be configured. Flags and the environment go before it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of the file it was read from.
    #[serde(skip)]
    folder: Option<PathBuf>,
    /// Folder of the store and the runs; empty for the user's data folder.
    pub home: String,
    /// Show ids of items, never their texts.
    pub hide_text: bool,
    pub console: ConsoleConfig,
    /// Keys of actions, by the section of where they hold.
    pub keys: Rebindings,
}

/// How the console looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleConfig {
    pub theme: String,
    pub color: String,
    pub ascii: bool,
    pub mouse: bool,
    pub low_bandwidth: bool,
    pub no_images: bool,
    pub images: String,
    /// A ledger of checks; empty for none.
    pub ledger: String,
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self {
            theme: "terminal".into(),
            color: "auto".into(),
            ascii: false,
            mouse: false,
            low_bandwidth: false,
            no_images: false,
            images: "auto".into(),
            ledger: String::new(),
        }
    }
}

/// The sample that `llm2loss config` prints: every line that begins with `# ` and a setting holds its default.
pub const SAMPLE: &str = include_str!("sample.toml");

/// `llm2loss config`.
pub fn run() -> Result<u8, Failure> {
    print(SAMPLE)
}

/// The user's folder of configuration files, if there is a home at all.
pub fn folder() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("llm2loss"))
}

impl Config {
    /// Reads the file named, or the user's own if there is one.
    ///
    /// # Errors
    /// A sentence with file, line and what is wrong, exit code 2; also if a named file is not there.
    pub fn load(named: Option<&Path>) -> Result<Self, Failure> {
        let path = match named.filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => path.to_owned(),
            None => match folder().map(|folder| folder.join("config.toml")).filter(|path| path.exists()) {
                Some(path) => path,
                None => return Ok(Self::default()),
            },
        };
        let fault = |problem: String| Failure::usage(format!("{}: {problem}", path.display()));
        let text = crate::files::read_note(&path).map_err(|error| fault(error.to_string()))?;
        // Themes lie beside the file that is read.
        let folder = path.parent().map(Path::to_owned);
        Ok(Self { folder, ..Self::parse(&text).map_err(fault)? })
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// The line and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            format!("{place}{}; 'llm2loss config' prints every setting", error.message().replace('\n', " "))
        })?;
        config.console.color.parse::<ColorChoice>()?;
        config.console.images.parse::<ImageChoice>()?;
        Keymap::with(&config.keys)?;
        Ok(config)
    }

    /// The home folder, if this file names one.
    pub fn home(&self) -> Option<PathBuf> {
        (!self.home.is_empty()).then(|| PathBuf::from(&self.home))
    }

    /// The ledger of checks, if this file names one.
    fn ledger(&self) -> Option<PathBuf> {
        (!self.console.ledger.is_empty()).then(|| PathBuf::from(&self.console.ledger))
    }

    /// How the console looks: flags and environment first, then this file.
    pub fn options(&self, look: &Look, home: PathBuf) -> Result<Options, Failure> {
        let color = self.console.color.parse::<ColorChoice>().map_err(Failure::usage)?;
        let images = self.console.images.parse::<ImageChoice>().map_err(Failure::usage)?;
        Ok(Options {
            audit: String::new(),
            audits: Vec::new(),
            said: None,
            theme: look.theme.clone().filter(|name| !name.is_empty()),
            usual_theme: self.console.theme.clone(),
            color: look.color.unwrap_or(color),
            ascii: look.ascii.unwrap_or(self.console.ascii),
            mouse: look.mouse.unwrap_or(self.console.mouse),
            low_bandwidth: look.low_bandwidth.unwrap_or(self.console.low_bandwidth),
            no_images: look.no_images.unwrap_or(self.console.no_images),
            images: look.images.unwrap_or(images),
            may_have_images: false,
            ledger: look.ledger.clone().or_else(|| self.ledger()),
            config: self.folder.clone().or_else(folder),
            keymap: Arc::new(Keymap::with(&self.keys).map_err(Failure::usage)?),
            hide_text: false,
            home,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample with its settings no longer commented out.
    fn uncommented() -> String {
        let setting = |line: &str| {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            let name = bare.split_once(" = ").map_or("", |(name, _)| name);
            let is = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '_');
            if is || bare.starts_with('[') { bare.to_owned() } else { String::new() }
        };
        SAMPLE.lines().map(|line| setting(line) + "\n").collect()
    }

    #[test]
    fn the_sample_holds_every_setting_at_its_default() {
        let text = uncommented();
        let mut sampled = Config::parse(&text).unwrap();
        // Its keys are those of the table, said again.
        assert_eq!(Keymap::with(&sampled.keys).unwrap(), Keymap::default());
        assert!(!sampled.keys.is_empty());
        sampled.keys.clear();
        assert_eq!(sampled, Config::default());
        // Nothing is missing from it.
        let every = toml::to_string(&Config::default()).unwrap();
        for name in every.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name) {
            assert!(text.lines().any(|line| line.starts_with(&format!("{name} = "))), "{name} is not in the sample");
        }
        assert_eq!(Config::parse(SAMPLE).unwrap(), Config::default());
    }

    #[test]
    fn themes_lie_beside_the_file_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, "[console]\nascii = true\n").unwrap();
        let options = Config::load(Some(&path)).unwrap().options(&Look::default(), PathBuf::from("home")).unwrap();
        assert_eq!(options.theme_folders(), [folder.path().join("themes"), PathBuf::from("home/themes")]);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let said = Config::parse("[console]\ntheme = \"dark\"\ncolour = \"16\"\n").unwrap_err();
        assert!(said.starts_with("line 3") && said.contains("colour") && said.contains("color"), "{said}");
        assert!(Config::parse("[console]\ncolor = \"mauve\"\n").unwrap_err().contains("'mauve' is no colour depth"));
        assert!(Config::parse("[console]\nmouse = 3\n").unwrap_err().starts_with("line 2"));
        assert!(Config::parse("[console]\nimages = \"gif\"\n").unwrap_err().contains("'gif' is no way"));
        let said = Config::parse("[keys.train]\nnext-head = [\"x\"]\n").unwrap_err();
        assert!(said.contains("cancel-running") && said.contains("next-head"), "{said}");
    }

    #[test]
    fn what_is_given_goes_before_the_file() {
        let config = Config::parse("[console]\nascii = true\nmouse = true\ncolor = \"16\"\n").unwrap();
        let look = Look {
            theme: None,
            color: None,
            ascii: Some(false),
            mouse: None,
            low_bandwidth: None,
            no_images: None,
            images: Some(ImageChoice::Sixel),
            ledger: None,
        };
        let options = config.options(&look, PathBuf::new()).unwrap();
        assert_eq!(options.images, ImageChoice::Sixel);
        assert_eq!((options.ascii, options.mouse, options.color), (false, true, ColorChoice::Named));
    }
}
