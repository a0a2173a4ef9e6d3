//! AdamW (Loshchilov & Hutter 2019), on slices and on tensors, and the schedule of its rate.

use super::{Gradients, Result, Stack};
use candle_core::Tensor;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Everything one step of AdamW depends on beside the gradient.
#[derive(Debug, Clone, Copy)]
pub struct StepRate {
    pub rate: f64,
    pub weight_decay: f64,
    /// Steps done, this one counted.
    pub step: u64,
}

impl StepRate {
    fn corrections(self) -> (f64, f64) {
        let steps = self.step as f64;
        (1.0 - BETA1.powf(steps), 1.0 - BETA2.powf(steps))
    }
}

/// Running means of a weight array's gradient and of its square.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moments {
    pub first: Vec<f32>,
    pub second: Vec<f32>,
}

impl Moments {
    /// Moments of `count` weights before the first step.
    #[must_use]
    pub fn zeros(count: usize) -> Self {
        Self { first: vec![0.0; count], second: vec![0.0; count] }
    }

    /// One update of every weight, in PyTorch's order: decay, moments, bias correction, step.
    #[inline(always)]
    pub fn update(&mut self, weights: &mut [f32], gradient: &[f32], rate: StepRate) {
        let (correction1, correction2) = rate.corrections();
        let keep = (1.0 - rate.rate * rate.weight_decay) as f32;
        let size = (rate.rate / correction1) as f32;
        let shrink = (1.0 / correction2.sqrt()) as f32;
        let (beta1, beta2) = (BETA1 as f32, BETA2 as f32);
        let (fresh1, fresh2) = ((1.0 - BETA1) as f32, (1.0 - BETA2) as f32);
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((weight, gradient), (first, second)) in weights.iter_mut().zip(gradient).zip(moments) {
            *first = *first * beta1 + gradient * fresh1;
            *second = *second * beta2 + gradient * gradient * fresh2;
            *weight = *weight * keep - size * (*first / (second.sqrt() * shrink + EPSILON as f32));
        }
    }
}

/// Optimiser state of one stack of tensors. candle-nn's takes its gradients from autograd alone, and these are
/// analytic.
#[derive(Debug, Clone)]
pub struct AdamW {
    pub first: Vec<Tensor>,
    pub second: Vec<Tensor>,
}

impl AdamW {
    /// Zero moments for every tensor of the stack.
    ///
    /// # Errors
    /// If a tensor cannot be placed on the stack's device.
    pub fn new(stack: &Stack) -> Result<Self> {
        let zeros = || stack.weights.iter().map(Tensor::zeros_like).collect::<candle_core::Result<Vec<_>>>();
        Ok(Self { first: zeros()?, second: zeros()? })
    }

    /// One update of every weight, as [`Moments::update`].
    ///
    /// # Errors
    /// If the gradients are not those of the stack.
    pub fn update(&mut self, stack: &mut Stack, gradients: &Gradients, rate: StepRate) -> Result<()> {
        let (correction1, correction2) = rate.corrections();
        for (index, gradient) in gradients.0.iter().enumerate() {
            let first = ((&self.first[index] * BETA1)? + (gradient * (1.0 - BETA1))?)?;
            let second = ((&self.second[index] * BETA2)? + (gradient.sqr()? * (1.0 - BETA2))?)?;
            let denominator = ((second.sqrt()? * (1.0 / correction2.sqrt()))? + EPSILON)?;
            let step = ((&first / denominator)? * (rate.rate / correction1))?;
            stack.weights[index] = ((&stack.weights[index] * (1.0 - rate.rate * rate.weight_decay))? - step)?;
            self.first[index] = first;
            self.second[index] = second;
        }
        Ok(())
    }
}

/// Learning rate of a step (from zero): it climbs to `peak` over the first `warmup` share of `steps`, then falls
/// along a cosine to zero.
#[must_use]
pub fn scheduled_rate(peak: f64, warmup: f64, step: usize, steps: usize) -> f64 {
    let climbing = (warmup * steps as f64).floor();
    if (step as f64) < climbing {
        return peak * (step + 1) as f64 / climbing;
    }
    let share = (step as f64 - climbing) / (steps as f64 - climbing).max(1.0);
    peak * 0.5 * (1.0 + (std::f64::consts::PI * share.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::scheduled_rate;

    #[test]
    fn the_schedule_climbs_to_its_peak_and_falls_to_zero() {
        assert!((scheduled_rate(3e-3, 0.0, 0, 100) - 3e-3).abs() < 1e-12);
        assert!((scheduled_rate(3e-3, 0.0, 50, 100) - 1.5e-3).abs() < 1e-12);
        assert!(scheduled_rate(3e-3, 0.0, 100, 100).abs() < 1e-12);
        assert!((scheduled_rate(1.0, 0.1, 0, 100) - 0.1).abs() < 1e-12);
        assert!((scheduled_rate(1.0, 0.1, 9, 100) - 1.0).abs() < 1e-12);
        assert!((scheduled_rate(1.0, 0.1, 55, 100) - 0.5).abs() < 1e-12);
    }
}
