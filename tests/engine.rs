//! The engine without a terminal: order of events, cancel, leaving in the middle, and a console that never listens.
#![allow(clippy::unwrap_used, clippy::panic)]

use llm2loss::audit::{Architecture, HyperParameters};
use llm2loss::engine::{Answer, Command, Engine, EngineLinks, Event, JobId, ScoreRequest, Session};
use std::path::Path;
use std::time::{Duration, Instant};

fn start(home: &Path) -> (Engine, EngineLinks) {
    Engine::start(Session::open(home, "adult").unwrap(), None).unwrap()
}

/// The next event that `wanted` makes something of, and all events before it.
fn next<T>(links: &mut EngineLinks, mut wanted: impl FnMut(&Event) -> Option<T>) -> (T, Vec<Event>) {
    let end = Instant::now() + Duration::from_secs(120);
    let mut before = Vec::new();
    while Instant::now() < end {
        match links.events.try_recv() {
            Ok(event) => match wanted(&event) {
                Some(found) => return (found, before),
                None => before.push(event),
            },
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("not among: {before:?}");
}

fn started(event: &Event) -> Option<JobId> {
    if let Event::JobStarted { job } = event { Some(*job) } else { None }
}

fn quick(seed: u64) -> HyperParameters {
    HyperParameters { epochs: 1, seed, ..HyperParameters::new(Architecture::Linear) }
}

#[test]
fn a_first_start_queues_linear_then_mlp_and_shows_each() {
    let home = tempfile::tempdir().unwrap();
    let (engine, mut links) = start(home.path());
    let (first, before) = next(&mut links, started);
    assert!(matches!(before[0], Event::Opened { .. }));
    let queued: Vec<_> = before
        .iter()
        .filter_map(|event| {
            if let Event::JobQueued { job, hyper, .. } = event { Some((*job, hyper.architecture)) } else { None }
        })
        .collect();
    assert_eq!(queued[0], (first, Architecture::Linear), "a job is queued before it starts");
    let (shown, _) = next(&mut links, |event| if let Event::Shown(view) = event { Some(view.clone()) } else { None });
    assert_eq!(shown.record.hyper.architecture, Architecture::Linear);
    // Prompts are scored while the second run trains; an answer names its request.
    engine.score(ScoreRequest { seq: 7, a: "a nurse".into(), b: String::new() });
    let (answer, _) = next(&mut links, |event| match event {
        Event::Scored { seq: 7, answer, .. } => Some(answer.clone()),
        _ => None,
    });
    assert!(matches!(*answer, Answer::One(_)));
    next(&mut links, |event| if let Event::JobFinished { job, .. } = event { Some(*job) } else { None });
    drop(engine);
    // The second start shows the run kept and queues nothing.
    let (_engine, mut links) = start(home.path());
    let (_, before) = next(&mut links, |event| matches!(event, Event::Shown(_)).then_some(()));
    assert!(!before.iter().any(|event| matches!(event, Event::JobQueued { .. })), "{before:?}");
}

#[test]
fn jobs_are_cancelled_while_they_run_and_while_they_wait() {
    let home = tempfile::tempdir().unwrap();
    let (engine, mut links) = start(home.path());
    // Which of the first two runs starts and which waits: their queueing and the start are told in any order.
    let (mut queued, mut running) = (Vec::new(), None);
    let (running, waiting) = next(&mut links, |event| {
        match event {
            Event::JobQueued { job, .. } => queued.push(*job),
            Event::JobStarted { job } => running = Some(*job),
            _ => {}
        }
        let waiting = queued.iter().copied().find(|job| Some(*job) != running)?;
        running.map(|running| (running, waiting))
    })
    .0;
    engine.command(Command::Cancel { job: waiting });
    engine.command(Command::Cancel { job: running });
    let cancelled = |event: &Event| if let Event::JobCancelled { job } = event { Some(*job) } else { None };
    let ((first, _), (second, _)) = (next(&mut links, cancelled), next(&mut links, cancelled));
    assert_eq!([first.min(second), first.max(second)], [running.min(waiting), running.max(waiting)]);
    // The queue goes on.
    engine.command(Command::Train { model: "v2".into(), hyper: quick(1) });
    let (record, _) =
        next(
            &mut links,
            |event| if let Event::JobFinished { record, .. } = event { Some(record.clone()) } else { None },
        );
    assert_eq!(record.model, "v2");
}

#[test]
fn what_cannot_be_trained_is_told_and_nothing_is_queued() {
    let home = tempfile::tempdir().unwrap();
    let (engine, mut links) = start(home.path());
    next(&mut links, started);
    for (model, hyper, words) in
        [("v9", quick(1), "model 'v9'"), ("v1", HyperParameters { epochs: 0, ..quick(1) }, "epochs is 0")]
    {
        engine.command(Command::Train { model: model.into(), hyper });
        let (message, _) =
            next(
                &mut links,
                |event| if let Event::Notice { message, .. } = event { Some(message.clone()) } else { None },
            );
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn leaving_in_the_middle_takes_less_than_five_seconds_even_if_nobody_listens() {
    let home = tempfile::tempdir().unwrap();
    let (engine, links) = start(home.path());
    for seed in 0..300 {
        engine.command(Command::Train { model: "v1".into(), hyper: quick(seed) });
    }
    std::thread::sleep(Duration::from_millis(1500));
    let leaving = Instant::now();
    drop(engine);
    assert!(leaving.elapsed() < Duration::from_secs(5), "{:?}", leaving.elapsed());
    drop(links);
    Session::open(home.path(), "adult").unwrap();
}

#[test]
fn killed_at_any_moment_the_store_opens_and_the_work_can_be_done_again() {
    let home = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_llm2loss");
    let train = |seed: &str| {
        let mut command = std::process::Command::new(program);
        command
            .arg("--home")
            .arg(home.path())
            .args(["train", "adult", "--arch", "linear", "--epochs", "1", "--seed", seed]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        command
    };
    for (round, wait) in [30, 120, 250, 400, 600, 900, 1300].into_iter().enumerate() {
        let mut child = train(&round.to_string()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        let session = Session::open(home.path(), "adult").unwrap();
        for run in session.store().runs("adult", None).unwrap() {
            session.load(run).unwrap();
        }
    }
    assert!(train("77").status().unwrap().success());
    let session = Session::open(home.path(), "adult").unwrap();
    assert!(session.store().runs("adult", Some("v1")).unwrap().iter().any(|run| run.hyper.seed == 77));
}
