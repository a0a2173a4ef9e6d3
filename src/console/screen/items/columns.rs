//! The figures beside the items of a list, as many as fit.

use super::{Layout, Listed, State};
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::text;
use crate::diagnose::{ItemOrder, ListedItem};

/// Cells of a figure and the space before it.
const WIDE: u16 = 9;
/// Cells a text needs beside the figures that are not asked for.
const ROOM: u16 = 30;
/// Cells of an id.
const IDS: std::ops::RangeInclusive<usize> = 3..=16;

/// A figure of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    Loss(String),
    Risk,
    Surprise,
    Similarity,
    Change,
}

/// What stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// Cells of the ids.
    pub id: u16,
    pub figures: Vec<Figure>,
}

impl Columns {
    /// The columns that fit into some cells: the loss, what the list is sorted by, the risk, other models' losses.
    #[must_use]
    pub fn of(state: &State, listed: &Listed, places: Layout, width: u16) -> Self {
        let seen = || (state.cursor.offset..state.cursor.offset + places.page()).filter_map(|at| state.at(at));
        let id = seen().map(|item| text::width(&item.id)).max().unwrap_or(0).clamp(*IDS.start(), *IDS.end()) as u16;
        let question = &listed.question;
        let mut figures = vec![Figure::Loss(question.model.clone())];
        if let Some(against) = &question.against {
            figures.extend([Figure::Loss(against.clone()), Figure::Change]);
        }
        figures.extend(question.near.is_some().then_some(Figure::Similarity));
        let has_risk = seen().any(|item| item.risk.is_some());
        figures.extend(has_risk.then_some(Figure::Risk));
        if has_risk && question.order == ItemOrder::Surprise {
            figures.push(Figure::Surprise);
        }
        let others = seen().next().map_or(&[][..], |item| item.losses.as_slice()).iter().map(|(name, _)| name);
        let unseen = |name: &&String| **name != question.model && Some(*name) != question.against.as_ref();
        let room = (width.saturating_sub(id + 4 + ROOM) / WIDE) as usize;
        let spare = room.saturating_sub(figures.len());
        figures.extend(others.filter(unseen).take(spare).map(|name| Figure::Loss(name.clone())));
        // The text gives way to the order's own figure, and the others to the text.
        figures.truncate(room.max(2));
        Self { id, figures }
    }

    /// Cells of the figures.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.figures.len() as u16 * WIDE
    }

    /// Figures with the end of each, from a column on.
    pub fn ends(&self, from: u16) -> impl Iterator<Item = (&Figure, u16, u16)> {
        self.figures.iter().zip(1..).map(move |(figure, at)| (figure, from + at * WIDE, WIDE - 1))
    }
}

impl Figure {
    /// The head of its column; the loss of the model in view needs no name.
    #[must_use]
    pub fn head(&self, model: &str) -> String {
        match self {
            Self::Loss(name) if name == model => "loss".into(),
            Self::Loss(name) => text::clean(name),
            Self::Risk => "risk".into(),
            Self::Surprise => "surprise".into(),
            Self::Similarity => "cosine".into(),
            Self::Change => "change".into(),
        }
    }

    /// Its words for an item; empty where there is none.
    #[must_use]
    pub fn words(&self, item: &ListedItem, glyphs: &Glyphs) -> String {
        let plain = |value: Option<f64>| value.map_or_else(String::new, |value| number::plain(value, 4, glyphs));
        let signed = |value: Option<f64>| value.map_or_else(String::new, |value| number::signed(value, 4, glyphs));
        match self {
            Self::Loss(name) => plain(item.loss(name)),
            Self::Risk => plain(item.risk),
            Self::Surprise => signed(item.surprise),
            Self::Similarity => plain(item.similarity),
            Self::Change => signed(item.change),
        }
    }
}
