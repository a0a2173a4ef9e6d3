//! What the file of an audit says: its columns as JSON. Digests are base64 in pieces, 16 bytes each.

use super::audits::Ingested;
use super::digests::Digests;
use crate::audit::{
    Attribute, AttributePrompts, Audit, ClassAurocs, CompactText, Content, Item, ModelLosses, PromptSets, Split,
    clusters,
};
use crate::numbers::all_differ;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64;

const FORMAT: &str = "llm2loss.audit/2";
/// The form before: a digest was 32 hexadecimal digits, and empty texts were written one by one.
const FIRST_FORMAT: &str = "llm2loss.audit/1";

/// The note by which audits taken in before were told to have no ids of their own.
const NUMBERED: &str = "no column of ids: rows are numbered from 1";

/// The file: columns rather than items, so that it stays small.
#[derive(Serialize, Deserialize)]
pub struct Document {
    format: String,
    name: String,
    encoder: String,
    encoder_fingerprint: String,
    dimension: usize,
    #[serde(default)]
    numbered: bool,
    #[serde(default)]
    loss_offset: f64,
    notes: Vec<String>,
    ids: Vec<CompactText>,
    /// None at all where all are empty.
    texts: Vec<CompactText>,
    /// One letter an item: r train, v validation, t test.
    splits: String,
    contents: Contents,
    groups: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<String>>,
    /// One character an item: 1, 0, or - for unknown.
    labels: Option<String>,
    attributes: Vec<AttributeColumn>,
    models: Vec<ModelColumns>,
    prompts: PromptSets,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Contents {
    Texts,
    Images { paths: Vec<CompactText>, stamps: Digests },
    Embedded(Digests),
}

#[derive(Serialize, Deserialize)]
struct AttributeColumn {
    name: String,
    prompts: AttributePrompts,
    values: String,
}

#[derive(Serialize, Deserialize)]
struct ModelColumns {
    name: String,
    losses: Vec<Option<f64>>,
    scores: Option<Vec<Option<f64>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    class_aurocs: Option<ClassAurocs>,
}

impl Document {
    pub fn of(ingested: &Ingested) -> Self {
        let audit = &ingested.audit;
        let known = |values: &[f64]| values.iter().map(|value| (!value.is_nan()).then_some(*value)).collect();
        Self {
            format: FORMAT.into(),
            name: audit.name.clone(),
            encoder: ingested.encoder.clone(),
            encoder_fingerprint: ingested.encoder_fingerprint.clone(),
            dimension: ingested.dimension,
            numbered: ingested.numbered,
            loss_offset: ingested.loss_offset,
            notes: ingested.notes.clone(),
            ids: audit.items.iter().map(|item| item.id.clone()).collect(),
            texts: texts(&audit.items),
            splits: audit.items.iter().map(|item| letter(item.split)).collect(),
            contents: Contents::of(&audit.items),
            groups: ingested.groups.clone(),
            classes: ingested.classes.clone(),
            labels: audit.labels.as_ref().map(|labels| labels.iter().map(|label| flag(Some(*label))).collect()),
            attributes: audit.attributes.iter().map(AttributeColumn::of).collect(),
            models: audit
                .models
                .iter()
                .map(|model| ModelColumns {
                    name: model.name.clone(),
                    losses: known(&model.losses),
                    scores: model.scores.as_deref().map(known),
                    class_aurocs: model.class_aurocs.clone(),
                })
                .collect(),
            prompts: audit.prompts.clone(),
        }
    }

    /// The audit again; what does not fit together, or to the name of its file, is damage.
    pub fn read(self, name: &str) -> Result<Ingested, String> {
        if self.name != name {
            return Err(format!("it says to be audit {:?}; a file keeps the name it was written under", self.name));
        }
        if let Some(twice) = twice(&self.ids) {
            return Err(format!("two items are called {twice:?}"));
        }
        if ![FORMAT, FIRST_FORMAT].contains(&self.format.as_str()) {
            return Err(format!("its form is '{}', this program reads '{FORMAT}'", self.format));
        }
        let n = self.ids.len();
        let texts = if self.texts.is_empty() { vec![CompactText::default(); n] } else { self.texts };
        let splits: Vec<Split> = self.splits.chars().map(split).collect::<Option<_>>().ok_or("a split is unknown")?;
        let contents = self.contents.read(n);
        if [texts.len(), splits.len(), contents.len()].iter().any(|length| *length != n) {
            return Err("its columns differ in length".into());
        }
        let filled = |values: Vec<Option<f64>>| values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        let items = self.ids.into_iter().zip(texts).zip(splits.into_iter().zip(contents));
        let audit = Audit {
            name: self.name,
            clusters: self.groups.as_deref().map(clusters),
            items: items.map(|((id, text), (split, content))| Item { id, text, split, content }).collect(),
            labels: self.labels.map(|labels| labels.chars().map(|letter| letter == '1').collect()),
            attributes: self.attributes.into_iter().map(AttributeColumn::read).collect(),
            models: self
                .models
                .into_iter()
                .map(|model| ModelLosses {
                    name: model.name,
                    losses: filled(model.losses),
                    scores: model.scores.map(filled),
                    class_aurocs: model.class_aurocs,
                })
                .collect(),
            prompts: self.prompts,
        };
        audit.validate().map_err(|error| error.to_string())?;
        Ok(Ingested {
            audit,
            encoder: self.encoder,
            encoder_fingerprint: self.encoder_fingerprint,
            dimension: self.dimension,
            groups: self.groups,
            classes: self.classes,
            numbered: self.numbered || self.notes.iter().any(|note| note == NUMBERED),
            loss_offset: self.loss_offset,
            notes: self.notes,
        })
    }
}

/// The items' texts; none where all are empty.
fn texts(items: &[Item]) -> Vec<CompactText> {
    if items.iter().all(|item| item.text.is_empty()) {
        return Vec::new();
    }
    items.iter().map(|item| item.text.clone()).collect()
}

impl Contents {
    fn of(items: &[Item]) -> Self {
        let images = items.iter().filter_map(|item| match &item.content {
            Content::Image { path, stamp } => Some((path.clone(), *stamp)),
            _ => None,
        });
        let digests = items.iter().filter_map(|item| match &item.content {
            Content::Embedded(digest) => Some(*digest),
            _ => None,
        });
        match items.first().map(|item| &item.content) {
            Some(Content::Image { .. }) => {
                let (paths, stamps) = images.unzip();
                Self::Images { paths, stamps: Digests(stamps) }
            }
            Some(Content::Embedded(_)) => Self::Embedded(Digests(digests.collect())),
            _ => Self::Texts,
        }
    }

    fn read(self, n: usize) -> Vec<Content> {
        match self {
            Self::Texts => vec![Content::Text; n],
            Self::Embedded(digests) => digests.0.into_iter().map(Content::Embedded).collect(),
            Self::Images { paths, stamps } => {
                paths.into_iter().zip(stamps.0).map(|(path, stamp)| Content::Image { path, stamp }).collect()
            }
        }
    }
}

impl AttributeColumn {
    fn of(attribute: &Attribute) -> Self {
        Self {
            name: attribute.name.clone(),
            prompts: attribute.prompts.clone(),
            values: attribute.values.iter().map(|value| flag(*value)).collect(),
        }
    }

    fn read(self) -> Attribute {
        let value = |letter: char| match letter {
            '1' => Some(true),
            '0' => Some(false),
            _ => None,
        };
        Attribute { name: self.name, prompts: self.prompts, values: self.values.chars().map(value).collect() }
    }
}

fn flag(value: Option<bool>) -> char {
    match value {
        Some(true) => '1',
        Some(false) => '0',
        None => '-',
    }
}

fn letter(split: Split) -> char {
    match split {
        Split::Train => 'r',
        Split::Validation => 'v',
        Split::Test => 't',
    }
}

fn split(letter: char) -> Option<Split> {
    match letter {
        'r' => Some(Split::Train),
        'v' => Some(Split::Validation),
        't' => Some(Split::Test),
        _ => None,
    }
}

/// The first id that an earlier item has. Few bytes an item are needed where all differ, as they should.
fn twice(ids: &[CompactText]) -> Option<&CompactText> {
    if all_differ(ids.par_iter().map(|id| xxh3_64(id.as_bytes()))) {
        return None;
    }
    let mut seen = HashSet::with_capacity(ids.len());
    ids.iter().find(|id| !seen.insert(id.as_str()))
}
