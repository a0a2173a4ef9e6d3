//! The prompts typed and pinned as a table for a clipboard or a file.

use super::State;
use super::said::difference;
use crate::console::export::{heading, number, optional};
use crate::console::world::World;
use crate::diagnose::{PairScores, PromptScores};
use crate::engine::Answer;
use crate::report::Align::{Left, Right};
use crate::report::{Cell, Sheet, compare_json, grounds, probability, score_json};

/// Two sentences as `llm2loss compare --json` prints them; else every one typed and pinned, as `score --json` does.
pub fn document(state: &State, world: &World) -> Option<serde_json::Result<String>> {
    let run = &world.shown.as_ref()?.record;
    if let Some(Answer::Pair(pair)) = state.scored.as_ref().map(|scored| &*scored.answer) {
        return Some(compare_json(pair, run));
    }
    let all = all(state);
    (!all.is_empty()).then(|| score_json(&all, run))
}

/// What is typed, then what is pinned, in the ladder's order.
fn all(state: &State) -> Vec<&PromptScores> {
    let typed = [state.scores(0), state.scores(1)];
    let pins = state.ladder().into_iter().filter_map(|at| state.pins[at].scores.as_ref());
    typed.into_iter().flatten().chain(pins).collect()
}

/// The table; none before anything is scored.
pub fn sheet(state: &State, world: &World) -> Option<Sheet> {
    let columns = [
        ("prompt", Left),
        ("head", Left),
        ("mean", Right),
        ("sd", Right),
        ("percentile", Right),
        ("percentile over", Left),
    ];
    let mut sheet = Sheet::new(heading(world, "Prompts"), &columns);
    let mut add = |scores: &PromptScores| {
        if let Some(found) = &scores.estimate {
            let ends = found.interval.map_or_else(String::new, |ends| format!("{:.4} to {:.4}, ", ends.low, ends.high));
            sheet.row(vec![
                Cell::text(scores.text.clone()),
                Cell::text("estimate"),
                number(found.value, true),
                Cell::Empty,
                Cell::Empty,
                Cell::Text(ends + &grounds(found)),
            ]);
        }
        for head in &scores.heads {
            sheet.row(vec![
                Cell::text(scores.text.clone()),
                Cell::text(head.head.name()),
                optional(scores.amount(head.head).map(|said| said.mean), true),
                optional(scores.amount(head.head).map(|said| said.sd), false),
                number(head.percentile, false),
                Cell::text(head.over.clone()),
            ]);
        }
    };
    let all = all(state);
    all.iter().for_each(|scores| add(scores));
    if let Some(Answer::Pair(pair)) = state.scored.as_ref().map(|scored| &*scored.answer) {
        differences(&mut sheet, pair);
    }
    (!all.is_empty()).then_some(sheet)
}

/// A − B of the estimate and of every head, and the verdict.
fn differences(sheet: &mut Sheet, pair: &PairScores) {
    let mut row = |head: &str, value: Option<f64>, sd: Cell, over: String| {
        let name = Cell::text("A - B");
        sheet.row(vec![name, Cell::text(head.to_owned()), optional(value, true), sd, Cell::Empty, Cell::Text(over)]);
    };
    if let Some(found) = &pair.estimate {
        let ends = found.estimate.interval.map_or_else(String::new, |ends| {
            format!("{:.0} % interval {:.4} to {:.4}, ", 100.0 * ends.level, ends.low, ends.high)
        });
        row(
            "estimate",
            Some(found.estimate.value),
            Cell::Empty,
            format!("{ends}P(A is worse) {}", probability(found.p_worse)),
        );
    }
    for head in &pair.heads {
        let votes = format!("above 0 for {} of {} members", head.direction.positive, head.direction.members);
        let said = pair.amount(head);
        row(head.head.name(), said.map(|said| said.mean), optional(said.map(|said| said.sd), false), votes);
    }
    sheet.notes.extend(difference(pair));
}
