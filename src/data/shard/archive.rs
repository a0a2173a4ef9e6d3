//! A tar of images as webdataset writes it: members of the same stem follow each other and are one row. Nothing is
//! ever unpacked, so that a member's name is no more than a name. A thread reads ahead.

use super::fault;
use super::lines::object;
use super::records::{LARGEST_IMAGE, Record, Records};
use crate::data::DataError;
use crate::data::image_folder::is_image;
use crate::data::table::{LARGEST_CELL, Source, file_name};
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tar::{Archive, Entry, EntryType, PaxExtensions};
use xxhash_rust::xxh3::xxh3_64;

/// Rows that are read ahead, and longest name of a member.
const AHEAD: usize = 4;
const LONGEST_NAME: u64 = 1 << 16;
/// Bytes of zeros that an archive ends with at least.
const END: usize = 512;
/// Endings of archives.
const FORMS: [&str; 3] = [".tar", ".tar.gz", ".tgz"];

/// Whether a file is a tar: by its first bytes, unpacked if it is gzip, or by its name.
pub fn is_archive(path: &Path) -> bool {
    let name = file_name(path).to_lowercase();
    let named = FORMS.iter().any(|form| name.ends_with(form));
    named || Source::open(path).is_ok_and(|source| source.head.get(257..262) == Some(b"ustar"))
}

struct Members {
    file: String,
    rows: Receiver<Sent>,
    ended: bool,
}

/// A row, the end after the last, or what is wrong: a thread that says none of them was torn off.
type Sent = Result<Option<Record>, String>;

/// Opens an archive.
pub fn open(path: &Path, wanted: bool) -> Result<Box<dyn Records>, DataError> {
    let file = file_name(path);
    let source = Source::open(path)?;
    let (sender, rows) = sync_channel(AHEAD);
    let spawned = std::thread::Builder::new().name("archive".into()).spawn(move || {
        let told = read(source.into_reader(), wanted, &sender);
        // Nobody may listen any more: then nobody needs to know.
        let _ = sender.send(told.map(|()| None));
    });
    spawned.map_err(|error| fault(&file, error.to_string()))?;
    Ok(Box::new(Members { file, rows, ended: false }))
}

impl Records for Members {
    fn next(&mut self) -> Result<Option<Record>, DataError> {
        if self.ended {
            return Ok(None);
        }
        let torn_off = || Err("reading the archive stopped on an internal error".to_owned());
        let sent = self.rows.recv().unwrap_or_else(|_| torn_off());
        self.ended = !matches!(sent, Ok(Some(_)));
        sent.map_err(|problem| fault(&self.file, problem))
    }
}

/// A row whose members are still coming.
struct Open {
    stem: PathBuf,
    record: Record,
    /// Kinds of members that it has: a second of a kind is another view, and passed over.
    kinds: Vec<String>,
}

/// Sends the rows of an archive one by one; ends early where nobody listens.
fn read(reader: impl Read, wanted: bool, sender: &SyncSender<Sent>) -> Result<(), String> {
    let mut archive = Archive::new(Tail { inner: reader, zeros: 0 });
    let entries = archive.entries().map_err(|error| error.to_string())?.raw(true);
    let (mut long, mut open, mut number): (Option<Vec<u8>>, Option<Open>, u64) = (None, None, 0);
    let mut seen = HashSet::new();
    for entry in entries {
        let mut entry = entry.map_err(|error| format!("the archive is damaged after row {number}: {error}"))?;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => long = Some(short(&mut entry)?),
            EntryType::XHeader => long = pax_name(&mut entry)?.or(long),
            EntryType::Regular
            | EntryType::Continuous
            | EntryType::Link
            | EntryType::Symlink
            | EntryType::GNUSparse => {
                let name = long.take().unwrap_or_else(|| entry.path_bytes().into_owned());
                let (name, is_text) = (String::from_utf8_lossy(&name), std::str::from_utf8(&name).is_ok());
                let Some((stem, ending)) = stem(name.trim_end_matches('\0')) else { continue };
                if open.as_ref().is_none_or(|open| open.stem != stem) {
                    number += 1;
                    if !seen.insert(xxh3_64(stem.as_os_str().as_encoded_bytes())) {
                        return Err(scattered(&stem));
                    }
                    let id = Some(stem.to_string_lossy().into_owned());
                    let bad = (!is_text).then(|| "its name is not UTF-8".to_owned());
                    let record = Record { number, id, bad, ..Record::default() };
                    let before = open.replace(Open { stem, record, kinds: Vec::new() });
                    if before.is_some_and(|before| sender.send(Ok(Some(before.record))).is_err()) {
                        return Ok(());
                    }
                }
                let Some(open) = &mut open else { continue };
                match kind {
                    EntryType::Regular | EntryType::Continuous => member(&mut entry, &ending, open, wanted)?,
                    _ => drop(open.record.bad.get_or_insert("a member is a link or sparse, and not read".into())),
                }
            }
            // Folders and devices have nothing to embed.
            _ => long = None,
        }
    }
    if archive.into_inner().zeros < END {
        return Err(format!("the archive has no end after row {number}: it is cut off"));
    }
    if let Some(last) = open {
        // Nobody may listen any more.
        let _ = sender.send(Ok(Some(last.record)));
    }
    Ok(())
}

/// The error of a row whose members do not follow each other: it would be two, each without what the other has.
fn scattered(stem: &Path) -> String {
    let stem = stem.display();
    format!(
        "the members of row '{stem}' do not lie together, as webdataset wants it; write the archive again with tar --sort=name"
    )
}

/// Counts the zeros that were read last.
struct Tail<R> {
    inner: R,
    zeros: usize,
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let zeros = buffer[..count].iter().rev().take_while(|byte| **byte == 0).count();
        self.zeros = if zeros == count { self.zeros + zeros } else { zeros };
        Ok(count)
    }
}

/// What a name has before the first dot of its last part, and what follows: the row and the kind of member.
fn stem(name: &str) -> Option<(PathBuf, String)> {
    let path = Path::new(name);
    let last = path.file_name()?.to_str()?;
    // Sums and marks of systems.
    if last.starts_with('.') {
        return None;
    }
    let (stem, ending) = last.split_once('.').unwrap_or((last, ""));
    Some((path.with_file_name(stem), ending.to_lowercase()))
}

/// The whole of a member that holds a name.
fn short(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, String> {
    let length = entry.size();
    if length > LONGEST_NAME {
        return Err(format!("the name of a member has {length} bytes; at most {LONGEST_NAME} are taken"));
    }
    let mut bytes = Vec::new();
    entry.take(LONGEST_NAME).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The name that a header of keys gives the next member.
fn pax_name(entry: &mut Entry<'_, impl Read>) -> Result<Option<Vec<u8>>, String> {
    let bytes = short(entry)?;
    let mut name = None;
    for pair in PaxExtensions::new(&bytes) {
        let pair = pair.map_err(|error| error.to_string())?;
        match pair.key_bytes() {
            b"path" => name = Some(pair.value_bytes().to_vec()),
            b"size" => return Err("a member has its length in an extended header, which only huge ones need".into()),
            _ => {}
        }
    }
    Ok(name)
}

/// Takes what a member says of its row.
fn member(entry: &mut Entry<'_, impl Read>, ending: &str, open: &mut Open, wanted: bool) -> Result<(), String> {
    let image = is_image(Path::new(&format!("x.{ending}")));
    let kind = if image { "image" } else { ending };
    let again = open.kinds.iter().any(|known| known == kind);
    if image && again {
        open.record.spare.get_or_insert_with(|| ending.into());
    }
    if !["image", "txt", "json", "cls"].contains(&kind) || again {
        return Ok(());
    }
    open.kinds.push(kind.to_owned());
    let record = &mut open.record;
    if image {
        record.image = Some(Vec::new());
    }
    let most = if image { LARGEST_IMAGE } else { LARGEST_CELL as u64 };
    if entry.size() > most {
        let problem = format!("member '{ending}' has {} bytes; at most {most} are taken", entry.size());
        record.bad.get_or_insert(problem);
        return Ok(());
    }
    if image && !wanted {
        return Ok(());
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|error| format!("the archive is damaged: {error}"))?;
    if image {
        record.image = Some(bytes);
        return Ok(());
    }
    let cells = match (kind, String::from_utf8(bytes)) {
        ("json", Ok(text)) => {
            let read = object(text.as_bytes(), "json", record.number);
            record.bad = record.bad.take().or(read.bad);
            read.cells
        }
        (_, Ok(text)) => vec![(if kind == "txt" { "text" } else { "label" }.into(), text.trim().to_owned())],
        (_, Err(_)) => {
            record.bad.get_or_insert(format!("member '{ending}' is not UTF-8"));
            Vec::new()
        }
    };
    // What two members say of one name, the first says.
    let known = |record: &Record, name: &str| record.cells.iter().any(|(known, _)| known == name);
    for (name, cell) in cells {
        if !known(record, &name) {
            record.cells.push((name, cell));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_row_share_what_stands_before_the_first_dot() {
        let of = |name: &str| stem(name).map(|(stem, ending)| (stem.to_string_lossy().into_owned(), ending));
        assert_eq!(of("a/00.17/0001.seg.PNG"), Some(("a/00.17/0001".into(), "seg.png".into())));
        assert_eq!(of("../../etc/passwd"), Some(("../../etc/passwd".into(), String::new())));
        assert_eq!((of("a/.DS_Store"), of("a/..")), (None, None));
    }
}
