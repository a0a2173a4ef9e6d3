//! What a trainer asks of whatever computes the heads: plain slices on a CPU, tensors on any device.

use super::draw::{Draw, Resample, stream};
use super::examples::Step;
use super::net::Arrays;
use super::{Moments, Result, StackShape, initial_nets};
use crate::audit::{HeadKind, HyperParameters};

/// What every step refers to by row.
#[derive(Debug)]
pub struct Problem<'a> {
    pub hyper: &'a HyperParameters,
    pub dimension: usize,
    /// Loss of each training row, for comparisons.
    pub losses: &'a [f64],
    /// Standardised target of each training row.
    pub targets: Vec<f32>,
    pub resample: Resample,
}

/// A member's weights and optimiser state.
#[derive(Debug, Clone, PartialEq)]
pub struct NetState {
    pub arrays: Arrays,
    pub moments: Vec<Moments>,
}

/// All members of all heads, in the order of [`HeadKind::ALL`], and the steps they took.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnerState {
    pub steps: u64,
    pub nets: Vec<NetState>,
}

impl LearnerState {
    /// The start of a run: drawn by seed, the same for every learner.
    pub fn initial(hyper: &HyperParameters, dimension: usize) -> Self {
        let draw = |nets: usize, track: usize| {
            let shape = StackShape { dimension, hidden: hyper.hidden_units(), nets };
            initial_nets(shape, &mut stream(hyper.seed, Draw::Initial, track))
        };
        let net = |arrays: Arrays| {
            let moments = arrays.iter().map(|array| Moments::zeros(array.len())).collect();
            NetState { arrays, moments }
        };
        let nets = draw(2 * hyper.members, 0).into_iter().chain(draw(hyper.members, 1)).map(net).collect();
        Self { steps: 0, nets }
    }
}

/// Computes the heads of a run.
pub trait Learner: Send {
    /// One step of every member of every head on the same examples; `beside` runs at the same time where there
    /// are threads for it.
    ///
    /// # Errors
    /// If the device fails, by running out of memory for one.
    fn step(&mut self, step: &Step, rate: f64, beside: &mut (dyn FnMut() + Send)) -> Result<()>;

    /// Loss of each head's members `[3·M]` in each step since this was last asked.
    ///
    /// # Errors
    /// If the device cannot be read.
    fn losses(&mut self) -> Result<Vec<Vec<f32>>>;

    /// Scores of every member for scaled rows `[n, d]`, net after net.
    ///
    /// # Errors
    /// If the device fails.
    fn scores(&self, rows: &[f32]) -> Result<Vec<Vec<f32>>>;

    /// Weights and optimiser state, to go on from later.
    ///
    /// # Errors
    /// If the device cannot be read.
    fn state(&self) -> Result<LearnerState>;

    /// Whether every weight is a number.
    ///
    /// # Errors
    /// If the device cannot be read.
    fn is_finite(&self) -> Result<bool> {
        let state = self.state()?;
        Ok(state.nets.iter().flat_map(|net| &net.arrays).flatten().all(|weight| weight.is_finite()))
    }
}

/// Head and member of the `index`-th net.
pub fn head_of(index: usize, members: usize) -> (HeadKind, usize) {
    (HeadKind::ALL[(index / members).min(2)], index % members)
}
