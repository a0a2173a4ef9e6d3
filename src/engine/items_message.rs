//! What is asked about items, and the answers.

use super::ItemsQuestion;
use crate::audit::RunId;
use crate::diagnose::{ListedItem, WorstWords};
use image::RgbImage;
use std::fmt;
use std::sync::Arc;

/// Makes one text of items, on the engine's thread: a long list takes longer than a frame.
#[derive(Clone)]
pub struct Rendering(Arc<dyn Fn(Vec<ListedItem>) -> String + Send + Sync>);

impl Rendering {
    #[must_use]
    pub fn new(render: impl Fn(Vec<ListedItem>) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(render))
    }

    /// The text of some items.
    #[must_use]
    pub fn of(&self, items: Vec<ListedItem>) -> String {
        (self.0)(items)
    }
}

impl fmt::Debug for Rendering {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Rendering")
    }
}

impl PartialEq for Rendering {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What may be asked about items. `list` numbers the lists a person opens: answers bear it, and what is asked of a list
/// that another has replaced is not answered.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemsCommand {
    /// Open a list and show its first `count` items; `run` predicts their losses.
    List { list: u64, question: Box<ItemsQuestion>, run: Option<RunId>, count: usize },
    /// Show some items of the open list.
    Page { list: u64, offset: usize, count: usize },
    /// Show one item in full, by its position in the audit.
    Item { list: u64, row: u32 },
    /// Show one item's image, made small.
    Picture { list: u64, row: u32 },
    /// Tell which words are over-represented among the worst.
    Words { list: u64 },
    /// Make one text of the whole list, of its first `most` items where it is longer.
    Whole { list: u64, most: usize, rendering: Rendering },
}

impl ItemsCommand {
    /// The list that is meant.
    #[must_use]
    pub fn list(&self) -> u64 {
        match self {
            Self::List { list, .. }
            | Self::Page { list, .. }
            | Self::Item { list, .. }
            | Self::Picture { list, .. }
            | Self::Words { list }
            | Self::Whole { list, .. } => *list,
        }
    }
}

/// Answers about items.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemsAnswer {
    /// The list is open: how many items it has, why they have no content where they have none, and the first of them.
    Listed {
        list: u64,
        matching: usize,
        note: Option<String>,
        first: Vec<ListedItem>,
    },
    Page {
        list: u64,
        offset: usize,
        items: Vec<ListedItem>,
    },
    Item {
        list: u64,
        item: Box<ListedItem>,
    },
    /// An item's image, at most 320 pixels a side, or a sentence on what is wrong with it.
    Picture {
        list: u64,
        row: u32,
        picture: Result<Arc<RgbImage>, String>,
    },
    /// `None` where texts are hidden.
    Words {
        list: u64,
        words: Option<WorstWords>,
    },
    /// The text of the first `items` of a list.
    Whole {
        list: u64,
        items: usize,
        text: String,
    },
    /// A sentence on why there is no answer.
    Failed {
        list: u64,
        message: String,
    },
}
