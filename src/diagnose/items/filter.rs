//! Which items a list shows.

use crate::audit::{Audit, AuditError, Content, Item, ModelLosses, Side, Split};
use crate::diagnose::GroupFinding;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use rayon::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;

/// Items one task looks at.
const PART: usize = 8192;

/// What an item must be to be listed; the default takes every item the model has a loss for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemFilter {
    pub split: Option<Split>,
    /// Attributes the item has, and those it is known not to have.
    pub with: Vec<String>,
    pub without: Vec<String>,
    /// Words that all stand in its text, its id or the path of its image, in any order and any case.
    pub text: String,
    /// Loss of the model, both ends included.
    pub least_loss: Option<f64>,
    pub most_loss: Option<f64>,
    /// These items alone, also those without a loss; empty for all.
    pub ids: Vec<String>,
    /// The items at these positions in the audit alone, ascending.
    pub among: Option<Arc<Vec<u32>>>,
}

impl ItemFilter {
    /// The test items of a group that was found.
    #[must_use]
    pub fn of_group(group: &GroupFinding) -> Self {
        let (with, without) = match group.side {
            Side::True => (group.subject.clone(), Vec::new()),
            Side::False => (Vec::new(), group.subject.clone()),
        };
        Self { split: Some(Split::Test), with, without, ..Self::default() }
    }

    /// Positions in the audit of the items that pass, in order.
    ///
    /// # Errors
    /// If there is no such attribute, or no item of such an id.
    pub fn rows(&self, audit: &Audit, model: &ModelLosses) -> Result<Vec<u32>, AuditError> {
        let with = self.with.iter().map(|name| audit.attribute(name)).collect::<Result<Vec<_>, _>>()?;
        let without = self.without.iter().map(|name| audit.attribute(name)).collect::<Result<Vec<_>, _>>()?;
        let wanted: HashSet<&str> = self.ids.iter().map(String::as_str).collect();
        let is_named = |item: &Item| wanted.contains(item.id.as_str());
        if !wanted.is_empty() {
            let found: HashSet<&str> =
                audit.items.iter().map(|item| item.id.as_str()).filter(|id| wanted.contains(id)).collect();
            if let Some(id) = self.ids.iter().find(|id| !found.contains(id.as_str())) {
                return Err(AuditError::UnknownItem { audit: audit.name.clone(), id: id.clone() });
            }
        }
        let passes = |row: &u32| {
            let row = *row as usize;
            let (item, loss) = (&audit.items[row], model.losses[row]);
            let is_shown =
                if wanted.is_empty() { !loss.is_nan() && item.content != Content::Unreadable } else { is_named(item) };
            is_shown
                && self.among.as_ref().is_none_or(|rows| rows.binary_search(&(row as u32)).is_ok())
                && self.split.is_none_or(|split| item.split == split)
                && with.iter().all(|attribute| attribute.values[row] == Some(true))
                && without.iter().all(|attribute| attribute.values[row] == Some(false))
                // Written so that an item without a loss is in no range.
                && self.least_loss.is_none_or(|least| loss >= least)
                && self.most_loss.is_none_or(|most| loss <= most)
        };
        let rows: Vec<u32> = (0..audit.items.len() as u32).into_par_iter().filter(passes).collect();
        if self.text.trim().is_empty() {
            return Ok(rows);
        }
        let words = Pattern::new(&self.text, CaseMatching::Ignore, Normalization::Smart, AtomKind::Substring);
        Ok(rows.par_chunks(PART).flat_map_iter(|rows| holding(audit, rows, &words)).collect())
    }
}

/// The rows whose text, id or path holds every word.
fn holding(audit: &Audit, rows: &[u32], words: &Pattern) -> Vec<u32> {
    let (mut matcher, mut letters) = (Matcher::new(Config::DEFAULT), Vec::new());
    let mut holds = |text: &str| words.score(Utf32Str::new(text, &mut letters), &mut matcher).is_some();
    let mut is_held = |row: &&u32| {
        let item = &audit.items[**row as usize];
        let path = if let Content::Image { path, .. } = &item.content { path.as_str() } else { "" };
        [item.text.as_str(), item.id.as_str(), path].into_iter().any(&mut holds)
    };
    rows.iter().filter(|row| is_held(row)).copied().collect()
}
