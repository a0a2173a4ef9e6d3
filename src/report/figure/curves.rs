//! Training curves: validation Spearman and training loss by epoch.

use super::canvas::{Canvas, Scale};
use crate::audit::{EpochMetrics, HeadKind, RunRecord};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 230.0;
const PANEL: f64 = 240.0;

/// A panel a head: training loss of each member (thin) and their mean, by epoch.
#[must_use]
pub fn training_curves(run: &RunRecord) -> String {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let mut words = Vec::new();
    for (index, head) in HeadKind::ALL.into_iter().enumerate() {
        let epochs: Vec<&EpochMetrics> = run.epochs.iter().filter(|metrics| metrics.head == head).collect();
        let left = 50.0 + index as f64 * (PANEL + 8.0);
        let right = left + PANEL - 64.0;
        let last = epochs.last().map_or(1, |metrics| metrics.epoch) as f64;
        let across = Scale::fixed(1.0, last.max(2.0), left, right);
        let losses = epochs.iter().flat_map(|metrics| metrics.train_loss.iter().copied());
        let along = Scale::over(losses, false, HEIGHT - 48.0, 40.0);
        canvas.text("head", "start", (left, 16.0), head.name());
        canvas.along(&along, left, right, "training loss");
        canvas.text("tick", "middle", (left, HEIGHT - 33.0), "1");
        canvas.text("tick", "middle", (right, HEIGHT - 33.0), &format!("{last:.0}"));
        canvas.text("label", "middle", (f64::midpoint(left, right), HEIGHT - 14.0), "epoch");
        let members = epochs.first().map_or(0, |metrics| metrics.train_loss.len());
        for member in 0..members {
            let point = |metrics: &&EpochMetrics| {
                metrics.train_loss.get(member).map(|loss| (across.at(metrics.epoch as f64), along.at(*loss)))
            };
            canvas.path("thread", &epochs.iter().filter_map(point).collect::<Vec<_>>());
        }
        let mean =
            |metrics: &EpochMetrics| metrics.train_loss.iter().sum::<f64>() / metrics.train_loss.len().max(1) as f64;
        let points: Vec<(f64, f64)> =
            epochs.iter().map(|metrics| (across.at(metrics.epoch as f64), along.at(mean(metrics)))).collect();
        canvas.path("curve", &points);
        if let (Some(first), Some(end)) = (epochs.first(), epochs.last()) {
            let spearman = run
                .validation_spearman(head)
                .map_or_else(String::new, |value| format!(", validation Spearman {value:.3}"));
            words.push(format!(
                "{head}: mean training loss {:.4} in epoch 1, {:.4} in epoch {}{spearman}",
                mean(first),
                mean(end),
                end.epoch
            ));
        }
    }
    canvas.finish("curves", "Training loss by epoch", &(words.join(". ") + "."))
}
