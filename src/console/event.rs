//! What the console makes of what the engine tells it.

use super::app::{App, Dialog};
use super::keys::EVERYWHERE;
use super::msg::{Action, Cmd, ScreenId};
use super::screen::discover::ids_file;
use super::screen::train::{self, way_to_a_run};
use super::text;
use crate::audit::RunId;
use crate::engine::Event;

/// Takes in an event: the jobs, the log, every screen, what deserves a sentence or a dialog, and the world last.
/// What comes back is to be done outside.
pub fn engine(app: &mut App, event: Event) -> Vec<Cmd> {
    if let Some((message, warning)) = app.world.jobs.event(&event) {
        app.world.say(message, warning);
    }
    app.world.log.event(app.world.now, &event);
    for id in ScreenId::ALL {
        app.screens.get_mut(id).on_event(&app.world, &event);
    }
    match &event {
        Event::JobKept { .. } => {
            let words = train::offer_of_kept(&app.world);
            app.world.say(words, false);
        }
        Event::Notice { message, warning } => notice(app, message, *warning),
        Event::AttributeAdded { name, .. } => {
            app.world.say(format!("'{name}' is an attribute of the audit now; its tables are filled again"), false);
        }
        Event::JobFailed { job, message } => {
            let kept = "Nothing that was finished is lost.";
            let trained = app.world.jobs.list.iter().all(|known| known.id != *job || known.trains());
            let advice = match trained {
                true => {
                    format!("{kept} {} describes the run anew; Enter or Esc closes this.", way_to_a_run(&app.world))
                }
                false => format!("{kept} Enter or Esc closes this."),
            };
            app.dialog = Some(Dialog { title: format!("Job {job} failed"), message: message.clone(), advice });
        }
        _ => {}
    }
    let offered = app.world.newer.as_ref().map(|newer| newer.id.clone());
    let commands = match &event {
        Event::Ids { name, items } => vec![ids_file(name, items)],
        Event::Items(answer) => app.screens.items.came(answer).map_or_else(Vec::new, |(command, said)| {
            if !said.is_empty() {
                app.world.say(said, false);
            }
            vec![command]
        }),
        _ => Vec::new(),
    };
    app.world.on_event(event);
    offer(app, offered.as_ref());
    commands
}

/// Says which run came while another was shown, and which key shows it.
fn offer(app: &mut App, before: Option<&RunId>) {
    let Some(newer) = app.world.newer.as_ref().filter(|newer| before != Some(&newer.id)) else { return };
    let key = app.world.key(EVERYWHERE, Action::NewestRun);
    app.world.say(format!("{key} shows run {}: {}", newer.id.short(), newer.hyper.summary()), false);
}

fn notice(app: &mut App, message: &str, warning: bool) {
    let long = text::width(message) + 12 > usize::from(app.world.size.0);
    if warning && long {
        let advice = "Enter or Esc closes this; work goes on.".into();
        app.dialog = Some(Dialog { title: "Read with care".into(), message: message.to_owned(), advice });
    } else {
        app.world.say(message, warning);
    }
}
