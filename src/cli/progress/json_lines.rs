//! Progress for programs: one JSON object a line, `llm2loss.progress/1`; `docs/json.md` describes them.

use super::{Position, Watcher, say};
use crate::audit::{EpochMetrics, HeadKind, RunRecord};
use crate::engine::{Progress, Stage};
use serde::Serialize;
use std::collections::BTreeMap;

const SCHEMA: &str = "llm2loss.progress/1";

/// A figure of every member, by head.
type ByHead<T> = BTreeMap<HeadKind, Vec<T>>;

/// What one line is about.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Line {
    /// A stage begins.
    Stage { stage: &'static str, total: u64, elapsed: f64 },
    /// Some units of the stage are done: items when embedding, steps when training.
    Steps {
        stage: &'static str,
        done: u64,
        total: u64,
        epoch: usize,
        epochs: usize,
        items_per_second: f64,
        eta: Option<f64>,
        elapsed: f64,
        memory_bytes: Option<u64>,
        train_loss: ByHead<f32>,
    },
    /// An epoch is over.
    Epoch { epoch: usize, epochs: usize, train_loss: ByHead<f64> },
    /// The same epoch, over the validation rows.
    Validation { epoch: usize, spearman: ByHead<f64>, kendall: ByHead<f64> },
    /// The run is over.
    Finished { state: &'static str, id: Option<String>, seconds: Option<f64>, message: Option<String> },
    /// A sentence for people.
    Note { message: String },
}

#[derive(Debug, Serialize)]
struct Document {
    schema: &'static str,
    run: usize,
    runs: usize,
    #[serde(flatten)]
    line: Line,
}

fn write(position: Position, line: Line) {
    let document = Document { schema: SCHEMA, run: position.run, runs: position.runs, line };
    if let Ok(text) = serde_json::to_string(&document) {
        say(&text);
    }
}

/// A sentence, as a line of its own.
pub fn note(position: Position, message: &str) {
    write(position, Line::Note { message: message.to_owned() });
}

/// How a run ended: `finished`, `kept` (it was there already), `diverged`, `cancelled` or `failed`.
pub fn finished(position: Position, state: &'static str, record: Option<&RunRecord>, message: Option<String>) {
    let (id, seconds) = (record.map(|record| record.id.to_string()), record.map(|record| record.seconds));
    write(position, Line::Finished { state, id, seconds, message });
}

/// Writes JSON lines.
pub struct JsonLines {
    position: Position,
    stage: Option<Stage>,
}

impl JsonLines {
    pub fn new(position: Position) -> Self {
        Self { position, stage: None }
    }
}

impl Watcher for JsonLines {
    fn notice(&mut self, message: &str) {
        note(self.position, message);
    }

    fn progress(&mut self, progress: &Progress) {
        let stage = word(progress.stage);
        if self.stage != Some(progress.stage) {
            self.stage = Some(progress.stage);
            write(self.position, Line::Stage { stage, total: progress.total, elapsed: progress.elapsed });
        }
        if progress.done == 0 {
            return;
        }
        let of_head = |head: HeadKind| (head, progress.losses_of(head).to_vec());
        write(
            self.position,
            Line::Steps {
                stage,
                done: progress.done,
                total: progress.total,
                epoch: progress.epoch.0,
                epochs: progress.epoch.1,
                items_per_second: progress.speed,
                eta: progress.eta,
                elapsed: progress.elapsed,
                memory_bytes: progress.memory,
                train_loss: HeadKind::ALL.into_iter().map(of_head).filter(|(_, losses)| !losses.is_empty()).collect(),
            },
        );
    }

    fn epoch(&mut self, metrics: &[EpochMetrics], epochs: usize) {
        let epoch = metrics.first().map_or(0, |metric| metric.epoch);
        let train_loss = metrics.iter().map(|metric| (metric.head, metric.train_loss.clone())).collect();
        write(self.position, Line::Epoch { epoch, epochs, train_loss });
        let by_head = |values: fn(&EpochMetrics) -> &Vec<f64>| -> ByHead<f64> {
            let measured = metrics.iter().filter(|metric| !values(metric).is_empty());
            measured.map(|metric| (metric.head, values(metric).clone())).collect()
        };
        let spearman = by_head(|metric| &metric.validation_spearman);
        if !spearman.is_empty() {
            let kendall = by_head(|metric| &metric.validation_kendall);
            write(self.position, Line::Validation { epoch, spearman, kendall });
        }
    }
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Loading => "loading",
        Stage::Embedding => "embedding",
        Stage::Fragments => "fragments",
        Stage::Training => "training",
        Stage::Tables => "tables",
        Stage::Checking => "checking",
    }
}
