//! Hands the losses of a track's steps to whoever watches, a few at a time.

use super::Result;
use super::objective;
use super::trainer::Observer;
use crate::audit::{EpochMetrics, HeadKind};
use candle_core::Tensor;

/// Steps between two reports; losses stay on the device until then.
const REPORT_EVERY: usize = 16;

/// Gathers losses on the device and hands them on in groups.
pub struct Reporter<'a> {
    heads: &'static [HeadKind],
    members: usize,
    observer: &'a dyn Observer,
    epoch: usize,
    /// Steps done before this epoch.
    before: usize,
    steps_per_epoch: usize,
    waiting: Vec<Tensor>,
    sums: Vec<f64>,
    steps: usize,
}

impl<'a> Reporter<'a> {
    /// A reporter for the `epoch`-th epoch of `steps` steps.
    pub fn new(
        heads: &'static [HeadKind],
        members: usize,
        epoch: usize,
        steps: usize,
        observer: &'a dyn Observer,
    ) -> Self {
        Self {
            heads,
            members,
            observer,
            epoch,
            before: epoch * steps,
            steps_per_epoch: steps,
            waiting: Vec::with_capacity(REPORT_EVERY),
            sums: vec![0.0; heads.len() * members],
            steps: 0,
        }
    }

    /// Takes a step's losses.
    pub fn push(&mut self, losses: Tensor, last: bool) -> Result<()> {
        self.waiting.push(losses);
        if self.waiting.len() < REPORT_EVERY && !last {
            return Ok(());
        }
        let means = objective::mean_losses(&self.waiting)?;
        self.steps += self.waiting.len();
        for (sum, mean) in self.sums.iter_mut().zip(&means) {
            *sum += f64::from(*mean) * self.waiting.len() as f64;
        }
        // A mean over a few last steps would be a spike in the curve: it counts, but is no point.
        let enough = self.waiting.len() * 2 >= REPORT_EVERY.min(self.steps_per_epoch);
        for (position, head) in self.heads.iter().enumerate() {
            let losses = &means[position * self.members..(position + 1) * self.members];
            self.observer.steps(*head, self.before + self.steps, if enough { losses } else { &[] });
        }
        self.waiting.clear();
        Ok(())
    }

    /// The epoch's mean losses.
    pub fn metrics(&self) -> Vec<EpochMetrics> {
        let steps = self.steps.max(1) as f64;
        let of_head = |position: usize| {
            self.sums[position * self.members..(position + 1) * self.members].iter().map(|sum| sum / steps).collect()
        };
        self.heads
            .iter()
            .enumerate()
            .map(|(position, head)| EpochMetrics {
                epoch: self.epoch + 1,
                head: *head,
                train_loss: of_head(position),
                validation_spearman: Vec::new(),
            })
            .collect()
    }
}
