//! Turns what a job reports into progress a person can read, at most some ten times a second.

use super::{ComputeDevice, Curves, GpuLoad, JobId, Progress, Stage};
use crate::audit::{EpochMetrics, HeadKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two reports.
const EVERY: Duration = Duration::from_millis(100);
/// Speed is smoothed over about this many seconds: a worker that writes for a while has not become slow.
const SPEED_WINDOW: f64 = 5.0;
/// Most points of a published curve.
const CURVE_POINTS: usize = 400;

/// Follows one job and publishes its progress; shared by the job's threads.
pub struct Tracker {
    job: JobId,
    started: Instant,
    cancelled: AtomicBool,
    state: Mutex<State>,
    publish: Box<Publish>,
    epoch_done: Box<EpochDone>,
    noticed: Box<Noticed>,
    device: Option<ComputeDevice>,
}

type Publish = dyn Fn(Progress) + Send + Sync;
type EpochDone = dyn Fn(&[EpochMetrics]) + Send + Sync;
/// A sentence, and whether it is to be read with care.
type Noticed = dyn Fn(&str, bool) + Send + Sync;

struct State {
    stage: Stage,
    done: u64,
    total: u64,
    /// Items one unit of `done` stands for.
    items_per_unit: f64,
    epoch: (usize, usize),
    steps_per_epoch: usize,
    /// Steps done by each head.
    head_steps: [u64; 3],
    steps: Vec<u32>,
    series: [Vec<Vec<f32>>; 3],
    speed: f64,
    began: Instant,
    measured: (Instant, u64),
    published: Option<Instant>,
    gpu: Option<GpuLoad>,
}

impl Tracker {
    /// Follows a job; `publish` gets its progress, `epoch_done` each epoch's metrics.
    pub fn new(
        job: JobId,
        publish: impl Fn(Progress) + Send + Sync + 'static,
        epoch_done: impl Fn(&[EpochMetrics]) + Send + Sync + 'static,
    ) -> Self {
        let now = Instant::now();
        let state = State {
            stage: Stage::Loading,
            done: 0,
            total: 0,
            items_per_unit: 1.0,
            epoch: (0, 0),
            steps_per_epoch: 0,
            head_steps: [0; 3],
            steps: Vec::new(),
            series: std::array::from_fn(|_| Vec::new()),
            speed: 0.0,
            began: now,
            measured: (now, 0),
            published: None,
            gpu: None,
        };
        Self {
            job,
            started: now,
            cancelled: AtomicBool::new(false),
            state: Mutex::new(state),
            publish: Box::new(publish),
            epoch_done: Box::new(epoch_done),
            noticed: Box::new(|_, _| {}),
            device: None,
        }
    }

    /// Also hands on what a person should know, and whether it is a warning.
    #[must_use]
    pub fn with_notices(mut self, noticed: impl Fn(&str, bool) + Send + Sync + 'static) -> Self {
        self.noticed = Box::new(noticed);
        self
    }

    /// Something a person should read with care, in a sentence.
    pub fn notice(&self, message: &str) {
        (self.noticed)(message, true);
    }

    /// The run goes on from where it was stopped.
    pub fn resumed(&self, progress: &crate::heads::Progress) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let done = (progress.epoch * state.steps_per_epoch + progress.step) as u64;
        state.head_steps = [done; 3];
        state.done = done;
        state.measured.1 = done;
        state.epoch.0 = (progress.epoch + 1).min(state.epoch.1);
        let epochs = state.epoch.1;
        drop(state);
        (self.noticed)(&format!("going on from its checkpoint: epoch {} of {epochs}", progress.epoch + 1), false);
    }

    /// Tells, with the progress, how much of this device's memory is in use.
    #[must_use]
    pub fn watching(mut self, device: &ComputeDevice) -> Self {
        self.device = Some(device.clone());
        self
    }

    /// How busy the device is, told with the progress from now on.
    pub fn gpu(&self, load: GpuLoad) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).gpu = Some(load);
    }

    /// A tracker that nobody watches.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(0, |_| {}, |_| {})
    }

    /// Asks the job to stop after its current step.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// A new stage begins, with so many units to do.
    pub fn stage(&self, stage: Stage, total: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.begin(stage, total);
        self.send(&mut state, true);
    }

    /// Training begins: epochs, steps of each, rows of a step, members of a head.
    pub fn training(&self, epochs: usize, steps_per_epoch: usize, batch: usize, members: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.begin(Stage::Training, (epochs * steps_per_epoch) as u64);
        state.epoch = (1, epochs);
        state.steps_per_epoch = steps_per_epoch;
        state.items_per_unit = batch as f64;
        state.series = std::array::from_fn(|_| vec![Vec::new(); members]);
        self.send(&mut state, true);
    }

    /// Units done so far in this stage.
    pub fn done(&self, done: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done = done;
        let finished = state.done == state.total;
        self.send(&mut state, finished);
    }

    /// A head has done so many steps in all; `losses` are its members' means over the last few, or empty.
    pub fn steps(&self, head: HeadKind, done: usize, losses: &[f32]) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.head_steps[head.index()] = done as u64;
        // Heads run beside each other: the slowest says how far the run is.
        state.done = state.head_steps.iter().copied().min().unwrap_or(0);
        if let Some(epoch) = (state.done as usize).checked_div(state.steps_per_epoch) {
            state.epoch.0 = (epoch + 1).min(state.epoch.1);
        }
        for (series, loss) in state.series[head.index()].iter_mut().zip(losses) {
            series.push(*loss);
        }
        let points = state.series[head.index()].first().map_or(0, Vec::len);
        if points > state.steps.len() {
            state.steps.push(done as u32);
        }
        self.send(&mut state, false);
    }

    /// An epoch is done.
    pub fn epoch(&self, metrics: &[EpochMetrics]) {
        (self.epoch_done)(metrics);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.send(&mut state, true);
    }

    fn send(&self, state: &mut State, always: bool) {
        let now = Instant::now();
        if !always && state.published.is_some_and(|last| now - last < EVERY) {
            return;
        }
        state.published = Some(now);
        state.measure(now);
        let left = state.total.saturating_sub(state.done) as f64 * state.items_per_unit;
        (self.publish)(Progress {
            job: self.job,
            stage: state.stage,
            done: state.done,
            total: state.total,
            epoch: state.epoch,
            speed: state.speed,
            eta: (state.speed > 0.0).then(|| left / state.speed),
            elapsed: (now - self.started).as_secs_f64(),
            curves: Arc::new(thin(&state.steps, &state.series)),
            losses: std::array::from_fn(|head| {
                state.series[head].iter().filter_map(|series| series.last().copied()).collect()
            }),
            memory: self.device.as_ref().and_then(ComputeDevice::memory_in_use),
            gpu: state.gpu,
        });
    }
}

impl State {
    fn begin(&mut self, stage: Stage, total: u64) {
        self.stage = stage;
        self.done = 0;
        self.total = total;
        self.items_per_unit = 1.0;
        self.speed = 0.0;
        self.began = Instant::now();
        self.measured = (self.began, 0);
    }

    /// Updates the smoothed speed.
    fn measure(&mut self, now: Instant) {
        let seconds = (now - self.measured.0).as_secs_f64();
        if seconds < 0.05 || self.done <= self.measured.1 {
            return;
        }
        let recent = (self.done - self.measured.1) as f64 * self.items_per_unit / seconds;
        // At first all that was seen counts alike.
        let share = seconds / (now - self.began).as_secs_f64().max(seconds);
        let weight = if self.speed == 0.0 { 1.0 } else { share.max(1.0 - (-seconds / SPEED_WINDOW).exp()) };
        self.speed += weight * (recent - self.speed);
        self.measured = (now, self.done);
    }
}

/// At most [`CURVE_POINTS`] points: neighbours are averaged.
fn thin(steps: &[u32], series: &[Vec<Vec<f32>>; 3]) -> Curves {
    let bucket = steps.len().div_ceil(CURVE_POINTS).max(1);
    let mean = |points: &[f32]| points.iter().sum::<f32>() / points.len() as f32;
    Curves {
        steps: steps.chunks(bucket).filter_map(|chunk| chunk.last().copied()).collect(),
        series: std::array::from_fn(|head| {
            series[head].iter().map(|points| points.chunks(bucket).map(mean).collect()).collect()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn curves_stay_bounded_and_the_last_point_stays() {
        let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
        let sink = seen.clone();
        let tracker = Tracker::new(7, move |progress| sink.lock().unwrap().push(progress), |_| {});
        tracker.training(2, 5000, 10, 2);
        for step in 1..=10_000 {
            for head in HeadKind::ALL {
                tracker.steps(head, step, &[1.0 / step as f32, 0.5]);
            }
        }
        tracker.epoch(&[]);
        let last = seen.lock().unwrap().last().unwrap().clone();
        assert_eq!((last.done, last.total, last.epoch), (10_000, 10_000, (2, 2)));
        assert!(last.curves.steps.len() <= CURVE_POINTS && last.curves.steps.last() == Some(&10_000));
        assert_eq!(last.curves.series[1][0].len(), last.curves.steps.len());
        assert_eq!(last.losses[2], [1e-4, 0.5]);
    }

    #[test]
    fn a_speed_does_not_jump_where_work_waits_for_a_while() {
        let tracker = Tracker::silent();
        let mut state = tracker.state.lock().unwrap();
        state.begin(Stage::Embedding, 1_000_000);
        let (start, mut milliseconds, mut seen) = (state.began, 0, Vec::new());
        // Ten windows of 1,000 in a second, then a second and a half of writing: 4,000 a second.
        for window in 1..=200u64 {
            milliseconds += if window % 10 == 0 { 1600 } else { 100 };
            state.done = 1000 * window;
            state.measure(start + Duration::from_millis(milliseconds));
            seen.push(state.speed);
        }
        let late = &seen[50..];
        assert!(late.iter().all(|speed| (2500.0..6500.0).contains(speed)), "{late:?}");
    }
}
