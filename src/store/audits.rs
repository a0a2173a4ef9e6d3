//! Audits taken in from a person's files: one compressed file each, written beside and renamed, so that an audit
//! is there as a whole or not at all.

use super::{Result, Store, StoreError};
use crate::audit::{
    Attribute, AttributePrompts, Audit, ClassAurocs, CompactText, Content, Item, ModelLosses, PromptSets, Split,
    clusters, is_audit_name,
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::HashSet;
use std::io::{BufReader, BufWriter, Read};
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
/// What any audit's file may unpack to in bytes, how many times a larger one's own length, and most of all: texts and
/// losses pack to a tenth, not to a thousandth.
const UNPACKED: u64 = 64 << 20;
const MOST_TIMES: u64 = 40;
const MOST_UNPACKED: u64 = 8 << 30;

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
    ids: Vec<CompactText>,
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
    Images { paths: Vec<CompactText>, stamps: Vec<Digest> },
    Embedded(Vec<Digest>),
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

    /// The audit again; what does not fit together, or to the name of its file, is damage.
    fn read(self, name: &str) -> std::result::Result<Ingested, String> {
        if self.name != name {
            return Err(format!("it says to be audit {:?}; a file keeps the name it was written under", self.name));
        }
        if let Some(twice) = twice(&self.ids) {
            return Err(format!("two items are called {twice:?}"));
        }
        if self.format != FORMAT {
            return Err(format!("its form is '{}', this program reads '{FORMAT}'", self.format));
        }
        let n = self.ids.len();
        let splits: Vec<Split> = self.splits.chars().map(split).collect::<Option<_>>().ok_or("a split is unknown")?;
        let contents = self.contents.read(n);
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
            Content::Image { path, stamp } => Some((path.clone(), Digest(*stamp))),
            _ => None,
        });
        let digests = items.iter().filter_map(|item| match &item.content {
            Content::Embedded(digest) => Some(Digest(*digest)),
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

    fn read(self, n: usize) -> Vec<Content> {
        match self {
            Self::Texts => vec![Content::Text; n],
            Self::Embedded(digests) => digests.into_iter().map(|digest| Content::Embedded(digest.0)).collect(),
            Self::Images { paths, stamps } => {
                paths.into_iter().zip(stamps).map(|(path, stamp)| Content::Image { path, stamp: stamp.0 }).collect()
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
    let mut hashes: Vec<u64> = ids.iter().map(|id| xxhash_rust::xxh3::xxh3_64(id.as_bytes())).collect();
    hashes.sort_unstable();
    if hashes.windows(2).all(|pair| pair[0] != pair[1]) {
        return None;
    }
    let mut seen = HashSet::with_capacity(ids.len());
    ids.iter().find(|id| !seen.insert(id.as_str()))
}

/// A digest, 32 hexadecimal digits in the file.
struct Digest([u8; 16]);

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:032x}", u128::from_be_bytes(self.0)))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Digest;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a digest")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Digest, E> {
                let whole = (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok()).flatten();
                whole
                    .map(|whole| Digest(whole.to_be_bytes()))
                    .ok_or_else(|| E::custom(format!("'{text}' is not a digest")))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

pub(super) fn path_of(home: &Path, name: &str) -> PathBuf {
    home.join(FOLDER).join(format!("{name}{SUFFIX}"))
}

/// Refuses a name that would lead out of its folder.
pub(super) fn check_name(name: &str) -> Result<()> {
    let problem = || format!("{name:?} cannot be the name of an audit");
    if is_audit_name(name) { Ok(()) } else { Err(StoreError::Damaged { what: "the audit".into(), problem: problem() }) }
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
        let name = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        names.extend(name.filter(|name| is_audit_name(name)).map(str::to_owned));
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
        check_name(&ingested.audit.name)?;
        let path = path_of(&self.home, &ingested.audit.name);
        let io = |source| StoreError::Io { path: path.clone(), source };
        crate::files::private_folder(&self.home.join(FOLDER)).map_err(io)?;
        // The record tells of the old file: it goes first, and is made again from the new one.
        self.tree("audits")?.remove(&ingested.audit.name)?;
        self.flush()?;
        let document = Document::of(ingested);
        let written = crate::files::write_private_with(&path, |file| {
            let mut packed = BufWriter::new(GzEncoder::new(file, Compression::fast()));
            serde_json::to_writer(&mut packed, &document)?;
            packed.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish().map(drop)
        });
        written.map_err(io)
    }

    /// An audit taken in, or `None` if there is none of this name.
    ///
    /// # Errors
    /// If its file cannot be read or is damaged.
    pub fn ingested(&self, name: &str) -> Result<Option<Ingested>> {
        if !is_audit_name(name) {
            return Ok(None);
        }
        let path = path_of(&self.home, name);
        // Before it is opened: a pipe would wait for ever.
        let packed = match crate::files::ordinary(&path) {
            Ok(packed) => packed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let file = std::fs::File::open(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
        let damaged =
            |problem: String| StoreError::Damaged { what: format!("the audit in {}", path.display()), problem };
        let most = packed.len().saturating_mul(MOST_TIMES).clamp(UNPACKED, MOST_UNPACKED);
        let mut reader = BufReader::new(GzDecoder::new(BufReader::new(file)).take(most + 1));
        // Value by value: the text of a large audit need not be in memory beside what it says.
        let document = serde_json::from_reader::<_, Document>(&mut reader);
        if reader.get_ref().limit() == 0 {
            return Err(damaged(format!("its {} bytes unpack to more than {most}", packed.len())));
        }
        document.map_err(|error| error.to_string()).and_then(|document| document.read(name)).map(Some).map_err(damaged)
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
}
