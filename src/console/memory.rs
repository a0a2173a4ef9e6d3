//! What the console remembers between two starts: a small file in the home folder, written whole or not at all.

use super::app::App;
use super::msg::ScreenId;
use crate::files;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Longest file that is read: nobody pins that much.
const LONGEST: u64 = 1 << 20;

/// The state that comes back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The audit that was open last.
    audit: String,
    /// What belongs to one audit alone, by its name.
    audits: BTreeMap<String, Map<String, Value>>,
    screen: Option<ScreenId>,
    /// The theme in use, and what the configuration said when it was chosen.
    theme: String,
    usual_theme: String,
    /// Screens whose first-run hint was seen.
    hinted: Vec<ScreenId>,
    /// What screens keep.
    #[serde(flatten)]
    screens: Map<String, Value>,
}

fn path(home: &Path) -> PathBuf {
    home.join("console.json")
}

impl Memory {
    /// What was kept under a home; nothing if it cannot be read.
    #[must_use]
    pub fn load(home: &Path) -> Self {
        let path = path(home);
        if std::fs::metadata(&path).is_ok_and(|data| data.len() > LONGEST) {
            return Self::default();
        }
        let text = std::fs::read_to_string(path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Keeps it.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn save(&self, home: &Path) -> io::Result<()> {
        files::write_private(&path(home), serde_json::to_string_pretty(self).unwrap_or_default().as_bytes())
    }

    /// What is worth remembering of a console, beside what this one knows of other audits.
    #[must_use]
    pub fn with(mut self, app: &App, usual_theme: &str) -> Self {
        let (mut screens, mut of_audit) = (Map::new(), Map::new());
        ScreenId::ALL.into_iter().for_each(|id| app.screens.get(id).keep(&mut screens, &mut of_audit));
        if let Some(audit) = &app.world.audit {
            self.audit.clone_from(&audit.name);
            self.audits.insert(audit.name.clone(), of_audit);
        }
        Self {
            audit: self.audit,
            audits: self.audits,
            screen: Some(app.world.screen),
            theme: if app.theme_chosen { app.world.look.resolve().name } else { String::new() },
            usual_theme: usual_theme.to_owned(),
            hinted: app.hinted.iter().copied().collect(),
            screens,
        }
    }

    /// The theme chosen last, unless the configuration changed since.
    #[must_use]
    pub fn theme(&self, usual_theme: &str) -> Option<&str> {
        (self.usual_theme == usual_theme && !self.theme.is_empty()).then_some(&self.theme)
    }

    /// The audit that was open last.
    #[must_use]
    pub fn audit(&self) -> Option<&str> {
        (!self.audit.is_empty()).then_some(&self.audit)
    }

    /// Brings it back for an audit, before anything is shown.
    pub fn apply(mut self, app: &mut App, audit: &str) {
        // Whoever opens an audit for the first time begins where everybody does.
        let screen = self.screen.filter(|_| self.audits.contains_key(audit));
        app.world.screen = screen.unwrap_or(app.world.screen);
        app.hinted = self.hinted.into_iter().collect();
        let of_audit = self.audits.remove(audit).unwrap_or_default();
        for id in ScreenId::ALL {
            app.screens.get_mut(id).restore(&app.world, &self.screens, &of_audit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::screen::attributes::Sort;
    use crate::console::screen::prompt;
    use crate::console::widget::input;
    use crate::console::{Depth, Look};
    use crate::engine::AuditView;
    use std::sync::Arc;

    #[test]
    fn what_was_kept_comes_back_and_damage_is_nothing() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(Memory::load(home.path()), Memory::default());
        let look = || Look::embedded(Depth::Named, false);
        let mut app = App::new((80, 24), look());
        app.world.screen = ScreenId::Compare;
        app.screens.attributes.sort = Sort::Count;
        app.screens.attributes.filter = input::holding("mar");
        app.screens.prompt.pins.push(prompt::Pin { text: "a nurse".into(), scores: None });
        app.hinted.insert(ScreenId::Data);
        app.world.look.theme = 1;
        app.theme_chosen = true;
        app.world.audit = Some(Arc::new(AuditView { name: "adult".into(), ..AuditView::default() }));
        Memory::default().with(&app, "terminal").save(home.path()).unwrap();
        let memory = Memory::load(home.path());
        assert_eq!((memory.theme("terminal"), memory.theme("light")), (Some("dark"), None));
        let mut other = App::new((80, 24), look());
        assert_eq!(memory.audit(), Some("adult"));
        let mut elsewhere = App::new((80, 24), look());
        memory.clone().apply(&mut elsewhere, "faces");
        assert_eq!(elsewhere.world.screen, ScreenId::Findings);
        assert!(elsewhere.screens.prompt.pins.is_empty() && elsewhere.screens.attributes.filter.value().is_empty());
        memory.apply(&mut other, "adult");
        assert_eq!((other.world.screen, other.screens.attributes.sort), (ScreenId::Compare, Sort::Count));
        assert_eq!(
            (other.screens.attributes.filter.value(), other.screens.prompt.pins[0].text.as_str()),
            ("mar", "a nurse")
        );
        assert_eq!(other.hinted, app.hinted);
        std::fs::write(home.path().join("console.json"), "{\"screen\": 7").unwrap();
        assert_eq!(Memory::load(home.path()), Memory::default());
    }
}
