//! An input as a whole or a part of it: which files, which rows, how they are read.

use super::digest::digest_of;
use super::layout::Layout;
use super::parquet_rows::ParquetReader;
use super::records::{Open, TextReader};
use super::{Shard, Wishes, archive, fault, folder, lines, stamp};
use crate::data::DataError;
use crate::data::damage::decoded;
use crate::data::image_folder::image_files;
use crate::data::table::{Source, file_name, files, folder_of, is_blank, is_parquet, not_copied};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use tempfile::TempDir;

/// One of so many parts of an input, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub number: u64,
    pub of: u64,
}

impl FromStr for Part {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let pair = word.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match pair {
            Some((number, of)) if number < of => Ok(Self { number, of }),
            Some((number, of)) if of > 0 => {
                Err(format!("parts are counted from 0: the last of {of} is {}/{of}, not {number}/{of}", of - 1))
            }
            _ => Err("give I/N, such as 0/16 for the first of 16".into()),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Part {
    /// Where it begins and ends among so many; neighbours meet.
    fn range(self, count: u64) -> (u64, u64) {
        let at = |number: u64| (u128::from(count) * u128::from(number) / u128::from(self.of)) as u64;
        (at(self.number), at(self.number + 1))
    }
}

/// How files are read.
enum Form {
    Parquet,
    Records(Open),
}

/// What is read.
struct Input {
    files: Vec<PathBuf>,
    name: String,
    /// Folder that paths are relative to.
    root: PathBuf,
    /// The files are images themselves.
    images: bool,
}

/// Opens a shard, or a part of it.
pub fn open(path: &Path, wishes: &Wishes) -> Result<Shard, DataError> {
    let Some((copy, file)) = spooled(path)? else { return open_files(&input(path)?, wishes) };
    let input = Input { files: vec![file], name: "stdin".into(), root: folder_of(path), images: false };
    let mut shard = open_files(&input, wishes)?;
    shard.copy = Some(copy);
    Ok(shard)
}

/// A copy of what comes through a pipe, which can be read only once.
fn spooled(path: &Path) -> Result<Option<(TempDir, PathBuf)>, DataError> {
    if !std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        return Ok(None);
    }
    let mut reader = Source::begin(path)?.into_reader();
    let mut copy = || {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("stdin");
        std::io::copy(&mut reader, &mut std::fs::File::create(&file)?)?;
        Ok((folder, file))
    };
    copy().map(Some).map_err(|error: std::io::Error| not_copied(file_name(path), &error))
}

fn input(path: &Path) -> Result<Input, DataError> {
    let named = |files: Vec<PathBuf>, root: PathBuf, images: bool| Input { files, name: file_name(path), root, images };
    let found = match files(path) {
        Err(_) if path.is_dir() => {
            // A folder without rows: archives, else images.
            if let Ok(Some(archives)) = files(&path.join("*.tar")) {
                return Ok(named(archives, path.to_owned(), false));
            }
            let (root, images) = image_files(path)?;
            return Ok(named(images, root, true));
        }
        found => found?,
    };
    Ok(named(found.unwrap_or_else(|| vec![path.to_owned()]), folder_of(path), false))
}

fn open_files(input: &Input, wishes: &Wishes) -> Result<Shard, DataError> {
    let (mut files, part) = (input.files.clone(), wishes.part);
    let mut rows = part;
    // Of several files whole ones are taken where there are enough.
    if let Some(cut) = part.filter(|part| files.len() > 1 && files.len() as u64 >= part.of) {
        let (start, end) = cut.range(files.len() as u64);
        files = files.drain(start as usize..end as usize).collect();
        rows = None;
    }
    let first = files.first().ok_or_else(|| fault(&input.name, "no file is called so"))?.clone();
    let stamps = files.iter().map(|file| (file.clone(), stamp(file))).collect();
    let digest = digest_of(&files)?;
    let form = if input.images {
        Form::Records(folder::opener(&input.root))
    } else {
        form_of(files.iter().find(|file| !is_blank(file)).unwrap_or(&first))?
    };
    let mut shard = decoded(&first, || match form {
        Form::Parquet => ParquetReader::open(files, &input.root, wishes),
        Form::Records(open) => {
            let layout = Layout::of(&files, &open, &input.name)?;
            let count = layout.counts.iter().sum();
            let made = TextReader::of(layout, files, open, input.root.clone(), wishes)?;
            Ok(Shard::new(Box::new(made.reader), made.fields, count, made.has_images, made.notes))
        }
    })?;
    shard.name.clone_from(&input.name);
    (shard.digest, shard.stamps) = (digest, stamps);
    shard.columns = wishes.words();
    shard.part = part.map(|part| part.to_string()).unwrap_or_default();
    if let Some(rows) = rows {
        let (start, end) = rows.range(shard.rows);
        (shard.first, shard.rows) = (start, end - start);
    }
    Ok(shard)
}

fn form_of(path: &Path) -> Result<Form, DataError> {
    Ok(if is_parquet(path) {
        Form::Parquet
    } else if archive::is_archive(path) {
        Form::Records(Arc::new(archive::open))
    } else if lines::is_lines(path)? {
        Form::Records(Arc::new(lines::open_lines))
    } else {
        Form::Records(Arc::new(lines::open_table))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_meet_and_are_counted_from_zero() {
        for (count, of) in [(0u64, 3u64), (7, 16), (16, 16), (200_000, 7), (u64::MAX, 5)] {
            let mut end = 0;
            for number in 0..of {
                let (start, next) = Part { number, of }.range(count);
                assert_eq!(start, end);
                end = next;
            }
            assert_eq!(end, count);
        }
        assert_eq!("0/16".parse(), Ok(Part { number: 0, of: 16 }));
        assert!("16/16".parse::<Part>().is_err_and(|said| said.contains("15/16")));
        assert!("0/0".parse::<Part>().is_err() && "3".parse::<Part>().is_err());
    }
}
