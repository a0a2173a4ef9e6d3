//! The screens behind one door: each is a folder with a state, and a line in the list below.

pub mod attributes;
pub mod compare;
pub mod data;
pub mod direction;
pub mod discover;
pub mod findings;
pub mod help;
pub mod items;
pub mod ood;
pub mod prompt;
pub mod train;
pub mod validity;

use super::glyph::Glyphs;
use super::keys::{Context, EVERYWHERE, Row};
use super::msg::{Action, Cmd, ExportForm};
use super::paint::Pen;
use super::widget::table::Cursor;
use super::world::World;
use crate::diagnose::ItemFilter;
use crate::engine::{Chore, Command, Event};
use crate::report::{Evidence, Sheet, view_json};
use crossterm::event::KeyEvent;
use ratatui::layout::Rect;
use serde_json::{Map, Value};
use std::time::Duration;

/// Makes the names, the keys and the states of the screens from their list.
macro_rules! screens {
    ($($(#[$doc:meta])* $key:literal $id:ident $name:literal $folder:ident;)*) => {
        /// The screens, in the order of their tabs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum ScreenId { $($(#[$doc])* $id,)* }

        impl ScreenId {
            /// Every screen.
            pub const ALL: [Self; [$($key),*].len()] = [$(Self::$id),*];

            /// The name on the tab.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$id => $name,)* }
            }

            /// Its name on the command line and in what the console remembers.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$id => stringify!($folder),)* }
            }

            /// The number on the tab, and the key unless a person took another one.
            #[must_use]
            pub fn number(self) -> &'static str {
                match self { $(Self::$id => $key,)* }
            }

            /// The places of its keys, in the order of the documents.
            #[must_use]
            pub fn contexts(self) -> &'static [Context] {
                match self { $(Self::$id => $folder::CONTEXTS,)* }
            }

            /// Its lines of the key table.
            #[must_use]
            pub fn keys(self) -> &'static [Row] {
                match self { $(Self::$id => $folder::KEYS,)* }
            }
        }

        /// The keys that lead to the screens.
        pub static TABS: &[Row] = &[$(Row {
            context: EVERYWHERE,
            keys: &[$key],
            action: Action::Screen(ScreenId::$id),
            hint: "",
            help: concat!("the ", $name, " screen"),
        }),*];

        /// What every screen remembers.
        #[derive(Debug, Clone, Default)]
        pub struct Screens { $(pub $folder: $folder::State,)* }

        impl Screens {
            /// A screen, to read.
            #[must_use]
            pub fn get(&self, id: ScreenId) -> &dyn Screen {
                match id { $(ScreenId::$id => &self.$folder,)* }
            }

            /// A screen, to change.
            pub fn get_mut(&mut self, id: ScreenId) -> &mut dyn Screen {
                match id { $(ScreenId::$id => &mut self.$folder,)* }
            }
        }
    };
}

screens! {
    /// What the model fails, in sentences.
    "0" Findings "Findings" findings;
    /// The Rawlsian max-min table.
    "1" Attributes "Attributes" attributes;
    /// Two prompts scored as they are typed.
    "2" Prompt "Prompt" prompt;
    /// Training, its curves and the runs.
    "3" Train "Train" train;
    /// What the store holds and what the losses look like.
    "4" Data "Data" data;
    /// Two models or two runs, attribute by attribute.
    "5" Compare "Compare" compare;
    /// Prompts from familiar to foreign.
    "6" Ood "OOD" ood;
    /// Predicted risk against true loss.
    "7" Validity "Validity" validity;
    /// What the model fails on, found by itself.
    "8" Discover "Discover" discover;
    /// The items behind a claim.
    "9" Items "Items" items;
}

impl ScreenId {
    /// The screen after this one.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|screen| *screen == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

/// What a screen wants to happen beyond its own state.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Something outside of the console.
    Do(Cmd),
    /// A sentence in the last line; whether it is a warning.
    Say(String, bool),
    /// Another screen comes into sight.
    Go(ScreenId),
    /// Two sentences are opened on the Prompt screen; the second may be empty.
    OpenPrompts(String, String),
    /// An attribute's two sentences are opened on the Prompt screen.
    OpenAttribute(String),
    /// An attribute is selected on the Attributes screen.
    ShowAttribute(String),
    /// Some items are listed on the Items screen: which, and what they are in a few words.
    OpenItems(Box<ItemFilter>, String),
    /// Some items are listed there in an order of their own.
    ListItems(Box<items::Listing>),
    /// A model's newest run is shown.
    OpenModel(String),
    /// The running job is stopped after its step.
    CancelRunning,
    /// Work on the cache is queued, once.
    Care(Chore),
    /// What was asked for and has not come is asked for again.
    AskAgain,
}

impl Effect {
    /// Tells the engine.
    #[must_use]
    pub fn send(command: Command) -> Vec<Self> {
        vec![Self::Do(Cmd::Send(command))]
    }

    /// Says something that is no warning.
    #[must_use]
    pub fn say(words: impl Into<String>) -> Vec<Self> {
        vec![Self::Say(words.into(), false)]
    }
}

/// The rows of a list in sight, for the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// Where its rows are.
    pub area: Rect,
    /// How many there are, seen or not.
    pub length: usize,
}

impl List {
    /// The rows of a table in a frame, under a line of headings.
    #[must_use]
    pub fn framed(area: Rect, length: usize) -> Self {
        let (width, height) = (area.width.saturating_sub(2), area.height.saturating_sub(3));
        Self { area: Rect { x: area.x + 1, y: area.y + 2, width, height }, length }
    }
}

/// A screen: it changes its own state, reads the world, and says what else is to happen.
pub trait Screen {
    /// Where the next key goes.
    fn context(&self) -> Context;

    /// Does what an action says.
    fn act(&mut self, world: &World, action: Action) -> Vec<Effect>;

    /// Draws itself into its part of the terminal.
    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect);

    /// What a newcomer should know, in full and in short; shown until the first key.
    fn hint(&self, world: &World) -> [String; 2];

    /// What stands on the right of the tabs.
    fn about(&self, _world: &World, _glyphs: &Glyphs) -> String {
        String::new()
    }

    /// What a shell would do for one of its actions, or for the screen as a whole (`Action::Screen`).
    fn shell(&self, world: &World, action: Action) -> Option<String>;

    /// Its name as `llm2loss table AUDIT NAME`, if it is a table that can be written there too.
    fn table(&self) -> Option<&'static str> {
        None
    }

    /// What it shows, as a table for a clipboard or a file.
    fn sheet(&self, _world: &World) -> Option<Sheet> {
        None
    }

    /// What it shows as a document for programs: that of its command, where one prints it. None before there is anything.
    fn document(&self, world: &World) -> Option<serde_json::Result<String>> {
        Some(view_json(world.screen.word(), &self.sheet(world)?))
    }

    /// The evidence behind what it shows, while that is opened; then this alone is copied and exported.
    fn evidence(&self, _world: &World) -> Option<Option<Evidence>> {
        None
    }

    /// Asks for all of a list that is longer than what is at hand, as the text of a file or, without a form, of a copy; none
    /// where its sheet is all.
    fn whole(&mut self, _world: &World, _form: Option<ExportForm>) -> Option<Command> {
        None
    }

    /// What is copied in the place of the selected row of the sheet, and its name; it may be empty.
    fn copied(&self, _world: &World) -> Option<(&'static str, String)> {
        None
    }

    /// Whether what is copied says itself of which audit, model and run it is, and the command.
    fn tells_context(&self) -> bool {
        false
    }

    /// What it needs of the engine while it is in sight and does not have; each is asked for once.
    fn wants(&mut self, _world: &World) -> Vec<Command> {
        Vec::new()
    }

    /// Takes in what the engine told, in sight or not, before the world does: `world` is still as it was.
    fn on_event(&mut self, _world: &World, _event: &Event) {}

    /// Keeps selections and scroll positions inside what there is and what is seen.
    fn settle(&mut self, _world: &World, _body: Rect) {}

    /// The rows that the mouse can choose.
    fn list(&self, _world: &World, _body: Rect) -> Option<List> {
        None
    }

    /// Terminal lines that a row of the list takes.
    fn lines_of_a_row(&self, _body: Rect) -> u16 {
        1
    }

    /// The selection in its list.
    fn cursor(&mut self) -> Option<&mut Cursor> {
        None
    }

    /// The mouse chose a row.
    fn pointed(&mut self) {}

    /// Whether a key that names an action is text all the same, where somebody types.
    fn takes_key(&self, _action: Action, _key: &str) -> bool {
        false
    }

    /// Takes in a key that names no action.
    fn type_key(&mut self, _world: &World, _key: KeyEvent) {}

    /// Takes in a text; whether it had to be cut.
    fn paste(&mut self, _world: &World, _text: &str) -> bool {
        false
    }

    /// When it changes by time alone, if it does.
    fn deadline(&self) -> Option<Duration> {
        None
    }

    /// Time passed.
    fn tick(&mut self, _now: Duration) {}

    /// Whether its keys help nobody yet.
    fn is_waiting(&self, _world: &World) -> bool {
        false
    }

    /// Another place of its keys, for the help.
    fn beside(&self) -> Option<Context> {
        None
    }

    /// Writes down what comes back at the next start, and what comes back with this audit.
    fn keep(&self, _kept: &mut Map<String, Value>, _of_audit: &mut Map<String, Value>) {}

    /// Brings it back.
    fn restore(&mut self, _world: &World, _kept: &Map<String, Value>, _of_audit: &Map<String, Value>) {}
}

/// Writes down one value under a name.
pub fn keep<T: serde::Serialize>(kept: &mut Map<String, Value>, name: &str, value: &T) {
    // What is kept are names, switches and texts: they always have a JSON form.
    kept.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
}

/// A value that was written down under a name, if it can be read.
#[must_use]
pub fn kept<T: serde::de::DeserializeOwned>(kept: &Map<String, Value>, name: &str) -> Option<T> {
    serde_json::from_value(kept.get(name)?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_screen_has_a_number_a_word_and_one_place_where_nobody_types() {
        let numbers: BTreeSet<&str> = ScreenId::ALL.into_iter().map(ScreenId::number).collect();
        assert_eq!(numbers.len(), ScreenId::ALL.len());
        for id in ScreenId::ALL {
            assert_eq!(serde_json::to_value(id).unwrap(), id.word());
            assert_eq!(id.contexts().iter().filter(|context| context.is_screen()).count(), 1, "{}", id.name());
            assert!(id.keys().iter().all(|row| id.contexts().contains(&row.context)), "{}", id.name());
            assert!(id.contexts().contains(&Screens::default().get(id).context()), "{}", id.name());
        }
    }
}
