//! What is kept of an audit, so that a second start need not read its items.

use super::{Result, Store, codec};
use crate::audit::{AttributePrompts, Audit, RunId, Split};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An audit without its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditRecord {
    pub name: String,
    pub models: Vec<String>,
    pub attributes: Vec<(String, AttributePrompts)>,
    pub train_items: usize,
    pub test_items: usize,
    /// What opens the encoder, and the fingerprint it had when the audit was taken in.
    pub encoder: String,
    pub encoder_fingerprint: String,
    /// Whether the items are texts.
    pub has_texts: bool,
    /// Every word that an item, or a prompt of the audit itself, uses.
    pub vocabulary: BTreeSet<String>,
    /// Form of the record and the program version that wrote it; another one reads the data again.
    pub version: String,
}

impl AuditRecord {
    /// The record of an audit with its encoder's name and fingerprint, whose items use the words of `vocabulary`.
    #[must_use]
    pub fn of(audit: &Audit, encoder: (&str, &str), vocabulary: BTreeSet<String>) -> Self {
        Self {
            encoder: encoder.0.to_owned(),
            encoder_fingerprint: encoder.1.to_owned(),
            has_texts: audit.has_texts(),
            name: audit.name.clone(),
            models: audit.models.iter().map(|model| model.name.clone()).collect(),
            attributes: audit.attribute_prompts().map(|(name, prompts)| (name.to_owned(), prompts.clone())).collect(),
            train_items: audit.rows(Split::Train).len(),
            test_items: audit.rows(Split::Test).len(),
            vocabulary,
            version: VERSION.to_owned(),
        }
    }
}

/// Form of a record, to be raised whenever what it is made of changes.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "/3");

/// Key of something that belongs to a model of an audit; the separator cannot stand in a name.
pub(super) fn model_key(audit: &str, model: &str) -> String {
    format!("{audit}\u{1f}{model}")
}

impl Store {
    /// Keeps an audit's record.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn put_audit(&self, audit: &Audit, encoder: (&str, &str), vocabulary: BTreeSet<String>) -> Result<AuditRecord> {
        let record = AuditRecord::of(audit, encoder, vocabulary);
        self.tree("audits")?.insert(&audit.name, codec::seal_json(&record, "the audit")?)?;
        self.flush()?;
        Ok(record)
    }

    /// An audit's record, if this version of the program has kept one.
    ///
    /// # Errors
    /// If the store cannot be read; a damaged record counts as none.
    pub fn audit(&self, name: &str) -> Result<Option<AuditRecord>> {
        let value = self.tree("audits")?.get(name)?;
        let record: Option<AuditRecord> = value.and_then(|value| codec::unseal_json(&value, "the audit").ok());
        Ok(record.filter(|record| record.version == VERSION))
    }

    /// Remembers which model and run a person looked at last.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn set_shown(&self, audit: &str, model: &str, run: &RunId) -> Result<()> {
        self.tree("shown")?.insert(audit, model)?;
        self.set_shown_run(audit, model, run)
    }

    /// Remembers which run answers for a model, without looking at that model.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn set_shown_run(&self, audit: &str, model: &str, run: &RunId) -> Result<()> {
        self.tree("shown")?.insert(model_key(audit, model), run.0.as_str())?;
        self.keep_shown()
    }

    /// The model looked at last.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn shown_model(&self, audit: &str) -> Result<Option<String>> {
        let value = self.tree("shown")?.get(audit)?;
        Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
    }

    /// The run of a model looked at last.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn shown_run(&self, audit: &str, model: &str) -> Result<Option<RunId>> {
        let value = self.tree("shown")?.get(model_key(audit, model))?;
        Ok(value.map(|value| RunId(String::from_utf8_lossy(&value).into_owned())))
    }
}
