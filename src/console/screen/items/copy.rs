//! Items for a clipboard or a file.

use super::{Listed, State};
use crate::console::world::World;
use crate::diagnose::ListedItem;
use crate::report::{IdsForm, ListedItems, Sheet, item_as_markdown};

/// The selected item as Markdown; empty without one.
#[must_use]
pub fn item(state: &State) -> String {
    state.drawn().map(item_as_markdown).unwrap_or_default()
}

/// The part of the list that is at hand, as a table.
#[must_use]
pub fn sheet(state: &State, world: &World) -> Option<Sheet> {
    let listed = state.listed.as_ref()?;
    let (offset, items) = listed.pages.around(state.cursor.selected);
    Some(list(world, listed, offset, items.into_iter().cloned().collect())?.sheet(None))
}

/// The marked items as a file of ids.
#[must_use]
pub fn marked(state: &State, world: &World) -> Option<String> {
    let items = state.marked.values().cloned().collect();
    list(world, state.listed.as_ref()?, 0, items)?.ids(IdsForm::Csv).ok()
}

fn list<'a>(world: &'a World, listed: &'a Listed, offset: usize, items: Vec<ListedItem>) -> Option<ListedItems<'a>> {
    let (audit, question) = (world.audit.as_ref()?, &listed.question);
    Some(ListedItems {
        audit: &audit.name,
        model: &question.model,
        run: listed.run.as_ref().map(|run| run.0.as_str()),
        encoder: &audit.encoder,
        sort: question.order,
        ascending: question.ascending,
        near: question.near.as_deref().or(question.like.map(|_| "another item")),
        against: question.against.as_deref(),
        matching: listed.matching,
        offset,
        texts_hidden: question.hide_text,
        note: listed.note.clone(),
        items,
        over_represented: listed.words.clone().flatten(),
    })
}
