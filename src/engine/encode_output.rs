//! Where a worker's embeddings go: what may be written, what is there already, and what lies beside it.

use super::EngineError;
use crate::data::{Footer, Row, RowContent, footer_of};
use crate::files::write_with;
use crate::store::pack_words;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Rows without an embedding that are told one by one.
const SHOWN: usize = 20;
/// Endings of files that are neither Parquet nor a pack.
const OTHERS: [&str; 13] =
    ["csv", "tsv", "txt", "json", "jsonl", "ndjson", "npy", "npz", "gz", "tar", "arrow", "feather", "pt"];

/// Where embeddings go.
#[derive(Debug, Clone)]
pub enum Target {
    File(PathBuf),
    /// The standard output, as JSON lines.
    Out,
}

impl Target {
    /// Refuses what could not be written in the end, before there is any work.
    ///
    /// # Errors
    /// If the file's folder is not there or cannot be written, or its name says that it is something else.
    pub fn check(&self) -> Result<(), EngineError> {
        let Self::File(path) = self else { return Ok(()) };
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        if OTHERS.contains(&ending.as_str()) {
            let problem =
                "what is written is Parquet, or a pack where the name ends in .safetensors; - writes JSON lines";
            return Err(EngineError::Usage(format!("{}: {problem}", path.display())));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let problem = format!("{}: there is no folder {}; make it first", path.display(), folder.display());
            return Err(EngineError::Usage(problem));
        }
        tempfile::tempfile_in(folder).map(drop).map_err(|error| disk(folder, &error))
    }
}

/// What the system says of a place: of one that can never be written, another must be given.
pub fn disk(path: &Path, error: &io::Error) -> EngineError {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
    let problem = format!("{}: {error}", path.display());
    match error.kind() {
        NotFound | NotADirectory | IsADirectory | PermissionDenied | ReadOnlyFilesystem => EngineError::Usage(problem),
        _ => EngineError::Internal(problem),
    }
}

pub fn refused(error: io::Error) -> EngineError {
    EngineError::Internal(error.to_string())
}

/// A row that has no embedding, as a line of the list.
#[derive(Debug, Serialize)]
pub struct BadRow {
    pub file: String,
    pub row: u64,
    pub id: String,
    pub why: String,
}

/// A file that belongs to an output.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!("{name}{ending}"))
}

/// Whether a target is to be a pack.
pub fn is_pack(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("safetensors"))
}

/// What an output that is there says, if it is what would be written; an error if it may not be replaced.
pub fn there(path: &Path, promised: &Footer, force: bool) -> Result<Option<Footer>, EngineError> {
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(None) };
    let shown = path.display();
    if !metadata.is_file() {
        let problem = "is a folder, a pipe or a device; give a file to write, or - for the standard output";
        return Err(EngineError::Usage(format!("{shown} {problem}")));
    }
    let footer = if is_pack(path) { pack_words(path).and_then(|words| Footer::read(&words)) } else { footer_of(path) };
    // Without what lies beside it, it is not whole, and made again.
    let lost = |footer: &Footer| {
        let lost = |ending: &str| !beside(path, ending).is_file();
        footer.bad > 0 && lost(".bad.jsonl") || is_pack(path) && lost(".ids.txt")
    };
    match footer {
        Some(footer) if footer.is_of(promised) && !force => Ok(Some(footer).filter(|footer| !lost(footer))),
        Some(_) if force => Ok(None),
        Some(footer) => Err(EngineError::Usage(format!(
            "{shown} is there and holds embeddings of {}; --force replaces it",
            if footer.fingerprint == promised.fingerprint {
                "another input, part or choice of columns".to_owned()
            } else {
                format!("another encoder, {} ({})", footer.encoder, footer.fingerprint)
            }
        ))),
        None => Err(EngineError::Usage(format!(
            "{shown} is there and was not written whole by 'llm2loss encode': it is left as it is; remove it or give another name"
        ))),
    }
}

/// Rows without an embedding, listed as they come up.
pub struct BadRows {
    lines: BufWriter<File>,
    pub count: u64,
    /// The first of them, in words; the first few.
    pub first: Option<String>,
    pub shown: Vec<BadRow>,
}

impl BadRows {
    pub fn new() -> Result<Self, EngineError> {
        let lines = BufWriter::new(tempfile::tempfile().map_err(refused)?);
        Ok(Self { lines, count: 0, first: None, shown: Vec::new() })
    }

    /// Lists a row if it is one of them.
    pub fn add(&mut self, row: &Row) -> Result<(), EngineError> {
        let RowContent::Bad(why) = &row.content else { return Ok(()) };
        self.count += 1;
        self.first.get_or_insert_with(|| format!("row {} of {}: {why}", row.number, row.file));
        let line = BadRow { file: row.file.to_string(), row: row.number, id: row.id.clone(), why: why.clone() };
        serde_json::to_writer(&mut self.lines, &line).map_err(|error| refused(error.into()))?;
        if self.shown.len() < SHOWN {
            self.shown.push(line);
        }
        self.lines.write_all(b"\n").map_err(refused)
    }

    /// Leaves the list beside the output; an older one goes where there is none.
    pub fn keep(&mut self, footer: &Footer, path: &Path) -> Result<(), EngineError> {
        self.lines.flush().map_err(refused)?;
        if footer.bad > 0 {
            return copy_beside(self.lines.get_mut(), path);
        }
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(refused(error)),
            _ => Ok(()),
        }
    }
}

/// Copies a file without a name to a place, whole.
pub fn copy_beside(from: &mut File, path: &Path) -> Result<(), EngineError> {
    from.seek(SeekFrom::Start(0)).map_err(refused)?;
    let copied = write_with(path, |file| io::copy(from, file).map(drop));
    copied.map_err(|error| disk(path, &error))
}
