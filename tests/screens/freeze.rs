//! What is held still while a person reads.

use super::{open, press, tell, type_text, words, world};
use llm2loss::audit::{Architecture, HyperParameters};
use llm2loss::console::msg::{Msg, ScreenId};
use llm2loss::console::update;
use llm2loss::engine::Event;
use std::sync::Arc;

#[test]
fn what_is_frozen_stays_as_it_is_until_the_key_comes_again() {
    let mut app = open((120, 36));
    press(&mut app, "3");
    let hyper = HyperParameters::new(Architecture::Linear);
    tell(&mut app, Event::JobQueued { job: 1, model: "logistic".into(), hyper });
    tell(&mut app, Event::JobStarted { job: 1 });
    let go_on = |app: &mut _, share| update(app, Msg::Progress(Some(Arc::new(world::progress(1, share, 5)))));
    go_on(&mut app, 0.3);
    press(&mut app, "F");
    let held = words(&app);
    assert!(held.lines().next().unwrap().contains("frozen, F goes on"), "{held}");
    go_on(&mut app, 0.6);
    tell(&mut app, Event::Notice { message: "heard".into(), warning: false });
    tell(&mut app, Event::JobCancelled { job: 1 });
    assert_eq!(words(&app), held);
    // Reading goes on.
    press(&mut app, "j k s s ? Esc");
    assert!(app.frozen.is_some() && app.world.screen == ScreenId::Train);
    press(&mut app, "F");
    assert!(app.frozen.is_none() && app.world.jobs.running().is_none());
    assert!(!words(&app).contains("frozen"), "{}", words(&app));
}

#[test]
fn what_only_the_engine_can_answer_goes_on_and_where_letters_are_text_another_key_is_named() {
    let mut app = open((80, 24));
    press(&mut app, "2 ^s");
    assert!(words(&app).contains("frozen, ^s goes on"), "{}", words(&app));
    tell(&mut app, Event::Notice { message: "heard".into(), warning: false });
    assert!(!words(&app).contains("heard"));
    press(&mut app, "a");
    assert!(app.frozen.is_none() && words(&app).contains("heard"), "{}", words(&app));
    type_text(&mut app, "F");
    assert!(app.frozen.is_none() && app.screens.prompt.text(0).ends_with('F'));
}
