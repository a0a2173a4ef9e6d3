//! Files to audits, and texts to fragments and words.

mod arrays;
mod attribute_file;
mod builtin;
mod celeba;
mod class_scores;
mod clip_retrieval;
mod columns;
mod content;
mod draft;
mod fragment;
mod manifest;
mod paper;
mod phrases;
mod table;
mod wilds;
mod words;

pub use arrays::{Matrix, read_matrix};
pub use attribute_file::AttributeFile;
pub use builtin::{ADULT, adult};
pub use celeba::{CelebaSplit, celeba};
pub use class_scores::{ClassScores, ScoreFiles, no_classes};
pub use clip_retrieval::clip_retrieval;
pub use columns::Mapping;
pub use content::{content_words, generic_words, is_function_word};
pub use draft::{Draft, Rest, check_splits};
pub use fragment::fragment;
pub use manifest::{ImagePlace, LossFile, manifest, read_losses};
pub use paper::{PaperRow, paper_table5};
pub use phrases::phrases;
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
