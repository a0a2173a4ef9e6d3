//! Equal contents: what tells them, and on which side of a split they fall.

use super::draft::Draft;
use crate::audit::Split;
use std::collections::{HashMap, HashSet};
use std::io::{Read, Seek, SeekFrom};
use xxhash_rust::xxh3::xxh3_128;

/// Share of the items that a drawn split trains on, in percent.
const TRAIN_SHARE: u128 = 70;
/// Bytes of an image that tell it from another of the same length.
const PEEK: usize = 4096;

/// What is equal where contents are: of an embedding its digest, of a text its words without regard to case and
/// blanks, of an image file its length and a piece from its middle; of an item without any of these its id.
pub fn content_keys(draft: &Draft) -> Vec<u128> {
    if let Some((rows, dimension)) = &draft.embeddings {
        let mut bytes = Vec::with_capacity(dimension * 4);
        let digest = |row: &[f32]| {
            bytes.clear();
            row.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
            xxh3_128(&bytes)
        };
        return rows.chunks_exact(*dimension).map(digest).collect();
    }
    if let Some(paths) = &draft.images {
        return image_keys(paths);
    }
    let words = |text: &String| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ");
    let key = |(text, id): (&String, &String)| match words(text) {
        text if text.is_empty() => xxh3_128(id.as_bytes()),
        text => xxh3_128(text.as_bytes()),
    };
    draft.texts.iter().zip(&draft.ids).map(key).collect()
}

/// Files of a length that no other has are told by it alone, and not opened.
fn image_keys(paths: &[String]) -> Vec<u128> {
    let length = |path: &String| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let lengths: Vec<u64> = paths.iter().map(length).collect();
    let mut count: HashMap<u64, usize> = HashMap::new();
    lengths.iter().for_each(|length| *count.entry(*length).or_default() += 1);
    let key = |(path, length): (&String, &u64)| {
        let piece = if count[length] > 1 { middle(path, *length).unwrap_or_default() } else { Vec::new() };
        xxh3_128(&[&length.to_le_bytes()[..], &piece].concat())
    };
    paths.iter().zip(&lengths).map(key).collect()
}

fn middle(path: &str, length: u64) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    file.seek(SeekFrom::Start((length / 2).saturating_sub(PEEK as u64 / 2)))?;
    let mut piece = Vec::with_capacity(PEEK);
    file.take(PEEK as u64).read_to_end(&mut piece)?;
    Ok(piece)
}

impl Draft {
    /// Draws splits by the group, or by the content: the same data always fall apart in the same way, and equal
    /// contents fall on the same side.
    pub(super) fn draw_splits(&mut self, keys: &[u128]) {
        if self.splits.is_some() {
            return;
        }
        let of_group = |row: usize| {
            let group = self.groups.as_ref().map(|groups| groups[row].as_str()).filter(|group| !group.is_empty());
            // Who belongs to nobody is drawn by the content.
            group.map_or(keys[row], |group| xxh3_128(group.as_bytes()))
        };
        let draw = |row: usize| {
            let digest = xxh3_128(&of_group(row).to_le_bytes());
            if digest % 100 < TRAIN_SHARE { Split::Train } else { Split::Test }
        };
        self.splits = Some((0..self.ids.len()).map(draw).collect());
        let by = if self.groups.is_some() {
            "the group, so that none is in both"
        } else {
            "the content, so that equal ones are on one side"
        };
        self.notes.push(format!(
            "no splits given: about {TRAIN_SHARE} % of the items are drawn for training, the rest for testing, by a digest of {by}"
        ));
    }

    /// Counts the test items whose content stands in training, and leaves them out if so told. Returns the keys of
    /// the items that stay.
    pub(super) fn look_for_leaks(&mut self, mut keys: Vec<u128>) -> Vec<u128> {
        let Some(splits) = &self.splits else { return keys };
        let of = |wanted: Split| keys.iter().zip(splits).filter(move |(_, split)| **split == wanted);
        let train: HashSet<u128> = of(Split::Train).map(|(key, _)| *key).collect();
        let leaked = |row: usize| splits[row] == Split::Test && train.contains(&keys[row]);
        let keep: Vec<bool> = (0..keys.len()).map(|row| !leaked(row)).collect();
        let count = keep.iter().filter(|keep| !**keep).count();
        if count == 0 {
            return keys;
        }
        let tests = of(Split::Test).count();
        let found = format!("the content of {count} of {tests} test items stands in training too");
        if self.policy.drop_leaked && count < tests {
            self.notes.push(format!("{found}; they are left out"));
            let mut kept = keep.iter();
            keys.retain(|_| kept.next().copied().unwrap_or(false));
            self.retain(&keep);
        } else {
            self.notes
                .push(format!("{found}, where the heads have seen its loss; --leaked drop leaves such items out"));
        }
        keys
    }
}

/// What changes when a file does: its path, length and time of change.
pub fn stamp(path: &str) -> [u8; 16] {
    let metadata = std::fs::metadata(path).ok();
    let changed = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    let nanoseconds = changed
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |duration| duration.as_nanos());
    let length = metadata.map_or(0, |metadata| metadata.len());
    xxh3_128(format!("{path}\u{1f}{length}\u{1f}{nanoseconds}").as_bytes()).to_be_bytes()
}
