//! What is said of the runs that were left waiting: they begin by no hand but a person's.

use super::HERE;
use super::keys::{DROP_KEPT, RUN_KEPT};
use crate::console::keys::EVERYWHERE;
use crate::console::msg::Action;
use crate::console::screen::ScreenId;
use crate::console::world::World;

/// How many were kept, which key runs them and which drops them.
#[must_use]
pub fn offer_of_kept(world: &World) -> String {
    let runs = match world.jobs.kept() {
        1 => "1 run was left waiting".to_owned(),
        n => format!("{n} runs were left waiting"),
    };
    let go = match world.screen {
        ScreenId::Train => String::new(),
        _ => format!("{} then ", world.key(EVERYWHERE, Action::Screen(ScreenId::Train))),
    };
    let [run, drop] = [RUN_KEPT, DROP_KEPT].map(|action| world.key(HERE, action));
    format!("{runs}: {go}{run} runs, {drop} drops")
}
