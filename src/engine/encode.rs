//! One shard to embeddings: read in windows, encoded, written beside its place. A worker keeps no state and opens no
//! home, so that any engine may run as many as it likes, and run one again.

use super::encode_output::{BadRow, BadRows, Target, beside, copy_beside, disk, is_pack, refused, there};
use super::{EngineError, Stage, Tracker};
use crate::data::{Footer, LineSink, ParquetProblem, ParquetSink, Row, RowContent, Shard, Window};
use crate::encoder::{Encoder, Pixels};
use crate::files::write_with;
use crate::store::{ContentHash, PackSink, bytes_hash, content_hash};
use rayon::prelude::*;
use serde::Serialize;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Rows that are encoded together: texts, and images, whose pixels are in memory at once.
const TEXT_WINDOW: usize = 1024;
const IMAGE_WINDOW: usize = 64;

/// What a worker did.
#[derive(Debug, Serialize)]
pub struct EncodeReport {
    pub output: String,
    /// It was there already, whole and of the same input and encoder.
    pub kept: bool,
    pub encoder: String,
    pub encoder_fingerprint: String,
    pub dimension: usize,
    pub input: String,
    pub part: Option<String>,
    pub rows: u64,
    pub bad: u64,
    /// The file that lists them.
    pub bad_file: Option<String>,
    /// The first of them, where no file does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bad_rows: Vec<BadRow>,
    pub notes: Vec<String>,
}

/// Encodes a shard.
///
/// # Errors
/// If it or the encoder fails, the target is another's file, or the work is cancelled; nothing is there then that was
/// not there before.
pub fn encode(
    shard: Shard,
    encoder: &dyn Encoder,
    target: &Target,
    force: bool,
    tracker: &Tracker,
) -> Result<EncodeReport, EngineError> {
    if shard.has_images && !encoder.reads_images() {
        return Err(EngineError::Usage(format!(
            "{}: its rows are images, and encoder {} reads text only; give a CLIP or SigLIP model, or name the texts by --column text=COLUMN",
            shard.name,
            encoder.name()
        )));
    }
    let promised = Footer {
        encoder: encoder.name().to_owned(),
        fingerprint: encoder.fingerprint().to_owned(),
        dimension: encoder.dimension(),
        input: shard.digest.clone(),
        part: shard.part.clone(),
        columns: shard.columns.clone(),
        rows: 0,
        bad: 0,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        numbers: String::new(),
    };
    let mut notes = shard.notes.clone();
    if let Target::File(path) = target
        && let Some(there) = there(path, &promised, force)?
    {
        notes.push("it is there already, whole and of this input and encoder, and is left alone".into());
        return Ok(report(target, &there, true, notes, Vec::new()));
    }
    tracker.stage(Stage::Embedding, shard.rows);
    let work = Work { shard, encoder, tracker, footer: promised, bad: BadRows::new()? };
    let (footer, bad_rows) = match target {
        Target::Out => work.lines()?,
        Target::File(path) => (work.file(path)?, Vec::new()),
    };
    Ok(report(target, &footer, false, notes, bad_rows))
}

fn report(target: &Target, footer: &Footer, kept: bool, notes: Vec<String>, bad_rows: Vec<BadRow>) -> EncodeReport {
    let (output, bad_file) = match target {
        Target::Out => ("-".to_owned(), None),
        Target::File(path) => (path.display().to_string(), Some(beside(path, ".bad.jsonl").display().to_string())),
    };
    EncodeReport {
        output,
        kept,
        encoder: footer.encoder.clone(),
        encoder_fingerprint: footer.fingerprint.clone(),
        dimension: footer.dimension,
        input: footer.input.clone(),
        part: Some(footer.part.clone()).filter(|part| !part.is_empty()),
        rows: footer.rows,
        bad: footer.bad,
        bad_file: bad_file.filter(|_| footer.bad > 0),
        bad_rows,
        notes,
    }
}

struct Work<'a> {
    shard: Shard,
    encoder: &'a dyn Encoder,
    tracker: &'a Tracker,
    footer: Footer,
    bad: BadRows,
}

/// Some rows that have embeddings, these, `[rows, dimension]`, and the digests of their contents.
type Taken<'a> = dyn FnMut(Window, &[f32], &[ContentHash]) -> Result<(), EngineError> + 'a;

impl Work<'_> {
    /// Writes JSON lines to the standard output, for as long as somebody reads them.
    fn lines(mut self) -> Result<(Footer, Vec<BadRow>), EngineError> {
        let out = BufWriter::new(io::stdout().lock());
        let mut sink = LineSink::new(out, &self.shard, self.encoder.dimension())?;
        let mut closed = false;
        let done = self.each(&mut |window, embeddings, _| {
            sink.add(&window, embeddings).map_err(|error| {
                closed = error.kind() == io::ErrorKind::BrokenPipe;
                refused(error)
            })
        });
        match done {
            Err(error) if !closed => Err(error),
            _ => Ok((self.footer, self.bad.shown)),
        }
    }

    /// Writes a file, after what belongs beside it.
    fn file(mut self, path: &Path) -> Result<Footer, EngineError> {
        let mut failure = None;
        let written = write_with(path, |file| {
            let done = if is_pack(path) { self.pack(file, path) } else { self.parquet(file) };
            done.and_then(|()| self.bad.keep(&self.footer, &beside(path, ".bad.jsonl"))).map_err(|error| {
                failure = Some(error);
                io::Error::other("not written")
            })
        });
        match (failure, written) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(disk(path, &error)),
            (None, Ok(())) => Ok(self.footer),
        }
    }

    fn parquet(&mut self, file: &mut File) -> Result<(), EngineError> {
        let refused = |error: ParquetProblem| EngineError::Internal(format!("cannot write Parquet: {error}"));
        let mut sink = ParquetSink::new(&mut *file, &self.shard, self.encoder.dimension()).map_err(refused)?;
        self.each(&mut |window, embeddings, _| sink.add(window, embeddings).map_err(refused))?;
        sink.finish(&self.footer).map_err(refused)
    }

    /// Numbers wait in a file without a name until it is known how many rows there are.
    fn pack(&mut self, file: &mut File, path: &Path) -> Result<(), EngineError> {
        let mut ids = BufWriter::new(tempfile::tempfile().map_err(refused)?);
        let mut sink = PackSink::new(self.encoder.dimension()).map_err(refused)?;
        self.each(&mut |window, embeddings, digests| {
            for row in &window.rows {
                if row.id.contains(['\n', '\r']) {
                    let problem = "its ids hold line breaks, and a pack's stand one a line; write Parquet";
                    return Err(EngineError::Usage(format!("{}: {problem}", row.file)));
                }
                writeln!(ids, "{}", row.id).map_err(refused)?;
            }
            sink.add(embeddings, digests).map_err(refused)
        })?;
        let mut ids = ids.into_inner().map_err(|error| refused(error.into_error()))?;
        sink.finish(file, &self.footer.fingerprint, self.footer.pairs()).map_err(refused)?;
        copy_beside(&mut ids, &beside(path, ".ids.txt"))
    }

    /// Encodes window after window.
    fn each(&mut self, take: &mut Taken<'_>) -> Result<(), EngineError> {
        let most = if self.shard.has_images { IMAGE_WINDOW } else { TEXT_WINDOW };
        let mut done = 0;
        while let Some(mut window) = self.shard.next(most)? {
            if self.tracker.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            done += window.rows.len() as u64;
            let found = self.embed(&mut window.rows)?;
            let keep: Vec<bool> = window.rows.iter().map(|row| !matches!(row.content, RowContent::Bad(_))).collect();
            for row in &window.rows {
                self.bad.add(row)?;
            }
            window.retain(&keep);
            self.footer.rows += window.rows.len() as u64;
            take(window, &found.0, &found.1)?;
            self.tracker.done(done);
        }
        self.footer.bad = self.bad.count;
        self.shard.check_unchanged()?;
        match &self.bad.first {
            Some(first) if self.footer.rows == 0 => Err(EngineError::Usage(format!(
                "{}: none of its {} rows can be embedded; {first}",
                self.shard.name, self.bad.count
            ))),
            _ => Ok(()),
        }
    }

    /// Embeddings and digests of the rows that have any; the others are told why not.
    fn embed(&self, rows: &mut [Row]) -> Result<(Vec<f32>, Vec<ContentHash>), EngineError> {
        let digest = |row: &Row| match &row.content {
            RowContent::Text(text) => Some(content_hash(text)),
            RowContent::Image(bytes) => Some(bytes_hash(bytes)),
            RowContent::Bad(_) => None,
        };
        let digests: Vec<Option<ContentHash>> = rows.iter().map(digest).collect();
        let embeddings = if self.shard.has_images { self.images(rows)? } else { self.texts(rows)? };
        let dimension = self.encoder.dimension();
        let (mut kept, mut hashes) = (Vec::with_capacity(embeddings.len()), Vec::with_capacity(rows.len()));
        let mut found = embeddings.chunks_exact(dimension.max(1));
        for (row, digest) in rows.iter_mut().zip(digests) {
            if matches!(row.content, RowContent::Bad(_)) {
                continue;
            }
            let embedding = found.next().unwrap_or_default();
            if embedding.iter().any(|value| !value.is_finite()) || embedding.is_empty() {
                return Err(EngineError::Internal(format!(
                    "encoder {} gives numbers that are not finite for row {} of {}; its weights may be damaged",
                    self.encoder.name(),
                    row.number,
                    row.file
                )));
            }
            if embedding.iter().all(|value| *value == 0.0) {
                row.content = RowContent::Bad("it holds no word that the encoder knows".into());
                continue;
            }
            kept.extend_from_slice(embedding);
            hashes.extend(digest);
        }
        Ok((kept, hashes))
    }

    fn texts(&self, rows: &[Row]) -> Result<Vec<f32>, EngineError> {
        let mut texts = Vec::with_capacity(rows.len());
        for row in rows {
            if let RowContent::Text(text) = &row.content {
                texts.push(text.as_str());
            }
        }
        Ok(if texts.is_empty() { Vec::new() } else { self.encoder.encode(&texts)? })
    }

    /// Images are decoded on all cores.
    fn images(&self, rows: &mut [Row]) -> Result<Vec<f32>, EngineError> {
        let prepare = |row: &mut Row| {
            let RowContent::Image(bytes) = &row.content else { return None };
            match self.encoder.prepare_image(bytes) {
                Ok(pixels) => Some(pixels),
                Err(error) => {
                    row.content = RowContent::Bad(error.to_string());
                    None
                }
            }
        };
        let pixels: Vec<Option<Pixels>> = rows.par_iter_mut().map(prepare).collect();
        let pixels: Vec<Pixels> = pixels.into_iter().flatten().collect();
        Ok(if pixels.is_empty() { Vec::new() } else { self.encoder.encode_images(&pixels)? })
    }
}
