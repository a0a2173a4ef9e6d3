//! What is known of the items of an evaluation becomes groups and attributes.

use super::super::mapping::Mapping;
use super::super::table::{Column, MOST_COLUMNS, Table, json};
use super::{OWN, Record};
use std::collections::{BTreeMap, BTreeSet};

/// Different words of an attribute, and items that each should have on average.
const WORDS: std::ops::RangeInclusive<usize> = 2..=30;
const EACH: usize = 3;
/// Longest word of an attribute, in bytes.
const LONGEST_WORD: usize = 60;
/// As many tasks are units of their own; fewer are an attribute.
const TASKS_AS_GROUPS: usize = 20;
/// Fewest items whose lengths are worth three bins.
const LEAST_FOR_LENGTHS: usize = 30;
/// Parts of names that tell an answer or a name, not what is asked.
const NO_ATTRIBUTE: [&str; 13] = [
    "answer", "target", "label", "gold", "correct", "solution", "hash", "uuid", "idx", "index", "seed", "fewshot",
    "canary",
];
/// Names of what items are taken from several times, best first.
const CLUSTERS: [&str; 14] = [
    "cluster",
    "group",
    "passage_id",
    "context_id",
    "article_id",
    "story_id",
    "document_id",
    "image_id",
    "title",
    "passage",
    "context",
    "article",
    "story",
    "document",
];

/// Adds a column for every field, and says in the mapping which are groups and attributes; the rest is ignored unless
/// a person says otherwise.
///
/// # Errors
/// If nearly every item has fields of its own.
pub fn describe(items: &[&Record], table: &mut Table, mapping: &mut Mapping) -> Result<(), String> {
    let (names, cells) = by_field(items)?;
    say_plainly(mapping, &names);
    let said = said(mapping);
    let tasks: Vec<&str> = items.iter().map(|record| record.task.as_str()).collect();
    let count = tasks.iter().collect::<BTreeSet<_>>().len();
    let cluster = CLUSTERS.iter().find(|name| cells.get(*name).is_some_and(|cells| is_shared(cells)));
    let mut attributes: Vec<String> = Vec::new();
    add(table, "task", &tasks);
    match (cluster, count) {
        (Some(name), _) if mapping.group.is_none() => {
            mapping.group = Some(column_name(name));
            table.notes.push(format!("items with the same '{name}' are a group; --column group=… says otherwise"));
        }
        (None, TASKS_AS_GROUPS..) if mapping.group.is_none() => {
            mapping.group = Some("task".into());
            table.notes.push(format!("the {count} tasks are the groups"));
        }
        _ => {}
    }
    if (2..TASKS_AS_GROUPS).contains(&count) && mapping.group.as_deref() != Some("task") {
        attributes.push("task".into());
    }
    for name in &names {
        let column = column_name(name);
        add(table, &column, &cells[name]);
        if said.contains(&column) || mapping.group.as_ref() == Some(&column) {
            continue;
        }
        if is_attribute(name, &cells[name]) { attributes.push(column) } else { mapping.ignore.push(column) }
    }
    if let Some((bins, note)) = lengths(items) {
        add(table, "length", &bins);
        table.notes.push(note);
        attributes.push("length".into());
    }
    attributes.retain(|column| !said.contains(column));
    if !attributes.is_empty() {
        table.notes.push(format!(
            "attributes are made from: {}; --column ignore=NAME leaves one out, --column attribute=NAME adds one",
            attributes.join(", ")
        ));
    }
    if !said.contains("task") && mapping.group.as_deref() != Some("task") && !attributes.contains(&"task".to_owned()) {
        mapping.ignore.push("task".into());
    }
    mapping.attributes.extend(attributes);
    Ok(())
}

/// Names of fields, and a cell of each for every item.
type Cells<'a> = (Vec<&'a str>, BTreeMap<&'a str, Vec<&'a str>>);

/// The fields in the order in which they come up, and their cells, empty where an item lacks one.
fn by_field<'a>(items: &[&'a Record]) -> Result<Cells<'a>, String> {
    let (mut names, mut known) = (Vec::new(), BTreeSet::new());
    for record in items {
        names.extend(record.fields.iter().map(|(name, _)| name.as_str()).filter(|name| known.insert(*name)));
    }
    let filled: usize = items.iter().map(|record| record.fields.len()).sum();
    if names.len() > MOST_COLUMNS || json::is_too_sparse(names.len() * items.len(), filled) {
        return Err(format!(
            "its {} items have {} different fields, most of them in few items; name what varies in values, not in keys",
            items.len(),
            names.len()
        ));
    }
    let mut cells: BTreeMap<&str, Vec<&str>> = names.iter().map(|name| (*name, vec![""; items.len()])).collect();
    for (row, record) in items.iter().enumerate() {
        for (name, value) in &record.fields {
            if let Some(column) = cells.get_mut(name.as_str()) {
                column[row] = value;
            }
        }
    }
    Ok((names, cells))
}

fn add(table: &mut Table, name: &str, cells: &[impl AsRef<str>]) {
    let mut column = Column::new(name);
    cells.iter().for_each(|cell| column.push(cell.as_ref()));
    table.columns.push(column);
}

/// The column of a field: its name, unless the items have a column of that name in any case.
fn column_name(field: &str) -> String {
    if OWN.contains(&field) || field.starts_with("loss:") { format!("doc.{field}") } else { field.to_owned() }
}

/// A person may say `doc.subject` where the column is `subject`.
fn say_plainly(mapping: &mut Mapping, names: &[&str]) {
    let plain = |given: &mut String| {
        if let Some(name) = given.strip_prefix("doc.").filter(|name| names.contains(name)) {
            *given = column_name(name);
        } else if names.contains(&given.as_str()) && given != "task" {
            *given = column_name(given);
        }
    };
    [&mut mapping.group, &mut mapping.label, &mut mapping.split].into_iter().flatten().for_each(plain);
    mapping.attributes.iter_mut().chain(&mut mapping.ignore).for_each(plain);
}

/// Columns that a person says something of.
fn said(mapping: &Mapping) -> BTreeSet<String> {
    let single = [&mapping.group, &mapping.label, &mapping.split, &mapping.image, &mapping.score, &mapping.loss];
    let several = mapping.attributes.iter().chain(&mapping.ignore).chain(mapping.losses.values());
    single.into_iter().flatten().chain(several).chain(mapping.scores.values()).cloned().collect()
}

/// Whether the values are what several items each are taken from.
fn is_shared(cells: &[&str]) -> bool {
    let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
    let different = cells.iter().filter(|cell| !cell.is_empty()).collect::<BTreeSet<_>>().len();
    filled == cells.len() && different >= 3 && different * 5 <= filled * 4
}

fn is_attribute(name: &str, cells: &[&str]) -> bool {
    let lower = name.to_lowercase();
    let last = lower.rsplit('.').next().unwrap_or_default();
    if NO_ATTRIBUTE.iter().any(|part| lower.contains(part)) || last == "id" || last.ends_with("_id") {
        return false;
    }
    let mut words = BTreeSet::new();
    let mut filled = 0;
    for cell in cells.iter().filter(|cell| !cell.is_empty()) {
        filled += 1;
        words.insert(*cell);
        if words.len() > *WORDS.end() || cell.len() > LONGEST_WORD {
            return false;
        }
    }
    // Two values are told apart also among a few items.
    WORDS.contains(&words.len()) && filled * 2 >= cells.len() && (words.len() == 2 || words.len() * EACH <= filled)
}

/// Short, medium and long texts, a third each.
fn lengths(items: &[&Record]) -> Option<(Vec<&'static str>, String)> {
    let lengths: Vec<usize> = items.iter().map(|record| record.text.chars().count()).collect();
    let mut sorted = lengths.clone();
    sorted.sort_unstable();
    let (first, second) = (sorted.get(items.len() / 3).copied()?, sorted.get(2 * items.len() / 3).copied()?);
    if items.len() < LEAST_FOR_LENGTHS || first >= second || second >= *sorted.last()? {
        return None;
    }
    let bin = |length: &usize| match *length {
        length if length <= first => "short",
        length if length <= second => "medium",
        _ => "long",
    };
    let note = format!("texts of up to {first} characters are short, of more than {second} long");
    Some((lengths.iter().map(bin).collect(), note))
}
