//! Training of all heads of a run, epoch by epoch: when to step, when to stop, what to keep.

use super::checkpoint::{Best, Checkpoint, Progress};
use super::cpu_learner::CpuLearner;
use super::draw::{Resample, StepRng};
use super::examples::{Examples, Step};
use super::learner::{Learner, LearnerState, Problem};
use super::linear_learner::LinearLearner;
use super::tensor_learner::TensorLearner;
use super::validation::{measure, quality};
use super::{Ensemble, HeadsError, InputScale, Result, Rows, Stack, StackShape, TargetScale, scheduled_rate};
use crate::audit::{Architecture, EpochMetrics, HeadKind, HyperParameters, RunState};
use candle_core::Device;

/// What heads are trained on; embeddings are `[n, d]`, as the encoder gives them.
#[derive(Debug, Clone)]
pub struct TrainingData<'a> {
    pub dimension: usize,
    /// Rows of every item, in memory or in the packs.
    pub embeddings: Rows<'a>,
    /// Positions of the training rows in `embeddings`, and their losses.
    pub train: &'a [usize],
    pub losses: Vec<f64>,
    /// Rows kept aside to watch progress; may be empty.
    pub validation: &'a [usize],
    pub validation_losses: Vec<f64>,
}

impl TrainingData<'_> {
    /// The embedding at a position of the whole matrix, scaled.
    pub(super) fn scaled(&self, position: usize, scale: &InputScale, out: &mut [f32]) {
        match self.embeddings {
            Rows::Dense(values) => scale.apply_to(&values[position * self.dimension..][..self.dimension], out),
            Rows::Stored(reader) => {
                reader.read(position, out);
                scale.apply(out);
            }
        }
    }

    fn check(&self) -> Result<()> {
        let count = self.train.len();
        if count < 2 || self.losses.len() != count {
            return Err(HeadsError::Shape {
                what: "the training rows",
                found: self.losses.len(),
                expected: count.max(2),
            });
        }
        let rows = self.train.iter().chain(self.validation).max().map_or(0, |&last| last + 1);
        if self.dimension == 0 || self.embeddings.values(self.dimension) < rows * self.dimension {
            let expected = rows * self.dimension.max(1);
            return Err(HeadsError::Shape {
                what: "the embeddings",
                found: self.embeddings.values(self.dimension),
                expected,
            });
        }
        if self.validation.len() != self.validation_losses.len() {
            let (found, expected) = (self.validation_losses.len(), self.validation.len());
            return Err(HeadsError::Shape { what: "the validation losses", found, expected });
        }
        Ok(())
    }
}

/// Where the run's fresh vectors come from, and who watches it.
pub trait Observer: Sync {
    /// One fragment of each of the given training rows, `[rows, d]`, fresh in every epoch; `None` to train on the
    /// rows themselves.
    ///
    /// # Errors
    /// If the encoder fails.
    fn fragments(&self, epoch: usize, rows: &[u32]) -> std::result::Result<Option<Vec<f32>>, String>;

    /// `count` fresh negatives `[count, d]` for the OOD head, on the encoder's scale.
    ///
    /// # Errors
    /// If the encoder fails.
    fn negatives(&self, count: usize, rng: &mut StepRng) -> std::result::Result<Vec<f32>, String>;

    /// A few steps are done: total steps done by this head, and each member's mean loss over them, or nothing
    /// where they were too few to mean much.
    fn steps(&self, head: HeadKind, done: usize, losses: &[f32]);

    /// An epoch is done.
    fn epoch(&self, metrics: &[EpochMetrics]);

    /// Asked after every step.
    fn cancelled(&self) -> bool;

    /// All that is needed to go on later: after every epoch, and when the run is cancelled.
    fn checkpoint(&self, _checkpoint: &Checkpoint) {}

    /// Something a person should know, in a sentence.
    fn notice(&self, _message: &str) {}
}

/// What a run computes with, and where it goes on from.
pub struct Resources {
    pub device: Device,
    /// Threads on a CPU; the run is the same for any number.
    pub threads: usize,
    pub resume: Option<Checkpoint>,
}

impl Resources {
    /// The CPU with all its cores, from the start.
    #[must_use]
    pub fn cpu() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { device: Device::Cpu, threads, resume: None }
    }
}

/// A run's end.
#[derive(Debug)]
pub struct Outcome {
    pub ensemble: Ensemble,
    pub epochs: Vec<EpochMetrics>,
    pub state: RunState,
    /// Epoch whose weights these are, counted from one, where early stopping chose.
    pub best_epoch: Option<usize>,
    /// Rows of a step at the end: fewer than asked for where memory ran out.
    pub batch: usize,
}

/// Steps between two reports; losses stay on the device until then.
const REPORT_EVERY: usize = 16;
/// Smallest batch that is still halved when memory runs out.
const SMALLEST_BATCH: usize = 16;
/// A gain in validation Spearman that counts as one.
const GAIN: f64 = 1e-4;

/// Trains all heads of a run.
///
/// # Errors
/// If the data cannot be learnt from (no rows, equal losses) or a tensor computation fails. Divergence is not
/// an error: it ends the run with [`RunState::Diverged`].
pub fn train(
    data: &TrainingData,
    hyper: &HyperParameters,
    resources: Resources,
    observer: &dyn Observer,
) -> Result<Outcome> {
    hyper.validate().map_err(HeadsError::Unusable)?;
    data.check()?;
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(resources.threads).thread_name(|index| format!("heads-{index}"));
    let pool = pool.build().map_err(|error| HeadsError::Unusable(format!("cannot start threads: {error}")))?;
    pool.install(|| train_here(data, hyper, resources, observer))
}

/// Steps an epoch takes for `rows` training rows, with or without fragments.
#[must_use]
pub fn steps_per_epoch(rows: usize, hyper: &HyperParameters) -> usize {
    let examples = if hyper.fragments { 2 * rows } else { rows };
    (examples / hyper.batch.min(examples.max(1))).max(1)
}

fn train_here(
    data: &TrainingData,
    hyper: &HyperParameters,
    resources: Resources,
    observer: &dyn Observer,
) -> Result<Outcome> {
    let row = |item: usize, out: &mut [f32]| data.embeddings.read(data.train[item], out);
    let scale = InputScale::fit(data.train.len(), row, data.dimension)?;
    let (target, targets) = TargetScale::fit(hyper.target, &data.losses)?;
    let resample = Resample::draw(data.train.len(), hyper);
    let problem = Problem { hyper, dimension: data.dimension, losses: &data.losses, targets, resample };
    let examples = Examples { data, hyper, scale: &scale, observer };
    let device = resources.device;
    let learner = |state: LearnerState| -> Result<Box<dyn Learner + '_>> {
        match (device.is_cpu(), hyper.architecture) {
            (true, Architecture::Mlp) => Ok(Box::new(CpuLearner::new(&problem, state))),
            (true, Architecture::Linear) => Ok(Box::new(LinearLearner::new(&problem, state))),
            (false, _) => Ok(Box::new(TensorLearner::new(&problem, &state, &device)?)),
        }
    };
    let start = resources.resume.unwrap_or_else(|| Checkpoint {
        progress: Progress { batch: hyper.batch.min(examples.count()), ..Progress::default() },
        learner: LearnerState::initial(hyper, data.dimension),
        best: None,
    });
    // Only a device with memory of its own can run out of it and go on; for it a way back is kept.
    let mut run = Run::new(&examples, &learner, start, !device.is_cpu())?;
    let state = run.epochs()?;
    let (nets, best_epoch) = match run.best {
        Some(best) if state == RunState::Finished => (best.nets, Some(best.epoch)),
        _ => (run.learner.state()?.nets.into_iter().map(|net| net.arrays).collect(), None),
    };
    let (loss_nets, ood_nets) = nets.split_at(2 * hyper.members);
    let stack = |nets: &[Vec<Vec<f32>>]| {
        let shape = StackShape { dimension: data.dimension, hidden: hyper.hidden_units(), nets: nets.len() };
        Stack::from_nets(shape, nets, &Device::Cpu)
    };
    let (loss_stack, ood_stack) = (stack(loss_nets)?, stack(ood_nets)?);
    let Progress { epochs, batch, .. } = run.progress;
    let ensemble =
        Ensemble { members: hyper.members, input: scale.clone(), target, shift: None, loss_stack, ood_stack };
    Ok(Outcome { ensemble, epochs, state, best_epoch, batch })
}

type MakeLearner<'a> = dyn Fn(LearnerState) -> Result<Box<dyn Learner + 'a>> + 'a;

/// A run on its way.
pub(super) struct Run<'a> {
    examples: &'a Examples<'a>,
    make: &'a MakeLearner<'a>,
    pub(super) learner: Box<dyn Learner + 'a>,
    pub(super) progress: Progress,
    pub(super) best: Option<Best>,
    /// Where to go back to when the device's memory runs out.
    held: Option<(LearnerState, Progress)>,
    holds: bool,
}

enum EpochEnd {
    Done,
    Cancelled,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        examples: &'a Examples<'a>,
        make: &'a MakeLearner<'a>,
        start: Checkpoint,
        holds: bool,
    ) -> Result<Self> {
        let held = holds.then(|| (start.learner.clone(), start.progress.clone()));
        let learner = make(start.learner)?;
        Ok(Self { examples, make, learner, progress: start.progress, best: start.best, held, holds })
    }

    /// Epoch after epoch until the last, an early stop, a divergence or a cancellation.
    pub(super) fn epochs(&mut self) -> Result<RunState> {
        let (hyper, observer) = (self.examples.hyper, self.examples.observer);
        while self.progress.epoch < hyper.epochs {
            match self.epoch() {
                Ok(EpochEnd::Done) => {}
                Ok(EpochEnd::Cancelled) => {
                    observer.checkpoint(&self.checkpoint()?);
                    return Ok(RunState::Cancelled);
                }
                Err(error) if error.is_out_of_memory() && self.progress.batch / 2 >= SMALLEST_BATCH => {
                    self.halve()?;
                    continue;
                }
                Err(error) => return Err(error),
            }
            let mut metrics = self.progress.sums.metrics(self.progress.epoch, hyper.members);
            measure(&mut metrics, self.learner.as_ref(), self.examples)?;
            let diverged = metrics.iter().any(EpochMetrics::diverged) || !self.learner.is_finite()?;
            observer.epoch(&metrics);
            let quality = quality(&metrics);
            self.progress.end_epoch(metrics);
            if diverged {
                return Ok(RunState::Diverged);
            }
            if self.is_enough(quality)? {
                break;
            }
            let checkpoint = self.checkpoint()?;
            observer.checkpoint(&checkpoint);
            self.held = self.holds.then_some((checkpoint.learner, checkpoint.progress));
        }
        Ok(RunState::Finished)
    }

    /// Everything an uninterrupted run would know at this point.
    fn checkpoint(&self) -> Result<Checkpoint> {
        Ok(Checkpoint { progress: self.progress.clone(), learner: self.learner.state()?, best: self.best.clone() })
    }

    /// The steps of an epoch that are still to be done.
    fn epoch(&mut self) -> Result<EpochEnd> {
        let (examples, epoch) = (self.examples, self.progress.epoch);
        let (hyper, observer) = (examples.hyper, examples.observer);
        let order = examples.order(epoch);
        let batches: Vec<&[u32]> = order.chunks_exact(self.progress.batch).collect();
        let steps = batches.len();
        let (mut current, mut next) = (Step::default(), Step::default());
        if let Some(batch) = batches.get(self.progress.step) {
            examples.fill(&mut current, epoch, self.progress.step, batch)?;
        }
        while self.progress.step < steps {
            let step = self.progress.step;
            let done = epoch * steps + step;
            let rate = scheduled_rate(hyper.learning_rate, hyper.warmup, done, hyper.epochs * steps);
            let mut prepared = Ok(());
            let mut prepare = || {
                if let Some(batch) = batches.get(step + 1) {
                    prepared = examples.fill(&mut next, epoch, step + 1, batch);
                }
            };
            self.learner.step(&current, rate, &mut prepare)?;
            prepared?;
            std::mem::swap(&mut current, &mut next);
            self.progress.step += 1;
            let cancelled = observer.cancelled();
            if self.progress.step.is_multiple_of(REPORT_EVERY) || self.progress.step == steps || cancelled {
                self.report(epoch * steps, steps)?;
            }
            if cancelled {
                return Ok(EpochEnd::Cancelled);
            }
        }
        Ok(EpochEnd::Done)
    }

    /// Hands the losses of the last steps to the observer, `before` steps of earlier epochs.
    fn report(&mut self, before: usize, steps: usize) -> Result<()> {
        let losses = self.learner.losses()?;
        let means = self.progress.sums.add(&losses);
        let members = self.examples.hyper.members;
        // A mean over a few last steps would be a spike in the curve: it counts, but is no point.
        let enough = losses.len() * 2 >= REPORT_EVERY.min(steps);
        for (head, losses) in HeadKind::ALL.into_iter().zip(means.chunks(members)) {
            self.examples.observer.steps(head, before + self.progress.step, if enough { losses } else { &[] });
        }
        Ok(())
    }

    /// Whether validation has not gained for as many epochs as patience allows; keeps the best weights.
    fn is_enough(&mut self, quality: Option<f64>) -> Result<bool> {
        let patience = self.examples.hyper.patience;
        let Some(quality) = quality.filter(|_| patience > 0) else { return Ok(false) };
        // `end_epoch` has counted this one.
        let epoch = self.progress.epoch;
        match &self.best {
            Some(best) if quality < best.spearman + GAIN => Ok(epoch - best.epoch >= patience),
            _ => {
                let nets = self.learner.state()?.nets.into_iter().map(|net| net.arrays).collect();
                self.best = Some(Best { epoch, spearman: quality, nets });
                Ok(false)
            }
        }
    }

    /// Goes back to where memory sufficed, with half the rows a step.
    fn halve(&mut self) -> Result<()> {
        let Some((state, mut progress)) = self.held.clone() else {
            return Err(HeadsError::Unusable("memory ran out; give a smaller --batch".into()));
        };
        progress.batch = self.progress.batch / 2;
        progress.step *= 2;
        let message = format!("the device ran out of memory: going on with batches of {} rows", progress.batch);
        self.examples.observer.notice(&message);
        self.learner = (self.make)(state.clone())?;
        self.held = Some((state, progress.clone()));
        self.progress = progress;
        Ok(())
    }
}
