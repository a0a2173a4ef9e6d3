//! The figures beside the items of a list, as many as fit.

use super::{Layout, Listed, State};
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::text;
use crate::diagnose::{ItemOrder, ListedItem};

/// Cells of a figure and the space before it.
const WIDE: u16 = 9;
/// The same of a label and of its score.
const LABEL: u16 = 6;
const SCORE: u16 = 7;
/// Cells a text needs beside the figures that are not asked for.
const ROOM: u16 = 24;
/// Cells of an id.
const IDS: std::ops::RangeInclusive<usize> = 3..=16;

/// A figure of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    Loss(String),
    Label,
    /// What the model said, beside the label.
    Score(String),
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
        figures.extend((question.near.is_some() || question.like.is_some()).then_some(Figure::Similarity));
        let has_risk = seen().any(|item| item.predicted_amount().is_some());
        figures.extend(has_risk.then_some(Figure::Risk));
        if has_risk && question.order == ItemOrder::Surprise {
            figures.push(Figure::Surprise);
        }
        let others = seen().next().map_or(&[][..], |item| item.losses.as_slice()).iter().map(|(name, _)| name);
        let unseen = |name: &&String| **name != question.model && Some(*name) != question.against.as_ref();
        // The text gives way to the order's own figure, and the others to the text.
        figures.truncate(usize::from(width.saturating_sub(id + 4 + ROOM) / WIDE).max(2));
        let has_label = seen().any(|item| item.label.is_some());
        let has_score = seen().any(|item| item.score(&question.model).is_some());
        let more = has_label.then_some(Figure::Label).into_iter();
        let more = more.chain(has_score.then(|| Figure::Score(question.model.clone())));
        let more = more.chain(others.filter(unseen).map(|name| Figure::Loss(name.clone())));
        let mut spare = width.saturating_sub(id + 4 + ROOM + cells(&figures));
        for figure in more {
            let Some(rest) = spare.checked_sub(figure.cells()) else { break };
            spare = rest;
            figures.push(figure);
        }
        Self { id, figures }
    }

    /// Cells of the figures.
    #[must_use]
    pub fn width(&self) -> u16 {
        cells(&self.figures)
    }

    /// Figures with the end of each, from a column on.
    pub fn ends(&self, from: u16) -> impl Iterator<Item = (&Figure, u16, u16)> {
        self.figures.iter().scan(from, |end, figure| {
            *end += figure.cells();
            Some((figure, *end, figure.cells() - 1))
        })
    }
}

fn cells(figures: &[Figure]) -> u16 {
    figures.iter().map(Figure::cells).sum()
}

impl Figure {
    /// Its cells, and the space before it.
    fn cells(&self) -> u16 {
        match self {
            Self::Label => LABEL,
            Self::Score(_) => SCORE,
            _ => WIDE,
        }
    }

    /// The head of its column; the loss of the model in view needs no name.
    #[must_use]
    pub fn head(&self, model: &str) -> String {
        match self {
            Self::Loss(name) if name == model => "loss".into(),
            Self::Loss(name) => text::clean(name),
            Self::Label => "label".into(),
            Self::Score(_) => "score".into(),
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
            Self::Label => item.label.map_or_else(String::new, |label| label.to_string()),
            Self::Score(name) => item.score(name).map_or_else(String::new, |score| number::plain(score, 3, glyphs)),
            Self::Risk => plain(item.predicted_amount()),
            Self::Surprise => signed(item.surprise_amount()),
            Self::Similarity => plain(item.similarity),
            Self::Change => signed(item.change),
        }
    }
}
