//! The part of a list that is at hand: some pages of it, however long it is.

use crate::diagnose::ListedItem;
use std::collections::BTreeMap;
use std::ops::Range;

/// Items of a page.
pub const PAGE: usize = 64;
/// Pages that are kept.
const MOST: usize = 8;

/// Pages by their number.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    held: BTreeMap<usize, Vec<ListedItem>>,
}

impl Pages {
    /// Keeps the items from a place on, a page's worth; the page farthest from it gives way.
    pub fn put(&mut self, offset: usize, items: Vec<ListedItem>) {
        let page = offset / PAGE;
        self.held.insert(page, items);
        while self.held.len() > MOST {
            let farthest = self.held.keys().copied().max_by_key(|held| held.abs_diff(page));
            if let Some(farthest) = farthest {
                self.held.remove(&farthest);
            }
        }
    }

    /// The item at a place, if its page is at hand.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&ListedItem> {
        self.held.get(&(place / PAGE))?.get(place % PAGE)
    }

    /// The first place of the first page that is not at hand and is needed for some places.
    #[must_use]
    pub fn lacking(&self, places: Range<usize>) -> Option<usize> {
        if places.is_empty() {
            return None;
        }
        let pages = places.start / PAGE..=(places.end - 1) / PAGE;
        pages.into_iter().find(|page| !self.held.contains_key(page)).map(|page| page * PAGE)
    }

    /// The items at hand without a gap around a place, and the place of the first of them.
    #[must_use]
    pub fn around(&self, place: usize) -> (usize, Vec<&ListedItem>) {
        let mut first = place / PAGE;
        if !self.held.contains_key(&first) {
            return (0, Vec::new());
        }
        while first > 0 && self.held.contains_key(&(first - 1)) {
            first -= 1;
        }
        let run = self.held.range(first..).zip(first..).take_while(|((page, _), wanted)| *page == wanted);
        (first * PAGE, run.flat_map(|((_, items), _)| items).collect())
    }
}
