//! Items behind the figures: which are listed, in what order, what the worst have in common, which lie near.

mod backing;
mod filter;
mod listed;
mod nearest;
mod order;
mod words;

pub use backing::{Agreement, Backed, BackedSide, HeadsDifference, MeanDifference, NearBacking, UsualNearness};
pub use filter::ItemFilter;
pub use listed::{ItemHead, ListedItem, NearItem, known, shown_text};
pub use nearest::{nearest_rows, similarities};
pub use order::{ItemOrder, sort_rows};
pub use words::{WorstWord, WorstWords, worst_words};
