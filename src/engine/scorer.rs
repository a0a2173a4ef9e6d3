//! The scorer thread: opens runs, keeps prompts and scores them, newest request first, beside any training.

use super::worker::Shared;
use super::{Answer, Command, EngineError, Event, RunView, ScoreRequest};
use crate::audit::{Architecture, HyperParameters, RunId, RunRecord};
use crate::diagnose::{Estimator, PromptScorer, PromptScores};
use crate::store::HistoryEntry;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

/// What waits for the scorer: commands in order, and at most one request to score.
#[derive(Default)]
struct Waiting {
    commands: VecDeque<Work>,
    score: Option<ScoreRequest>,
    closed: bool,
}

/// Something that touches the store, which the UI thread must not wait for.
pub enum Work {
    Command(Command),
    /// A run has finished: show it if its model is looked at.
    Finished(Box<RunRecord>),
    Score(ScoreRequest),
    /// The evidence of a run is read: its prompts have estimates from now on.
    Evidence(RunId, Arc<Estimator>),
}

/// The scorer's letter box; for scores it has one slot, in which the newest replaces an older one.
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

    pub fn put(&self, work: Work) {
        self.change(|waiting| match work {
            Work::Score(request) => waiting.score = Some(request),
            command => waiting.commands.push_back(command),
        });
    }

    pub fn close(&self) {
        self.change(|waiting| waiting.closed = true);
    }

    /// Waits for work; `None` once closed. Commands come before a prompt to score.
    fn take(&self) -> Option<Work> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(work) = waiting.commands.pop_front() {
                return Some(work);
            }
            if let Some(request) = waiting.score.take() {
                return Some(Work::Score(request));
            }
            waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// What the scorer has in hand.
#[derive(Default)]
struct Desk {
    /// The model a person looks at: only its runs are shown when they finish.
    model: String,
    scorer: Option<PromptScorer>,
    /// The run it scores for, and whether its evidence was asked for.
    run: Option<(RunId, bool)>,
}

/// Runs until the mailbox is closed. A panic over one piece of work is told and does not end the thread.
pub fn run(shared: &Shared) {
    let mut desk = Desk::default();
    while let Some(work) = shared.mailbox.take() {
        let done = catch_unwind(AssertUnwindSafe(|| desk.handle(shared, work)));
        let event = match done {
            Ok(Ok(event)) => event,
            Ok(Err(error)) => Some(Event::Notice { message: error.to_string(), warning: true }),
            Err(_) => {
                desk.scorer = None;
                let message = "scoring stopped on an internal error; open a run to go on".into();
                Some(Event::Notice { message, warning: true })
            }
        };
        if event.is_some_and(|event| !shared.send(event)) {
            return;
        }
    }
}

impl Desk {
    fn handle(&mut self, shared: &Shared, work: Work) -> Result<Option<Event>, EngineError> {
        match work {
            Work::Score(request) => {
                self.ask_for_evidence(shared);
                let started = Instant::now();
                let answer = Arc::new(self.answer(&request));
                Ok(Some(Event::Scored { seq: request.seq, answer, micros: started.elapsed().as_micros() as u64 }))
            }
            Work::Evidence(run, estimator) => {
                if self.run.as_ref().is_none_or(|(shown, _)| *shown != run) {
                    return Ok(None);
                }
                shared.keep_estimator(run.clone(), estimator.clone());
                self.scorer = self.scorer.take().map(|scorer| scorer.with_estimator(estimator));
                Ok(Some(Event::EvidenceRead { run }))
            }
            // Where somebody reads, nothing else takes over: what is new is offered.
            Work::Finished(record) if record.model == self.model && self.run.is_none() => {
                self.show(shared, *record).map(Some)
            }
            Work::Command(Command::OpenModel { model }) => self.open_model(shared, &model),
            Work::Command(Command::OpenRun { run }) => {
                let record = shared.session.store().find_run(&run.0)?;
                self.model.clone_from(&record.model);
                self.show(shared, record).map(Some)
            }
            Work::Command(Command::Remember { a, b }) => {
                shared.session.store().remember(&shared.session.record().name, &HistoryEntry { a, b })?;
                Ok(None)
            }
            Work::Command(Command::Inspect) => Ok(Some(Event::Inspected(Arc::new(shared.session.inspect()?)))),
            Work::Command(Command::OpenOther { run }) => {
                let run = shared.session.load(shared.session.store().find_run(&run.0)?)?;
                let (record, tables) = (Arc::new(run.record), Arc::new(run.diagnosis.tables));
                Ok(Some(Event::Other(RunView { record, tables })))
            }
            Work::Command(Command::Examine { run }) => {
                let record = shared.session.store().find_run(&run.0)?;
                Ok(Some(Event::Examined(Arc::new(shared.session.examine(record)?))))
            }
            Work::Command(Command::AddAttribute(added)) => {
                shared.session.add_attribute(&added)?;
                let audit = Arc::new(shared.session.view());
                shared.send(Event::AttributeAdded { name: added.name.trim().to_owned(), audit });
                let Some((run, _)) = self.run.take() else { return Ok(None) };
                self.show(shared, shared.session.store().find_run(&run.0)?).map(Some)
            }
            Work::Command(Command::AskNames { run, names }) => {
                if self.run.as_ref().is_none_or(|(shown, _)| *shown != run) {
                    return Ok(None);
                }
                self.ask_for_evidence(shared);
                let score = |name: &String| self.scorer.as_ref().filter(|_| !name.is_empty())?.score(name).ok();
                let scores = Arc::new(names.iter().map(score).collect());
                Ok(Some(Event::NamesScored { run, scores }))
            }
            Work::Command(Command::TellIds { name, model, rows }) => {
                let audit = shared.session.audit()?;
                let losses = &audit.model(&model)?.losses;
                let item = |&row: &u32| {
                    let item = &audit.items[row as usize];
                    (item.id.to_string(), item.split, losses[row as usize])
                };
                Ok(Some(Event::Ids { name, items: rows.iter().map(item).collect() }))
            }
            Work::Finished(_)
            | Work::Command(
                Command::Train { .. }
                | Command::Care { .. }
                | Command::Cancel { .. }
                | Command::MoveJob { .. }
                | Command::ReleaseJobs { .. }
                | Command::DropKeptJobs
                | Command::CompareModels(_)
                | Command::Find { .. }
                | Command::Discover(_)
                | Command::Intersect { .. }
                | Command::Measure { .. }
                | Command::ReadLedger { .. }
                | Command::BothModels { .. }
                | Command::Raise { .. }
                | Command::Back(_)
                | Command::Items(_),
            ) => Ok(None),
        }
    }

    /// Shows a model's run, or queues the default heads: linear first, which is ready within seconds.
    fn open_model(&mut self, shared: &Shared, model: &str) -> Result<Option<Event>, EngineError> {
        let model = shared.session.model_name(Some(model))?;
        self.model.clone_from(&model);
        let damaged = |message| {
            shared.send(Event::Notice { message, warning: true });
        };
        if let Some(run) = shared.session.current_run(&model, damaged)? {
            let interrupted = shared.session.only_linear(&model)? && !shared.has_job_for(&model);
            let shown = self.show(shared, run)?;
            if interrupted && shared.session.store().writes().is_ok() {
                shared.enqueue_automatic(model, HyperParameters::new(Architecture::Mlp));
            }
            return Ok(Some(shown));
        }
        (self.scorer, self.run) = (None, None);
        if let Err(why) = shared.session.store().writes() {
            let message = format!("model {model} has no run to show, and none can be trained here: {why}");
            return Ok(Some(Event::Notice { message, warning: true }));
        }
        if !shared.has_job_for(&model) {
            shared.enqueue_automatic(model.clone(), HyperParameters::new(Architecture::Linear));
            shared.enqueue_automatic(model, HyperParameters::new(Architecture::Mlp));
        }
        Ok(None)
    }

    fn show(&mut self, shared: &Shared, record: RunRecord) -> Result<Event, EngineError> {
        let run = shared.session.load(record)?;
        self.scorer = Some(shared.session.scorer(&run)?);
        self.run = Some((run.record.id.clone(), false));
        // Not to be remembered as the last one shown is no reason not to show it.
        if let Err(error) = shared.session.store().set_shown(&run.record.audit, &run.record.model, &run.record.id) {
            shared.send(Event::Notice { message: error.to_string(), warning: true });
        }
        Ok(Event::Shown(RunView { record: Arc::new(run.record), tables: Arc::new(run.diagnosis.tables) }))
    }

    /// The first prompt of a run has its evidence read, beside the scoring.
    fn ask_for_evidence(&mut self, shared: &Shared) {
        if let Some((run, asked)) = self.run.as_mut().filter(|(_, asked)| !asked) {
            *asked = true;
            shared.evidence.put(run.clone());
        }
    }

    fn answer(&self, request: &ScoreRequest) -> Answer {
        match &self.scorer {
            Some(scorer) => Answer::of(scorer, &request.a, &request.b).explained(scorer, request.why),
            None => Answer::None("no heads yet: they are being trained".into()),
        }
    }
}

impl Answer {
    /// Scores one prompt, or two where both are given.
    #[must_use]
    pub fn of(scorer: &PromptScorer, a: &str, b: &str) -> Self {
        let (a, b) = (a.trim(), b.trim());
        let result = match (a.is_empty(), b.is_empty()) {
            (true, true) => return Self::None("type a prompt".into()),
            (false, true) => scorer.score(a).map(Self::One),
            (true, false) => scorer.score(b).map(Self::One),
            (false, false) => scorer.compare(a, b).map(|pair| Self::Pair(Box::new(pair))),
        };
        result.unwrap_or_else(|error| Self::None(error.to_string()))
    }

    /// The same, with each word's part in the estimates where that is asked for.
    #[must_use]
    pub fn explained(mut self, scorer: &PromptScorer, why: bool) -> Self {
        let sides: Vec<&mut PromptScores> = match &mut self {
            Self::One(scores) => vec![scores],
            Self::Pair(pair) => vec![&mut pair.a, &mut pair.b],
            Self::None(_) => Vec::new(),
        };
        for scores in sides.into_iter().filter(|_| why) {
            // Without an explanation the scores stand as they are.
            let _ = scorer.explain(scores);
        }
        self
    }
}
