//! The scorer thread: shows runs and scores prompts, newest request first, beside any training.

use super::{Answer, Event, RunView, ScoreRequest, Session};
use crate::audit::RunRecord;
use crate::diagnose::PromptScorer;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc::Sender;

/// What waits for the scorer: at most one run to show and one request to score.
#[derive(Default)]
struct Waiting {
    show: Option<RunRecord>,
    score: Option<ScoreRequest>,
    closed: bool,
}

/// A mailbox of one slot each: a newer message replaces an older one.
#[derive(Default)]
pub struct Mailbox {
    waiting: Mutex<Waiting>,
    filled: Condvar,
}

impl Mailbox {
    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.filled.notify_one();
    }

    pub fn show(&self, run: RunRecord) {
        self.change(|waiting| waiting.show = Some(run));
    }

    pub fn score(&self, request: ScoreRequest) {
        self.change(|waiting| waiting.score = Some(request));
    }

    pub fn close(&self) {
        self.change(|waiting| waiting.closed = true);
    }

    /// Waits for work; `None` once closed. A run to show comes before a prompt to score.
    fn take(&self) -> Option<Work> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(run) = waiting.show.take() {
                return Some(Work::Show(Box::new(run)));
            }
            if let Some(request) = waiting.score.take() {
                return Some(Work::Score(request));
            }
            waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

enum Work {
    Show(Box<RunRecord>),
    Score(ScoreRequest),
}

/// Runs until the mailbox is closed.
pub fn run(session: &Session, mailbox: &Mailbox, events: &Sender<Event>) {
    let mut scorer: Option<PromptScorer> = None;
    while let Some(work) = mailbox.take() {
        let event = match work {
            Work::Show(record) => match show(session, *record) {
                Ok((view, fresh)) => {
                    scorer = Some(fresh);
                    Event::Shown(view)
                }
                Err(error) => Event::Notice { message: error.to_string(), warning: true },
            },
            Work::Score(request) => {
                let started = Instant::now();
                let answer = answer(scorer.as_ref(), &request);
                Event::Scored {
                    seq: request.seq,
                    answer: Arc::new(answer),
                    micros: started.elapsed().as_micros() as u64,
                }
            }
        };
        if events.blocking_send(event).is_err() {
            return;
        }
    }
}

fn show(session: &Session, record: RunRecord) -> Result<(RunView, PromptScorer), super::EngineError> {
    let run = session.load(record)?;
    let scorer = session.scorer(&run)?;
    session.store().set_shown(&run.record.audit, &run.record.model, &run.record.id)?;
    Ok((RunView { record: Arc::new(run.record), tables: Arc::new(run.diagnosis.tables) }, scorer))
}

fn answer(scorer: Option<&PromptScorer>, request: &ScoreRequest) -> Answer {
    let Some(scorer) = scorer else {
        return Answer::None("no heads yet: they are being trained".into());
    };
    let (a, b) = (request.a.trim(), request.b.trim());
    let result = match (a.is_empty(), b.is_empty()) {
        (true, true) => return Answer::None("type a prompt".into()),
        (false, true) => scorer.score(a).map(Answer::One),
        (true, false) => scorer.score(b).map(Answer::One),
        (false, false) => scorer.compare(a, b).map(|pair| Answer::Pair(Box::new(pair))),
    };
    result.unwrap_or_else(|error| Answer::None(error.to_string()))
}
