//! One open audit: its items, embeddings and runs. Everything here may take a while and runs off the UI thread.

use super::rows::{RunRows, fingerprint, own_words};
use super::source::Source;
use super::{AuditView, ComputeDevice, EngineError, Stage, Tracker, devices};
use crate::audit::{Architecture, Audit, HyperParameters, ModelLosses, RunId, RunRecord, RunState};
use crate::data;
use crate::diagnose::{
    self, AttributesTable, DiagnoseError, Diagnosis, Evidence, IntervalMethod, Material, OodQuestion, OodTable,
    PromptScorer, tables,
};
use crate::encoder::{Encoder, StaticEncoder};
use crate::heads::{Ensemble, steps_per_epoch, train};
use crate::store::{AuditRecord, ContentHash, Store, content_hash};
use candle_core::Device;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Items embedded between two reports.
const EMBED_CHUNK: usize = 4096;

/// An audit with its store, encoder and device.
pub struct Session {
    store: Store,
    encoder: Arc<dyn Encoder>,
    device: ComputeDevice,
    record: AuditRecord,
    audit: OnceLock<Arc<Audit>>,
    /// Embeddings of all items, `[items, d]`, once they were needed.
    embeddings: Mutex<Option<Arc<Vec<f32>>>>,
}

/// A finished run, ready to be shown and to score prompts.
pub struct LoadedRun {
    pub record: RunRecord,
    pub diagnosis: Diagnosis,
    pub ensemble: Ensemble,
    pub weights_path: PathBuf,
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
        let encoder: Arc<dyn Encoder> = Arc::new(StaticEncoder::new()?);
        let device =
            devices().into_iter().next().ok_or_else(|| EngineError::Internal("no device to compute on".into()))?;
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
        Ok(Self { store, encoder, device, record, audit: loaded, embeddings: Mutex::new(None) })
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
            device: self.device.name.clone(),
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

    /// Embeddings of all items, from the store where it has them; the rest is encoded and kept.
    ///
    /// # Errors
    /// If the encoder or the store fails, or the job is cancelled.
    pub fn embeddings(&self, tracker: &Tracker) -> Result<Arc<Vec<f32>>, EngineError> {
        let mut slot = self.embeddings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = slot.as_ref() {
            return Ok(rows.clone());
        }
        let audit = self.audit()?;
        let hashes: Vec<ContentHash> = audit.items.iter().map(|item| content_hash(&item.text)).collect();
        let dimension = self.encoder.dimension();
        let (mut rows, missing) = self.store.embeddings(self.encoder.fingerprint(), &hashes, dimension)?;
        tracker.stage(Stage::Embedding, missing.len() as u64);
        for (chunk_index, chunk) in missing.chunks(EMBED_CHUNK).enumerate() {
            if tracker.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            let texts: Vec<&str> = chunk.iter().map(|&row| audit.items[row].text.as_str()).collect();
            let fresh = self.encoder.encode(&texts)?;
            for (&row, vector) in chunk.iter().zip(fresh.chunks_exact(dimension)) {
                rows[row * dimension..(row + 1) * dimension].copy_from_slice(vector);
            }
            let chunk_hashes: Vec<ContentHash> = chunk.iter().map(|&row| hashes[row]).collect();
            self.store.put_embeddings(self.encoder.fingerprint(), &chunk_hashes, &fresh)?;
            tracker.done((chunk_index * EMBED_CHUNK + chunk.len()) as u64);
        }
        let rows = Arc::new(rows);
        *slot = Some(rows.clone());
        Ok(rows)
    }

    /// Name a run of these inputs has: the same inputs give the same name.
    fn run_id(&self, model: &ModelLosses, hyper: &HyperParameters, fingerprint: &str) -> Result<RunId, EngineError> {
        let hyper = serde_json::to_string(hyper).map_err(|error| EngineError::Internal(error.to_string()))?;
        let device = if self.device.device.is_cpu() { "cpu" } else { "cuda" };
        let inputs = [
            self.record.name.as_str(),
            &model.name,
            self.encoder.fingerprint(),
            &hyper,
            fingerprint,
            device,
            env!("CARGO_PKG_VERSION"),
        ]
        .join("\u{1f}");
        Ok(RunId(format!("{:08x}", xxhash_rust::xxh3::xxh3_64(inputs.as_bytes()) as u32)))
    }

    /// The run of a model that answers where none is named: the one shown last, else the newest. Runs of another
    /// encoder do not count; those whose weights are missing or damaged are handed to `damaged`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn current_run(&self, model: &str, mut damaged: impl FnMut(String)) -> Result<Option<RunRecord>, EngineError> {
        let mut runs = self.store.runs(&self.record.name, Some(model))?;
        runs.retain(|run| run.encoder == self.encoder.fingerprint());
        let shown = self.store.shown_run(&self.record.name, model)?;
        // Newest last, and the one shown behind them all.
        runs.sort_by_key(|run| Some(&run.id) == shown.as_ref());
        let mut whole = |run: &RunRecord| self.store.weights(run).map_err(|error| damaged(error.to_string())).is_ok();
        Ok(runs.into_iter().rev().find(|run| whole(run)))
    }

    /// Whether the first start of a model was left before its second run: there is the default linear run alone.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn only_linear(&self, model: &str) -> Result<bool, EngineError> {
        let runs = self.store.runs(&self.record.name, Some(model))?;
        let first = HyperParameters::new(Architecture::Linear).canonical();
        Ok(matches!(runs.as_slice(), [run] if run.hyper == first))
    }

    /// The finished run of exactly these inputs: data, encoder, hyper-parameters, device and program version.
    ///
    /// # Errors
    /// If the data or the store cannot be read.
    pub fn finished(&self, model: &str, hyper: &HyperParameters) -> Result<Option<RunRecord>, EngineError> {
        let audit = self.audit()?;
        let model = audit.model(model)?;
        let id = self.run_id(model, &hyper.clone().canonical(), &fingerprint(&audit, model))?;
        let known = self.store.runs(&audit.name, Some(&model.name))?.into_iter().find(|run| run.id == id);
        Ok(known.filter(|run| self.store.weights(run).is_ok()))
    }

    /// The finished run of these inputs, or one trained now.
    ///
    /// # Errors
    /// As [`Session::train`].
    pub fn train_or_find(
        &self,
        model: &str,
        hyper: &HyperParameters,
        tracker: &Tracker,
    ) -> Result<RunRecord, EngineError> {
        match self.finished(model, hyper)? {
            Some(record) => Ok(record),
            None => Ok(self.train(model, hyper, tracker)?.record),
        }
    }

    /// Trains heads for a model, fills the tables and keeps the run.
    ///
    /// # Errors
    /// If the data cannot be learnt from, training diverges or is cancelled, or the store fails.
    pub fn train(&self, model: &str, hyper: &HyperParameters, tracker: &Tracker) -> Result<LoadedRun, EngineError> {
        hyper.validate().map_err(EngineError::Usage)?;
        let hyper = &hyper.clone().canonical();
        let started = Instant::now();
        tracker.stage(Stage::Loading, 0);
        let audit = self.audit()?;
        let model = audit.model(model)?;
        let embeddings = self.embeddings(tracker)?;
        let split = RunRows::of(&audit, hyper)?;
        let data = split.data(&embeddings, self.encoder.dimension(), &model.losses);
        tracker.training(hyper.epochs, steps_per_epoch(split.train.len(), hyper), hyper.batch, hyper.members);
        let texts = split.train.iter().map(|&row| audit.items[row].text.as_str()).collect();
        let source = Source { encoder: self.encoder.as_ref(), hyper, texts, tracker };
        let outcome = train(&data, hyper, &self.device.device, &source)?;
        match outcome.state {
            RunState::Finished => {}
            RunState::Cancelled => return Err(EngineError::Cancelled),
            RunState::Diverged => {
                let bad = outcome.epochs.iter().find(|metrics| metrics.diverged());
                return Err(EngineError::Diverged {
                    epoch: bad.map_or(0, |metrics| metrics.epoch),
                    head: bad.map_or_else(String::new, |metrics| metrics.head.to_string()),
                });
            }
        }
        tracker.stage(Stage::Tables, 0);
        if tracker.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        let fingerprint = fingerprint(&audit, model);
        let id = self.run_id(model, hyper, &fingerprint)?;
        let diagnosis = self.diagnose(&id, &model.name, &split, &embeddings, &outcome.ensemble)?;
        let weights = outcome.ensemble.to_safetensors()?;
        let record = RunRecord {
            id,
            audit: audit.name.clone(),
            model: model.name.clone(),
            encoder: self.encoder.fingerprint().to_owned(),
            state: outcome.state,
            hyper: hyper.clone(),
            data_fingerprint: fingerprint,
            train_items: split.train.len(),
            validation_items: split.validation.len(),
            dimension: self.encoder.dimension(),
            device: self.device.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            weights_digest: Store::weights_digest(&weights),
            finished_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
            seconds: started.elapsed().as_secs_f64(),
            epochs: outcome.epochs,
        };
        self.store.put_run(&record, &weights, &diagnosis)?;
        self.store.set_shown_run(&record.audit, &record.model, &record.id)?;
        self.load(record)
    }

    /// Reads a finished run back; tables of an older form are computed again from its heads.
    ///
    /// # Errors
    /// If its weights are missing or damaged.
    pub fn load(&self, record: RunRecord) -> Result<LoadedRun, EngineError> {
        if record.encoder != self.encoder.fingerprint() {
            return Err(EngineError::Usage(format!(
                "run {} was trained with encoder {}, this program has {}; train it again",
                record.id,
                record.encoder,
                self.encoder.fingerprint()
            )));
        }
        let stored = self.store.run::<Diagnosis>(record)?;
        // Prompts are scored one at a time: the CPU is the faster device for that.
        let ensemble = Ensemble::from_safetensors(&stored.weights, &stored.weights_path, &Device::Cpu)?;
        let diagnosis = match stored.diagnosis {
            Some(diagnosis) => diagnosis,
            None => {
                let audit = self.audit()?;
                let embeddings = self.embeddings(&Tracker::silent())?;
                let split = RunRows::of(&audit, &stored.record.hyper)?;
                let fresh = self.diagnose(&stored.record.id, &stored.record.model, &split, &embeddings, &ensemble)?;
                self.store.put_diagnosis(&stored.record.id, &fresh)?;
                fresh
            }
        };
        Ok(LoadedRun { record: stored.record, diagnosis, ensemble, weights_path: stored.weights_path })
    }

    /// Every table of a run, over the test items.
    fn diagnose(
        &self,
        id: &RunId,
        model: &str,
        rows: &RunRows,
        embeddings: &[f32],
        ensemble: &Ensemble,
    ) -> Result<Diagnosis, EngineError> {
        self.with_material(model, rows, embeddings, ensemble, |material| tables(id, material))
    }

    /// Hands over what is known of a run before anything is computed.
    fn with_material<T>(
        &self,
        model: &str,
        rows: &RunRows,
        embeddings: &[f32],
        ensemble: &Ensemble,
        ask: impl FnOnce(&Material) -> Result<T, DiagnoseError>,
    ) -> Result<T, EngineError> {
        let audit = self.audit()?;
        let model = audit.model(model)?;
        let dimension = self.encoder.dimension();
        Ok(ask(&Material {
            audit: &audit,
            model,
            encoder: self.encoder.as_ref(),
            ensemble,
            test: &RunRows::gather(&rows.test, embeddings, dimension),
            train: &RunRows::gather(&rows.train, embeddings, dimension),
            train_losses: rows.train.iter().map(|&row| model.losses[row]).collect(),
        })?)
    }

    /// Table 5 of a run with intervals and p-values from a bootstrap over the test items.
    ///
    /// # Errors
    /// If the run's weights or the data cannot be read.
    pub fn bootstrapped_attributes(
        &self,
        record: &RunRecord,
        method: IntervalMethod,
    ) -> Result<AttributesTable, EngineError> {
        let run = self.load(record.clone())?;
        let embeddings = self.embeddings(&Tracker::silent())?;
        let rows = RunRows::of(&*self.audit()?, &record.hyper)?;
        self.with_material(&record.model, &rows, &embeddings, &run.ensemble, |material| {
            Ok(diagnose::attributes(&Evidence::gather(material)?, method))
        })
    }

    /// Table 1 of a run for other lists than the audit's.
    ///
    /// # Errors
    /// If the run's weights or the encoder fail.
    pub fn ood(&self, record: &RunRecord, question: &OodQuestion) -> Result<OodTable, EngineError> {
        let run = self.load(record.clone())?;
        Ok(diagnose::ood(question, self.encoder.as_ref(), &run.ensemble)?)
    }

    /// A scorer of prompts for a run.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn scorer(&self, run: &LoadedRun) -> Result<PromptScorer, EngineError> {
        let attributes: Vec<(String, String)> =
            self.record.attributes.iter().map(|(name, prompts)| (name.clone(), prompts.phrase.clone())).collect();
        let vocabulary = Arc::new(self.record.vocabulary.clone());
        Ok(PromptScorer::new(
            self.encoder.clone(),
            Arc::new(run.ensemble.clone()),
            Arc::new(run.diagnosis.reference.clone()),
            vocabulary,
            &attributes,
        )?)
    }
}
