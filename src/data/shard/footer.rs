//! What an output says of itself, in the metadata of its footer or header: enough to leave it alone if it is asked for
//! again, and to tell whose numbers it holds.

use crate::data::table::file_name;
use parquet::file::metadata::KeyValue;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

/// The form, and what every key begins with.
const FORMAT: &str = "llm2loss.encode/1";
const BEFORE: &str = "llm2loss.";

/// What an output says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// The encoder's name, with what was wanted of it, and its fingerprint.
    pub encoder: String,
    pub fingerprint: String,
    pub dimension: usize,
    /// Digest of the input's files.
    pub input: String,
    /// Which part of it, such as `3/16`; empty for all.
    pub part: String,
    /// What was said of its columns.
    pub columns: String,
    pub rows: u64,
    pub bad: u64,
    /// Version of the program that wrote it.
    pub version: String,
}

impl Footer {
    /// Names and values, as they are written.
    #[must_use]
    pub fn pairs(&self) -> Vec<(String, String)> {
        let pairs = [
            ("format", FORMAT.to_owned()),
            ("encoder", self.encoder.clone()),
            ("fingerprint", self.fingerprint.clone()),
            ("dimension", self.dimension.to_string()),
            ("input", self.input.clone()),
            ("part", self.part.clone()),
            ("columns", self.columns.clone()),
            ("rows", self.rows.to_string()),
            ("bad", self.bad.to_string()),
            ("version", self.version.clone()),
        ];
        pairs.into_iter().map(|(name, value)| (format!("{BEFORE}{name}"), value)).collect()
    }

    /// Reads what [`Footer::pairs`] gave; none of another form.
    #[must_use]
    pub fn read(pairs: &BTreeMap<String, String>) -> Option<Self> {
        let word = |name: &str| pairs.get(&format!("{BEFORE}{name}")).cloned();
        if word("format")? != FORMAT {
            return None;
        }
        Some(Self {
            encoder: word("encoder")?,
            fingerprint: word("fingerprint")?,
            dimension: word("dimension")?.parse().ok()?,
            input: word("input")?,
            part: word("part")?,
            columns: word("columns")?,
            rows: word("rows")?.parse().ok()?,
            bad: word("bad")?.parse().ok()?,
            version: word("version")?,
        })
    }

    /// Whether another has the same numbers for the same rows: made by the same encoder of the same input.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        let of = |footer: &Self| [&footer.fingerprint, &footer.input, &footer.part, &footer.columns].map(String::clone);
        of(self) == of(other)
    }
}

/// The footer of a Parquet file that this program wrote whole; none of any other file.
#[must_use]
pub fn footer_of(path: &Path) -> Option<Footer> {
    let reader = SerializedFileReader::new(File::open(path).ok()?).ok()?;
    footer_in(&reader)
}

/// The same of a file that is open.
pub fn footer_in(reader: &SerializedFileReader<File>) -> Option<Footer> {
    let metadata = reader.metadata().file_metadata();
    let pairs = metadata.key_value_metadata()?.iter();
    let pairs = pairs.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect();
    Footer::read(&pairs).filter(|footer| i64::try_from(footer.rows) == Ok(metadata.num_rows()))
}

/// Refuses shards of different encoders.
///
/// # Errors
/// The first file whose encoder is not that of those before.
pub fn same_encoder<'a>(files: impl Iterator<Item = (&'a Path, Option<Footer>)>) -> Result<Option<Footer>, String> {
    let mut known: Option<(&Path, Option<Footer>)> = None;
    for (path, footer) in files {
        let Some((first, before)) = &known else {
            known = Some((path, footer));
            continue;
        };
        let of = |footer: &Option<Footer>| footer.as_ref().map(|footer| footer.fingerprint.clone());
        if of(before) != of(&footer) {
            let who = |footer: &Option<Footer>| match footer {
                Some(footer) => format!("encoder {} ({})", footer.encoder, footer.fingerprint),
                None => "an encoder that it does not name".into(),
            };
            return Err(format!(
                "{} is of {}, {} of {}; embeddings of different encoders have no common space",
                file_name(path),
                who(&footer),
                file_name(first),
                who(before)
            ));
        }
    }
    Ok(known.and_then(|(_, footer)| footer))
}

/// A pair as Parquet keeps it.
pub fn pair((key, value): (String, String)) -> KeyValue {
    KeyValue { key, value: Some(value) }
}
