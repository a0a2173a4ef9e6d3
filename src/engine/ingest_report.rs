//! What is told of an audit that is taken in: its items, models, attributes, equal contents.

use crate::audit::{Audit, Content, Item, Split};
use crate::diagnose::FittedLosses;
use crate::numbers::all_differ;
use crate::store::Ingested;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use xxhash_rust::xxh3::xxh3_128;

/// Items shown as a preview, and characters of each.
const PREVIEW: usize = 5;
const PREVIEW_CHARACTERS: usize = 100;

/// What was found in the files, and whether it is kept.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IngestReport {
    pub name: String,
    /// False after a dry run.
    pub kept: bool,
    pub encoder: String,
    pub encoder_fingerprint: String,
    pub dimension: usize,
    /// What the items are: texts, images or embeddings.
    pub contents: &'static str,
    pub items: usize,
    pub train_items: usize,
    pub validation_items: usize,
    pub test_items: usize,
    pub labels: bool,
    /// Groups that the items belong to, if the data say.
    pub groups: Option<usize>,
    pub models: Vec<ModelReport>,
    pub attributes: Vec<AttributeReport>,
    /// Items whose content an earlier item has too, and those of them that stand in another split.
    pub duplicates: usize,
    pub duplicates_across_splits: usize,
    pub notes: Vec<String>,
    pub preview: Vec<PreviewItem>,
}

/// One model's losses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelReport {
    pub name: String,
    /// Items with a loss, and items without, which take no part in this model's runs.
    pub losses: usize,
    pub missing: usize,
    pub mean: f64,
    pub scores: bool,
    /// Classes that its scores tell apart, where it has a matrix of them.
    pub classes: Option<usize>,
    /// Losses of training items unlike those of test items: of data the model was fitted to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fitted: Option<FittedLosses>,
}

/// One attribute over all items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttributeReport {
    pub name: String,
    pub n_true: usize,
    pub n_false: usize,
    pub n_unknown: usize,
    pub phrase: String,
    pub antonym: Option<String>,
    pub generic: String,
    /// The sentences were made from the column's name.
    pub made: bool,
}

/// An item as a dry run shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviewItem {
    pub id: String,
    pub split: Split,
    pub content: String,
    /// Loss of each model; `None` where there is none.
    pub losses: Vec<Option<f64>>,
}

/// What is told of an audit, which is kept or only looked at.
pub(super) fn report(ingested: &Ingested, kept: bool) -> IngestReport {
    let audit = &ingested.audit;
    let (duplicates, duplicates_across_splits) = duplicates(audit);
    let in_split = |split: Split| audit.items.iter().filter(|item| item.split == split).count();
    let models = audit.models.iter().map(|model| {
        let known: Vec<f64> = model.losses.iter().copied().filter(|loss| !loss.is_nan()).collect();
        ModelReport {
            name: model.name.clone(),
            losses: known.len(),
            missing: model.losses.len() - known.len(),
            mean: known.iter().sum::<f64>() / known.len().max(1) as f64,
            scores: model.scores.is_some(),
            classes: model.class_aurocs.as_ref().map(|aurocs| aurocs.classes),
            fitted: FittedLosses::of(audit, model),
        }
    });
    let attributes = audit.attributes.iter().map(|attribute| {
        let count = |wanted: Option<bool>| attribute.values.iter().filter(|value| **value == wanted).count();
        AttributeReport {
            name: attribute.name.clone(),
            n_true: count(Some(true)),
            n_false: count(Some(false)),
            n_unknown: count(None),
            phrase: attribute.prompts.phrase.clone(),
            antonym: attribute.prompts.antonym.clone(),
            generic: attribute.prompts.generic.clone(),
            made: attribute.prompts.made,
        }
    });
    let preview = (0..audit.items.len().min(PREVIEW)).map(|row| {
        let item = &audit.items[row];
        let content = match &item.content {
            Content::Image { path, .. } => path.to_string(),
            Content::Text | Content::Embedded(_) | Content::Unreadable => item.text.to_string(),
        };
        let loss = |losses: &[f64]| Some(losses[row]).filter(|loss| !loss.is_nan());
        PreviewItem {
            id: item.id.to_string(),
            split: item.split,
            content: content.chars().take(PREVIEW_CHARACTERS).collect(),
            losses: audit.models.iter().map(|model| loss(&model.losses)).collect(),
        }
    });
    let groups = audit.clusters.as_ref().map(|of| of.iter().collect::<std::collections::HashSet<_>>().len());
    IngestReport {
        name: audit.name.clone(),
        kept,
        encoder: ingested.encoder.clone(),
        encoder_fingerprint: ingested.encoder_fingerprint.clone(),
        dimension: ingested.dimension,
        contents: contents(audit),
        items: audit.items.len(),
        train_items: in_split(Split::Train),
        validation_items: in_split(Split::Validation),
        test_items: in_split(Split::Test),
        labels: audit.labels.is_some(),
        groups,
        models: models.collect(),
        attributes: attributes.collect(),
        duplicates,
        duplicates_across_splits,
        notes: ingested.notes.clone(),
        preview: preview.collect(),
    }
}

fn contents(audit: &Audit) -> &'static str {
    match audit.items.first().map(|item| &item.content) {
        Some(Content::Image { .. } | Content::Unreadable) => "images",
        Some(Content::Embedded(_)) => "embeddings",
        _ => "texts",
    }
}

/// Items whose content an earlier one has, and those of them in another split than the first.
fn duplicates(audit: &Audit) -> (usize, usize) {
    let key = |item: &Item| match &item.content {
        Content::Text => Some(xxh3_128(item.text.as_bytes())),
        Content::Image { path, .. } => Some(xxh3_128(path.as_bytes())),
        Content::Embedded(digest) => Some(u128::from_be_bytes(*digest)),
        Content::Unreadable => None,
    };
    let keys: Vec<Option<u128>> = audit.items.par_iter().map(key).collect();
    // What has no content may be told twice here, and is looked at closely then.
    if all_differ(keys.par_iter().map(|key| key.unwrap_or_default() as u64)) {
        return (0, 0);
    }
    let mut first: HashMap<u128, Split> = HashMap::with_capacity(audit.items.len());
    let (mut all, mut across) = (0, 0);
    for (key, item) in keys.into_iter().zip(&audit.items) {
        let Some(key) = key else { continue };
        match first.entry(key) {
            Entry::Occupied(split) => {
                all += 1;
                across += usize::from(*split.get() != item.split);
            }
            Entry::Vacant(slot) => drop(slot.insert(item.split)),
        }
    }
    (all, across)
}
