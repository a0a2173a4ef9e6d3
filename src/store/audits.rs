//! Audits taken in from a person's files: one compressed file each, written beside and renamed, so that an audit
//! is there as a whole or not at all.

use super::audit_document::Document;
use super::packed_text::{Packing, unpacked};
use super::{Result, Store, StoreError};
use crate::audit::{Audit, is_audit_name};
use std::io::{self, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};

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
        Err(error) if error.kind() == io::ErrorKind::NotFound || !home.is_dir() => return Ok(Vec::new()),
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
    /// Keeps an audit taken in, replacing one of the same name. `before` is done while its file is written, and the file
    /// is there only if that went well.
    ///
    /// # Errors
    /// If the disk refuses; what was there before is then still there.
    pub fn put_ingested(&self, ingested: &Ingested, before: impl FnOnce() -> Result<()> + Send) -> Result<()> {
        self.writes()?;
        check_name(&ingested.audit.name)?;
        let path = path_of(&self.home, &ingested.audit.name);
        let refused = |source| StoreError::Io { path: path.clone(), source };
        crate::files::private_folder(&self.home.join(FOLDER)).map_err(refused)?;
        // The record tells of the old file: it goes first, and is made again from the new one.
        self.tree("audits")?.remove(&ingested.audit.name)?;
        self.flush()?;
        let mut failed = None;
        let written = crate::files::write_private_with(&path, |file| {
            std::thread::scope(|scope| {
                let before = scope.spawn(before);
                let mut packing = BufWriter::new(Packing::new(file));
                serde_json::to_writer(&mut packing, &Document::of(ingested))?;
                packing.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
                let before = before.join().map_err(|_| io::Error::other("a thread stopped"))?;
                failed = before.err();
                if failed.is_some() { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
            })
        });
        failed.map_or_else(|| written.map_err(refused), Err)
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
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let file = std::fs::File::open(&path).map_err(|source| StoreError::Io { path: path.clone(), source })?;
        let damaged =
            |problem: String| StoreError::Damaged { what: format!("the audit in {}", path.display()), problem };
        let most = packed.len().saturating_mul(MOST_TIMES).clamp(UNPACKED, MOST_UNPACKED);
        let (document, all) = unpacked(file, |text| {
            let mut text = BufReader::with_capacity(1 << 16, text.take(most + 1));
            // Value by value: the text of a large audit need not be in memory beside what it says.
            let document = serde_json::from_reader::<_, Document>(&mut text);
            (document, text.get_ref().limit() > 0)
        });
        if !all {
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
