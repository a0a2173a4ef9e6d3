//! MLP members on a CPU: each is a task of its own, so a run is the same on any number of threads.

use super::adamw::StepRate;
use super::examples::Step;
use super::learner::{Learner, LearnerState, NetState, Problem, head_of};
use super::member_objective::{Kept, objective};
use super::net::{Net, Scratch};
use super::{HeadsError, Result};
use crate::audit::HeadKind;
use std::sync::{Mutex, PoisonError};

/// Rows scored at a time when nothing is learnt.
const SCORED: usize = 1024;

/// MLP members as plain slices.
pub struct CpuLearner<'a> {
    problem: &'a Problem<'a>,
    nets: Vec<Net>,
    /// One for each thread of the pool the learner runs in.
    scratch: Vec<Mutex<Scratch>>,
    steps: u64,
    losses: Vec<Vec<f32>>,
}

impl<'a> CpuLearner<'a> {
    /// Goes on from a state, on the threads of the current pool.
    pub fn new(problem: &'a Problem<'a>, state: LearnerState) -> Self {
        let hidden = problem.hyper.hidden_units();
        let net = |state: NetState| Net {
            dimension: problem.dimension,
            hidden,
            arrays: state.arrays,
            moments: state.moments,
        };
        let scratch = (0..rayon::current_num_threads()).map(|_| Mutex::default()).collect();
        Self {
            problem,
            nets: state.nets.into_iter().map(net).collect(),
            scratch,
            steps: state.steps,
            losses: Vec::new(),
        }
    }
}

impl Learner for CpuLearner<'_> {
    fn step(&mut self, step: &Step, rate: f64, beside: &mut (dyn FnMut() + Send)) -> Result<()> {
        self.steps += 1;
        let members = self.problem.hyper.members;
        let rate = StepRate { rate, weight_decay: self.problem.hyper.weight_decay, step: self.steps };
        let (problem, scratch) = (self.problem, &self.scratch[..]);
        let mut results: Vec<Result<f32>> = (0..self.nets.len()).map(|_| Ok(0.0)).collect();
        rayon::scope_fifo(|scope| {
            scope.spawn_fifo(move |_| beside());
            // The OOD members read twice the rows: begun first, they leave no thread waiting at the end.
            for (index, (net, result)) in self.nets.iter_mut().zip(&mut results).enumerate().rev() {
                scope.spawn_fifo(move |_| {
                    *result =
                        with_scratch(scratch, |mine| train_net(net, head_of(index, members), step, problem, rate, mine))
                });
            }
        });
        self.losses.push(results.into_iter().collect::<Result<_>>()?);
        Ok(())
    }

    fn losses(&mut self) -> Result<Vec<Vec<f32>>> {
        Ok(std::mem::take(&mut self.losses))
    }

    fn scores(&self, rows: &[f32]) -> Result<Vec<Vec<f32>>> {
        use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
        let score = |net: &Net| {
            with_scratch(&self.scratch, |scratch| {
                let mut scores = Vec::with_capacity(rows.len() / net.dimension);
                for chunk in rows.chunks(SCORED * net.dimension) {
                    net.forward(&[chunk], scratch)?;
                    scores.extend_from_slice(&scratch.scores[..chunk.len() / net.dimension]);
                }
                Ok(scores)
            })
        };
        self.nets.par_iter().map(score).collect()
    }

    fn state(&self) -> Result<LearnerState> {
        let net = |net: &Net| NetState { arrays: net.arrays.clone(), moments: net.moments.clone() };
        Ok(LearnerState { steps: self.steps, nets: self.nets.iter().map(net).collect() })
    }
}

/// Lends the current thread its own scratch; tasks do not wait for each other inside, so nobody else holds it.
fn with_scratch<T>(scratch: &[Mutex<Scratch>], work: impl FnOnce(&mut Scratch) -> Result<T>) -> Result<T> {
    let mine = scratch.get(rayon::current_thread_index().unwrap_or(0));
    let mine = mine.ok_or_else(|| HeadsError::Unusable("a learner was moved to a larger pool of threads".into()))?;
    work(&mut mine.lock().unwrap_or_else(PoisonError::into_inner))
}

/// One step of one member; returns its loss.
fn train_net(
    net: &mut Net,
    (head, member): (HeadKind, usize),
    step: &Step,
    problem: &Problem,
    rate: StepRate,
    scratch: &mut Scratch,
) -> Result<f32> {
    let kept = Kept::new(problem, step, member);
    let mut gathered = std::mem::take(&mut scratch.gathered);
    let inputs = if problem.resample.is_whole() {
        &step.inputs[..]
    } else {
        gathered.clear();
        for &row in &kept.rows {
            gathered.extend_from_slice(&step.inputs[row * net.dimension..(row + 1) * net.dimension]);
        }
        &gathered[..]
    };
    let both = [inputs, &step.negatives[..]];
    let parts = if head == HeadKind::Ood { &both[..] } else { &both[..1] };
    net.forward(parts, scratch)?;
    let Scratch { scores, d_scores, .. } = &mut *scratch;
    d_scores.resize(scores.len(), 0.0);
    let loss = objective(head, &kept, problem, scores, d_scores);
    net.learn(parts, scratch, rate)?;
    scratch.gathered = gathered;
    Ok(loss)
}
