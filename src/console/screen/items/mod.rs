//! The Items screen: the items behind a claim, one by one.

mod columns;
mod copy;
mod item_view;
mod keys;
mod layout;
mod list_view;
mod listing;
mod pages;
mod picture;
mod pictures;
mod screen;
mod sheet_view;
#[cfg(test)]
mod tests;

pub use keys::{CONTEXTS, HERE, KEYS, TEXT};
pub use layout::{Layout, layout};
pub use listing::{Listing, Near};
pub use pages::Pages;
use pictures::Pictures;

use crate::audit::RunId;
use crate::console::msg::Cmd;
use crate::console::screen::ScreenId;
use crate::console::widget::input;
use crate::console::widget::table::Cursor;
use crate::diagnose::{ListedItem, WorstWords};
use crate::engine::{ItemsAnswer, ItemsQuestion};
use image::RgbImage;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tui_input::Input;

/// The answer to a list, and what came of it since.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The number it was asked under.
    number: u64,
    pub question: ItemsQuestion,
    /// The run whose heads predict.
    pub run: Option<RunId>,
    pub matching: usize,
    /// Why items have no content, where they have none.
    pub note: Option<String>,
    pub pages: Pages,
    /// What the worst have in common, once it is known; `Some(None)` where texts are hidden.
    pub words: Option<Option<WorstWords>>,
    /// The item looked at, in full.
    full: Option<Box<ListedItem>>,
    /// Images made small.
    pictures: Pictures,
}

/// The text of one item, broken into lines.
#[derive(Debug, Clone, Default)]
struct Broken {
    row: u32,
    width: usize,
    lines: Vec<String>,
}

/// What the Items screen remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    pub listing: Listing,
    /// The screen that Esc goes back to, and the lists on the way here with the places in them.
    pub back: Option<ScreenId>,
    before: Vec<(Listing, Cursor)>,
    /// The words that items must hold.
    pub words: Input,
    /// They are being typed.
    pub typing: bool,
    pub cursor: Cursor,
    /// Where the cursor goes when the list has come.
    returning: Option<Cursor>,
    /// The number of the newest list, its question and its run.
    asked: (u64, Option<(ItemsQuestion, Option<RunId>)>),
    /// The newest answer; of an earlier list until that to the newest has come.
    pub listed: Option<Listed>,
    /// Why there is no answer.
    pub failed: Option<String>,
    /// Marked items by their position in the audit.
    pub marked: BTreeMap<u32, ListedItem>,
    /// The item takes the place of the list.
    pub alone: bool,
    /// Twelve items take the place of both.
    pub sheet: bool,
    /// The first line of the item that is seen.
    pub scroll: usize,
    /// The place whose item is drawn; it lags behind while keys move the selection, until `due`.
    detail: usize,
    pub due: Option<Duration>,
    broken: Broken,
    /// The text of the whole list that was asked for.
    wanted: Option<copy::Wanted>,
}

impl State {
    /// Lists items, opened from another screen or from this one. Marks stay.
    pub fn open(&mut self, listing: Listing, from: ScreenId) {
        if from == ScreenId::Items {
            self.before.push((self.listing.clone(), self.cursor));
        } else {
            self.back = Some(from);
            self.before.clear();
        }
        self.show(listing, Cursor::default());
    }

    /// Goes back to the list before; the screen to go to instead, if there is none.
    fn leave(&mut self) -> Option<ScreenId> {
        match self.before.pop() {
            Some((listing, cursor)) => {
                self.show(listing, cursor);
                None
            }
            None => self.back.take(),
        }
    }

    fn show(&mut self, listing: Listing, cursor: Cursor) {
        self.words = input::holding(&listing.filter.text);
        self.typing = false;
        self.listing = listing;
        self.start_at(cursor);
    }

    /// The list changes: it is looked at from a place.
    fn start_at(&mut self, cursor: Cursor) {
        self.returning = Some(cursor);
    }

    /// Whether the newest list has come.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.listed.as_ref().is_some_and(|listed| listed.number == self.asked.0)
    }

    /// Items of the list.
    #[must_use]
    pub fn matching(&self) -> usize {
        self.listed.as_ref().map_or(0, |listed| listed.matching)
    }

    /// The item at a place of the list, if it is at hand.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<&ListedItem> {
        self.listed.as_ref()?.pages.get(place)
    }

    /// The selected item.
    #[must_use]
    pub fn selected(&self) -> Option<&ListedItem> {
        self.at(self.cursor.selected)
    }

    /// The item that is drawn, in full if that is known.
    #[must_use]
    pub fn drawn(&self) -> Option<&ListedItem> {
        let place = if self.due.is_some() { self.detail } else { self.cursor.selected };
        let item = self.at(place)?;
        let full = self.listed.as_ref().and_then(|listed| listed.full.as_deref());
        Some(full.filter(|full| full.row == item.row).unwrap_or(item))
    }

    /// The picture of an item, or what is wrong with it, once it has come.
    #[must_use]
    pub fn picture(&self, item: &ListedItem) -> Option<&Result<Arc<RgbImage>, String>> {
        self.listed.as_ref()?.pictures.get(item.row)
    }

    /// Lets the drawn item follow the selection.
    fn follow(&mut self) {
        self.detail = self.cursor.selected;
        self.due = None;
        self.scroll = 0;
    }

    /// Marks the selected item or takes its mark away, and goes to the next.
    fn mark(&mut self) {
        let Some(item) = self.selected() else { return };
        let item = ListedItem { heads: None, nearest: None, ..item.clone() };
        if self.marked.remove(&item.row).is_none() {
            self.marked.insert(item.row, item);
        }
    }

    /// What is to be done with the text of a whole list that has come, and what is said.
    pub fn came(&mut self, answer: &ItemsAnswer) -> Option<(Cmd, String)> {
        copy::came(self, answer)
    }

    /// Takes in an answer; one about a list that is no longer wanted is dropped.
    fn answered(&mut self, answer: &ItemsAnswer) {
        let (number, asked) = &self.asked;
        let listed = self.listed.as_mut().filter(|listed| listed.number == *number);
        match answer {
            ItemsAnswer::Listed { list, matching, note, first } if list == number => {
                let Some((question, run)) = asked.clone() else { return };
                let mut pages = Pages::default();
                pages.put(0, first.clone());
                let (matching, note) = (*matching, note.clone());
                let number = *number;
                self.listed = Some(Listed {
                    number,
                    question,
                    run,
                    matching,
                    note,
                    pages,
                    words: None,
                    full: None,
                    pictures: Pictures::default(),
                });
                self.failed = None;
                self.cursor = self.returning.take().unwrap_or_default();
                self.follow();
            }
            ItemsAnswer::Page { list, offset, items } if list == number => {
                if let Some(listed) = listed {
                    listed.pages.put(*offset, items.clone());
                }
            }
            ItemsAnswer::Item { list, item } if list == number => {
                if let Some(listed) = listed {
                    listed.full = Some(item.clone());
                }
            }
            ItemsAnswer::Words { list, words } if list == number => {
                if let Some(listed) = listed {
                    listed.words = Some(words.clone());
                }
            }
            ItemsAnswer::Picture { list, row, picture } if list == number => {
                if let Some(listed) = listed {
                    listed.pictures.put(*row, picture.clone());
                }
            }
            ItemsAnswer::Failed { list, message } if list == number => self.failed = Some(message.clone()),
            _ => {}
        }
    }
}
