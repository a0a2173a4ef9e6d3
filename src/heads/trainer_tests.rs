//! Learners against each other, and runs that stop, go on and run out of memory.

use super::StepRng;
use super::checkpoint::{Checkpoint, Progress};
use super::cpu_learner::CpuLearner;
use super::draw::Resample;
use super::examples::{Examples, Step};
use super::learner::{Learner, LearnerState, Problem};
use super::linear_learner::LinearLearner;
use super::tensor_learner::TensorLearner;
use super::trainer::{Observer, Outcome, Resources, Run, TrainingData, train};
use super::{HeadsError, InputScale, Result, TargetScale};
use crate::audit::{Architecture, EpochMetrics, HeadKind, HyperParameters, Negatives, Pairs, RunState, Target};
use candle_core::Device;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::sync::Mutex;

const DIMENSION: usize = 12;

/// Items whose loss is a function of their embedding and some noise.
struct World {
    rows: Vec<f32>,
    losses: Vec<f64>,
    train: Vec<usize>,
    validation: Vec<usize>,
}

impl World {
    fn new(count: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let rows: Vec<f32> = (0..count * DIMENSION).map(|_| rng.random_range(-1.0..1.0)).collect();
        let loss = |row: &[f32]| f64::from((row[0] + row[1] * row[2]).abs() + 0.2 * row[3]).abs();
        let losses = rows.chunks(DIMENSION).map(loss).collect();
        let (train, validation) = (0..count).partition(|row| row % 5 != 0);
        Self { rows, losses, train, validation }
    }

    fn data(&self) -> TrainingData<'_> {
        let losses = |rows: &[usize]| rows.iter().map(|&row| self.losses[row]).collect();
        TrainingData {
            dimension: DIMENSION,
            embeddings: (&self.rows).into(),
            train: &self.train,
            losses: losses(&self.train),
            validation: &self.validation,
            validation_losses: losses(&self.validation),
        }
    }
}

/// Cancels after so many questions, and remembers what it was told.
#[derive(Default)]
struct Watcher {
    asked: Mutex<usize>,
    cancel_at: Option<usize>,
    last: Mutex<Option<Checkpoint>>,
    notices: Mutex<Vec<String>>,
}

impl Observer for Watcher {
    fn fragments(&self, epoch: usize, rows: &[u32]) -> std::result::Result<Option<Vec<f32>>, String> {
        let value = |row: u32, column: usize| ((row as usize * 31 + column * 7 + epoch * 3) as f32).sin();
        Ok(Some(rows.iter().flat_map(|&row| (0..DIMENSION).map(move |column| value(row, column))).collect()))
    }

    fn negatives(&self, count: usize, rng: &mut StepRng) -> std::result::Result<Vec<f32>, String> {
        Ok((0..count * DIMENSION).map(|_| rng.random_range(-1.0..1.0)).collect())
    }

    fn steps(&self, _: HeadKind, _: usize, _: &[f32]) {}

    fn epoch(&self, _: &[EpochMetrics]) {}

    fn cancelled(&self) -> bool {
        let mut asked = self.asked.lock().unwrap();
        *asked += 1;
        self.cancel_at == Some(*asked)
    }

    fn checkpoint(&self, checkpoint: &Checkpoint) {
        *self.last.lock().unwrap() = Some(checkpoint.clone());
    }

    fn notice(&self, message: &str) {
        self.notices.lock().unwrap().push(message.to_owned());
    }
}

fn hyper(architecture: Architecture) -> HyperParameters {
    HyperParameters { hidden: 20, members: 3, epochs: 3, batch: 32, ..HyperParameters::new(architecture) }
}

fn resources(threads: usize, resume: Option<Checkpoint>) -> Resources {
    Resources { device: Device::Cpu, threads, resume }
}

fn bits(outcome: &Outcome) -> Vec<u32> {
    let stacks = [&outcome.ensemble.loss_stack, &outcome.ensemble.ood_stack];
    let nets = stacks.into_iter().flat_map(|stack| stack.to_nets().unwrap());
    nets.flatten().flatten().map(f32::to_bits).collect()
}

#[test]
fn all_learners_take_the_same_steps() {
    let world = World::new(300);
    let data = world.data();
    let kinds =
        [(Pairs::Sampled, true, Target::Raw), (Pairs::All, true, Target::Rank), (Pairs::Sampled, false, Target::Log1p)];
    for (architecture, (pairs, bootstrap, target)) in
        [Architecture::Mlp, Architecture::Linear].into_iter().flat_map(|it| kinds.map(|kind| (it, kind)))
    {
        let hyper = HyperParameters { pairs, bootstrap, target, ..hyper(architecture) };
        let scale =
            InputScale::fit(data.train.len(), |item, out| data.embeddings.read(data.train[item], out), DIMENSION)
                .unwrap();
        let targets = TargetScale::fit(hyper.target, &data.losses).unwrap().1;
        let resample = Resample::draw(data.train.len(), &hyper);
        let problem = Problem { hyper: &hyper, dimension: DIMENSION, losses: &data.losses, targets, resample };
        let watcher = Watcher::default();
        let examples = Examples { data: &data, hyper: &hyper, scale: &scale, observer: &watcher };
        let start = LearnerState::initial(&hyper, DIMENSION);
        let mut slices: Box<dyn Learner> = match architecture {
            Architecture::Mlp => Box::new(CpuLearner::new(&problem, start.clone())),
            Architecture::Linear => Box::new(LinearLearner::new(&problem, start.clone())),
        };
        let mut tensors = TensorLearner::new(&problem, &start, &Device::Cpu).unwrap();
        let order = examples.order(0);
        let mut step = Step::default();
        for (index, batch) in order.chunks_exact(32).take(10).enumerate() {
            examples.fill(&mut step, 0, index, batch).unwrap();
            slices.step(&step, 3e-3, &mut || {}).unwrap();
            tensors.step(&step, 3e-3, &mut || {}).unwrap();
        }
        let close = |ours: &[f32], theirs: &[f32], what: &str| {
            assert_eq!(ours.len(), theirs.len(), "{what}");
            for (ours, theirs) in ours.iter().zip(theirs) {
                assert!((ours - theirs).abs() <= 2e-5 * theirs.abs().max(1.0), "{what}: {ours} against {theirs}");
            }
        };
        close(&slices.losses().unwrap().concat(), &tensors.losses().unwrap().concat(), "losses");
        // A ranker does not see what moves all its scores alike: its offset is rounding, which AdamW amplifies.
        let centred = |scores: Vec<Vec<f32>>| -> Vec<f32> {
            let centre = |scores: Vec<f32>| {
                let mean = scores.iter().sum::<f32>() / scores.len() as f32;
                scores.into_iter().map(move |score| score - mean)
            };
            scores.into_iter().flat_map(centre).collect()
        };
        let (ours, theirs) = (slices.scores(&step.inputs).unwrap(), tensors.scores(&step.inputs).unwrap());
        close(&centred(ours), &centred(theirs), "scores");
        let (ours, theirs) = (slices.state().unwrap(), tensors.state().unwrap());
        assert_eq!(ours.steps, theirs.steps);
        for (ours, theirs) in ours.nets.iter().zip(&theirs.nets) {
            for (ours, theirs) in ours.arrays.iter().zip(&theirs.arrays).take(ours.arrays.len() - 1) {
                close(ours, theirs, "weights");
            }
        }
    }
}

#[test]
fn a_run_is_the_same_on_any_number_of_threads_and_wherever_it_was_stopped() {
    let world = World::new(300);
    let data = world.data();
    for architecture in [Architecture::Linear, Architecture::Mlp] {
        let hyper = hyper(architecture);
        let whole = train(&data, &hyper, resources(1, None), &Watcher::default()).unwrap();
        assert_eq!(whole.state, RunState::Finished);
        let threaded = train(&data, &hyper, resources(3, None), &Watcher::default()).unwrap();
        assert!(bits(&whole) == bits(&threaded), "{architecture:?} on three threads");
        // In the middle of an epoch, at its last step, and one step into the next.
        for cancel_at in [5, 15, 16] {
            let watcher = Watcher { cancel_at: Some(cancel_at), ..Watcher::default() };
            let stopped = train(&data, &hyper, resources(2, None), &watcher).unwrap();
            assert_eq!(stopped.state, RunState::Cancelled);
            let kept = watcher.last.lock().unwrap().clone().unwrap();
            let bytes = kept.to_safetensors().unwrap();
            let resume = Checkpoint::from_safetensors(&bytes, Path::new("checkpoint")).unwrap();
            assert!(resume == kept, "a checkpoint comes back as it was");
            let resumed = train(&data, &hyper, resources(2, Some(resume)), &Watcher::default()).unwrap();
            assert!(bits(&whole) == bits(&resumed), "{architecture:?} stopped at {cancel_at}");
            assert_eq!(whole.epochs, resumed.epochs);
        }
    }
}

#[test]
fn early_stopping_keeps_the_best_epoch() {
    let world = World::new(200);
    // A rate at which MLPs overshoot soon after they learnt.
    let hyper = HyperParameters {
        epochs: 40,
        patience: 2,
        learning_rate: 0.05,
        fragments: false,
        negatives: Negatives::Gaussian,
        ..hyper(Architecture::Mlp)
    };
    let outcome = train(&world.data(), &hyper, resources(2, None), &Watcher::default()).unwrap();
    let best = outcome.best_epoch.unwrap();
    let quality: Vec<f64> = outcome.epochs.chunks(3).map(|epoch| super::validation::quality(epoch).unwrap()).collect();
    assert!(quality.len() < 40 && quality.len() == best + 2, "stopped after {} epochs, best {best}", quality.len());
    let highest = quality.iter().copied().fold(f64::MIN, f64::max);
    assert!(highest - quality[best - 1] <= 1e-4);
    let kendall = &outcome.epochs[0].validation_kendall;
    assert!(
        kendall.len() == 3
            && kendall.iter().all(|tau| tau.abs() < outcome.epochs[0].validation_spearman[0].abs() + 0.2)
    );
}

#[test]
fn a_rate_that_diverges_ends_the_run() {
    let world = World::new(200);
    let hyper = HyperParameters { learning_rate: 10.0, ..hyper(Architecture::Mlp) };
    let outcome = train(&world.data(), &hyper, resources(1, None), &Watcher::default()).unwrap();
    assert_eq!(outcome.state, RunState::Diverged);
}

/// A device that has memory for so many rows a step.
struct SmallDevice<'a> {
    inner: CpuLearner<'a>,
    rows: usize,
}

impl Learner for SmallDevice<'_> {
    fn step(&mut self, step: &Step, rate: f64, beside: &mut (dyn FnMut() + Send)) -> Result<()> {
        if step.items.len() > self.rows {
            return Err(HeadsError::Tensor(candle_core::Error::Msg("CUDA_ERROR_OUT_OF_MEMORY".into())));
        }
        self.inner.step(step, rate, beside)
    }

    fn losses(&mut self) -> Result<Vec<Vec<f32>>> {
        self.inner.losses()
    }

    fn scores(&self, rows: &[f32]) -> Result<Vec<Vec<f32>>> {
        self.inner.scores(rows)
    }

    fn state(&self) -> Result<LearnerState> {
        self.inner.state()
    }
}

#[test]
fn a_device_out_of_memory_goes_on_with_half_the_batch() {
    let world = World::new(300);
    let data = world.data();
    let hyper = HyperParameters { batch: 128, ..hyper(Architecture::Mlp) };
    let scale =
        InputScale::fit(data.train.len(), |item, out| data.embeddings.read(data.train[item], out), DIMENSION).unwrap();
    let targets = TargetScale::fit(hyper.target, &data.losses).unwrap().1;
    let resample = Resample::draw(data.train.len(), &hyper);
    let problem = Problem { hyper: &hyper, dimension: DIMENSION, losses: &data.losses, targets, resample };
    let watcher = Watcher::default();
    let examples = Examples { data: &data, hyper: &hyper, scale: &scale, observer: &watcher };
    let make = |rows: usize| {
        let problem = &problem;
        move |state: LearnerState| -> Result<Box<dyn Learner + '_>> {
            Ok(Box::new(SmallDevice { inner: CpuLearner::new(problem, state), rows }))
        }
    };
    let start = || Checkpoint {
        progress: Progress { batch: 128, ..Progress::default() },
        learner: LearnerState::initial(&hyper, DIMENSION),
        best: None,
    };
    let (enough, never) = (make(40), make(4));
    let mut run = Run::new(&examples, &enough, start(), true).unwrap();
    assert_eq!(run.epochs().unwrap(), RunState::Finished);
    assert_eq!((run.progress.batch, run.progress.epoch), (32, 3));
    let said = watcher.notices.lock().unwrap().join("\n");
    assert!(said.contains("64 rows") && said.contains("32 rows"), "{said}");
    let mut run = Run::new(&examples, &never, start(), true).unwrap();
    assert!(run.epochs().unwrap_err().is_out_of_memory());
}
