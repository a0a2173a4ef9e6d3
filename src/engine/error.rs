//! Everything that long work can fail with.

use crate::audit::AuditError;
use crate::data::DataError;
use crate::diagnose::DiagnoseError;
use crate::encoder::EncoderError;
use crate::heads::HeadsError;
use crate::store::StoreError;
use thiserror::Error;

/// A failure of the engine, in words for a person.
#[derive(Debug, Error)]
pub enum EngineError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Encoder(#[from] EncoderError),
    #[error(transparent)]
    Heads(#[from] HeadsError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Diagnose(#[from] DiagnoseError),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Internal(String),
    #[error("training diverged in epoch {epoch}: the {head} loss left all bounds; lower the learning rate")]
    Diverged { epoch: usize, head: String },
    #[error("cancelled")]
    Cancelled,
}

impl EngineError {
    /// Whether other input would mend it: exit code 2 rather than 1.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Store(error) => error.is_usage(),
            Self::Data(DataError::Disk { .. }) => false,
            Self::Encoder(EncoderError::Unopened { .. }) => true,
            Self::Data(_)
            | Self::Audit(_)
            | Self::Usage(_)
            | Self::Encoder(EncoderError::NoVector { .. })
            | Self::Diagnose(DiagnoseError::Encoder(EncoderError::NoVector { .. }))
            | Self::Diverged { .. }
            | Self::Heads(HeadsError::Unusable(_)) => true,
            _ => false,
        }
    }
}
