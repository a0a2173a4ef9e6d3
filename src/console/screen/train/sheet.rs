//! The runs as a table for a clipboard or a file.

use crate::audit::HeadKind;
use crate::console::export::{heading, number};
use crate::console::world::World;
use crate::report::Align::{Left, Right};
use crate::report::{Cell, Sheet};

/// The table.
pub fn sheet(world: &World) -> Sheet {
    let columns = [
        ("run", Left),
        ("state", Left),
        ("model", Left),
        ("heads", Left),
        ("regressor", Right),
        ("ranker", Right),
        ("seconds", Right),
    ];
    let mut sheet = Sheet::new(heading(world, "Runs"), &columns);
    for run in world.listed() {
        let rho = |head| run.validation_spearman(head).map_or(Cell::Empty, |value| number(value, false));
        sheet.row(vec![
            Cell::text(run.id.to_string()),
            Cell::text(run.state.name()),
            Cell::text(run.model.clone()),
            Cell::text(run.summary()),
            rho(HeadKind::Regressor),
            rho(HeadKind::Ranker),
            Cell::Number { value: run.seconds, digits: 1, signed: false },
        ]);
    }
    sheet.notes.push("Spearman of each head with the loss over the validation items, mean of the members.".into());
    sheet
}
