//! The mouse, where a person asked for it: tabs, rows of lists, the wheel.

use super::app::App;
use super::msg::{Action, Cmd};
use super::{act, view};
use ratatui::layout::Position;

/// A press: on a tab its screen, on a row of a list the row; anywhere else what lies on top is closed.
pub fn click(app: &mut App, column: u16, row: u16) -> Vec<Cmd> {
    if app.dialog.take().is_some() || app.place().is_overlay() {
        app.help = None;
        app.palette = None;
        app.exporting = false;
        return Vec::new();
    }
    if row == 1 {
        let tab = view::tab_at(app, column);
        app.world.screen = tab.unwrap_or(app.world.screen);
        return Vec::new();
    }
    let body = view::body(app.world.size);
    let (screen, world) = app.screen_mut();
    if let Some(list) = screen.list(world, body)
        && list.area.contains(Position::new(column, row))
    {
        let lines = screen.lines_of_a_row(body).max(1);
        if let Some(cursor) = screen.cursor() {
            let at = cursor.offset + usize::from((row - list.area.y) / lines);
            if at < list.length {
                cursor.selected = at;
            }
        }
        screen.pointed();
    }
    Vec::new()
}

/// The wheel: three rows at a time in whatever list has the keys.
pub fn wheel(app: &mut App, rows: i8) -> Vec<Cmd> {
    let action = if rows > 0 { Action::Down } else { Action::Up };
    (0..3).flat_map(|_| act::act(app, action)).collect()
}
