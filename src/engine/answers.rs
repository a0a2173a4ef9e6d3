//! Answers of finished runs: which run answers, its tables, its scorer.

use super::matrix::Matrix;
use super::rows::RunRows;
use super::{EngineError, Session, Tracker};
use crate::audit::{Architecture, HyperParameters, RunId, RunRecord};
use crate::diagnose::{
    self, AttributesTable, DiagnoseError, Diagnosis, Estimator, EstimatorMaterial, Evidence, IntervalMethod, Material,
    OodQuestion, OodTable, PromptScorer, tables,
};
use crate::encoder::{Encoder, StaticEncoder};
use crate::heads::{Ensemble, Picked};
use candle_core::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::PathBuf;
use std::sync::Arc;

/// Most training rows that the null of Table 3 is refitted to: more would not sharpen it, and would have to be in
/// memory at once.
const NULL_ROWS: usize = 100_000;

/// Positions for the null: all of them, or some drawn by a fixed seed, in order.
fn sample_of(train: &[usize]) -> Vec<usize> {
    if train.len() <= NULL_ROWS {
        return train.to_vec();
    }
    let drawn = rand::seq::index::sample(&mut ChaCha8Rng::seed_from_u64(0), train.len(), NULL_ROWS);
    let mut drawn: Vec<usize> = drawn.into_iter().map(|position| train[position]).collect();
    drawn.sort_unstable();
    drawn
}

/// A finished run, ready to be shown and to score prompts.
pub struct LoadedRun {
    pub record: RunRecord,
    pub diagnosis: Diagnosis,
    pub ensemble: Ensemble,
    pub weights_path: PathBuf,
}

impl Session {
    /// The run of a model that answers where none is named: the one shown last, else the newest. Runs of another
    /// encoder do not count; those whose weights are missing or damaged are handed to `damaged`.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn current_run(&self, model: &str, mut damaged: impl FnMut(String)) -> Result<Option<RunRecord>, EngineError> {
        let mut runs = self.store.runs(&self.record().name, Some(model))?;
        runs.retain(|run| run.encoder == self.encoder.fingerprint());
        let shown = self.store.shown_run(&self.record().name, model)?;
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
        let runs = self.store.runs(&self.record().name, Some(model))?;
        let first = self.effective(&HyperParameters::new(Architecture::Linear));
        Ok(matches!(runs.as_slice(), [run] if run.hyper == first))
    }

    /// Reads a finished run back; tables of an older form, or of other attributes than the audit has by now, are computed
    /// again from its heads.
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
        // Attributes may have been added since: a run learns from none, its tables are of them all.
        let record = self.record();
        let is_current = |kept: &Diagnosis| {
            let known = record.attributes.iter().map(|(name, _)| name);
            kept.tables.attributes.rows.iter().map(|row| &row.name).eq(known)
        };
        let diagnosis = match stored.diagnosis.filter(is_current) {
            Some(diagnosis) => diagnosis,
            None => {
                let embeddings = self.embeddings(&Tracker::silent())?;
                let audit = self.audit()?;
                let split = RunRows::of(&audit, audit.model(&stored.record.model)?, &stored.record.hyper)?;
                let fresh = self.diagnose(&stored.record.id, &stored.record.model, &split, &embeddings, &ensemble)?;
                self.store.put_diagnosis(&stored.record.id, &fresh)?;
                fresh
            }
        };
        Ok(LoadedRun { record: stored.record, diagnosis, ensemble, weights_path: stored.weights_path })
    }

    /// Every table of a run, over the test items.
    pub(super) fn diagnose(
        &self,
        id: &RunId,
        model: &str,
        rows: &RunRows,
        embeddings: &Matrix,
        ensemble: &Ensemble,
    ) -> Result<Diagnosis, EngineError> {
        self.with_material(model, rows, embeddings, ensemble, |material| tables(id, material))
    }

    /// Hands over what is known of a run before anything is computed.
    pub(super) fn with_material<T>(
        &self,
        model: &str,
        rows: &RunRows,
        embeddings: &Matrix,
        ensemble: &Ensemble,
        ask: impl FnOnce(&Material) -> Result<T, DiagnoseError>,
    ) -> Result<T, EngineError> {
        let audit = self.audit()?;
        let model = audit.model(model)?;
        let dimension = self.encoder.dimension();
        let learnt = sample_of(&rows.train);
        let reader = self.reader(ensemble.shift.as_ref());
        let answer = ask(&Material {
            audit: &audit,
            model,
            encoder: reader.as_ref(),
            unmoved: ensemble.shift.is_some().then_some(self.encoder.as_ref()),
            ensemble,
            test: Picked { rows: embeddings.rows(), positions: &rows.test, dimension },
            train: &embeddings.rows().gather(&learnt, dimension),
            train_losses: learnt.iter().map(|&row| model.losses[row]).collect(),
            train_rows: &learnt,
            evidence: EstimatorMaterial {
                audit: &audit,
                model,
                encoder: reader.clone(),
                word_encoder: self.word_encoder()?,
                ensemble: Arc::new(ensemble.clone()),
                embeddings: embeddings.rows(),
                train: &rows.train,
                vocabulary: Arc::new(self.record().vocabulary.clone()),
            },
        });
        // What a changed array brought about is no answer, and no error of its own.
        embeddings.check()?;
        Ok(answer?)
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
        let audit = self.audit()?;
        let rows = RunRows::of(&audit, audit.model(&record.model)?, &record.hyper)?;
        self.with_material(&record.model, &rows, &embeddings, &run.ensemble, |material| {
            let mut table = diagnose::attributes(&Evidence::gather(material)?, method);
            diagnose::fill_everybody(&mut table, &run.diagnosis.calibration);
            Ok(table)
        })
    }

    /// Table 1 of a run for other lists than the audit's.
    ///
    /// # Errors
    /// If the run's weights or the encoder fail.
    pub fn ood(&self, record: &RunRecord, question: &OodQuestion) -> Result<OodTable, EngineError> {
        let run = self.load(record.clone())?;
        let mut table = diagnose::ood(question, self.reader(run.ensemble.shift.as_ref()).as_ref(), &run.ensemble)?;
        diagnose::add_guard(&mut table, &self.estimator(&run)?)?;
        Ok(table)
    }

    /// What answers a run's prompts with an estimate. It reads every training item, and takes a moment.
    ///
    /// # Errors
    /// If the data or the embeddings cannot be read, or the encoder fails.
    pub fn estimator(&self, run: &LoadedRun) -> Result<Estimator, EngineError> {
        let embeddings = self.embeddings(&Tracker::silent())?;
        let audit = self.audit()?;
        let rows = RunRows::of(&audit, audit.model(&run.record.model)?, &run.record.hyper)?;
        let material = EstimatorMaterial {
            audit: &audit,
            model: audit.model(&run.record.model)?,
            encoder: self.reader(run.ensemble.shift.as_ref()),
            word_encoder: self.word_encoder()?,
            ensemble: Arc::new(run.ensemble.clone()),
            embeddings: embeddings.rows(),
            train: &rows.train,
            vocabulary: Arc::new(self.record().vocabulary.clone()),
        };
        let estimator = Estimator::new(&material, Some(Arc::new(run.diagnosis.calibration.clone())));
        embeddings.check()?;
        Ok(estimator?)
    }

    /// Static vectors of single words: the built-in encoder's, whatever encoder the audit has.
    pub(super) fn word_encoder(&self) -> Result<Arc<dyn Encoder>, EngineError> {
        if self.encoder.name() == "builtin" {
            return Ok(self.encoder.clone());
        }
        Ok(Arc::new(StaticEncoder::new()?))
    }

    /// A scorer of prompts for a run.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn scorer(&self, run: &LoadedRun) -> Result<PromptScorer, EngineError> {
        let attributes: Vec<(String, String)> =
            self.record().attributes.iter().map(|(name, prompts)| (name.clone(), prompts.phrase.clone())).collect();
        let vocabulary = Arc::new(self.record().vocabulary.clone());
        Ok(PromptScorer::new(
            self.reader(run.ensemble.shift.as_ref()),
            Arc::new(run.ensemble.clone()),
            Arc::new(run.diagnosis.reference.clone()),
            vocabulary,
            &attributes,
        )?)
    }
}
