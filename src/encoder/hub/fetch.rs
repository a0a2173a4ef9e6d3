//! One file of a repository into the cache: fetched beside its place, checked, then named by us.
//!
//! The cache has the layout that Python's tools use: `blobs/ETAG` holds the bytes, `snapshots/COMMIT/NAME` links to
//! them, `refs/REVISION` holds the commit.

use super::client::{Answer, Client, Fault};
use super::settings::DownloadObserver;
use hf_hub::CacheRepo;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::http::StatusCode;
use ureq::http::header::{CONTENT_LENGTH, CONTENT_RANGE};

/// Tries of a download that breaks; each goes on where the last one stopped.
const TRIES: usize = 3;
/// Largest file of weights, and largest of all others.
const LARGEST_WEIGHTS: u64 = 64 << 30;
const LARGEST_OTHER: u64 = 64 << 20;
/// Bytes that must come while a hub's patience lasts.
const LEAST_BYTES: u64 = 64 << 10;
/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_millis(100);

/// A file that is wanted.
pub(super) struct Wanted<'a> {
    pub client: &'a Client,
    pub address: String,
    /// Where the cache has the repository's files at the revision.
    pub kept: &'a CacheRepo,
    /// `models--org--name` in the cache.
    pub folder: PathBuf,
    pub revision: &'a str,
    pub name: &'a str,
    pub patience: Duration,
    pub observer: Option<Arc<dyn DownloadObserver>>,
}

/// What the hub says of a file.
#[derive(Debug)]
struct Known {
    etag: String,
    commit: String,
    bytes: u64,
}

impl Wanted<'_> {
    /// The file's path in the cache.
    pub fn fetch(&self) -> Result<PathBuf, Fault> {
        let known = self.retrying(|| self.look())?;
        let blob = self.kept.blob_path(&known.etag);
        if !blob.metadata().is_ok_and(|there| there.is_file() && there.len() == known.bytes) {
            self.retrying(|| self.download(&known, &blob))?;
        }
        self.place(&known, &blob).map_err(Fault::from)
    }

    fn retrying<T>(&self, work: impl Fn() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut tries = 1;
        loop {
            match work() {
                Err(Fault::Broken(_)) if tries < TRIES => tries += 1,
                result => return result,
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Asks for the first byte, for the sake of what is said of the file.
    fn look(&self) -> Result<Known, Fault> {
        let answer = match self.client.ask(&self.address, Some("bytes=0-0")) {
            // An empty file has no first byte.
            Err(Fault::Status(416)) => self.client.ask(&self.address, None)?,
            answer => answer?,
        };
        let lacks = |header: &str| Fault::Refused(format!("its answer for {} lacks the header {header}", self.name));
        let bytes = length(&answer).ok_or_else(|| lacks("content-range"))?;
        let weights = self.name.ends_with(".safetensors");
        let most = if weights { LARGEST_WEIGHTS } else { LARGEST_OTHER };
        if bytes > most {
            return Err(Fault::Refused(format!("{} has {bytes} bytes; at most {most} are taken", self.name)));
        }
        let etag = answer.etag.ok_or_else(|| lacks("etag"))?;
        let commit = answer.commit.ok_or_else(|| lacks("x-repo-commit"))?;
        Ok(Known { etag, commit, bytes })
    }

    /// Fetches what is missing of a part, checks it, and gives it its name.
    fn download(&self, known: &Known, blob: &Path) -> Result<(), Fault> {
        let path = self.kept.blob_path(&format!("{}.part", known.etag));
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut part = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        // Another process that fetches the same file is waited for; some file systems have no locks.
        let _ = part.lock();
        if blob.is_file() && blob.metadata()?.len() == known.bytes {
            return Ok(());
        }
        let mut start = part.metadata()?.len();
        if start > known.bytes {
            part.set_len(0)?;
            start = 0;
        }
        self.fill(known, &mut part, start)?;
        if let Some(wrong) = wrong_digest(&mut part, &known.etag)? {
            drop(part);
            fs::remove_file(&path)?;
            let problem = format!("the bytes of {} {wrong}", self.name);
            // What an earlier start left may be to blame.
            return Err(if start > 0 { Fault::Broken(problem) } else { Fault::Refused(problem) });
        }
        part.sync_all()?;
        Ok(fs::rename(&path, blob)?)
    }

    fn fill(&self, known: &Known, part: &mut File, start: u64) -> Result<(), Fault> {
        let mut meter = Meter::new(self, known.bytes, start);
        if start == known.bytes {
            return Ok(());
        }
        let range = format!("bytes={start}-");
        let answer = self.client.ask(&self.address, Some(&range))?;
        if answer.etag.as_ref() != Some(&known.etag) {
            return Err(Fault::Broken(format!("{} changed on the way", self.name)));
        }
        let mut at = start;
        if answer.response.status() == StatusCode::PARTIAL_CONTENT {
            let begins = answer.response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
            if !begins.is_some_and(|range| range.trim().starts_with(&format!("bytes {start}-"))) {
                return Err(Fault::Refused(format!("it sends another part of {} than was asked for", self.name)));
            }
        } else {
            // It sends all of it.
            part.set_len(0)?;
            at = 0;
        }
        part.seek(SeekFrom::Start(at))?;
        let mut reader = answer.response.into_body().into_reader();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = reader.read(&mut buffer).map_err(|error| Fault::Broken(format!("{}: {error}", self.name)))?;
            if read == 0 {
                break;
            }
            at += read as u64;
            if at > known.bytes {
                part.set_len(0)?;
                let problem = format!("it sends more than the {} bytes that {} has", known.bytes, self.name);
                return Err(Fault::Refused(problem));
            }
            part.write_all(&buffer[..read])?;
            meter.came(at)?;
        }
        if at < known.bytes {
            return Err(Fault::Broken(format!("{}: {at} bytes came of {}", self.name, known.bytes)));
        }
        meter.report(at);
        Ok(())
    }

    /// Names the bytes as the snapshot's file, and the commit as the revision's.
    fn place(&self, known: &Known, blob: &Path) -> std::io::Result<PathBuf> {
        let path = self.kept.pointer_path(&known.commit).join(self.name);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above)?;
        }
        if !path.is_file() {
            // One that leads nowhere stands in the way.
            let _ = fs::remove_file(&path);
            let up = "../".repeat(2 + self.name.matches('/').count());
            link(&format!("{up}blobs/{}", known.etag), blob, &path)?;
        }
        if self.revision != known.commit {
            let reference = self.folder.join("refs").join(self.revision);
            if let Some(above) = reference.parent() {
                fs::create_dir_all(above)?;
            }
            fs::write(reference, &known.commit)?;
        }
        Ok(path)
    }
}

#[cfg(unix)]
fn link(relative: &str, blob: &Path, path: &Path) -> std::io::Result<()> {
    match std::os::unix::fs::symlink(relative, path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        // Some file systems have no links.
        Err(_) => fs::copy(blob, path).map(|_| ()),
        Ok(()) => Ok(()),
    }
}

#[cfg(not(unix))]
fn link(_: &str, blob: &Path, path: &Path) -> std::io::Result<()> {
    fs::copy(blob, path).map(|_| ())
}

/// How many bytes the whole file has.
fn length(answer: &Answer) -> Option<u64> {
    let headers = answer.response.headers();
    let range = headers.get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    match (answer.response.status(), range) {
        (StatusCode::PARTIAL_CONTENT, range) => range?.rsplit('/').next()?.trim().parse().ok(),
        _ => headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok(),
    }
}

/// What is wrong with a file if `etag` is a digest of it: SHA-256 of large files, of small ones git's SHA-1 of a blob.
fn wrong_digest(file: &mut File, etag: &str) -> std::io::Result<Option<String>> {
    let hex = etag.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (name, found) = match etag.len() {
        64 if hex => ("SHA-256", digest_of(file, Sha256::new())?),
        40 if hex => {
            let length = file.metadata()?.len();
            ("git's SHA-1", digest_of(file, Sha1::new_with_prefix(format!("blob {length}\0")))?)
        }
        _ => return Ok(None),
    };
    Ok((!found.eq_ignore_ascii_case(etag)).then(|| format!("have {name} {found}, not {etag} as it says")))
}

fn digest_of(file: &mut File, mut digest: impl Digest) -> std::io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Hands progress on a few times a second, and holds the hub to a least pace.
struct Meter<'a> {
    wanted: &'a Wanted<'a>,
    total: u64,
    reported: Option<Instant>,
    /// When the span began in which a least number of bytes must come, and where.
    span: (Instant, u64),
}

impl<'a> Meter<'a> {
    fn new(wanted: &'a Wanted<'a>, total: u64, start: u64) -> Self {
        let now = Instant::now();
        let meter = Self { wanted, total, reported: None, span: (now, start) };
        meter.report(start);
        meter
    }

    fn report(&self, bytes: u64) {
        if let Some(observer) = &self.wanted.observer {
            observer.progress(self.wanted.name, bytes, self.total);
        }
    }

    fn came(&mut self, at: u64) -> Result<(), Fault> {
        let now = Instant::now();
        if self.reported.is_none_or(|last| now - last >= REPORT_EVERY) && at < self.total {
            self.reported = Some(now);
            self.report(at);
        }
        let patience = self.wanted.patience;
        if now - self.span.0 > patience {
            if at.saturating_sub(self.span.1) < LEAST_BYTES && at < self.total {
                return Err(Fault::Refused(format!(
                    "it sends less than {LEAST_BYTES} bytes of {} in {} s; what came is kept, and a later start goes on from there",
                    self.wanted.name,
                    patience.as_secs()
                )));
            }
            self.span = (now, at);
        }
        Ok(())
    }
}
