//! Keeps the queue in the home whenever it changed, so that neither a person who leaves nor a crash loses what waits.

use super::Event;
use super::worker::Shared;

/// Tells what waited from the last time, then writes until the engine stops; who only reads the home has nothing to keep.
pub fn run(shared: &Shared) {
    shared.find_waiting();
    if shared.session.store().writes().is_err() {
        return;
    }
    let mut complained = false;
    while shared.keeper.take().is_some() {
        match shared.keep_queue() {
            Ok(()) => complained = false,
            // A full disk is told of once, not at every change.
            Err(error) if !complained => {
                complained = true;
                let message = format!("the queue could not be kept: {error}");
                shared.send(Event::Notice { message, warning: true });
            }
            Err(_) => {}
        }
    }
}
