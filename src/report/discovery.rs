//! Slices that were found by themselves, as a table.

use super::combined::{combined_cells, combined_note};
use super::sheet::{Cell, Sheet};
use super::{Align, printable};
use crate::diagnose::{DiscoveredSlice, Discovery, Measured, grouped};
use Align::{Left, Right};

/// What a discovery is about.
pub struct DiscoveryTitle<'a> {
    pub audit: &'a str,
    pub model: &'a str,
    /// `hard`, `easy`, `surprise` or `change`.
    pub wanted: &'a str,
    pub within: Option<&'a str>,
}

impl DiscoveryTitle<'_> {
    fn words(&self) -> String {
        let model = printable(self.model);
        let what = match self.wanted {
            "easy" => format!("what {model} finds easy"),
            "surprise" => format!("what {model} fails on beyond what attributes explain"),
            "change" => format!("where {model} is worse"),
            _ => format!("what {model} fails on"),
        };
        let within = self.within.map_or_else(String::new, |phrase| format!(", within \"{}\"", printable(phrase)));
        format!("Discover · {what}{within}\naudit {} · model {model}", printable(self.audit))
    }
}

/// A finer slice is shown by what it adds, under the one it is within.
#[must_use]
pub fn slice_label(slice: &DiscoveredSlice) -> String {
    match &slice.parent {
        None => slice.name.clone(),
        Some(_) => format!("  + {}", slice.terms.last().map_or("", String::as_str)),
    }
}

/// [`discovery`] for programs: whole names, and that of the slice a finer one is within.
#[must_use]
pub fn discovery_rows(found: &Discovery, title: &DiscoveryTitle<'_>) -> Sheet {
    let mut sheet = discovery(found, title);
    let names = found.slices.iter().map(|slice| Cell::text(&slice.name));
    sheet.fill("slice", names);
    let parents = found.slices.iter().map(|slice| slice.parent.as_ref().map_or(Cell::Empty, Cell::text));
    sheet.append("parent", parents);
    sheet
}

/// What is shown in the place of the loss where losses beyond what is expected are looked for.
const ADJUSTED: &str = "Adjusted loss: the loss less what the attributes let expect of the item, plus the mean of all.";

/// The slices with what they rest on below.
#[must_use]
pub fn discovery(found: &Discovery, title: &DiscoveryTitle<'_>) -> Sheet {
    let surprise = title.wanted == "surprise";
    let combined = found.slices.iter().find_map(|slice| slice.combined);
    let mut columns = vec![
        ("slice", Left),
        ("n", Right),
        (if surprise { "adjusted loss" } else { "mean loss" }, Right),
        ("95 %", Right),
        ("overall", Right),
        ("share of excess", Right),
        ("p", Right),
        ("q", Right),
    ];
    if combined.is_some() {
        columns.splice(4..4, [("combined", Right), ("combined 95 %", Right)]);
    }
    let mut sheet = Sheet::new(title.words(), &columns);
    for slice in &found.slices {
        let number = |value: f64| Cell::Number { value, digits: 3, signed: title.wanted == "change" };
        let mut cells = vec![
            Cell::Text(slice_label(slice)),
            Cell::Count(slice.n),
            number(slice.mean_loss),
            slice.interval.map_or(Cell::Empty, |interval| Cell::interval(Measured::Value(interval), 3)),
            number(slice.overall),
            Cell::Number { value: slice.share_of_excess, digits: 3, signed: false },
            Cell::Probability(slice.p),
            Cell::Probability(slice.q),
        ];
        if combined.is_some() {
            cells.splice(4..4, combined_cells(slice.combined));
        }
        sheet.row(cells);
    }
    sheet.notes = notes(found);
    sheet.notes.extend(combined.map(|found| combined_note(found, "slice")));
    if surprise && !found.slices.is_empty() {
        sheet.notes.insert(0, ADJUSTED.into());
    }
    sheet
}

/// One slice as a paragraph of Markdown, for a ticket.
#[must_use]
pub fn slice_paragraph(slice: &DiscoveredSlice, found: &Discovery, title: &DiscoveryTitle<'_>) -> String {
    let words = title.words();
    let about = words.lines().next().unwrap_or_default().trim_start_matches("Discover · ");
    let interval = slice.interval.map_or_else(String::new, |ends| format!(" [{:.3}, {:.3}]", ends.low, ends.high));
    let chance = if slice.q < 1e-4 { "q < .0001".to_owned() } else { format!("q = {:.4}", slice.q) };
    format!(
        "**{}** ({about}; audit {}): {:.3}{interval} over {} of {} test items, {:.3} over all of them; {chance}; share of the excess loss {:.3}. Found on {} other items.\n",
        markdown(&slice.name),
        printable(title.audit),
        slice.mean_loss,
        grouped(slice.n),
        grouped(found.tested_on),
        slice.overall,
        slice.share_of_excess,
        grouped(found.found_on)
    )
}

/// Text that Markdown takes for nothing else.
fn markdown(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('*', "\\*").replace('`', "\\`").replace('<', "&lt;")
}

/// What no attribute explains of what slices explain, in a sentence; none where there is nothing to say. `way` says where
/// the slices are.
#[must_use]
pub fn outside_attributes(found: &Discovery, way: &str) -> Option<String> {
    let share = found.outside_attributes?;
    let count = found.slices.iter().filter(|slice| slice.parent.is_none()).count();
    let slices = if count == 1 { "the slice found".to_owned() } else { format!("the {count} slices found") };
    Some(format!("{:.0} % of the excess loss of {slices} lies outside your attributes: {way}", 100.0 * share))
}

/// The same in fewer words, longest first; none where there is nothing to say. `key` opens the slices.
#[must_use]
pub fn outside_attributes_in_short(found: &Discovery, key: &str) -> Vec<String> {
    let Some(share) = found.outside_attributes else { return Vec::new() };
    let share = format!("{:.0} %", 100.0 * share);
    vec![
        format!("{share} of the slices' excess loss is outside your attributes: {key} shows where"),
        format!("{share} of slices' excess loss outside attributes: see {key}"),
    ]
}

/// What a discovery rests on, in sentences.
#[must_use]
pub fn notes(found: &Discovery) -> Vec<String> {
    if found.candidates == 0 {
        return found.notes.clone();
    }
    let mut notes = Vec::new();
    if found.slices.is_empty() {
        notes.push("No slice stands out from the rest by more than chance.".into());
    }
    notes.push(format!(
        "Found on {} items among {} words, attributes and pairs of them; every number is over {} other test items, q over all slices tested.",
        grouped(found.found_on),
        grouped(found.candidates),
        grouped(found.tested_on)
    ));
    if found.unconfirmed > 0 {
        let were = if found.unconfirmed == 1 { "slice was" } else { "slices were" };
        notes.push(format!(
            "{} more {were} found and not confirmed there (q > .05, or fewer than 10 items or 20 groups).",
            found.unconfirmed
        ));
    }
    if let Some(share) = found.unexplained.filter(|_| !found.slices.is_empty()) {
        notes.push(format!("{:.0} % of the excess loss lies in none of them.", 100.0 * share));
    }
    if found.slices.iter().any(|slice| slice.near) {
        notes.push(
            "Names that begin with near or like come from the encoder's space: look at the items before you believe them."
                .into(),
        );
    }
    notes.extend(found.notes.iter().cloned());
    notes
}
