//! Files to audits, and texts to fragments and words.

mod absent;
mod arrays;
mod attribute_columns;
mod attribute_file;
mod builtin;
mod celeba;
mod class_scores;
mod clauses;
mod clip_retrieval;
mod columns;
mod completion;
mod content_words;
mod contents;
mod damage;
mod describe;
mod draft;
mod draft_files;
mod embeddings;
mod evaluations;
mod facts;
mod fragment;
mod identity;
mod image_folder;
mod join;
mod loss_file;
mod losses;
mod manifest;
mod mapping;
mod paper;
mod phrase_vectors;
mod phrases;
mod score_matrix;
mod shard;
mod table;
mod text_column;
mod wilds;
mod words;

pub use arrays::{Array, Matrix, open_array, read_matrix};
pub use attribute_file::{AttributeFile, same_name};
pub use builtin::{ADULT, adult};
pub use celeba::{CelebaSplit, celeba};
pub use class_scores::{ClassScores, ScoreFiles, no_classes};
pub use clauses::{clauses, is_unspaced, joined_words};
pub use clip_retrieval::clip_retrieval;
pub use completion::FurtherModels;
pub use content_words::{content_words, generic_words, is_function_word};
pub use contents::text_key;
pub use draft::{Draft, PackedImages, Policy, Rest, check_splits};
pub use draft_files::LookedAt;
pub use embeddings::{EmbeddingReader, Embeddings};
pub use evaluations::{EvaluationFiles, Evaluations, Harness};
pub use facts::Facts;
pub use fragment::fragment;
pub use identity::GroupBy;
pub use image_folder::image_folder;
pub use join::Items;
pub use loss_file::read_losses;
pub use losses::{Labels, LossKind};
pub use manifest::{Contents, ImagePlace, manifest};
pub use mapping::Mapping;
pub use paper::{PaperRow, paper_table5};
pub use parquet::errors::ParquetError as ParquetProblem;
pub use phrase_vectors::PhraseVectors;
pub use phrases::phrases;
pub use shard::{Footer, LineSink, ParquetSink, Part, Row, RowContent, Shard, Window, Wishes, footer_of};
pub use table::{Source, each_binary};
pub use wilds::wilds;
pub use words::{unseen_words, vocabulary, words};

use crate::audit::{Audit, AuditError};
use thiserror::Error;

/// What is wrong with a file or an audit's name.
#[derive(Debug, Error)]
pub enum DataError {
    #[error("there is no audit '{name}'; known audits: {known}")]
    UnknownAudit { name: String, known: String },
    #[error("{file}, row {row}, column '{column}': {problem}")]
    Cell { file: String, row: usize, column: String, problem: String },
    #[error("{file}: {problem}")]
    File { file: String, problem: String },
    #[error("{file} is damaged: {problem}")]
    Damaged { file: String, problem: String },
    /// What the disk refused.
    #[error("{file}: {problem}")]
    Disk { file: String, problem: String },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// Names of the audits this program carries.
pub const BUILTIN_AUDITS: [&str; 1] = [ADULT];

/// Reads an audit by name.
///
/// # Errors
/// If there is none of this name, or its data are damaged.
pub fn load(name: &str) -> Result<Audit, DataError> {
    if name == ADULT {
        return adult();
    }
    Err(DataError::UnknownAudit { name: name.to_owned(), known: BUILTIN_AUDITS.join(", ") })
}
