//! The Discover screen: named slices that the model fails on, found by themselves.

mod detail;
mod keys;
mod layout;
mod question;
mod screen;
mod view;
mod waiting;

pub use keys::{CONTEXTS, HERE, KEYS};
pub use question::{Look, Question};

use crate::audit::{RunId, Split};
use crate::console::msg::{Cmd, ExportForm};
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::diagnose::{DiscoveredSlice, FoundSlice, PromptScores, Step};
use crate::engine::{DiscoverRequest, DiscoveryView};
use crate::report::{Align, Cell, Format, Sheet};
use std::sync::Arc;
use tui_input::Input;

/// What the Discover screen remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub question: Question,
    pub cursor: Cursor,
    /// How far the search is that is wanted now.
    step: Option<Step>,
    /// What it has found and not tested yet.
    untested: Arc<Vec<FoundSlice>>,
    /// The newest answer, with what was asked.
    pub answer: Option<(DiscoverRequest, Result<Arc<DiscoveryView>, String>)>,
    /// What a run's heads say of the names of the slices, in their order.
    names: Option<Names>,
    /// The name under which the selected slice is to become an attribute, while it is typed.
    pub naming: Option<Input>,
}

/// What heads were asked, and what they said.
#[derive(Debug, Clone)]
struct Names {
    run: RunId,
    request: DiscoverRequest,
    scores: Arc<Vec<Option<PromptScores>>>,
}

/// What is looked for of the model in view unless a person says otherwise.
#[must_use]
pub fn usual_request(world: &World) -> Option<DiscoverRequest> {
    Question::default().request(world)
}

impl State {
    /// The slices of what is asked for now, once they are found.
    #[must_use]
    pub fn found(&self, world: &World) -> Option<&DiscoveryView> {
        let request = self.question.request(world)?;
        let (known, found) = self.answer.as_ref()?;
        found.as_deref().ok().filter(|_| *known == request)
    }

    /// Why they are not found.
    fn failure(&self, world: &World) -> Option<&str> {
        let request = self.question.request(world)?;
        let (known, found) = self.answer.as_ref()?;
        found.as_ref().err().filter(|_| *known == request).map(String::as_str)
    }

    /// The selected slice.
    #[must_use]
    pub fn selected(&self, world: &World) -> Option<&DiscoveredSlice> {
        self.found(world)?.found.slices.get(self.cursor.selected)
    }

    fn length(&self, world: &World) -> usize {
        self.found(world).map_or(0, |view| view.found.slices.len())
    }

    /// What the heads of the shown run say of the name of the slice at a place.
    fn scores(&self, world: &World, at: usize) -> Option<&PromptScores> {
        let names = self.names.as_ref()?;
        let shown = world.shown.as_ref().is_some_and(|shown| shown.record.id == names.run);
        let asked = self.answer.as_ref().is_some_and(|(request, _)| *request == names.request);
        names.scores.get(at)?.as_ref().filter(|_| shown && asked)
    }
}

/// How deep a slice stands in the tree.
fn level(slices: &[DiscoveredSlice], slice: &DiscoveredSlice) -> usize {
    let (mut level, mut parent) = (0, slice.parent.as_ref());
    while let Some(name) = parent.filter(|_| level < 3) {
        level += 1;
        parent = slices.iter().find(|other| other.name == *name).and_then(|other| other.parent.as_ref());
    }
    level
}

/// The items of a slice as a file to be written.
#[must_use]
pub fn ids_file(name: &str, items: &[(String, Split, f64)]) -> Cmd {
    let columns = ["slice", "id", "split", "loss"].map(|name| (name, Align::Left));
    let mut sheet = Sheet::new(String::new(), &columns);
    for (id, split, loss) in items {
        let loss = Cell::Number { value: *loss, digits: 6, signed: false };
        sheet.row(vec![Cell::text(name), Cell::text(id), Cell::Text(split.to_string()), loss]);
    }
    let letters = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    let words: Vec<String> =
        letters.collect::<String>().split('-').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let name: String = format!("slice-{}", words.join("-")).chars().take(60).collect();
    Cmd::Export {
        name: format!("{name}.{}", ExportForm::Csv.extension()),
        text: sheet.render(Format::Csv),
        what: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_names_its_file_whatever_it_is_called() {
        let name = |slice: &str| match ids_file(slice, &[("a,b".into(), Split::Test, 0.5)]) {
            Cmd::Export { name, text, .. } => (name, text),
            other => panic!("{other:?}"),
        };
        let (file, text) = name("an older person + \"../retired\"");
        assert_eq!(file, "slice-an-older-person-retired.csv");
        assert!(text.starts_with("slice,id,split,loss\n") && text.contains("\"a,b\",test,0.5"), "{text}");
        assert_eq!(name("老人").0, "slice-.csv");
    }
}
