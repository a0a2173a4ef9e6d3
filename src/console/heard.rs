//! What the console makes of what the engine tells it.

use super::app::{App, Dialog};
use super::{text, wants};
use crate::audit::RunRecord;
use crate::engine::{Event, RunView};
use std::sync::Arc;

pub fn engine(app: &mut App, event: Event) {
    if let Some((message, warning)) = app.jobs.event(&event) {
        app.say(message, warning);
    }
    app.awaited.came(&event);
    app.log.event(app.now, &event);
    match event {
        Event::Opened { audit, runs, history } => {
            app.audit = Some(audit);
            app.runs = runs;
            app.runs.sort_by_key(|record| std::cmp::Reverse(record.finished_at));
            app.prompt.remember(&history);
        }
        Event::Unfinished(runs) => {
            app.unfinished = runs;
            app.unfinished.sort_by_key(|record| std::cmp::Reverse(record.finished_at));
        }
        Event::Embedded { .. } => app.store = None,
        Event::Verified { report, .. } => app.data.checked = Some(report),
        Event::Shown(view) => show(app, view),
        Event::JobFinished { record, .. } => {
            // There is more in the store now.
            app.store = None;
            add_run(app, record);
        }
        Event::Scored { seq, answer, micros } => app.prompt.answered(seq, &answer, micros),
        Event::Notice { message, warning } => {
            let long = text::width(&message) + 12 > usize::from(app.size.0);
            if warning && long {
                let advice = "Enter or Esc closes this; work goes on.".into();
                app.dialog = Some(Dialog { title: "Read with care".into(), message, advice });
            } else {
                app.say(message, warning);
            }
        }
        Event::JobFailed { job, message } => {
            let kept = "Nothing that was finished is lost.";
            let trained = app.jobs.list.iter().all(|known| known.id != job || known.trains());
            let advice = match trained {
                true => format!("{kept} {} describes the run anew; Enter or Esc closes this.", app.way_to_a_run()),
                false => format!("{kept} Enter or Esc closes this."),
            };
            app.dialog = Some(Dialog { title: format!("Job {job} failed"), message, advice });
        }
        Event::Inspected(view) => app.store = Some(view),
        Event::Examined(examined) => app.examined = Some(examined),
        Event::EvidenceRead { run } if app.shown.as_ref().is_some_and(|shown| shown.record.id == run) => {
            app.prompt.evidence_read();
        }
        Event::Other(view) => {
            app.other = Some(view);
            compare(app);
        }
        Event::ModelsCompared { request, found } if wants::request(app).as_ref() == Some(&request) => {
            app.compare.take_models(request, found);
        }
        _ => {}
    }
}

/// Puts the two runs side by side.
pub fn compare(app: &mut App) {
    let pair = app.other.as_ref().zip(app.shown.as_ref()).map(|(other, shown)| wants::in_order(app, other, shown));
    app.compare.take(pair.as_ref().map(|(a, b)| (a, b)));
}

fn show(app: &mut App, view: RunView) {
    let before = app.shown.take();
    let tables = view.tables.clone();
    add_run(app, view.record.clone());
    app.opening = None;
    app.shown = Some(view);
    let before = before.as_ref().map(|shown| &shown.tables.attributes);
    app.attributes.replace(before, &tables.attributes);
    app.prompt.heads_changed();
    app.examined = None;
    compare(app);
}

fn add_run(app: &mut App, record: Arc<RunRecord>) {
    if app.runs.iter().any(|known| known.id == record.id) {
        return;
    }
    // The selection stays on the run it was on.
    if !app.runs.is_empty() && app.train.runs.selected > 0 {
        app.train.runs.selected += 1;
    }
    app.runs.insert(0, record);
}
