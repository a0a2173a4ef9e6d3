//! What an output says of itself, in the metadata of its footer or header: enough to leave it alone if it is asked for
//! again, and to tell whose numbers it holds.

use super::part::Part;
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
    /// Digest of the embeddings, of a Parquet file; empty where none was taken.
    pub numbers: String,
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
            ("numbers", self.numbers.clone()),
        ];
        pairs
            .into_iter()
            .filter(|(name, value)| *name != "numbers" || !value.is_empty())
            .map(|(name, value)| (format!("{BEFORE}{name}"), value))
            .collect()
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
            numbers: word("numbers").unwrap_or_default(),
        })
    }

    /// Whether another has the same numbers for the same rows: made by the same encoder of the same input.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        let of = |footer: &Self| [&footer.fingerprint, &footer.input, &footer.part, &footer.columns].map(String::clone);
        of(self) == of(other)
    }
}

/// The footer of one of several files, and whether they hold rows: none of a Parquet file that this program did not
/// write.
///
/// # Errors
/// That it cannot be read as Parquet.
pub fn footer_of_shard(path: &Path) -> Result<(Option<Footer>, bool), String> {
    let told = |problem: String| format!("{} cannot be read: {problem}", file_name(path));
    let file = File::open(path).map_err(|error| told(error.to_string()))?;
    let reader = SerializedFileReader::new(file).map_err(|error| told(error.to_string()))?;
    Ok((footer_in(&reader), reader.metadata().file_metadata().num_rows() > 0))
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

/// Refuses parts of a cut, `I/N`, that are not all there, and parts of two cuts of one input.
///
/// # Errors
/// The part that is missing, with a file that says how many there are; the file of another cut.
pub fn whole_cuts<'a>(files: impl Iterator<Item = (&'a Path, &'a Footer)>) -> Result<(), String> {
    let mut cuts: BTreeMap<u64, (BTreeMap<u64, usize>, &Path)> = BTreeMap::new();
    let mut inputs: BTreeMap<&str, (u64, &Path)> = BTreeMap::new();
    for (path, footer) in files {
        let Ok(part) = footer.part.parse::<Part>() else { continue };
        let (of, first) = *inputs.entry(&footer.input).or_insert((part.of, path));
        if of != part.of {
            return Err(format!(
                "{} is part {part} of an input that {} is a part of as one of {of}; bring the parts of one cut",
                file_name(path),
                file_name(first)
            ));
        }
        *cuts.entry(part.of).or_insert_with(|| (BTreeMap::new(), path)).0.entry(part.number).or_default() += 1;
    }
    for (of, (seen, path)) in cuts {
        // A part that stands twice is found by its ids.
        let Some(missing) = (0..of).find(|number| !seen.contains_key(number)) else { continue };
        let twice = seen.iter().find(|(_, count)| **count > 1);
        let twice = twice.map(|(number, _)| format!(", and part {number}/{of} is there twice")).unwrap_or_default();
        return Err(format!(
            "part {missing}/{of} is missing: {} is one of {of}{twice}; bring it, or name the files you mean",
            file_name(path)
        ));
    }
    Ok(())
}

/// A pair as Parquet keeps it.
pub fn pair((key, value): (String, String)) -> KeyValue {
    KeyValue { key, value: Some(value) }
}
