//! Training of all heads of a run, epoch by epoch.
//!
//! Two tracks run side by side: regressor and ranker share one stack and its batches; the OOD head has its
//! own, because half of its rows are negatives. Every random draw comes from a stream named by purpose and
//! epoch, so a run is the same for any number of threads.

use super::draw::{Draw, bootstrap_weights, stream};
use super::objective::{self, LossAndGradient};
use super::reporter::Reporter;
use super::{AdamW, Ensemble, HeadsError, InputScale, Result, Stack, StackShape, TargetScale, cosine_rate};
use crate::audit::{EpochMetrics, HeadKind, HyperParameters, Pairs, RunState};
use candle_core::{Device, Tensor};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// What heads are trained on; embeddings are row-major `[n, d]`, as the encoder gives them.
#[derive(Debug, Clone)]
pub struct TrainingData {
    pub dimension: usize,
    pub rows: Vec<f32>,
    pub losses: Vec<f64>,
    /// Kept aside to watch progress; may be empty.
    pub validation_rows: Vec<f32>,
    pub validation_losses: Vec<f64>,
}

/// Where the run's fresh vectors come from, and who watches it.
pub trait Observer: Sync {
    /// One fresh fragment of each training row, `[n, d]`; `None` to train on rows alone.
    ///
    /// # Errors
    /// If the encoder fails.
    fn fragments(&self, epoch: usize) -> std::result::Result<Option<Vec<f32>>, String>;

    /// `count` fresh negatives `[count, d]` for the OOD head, on the encoder's scale.
    ///
    /// # Errors
    /// If the encoder fails.
    fn negatives(&self, count: usize, rng: &mut ChaCha8Rng) -> std::result::Result<Vec<f32>, String>;

    /// A few steps are done: total steps done by this head, and each member's mean loss over them, or nothing
    /// where they were too few to mean much.
    fn steps(&self, head: HeadKind, done: usize, losses: &[f32]);

    /// An epoch is done.
    fn epoch(&self, metrics: &[EpochMetrics]);

    /// Asked after every step.
    fn cancelled(&self) -> bool;
}

/// A run's end.
#[derive(Debug)]
pub struct Outcome {
    pub ensemble: Ensemble,
    pub epochs: Vec<EpochMetrics>,
    pub state: RunState,
}

/// Trains all heads of a run.
///
/// # Errors
/// If the data cannot be learnt from (no rows, equal losses) or a tensor computation fails. Divergence is not
/// an error: it ends the run with [`RunState::Diverged`].
pub fn train(
    data: &TrainingData,
    hyper: &HyperParameters,
    device: &Device,
    observer: &dyn Observer,
) -> Result<Outcome> {
    let mut run = Training::new(data, hyper, device)?;
    let mut epochs = Vec::new();
    let mut state = RunState::Finished;
    for epoch in 0..hyper.epochs {
        let fragments = observer.fragments(epoch).map_err(HeadsError::Unusable)?;
        let mut metrics = run.epoch(epoch, fragments, observer)?;
        if observer.cancelled() {
            state = RunState::Cancelled;
            break;
        }
        run.validate(&mut metrics)?;
        let diverged = metrics.iter().any(EpochMetrics::diverged);
        observer.epoch(&metrics);
        epochs.extend(metrics);
        if diverged {
            state = RunState::Diverged;
            break;
        }
    }
    if state == RunState::Finished && !run.is_finite()? {
        state = RunState::Diverged;
    }
    Ok(Outcome { ensemble: run.into_ensemble(), epochs, state })
}

/// Steps an epoch takes for `rows` training rows, with or without fragments.
#[must_use]
pub fn steps_per_epoch(rows: usize, hyper: &HyperParameters) -> usize {
    let examples = if hyper.fragments { 2 * rows } else { rows };
    (examples / hyper.batch.min(examples.max(1))).max(1)
}

struct Track {
    heads: &'static [HeadKind],
    stack: Stack,
    optimiser: AdamW,
}

struct Training<'a> {
    data: &'a TrainingData,
    hyper: &'a HyperParameters,
    device: &'a Device,
    input: InputScale,
    target: TargetScale,
    tracks: [Track; 2],
    /// Scaled training rows `[n, d]`, targets `[n, 1]`, bootstrap counts `[n, M]`.
    rows: Tensor,
    targets: Tensor,
    row_weights: Tensor,
}

/// One epoch's examples: rows, then their fragments.
struct EpochData<'a> {
    epoch: usize,
    inputs: Tensor,
    /// Positions in `inputs`, shuffled; the same for all heads.
    order: Vec<u32>,
    rows: usize,
    batch: usize,
    training: &'a Shared<'a>,
}

/// What the tracks read while they run beside each other.
struct Shared<'a> {
    hyper: &'a HyperParameters,
    device: &'a Device,
    losses: &'a [f64],
    input: &'a InputScale,
    targets: &'a Tensor,
    row_weights: &'a Tensor,
    observer: &'a dyn Observer,
}

impl<'a> Training<'a> {
    fn new(data: &'a TrainingData, hyper: &'a HyperParameters, device: &'a Device) -> Result<Self> {
        hyper.validate().map_err(HeadsError::Unusable)?;
        let count = data.losses.len();
        if count < 2 || data.rows.len() != count * data.dimension {
            return Err(HeadsError::Shape {
                what: "the training matrix",
                found: data.rows.len(),
                expected: count.max(2) * data.dimension,
            });
        }
        let input = InputScale::fit(&data.rows, data.dimension)?;
        let (target, targets) = TargetScale::fit(hyper.target, &data.losses)?;
        let mut scaled = data.rows.clone();
        input.apply(&mut scaled);
        let track = |heads: &'static [HeadKind], index: usize| -> Result<Track> {
            let shape = StackShape {
                dimension: data.dimension,
                hidden: hyper.hidden_units(),
                nets: heads.len() * hyper.members,
            };
            let stack = Stack::initialise(shape, &mut stream(hyper.seed, Draw::Initial, index), device)?;
            let optimiser = AdamW::new(&stack, hyper.weight_decay)?;
            Ok(Track { heads, stack, optimiser })
        };
        Ok(Self {
            data,
            hyper,
            device,
            input,
            target,
            tracks: [track(&[HeadKind::Regressor, HeadKind::Ranker], 0)?, track(&[HeadKind::Ood], 1)?],
            rows: Tensor::from_vec(scaled, (count, data.dimension), device)?,
            targets: Tensor::from_vec(targets, (count, 1), device)?,
            row_weights: bootstrap_weights(count, hyper, device)?,
        })
    }

    fn epoch(
        &mut self,
        epoch: usize,
        fragments: Option<Vec<f32>>,
        observer: &dyn Observer,
    ) -> Result<Vec<EpochMetrics>> {
        let count = self.data.losses.len();
        let inputs = match fragments {
            Some(mut vectors) => {
                if vectors.len() != count * self.data.dimension {
                    return Err(HeadsError::Shape {
                        what: "the fragments",
                        found: vectors.len(),
                        expected: count * self.data.dimension,
                    });
                }
                self.input.apply(&mut vectors);
                let fragments = Tensor::from_vec(vectors, (count, self.data.dimension), self.device)?;
                Tensor::cat(&[&self.rows, &fragments], 0)?
            }
            None => self.rows.clone(),
        };
        let examples = inputs.dim(0)?;
        let mut order: Vec<u32> = (0..examples as u32).collect();
        order.shuffle(&mut stream(self.hyper.seed, Draw::Order, epoch));
        let shared = Shared {
            hyper: self.hyper,
            device: self.device,
            losses: &self.data.losses,
            input: &self.input,
            targets: &self.targets,
            row_weights: &self.row_weights,
            observer,
        };
        let data =
            EpochData { epoch, inputs, order, rows: count, batch: self.hyper.batch.min(examples), training: &shared };
        let [loss_track, ood_track] = &mut self.tracks;
        if self.device.is_cpu() {
            // The tracks share nothing that either writes, so each can have a core of its own.
            let (loss, ood) = std::thread::scope(|scope| {
                let ood = scope.spawn(|| ood_track.epoch(&data));
                let loss = loss_track.epoch(&data);
                (loss, ood.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            });
            Ok([loss?, ood?].concat())
        } else {
            Ok([loss_track.epoch(&data)?, ood_track.epoch(&data)?].concat())
        }
    }

    /// Fills in each head's Spearman with the loss over the validation rows.
    fn validate(&self, metrics: &mut [EpochMetrics]) -> Result<()> {
        if self.data.validation_losses.len() < 3 {
            return Ok(());
        }
        let mut rows = self.data.validation_rows.clone();
        self.input.apply(&mut rows);
        let inputs = Tensor::from_vec(rows, (self.data.validation_losses.len(), self.data.dimension), self.device)?;
        for track in &self.tracks {
            let scores = track.stack.forward(&inputs)?.scores.t()?.to_vec2::<f32>()?;
            for (position, head) in track.heads.iter().enumerate() {
                let Some(metric) = metrics.iter_mut().find(|metric| metric.head == *head) else { continue };
                metric.validation_spearman = scores[position * self.hyper.members..(position + 1) * self.hyper.members]
                    .iter()
                    .map(|outputs| {
                        let risk: Vec<f64> =
                            outputs.iter().map(|&output| head.risk_sign() * f64::from(output)).collect();
                        let correlation = crate::stats::spearman(&risk, &self.data.validation_losses);
                        correlation.ok().map(|correlation| correlation.value)
                    })
                    .collect::<Option<Vec<f64>>>()
                    .unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Whether every weight is a number: the losses reported are those before the last step.
    fn is_finite(&self) -> Result<bool> {
        for weight in self.tracks.iter().flat_map(|track| &track.stack.weights) {
            if !weight.sum_all()?.to_scalar::<f32>()?.is_finite() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn into_ensemble(self) -> Ensemble {
        let [loss, ood] = self.tracks;
        Ensemble {
            members: self.hyper.members,
            input: self.input,
            target: self.target,
            loss_stack: loss.stack,
            ood_stack: ood.stack,
        }
    }
}

impl Track {
    /// Runs one epoch; returns each head's mean training losses.
    fn epoch(&mut self, data: &EpochData) -> Result<Vec<EpochMetrics>> {
        let steps = (data.order.len() / data.batch).max(1);
        let settings = data.training;
        let mut reporter = Reporter::new(self.heads, settings.hyper.members, data.epoch, steps, settings.observer);
        let mut pair_rng = stream(data.training.hyper.seed, Draw::Pairs, data.epoch);
        let mut negative_rng = stream(data.training.hyper.seed, Draw::Negatives, data.epoch);
        let total = steps * data.training.hyper.epochs;
        for (step, batch) in data.order.chunks_exact(data.batch).enumerate() {
            let rng = if self.heads.len() == 1 { &mut negative_rng } else { &mut pair_rng };
            let rate = cosine_rate(data.training.hyper.learning_rate, data.epoch * steps + step, total);
            let losses = self.step(batch, data, rate, rng)?;
            reporter.push(losses, step + 1 == steps)?;
            if data.training.observer.cancelled() {
                break;
            }
        }
        Ok(reporter.metrics())
    }

    fn step(&mut self, batch: &[u32], data: &EpochData, rate: f64, rng: &mut ChaCha8Rng) -> Result<Tensor> {
        let shared = data.training;
        let positions = Tensor::from_slice(batch, batch.len(), shared.device)?;
        let items: Vec<u32> = batch.iter().map(|&position| position % data.rows as u32).collect();
        let item_positions = Tensor::from_slice(&items, items.len(), shared.device)?;
        let mut inputs = data.inputs.index_select(&positions, 0)?;
        let weights = shared.row_weights.index_select(&item_positions, 0)?;
        let is_ood = self.heads == [HeadKind::Ood];
        if is_ood {
            let mut negatives = shared.observer.negatives(batch.len(), rng).map_err(HeadsError::Unusable)?;
            shared.input.apply(&mut negatives);
            let negatives = Tensor::from_vec(negatives, (batch.len(), shared.input.mean.len()), shared.device)?;
            inputs = Tensor::cat(&[&inputs, &negatives], 0)?;
        }
        let forward = self.stack.forward(&inputs)?;
        let LossAndGradient { losses, d_scores } = if is_ood {
            objective::ood(&forward.scores, batch.len(), &weights)?
        } else {
            let targets = shared.targets.index_select(&item_positions, 0)?;
            loss_heads(&forward.scores, &targets, &weights, &items, shared, rng)?
        };
        let gradients = self.stack.backward(&inputs, &forward, &d_scores)?;
        self.optimiser.update(&mut self.stack, &gradients, rate)?;
        Ok(losses)
    }
}

/// Regressor columns and ranker columns of the shared stack.
fn loss_heads(
    scores: &Tensor,
    targets: &Tensor,
    weights: &Tensor,
    items: &[u32],
    shared: &Shared,
    rng: &mut ChaCha8Rng,
) -> Result<LossAndGradient> {
    let members = shared.hyper.members;
    let regressor = objective::regression(&scores.narrow(1, 0, members)?, targets, weights)?;
    let ranked = scores.narrow(1, members, members)?.contiguous()?;
    let loss = |position: usize| shared.losses[items[position] as usize];
    let order_of = |a: usize, b: usize| {
        if loss(a) > loss(b) {
            1.0
        } else if loss(a) < loss(b) {
            -1.0
        } else {
            0f32
        }
    };
    let count = items.len();
    let ranker = match shared.hyper.pairs {
        Pairs::Sampled => {
            let mut partner: Vec<u32> = (0..count as u32).collect();
            partner.shuffle(rng);
            let mut inverse = vec![0u32; count];
            partner.iter().enumerate().for_each(|(from, &to)| inverse[to as usize] = from as u32);
            let order: Vec<f32> =
                partner.iter().enumerate().map(|(row, &other)| order_of(row, other as usize)).collect();
            let order = Tensor::from_vec(order, (count, 1), shared.device)?;
            let partner = Tensor::from_vec(partner, count, shared.device)?;
            let inverse = Tensor::from_vec(inverse, count, shared.device)?;
            objective::sampled_pairs(&ranked, &order, &partner, &inverse, weights)?
        }
        Pairs::All => {
            let order: Vec<f32> = (0..count)
                .flat_map(|row| (0..count).map(move |other| (row, other)))
                .map(|(row, other)| order_of(row, other))
                .collect();
            objective::all_pairs(&ranked, &Tensor::from_vec(order, (count, count), shared.device)?, weights)?
        }
    };
    Ok(LossAndGradient {
        losses: Tensor::cat(&[&regressor.losses, &ranker.losses], 0)?,
        d_scores: Tensor::cat(&[&regressor.d_scores, &ranker.d_scores], 1)?,
    })
}
