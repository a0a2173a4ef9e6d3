//! AdamW (Loshchilov & Hutter 2019) over a stack's tensors, and the cosine schedule.

use super::{Gradients, Result, Stack};
use candle_core::Tensor;

/// Optimiser state of one stack. candle-nn's takes its gradients from autograd alone, and these are analytic.
#[derive(Debug, Clone)]
pub struct AdamW {
    pub weight_decay: f64,
    step: u64,
    first: Vec<Tensor>,
    second: Vec<Tensor>,
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl AdamW {
    /// Zero moments for every tensor of the stack.
    ///
    /// # Errors
    /// If a tensor cannot be placed on the stack's device.
    pub fn new(stack: &Stack, weight_decay: f64) -> Result<Self> {
        let zeros = || stack.weights.iter().map(Tensor::zeros_like).collect::<candle_core::Result<Vec<_>>>();
        Ok(Self { weight_decay, step: 0, first: zeros()?, second: zeros()? })
    }

    /// One update of every weight, in PyTorch's order: decay, moments, bias correction, step.
    ///
    /// # Errors
    /// If the gradients are not those of the stack.
    pub fn update(&mut self, stack: &mut Stack, gradients: &Gradients, rate: f64) -> Result<()> {
        self.step += 1;
        let steps = self.step as f64;
        let correction1 = 1.0 - BETA1.powf(steps);
        let correction2 = 1.0 - BETA2.powf(steps);
        for (index, gradient) in gradients.0.iter().enumerate() {
            let first = ((&self.first[index] * BETA1)? + (gradient * (1.0 - BETA1))?)?;
            let second = ((&self.second[index] * BETA2)? + (gradient.sqr()? * (1.0 - BETA2))?)?;
            let denominator = ((second.sqrt()? * (1.0 / correction2.sqrt()))? + EPSILON)?;
            let step = ((&first / denominator)? * (rate / correction1))?;
            stack.weights[index] = ((&stack.weights[index] * (1.0 - rate * self.weight_decay))? - step)?;
            self.first[index] = first;
            self.second[index] = second;
        }
        Ok(())
    }
}

/// Learning rate of a step (from zero): cosine from `peak` to zero over `steps`.
#[must_use]
pub fn cosine_rate(peak: f64, step: usize, steps: usize) -> f64 {
    let share = step as f64 / steps.max(1) as f64;
    peak * 0.5 * (1.0 + (std::f64::consts::PI * share.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::cosine_rate;

    #[test]
    fn the_schedule_falls_from_peak_to_zero() {
        assert!((cosine_rate(3e-3, 0, 100) - 3e-3).abs() < 1e-12);
        assert!((cosine_rate(3e-3, 50, 100) - 1.5e-3).abs() < 1e-12);
        assert!(cosine_rate(3e-3, 100, 100).abs() < 1e-12);
    }
}
