//! What the screen in sight needs of the engine before it can be drawn, asked for once.

use super::app::App;
use super::msg::Cmd;

/// Asks for what the screen in sight lacks and nobody asked for yet. What failed is asked for again when somebody comes
/// back to the screen.
pub fn ask(app: &mut App) -> Vec<Cmd> {
    let (screen, world) = app.screen_mut();
    let wanted = screen.wants(world);
    // What is no longer wanted has come, or nobody looks any more.
    app.awaited.retain(|awaited| wanted.contains(awaited));
    let asked: Vec<_> = wanted.into_iter().filter(|wanted| !app.awaited.contains(wanted)).collect();
    app.awaited.extend(asked.iter().cloned());
    asked.into_iter().map(Cmd::Send).collect()
}
