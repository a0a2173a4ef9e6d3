//! Training of a run: its rows, its name, its record.

use super::rows::{RunRows, fingerprint};
use super::source::Source;
use super::{EngineError, LoadedRun, Session, Stage, Tracker};
use crate::audit::{HyperParameters, ModelLosses, RunId, RunRecord, RunState};
use crate::heads::{steps_per_epoch, train};
use crate::store::Store;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

impl Session {
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

    /// The settings with those that have no effect on this audit set to nothing: only texts have fragments.
    pub(super) fn effective(&self, hyper: &HyperParameters) -> HyperParameters {
        let mut hyper = hyper.clone().canonical();
        hyper.fragments &= self.record.has_texts;
        hyper
    }

    /// The finished run of exactly these inputs: data, encoder, hyper-parameters, device and program version.
    ///
    /// # Errors
    /// If the data or the store cannot be read.
    pub fn finished(&self, model: &str, hyper: &HyperParameters) -> Result<Option<RunRecord>, EngineError> {
        let audit = self.audit()?;
        let model = audit.model(model)?;
        let id = self.run_id(model, &self.effective(hyper), &fingerprint(&audit, model))?;
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
        let hyper = &self.effective(hyper);
        let started = Instant::now();
        tracker.stage(Stage::Loading, 0);
        // Embedding first: it may find images that cannot be read, which the audit then knows.
        let embeddings = self.embeddings(tracker)?;
        let audit = self.audit()?;
        let model = audit.model(model)?;
        let split = RunRows::of(&audit, model, hyper)?;
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
}
