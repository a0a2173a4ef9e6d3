//! Everything held still while a person reads: what the engine tells waits until it goes on.

use super::app::{App, update};
use super::msg::{Cmd, Msg};

/// Holds what is shown, or goes on with what came meanwhile.
pub fn switch(app: &mut App) -> Vec<Cmd> {
    if app.frozen.is_some() {
        return go_on(app);
    }
    app.frozen = Some(Vec::new());
    Vec::new()
}

/// A message that is to be taken in now; what the engine tells is held back, of progress the newest.
pub fn hold(app: &mut App, msg: Msg) -> Option<Msg> {
    let Some(held) = &mut app.frozen else { return Some(msg) };
    match msg {
        Msg::Engine(_) => held.push(msg),
        Msg::Progress(_) => {
            held.retain(|one| !matches!(one, Msg::Progress(_)));
            held.push(msg);
        }
        msg => return Some(msg),
    }
    None
}

/// Goes on where a person asked for something that only the engine can answer: held still, it would never come.
pub fn end_if_asked(app: &mut App, commands: &[Cmd]) -> Vec<Cmd> {
    let asks = commands.iter().any(|command| matches!(command, Cmd::Send(_) | Cmd::Score(_)));
    if asks && app.frozen.is_some() { go_on(app) } else { Vec::new() }
}

fn go_on(app: &mut App) -> Vec<Cmd> {
    app.frozen.take().into_iter().flatten().flat_map(|msg| update(app, msg)).collect()
}
