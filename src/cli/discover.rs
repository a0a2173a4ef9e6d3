//! `llm2loss discover`: named slices a model fails on, found by themselves.

use super::arguments::{Discover, FormatArgument};
use super::context::{Failure, Place, print, session, write_file};
use super::{progress, table};
use crate::audit::Audit;
use crate::diagnose::{DiscoverQuestion, Discovery, Wanted, Watch};
use crate::engine::{LossesOf, NewAttribute, Session};
use crate::report::{self, Cell, DiscoveryTitle, Format, Sheet};
use std::collections::HashSet;

pub fn run(place: Place, model: Option<&str>, given: &Discover) -> Result<u8, Failure> {
    if model.is_some() && !given.change.is_empty() {
        return Err(Failure::usage("--change names both models; leave out --model"));
    }
    let session = session(place, &given.audit)?;
    let question = question(given);
    let wanted = question.wanted.word(!given.change.is_empty());
    let sentences = given.phrases.as_deref().map(table::read_list).transpose()?.unwrap_or_default();
    if !sentences.is_empty() && !session.is_embedded()? {
        session.embeddings(&progress::tracker(&session))?;
    }
    let model = match given.change.as_slice() {
        [before, after] => {
            format!("{} against {}", session.model_name(Some(after))?, session.model_name(Some(before))?)
        }
        _ => session.model_name(model)?,
    };
    let losses = match given.change.as_slice() {
        [before, after] => LossesOf::Change(before, after),
        _ => LossesOf::Model(&model),
    };
    let mut found = session.discover(losses, &question, &sentences, &Watch::silent())?;
    if given.change.is_empty() && given.surprise.is_none() {
        session.combine_slices(&mut found, &model, None);
    }
    if let Some(path) = &given.ids {
        let audit = session.audit()?;
        write_file(path, members(&found, &audit, losses)?.render(Format::Csv).as_bytes())?;
        let slices = match found.slices.len() {
            1 => "1 slice".to_owned(),
            count => format!("{count} slices"),
        };
        progress::say(&format!("{}: items of {slices}", path.display()));
    }
    if let Some(name) = &given.add {
        add(&session, given, &found, (name, wanted))?;
    }
    if given.json || given.format == Some(FormatArgument::Json) {
        return print(&report::discover_json(&found, &given.audit, &model, wanted)?);
    }
    let title = DiscoveryTitle { audit: &given.audit, model: &model, wanted, within: given.within.as_deref() };
    let format = format(given);
    let rows = if format == Format::Csv { report::discovery_rows } else { report::discovery };
    print(&rows(&found, &title).render(format))
}

/// Makes a slice an attribute of the audit.
fn add(
    session: &Session,
    given: &Discover,
    found: &Discovery,
    (wanted, looked_for): (&str, &str),
) -> Result<(), Failure> {
    let slice = found.slices.iter().find(|slice| slice.name.eq_ignore_ascii_case(wanted.trim()));
    let Some(slice) = slice else {
        let known: Vec<String> = found.slices.iter().map(|slice| format!("'{}'", slice.name)).collect();
        let known = if known.is_empty() { "none was found".into() } else { format!("found were {}", known.join(", ")) };
        return Err(Failure::usage(format!("--add: there is no slice '{wanted}'; {known}")));
    };
    let added = NewAttribute {
        name: given.added_as.clone().unwrap_or_else(|| slice.name.clone()),
        phrase: slice.attribute_phrase(),
        items: slice.items.clone(),
        searched: found.searched.clone(),
        origin: format!("slice '{}' ({})", slice.name, wanted_words(given, looked_for)),
    };
    session.add_attribute(&added)?;
    progress::say(&format!(
        "'{}' is an attribute of audit {} now: {} items",
        added.name.trim(),
        given.audit,
        slice.items.len()
    ));
    Ok(())
}

/// What was looked for, for the notes of the audit.
fn wanted_words(given: &Discover, wanted: &str) -> String {
    let within = given.within.as_ref().map_or_else(String::new, |phrase| format!(", within '{phrase}'"));
    format!("llm2loss discover, {wanted}{within}")
}

fn question(given: &Discover) -> DiscoverQuestion {
    DiscoverQuestion {
        wanted: match &given.surprise {
            Some(names) => Wanted::Surprising(names.clone()),
            None if given.easy => Wanted::Easy,
            None => Wanted::Hard,
        },
        within: given.within.clone(),
        depth: usize::from(given.depth),
        min_items: given.min_items as usize,
        top: usize::from(given.top),
    }
}

fn format(given: &Discover) -> Format {
    match given.format {
        _ if given.csv => Format::Csv,
        _ if given.markdown => Format::Markdown,
        Some(FormatArgument::Csv) => Format::Csv,
        Some(FormatArgument::Markdown) => Format::Markdown,
        Some(FormatArgument::Latex) => Format::Latex,
        Some(FormatArgument::Text | FormatArgument::Json) | None => Format::Text,
    }
}

/// Every slice's items, those of both halves.
fn members(found: &Discovery, audit: &Audit, losses: LossesOf<'_>) -> Result<Sheet, Failure> {
    let columns = ["slice", "id", "split", "loss", "half"].map(|name| (name, report::Align::Left));
    let mut sheet = Sheet::new(String::new(), &columns);
    let models = match losses {
        LossesOf::Model(model) => vec![model],
        LossesOf::Change(before, after) => vec![before, after],
    };
    let models = models.into_iter().map(|name| audit.model(name).map_err(crate::engine::EngineError::from));
    let models = models.collect::<Result<Vec<_>, _>>()?;
    for slice in &found.slices {
        let tested: HashSet<usize> = slice.tested.iter().copied().collect();
        for &row in &slice.items {
            let item = &audit.items[row];
            let loss = match models.as_slice() {
                [before, after] => after.losses[row] - before.losses[row],
                models => models.first().map_or(f64::NAN, |model| model.losses[row]),
            };
            sheet.row(vec![
                Cell::text(&slice.name),
                Cell::text(&item.id),
                Cell::Text(item.split.to_string()),
                Cell::Number { value: loss, digits: 6, signed: false },
                // A slice's numbers are over those it was tested on.
                Cell::text(if tested.contains(&row) { "tested" } else { "found" }),
            ]);
        }
    }
    Ok(sheet)
}
