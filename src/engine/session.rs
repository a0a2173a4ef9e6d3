//! One open audit: its store, encoder, device and items. Everything here may take a while and runs off the UI thread.

use super::rows::own_words;
use super::{AuditView, ComputeDevice, DeviceChoice, EngineError};
use crate::audit::Audit;
use crate::data;
use crate::encoder::{self, Encoder};
use crate::store::{AuditRecord, Store};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

/// An audit with its store, encoder and device.
pub struct Session {
    pub(super) store: Store,
    pub(super) encoder: Arc<dyn Encoder>,
    choice: DeviceChoice,
    /// Opened when it is first needed, with a word on it: a GPU takes a while, and answers need none.
    device: OnceLock<(ComputeDevice, Option<String>)>,
    pub(super) record: AuditRecord,
    audit: OnceLock<Arc<Audit>>,
    /// Embeddings of all items, `[items, d]`, once they were needed.
    pub(super) embeddings: Mutex<Option<Arc<Vec<f32>>>>,
}

impl Session {
    /// Opens an audit in the store under `home`, reading its data if the store does not know it yet.
    ///
    /// # Errors
    /// If the store cannot be opened or there is no such audit.
    pub fn open(home: &Path, audit: &str) -> Result<Self, EngineError> {
        if !data::BUILTIN_AUDITS.contains(&audit) {
            return Err(data::load(audit)
                .err()
                .map_or_else(|| EngineError::Usage(format!("audit '{audit}' cannot be opened")), EngineError::from));
        }
        let store = Store::open(home)?;
        let encoder = encoder::open("builtin")?;
        let known = store.audit(audit)?;
        let loaded = OnceLock::new();
        let record = if let Some(record) = known {
            record
        } else {
            let audit = data::load(audit)?;
            let vocabulary = own_words(&audit);
            let record = store.put_audit(&audit, vocabulary)?;
            // Nobody else can have set it: the session is not shared yet.
            let _ = loaded.set(Arc::new(audit));
            record
        };
        Ok(Self {
            store,
            encoder,
            choice: DeviceChoice::Auto,
            device: OnceLock::new(),
            record,
            audit: loaded,
            embeddings: Mutex::new(None),
        })
    }

    /// Trains on the device chosen; without a choice, on the best there is.
    #[must_use]
    pub fn on(self, choice: DeviceChoice) -> Self {
        Self { choice, device: OnceLock::new(), ..self }
    }

    /// The device that heads are trained on.
    ///
    /// # Errors
    /// If the one chosen is not to be had.
    pub fn device(&self) -> Result<&ComputeDevice, EngineError> {
        if let Some((device, _)) = self.device.get() {
            return Ok(device);
        }
        let opened = ComputeDevice::open(self.choice)?;
        Ok(&self.device.get_or_init(|| opened).0)
    }

    /// A sentence on the device, where it is not the one a person may have counted on.
    #[must_use]
    pub fn device_note(&self) -> Option<&str> {
        self.device().ok()?;
        self.device.get()?.1.as_deref()
    }

    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    #[must_use]
    pub fn record(&self) -> &AuditRecord {
        &self.record
    }

    #[must_use]
    pub fn encoder(&self) -> &dyn Encoder {
        self.encoder.as_ref()
    }

    /// What stays the same while the audit is open.
    #[must_use]
    pub fn view(&self) -> AuditView {
        AuditView {
            name: self.record.name.clone(),
            encoder: self.encoder.name().to_owned(),
            device: self.device().map_or_else(|_| self.choice.to_string(), |device| device.name.clone()),
            models: self.record.models.clone(),
            attributes: self.record.attributes.clone(),
            train_items: self.record.train_items,
            test_items: self.record.test_items,
        }
    }

    /// The audit's items, read once.
    ///
    /// # Errors
    /// If its data are damaged.
    pub fn audit(&self) -> Result<Arc<Audit>, EngineError> {
        if let Some(audit) = self.audit.get() {
            return Ok(audit.clone());
        }
        let audit = Arc::new(data::load(&self.record.name)?);
        Ok(self.audit.get_or_init(|| audit).clone())
    }

    /// The model of this name, or the audit's first.
    ///
    /// # Errors
    /// The known names, if there is none of this one.
    pub fn model_name(&self, wanted: Option<&str>) -> Result<String, EngineError> {
        let models = &self.record.models;
        match wanted {
            Some(name) if models.iter().any(|model| model == name) => Ok(name.to_owned()),
            Some(name) => Err(EngineError::Usage(format!(
                "model '{name}' is not part of audit '{}'; it has: {}",
                self.record.name,
                models.join(", ")
            ))),
            None => models
                .first()
                .cloned()
                .ok_or_else(|| EngineError::Usage(format!("audit '{}' has no model", self.record.name))),
        }
    }
}
