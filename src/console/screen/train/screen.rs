//! Train as one of the screens.

use super::form::Form;
use super::{FORM, HERE, State, form_view, layout, sheet, view};
use crate::audit::{Architecture, HyperParameters, RunState};
use crate::console::glyph::Glyphs;
use crate::console::keys::Context;
use crate::console::msg::Action;
use crate::console::paint::Pen;
use crate::console::screen::{Effect, List, Screen};
use crate::console::shell;
use crate::console::widget::input;
use crate::console::widget::table::Cursor;
use crate::console::world::World;
use crate::engine::{Command, Event};
use crate::report::Sheet;
use crossterm::event::{Event as TerminalEvent, KeyEvent};
use ratatui::layout::Rect;
use tui_input::backend::crossterm::EventHandler;

impl Screen for State {
    fn context(&self) -> Context {
        if self.form.is_some() { FORM } else { HERE }
    }

    fn act(&mut self, world: &World, action: Action) -> Vec<Effect> {
        match action {
            Action::NewRun => return self.open_form(world),
            Action::OpenRun => return self.open_run(world),
            Action::ResumeRun => return self.resume_run(world),
            Action::CancelRunning => return vec![Effect::CancelRunning],
            Action::CancelQueued => {
                return match world.jobs.newest_queued() {
                    Some(job) => Effect::send(Command::Cancel { job }),
                    None => Effect::say("no job waits"),
                };
            }
            Action::CloseForm => self.form = None,
            Action::StartRun => return self.start_run(),
            _ if self.form.as_mut().is_some_and(|form| edit(form, action)) => {}
            _ => self.apply(action, world.listed().count()),
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
                let record = self.selected(world).filter(|run| run.state == RunState::Cancelled)?;
                let model = shell::quoted(&record.model);
                Some(format!("llm2loss train {audit} --model {model}{}", shell::settings(&record.hyper)))
            }
            Action::OpenRun => {
                let record = self.selected(world)?;
                Some(format!("llm2loss table {audit} attributes --run {}", record.id))
            }
            _ => None,
        }
    }

    fn sheet(&self, world: &World) -> Option<Sheet> {
        Some(sheet::sheet(world))
    }

    fn on_event(&mut self, world: &World, event: &Event) {
        let record = match event {
            Event::Shown(view) => &view.record,
            Event::JobFinished { record, .. } => record,
            _ => return,
        };
        // A new run comes first; the selection stays on the run it was on.
        if !world.knows(&record.id) && !world.runs.is_empty() && self.runs.selected > 0 {
            self.runs.selected += 1;
        }
    }

    fn settle(&mut self, world: &World, body: Rect) {
        let page = layout(body).page();
        self.runs.settle(world.listed().count(), page);
        // The log has no line of headings: one more fits.
        self.log_offset = self.log_offset.min(world.log.lines.len().saturating_sub(page + 1));
    }

    fn list(&self, world: &World, body: Rect) -> Option<List> {
        // The log has no rows to choose.
        let area = layout(body).runs.filter(|_| !self.show_log)?;
        Some(List::framed(area, world.listed().count()))
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
    fn open_form(&mut self, world: &World) -> Vec<Effect> {
        let Some(audit) = &world.audit else { return Effect::say("the audit is not open yet") };
        let hyper = match &world.shown {
            Some(shown) => shown.record.hyper.clone(),
            None => HyperParameters::new(Architecture::Linear),
        };
        self.form = Some(Form::new(audit.models.clone(), world.model().unwrap_or_default(), hyper));
        Vec::new()
    }

    fn start_run(&mut self) -> Vec<Effect> {
        let Some(form) = &mut self.form else { return Vec::new() };
        match form.read() {
            Ok((model, hyper)) => {
                self.form = None;
                Effect::send(Command::Train { model, hyper })
            }
            Err(_) => {
                form.refused = true;
                Vec::new()
            }
        }
    }

    fn open_run(&self, world: &World) -> Vec<Effect> {
        let Some(record) = self.selected(world) else { return Vec::new() };
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

    /// Queues the selected run again: the engine goes on from its checkpoint.
    fn resume_run(&self, world: &World) -> Vec<Effect> {
        let Some(record) = self.selected(world) else { return Vec::new() };
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
