//! One open audit: its store, encoder, device and items. Everything here may take a while and runs off the UI thread.

use super::matrix::Matrix;
use super::naming::SpaceNames;
use super::phrases::kept_list;
use super::rows::own_words;
use super::{AuditView, ComputeDevice, DeviceChoice, EngineError};
use crate::audit::Audit;
use crate::data::{self, DataError};
use crate::encoder::{self, Encoder, EncoderError};
use crate::store::{AuditRecord, Store, ingested_names};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// Names of every audit that can be opened under `home`: the built-in ones, then those taken in.
///
/// # Errors
/// If the folder of audits is there and cannot be listed.
pub fn known_audits(home: &Path) -> Result<Vec<String>, EngineError> {
    Ok(data::BUILTIN_AUDITS.into_iter().map(String::from).chain(ingested_names(home)?).collect())
}

/// Reads an audit's items, the name of its encoder, and the fingerprint it was taken in with.
pub(super) fn read(store: &Store, name: &str) -> Result<(Audit, String, Option<String>), EngineError> {
    if data::BUILTIN_AUDITS.contains(&name) {
        return Ok((data::load(name)?, "builtin".into(), None));
    }
    let found = store.ingested(name)?.map(|found| (found.audit, found.encoder, Some(found.encoder_fingerprint)));
    found.ok_or_else(|| EngineError::Usage(format!("there is no audit '{name}'")))
}

/// An audit with its store, encoder and device.
pub struct Session {
    pub(super) store: Store,
    pub(super) encoder: Arc<dyn Encoder>,
    choice: DeviceChoice,
    /// Opened when it is first needed, with a word on it: a GPU takes a while, and answers need none.
    device: OnceLock<(ComputeDevice, Option<String>)>,
    record: RwLock<Arc<AuditRecord>>,
    audit: Mutex<Option<Arc<Audit>>>,
    /// Embeddings of all items, `[items, d]`, once they were needed.
    pub(super) embeddings: Mutex<Option<Arc<Matrix>>>,
    /// Names of slices that a bank of sentences gave, with the number of attributes there were.
    pub(super) bank_names: Mutex<Option<(usize, Arc<SpaceNames>)>>,
    /// Bytes of embeddings that memory may hold, where somebody said.
    pub(super) memory_limit: Option<u64>,
}

impl Session {
    /// Opens an audit in the store under `home`, reading its data if the store does not know it yet. Where another
    /// process holds the home, or it is read-only, the audit can be asked but not trained.
    ///
    /// # Errors
    /// If there is no such audit, the store cannot be opened, or its encoder cannot.
    pub fn open(home: &Path, audit: &str) -> Result<Self, EngineError> {
        Self::open_with(home, audit, encoder::open)
    }

    /// [`Session::open`] with another way to come by an encoder of a name.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn open_with(
        home: &Path,
        audit: &str,
        open: impl Fn(&str) -> Result<Arc<dyn Encoder>, EncoderError>,
    ) -> Result<Self, EngineError> {
        let known = known_audits(home)?;
        if !known.iter().any(|known| known == audit) {
            return Err(DataError::UnknownAudit { name: audit.to_owned(), known: known.join(", ") }.into());
        }
        let store = Store::open_reading(home)?;
        let open = |name: &str, kept: Option<&str>| -> Result<Arc<dyn Encoder>, EngineError> {
            if let Some(list) = kept_list(&store, name) {
                return Ok(list?);
            }
            let encoder = open(name)?;
            let known = kept.map(|kept| encoder.recognise(kept)).transpose();
            let known = known.map_err(|error| EngineError::Usage(error.to_string()))?.flatten();
            Ok(known.unwrap_or(encoder))
        };
        let (record, encoder, loaded) = match store.audit(audit)? {
            Some(record) => {
                let encoder = open(&record.encoder, Some(&record.encoder_fingerprint))?;
                (record, encoder, None)
            }
            None => {
                let (audit, name, kept) = read(&store, audit)?;
                let encoder = open(&name, kept.as_deref())?;
                let record = store.put_audit(&audit, (&name, encoder.fingerprint()), own_words(&audit))?;
                (record, encoder, Some(Arc::new(audit)))
            }
        };
        Ok(Self {
            store,
            encoder,
            choice: DeviceChoice::Auto,
            device: OnceLock::new(),
            record: RwLock::new(Arc::new(record)),
            audit: Mutex::new(loaded),
            embeddings: Mutex::new(None),
            bank_names: Mutex::new(None),
            memory_limit: None,
        })
    }

    /// Reads embeddings of more than `bytes` from the packs as they lie; without a word, of more than 512 MB.
    #[must_use]
    pub fn packed_above(self, bytes: u64) -> Self {
        Self { memory_limit: Some(bytes), ..self }
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

    /// The audit without its items, as it is now: attributes may be added while it is open.
    #[must_use]
    pub fn record(&self) -> Arc<AuditRecord> {
        self.record.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in that the audit is another one; its items are read afresh when they are next asked for.
    pub(super) fn set_record(&self, record: AuditRecord) {
        *self.record.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(record);
        self.forget_audit();
    }

    #[must_use]
    pub fn encoder(&self) -> &dyn Encoder {
        self.encoder.as_ref()
    }

    /// That the encoder is not the one that the audit was taken in with, if so: its files or words were changed since.
    #[must_use]
    pub fn changed_encoder(&self) -> Option<String> {
        let record = self.record();
        (record.encoder_fingerprint != self.encoder.fingerprint()).then(|| {
            format!(
                "encoder {} has changed since '{}' was taken in (its files, or the words before texts): items are embedded anew, and runs of before do not answer; put the files back, or take the audit in anew",
                record.encoder, record.name
            )
        })
    }

    /// What stays the same while the audit is open.
    #[must_use]
    pub fn view(&self) -> AuditView {
        let record = self.record();
        AuditView {
            name: record.name.clone(),
            encoder: self.encoder.name().to_owned(),
            fingerprint: self.encoder.fingerprint().to_owned(),
            device: self.device().map_or_else(|_| self.choice.to_string(), |device| device.name.clone()),
            models: record.models.clone(),
            attributes: record.attributes.clone(),
            train_items: record.train_items,
            test_items: record.test_items,
            reads_only: self.store.writes().is_err(),
            phrases: self.encoder.phrases().map(|list| list.phrases().to_vec()).unwrap_or_default(),
        }
    }

    /// The audit's items, read once. Images that embedding found unreadable are marked.
    ///
    /// # Errors
    /// If its data are damaged.
    pub fn audit(&self) -> Result<Arc<Audit>, EngineError> {
        let mut slot = self.audit.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(audit) = slot.as_ref() {
            return Ok(audit.clone());
        }
        let mut audit = read(&self.store, &self.record().name)?.0;
        self.mark_unreadable(&mut audit)?;
        let audit = Arc::new(audit);
        *slot = Some(audit.clone());
        Ok(audit)
    }

    /// The audit's items as they were taken in, without marks.
    pub(super) fn read_again(&self) -> Result<Audit, EngineError> {
        Ok(read(&self.store, &self.record().name)?.0)
    }

    /// Reads the audit's items afresh when they are next asked for.
    pub(super) fn forget_audit(&self) {
        *self.audit.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The model of this name, or the audit's first.
    ///
    /// # Errors
    /// The known names, if there is none of this one.
    pub fn model_name(&self, wanted: Option<&str>) -> Result<String, EngineError> {
        let record = self.record();
        let models = &record.models;
        match wanted {
            Some(name) if models.iter().any(|model| model == name) => Ok(name.to_owned()),
            Some(name) => Err(EngineError::Usage(format!(
                "model '{name}' is not part of audit '{}'; it has: {}",
                record.name,
                models.join(", ")
            ))),
            None => models
                .first()
                .cloned()
                .ok_or_else(|| EngineError::Usage(format!("audit '{}' has no model", record.name))),
        }
    }
}
