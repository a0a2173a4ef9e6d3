//! Linear members on a CPU: all of them in one pass over the rows of a batch, so that a step costs what reading the
//! rows costs. Rows are cut into parts of fixed size, so a run is the same on any number of threads.

use super::Result;
use super::adamw::StepRate;
use super::examples::Step;
use super::learner::{Learner, LearnerState, NetState, Problem, head_of};
use super::member_objective::{Kept, objective};
use super::row_products::{Vectors, padded};
use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};

/// Rows of a part: what stays in a core's cache while all members read it.
const PART: usize = 256;

/// Linear members as plain slices: weights `w (d)` and `b (1)` of each.
pub struct LinearLearner<'a> {
    problem: &'a Problem<'a>,
    nets: Vec<NetState>,
    steps: u64,
    losses: Vec<Vec<f32>>,
}

impl<'a> LinearLearner<'a> {
    /// Goes on from a state, on the threads of the current pool.
    pub fn new(problem: &'a Problem<'a>, state: LearnerState) -> Self {
        Self { problem, nets: state.nets, steps: state.steps, losses: Vec::new() }
    }

    fn weights(&self, nets: &[NetState]) -> Vectors {
        Vectors::new(nets.iter().map(|net| &net.arrays[0][..]), self.problem.dimension)
    }

    /// Products of the rows with the weights, `[rows, padded nets]`, offsets left out.
    fn products(&self, nets: &[NetState], rows: &[f32]) -> Vec<f32> {
        let (dimension, width) = (self.problem.dimension, padded(nets.len()));
        let weights = self.weights(nets);
        let mut products = vec![0f32; rows.len() / dimension * width];
        let parts = products.par_chunks_mut(PART * width).zip(rows.par_chunks(PART * dimension));
        parts.for_each(|(products, rows)| weights.multiply(rows, products));
        products
    }

    fn learn(&mut self, step: &Step, rate: f64) {
        let members = self.problem.hyper.members;
        let rate = StepRate { rate, weight_decay: self.problem.hyper.weight_decay, step: self.steps };
        let rows = step.items.len();
        let inside = self.products(&self.nets, &step.inputs);
        let outside = self.products(&self.nets[2 * members..], &step.negatives);
        let (width, foreign) = (padded(self.nets.len()), padded(members));
        // What each member's scores are off by, `[rows]`, and for the OOD members those of the negatives after them.
        let judged: Vec<(f32, Vec<f32>)> = (0..self.nets.len())
            .into_par_iter()
            .map(|net| {
                let (head, member) = head_of(net, members);
                let kept = Kept::new(self.problem, step, member);
                let offset = self.nets[net].arrays[1][0];
                let mut scores: Vec<f32> = kept.rows.iter().map(|&row| inside[row * width + net] + offset).collect();
                if net >= 2 * members {
                    scores.extend(outside.chunks_exact(foreign).map(|scores| scores[member] + offset));
                }
                let mut slopes = vec![0f32; scores.len()];
                let loss = objective(head, &kept, self.problem, &scores, &mut slopes);
                (loss, kept.spread(slopes, rows))
            })
            .collect();
        let own = |from: usize, nets: std::ops::Range<usize>, width: usize| {
            let mut slopes = vec![0f32; rows * width];
            for (column, net) in nets.enumerate() {
                let mine = &judged[net].1[from..];
                slopes.chunks_exact_mut(width).zip(mine).for_each(|(slopes, slope)| slopes[column] = *slope);
            }
            slopes
        };
        let nets = self.nets.len();
        let gradient = self.sum_of(&step.inputs, &own(0, 0..nets, width), nets);
        let gradient_outside = self.sum_of(&step.negatives, &own(rows, 2 * members..nets, foreign), members);
        for (net, (state, (_, slopes))) in self.nets.iter_mut().zip(&judged).enumerate() {
            let mut first = gradient.vector(net).to_vec();
            if let Some(member) = net.checked_sub(2 * members) {
                first.iter_mut().zip(gradient_outside.vector(member)).for_each(|(sum, value)| *sum += value);
            }
            let offset = [slopes.iter().sum::<f32>()];
            let NetState { arrays, moments } = state;
            for ((array, moments), gradient) in arrays.iter_mut().zip(moments).zip([&first[..], &offset[..]]) {
                moments.update(array, gradient, rate);
            }
        }
        self.losses.push(judged.into_iter().map(|(loss, _)| loss).collect());
    }

    /// Rows weighted by slopes `[rows, padded nets]` and summed, part after part in their order.
    fn sum_of(&self, rows: &[f32], slopes: &[f32], nets: usize) -> Vectors {
        let (dimension, width) = (self.problem.dimension, padded(nets));
        let parts = rows.par_chunks(PART * dimension).zip(slopes.par_chunks(PART * width));
        let sums: Vec<Vectors> = parts
            .map(|(rows, slopes)| {
                let mut sum = Vectors::zeros(nets, dimension);
                sum.add_weighted(rows, slopes);
                sum
            })
            .collect();
        let mut total = Vectors::zeros(nets, dimension);
        sums.iter().for_each(|sum| total.add(sum));
        total
    }
}

impl Learner for LinearLearner<'_> {
    fn step(&mut self, step: &Step, rate: f64, beside: &mut (dyn FnMut() + Send)) -> Result<()> {
        self.steps += 1;
        rayon::scope(|scope| {
            scope.spawn(|_| beside());
            self.learn(step, rate);
        });
        Ok(())
    }

    fn losses(&mut self) -> Result<Vec<Vec<f32>>> {
        Ok(std::mem::take(&mut self.losses))
    }

    fn scores(&self, rows: &[f32]) -> Result<Vec<Vec<f32>>> {
        let products = self.products(&self.nets, rows);
        let width = padded(self.nets.len());
        let of = |(net, state): (usize, &NetState)| {
            products.chunks_exact(width).map(|products| products[net] + state.arrays[1][0]).collect()
        };
        Ok(self.nets.iter().enumerate().map(of).collect())
    }

    fn state(&self) -> Result<LearnerState> {
        Ok(LearnerState { steps: self.steps, nets: self.nets.clone() })
    }
}
