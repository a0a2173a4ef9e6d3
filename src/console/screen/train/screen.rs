//! Train as one of the screens.

use super::curves::Chart;
use super::form::Form;
use super::form_view::words_of_kept;
use super::keys::{CURVES, DIFFERENCE, DROP_KEPT, JOB_EARLIER, JOB_LATER, LOG_SCALE, MARK, RUN_KEPT, SMOOTH};
use super::{FORM, HERE, Row, State, form_view, layout, rows, sheet, view};
use crate::audit::{Architecture, HyperParameters, RunState};
use crate::console::glyph::Glyphs;
use crate::console::jobs::JobState;
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::{Effect, List, Screen, keep, kept};
use crate::console::shell;
use crate::console::widget::input;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::engine::Command;
use crate::report::Sheet;
use crossterm::event::{Event as TerminalEvent, KeyEvent};
use ratatui::layout::Rect;
use serde_json::{Map, Value};
use tui_input::backend::crossterm::EventHandler;

impl Screen for State {
    fn context(&self) -> Context {
        if self.form.is_some() { FORM } else { HERE }
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        let confirmed = std::mem::take(&mut self.dropping) && action == DROP_KEPT;
        match action {
            Action::NewRun => return self.open_form(world),
            Action::OpenRun => return self.open_run(world),
            Action::ResumeRun => return self.resume_run(world),
            Action::CancelRunning => return vec![Effect::CancelRunning],
            Action::CancelQueued => {
                return match self.selected_waiting(world).or(world.jobs.newest_queued()) {
                    Some(job) => Effect::send(Command::Cancel { job }),
                    None => Effect::say("no job waits"),
                };
            }
            JOB_EARLIER | JOB_LATER => {
                return match self.selected_waiting(world) {
                    Some(job) => Effect::send(Command::MoveJob { job, earlier: action == JOB_EARLIER }),
                    None => Effect::say("only a job that waits can be moved; its row stands above the runs"),
                };
            }
            RUN_KEPT | DROP_KEPT if world.jobs.kept() == 0 => return Effect::say("nothing was left waiting"),
            RUN_KEPT => return Effect::send(Command::ReleaseJobs { job: None }),
            DROP_KEPT if confirmed => return Effect::send(Command::DropKeptJobs),
            DROP_KEPT => {
                self.dropping = true;
                let (key, count) = (world.key(HERE, DROP_KEPT), world.jobs.kept());
                let noun = if count == 1 { "run that waits is" } else { "runs that wait are" };
                return vec![Effect::Say(format!("{key} again: {count} {noun} dropped for good"), true)];
            }
            MARK | CURVES | DIFFERENCE | SMOOTH | LOG_SCALE if self.form.is_none() => {
                return self.act_on_curves(world, action);
            }
            Action::CloseForm => drop(self.close_form()),
            Action::StartRun => return self.start_run(world),
            _ if self.form.as_mut().is_some_and(|form| edit(form, action)) => {}
            _ => self.apply(action, rows(world).count()),
        }
        Vec::new()
    }

    fn draw(&self, world: &World, pen: &mut Pen<'_>, body: Rect) {
        view(self, world, pen, body);
        if let Some(form) = &self.form {
            form_view::draw(world, pen, body, form);
        }
    }

    fn hint(&self, world: &World) -> [String; 2] {
        let (new, head) = (world.key(HERE, Action::NewRun), world.key(HERE, Action::NextHead));
        [
            format!("{new} describes a run, {head} shows another head's curves; you may go on working meanwhile"),
            format!("{new} describes a run, {head} shows another head's curves"),
        ]
    }

    fn about(&self, _world: &World, _glyphs: &Glyphs) -> String {
        format!("head {}", self.head)
    }

    fn shell(&self, world: &World, action: Action) -> Option<String> {
        let audit = shell::audit(world);
        match action {
            Action::Screen(_) => Some("llm2loss runs".into()),
            Action::NewRun => {
                let hyper = &world.shown.as_ref()?.record.hyper;
                Some(format!("llm2loss train {audit}{}{}", shell::model(world), shell::settings(hyper)))
            }
            Action::ResumeRun => {
                let record = self.selected_run(world).filter(|run| run.state == RunState::Cancelled)?;
                let model = shell::quoted(&record.model);
                Some(format!("llm2loss train {audit} --model {model}{}", shell::settings(&record.hyper)))
            }
            DIFFERENCE => {
                let [a, b] = self.compared(world)?;
                Some(format!("llm2loss runs diff {} {}", a.id, b.id))
            }
            Action::OpenRun => {
                let record = self.selected_run(world)?;
                Some(format!("llm2loss table {audit} attributes --run {}", record.id))
            }
            _ => None,
        }
    }

    fn document(&self, world: &World) -> Option<serde_json::Result<String>> {
        Some(sheet::document(world))
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        Some(sheet::sheet(world))
    }

    fn settle(&mut self, world: &World, body: Rect) {
        let page = layout(body).page();
        self.follow(world, page);
        // The log has no line of headings: one more fits.
        self.log_offset = self.log_offset.min(world.log.lines.len().saturating_sub(page + 1));
    }

    fn list(&self, world: &World, body: Rect) -> Option<List> {
        // The log has no rows to choose.
        let area = layout(body).runs.filter(|_| !self.show_log)?;
        Some(List::framed(area, rows(world).count()))
    }

    fn cursor(&mut self) -> Option<&mut Cursor> {
        Some(&mut self.runs)
    }

    /// In a typed field of the form the arrows move the cursor and the space is text.
    fn takes_key(&self, action: Action, key: &str) -> bool {
        self.form.as_ref().is_some_and(|form| form.field().is_typed())
            && matches!(action, Action::NextChoice | Action::PreviousChoice)
            && matches!(key, "Left" | "Right" | "Space")
    }

    fn type_key(&mut self, _world: &World, key: KeyEvent) {
        if let Some(form) = &mut self.form {
            form.refused = false;
            if let Some(line) = form.selected_input() {
                line.handle_event(&TerminalEvent::Key(key));
            }
        }
    }

    fn paste(&mut self, _world: &World, text: &str) -> bool {
        let line = self.form.as_mut().and_then(Form::selected_input);
        line.is_some_and(|line| input::paste(line, text))
    }

    fn keep(&self, kept: &mut Map<String, Value>, _of_audit: &mut Map<String, Value>) {
        keep(kept, "form", &self.written);
    }

    fn restore(&mut self, _world: &World, all: &Map<String, Value>, _of_audit: &Map<String, Value>) {
        self.written = kept(all, "form").unwrap_or_default();
    }

    fn beside(&self) -> Option<Context> {
        self.form.is_none().then_some(FORM)
    }
}

/// Does what an action says to the form, if it is one of the form's.
fn edit(form: &mut Form, action: Action) -> bool {
    match action {
        Action::NextField => form.step(1),
        Action::PreviousField => form.step(-1),
        Action::NextChoice => form.choose(true),
        Action::PreviousChoice => form.choose(false),
        Action::FormDefaults => form.fill(HyperParameters::new(form.hyper.architecture)),
        Action::FormPaper => form.fill(HyperParameters::paper(form.hyper.architecture)),
        _ => return false,
    }
    true
}

impl State {
    /// Does what an action says to the chart, or to what it is of.
    fn act_on_curves(&mut self, world: &World, action: Action) -> Vec<Effect> {
        let curves = &mut self.curves;
        match action {
            MARK => {
                let Some(run) = self.selected_run(world).map(|run| run.id.clone()) else {
                    return Effect::say("only runs can be marked");
                };
                if !self.curves.mark(&run) {
                    return Effect::say("eight runs are marked; more curves cannot be told apart");
                }
            }
            CURVES => {
                curves.chart = if curves.chart == Chart::Validation { Chart::Training } else { Chart::Validation };
            }
            DIFFERENCE if curves.chart == Chart::Difference => curves.chart = Chart::Training,
            DIFFERENCE => match self.compared(world) {
                Some(_) => self.curves.chart = Chart::Difference,
                None => {
                    return Effect::say(format!("{} marks two runs to compare first", world.key(HERE, MARK)));
                }
            },
            SMOOTH => curves.smooth = !curves.smooth,
            _ => curves.log = !curves.log,
        }
        Vec::new()
    }

    fn open_form(&mut self, world: &World) -> Vec<Effect> {
        let Some(audit) = &world.audit else { return Effect::say("the audit is not open yet") };
        let hyper = match &world.shown {
            Some(shown) => shown.record.hyper.clone(),
            None => HyperParameters::new(Architecture::Linear),
        };
        let mut form = Form::new(audit.models.clone(), world.model().unwrap_or_default(), hyper);
        form.fill_written(&self.written);
        self.form = Some(form);
        Vec::new()
    }

    /// Closes the form, whose values stand in it again when it is opened.
    fn close_form(&mut self) -> Option<Form> {
        let form = self.form.take();
        self.written = form.as_ref().map(Form::written).unwrap_or_default();
        form
    }

    fn start_run(&mut self, world: &World) -> Vec<Effect> {
        let Some(form) = &mut self.form else { return Vec::new() };
        let Ok((model, runs)) = form.read() else {
            form.refused = true;
            return Vec::new();
        };
        self.close_form();
        let kept = words_of_kept(world, &model, &runs).map(Effect::say).unwrap_or_default();
        let train = |hyper| Effect::send(Command::Train { model: model.clone(), hyper });
        kept.into_iter().chain(runs.into_iter().flat_map(train)).collect()
    }

    fn open_run(&self, world: &World) -> Vec<Effect> {
        let record = match self.selected(world) {
            Some(Row::Run(record)) => record,
            Some(Row::Job(job)) if job.waits() => return Effect::say("this job waits; there is nothing to show yet"),
            Some(_) => return Effect::say("this run is not finished; there is nothing to show yet"),
            None => return Vec::new(),
        };
        let short = record.id.short();
        let said = match record.state {
            RunState::Finished => return Effect::send(Command::OpenRun { run: record.id.clone() }),
            RunState::Cancelled => {
                let key = world.key(HERE, Action::ResumeRun);
                format!("run {short} was stopped and has no tables yet; {key} trains it to its end")
            }
            RunState::Diverged => format!("run {short} diverged and has no heads; a lower learning rate may help"),
        };
        vec![Effect::Say(said, true)]
    }

    /// Queues the selected run again: the engine goes on from its checkpoint. A kept job begins when its turn comes.
    fn resume_run(&self, world: &World) -> Vec<Effect> {
        let record = match self.selected(world) {
            Some(Row::Run(record)) => record,
            Some(Row::Job(job)) if job.state == JobState::Kept => {
                return Effect::send(Command::ReleaseJobs { job: Some(job.id) });
            }
            Some(_) => return Effect::say("it begins when its turn comes"),
            None => return Vec::new(),
        };
        let short = record.id.short();
        match record.state {
            RunState::Cancelled => {
                let mut effects = Effect::say(format!("going on with run {short}"));
                let (model, hyper) = (record.model.clone(), record.hyper.clone());
                effects.extend(Effect::send(Command::Train { model, hyper }));
                effects
            }
            RunState::Finished => Effect::say(format!("run {short} is finished")),
            RunState::Diverged => {
                let new = super::way_to_a_run(world);
                let said = format!("run {short} diverged: the same settings would again; {new} describes another");
                vec![Effect::Say(said, true)]
            }
        }
    }
}
