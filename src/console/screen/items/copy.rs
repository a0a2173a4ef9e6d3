//! Items for a clipboard or a file.

use super::{Listed, Pages, Pictures, State};
use crate::console::msg::{Cmd, ExportForm};
use crate::console::world::World;
use crate::console::{export, number};
use crate::diagnose::ListedItem;
use crate::engine::{Command, ItemsAnswer, ItemsCommand, Rendering};
use crate::report::{Format, IdsForm, ListedItems, Sheet, item_as_markdown, items_json};

/// Most items that are written into a file, and that are copied.
const WRITTEN: usize = 100_000;
const COPIED: usize = 1_000;

/// Where the text of a whole list goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    list: u64,
    matching: usize,
    /// The file's name; `None` for the clipboard.
    file: Option<String>,
}

/// The selected item as Markdown; empty without one.
#[must_use]
pub fn item(state: &State) -> String {
    state.drawn().map(item_as_markdown).unwrap_or_default()
}

/// The part of the list that is at hand, as a table.
#[must_use]
pub fn sheet(state: &State, world: &World) -> Option<Sheet> {
    let (offset, items) = state.listed.as_ref()?.pages.around(state.cursor.selected);
    Some(Head::of(world, state)?.list(offset, items.into_iter().cloned().collect()).sheet(None))
}

/// The marked items as a file of ids.
#[must_use]
pub fn marked(state: &State, world: &World) -> Option<String> {
    let items = state.marked.values().cloned().collect();
    Head::of(world, state)?.list(0, items).ids(IdsForm::Csv).ok()
}

/// What is known of a list beside its items, for a thread of its own.
struct Head {
    audit: String,
    encoder: String,
    title: String,
    listed: Listed,
}

impl Head {
    fn of(world: &World, state: &State) -> Option<Self> {
        let (audit, listed) = (world.audit.as_ref()?, state.listed.as_ref().filter(|_| state.is_current())?);
        let listed = Listed { pages: Pages::default(), pictures: Pictures::default(), ..listed.clone() };
        let (audit, encoder) = (audit.name.clone(), audit.fingerprint.clone());
        Some(Self { audit, encoder, title: state.listing.title.clone(), listed })
    }

    fn list(&self, offset: usize, items: Vec<ListedItem>) -> ListedItems<'_> {
        let Listed { question, run, matching, note, words, .. } = &self.listed;
        ListedItems {
            audit: &self.audit,
            model: &question.model,
            run: run.as_ref().map(|run| run.0.as_str()),
            encoder: &self.encoder,
            sort: question.order,
            ascending: question.ascending,
            near: question.near.as_deref().or(question.like.map(|_| "another item")),
            against: question.against.as_deref(),
            filter: &question.filter,
            title: &self.title,
            matching: *matching,
            offset,
            texts_hidden: question.hide_text,
            note: note.clone(),
            items,
            over_represented: words.clone().flatten(),
        }
    }
}

/// Asks for the text of the whole list, in the form of a file or, without one, of a copy.
pub fn whole(state: &mut State, world: &World, form: Option<ExportForm>) -> Option<Command> {
    let head = Head::of(world, state).filter(|_| state.matching() > 0)?;
    let (list, matching) = (head.listed.number, head.listed.matching);
    let file = form.map(|form| export::file_name(world, form));
    let most = if file.is_some() { WRITTEN } else { COPIED };
    state.wanted = Some(Wanted { list, matching, file });
    let rendering = Rendering::new(move |items| {
        let shown = head.list(0, items);
        match form {
            Some(ExportForm::Csv) => shown.sheet(None).render(Format::Csv),
            // Strings and numbers always have a JSON form.
            Some(ExportForm::Json) => items_json(&shown).unwrap_or_default(),
            _ => shown.sheet(None).render(Format::Markdown),
        }
    });
    Some(Command::Items(ItemsCommand::Whole { list, most, rendering }))
}

/// What is to be done with the text of a whole list that was asked for, and what is said.
pub fn came(state: &mut State, answer: &ItemsAnswer) -> Option<(Cmd, String)> {
    let ItemsAnswer::Whole { list, items, text } = answer else { return None };
    let Wanted { matching, file, .. } = state.wanted.take_if(|wanted| wanted.list == *list)?;
    let count = match *items < matching {
        true => format!("the first {} of {} items", number::count(*items), number::count(matching)),
        false => format!("{} items", number::count(matching)),
    };
    Some(match file {
        Some(name) => (Cmd::Export { name, text: text.clone(), what: count }, String::new()),
        None => (
            Cmd::Copy(text.clone()),
            format!("{count} are handed to the terminal's clipboard ({} bytes)", number::count(text.len())),
        ),
    })
}
