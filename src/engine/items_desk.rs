//! The thread behind the Items screen: opens a list, shows its pages and single items, newest request of each kind
//! first.

use super::worker::Shared;
use super::{EngineError, Event, ItemList, ItemsAnswer, ItemsCommand, ItemsQuestion, LoadedRun, Risks, Tracker};
use crate::audit::RunId;
use crate::diagnose::ItemOrder;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What waits, at most one request of a kind.
#[derive(Default)]
pub struct ItemsWaiting {
    list: Option<ItemsCommand>,
    page: Option<ItemsCommand>,
    item: Option<ItemsCommand>,
    picture: Option<ItemsCommand>,
    words: Option<ItemsCommand>,
    whole: Option<ItemsCommand>,
}

impl ItemsWaiting {
    /// Takes a request; an older one of its kind goes, and with a new list all that was asked of the one before but its
    /// text, which somebody waits for.
    pub fn put(&mut self, command: ItemsCommand) {
        match command {
            ItemsCommand::List { .. } => {
                *self = Self { list: Some(command), whole: self.whole.take(), ..Self::default() }
            }
            ItemsCommand::Whole { .. } => self.whole = Some(command),
            ItemsCommand::Page { .. } => self.page = Some(command),
            ItemsCommand::Item { .. } => self.item = Some(command),
            ItemsCommand::Picture { .. } => self.picture = Some(command),
            ItemsCommand::Words { .. } => self.words = Some(command),
        }
    }

    fn in_turn(self) -> impl Iterator<Item = ItemsCommand> {
        [self.whole, self.list, self.page, self.item, self.picture, self.words].into_iter().flatten()
    }
}

/// What the thread has in hand.
#[derive(Default)]
struct Desk {
    /// The list that pages are of, with the number it was asked under.
    list: Option<(u64, ItemList)>,
    run: Option<Arc<LoadedRun>>,
    risks: Risks,
}

/// Runs until its slot is closed. A panic over one request is told and does not end the thread.
pub fn run(shared: &Shared) {
    let mut desk = Desk::default();
    while let Some(waiting) = shared.items.take() {
        for command in waiting.in_turn() {
            let list = command.list();
            let answer = catch_unwind(AssertUnwindSafe(|| desk.answer(shared, command)));
            let failed = |message| Some(ItemsAnswer::Failed { list, message });
            let answer = match answer {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => failed(error.to_string()),
                Err(_) => failed("listing items stopped on an internal error".into()),
            };
            if answer.is_some_and(|answer| !shared.send(Event::Items(Arc::new(answer)))) {
                return;
            }
        }
    }
}

impl Desk {
    /// `None` for what is asked of a list that is no longer the one in hand.
    fn answer(&mut self, shared: &Shared, command: ItemsCommand) -> Result<Option<ItemsAnswer>, EngineError> {
        let session = &shared.session;
        if let ItemsCommand::List { list, question, run, count } = command {
            self.list = None;
            let opened = self.open(shared, *question, run)?;
            let (_, opened) = self.list.insert((list, opened));
            let first = opened.page(session, 0, count)?;
            let (matching, note) = (opened.len(), opened.no_content());
            return Ok(Some(ItemsAnswer::Listed { list, matching, note, first }));
        }
        let Some((known, open)) = self.list.as_ref().filter(|(known, _)| *known == command.list()) else {
            return Ok(None);
        };
        let list = *known;
        Ok(Some(match command {
            ItemsCommand::Page { offset, count, .. } => {
                ItemsAnswer::Page { list, offset, items: open.page(session, offset, count)? }
            }
            ItemsCommand::Item { row, .. } => ItemsAnswer::Item { list, item: Box::new(open.item(session, row)?) },
            ItemsCommand::Picture { row, .. } => ItemsAnswer::Picture { list, row, picture: open.picture(row) },
            ItemsCommand::Whole { most, rendering, .. } => {
                let items = open.page(session, 0, most)?;
                ItemsAnswer::Whole { list, items: items.len(), text: rendering.of(items) }
            }
            ItemsCommand::Words { .. } | ItemsCommand::List { .. } => {
                ItemsAnswer::Words { list, words: open.worst_words()? }
            }
        }))
    }

    fn open(&mut self, shared: &Shared, question: ItemsQuestion, run: Option<RunId>) -> Result<ItemList, EngineError> {
        if self.run.as_ref().map(|known| &known.record.id) != run.as_ref() {
            let session = &shared.session;
            let load = |run: RunId| session.load(session.store().find_run(&run.0)?).map(Arc::new);
            self.run = run.map(load).transpose()?;
        }
        let needs_embeddings = question.order.needs_heads() || question.order == ItemOrder::Similarity;
        if needs_embeddings && !shared.session.is_embedded()? {
            return Err(EngineError::Usage("the items are not embedded yet: embed them on the Data screen".into()));
        }
        shared.session.list_items(question, self.run.clone(), &mut self.risks, &Tracker::silent())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Rendering;

    #[test]
    fn a_new_list_leaves_what_was_asked_of_the_one_before_but_its_text_comes_first() {
        let mut waiting = ItemsWaiting::default();
        let rendering = Rendering::new(|items| items.len().to_string());
        waiting.put(ItemsCommand::Words { list: 1 });
        waiting.put(ItemsCommand::Whole { list: 1, most: 9, rendering });
        waiting.put(ItemsCommand::List { list: 2, question: Box::default(), run: None, count: 1 });
        let lists: Vec<u64> = waiting.in_turn().map(|command| command.list()).collect();
        assert_eq!(lists, [1, 2]);
    }
}
