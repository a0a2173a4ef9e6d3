//! `llm2loss items`: the items behind the figures.

use super::arguments::{FormatArgument, ItemOrderArgument, Items, SplitArgument};
use super::compare_models::width;
use super::context::{Failure, Place, check_prompt, current_or_trained, print, run_to_ask, session, write_file};
use super::progress;
use crate::audit::{Content, Item, Split};
use crate::diagnose::{ItemFilter, ItemOrder, grouped};
use crate::engine::{ItemsQuestion, LoadedRun, Risks, Session};
use crate::report::{self, Format, IdsForm, ListedItems};
use std::path::Path;
use std::sync::Arc;

pub fn run(place: Place, model: Option<&str>, given: &Items) -> Result<u8, Failure> {
    let ids_form = given.ids.as_deref().map(ids_form).transpose()?;
    let hide_text = place.hide_text;
    let session = session(place, &given.which.audit)?;
    let question = question(&session, model, given, hide_text)?;
    let run = heads(&session, &question, given)?;
    let tracker = progress::tracker(&session);
    let list = session.list_items(question, run.map(Arc::new), &mut Risks::default(), &tracker)?;
    let is_json = given.which.output.json || given.format == Some(FormatArgument::Json);
    let alone = given.id.len() == 1 && list.len() == 1;
    let items = match list.rows() {
        // In full, unless it goes into a table.
        [row] if alone && (is_json || given.format.is_none()) => vec![list.item(&session, *row)?],
        _ => list.page(&session, given.offset, given.top)?,
    };
    let question = list.question();
    let broken = unreadable(&session, &given.id)?;
    if let Some(words) = &broken {
        progress::say(words);
    }
    let shown = ListedItems {
        audit: &given.which.audit,
        model: &question.model,
        run: list.run().map(|run| run.record.id.0.as_str()),
        encoder: session.encoder().fingerprint(),
        sort: question.order,
        ascending: question.ascending,
        near: question.near.as_deref(),
        against: question.against.as_deref(),
        filter: &question.filter,
        title: "",
        matching: list.len(),
        offset: given.offset,
        texts_hidden: hide_text,
        note: list.no_content().or(broken),
        items,
        over_represented: list.worst_words()?,
    };
    if let (Some(path), Some(form)) = (&given.ids, ids_form) {
        write_ids(&shown, path, form)?;
    }
    if is_json {
        return print(&report::items_json(&shown)?);
    }
    let format = match given.format {
        Some(FormatArgument::Csv) => Format::Csv,
        Some(FormatArgument::Markdown) => Format::Markdown,
        Some(FormatArgument::Latex) => Format::Latex,
        _ if alone && given.format.is_none() => return print(&report::item_in_full(&shown.items[0], width())),
        _ => return print(&shown.sheet(Some(width())).render(Format::Text)),
    };
    print(&shown.sheet(None).render(format))
}

/// What is asked for, once names and numbers are known to be sound.
fn question(session: &Session, model: Option<&str>, given: &Items, hide_text: bool) -> Result<ItemsQuestion, Failure> {
    let (before, after) = match given.change.as_deref() {
        Some([before, after]) => (Some(before.as_str()), Some(after.as_str())),
        _ => (given.against.as_deref(), None),
    };
    if let (Some(model), Some(after)) = (model, after)
        && model != after
    {
        return Err(Failure::usage(format!("--change compares with {after}, --model says {model}; leave one out")));
    }
    if given.change.as_ref().is_some_and(|change| change[0] == change[1]) {
        let both = before.unwrap_or_default();
        return Err(Failure::usage(format!("--change compares {both} with itself: nothing can have changed")));
    }
    let against = before.map(|name| session.model_name(Some(name))).transpose()?;
    let near = given.near.as_deref().map(check_prompt).transpose()?.map(str::to_owned);
    let order = match given.sort {
        Some(sort) => order(sort),
        None if near.is_some() => ItemOrder::Similarity,
        None if given.change.is_some() => ItemOrder::Change,
        None => ItemOrder::Loss,
    };
    if order == ItemOrder::Similarity && near.is_none() {
        return Err(Failure::usage("--sort similarity needs a sentence: give one with --near"));
    }
    if order == ItemOrder::Change && against.is_none() {
        return Err(Failure::usage("--sort change needs a model to compare with: give one with --against"));
    }
    let (least, most) = (given.min_loss, given.max_loss);
    if [least, most].into_iter().flatten().any(f64::is_nan) {
        return Err(Failure::usage("--min-loss and --max-loss take numbers"));
    }
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        return Err(Failure::usage(format!("--min-loss {least} is above --max-loss {most}: no item is in between")));
    }
    Ok(ItemsQuestion {
        model: session.model_name(after.or(model))?,
        filter: ItemFilter {
            split: split(given),
            with: given.attribute.clone(),
            without: given.without.clone(),
            text: given.text.clone(),
            least_loss: least,
            most_loss: most,
            ids: given.id.clone(),
            among: None,
        },
        order,
        ascending: given.ascending,
        near,
        like: None,
        against,
        hide_text,
    })
}

fn order(sort: ItemOrderArgument) -> ItemOrder {
    match sort {
        ItemOrderArgument::Loss => ItemOrder::Loss,
        ItemOrderArgument::Risk => ItemOrder::Risk,
        ItemOrderArgument::Surprise => ItemOrder::Surprise,
        ItemOrderArgument::Similarity => ItemOrder::Similarity,
        ItemOrderArgument::Change => ItemOrder::Change,
    }
}

fn split(given: &Items) -> Option<Split> {
    match given.split {
        Some(SplitArgument::Test) => Some(Split::Test),
        Some(SplitArgument::Train) => Some(Split::Train),
        Some(SplitArgument::Validation) => Some(Split::Validation),
        Some(SplitArgument::All) => None,
        None => given.id.is_empty().then_some(Split::Test),
    }
}

/// The heads that predict: trained if the order needs them, else those there are, if any.
fn heads(session: &Session, question: &ItemsQuestion, given: &Items) -> Result<Option<LoadedRun>, Failure> {
    if given.which.run.is_some() {
        return run_to_ask(session, Some(&question.model), &given.which).map(Some);
    }
    if question.order.needs_heads() {
        return current_or_trained(session, Some(&question.model)).map(Some);
    }
    let record = session.current_run(&question.model, |damage| progress::say(&format!("passed over: {damage}")))?;
    Ok(record.map(|record| session.load(record)).transpose()?)
}

/// What is said of images that cannot be read: of those that are named why, of others how many are in no list.
fn unreadable(session: &Session, ids: &[String]) -> Result<Option<String>, Failure> {
    let audit = session.audit()?;
    let broken = |item: &&Item| item.content == Content::Unreadable;
    if ids.is_empty() {
        let count = audit.items.iter().filter(broken).count();
        return Ok(match count {
            0 => None,
            1 => Some("1 image cannot be read and is in no list; 'llm2loss embed' says why".into()),
            _ => {
                Some(format!("{} images cannot be read and are in no list; 'llm2loss embed' says why", grouped(count)))
            }
        });
    }
    if !audit.items.iter().filter(broken).any(|item| ids.iter().any(|id| item.id.as_str() == id)) {
        return Ok(None);
    }
    let named = session.unreadable_images()?.into_iter().filter(|image| ids.contains(&image.id));
    let said: Vec<String> = named.map(|image| format!("{}: {}: {}", image.id, image.path, image.problem)).collect();
    Ok((!said.is_empty()).then(|| format!("images that cannot be read: {}", report::printable(&said.join("; ")))))
}

fn ids_form(path: &Path) -> Result<IdsForm, Failure> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "csv" => Ok(IdsForm::Csv),
        "jsonl" | "ndjson" => Ok(IdsForm::JsonLines),
        "txt" => Ok(IdsForm::Lines),
        _ => Err(Failure::usage(format!("{}: a file of ids ends in .csv, .jsonl or .txt", path.display()))),
    }
}

fn write_ids(shown: &ListedItems, path: &Path, form: IdsForm) -> Result<(), Failure> {
    let changed = shown.items.iter().filter(|item| report::printable(&item.id) != item.id).count();
    if changed > 0 && form != IdsForm::JsonLines {
        progress::say(&format!(
            "{changed} ids hold characters that cannot be seen and are left out; .jsonl keeps them"
        ));
    }
    let replaced = if path.exists() { ", in the place of the file that was there" } else { "" };
    let (count, text) = (shown.items.len(), shown.ids(form)?);
    write_file(path, text.as_bytes())?;
    let noun = if count == 1 { "id" } else { "ids" };
    progress::say(&format!("{}: {count} {noun}{replaced}", path.display()));
    Ok(())
}
