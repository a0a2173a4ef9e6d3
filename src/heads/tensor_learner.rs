//! All members as wide tensors on any device: MLP members on a GPU, linear members everywhere.

use super::adamw::{AdamW, StepRate};
use super::examples::Step;
use super::learner::{Learner, LearnerState, NetState, Problem};
use super::objective::{self, LossAndGradient};
use super::pairs::{order, pair_terms};
use super::{Moments, Result, Stack, StackShape};
use crate::audit::Pairs;
use candle_core::{Device, Tensor};

/// Regressor and ranker members share a stack; the OOD members have their own, for they read negatives too.
pub struct TensorLearner<'a> {
    problem: &'a Problem<'a>,
    device: Device,
    stacks: [Stack; 2],
    optimisers: [AdamW; 2],
    steps: u64,
    /// Losses stay on the device until somebody asks.
    losses: Vec<Tensor>,
}

impl<'a> TensorLearner<'a> {
    /// Goes on from a state, on a device.
    ///
    /// # Errors
    /// If the state cannot be placed on the device.
    pub fn new(problem: &'a Problem<'a>, state: &LearnerState, device: &Device) -> Result<Self> {
        let (loss, ood) = state.nets.split_at(2 * problem.hyper.members);
        let place = |nets: &[NetState]| -> Result<(Stack, AdamW)> {
            let shape =
                StackShape { dimension: problem.dimension, hidden: problem.hyper.hidden_units(), nets: nets.len() };
            let wide = |of: &dyn Fn(&NetState) -> Vec<Vec<f32>>| {
                Stack::from_nets(shape, &nets.iter().map(of).collect::<Vec<_>>(), device)
            };
            let stack = wide(&|net| net.arrays.clone())?;
            let first = wide(&|net| net.moments.iter().map(|moments| moments.first.clone()).collect())?.weights;
            let second = wide(&|net| net.moments.iter().map(|moments| moments.second.clone()).collect())?.weights;
            Ok((stack, AdamW { first, second }))
        };
        let (loss_stack, loss_optimiser) = place(loss)?;
        let (ood_stack, ood_optimiser) = place(ood)?;
        Ok(Self {
            problem,
            device: device.clone(),
            stacks: [loss_stack, ood_stack],
            optimisers: [loss_optimiser, ood_optimiser],
            steps: state.steps,
            losses: Vec::new(),
        })
    }

    /// A value of each example for each member, `[B, M]`.
    fn per_member(&self, rows: usize, value: impl Fn(usize, usize) -> f32) -> Result<Tensor> {
        let members = self.problem.hyper.members;
        let values: Vec<f32> = (0..rows * members).map(|cell| value(cell / members, cell % members)).collect();
        Ok(Tensor::from_vec(values, (rows, members), &self.device)?)
    }

    /// Regressor columns and ranker columns of the shared stack.
    fn loss_heads(&self, scores: &Tensor, step: &Step, weights: &Tensor) -> Result<LossAndGradient> {
        let (members, rows) = (self.problem.hyper.members, step.items.len());
        let targets: Vec<f32> = step.items.iter().map(|&row| self.problem.targets[row as usize]).collect();
        let targets = Tensor::from_vec(targets, (rows, 1), &self.device)?;
        let regressor = objective::regression(&scores.narrow(1, 0, members)?, &targets, weights)?;
        let ranked = scores.narrow(1, members, members)?.contiguous()?;
        let losses: Vec<f64> = step.items.iter().map(|&row| self.problem.losses[row as usize]).collect();
        let ranker = match self.problem.hyper.pairs {
            Pairs::Sampled => self.sampled_pairs(&ranked, step, &losses)?,
            Pairs::All => {
                let orders: Vec<f32> =
                    (0..rows * rows).map(|cell| order(losses[cell / rows], losses[cell % rows])).collect();
                objective::all_pairs(&ranked, &Tensor::from_vec(orders, (rows, rows), &self.device)?, weights)?
            }
        };
        Ok(LossAndGradient {
            losses: Tensor::cat(&[&regressor.losses, &ranker.losses], 0)?,
            d_scores: Tensor::cat(&[&regressor.d_scores, &ranker.d_scores], 1)?,
        })
    }

    fn sampled_pairs(&self, ranked: &Tensor, step: &Step, losses: &[f64]) -> Result<LossAndGradient> {
        let (members, rows) = (self.problem.hyper.members, step.items.len());
        // A row outside a member's resample is its own partner, at no weight.
        let mut partner: Vec<u32> = (0..rows * members).map(|cell| (cell / members) as u32).collect();
        let mut inverse = partner.clone();
        let mut orders = vec![0f32; rows * members];
        let mut weights = vec![0f32; rows * members];
        for member in 0..members {
            let weight = |row: usize| self.problem.resample.weight(member, step.items[row]);
            let kept: Vec<usize> = (0..rows).filter(|&row| weight(row) > 0.0).collect();
            let kept_losses: Vec<f64> = kept.iter().map(|&row| losses[row]).collect();
            let kept_weights: Vec<f32> = kept.iter().map(|&row| weight(row)).collect();
            for (position, term) in pair_terms(&kept_losses, &kept_weights).iter().enumerate() {
                let (row, next) = (kept[position], kept[(position + 1) % kept.len()]);
                partner[row * members + member] = next as u32;
                inverse[next * members + member] = row as u32;
                orders[row * members + member] = term.order;
                weights[row * members + member] = term.weight;
            }
        }
        let whole = |values: Vec<u32>| Tensor::from_vec(values, (rows, members), &self.device);
        let parts = |values: Vec<f32>| Tensor::from_vec(values, (rows, members), &self.device);
        objective::sampled_pairs(ranked, &parts(orders)?, &whole(partner)?, &whole(inverse)?, &parts(weights)?)
    }
}

impl Learner for TensorLearner<'_> {
    fn step(&mut self, step: &Step, rate: f64, beside: &mut (dyn FnMut() + Send)) -> Result<()> {
        let device = self.device.clone();
        let mut learnt = Ok(());
        // The host makes the next step while this one is computed.
        rayon::scope(|scope| {
            scope.spawn(|_| beside());
            learnt = self.learn(step, rate, &device);
        });
        learnt
    }

    fn losses(&mut self) -> Result<Vec<Vec<f32>>> {
        if self.losses.is_empty() {
            return Ok(Vec::new());
        }
        Ok(Tensor::stack(&std::mem::take(&mut self.losses), 0)?.to_vec2::<f32>()?)
    }

    fn scores(&self, rows: &[f32]) -> Result<Vec<Vec<f32>>> {
        let count = rows.len() / self.problem.dimension.max(1);
        let inputs = Tensor::from_slice(rows, (count, self.problem.dimension), &self.device)?;
        let mut scores = Vec::new();
        for stack in &self.stacks {
            scores.extend(stack.forward(&inputs)?.scores.t()?.to_vec2::<f32>()?);
        }
        Ok(scores)
    }

    fn state(&self) -> Result<LearnerState> {
        let mut nets = Vec::new();
        for (stack, optimiser) in self.stacks.iter().zip(&self.optimisers) {
            let taken = |weights: &[Tensor]| stack.with_weights(weights.to_vec()).to_nets();
            let (first, second) = (taken(&optimiser.first)?, taken(&optimiser.second)?);
            for ((arrays, first), second) in stack.to_nets()?.into_iter().zip(first).zip(second) {
                let moments = first.into_iter().zip(second).map(|(first, second)| Moments { first, second }).collect();
                nets.push(NetState { arrays, moments });
            }
        }
        Ok(LearnerState { steps: self.steps, nets })
    }

    fn is_finite(&self) -> Result<bool> {
        for weight in self.stacks.iter().flat_map(|stack| &stack.weights) {
            if !weight.sum_all()?.to_scalar::<f32>()?.is_finite() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl TensorLearner<'_> {
    fn learn(&mut self, step: &Step, rate: f64, device: &Device) -> Result<()> {
        self.steps += 1;
        let rate = StepRate { rate, weight_decay: self.problem.hyper.weight_decay, step: self.steps };
        let (rows, dimension) = (step.items.len(), self.problem.dimension);
        let inputs = Tensor::from_slice(&step.inputs, (rows, dimension), device)?;
        let negatives = Tensor::from_slice(&step.negatives, (rows, dimension), device)?;
        let weights = self.per_member(rows, |row, member| self.problem.resample.weight(member, step.items[row]))?;

        let forward = self.stacks[0].forward(&inputs)?;
        let loss = self.loss_heads(&forward.scores, step, &weights)?;
        let gradients = self.stacks[0].backward(&inputs, &forward, &loss.d_scores)?;
        self.optimisers[0].update(&mut self.stacks[0], &gradients, rate)?;

        let (inside, outside) = (self.stacks[1].forward(&inputs)?, self.stacks[1].forward(&negatives)?);
        let ood = objective::ood(&Tensor::cat(&[&inside.scores, &outside.scores], 0)?, rows, &weights)?;
        let d_inside = ood.d_scores.narrow(0, 0, rows)?.contiguous()?;
        let d_outside = ood.d_scores.narrow(0, rows, rows)?.contiguous()?;
        let mut gradients = self.stacks[1].backward(&inputs, &inside, &d_inside)?;
        for (sum, part) in gradients.0.iter_mut().zip(self.stacks[1].backward(&negatives, &outside, &d_outside)?.0) {
            *sum = (&*sum + part)?;
        }
        self.optimisers[1].update(&mut self.stacks[1], &gradients, rate)?;
        self.losses.push(Tensor::cat(&[&loss.losses, &ood.losses], 0)?);
        Ok(())
    }
}
