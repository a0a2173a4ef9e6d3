//! What the engine told, line by line, for the log of the Train screen.

use super::jobs::verdict;
use super::number;
use crate::audit::EpochMetrics;
use crate::engine::Event;
use std::collections::VecDeque;
use std::time::Duration;

/// Lines that are kept; the oldest go first.
const KEPT: usize = 500;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Time since the program began.
    pub at: Duration,
    pub words: String,
    /// To be read with care.
    pub warning: bool,
}

/// The newest lines, newest first.
#[derive(Debug, Clone, Default)]
pub struct Log {
    pub lines: VecDeque<Line>,
}

impl Log {
    /// Takes in an event, if it is worth a line.
    pub fn event(&mut self, at: Duration, event: &Event) {
        if let Some((words, warning)) = words(event) {
            self.lines.push_front(Line { at, words, warning });
            self.lines.truncate(KEPT);
        }
    }
}

fn words(event: &Event) -> Option<(String, bool)> {
    let plain = |words: String| Some((words, false));
    match event {
        Event::JobQueued { job, model, hyper } => plain(format!("job {job} queued: {model}: {}", hyper.summary())),
        Event::ChoreQueued { job, chore } => plain(format!("job {job} queued: {}", chore.name())),
        Event::JobKept { job, model, hyper } => {
            plain(format!("job {job} kept from the last time: {model}: {}", hyper.summary()))
        }
        Event::JobKnown { job, record } => {
            plain(format!("job {job} done: run {} has exactly these settings", record.id.short()))
        }
        Event::JobStarted { job } => plain(format!("job {job} started")),
        Event::Epoch { job, metrics } => plain(format!("job {job} {}", epoch(metrics))),
        Event::JobFinished { job, record } => {
            let time = number::duration(record.seconds);
            plain(format!("job {job} done: run {} trained in {time}", record.id.short()))
        }
        Event::JobCancelled { job } => plain(format!("job {job} stopped")),
        Event::KeptDropped(jobs) => plain(format!("{} waiting runs dropped", jobs.len())),
        Event::JobFailed { job, message } => Some((format!("job {job} failed: {message}"), true)),
        Event::Embedded { job, items } => plain(format!("job {job} done: {} items embedded", number::count(*items))),
        Event::Verified { job, report } => {
            let (words, warning) = verdict(report);
            Some((format!("job {job} done: {words}"), warning))
        }
        Event::Shown(view) => plain(format!("run {} of {} is shown", view.record.id.short(), view.record.model)),
        Event::Notice { message, warning } => Some((message.clone(), *warning)),
        _ => None,
    }
}

/// What an epoch achieved: mean loss of each head's members, and Spearman where there is one.
fn epoch(metrics: &[EpochMetrics]) -> String {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let heads = metrics.iter().filter(|metrics| !metrics.train_loss.is_empty()).map(|metrics| {
        let loss = format!("{} loss {:.4}", metrics.head, mean(&metrics.train_loss));
        match metrics.validation_spearman.as_slice() {
            [] => loss,
            rhos => format!("{loss} Spearman {:.3}", mean(rhos)),
        }
    });
    let at = metrics.first().map_or(0, |metrics| metrics.epoch);
    format!("epoch {at}: {}", heads.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::HeadKind;

    #[test]
    fn an_epoch_is_one_line_and_old_lines_go() {
        let metrics = EpochMetrics {
            epoch: 2,
            head: HeadKind::Ranker,
            train_loss: vec![0.5, 0.7],
            validation_spearman: vec![0.25, 0.75],
            validation_kendall: Vec::new(),
        };
        let mut log = Log::default();
        log.event(Duration::from_secs(3), &Event::Epoch { job: 4, metrics: vec![metrics] });
        assert_eq!(log.lines[0].words, "job 4 epoch 2: ranker loss 0.6000 Spearman 0.500");
        for job in 0..2 * KEPT as u64 {
            log.event(Duration::ZERO, &Event::JobStarted { job });
        }
        assert_eq!((log.lines.len(), log.lines[0].words.as_str()), (KEPT, "job 999 started"));
    }
}
