//! What is asked about items, and the answers.

use super::ItemsQuestion;
use crate::audit::RunId;
use crate::diagnose::{ListedItem, WorstWords};
use image::RgbImage;
use std::sync::Arc;

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
            | Self::Words { list } => *list,
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
    /// A sentence on why there is no answer.
    Failed {
        list: u64,
        message: String,
    },
}
