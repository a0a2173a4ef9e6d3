//! Progress of long work on stderr: bars on a terminal, a plain line every few seconds elsewhere, or JSON lines.

mod bars;
mod download;
mod json_lines;
mod lines;

pub use download::{opener, opener_on};
pub use json_lines::{finished, note};

use crate::audit::{EpochMetrics, HeadKind};
use crate::engine::{Progress, Session, Tracker};
use crate::report::{printable, tame};
use bars::Bars;
use json_lines::JsonLines;
use lines::Lines;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Most members whose figures are written one by one.
const MEMBERS_SHOWN: usize = 8;

/// One line on stderr.
pub fn say(line: &str) {
    // A closed stderr must not stop the work.
    let _ = writeln!(std::io::stderr(), "{}", tame(&printable(line)));
}

/// Which of several runs is meant, counted from one.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    pub run: usize,
    pub runs: usize,
}

impl Position {
    /// A run alone.
    pub const ALONE: Self = Self { run: 1, runs: 1 };

    /// "run 2 of 6: ", or nothing for a run alone.
    fn words(self) -> String {
        if self.runs == 1 { String::new() } else { format!("run {} of {}: ", self.run, self.runs) }
    }
}

/// Shows the progress of a job in one way or another.
trait Watcher: Send {
    fn progress(&mut self, progress: &Progress);
    fn epoch(&mut self, metrics: &[EpochMetrics], epochs: usize);

    /// A sentence beside the figures.
    fn notice(&mut self, message: &str) {
        say(message);
    }
}

/// A tracker for work that a command does on its way to an answer.
pub fn tracker(session: &Session) -> Tracker {
    follow(session, Position::ALONE, false)
}

/// A tracker that shows the progress of a run, as JSON lines if asked.
pub fn follow(session: &Session, position: Position, json: bool) -> Tracker {
    let tracker = watch(position, json);
    match session.device() {
        Ok(device) => tracker.watching(device),
        Err(_) => tracker,
    }
}

/// The same for work without a session.
pub fn watch(position: Position, json: bool) -> Tracker {
    let watcher: Box<dyn Watcher> = if json {
        Box::new(JsonLines::new(position))
    } else if std::io::stderr().is_terminal() {
        Box::new(Bars::new(position))
    } else {
        Box::new(Lines::new(position))
    };
    // Epochs there are, as the newest progress says.
    let shared = Arc::new(Mutex::new((watcher, 0)));
    let (other, third) = (shared.clone(), shared.clone());
    Tracker::new(
        1,
        move |progress| {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.1 = progress.epoch.1;
            shared.0.progress(&progress);
        },
        move |metrics| {
            let mut shared = other.lock().unwrap_or_else(PoisonError::into_inner);
            let epochs = shared.1;
            shared.0.epoch(metrics, epochs);
        },
    )
    .with_notices(move |message, _| third.lock().unwrap_or_else(PoisonError::into_inner).0.notice(message))
}

/// "epoch 3 of 6, 120,000 items/s, 4 s left, 210 MB in use": what of it is known.
fn measures(progress: &Progress) -> String {
    let epoch = (progress.epoch.1 > 0).then(|| format!("epoch {} of {}", progress.epoch.0, progress.epoch.1));
    let speed =
        (progress.speed > 0.0).then(|| format!("{} items/s", crate::diagnose::grouped(progress.speed as usize)));
    let eta = progress.eta.map(|eta| format!("{eta:.0} s left"));
    let memory = progress.memory.map(|bytes| format!("{:.0} MB in use", bytes as f64 / 1e6));
    [epoch, speed, eta, memory].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A figure of every member, or their mean and ends where they are many.
fn members(values: impl Iterator<Item = f64>) -> String {
    let values: Vec<f64> = values.collect();
    if values.is_empty() {
        return "n/a".into();
    }
    if values.len() <= MEMBERS_SHOWN {
        return values.iter().map(|value| format!("{value:.3}")).collect::<Vec<_>>().join(" ");
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    format!("{mean:.3} ({low:.3} to {high:.3}, {} members)", values.len())
}

/// A head's epoch in words.
fn epoch_words(metric: &EpochMetrics) -> String {
    let validation = match metric.validation_spearman.as_slice() {
        [] => String::new(),
        values => format!("  validation ρ {}", members(values.iter().copied())),
    };
    format!("{:<9} training loss {}{validation}", metric.head, members(metric.train_loss.iter().copied()))
}

/// The newest losses of a head in words.
fn loss_words(head: HeadKind, losses: &[f32]) -> String {
    format!("{head:<9} training loss {}", members(losses.iter().copied().map(f64::from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_members_are_written_one_by_one_and_many_by_their_mean_and_ends() {
        assert_eq!(members([0.25, 0.5].into_iter()), "0.250 0.500");
        assert_eq!(members((0..9).map(f64::from)), "4.000 (0.000 to 8.000, 9 members)");
        assert_eq!(members([].into_iter()), "n/a");
    }
}
