//! What waits: rows that are moved and dropped, what was left the last time, what another process has waiting, sweeps.

use super::{key, open, press, tell, type_text, words, world};
use llm2loss::audit::{Architecture, HyperParameters, WaitingRun};
use llm2loss::console::App;
use llm2loss::console::msg::{Cmd, Msg};
use llm2loss::console::update;
use llm2loss::engine::{Command, Event, GpuLoad, JobId};
use serde_json::Map;
use std::sync::Arc;

fn hyper(seed: u64) -> HyperParameters {
    HyperParameters { seed, ..HyperParameters::new(Architecture::Linear) }
}

fn queued(app: &mut App, job: JobId) {
    tell(app, Event::JobQueued { job, model: "logistic".into(), hyper: hyper(job) });
}

/// A console that was opened where two runs were left waiting.
pub fn kept(size: (u16, u16)) -> App {
    let mut app = open(size);
    for job in 1..3 {
        tell(&mut app, Event::JobKept { job, model: "logistic".into(), hyper: hyper(job) });
    }
    press(&mut app, "3 j");
    app.world.notice = None;
    app
}

/// A console beside one that trains.
pub fn beside(size: (u16, u16)) -> App {
    let mut app = open(size);
    let run =
        |running, seed| WaitingRun { audit: "adult".into(), model: "logistic".into(), running, hyper: hyper(seed) };
    tell(&mut app, Event::QueuedElsewhere(vec![run(true, 1), run(false, 2)]));
    press(&mut app, "3");
    app
}

/// The numbers of the jobs in the list, from above.
fn order(app: &App) -> Vec<JobId> {
    let text = words(app);
    let number =
        |line: &str| line.split_once(" job ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
    let rows = text.lines().skip_while(|line| !line.contains("Spearman with the loss"));
    rows.filter(|line| line.starts_with('┃')).filter_map(number).collect()
}

#[test]
fn waiting_jobs_are_rows_that_are_moved_and_dropped() {
    let mut app = open((120, 36));
    press(&mut app, "3");
    (1..4).for_each(|job| queued(&mut app, job));
    tell(&mut app, Event::JobStarted { job: 1 });
    assert_eq!(order(&app), [1, 2, 3]);
    assert!(words(&app).contains("begins next") && words(&app).contains("waits, 1 before it"), "{}", words(&app));
    // What runs has no turn to give away.
    assert!(press(&mut app, "K").is_empty());
    assert_eq!(press(&mut app, "G g j j K"), [Cmd::Send(Command::MoveJob { job: 3, earlier: true })]);
    tell(&mut app, Event::QueueOrder(vec![3, 2]));
    assert_eq!(order(&app), [1, 3, 2]);
    // The selection is still on job 3.
    assert_eq!(press(&mut app, "J"), [Cmd::Send(Command::MoveJob { job: 3, earlier: false })]);
    assert_eq!(press(&mut app, "X"), [Cmd::Send(Command::Cancel { job: 3 })]);
    tell(&mut app, Event::JobCancelled { job: 3 });
    assert_eq!(order(&app), [1, 2]);
    assert_eq!(press(&mut app, "G X"), [Cmd::Send(Command::Cancel { job: 2 })], "the newest, where none is selected");
}

#[test]
fn what_was_left_waiting_is_offered_and_begins_by_no_hand_but_a_persons() {
    let mut app = open((120, 36));
    tell(&mut app, Event::JobKept { job: 1, model: "logistic".into(), hyper: hyper(1) });
    assert!(words(&app).contains("1 run was left waiting: 3 then R runs, D drops"), "{}", words(&app));
    let mut app = kept((120, 36));
    assert!(words(&app).contains("2 runs were left waiting: R runs, D drops"), "{}", words(&app));
    assert_eq!(press(&mut app, "R"), [Cmd::Send(Command::ReleaseJobs { job: None })]);
    // What is dropped is gone: the key asks first, and another key between is a no.
    assert!(press(&mut app, "D j D").is_empty());
    assert!(words(&app).contains("D again: 2 runs that wait are dropped for good"), "{}", words(&app));
    assert_eq!(press(&mut app, "D"), [Cmd::Send(Command::DropKeptJobs)]);
    let mut dropped = app.clone();
    tell(&mut dropped, Event::KeptDropped(vec![1, 2]));
    assert!(words(&dropped).contains("2 runs that waited were dropped"), "{}", words(&dropped));
    press(&mut app, "k");
    // One alone, that in the selected row.
    assert_eq!(press(&mut app, "r"), [Cmd::Send(Command::ReleaseJobs { job: Some(2) })]);
    tell(&mut app, Event::JobsReleased(vec![1, 2]));
    assert!(press(&mut app, "R").is_empty() && words(&app).contains("nothing was left waiting"), "{}", words(&app));
}

#[test]
fn who_watches_sees_what_another_process_does() {
    let mut app = beside((120, 36));
    assert!(words(&app).contains("runs in another process") && words(&app).contains("waits in another process"));
    assert!(press(&mut app, "Enter").is_empty() && press(&mut app, "X").is_empty());
    tell(&mut app, Event::QueuedElsewhere(Vec::new()));
    assert!(!words(&app).contains("another process"));
}

#[test]
fn a_form_takes_several_values_and_remembers_them() {
    let mut app = open((120, 36));
    press(&mut app, "3 n Up Backspace Backspace");
    type_text(&mut app, "1..3");
    assert!(words(&app).contains("3 runs, a row each"), "{}", words(&app));
    let mut seeds: Vec<u64> = press(&mut app, "Enter")
        .iter()
        .filter_map(|command| match command {
            Cmd::Send(Command::Train { hyper, .. }) => Some(hyper.seed),
            _ => None,
        })
        .collect();
    seeds.sort_unstable();
    assert_eq!(seeds, [1, 2, 3]);
    press(&mut app, "n");
    assert!(words(&app).contains("1..3"), "{}", words(&app));
    // Also at the next start.
    let (mut all, mut of_audit) = (Map::new(), Map::new());
    app.screens.get(app.world.screen).keep(&mut all, &mut of_audit);
    let mut next = open((120, 36));
    press(&mut next, "3");
    let world = next.world.clone();
    next.screens.get_mut(next.world.screen).restore(&world, &all, &of_audit);
    press(&mut next, "n");
    assert!(words(&next).contains("1..3"), "{}", words(&next));
}

#[test]
fn settings_that_have_a_run_are_told_before_and_after() {
    let mut app = open((120, 36));
    // The form opens with the settings of the shown run.
    press(&mut app, "3 n");
    assert!(words(&app).contains("run b2c9 has exactly these settings already"), "{}", words(&app));
    press(&mut app, "Enter");
    assert!(words(&app).contains("run b2c9 has exactly these settings already"), "{}", words(&app));
    queued(&mut app, 1);
    tell(&mut app, Event::JobStarted { job: 1 });
    let record = app.world.runs[0].clone();
    tell(&mut app, Event::JobKnown { job: 1, record });
    assert!(words(&app).contains("was not trained again"), "{}", words(&app));
}

#[test]
fn a_finished_run_is_offered_and_takes_nothing_over() {
    let mut app = open((120, 36));
    let other = world::record("cafe0001", "logistic", Architecture::Linear, 300);
    tell(&mut app, Event::JobFinished { job: 1, record: other.clone() });
    assert_eq!(app.world.shown.as_ref().unwrap().record.id.0, "b2c90d11");
    assert!(words(&app).contains("V shows run cafe: "), "{}", words(&app));
    // The offer outlives the notice.
    app.world.notice = None;
    assert!(words(&app).lines().next().unwrap().ends_with("V shows run cafe"), "{}", words(&app));
    let told = update(&mut app, Msg::Key(key("V")));
    assert!(told.contains(&Cmd::Send(Command::OpenRun { run: other.id.clone() })), "{told:?}");
    tell(&mut app, Event::Shown(world::run_view(&other)));
    assert!(!words(&app).contains("V shows") && press(&mut app, "V").is_empty());
    // Of another model nothing is offered: its screens are not in view.
    tell(
        &mut app,
        Event::JobFinished { job: 2, record: world::record("beef0001", "small mlp", Architecture::Linear, 400) },
    );
    assert!(!words(&app).contains("V shows"));
}

/// A console whose Train screen lays two marked runs over each other.
pub fn overlaid(size: (u16, u16)) -> App {
    let mut app = open(size);
    press(&mut app, "3 Space j Space c s");
    app
}

/// The same with what the two differ in.
pub fn difference(size: (u16, u16)) -> App {
    let mut app = overlaid(size);
    press(&mut app, "=");
    app
}

#[test]
fn marked_runs_are_laid_over_each_other_and_compared() {
    let mut app = open((120, 36));
    press(&mut app, "3 =");
    assert!(words(&app).contains("Space marks two runs to compare first"), "{}", words(&app));
    let app = overlaid((120, 36));
    assert!(words(&app).contains("Spearman, validation items · regressor, smoothed"), "{}", words(&app));
    assert!(words(&app).contains("a b2c9  b 7f3a"), "{}", words(&app));
    let mut app = difference((120, 36));
    let text = words(&app);
    let row = text.lines().find(|line| line.contains("architecture")).unwrap();
    assert!(row.contains("mlp") && row.contains("linear"), "{text}");
    // Nothing but what differs, and what is measured.
    assert!(!text.contains("weight decay  "), "{text}");
    assert_eq!(press(&mut app, "= a"), []);
    assert!(words(&app).contains("squared error, smoothed, log"), "{}", words(&app));
}

#[test]
fn how_busy_a_gpu_is_stands_beside_the_job_at_every_size() {
    for (size, said) in
        [((120, 36), "GPU       97 % busy, 143.2 of 150.8 GB"), ((80, 24), "GPU  97 %"), ((60, 16), "GPU  97 %")]
    {
        let mut app = open(size);
        press(&mut app, "3");
        queued(&mut app, 1);
        tell(&mut app, Event::JobStarted { job: 1 });
        let mut progress = world::progress(1, 0.4, 5);
        update(&mut app, Msg::Progress(Some(Arc::new(progress.clone()))));
        assert!(!words(&app).contains("GPU"), "{}", words(&app));
        progress.gpu = Some(GpuLoad { busy: Some(97), used: 143_200_000_000, total: 150_800_000_000 });
        update(&mut app, Msg::Progress(Some(Arc::new(progress))));
        assert!(words(&app).contains(said), "{}", words(&app));
    }
}
