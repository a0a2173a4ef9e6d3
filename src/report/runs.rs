//! Runs as tables: those kept, one in full, the difference of two, the runs of a sweep.

use super::sheet::{Cell, Sheet};
use super::{Align, printable};
use crate::audit::{EpochMetrics, HeadKind, HyperParameters, RunRecord, RunState, WaitingRun};
use Align::{Left, Right};
use serde::Serialize;
use time::OffsetDateTime;

/// Heads whose task is the loss; the ood head's Spearman is not what it is trained for.
const LOSS_HEADS: [HeadKind; 2] = [HeadKind::Regressor, HeadKind::Ranker];

/// What the metrics of a table of runs are over.
const METRICS: &str = "ρ: Spearman, τ: Kendall's τ-b of risk with loss over the n validation rows of a run, in the epoch whose \
                       weights it has, mean over members.";

/// How one run of a sweep ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// Not trained yet.
    Planned,
    /// It was there already.
    Kept,
    Finished,
    Diverged,
    Cancelled,
    Failed,
}

impl Ending {
    /// The word in tables and documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Kept => "kept",
            Self::Finished => "finished",
            Self::Diverged => "diverged",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    pub ending: Ending,
    pub hyper: HyperParameters,
    /// Its record, where there is a run.
    pub run: Option<RunRecord>,
    /// Why there is none.
    pub message: Option<String>,
}

/// Order of a list of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Validation Spearman of the better of regressor and ranker, best first.
    Spearman,
    /// Validation τ of the better of regressor and ranker, best first.
    Tau,
    /// Oldest first.
    When,
}

/// Puts runs in order; those without the metric come last.
pub fn sort(runs: &mut [RunRecord], order: Order) {
    match order {
        Order::When => runs.sort_by(|a, b| (a.finished_at, &a.id).cmp(&(b.finished_at, &b.id))),
        Order::Spearman => runs.sort_by(|a, b| descending(best_spearman(a), best_spearman(b))),
        Order::Tau => runs.sort_by(|a, b| descending(best_kendall(a), best_kendall(b))),
    }
}

/// Puts the runs of a sweep in order of validation Spearman, best first; those that did not finish come last.
pub fn best_first(attempts: &mut [Attempt]) {
    let metric = |attempt: &Attempt| attempt.run.as_ref().and_then(best_spearman);
    attempts.sort_by(|a, b| descending(metric(a), metric(b)));
}

fn best_spearman(run: &RunRecord) -> Option<f64> {
    LOSS_HEADS.into_iter().filter_map(|head| run.validation_spearman(head)).reduce(f64::max)
}

fn best_kendall(run: &RunRecord) -> Option<f64> {
    LOSS_HEADS.into_iter().filter_map(|head| run.validation_kendall(head)).reduce(f64::max)
}

fn descending(a: Option<f64>, b: Option<f64>) -> std::cmp::Ordering {
    let key = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
    key(b).total_cmp(&key(a))
}

/// The runs kept; `which` names them in the heading.
#[must_use]
pub fn runs(runs: &[RunRecord], which: &str) -> Sheet {
    let count = if runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", runs.len()) };
    let mut sheet = Sheet::new(
        format!("{count}{which}"),
        &[
            ("run", Left),
            ("audit", Left),
            ("model", Left),
            ("heads", Left),
            ("ρ regressor", Right),
            ("ρ ranker", Right),
            ("τ regressor", Right),
            ("τ ranker", Right),
            ("n", Right),
            ("trained (UTC)", Left),
            ("seconds", Right),
            ("device", Left),
        ],
    );
    for run in runs {
        let mut cells = vec![
            Cell::text(run.id.to_string()),
            Cell::text(&run.audit),
            Cell::text(&run.model),
            Cell::text(run.summary()),
        ];
        cells.extend(metrics(Some(run)));
        cells.extend([Cell::text(minute(run.finished_at)), decimal(run.seconds, 1), Cell::text(&run.device)]);
        sheet.row(cells);
    }
    if runs.is_empty() {
        sheet.notes.push("'llm2loss train adult' makes one.".into());
    } else {
        sheet.notes.push(METRICS.into());
    }
    sheet
}

/// The runs of a sweep, as they ended.
#[must_use]
pub fn sweep(attempts: &[Attempt], planned: usize) -> Sheet {
    let there = attempts.iter().filter(|attempt| attempt.run.is_some()).count();
    let mut sheet = Sheet::new(
        format!("Sweep: {there} of {planned} runs, by validation Spearman of the better of regressor and ranker"),
        &[
            ("run", Left),
            ("state", Left),
            ("heads", Left),
            ("ρ regressor", Right),
            ("ρ ranker", Right),
            ("τ regressor", Right),
            ("τ ranker", Right),
            ("n", Right),
            ("seconds", Right),
            ("device", Left),
        ],
    );
    for attempt in attempts {
        let run = attempt.run.as_ref();
        let mut cells = vec![
            Cell::text(run.map_or_else(|| "none".into(), |run| run.id.to_string())),
            Cell::text(attempt.ending.name()),
            Cell::text(attempt.hyper.summary()),
        ];
        cells.extend(metrics(run));
        cells.push(run.map_or(Cell::Empty, |run| decimal(run.seconds, 1)));
        cells.push(run.map_or(Cell::Empty, |run| Cell::text(&run.device)));
        sheet.row(cells);
    }
    sheet.notes.push(METRICS.into());
    let mut seeds: Vec<u64> = attempts.iter().map(|attempt| attempt.hyper.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    if seeds.len() > 1 {
        sheet.notes.push(SEEDS.into());
    }
    if attempts.len() < planned {
        sheet.notes.push(format!("Stopped early: {} runs were not begun.", planned - attempts.len()));
    }
    sheet
}

const SEEDS: &str =
    "Runs of different seeds may set other validation rows aside: part of their difference is that of the rows.";

/// The runs a sweep would train.
#[must_use]
pub fn plan(attempts: &[Attempt]) -> Sheet {
    let kept = attempts.iter().filter(|attempt| attempt.ending == Ending::Kept).count();
    let mut sheet = Sheet::new(
        format!("{} runs: {kept} kept already, {} to train", attempts.len(), attempts.len() - kept),
        &[("", Right), ("state", Left), ("run", Left), ("heads", Left)],
    );
    for (index, attempt) in attempts.iter().enumerate() {
        sheet.row(vec![
            Cell::Count(index + 1),
            Cell::text(attempt.ending.name()),
            attempt.run.as_ref().map_or(Cell::Empty, |run| Cell::text(run.id.to_string())),
            Cell::text(attempt.hyper.summary()),
        ]);
    }
    sheet
}

/// Spearman and τ of regressor and ranker, and the validation rows they are over.
fn metrics(run: Option<&RunRecord>) -> Vec<Cell> {
    let Some(run) = run else { return vec![Cell::Empty; 2 * LOSS_HEADS.len() + 1] };
    let cell = |value: Option<f64>| value.map_or_else(|| Cell::text("n/a"), |value| decimal(value, 3));
    let spearman = LOSS_HEADS.into_iter().map(|head| cell(run.validation_spearman(head)));
    let kendall = LOSS_HEADS.into_iter().map(|head| cell(run.validation_kendall(head)));
    spearman.chain(kendall).chain([Cell::Count(run.validation_items)]).collect()
}

/// Runs that did not come to their end, a sentence each.
#[must_use]
pub fn unfinished(runs: &[RunRecord]) -> Vec<String> {
    let sentence = |run: &RunRecord| {
        let epochs = run.epochs.iter().map(|metrics| metrics.epoch).max().unwrap_or(0);
        let place = format!(
            "{epochs} of {} epochs ({}, {}, {})",
            run.hyper.epochs,
            printable(&run.audit),
            printable(&run.model),
            run.summary()
        );
        if run.state == RunState::Diverged {
            format!("Run {} diverged after {place}; its heads are not used.", run.id)
        } else {
            format!("Run {} stopped after {place}; training it again goes on from there.", run.id)
        }
    };
    runs.iter().map(sentence).collect()
}

/// A sentence on every run that waits, in the order of their turn.
#[must_use]
pub fn waiting(runs: &[WaitingRun]) -> Vec<String> {
    let sentence = |run: &WaitingRun| {
        let state = if run.running { "Being trained, or was when the console ended" } else { "Waiting" };
        let (audit, model) = (printable(&run.audit), printable(&run.model));
        format!("{state}: {audit}, {model}, {}; the console runs or drops it.", run.hyper.summary())
    };
    runs.iter().map(sentence).collect()
}

fn decimal(value: f64, digits: usize) -> Cell {
    Cell::Number { value, digits, signed: false }
}

/// Seconds since 1970 as a date and a minute, UTC.
fn minute(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    time.map_or_else(
        || "n/a".into(),
        |time| {
            let (year, month, day) = time.to_calendar_date();
            format!("{year}-{:02}-{day:02} {:02}:{:02}", u8::from(month), time.hour(), time.minute())
        },
    )
}

/// Everything that names a run's inputs, as pairs of name and value.
fn fields(run: &RunRecord) -> Vec<(String, String)> {
    let own = |name: &str, value: String| (name.to_owned(), value);
    let mut fields = vec![
        own("audit", printable(&run.audit)),
        own("model", printable(&run.model)),
        own("data fingerprint", run.data_fingerprint.clone()),
        own("training items", run.train_items.to_string()),
        own("validation items", run.validation_items.to_string()),
        own("encoder", printable(&run.encoder)),
        own("dimension", run.dimension.to_string()),
        own("device", printable(&run.device)),
        own("version", run.version.clone()),
    ];
    fields.extend(settings(&run.hyper));
    fields
}

/// Every hyper-parameter by its name in documents, so that new ones show without being listed here.
fn settings(hyper: &HyperParameters) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(map)) = serde_json::to_value(hyper) else { return Vec::new() };
    let words = |value: serde_json::Value| match value {
        serde_json::Value::String(word) => word,
        serde_json::Value::Bool(on) => if on { "on" } else { "off" }.to_owned(),
        other => other.to_string(),
    };
    map.into_iter().map(|(name, value)| (name.replace('_', " "), words(value))).collect()
}

/// The whole record of a run: what it was made of, then every epoch's metrics, member by member.
#[must_use]
pub fn show(run: &RunRecord) -> Sheet {
    let mut heading = format!("Run {}", run.id);
    let made = [
        ("state", run.state.name().to_owned()),
        ("trained", format!("{} UTC, in {:.1} s", minute(run.finished_at), run.seconds)),
        ("weights digest", run.weights_digest.clone()),
    ];
    let lines = fields(run).into_iter().chain(made.map(|(name, value)| (name.to_owned(), value)));
    for (name, value) in lines {
        heading.push_str(&format!("\n  {name:<17} {value}"));
    }
    let mut sheet = Sheet::new(
        heading,
        &[("epoch", Right), ("head", Left), ("member", Right), ("training loss", Right), ("validation ρ", Right)],
    );
    for metric in &run.epochs {
        for (member, loss) in metric.train_loss.iter().enumerate() {
            sheet.row(vec![
                Cell::Count(metric.epoch),
                Cell::text(metric.head.name()),
                Cell::Count(member + 1),
                decimal(*loss, 4),
                member_metric(&metric.validation_spearman, member),
            ]);
        }
    }
    sheet.notes.push(format!(
        "Training loss: mean of the head's objective over the epoch's steps. Validation ρ: Spearman of the member's risk with the loss over {} validation rows.",
        run.validation_items
    ));
    sheet
}

fn member_metric(values: &[f64], member: usize) -> Cell {
    values.get(member).map_or_else(|| Cell::text("n/a"), |value| decimal(*value, 3))
}

/// What two runs differ in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub a: String,
    pub b: String,
    /// Names of the inputs that differ, in the order of `fields`.
    pub differs: Vec<String>,
    pub fields: Vec<Field>,
    pub metrics: Vec<Metric>,
    /// Whether the metrics of both are over the same validation rows.
    pub same_validation_rows: bool,
}

/// An input of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    pub name: String,
    pub a: String,
    pub b: String,
    pub differs: bool,
}

/// A metric of both runs, where they have it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Metric {
    pub name: String,
    pub a: Option<f64>,
    pub b: Option<f64>,
}

impl Difference {
    /// Compares two runs.
    #[must_use]
    pub fn of(a: &RunRecord, b: &RunRecord) -> Self {
        let (left, right) = (fields(a), fields(b));
        let fields: Vec<Field> =
            left.into_iter().zip(right).map(|((name, a), (_, b))| Field { differs: a != b, name, a, b }).collect();
        let metric = |name: String, of: &dyn Fn(&RunRecord) -> Option<f64>| Metric { name, a: of(a), b: of(b) };
        let mut metrics: Vec<Metric> =
            HeadKind::ALL.map(|head| metric(format!("training loss {head}"), &|run| last_loss(run, head))).into();
        metrics.extend(
            HeadKind::ALL.map(|head| metric(format!("validation ρ {head}"), &|run| run.validation_spearman(head))),
        );
        metrics.push(metric("seconds".into(), &|run| Some(run.seconds)));
        let same_validation_rows = a.data_fingerprint == b.data_fingerprint
            && (a.hyper.seed, a.hyper.validation.to_bits()) == (b.hyper.seed, b.hyper.validation.to_bits());
        Self {
            a: a.id.to_string(),
            b: b.id.to_string(),
            differs: fields.iter().filter(|field| field.differs).map(|field| field.name.clone()).collect(),
            fields,
            metrics,
            same_validation_rows,
        }
    }

    /// Both runs side by side.
    #[must_use]
    pub fn sheet(&self) -> Sheet {
        let differs = if self.differs.is_empty() { "none of their inputs".into() } else { self.differs.join(", ") };
        let mut sheet = Sheet::new(
            format!("Runs {} and {} differ in {differs}", self.a, self.b),
            &[("", Left), ("A", Right), ("B", Right), ("", Left)],
        );
        for field in &self.fields {
            let mark = if field.differs { "differs" } else { "" };
            sheet.row(vec![Cell::text(&field.name), Cell::text(&field.a), Cell::text(&field.b), Cell::text(mark)]);
        }
        for metric in &self.metrics {
            let cell = |value: Option<f64>| value.map_or_else(|| Cell::text("n/a"), |value| decimal(value, 3));
            sheet.row(vec![Cell::text(&metric.name), cell(metric.a), cell(metric.b), Cell::Empty]);
        }
        sheet.notes.push(format!(
            "A is run {}, B is run {}; metrics are of the last epoch, means over members.",
            self.a, self.b
        ));
        if !self.same_validation_rows {
            sheet.notes.push(
                "Their validation rows are not the same: part of the difference in ρ is that of the rows.".into(),
            );
        }
        sheet
    }
}

/// Mean over members of a head's training loss in the last epoch.
fn last_loss(run: &RunRecord, head: HeadKind) -> Option<f64> {
    let last: &EpochMetrics = run.epochs.iter().rev().find(|metric| metric.head == head)?;
    (!last.train_loss.is_empty()).then(|| last.train_loss.iter().sum::<f64>() / last.train_loss.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc() {
        // date -u -d @1795476937 +'%F %H:%M'
        assert_eq!(minute(1_795_476_937), "2026-11-23 23:35");
        assert_eq!(minute(0), "1970-01-01 00:00");
        assert_eq!(minute(u64::MAX), "n/a");
    }

    #[test]
    fn runs_without_a_metric_come_last() {
        let mut order = [None, Some(0.5), Some(f64::NAN), Some(0.9), Some(-0.2)];
        order[2] = None;
        order.sort_by(|a, b| descending(*a, *b));
        assert_eq!(order, [Some(0.9), Some(0.5), Some(-0.2), None, None]);
    }
}
