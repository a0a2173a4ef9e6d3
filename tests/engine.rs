//! The engine without a terminal: order of events, cancel, leaving in the middle, and a console that never listens.
#![allow(clippy::unwrap_used, clippy::panic)]

use llm2loss::audit::RunId;
use llm2loss::audit::{Architecture, HyperParameters};
use llm2loss::diagnose::BothWays;
use llm2loss::engine::{
    Answer, Command, ComparisonRequest, Engine, EngineLinks, Event, JobId, ScoreRequest, Session, Tracker,
};
use std::path::Path;
use std::sync::Arc;
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
    engine.score(ScoreRequest { seq: 7, a: "a nurse".into(), b: String::new(), why: false });
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
fn who_only_reads_trains_nothing_and_follows_the_runs_of_who_writes() {
    let home = tempfile::tempdir().unwrap();
    let writer = Session::open(home.path(), "adult").unwrap();
    let (_engine, mut links) = start(home.path());
    let (_, before) = next(&mut links, |event| match event {
        Event::Notice { message, .. } => message.contains("no run to show").then_some(()),
        _ => None,
    });
    assert!(!before.iter().any(|event| matches!(event, Event::JobQueued { .. })), "{before:?}");
    let trained = writer.train("v1", &quick(3), &Tracker::silent()).unwrap().record;
    let (runs, _) = next(&mut links, |event| if let Event::Runs(runs) = event { Some(runs.clone()) } else { None });
    assert_eq!(runs.iter().map(|run| &run.id).collect::<Vec<_>>(), [&trained.id]);
    let (shown, _) = next(&mut links, |event| if let Event::Shown(view) = event { Some(view.clone()) } else { None });
    assert_eq!(shown.record.id, trained.id);
    writer.store().delete_run(&trained.id).unwrap();
    let (runs, _) = next(&mut links, |event| if let Event::Runs(runs) = event { Some(runs.clone()) } else { None });
    assert!(runs.is_empty());
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
fn two_models_are_compared_beside_training_and_with_heads_trained_alike() {
    let home = tempfile::tempdir().unwrap();
    let runs = {
        let session = Session::open(home.path(), "adult").unwrap();
        let train = |model: &str, seed| session.train(model, &quick(seed), &Tracker::silent()).unwrap().record.id;
        [train("v1", 1), train("v2", 1), train("v2", 2)]
    };
    let (engine, mut links) = start(home.path());
    let mut ask = |runs: Option<[&RunId; 2]>, after: &str| -> Result<Arc<BothWays>, String> {
        let request = ComparisonRequest {
            before: "v1".into(),
            after: after.into(),
            runs: runs.map(|runs| runs.map(Clone::clone)),
            prompts: vec!["a lighthouse keeper".into()],
        };
        engine.command(Command::CompareModels(request.clone()));
        let answer = |event: &Event| match event {
            // The first answer of few replicates is followed by the whole one.
            Event::ModelsCompared { request: asked, found } if *asked == request => {
                found.as_ref().map_or(true, |found| found.there.rule.replicates == 2_000).then(|| found.clone())
            }
            _ => None,
        };
        next(&mut links, answer).0
    };
    let both = ask(None, "v2").unwrap();
    assert_eq!((both.back.before.as_str(), both.back.n), ("v2", both.there.n));
    let losses = &both.there;
    assert_eq!((losses.n, losses.attributes.len(), losses.predicted.is_some()), (16_281, 40, false));
    let both = ask(Some([&runs[0], &runs[1]]), "v2").unwrap();
    let (heads, back) = (&both.there, both.back.predicted.as_ref().unwrap());
    assert_eq!([&back.run_before, &back.run_after], [&runs[1], &runs[0]]);
    assert_eq!((&heads.losses, &heads.items), (&losses.losses, &losses.items), "the losses are those of before");
    let predicted = heads.predicted.as_ref().unwrap();
    assert_eq!([&predicted.run_before, &predicted.run_after], [&runs[0], &runs[1]]);
    assert!(predicted.source.ends_with("and pinned ones") && heads.attributes[0].predicted.is_some());
    assert!(predicted.prompts.iter().any(|prompt| prompt.text == "a lighthouse keeper"));
    let unlike = ask(Some([&runs[0], &runs[2]]), "v2").unwrap_err();
    assert!(unlike.contains("not trained alike"), "{unlike}");
    assert!(ask(None, "v9").unwrap_err().contains("model 'v9'"));
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
