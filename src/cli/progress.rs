//! Progress on stderr: one line a stage, and one every few seconds while it lasts.

use crate::engine::{Progress, Stage, Tracker};
use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(2);

/// One line on stderr.
pub fn say(line: &str) {
    // A closed stderr must not stop the work.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A tracker that prints.
pub fn tracker() -> Tracker {
    let last: Mutex<Option<(Stage, Instant)>> = Mutex::new(None);
    Tracker::new(
        1,
        move |progress| {
            let Ok(mut last) = last.lock() else { return };
            let due = last.is_none_or(|(stage, at)| stage != progress.stage || at.elapsed() >= EVERY);
            if due && !(progress.stage == Stage::Embedding && progress.total == 0) {
                *last = Some((progress.stage, Instant::now()));
                say(&line(&progress));
            }
        },
        |metrics| {
            let heads = metrics.iter().map(|metric| {
                let loss = metric.train_loss.iter().sum::<f64>() / metric.train_loss.len().max(1) as f64;
                format!("{} {loss:.4}", metric.head)
            });
            say(&format!(
                "  epoch {}: training loss {}",
                metrics.first().map_or(0, |metric| metric.epoch),
                heads.collect::<Vec<_>>().join(", ")
            ));
        },
    )
}

fn line(progress: &Progress) -> String {
    if progress.total == 0 || progress.done == 0 {
        return progress.stage.name().to_owned();
    }
    let share = 100.0 * progress.done as f64 / progress.total as f64;
    let eta = progress.eta.map_or_else(String::new, |eta| format!(", {eta:.0} s left"));
    format!("{} {share:.0} % ({:.0} items/s{eta})", progress.stage.name(), progress.speed)
}
