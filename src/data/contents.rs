//! Equal contents: what tells them, and on which side of a split they fall.

use super::DataError;
use super::draft::Draft;
use super::words::lower_case;
use crate::audit::Split;
use crate::numbers::all_differ;
use rayon::prelude::*;
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
    if let Some(embeddings) = draft.embeddings.as_ref().filter(|_| !draft.of_texts) {
        return embeddings.digests();
    }
    if let Some(paths) = &draft.images {
        return image_keys(paths);
    }
    let mut words = String::new();
    let key = |(text, id): (&String, &String)| text_key(text, &mut words).unwrap_or_else(|| xxh3_128(id.as_bytes()));
    draft.texts.iter().zip(&draft.ids).map(key).collect()
}

/// What is equal where two texts are, but for case and blanks; `None` for a text without words. `words` is room to
/// work in.
pub fn text_key(text: &str, words: &mut String) -> Option<u128> {
    words.clear();
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        lower_case(word, words);
    }
    (!words.is_empty()).then(|| xxh3_128(words.as_bytes()))
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
    pub(super) fn draw_splits(&mut self, keys: &[u128]) -> Result<(), DataError> {
        if self.splits.is_some() {
            return Ok(());
        }
        let of_group = |row: usize| {
            let group = self.groups.as_ref().map(|groups| groups[row].as_str()).filter(|group| !group.is_empty());
            // Who belongs to nobody is drawn by the content.
            group.map_or(keys[row], |group| xxh3_128(group.as_bytes()))
        };
        let digests: Vec<u128> =
            (0..self.ids.len()).into_par_iter().map(|row| xxh3_128(&of_group(row).to_le_bytes())).collect();
        let splits = drawn(&digests);
        if !splits.contains(&Split::Test) {
            let alike = if self.groups.is_some() { "belong to one group" } else { "have the same content" };
            return Err(DataError::Usage(format!(
                "all {} items {alike}, so that none can be tested apart from those trained on; give a column of splits",
                splits.len()
            )));
        }
        self.splits = Some(splits);
        let by = if self.groups.is_some() {
            "the group, so that none is in both"
        } else {
            "the content, so that equal ones are on one side"
        };
        self.notes.push(format!(
            "no splits given: about {TRAIN_SHARE} % of the items are drawn for training, the rest for testing, by a digest of {by}"
        ));
        Ok(())
    }

    /// Counts the test items whose content stands in training, and leaves them out if so told. Returns the keys of
    /// the items that stay.
    ///
    /// # Errors
    /// If no test item would be left.
    pub(super) fn look_for_leaks(&mut self, mut keys: Vec<u128>) -> Result<Vec<u128>, DataError> {
        let Some(splits) = &self.splits else { return Ok(keys) };
        if all_differ(keys.par_iter().map(|key| *key as u64)) {
            return Ok(keys);
        }
        let of = |wanted: Split| keys.iter().zip(splits).filter(move |(_, split)| **split == wanted);
        let train: HashSet<u128> = of(Split::Train).map(|(key, _)| *key).collect();
        let leaked = |row: usize| splits[row] == Split::Test && train.contains(&keys[row]);
        let keep: Vec<bool> = (0..keys.len()).map(|row| !leaked(row)).collect();
        let count = keep.iter().filter(|keep| !**keep).count();
        if count == 0 {
            return Ok(keys);
        }
        let tests = of(Split::Test).count();
        let found = format!("the content of {count} of {tests} test items stands in training too");
        if self.policy.drop_leaked && count == tests {
            return Err(DataError::Usage(format!("{found}: --leaked drop would leave none; give another split")));
        }
        if self.policy.drop_leaked {
            self.notes.push(format!("{found}; they are left out"));
            let mut kept = keep.iter();
            keys.retain(|_| kept.next().copied().unwrap_or(false));
            self.retain(&keep);
        } else {
            self.notes
                .push(format!("{found}, where the heads have seen its loss; --leaked drop leaves such items out"));
        }
        Ok(keys)
    }
}

/// A split by digests: about [`TRAIN_SHARE`] of them train. Where these few leave a side empty, the largest three tenths
/// test, so that two are enough.
fn drawn(digests: &[u128]) -> Vec<Split> {
    let side = |trains: bool| if trains { Split::Train } else { Split::Test };
    let splits: Vec<Split> = digests.iter().map(|digest| side(digest % 100 < TRAIN_SHARE)).collect();
    if splits.contains(&Split::Train) && splits.contains(&Split::Test) {
        return splits;
    }
    let mut different: Vec<u128> = digests.iter().copied().collect::<HashSet<_>>().into_iter().collect();
    different.sort_unstable();
    let tests = (different.len() * 3 / 10).max(1);
    let first = different.len().checked_sub(tests).filter(|train| *train > 0).map(|train| different[train]);
    digests.iter().map(|digest| side(first.is_none_or(|first| *digest < first))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_digests_still_fall_on_both_sides_and_one_cannot() {
        let count = |splits: &[Split], side| splits.iter().filter(|split| **split == side).count();
        // All of these would train.
        let few = drawn(&[100, 201, 100, 302]);
        assert_eq!(few, [Split::Train, Split::Train, Split::Train, Split::Test]);
        assert_eq!(count(&drawn(&[99, 199]), Split::Train), 1);
        assert_eq!(drawn(&[7, 7]), [Split::Train; 2]);
        let many: Vec<u128> = (0..1000).collect();
        assert_eq!(count(&drawn(&many), Split::Train), 700);
    }
}
