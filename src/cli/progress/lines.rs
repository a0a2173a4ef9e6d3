//! Plain lines: one a stage, and one every few seconds while it lasts.

use super::{Position, Watcher, epoch_words, measures, say};
use crate::audit::EpochMetrics;
use crate::engine::{Progress, Stage};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(2);

/// Writes plain lines.
pub struct Lines {
    position: Position,
    stage: Option<(Stage, Instant)>,
    epoch: Option<Instant>,
}

impl Lines {
    pub fn new(position: Position) -> Self {
        Self { position, stage: None, epoch: None }
    }
}

impl Watcher for Lines {
    fn progress(&mut self, progress: &Progress) {
        let due = self.stage.is_none_or(|(stage, at)| stage != progress.stage || at.elapsed() >= EVERY);
        if due && !(progress.stage == Stage::Embedding && progress.total == 0) {
            self.stage = Some((progress.stage, Instant::now()));
            say(&format!("{}{}", self.position.words(), line(progress)));
        }
    }

    /// Quick epochs are passed over, the last never.
    fn epoch(&mut self, metrics: &[EpochMetrics], epochs: usize) {
        let number = metrics.first().map_or(0, |metric| metric.epoch);
        if number != epochs && self.epoch.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        self.epoch = Some(Instant::now());
        for metric in metrics {
            say(&format!("  epoch {number} of {epochs}: {}", epoch_words(metric)));
        }
    }
}

fn line(progress: &Progress) -> String {
    if progress.total == 0 || progress.done == 0 {
        return progress.stage.name().to_owned();
    }
    let share = 100.0 * progress.done as f64 / progress.total as f64;
    format!("{} {share:.0} % ({})", progress.stage.name(), measures(progress))
}
