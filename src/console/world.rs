//! What every screen reads: the audit, its runs, the work in hand, the keys, the look. `update` alone changes it.

use super::depth::Depth;
use super::graphics::{CellSize, Images};
use super::jobs::Jobs;
use super::keys::{self, Context, EVERYWHERE, Keymap};
use super::log::Log;
use super::msg::Action;
use super::screen::ScreenId;
use super::theme::{Catalogue, Theme};
use crate::audit::{RunId, RunRecord, WaitingRun};
use crate::engine::{AuditView, Command, DiscoverRequest, DiscoveryView, Event, Examination, RunView};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a notice stays.
const NOTICE: Duration = Duration::from_secs(6);

/// What is said while a model is opened.
#[must_use]
pub fn opening(model: &str) -> String {
    format!("opening {model}")
}

/// A sentence for the person, shown in the last line for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub message: String,
    pub warning: bool,
    /// When it goes.
    pub until: Duration,
    /// It answers a key: with the next one its cause is gone.
    pub of_key: bool,
}

/// How things look: the theme, the depth, the alphabet.
#[derive(Debug, Clone)]
pub struct Look {
    pub catalogue: Catalogue,
    pub theme: usize,
    pub depth: Depth,
    pub ascii: bool,
}

impl Look {
    /// The embedded themes with the first one chosen.
    #[must_use]
    pub fn embedded(depth: Depth, ascii: bool) -> Self {
        Self { catalogue: Catalogue::load(&[]).0, theme: 0, depth, ascii }
    }

    /// The theme to draw with.
    #[must_use]
    pub fn resolve(&self) -> Theme {
        self.catalogue.theme(self.theme, self.depth, self.ascii)
    }
}

/// What screens share.
#[derive(Debug, Clone)]
pub struct World {
    /// Time since the program began.
    pub now: Duration,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The screen in sight.
    pub screen: ScreenId,
    /// The key table in use.
    pub keymap: Arc<Keymap>,
    pub look: Look,
    pub audit: Option<Arc<AuditView>>,
    /// Every audit that can be opened.
    pub audits: Vec<String>,
    /// The run that tables and prompts refer to.
    pub shown: Option<RunView>,
    /// The closer look at the shown run.
    pub examined: Option<Arc<Examination>>,
    /// What the model fails on as far as it was looked for: whose losses, and the slices.
    pub discovered: Option<(DiscoverRequest, Arc<DiscoveryView>)>,
    /// Finished runs, newest first.
    pub runs: Vec<Arc<RunRecord>>,
    /// Runs that were stopped or diverged, newest first.
    pub unfinished: Vec<Arc<RunRecord>>,
    pub jobs: Jobs,
    /// What another process that writes the home trains and has waiting.
    pub elsewhere: Vec<WaitingRun>,
    /// The newest run of the model in view, where it came while another was shown.
    pub newer: Option<Arc<RunRecord>>,
    pub log: Log,
    pub notice: Option<Notice>,
    /// The model that was asked for and is not shown yet.
    pub opening: Option<String>,
    /// The prompts pinned on the Prompt screen.
    pub pinned: Vec<String>,
    /// The focused prompt there; empty without one.
    pub prompt: String,
    /// Texts of items are not shown.
    pub hide_text: bool,
    pub images: Images,
    /// The ledger of checks that is shown on Compare, where one is named.
    pub ledger: Option<PathBuf>,
}

impl World {
    /// One where nothing is known yet.
    #[must_use]
    pub fn new(size: (u16, u16), look: Look) -> Self {
        Self {
            now: Duration::ZERO,
            size,
            screen: ScreenId::Findings,
            keymap: Arc::default(),
            look,
            audit: None,
            audits: Vec::new(),
            shown: None,
            examined: None,
            discovered: None,
            runs: Vec::new(),
            unfinished: Vec::new(),
            jobs: Jobs::default(),
            elsewhere: Vec::new(),
            newer: None,
            log: Log::default(),
            notice: None,
            opening: None,
            pinned: Vec::new(),
            prompt: String::new(),
            hide_text: false,
            images: Images::Cells,
            ledger: None,
        }
    }

    /// The model in view: the one asked for, else that of the shown run, else the first.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        let shown = || self.shown.as_ref().map(|shown| shown.record.model.as_str());
        let first = || self.audit.as_ref().and_then(|audit| audit.models.first()).map(String::as_str);
        self.opening.as_deref().or_else(shown).or_else(first)
    }

    /// Whether images of items are shown.
    #[must_use]
    pub fn shows_images(&self) -> bool {
        self.images != Images::Hidden
    }

    /// The size of a cell where images are shown as pixels: without colours, or in ASCII, they are characters.
    #[must_use]
    pub fn pixels(&self) -> Option<CellSize> {
        match self.images {
            Images::Pixels(cell) if self.look.depth != Depth::None && !self.look.ascii => Some(cell),
            _ => None,
        }
    }

    /// The models of the audit.
    #[must_use]
    pub fn models(&self) -> &[String] {
        self.audit.as_ref().map(|audit| audit.models.as_slice()).unwrap_or_default()
    }

    /// Why a screen that heads fill is empty.
    #[must_use]
    pub fn no_heads(&self) -> &'static str {
        if self.audit.as_ref().is_some_and(|audit| audit.reads_only) {
            "no heads yet: the process that holds the home trains them, this console reads"
        } else {
            "no heads yet: they are being trained"
        }
    }

    /// The same, or `looking` where there are heads.
    #[must_use]
    pub fn no_heads_or<'a>(&self, looking: &'a str) -> &'a str {
        if self.shown.is_some() { looking } else { self.no_heads() }
    }

    /// The closer look, if it is one at the run that is shown.
    #[must_use]
    pub fn examined(&self) -> Option<&Examination> {
        let run = self.shown.as_ref().map(|shown| &shown.record.id);
        self.examined.as_deref().filter(|examined| Some(&examined.run) == run)
    }

    /// How much of what is found of a model lies outside of attributes, and the screen that shows it: in ever fewer words.
    #[must_use]
    pub fn outside_attributes(&self, model: &str) -> Vec<String> {
        let Some((_, view)) = self.discovered.as_ref().filter(|(request, _)| request.model == model) else {
            return Vec::new();
        };
        let key = self.key(EVERYWHERE, Action::Screen(ScreenId::Discover));
        let whole = crate::report::outside_attributes(&view.found, &format!("{key} shows where"));
        whole.into_iter().chain(crate::report::outside_attributes_in_short(&view.found, &key)).collect()
    }

    /// Asks for the closer look, if it is not there.
    #[must_use]
    pub fn examine(&self) -> Vec<Command> {
        let lacks = self.shown.as_ref().filter(|_| self.examined().is_none());
        lacks.map(|shown| Command::Examine { run: shown.record.id.clone() }).into_iter().collect()
    }

    /// The key of an action in a place, as it is shown; where a person took it away, the one that finds every command.
    #[must_use]
    pub fn key(&self, context: Context, action: Action) -> String {
        let key = self.keymap.key_of(context, action).or_else(|| self.keymap.key_of(context, Action::Palette));
        keys::shown(key.unwrap_or(":"), self.look.ascii).to_owned()
    }

    /// Whether a run is among the finished ones.
    #[must_use]
    pub fn knows(&self, run: &RunId) -> bool {
        self.runs.iter().any(|known| known.id == *run)
    }

    /// Says something in the last line for a while.
    pub fn say(&mut self, message: impl Into<String>, warning: bool) {
        let until = self.now + NOTICE;
        self.notice = Some(Notice { message: message.into(), warning, until, of_key: false });
    }

    /// Takes in what the engine told, after the screens have.
    pub fn on_event(&mut self, event: Event) {
        match event {
            Event::Opened { audit, runs, .. } => {
                self.audit = Some(audit);
                self.know(runs);
            }
            Event::Runs(runs) => {
                let newest = runs.iter().max_by_key(|run| run.finished_at).cloned();
                newest.filter(|run| !self.knows(&run.id)).into_iter().for_each(|run| self.offer(run));
                self.know(runs);
            }
            Event::QueuedElsewhere(waiting) => self.elsewhere = waiting,
            Event::Unfinished(runs) => {
                self.unfinished = runs;
                self.unfinished.sort_by_key(|record| std::cmp::Reverse(record.finished_at));
            }
            Event::Discovered { request, found: Ok(found) } if request.word() == "hard" => {
                self.discovered = Some((request, found));
            }
            Event::AttributeAdded { audit, .. } => {
                (self.audit, self.discovered) = (Some(audit), None);
            }
            Event::Shown(view) => {
                self.add_run(view.record.clone());
                let is_new =
                    |newer: &mut Arc<RunRecord>| newer.model != view.record.model || newer.id == view.record.id;
                self.newer.take_if(is_new);
                let said = self.opening.take().map(|model| opening(&model));
                // It is open: nothing says any more that it is being opened.
                self.notice.take_if(|notice| Some(&notice.message) == said.as_ref());
                self.shown = Some(view);
                self.examined = None;
            }
            Event::JobFinished { record, .. } | Event::JobKnown { record, .. } => {
                self.offer(record.clone());
                self.add_run(record);
            }
            Event::Examined(examined) => self.examined = Some(examined),
            _ => {}
        }
    }

    fn know(&mut self, runs: Vec<Arc<RunRecord>>) {
        self.runs = runs;
        self.runs.sort_by_key(|record| std::cmp::Reverse(record.finished_at));
    }

    /// Offers a run where another one of its model is shown: it takes over nothing by itself.
    fn offer(&mut self, record: Arc<RunRecord>) {
        let is_other = |shown: &RunView| shown.record.model == record.model && shown.record.id != record.id;
        if self.shown.as_ref().is_some_and(is_other) && self.model() == Some(&record.model) {
            self.newer = Some(record);
        }
    }

    fn add_run(&mut self, record: Arc<RunRecord>) {
        if !self.knows(&record.id) {
            self.runs.insert(0, record);
        }
    }
}
