//! The mouse, where a person asked for it: tabs, rows of lists, the wheel.

use super::app::App;
use super::msg::{Action, Cmd, ScreenId};
use super::screen::{attributes, compare, data, ood, train};
use super::widget::table::Cursor;
use super::{act, view};
use ratatui::layout::{Position, Rect};

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
        app.screen = tab.unwrap_or(app.screen);
        return Vec::new();
    }
    if let Some((area, length, cursor)) = list(app)
        && area.contains(Position::new(column, row))
    {
        let at = cursor.offset + usize::from(row - area.y);
        if at < length {
            cursor.selected = at;
        }
        app.attributes.follow();
    }
    Vec::new()
}

/// The wheel: three rows at a time in whatever list has the keys.
pub fn wheel(app: &mut App, rows: i8) -> Vec<Cmd> {
    let action = if rows > 0 { Action::Down } else { Action::Up };
    (0..3).flat_map(|_| act::act(app, action)).collect()
}

/// The list of the screen in sight: where its rows are, how many there are, and its cursor.
fn list(app: &mut App) -> Option<(Rect, usize, &mut Cursor)> {
    let body = view::body(app.size);
    let inside = |area: Rect| Rect {
        x: area.x + 1,
        y: area.y + 2,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(3),
    };
    match app.screen {
        ScreenId::Attributes => {
            let length = app.attributes.order.len();
            Some((inside(attributes::layout(body).table), length, &mut app.attributes.cursor))
        }
        // The log has no rows to choose.
        ScreenId::Train if app.train.show_log => None,
        ScreenId::Train => {
            let length = app.listed().count();
            Some((inside(train::layout(body).runs?), length, &mut app.train.runs))
        }
        ScreenId::Compare => {
            let length = app.compare.order.len();
            Some((inside(compare::layout(body).table), length, &mut app.compare.cursor))
        }
        ScreenId::Ood => {
            let length = app.ood.shown.len();
            Some((inside(ood::layout(body).ladder), length, &mut app.ood.cursor))
        }
        ScreenId::Data => {
            let length = app.audit.as_ref().map_or(0, |audit| audit.models.len());
            Some((inside(data::layout(body).models), length, &mut app.data.cursor))
        }
        ScreenId::Prompt | ScreenId::Validity => None,
    }
}
