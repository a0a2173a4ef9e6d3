//! Audits taken in from a person's files: one compressed file each, written beside and renamed, so that an audit
//! is there as a whole or not at all.

use super::{Result, Store, StoreError, write_atomically};
use crate::audit::{
    Attribute, AttributePrompts, Audit, ClassAurocs, Content, Item, ModelLosses, PromptSets, Split, clusters,
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

const FORMAT: &str = "llm2loss.audit/1";
const FOLDER: &str = "audits";
const SUFFIX: &str = ".json.gz";
/// Where images lie that came inside a table, a folder an audit.
const IMAGES: &str = "images";

/// The folder of the images that came inside an audit's table.
#[must_use]
pub fn image_folder(home: &Path, audit: &str) -> PathBuf {
    home.join(IMAGES).join(audit)
}

/// An audit taken in, and what was decided about it then.
#[derive(Debug, Clone, PartialEq)]
pub struct Ingested {
    pub audit: Audit,
    /// What opens its encoder, and the fingerprint the encoder had.
    pub encoder: String,
    pub encoder_fingerprint: String,
    /// Dimension of its embeddings.
    pub dimension: usize,
    /// Whom or what each item belongs to, where the data say.
    pub groups: Option<Vec<String>>,
    /// The class of each item, where the label has more than two.
    pub classes: Option<Vec<String>>,
    /// The ids are row numbers made up when it was taken in: no other file's ids mean them.
    pub numbered: bool,
    /// What was added to every loss.
    pub loss_offset: f64,
    /// Decisions taken while reading, as sentences.
    pub notes: Vec<String>,
}

/// The note by which audits taken in before were told to have no ids of their own.
const NUMBERED: &str = "no column of ids: rows are numbered from 1";

/// The file: columns rather than items, so that it stays small.
#[derive(Serialize, Deserialize)]
struct Document {
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
    ids: Vec<String>,
    texts: Vec<String>,
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
    Images { paths: Vec<String>, stamps: Vec<String> },
    Embedded(Vec<String>),
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
    fn of(ingested: &Ingested) -> Self {
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
            texts: audit.items.iter().map(|item| item.text.clone()).collect(),
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

    /// The audit again; what does not fit together is damage.
    fn read(self) -> std::result::Result<Ingested, String> {
        if self.format != FORMAT {
            return Err(format!("its form is '{}', this program reads '{FORMAT}'", self.format));
        }
        let n = self.ids.len();
        let splits: Vec<Split> = self.splits.chars().map(split).collect::<Option<_>>().ok_or("a split is unknown")?;
        let contents = self.contents.read(n)?;
        if [self.texts.len(), splits.len(), contents.len()].iter().any(|length| *length != n) {
            return Err("its columns differ in length".into());
        }
        let filled = |values: Vec<Option<f64>>| values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        let items = self.ids.into_iter().zip(self.texts).zip(splits.into_iter().zip(contents));
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

impl Contents {
    fn of(items: &[Item]) -> Self {
        let images = items.iter().filter_map(|item| match &item.content {
            Content::Image { path, stamp } => Some((path.clone(), hex(stamp))),
            _ => None,
        });
        let digests = items.iter().filter_map(|item| match &item.content {
            Content::Embedded(digest) => Some(hex(digest)),
            _ => None,
        });
        match items.first().map(|item| &item.content) {
            Some(Content::Image { .. }) => {
                let (paths, stamps) = images.unzip();
                Self::Images { paths, stamps }
            }
            Some(Content::Embedded(_)) => Self::Embedded(digests.collect()),
            _ => Self::Texts,
        }
    }

    fn read(self, n: usize) -> std::result::Result<Vec<Content>, String> {
        let digest = |text: &String| unhex(text).ok_or_else(|| format!("'{text}' is not a digest"));
        match self {
            Self::Texts => Ok(vec![Content::Text; n]),
            Self::Embedded(digests) => digests.iter().map(|text| Ok(Content::Embedded(digest(text)?))).collect(),
            Self::Images { paths, stamps } => paths
                .into_iter()
                .zip(&stamps)
                .map(|(path, stamp)| Ok(Content::Image { path, stamp: digest(stamp)? }))
                .collect(),
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

fn hex(digest: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*digest))
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten().map(u128::to_be_bytes)
}

fn path_of(home: &Path, name: &str) -> PathBuf {
    home.join(FOLDER).join(format!("{name}{SUFFIX}"))
}

/// Names of the audits taken in under `home`, sorted; the store need not be open.
///
/// # Errors
/// If the folder is there and cannot be listed: "none" would be a wrong answer then.
pub fn ingested_names(home: &Path) -> Result<Vec<String>> {
    let path = home.join(FOLDER);
    let io = |source| StoreError::Io { path: path.clone(), source };
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound || !home.is_dir() => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(io)?.file_name();
        names.extend(name.to_str().and_then(|name| name.strip_suffix(SUFFIX)).map(str::to_owned));
    }
    names.sort_unstable();
    Ok(names)
}

impl Store {
    /// Keeps an audit taken in, replacing one of the same name.
    ///
    /// # Errors
    /// If the disk refuses; what was there before is then still there.
    pub fn put_ingested(&self, ingested: &Ingested) -> Result<()> {
        self.writes()?;
        let path = path_of(&self.home, &ingested.audit.name);
        let io = |source| StoreError::Io { path: path.clone(), source };
        std::fs::create_dir_all(self.home.join(FOLDER)).map_err(io)?;
        let mut packed = BufWriter::new(GzEncoder::new(Vec::new(), Compression::fast()));
        serde_json::to_writer(&mut packed, &Document::of(ingested))
            .map_err(|error| StoreError::Damaged { what: "the audit".into(), problem: error.to_string() })?;
        packed.flush().map_err(io)?;
        let packed = packed.into_inner().map_err(|error| io(error.into_error()))?.finish().map_err(io)?;
        // The record tells of the old file: it goes first, and is made again from the new one.
        self.tree("audits")?.remove(&ingested.audit.name)?;
        self.flush()?;
        write_atomically(&path, &packed)
    }

    /// An audit taken in, or `None` if there is none of this name.
    ///
    /// # Errors
    /// If its file cannot be read or is damaged.
    pub fn ingested(&self, name: &str) -> Result<Option<Ingested>> {
        let path = path_of(&self.home, name);
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let damaged =
            |problem: String| StoreError::Damaged { what: format!("the audit in {}", path.display()), problem };
        let unpacked = std::io::read_to_string(GzDecoder::new(BufReader::new(file)))
            .map_err(|error| damaged(error.to_string()))?;
        let document: Document = serde_json::from_str(&unpacked).map_err(|error| damaged(error.to_string()))?;
        document.read().map(Some).map_err(damaged)
    }

    /// Removes an audit taken in with everything that belongs to it but its embeddings, which others may share.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn delete_audit(&self, name: &str) -> Result<()> {
        self.writes()?;
        let path = path_of(&self.home, name);
        self.delete_runs(name, None)?;
        self.tree("audits")?.remove(name)?;
        let prefix = super::records::model_key(name, "");
        for tree in ["losses", "shown"] {
            let tree = self.tree(tree)?;
            tree.remove(name)?;
            for key in tree.scan_prefix(&prefix).keys() {
                tree.remove(key?)?;
            }
        }
        self.forget_history(name)?;
        self.keep_shown()?;
        self.flush()?;
        std::fs::remove_file(&path).map_err(|source| StoreError::Io { path, source })?;
        self.sweep_images();
        Ok(())
    }

    /// Removes the images of audits that are not there: what a killed ingest wrote, and what a deletion left.
    pub(super) fn sweep_images(&self) {
        for entry in super::reconcile::listed(&self.home.join(IMAGES)).unwrap_or_default() {
            let audit = super::reconcile::name_of(&entry).map(|name| path_of(&self.home, &name));
            // Of an audit that cannot be asked for nothing is removed.
            if audit.is_some_and(|audit| matches!(audit.try_exists(), Ok(false))) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Removes the runs of an audit, or of one of its models; returns how many there were.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn delete_runs(&self, audit: &str, model: Option<&str>) -> Result<usize> {
        let runs = self.runs(audit, model)?;
        for run in &runs {
            self.delete_run(&run.id)?;
        }
        for run in self.unfinished(audit, model)? {
            self.drop_unfinished(&run.id)?;
        }
        Ok(runs.len())
    }

    /// Forgets what was computed from the runs of an audit; it is computed again when asked for.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn forget_diagnoses(&self, audit: &str) -> Result<()> {
        for run in self.runs(audit, None)? {
            self.drop_diagnosis(&run.id)?;
        }
        self.flush()
    }
}
