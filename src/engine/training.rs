//! Training of a run: its rows, its name, its checkpoints, its record.

use super::modality::modality_shift;
use super::negatives::NegativeSource;
use super::rows::{RunRows, fingerprint};
use super::source::{Fragments, Source};
use super::{EngineError, LoadedRun, Session, Stage, Tracker, threads};
use crate::audit::{EpochMetrics, HyperParameters, ModelLosses, RunId, RunRecord, RunState};
use crate::heads::{Checkpoint, Outcome, Resources, steps_per_epoch, train};
use crate::store::Store;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

impl Session {
    /// Name a run of these inputs has: the same inputs give the same name.
    fn run_id(&self, model: &ModelLosses, hyper: &HyperParameters, fingerprint: &str) -> Result<RunId, EngineError> {
        let hyper = serde_json::to_string(hyper).map_err(|error| EngineError::Internal(error.to_string()))?;
        let device = if self.device()?.device.is_cpu() { "cpu" } else { "cuda" };
        let inputs = [
            self.record().name.as_str(),
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

    /// The settings as this audit's data decide them.
    #[must_use]
    pub fn effective(&self, hyper: &HyperParameters) -> HyperParameters {
        let record = self.record();
        hyper.clone().decided(record.has_texts, self.encoder.reads_images()).sampled_from(record.train_items)
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

    /// Forgets where a run of these inputs was stopped, so that it is trained from its start.
    ///
    /// # Errors
    /// If the data or the store cannot be read.
    pub fn forget_checkpoint(&self, model: &str, hyper: &HyperParameters) -> Result<(), EngineError> {
        let audit = self.audit()?;
        let model = audit.model(model)?;
        let id = self.run_id(model, &self.effective(hyper), &fingerprint(&audit, model))?;
        Ok(self.store.drop_unfinished(&id)?)
    }

    /// Trains heads for a model, fills the tables and keeps the run. A run of the same inputs that was stopped goes
    /// on from its checkpoint, to the same weights as if it had not been.
    ///
    /// # Errors
    /// If the data cannot be learnt from, training diverges or is cancelled, or the store fails. A cancelled run
    /// keeps its checkpoint, a diverged one its record.
    pub fn train(&self, model: &str, hyper: &HyperParameters, tracker: &Tracker) -> Result<LoadedRun, EngineError> {
        self.store.writes()?;
        hyper.validate().map_err(EngineError::Usage)?;
        let hyper = &self.effective(hyper);
        let started = Instant::now();
        tracker.stage(Stage::Loading, 0);
        // Embedding first: it may find images that cannot be read, which the audit then knows.
        let embeddings = self.embeddings(tracker)?;
        let audit = self.audit()?;
        let model = audit.model(model)?;
        let split = RunRows::of(&audit, model, hyper)?;
        let dimension = self.encoder.dimension();
        let data = split.data(embeddings.rows(), dimension, &model.losses);
        few_rows(split.train.len(), tracker);
        let fingerprint = fingerprint(&audit, model);
        let record = RunRecord {
            id: self.run_id(model, hyper, &fingerprint)?,
            audit: audit.name.clone(),
            model: model.name.clone(),
            encoder: self.encoder.fingerprint().to_owned(),
            state: RunState::Cancelled,
            hyper: hyper.clone(),
            data_fingerprint: fingerprint,
            train_items: split.train.len(),
            validation_items: split.validation.len(),
            dimension,
            device: self.device()?.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            weights_digest: String::new(),
            finished_at: 0,
            seconds: 0.0,
            epochs: Vec::new(),
            best_epoch: None,
            reduced_batch: None,
        };
        let texts: Vec<&str> = split.train.iter().map(|&row| audit.items[row].text.as_str()).collect();
        let fragments = Fragments::new(self.encoder.as_ref(), hyper, texts, tracker)?;
        let (resume, spent) = self.resume(&record.id, tracker);
        let clock = Clock { started, spent };
        tracker.training(hyper.epochs, steps_per_epoch(split.train.len(), hyper), hyper.batch, hyper.members);
        if let Some(checkpoint) = &resume {
            tracker.resumed(&checkpoint.progress);
        }
        let (rows, learnt) = (embeddings.rows(), split.train.as_slice());
        let shift = if hyper.shift { Some(modality_shift(self.encoder.as_ref(), rows, learnt)?) } else { None };
        let reader = self.reader(shift.as_ref());
        let negatives = NegativeSource::new(reader.as_ref(), hyper, rows, learnt)?;
        let complained = AtomicBool::new(false);
        let keep = |checkpoint: &Checkpoint| {
            if let Err(error) = self.keep_checkpoint(clock.stamp(record.clone()), checkpoint)
                && !complained.swap(true, Ordering::Relaxed)
            {
                tracker.notice(&format!("no checkpoint could be kept, training goes on: {error}"));
            }
        };
        let source = Source { fragments, negatives, tracker, keep: &keep };
        let resources = Resources { device: self.device()?.device.clone(), threads: threads(), resume };
        let examples = data.train.len() * if hyper.fragments { 2 } else { 1 };
        let outcome = train(&data, hyper, resources, &source);
        embeddings.check()?;
        let mut outcome = outcome?;
        outcome.ensemble.shift = shift;
        match outcome.state {
            RunState::Finished => {}
            RunState::Cancelled => return Err(EngineError::Cancelled),
            RunState::Diverged => return Err(self.keep_diverged(clock.stamp(record), outcome)),
        }
        tracker.stage(Stage::Tables, 0);
        if tracker.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        let diagnosis = self.diagnose(&record.id, &model.name, &split, &embeddings, &outcome.ensemble)?;
        let weights = outcome.ensemble.to_safetensors()?;
        let record = RunRecord {
            state: RunState::Finished,
            weights_digest: Store::weights_digest(&weights),
            best_epoch: outcome.best_epoch,
            reduced_batch: (outcome.batch < hyper.batch.min(examples)).then_some(outcome.batch),
            epochs: outcome.epochs,
            ..clock.stamp(record)
        };
        self.store.put_run(&record, &weights, &diagnosis)?;
        self.store.set_shown_run(&record.audit, &record.model, &record.id)?;
        self.load(record)
    }

    /// The checkpoint of a stopped run and the seconds it had taken; a damaged one is told of and left.
    fn resume(&self, id: &RunId, tracker: &Tracker) -> (Option<Checkpoint>, f64) {
        let read = || -> Result<Option<(Checkpoint, f64)>, EngineError> {
            let Some(stored) = self.store.checkpoint(id)? else { return Ok(None) };
            let checkpoint = Checkpoint::from_safetensors(&stored.bytes, &stored.path)?;
            Ok(Some((checkpoint, stored.record.seconds)))
        };
        match read() {
            Ok(Some((checkpoint, seconds))) => (Some(checkpoint), seconds),
            Ok(None) => (None, 0.0),
            Err(error) => {
                tracker.notice(&format!("training starts anew: {error}"));
                (None, 0.0)
            }
        }
    }

    fn keep_checkpoint(&self, record: RunRecord, checkpoint: &Checkpoint) -> Result<(), EngineError> {
        let bytes = checkpoint.to_safetensors()?;
        let record = RunRecord {
            weights_digest: Store::weights_digest(&bytes),
            epochs: checkpoint.progress.epochs.clone(),
            ..record
        };
        Ok(self.store.put_checkpoint(&record, &bytes)?)
    }

    /// Keeps the record of a run that diverged, and says where it did.
    fn keep_diverged(&self, record: RunRecord, outcome: Outcome) -> EngineError {
        let bad = outcome.epochs.iter().find(|metrics| metrics.diverged()).or(outcome.epochs.last());
        let error = EngineError::Diverged {
            epoch: bad.map_or(0, |metrics| metrics.epoch),
            head: bad.map_or_else(String::new, |metrics| metrics.head.to_string()),
        };
        // JSON knows no infinity: a loss that is none is left out of the record.
        let finite = |metrics: EpochMetrics| EpochMetrics {
            train_loss: metrics
                .train_loss
                .into_iter()
                .map(|loss| if loss.is_finite() { loss } else { f64::MAX })
                .collect(),
            ..metrics
        };
        let epochs = outcome.epochs.into_iter().map(finite).collect();
        match self.store.put_unfinished(&RunRecord { state: RunState::Diverged, epochs, ..record }) {
            Ok(()) => error,
            Err(store) => store.into(),
        }
    }
}

/// Training items under which a person is warned.
const FEW: usize = 50;

/// Warns where heads have next to nothing to learn from.
fn few_rows(n: usize, tracker: &Tracker) {
    let items = if n == 1 { "item" } else { "items" };
    if n < FEW {
        let advice = "do not rely on what they say of prompts and items; what is measured needs no heads";
        tracker.notice(&format!("heads learn from {n} training {items} alone: {advice}"));
    }
}

/// When a run began, and how long it had been trained before it was stopped.
struct Clock {
    started: Instant,
    spent: f64,
}

impl Clock {
    /// The record with its times.
    fn stamp(&self, record: RunRecord) -> RunRecord {
        RunRecord {
            finished_at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()),
            seconds: self.spent + self.started.elapsed().as_secs_f64(),
            ..record
        }
    }
}
