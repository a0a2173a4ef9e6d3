//! What evaluations of language models leave behind: results of one item after the other, of one model or several,
//! become items with losses.

mod fields;
mod inspect;
mod lm_eval;
mod metric;
mod results;

use super::facts::Facts;
use super::join::{Items, Rows, join};
use super::manifest::{Contents, ImagePlace, from_table};
use super::mapping::Mapping;
use super::table::{Column, Table, brief};
use super::{DataError, Draft};
use crate::audit::ModelLosses;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Items named where two runs differ.
const SHOWN: usize = 3;
/// Columns that the items have in any case.
const OWN: [&str; 5] = ["id", "text", "task", "group", "length"];

/// Whose files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harness {
    /// EleutherAI's lm-evaluation-harness.
    LmEval,
    /// Inspect, of the UK's AI Security Institute.
    Inspect,
}

/// Where an evaluation is found and how it is taken.
#[derive(Debug, Clone)]
pub struct EvaluationFiles {
    pub harness: Harness,
    /// Files, or folders of them.
    pub paths: Vec<PathBuf>,
    /// The metric, or the scorer, that the loss is made from [the one that is known best].
    pub metric: Option<String>,
    /// The field of an item that is its text [the first of the usual ones].
    pub text_field: Option<String>,
    /// What the model is called [as the files say].
    pub model: Option<String>,
}

/// One item as a model was asked it.
#[derive(Debug, Clone, Default)]
struct Record {
    id: String,
    task: String,
    text: String,
    /// NaN where there is none.
    loss: f64,
    /// Names and values of what is known of the item.
    fields: Vec<(String, String)>,
}

/// The results of one model.
#[derive(Debug, Clone, Default)]
struct Run {
    model: String,
    /// Where it was found, for people.
    place: String,
    records: Vec<Record>,
    notes: Vec<String>,
}

/// Results of one model or several on the same items.
#[derive(Debug, Clone)]
pub struct Evaluations {
    runs: Vec<Run>,
}

impl Evaluations {
    /// Reads the results.
    ///
    /// # Errors
    /// If nothing is found, a file is damaged, a metric or field is not there, or two models have the same name.
    pub fn read(files: &EvaluationFiles) -> Result<Self, DataError> {
        let mut runs = match files.harness {
            Harness::LmEval => lm_eval::read(files)?,
            Harness::Inspect => inspect::read(files)?,
        };
        name(&mut runs, files.model.as_deref())?;
        for run in &runs {
            let mut seen = HashMap::with_capacity(run.records.len());
            for record in &run.records {
                if seen.insert(record.id.as_str(), ()).is_some() {
                    let problem = format!("item '{}' is there twice", brief(&record.id));
                    return Err(DataError::File { file: run.place.clone(), problem });
                }
            }
            if run.records.iter().all(|record| record.loss.is_nan()) {
                let problem = format!("none of its {} items has a result; errors count as missing", run.records.len());
                return Err(DataError::File { file: run.place.clone(), problem });
            }
        }
        Ok(Self { runs })
    }

    /// The items, the losses of every model, and attributes made from what is known of the items.
    ///
    /// # Errors
    /// If two models were asked different items, or as a manifest's.
    pub fn draft(&self, mapping: &Mapping) -> Result<Draft, DataError> {
        let mut table = Table::new(self.runs[0].place.clone(), 1);
        let mut items: Vec<&Record> = Vec::new();
        let mut at: HashMap<&str, usize> = HashMap::new();
        for (number, run) in self.runs.iter().enumerate() {
            table.notes.extend(run.notes.iter().cloned());
            if number > 0 {
                table.notes.extend(differences(&items, &at, run)?);
            }
            for record in &run.records {
                at.entry(&record.id).or_insert_with(|| {
                    items.push(record);
                    items.len() - 1
                });
            }
        }
        table.rows = items.len();
        let mut push = |name: &str, cell: &dyn Fn(&Record) -> String| {
            let mut column = Column::new(name);
            items.iter().for_each(|record| column.push(&cell(record)));
            table.columns.push(column);
        };
        push("id", &|record| record.id.clone());
        push("text", &|record| record.text.clone());
        let mut mapping = mapping.clone();
        mapping.id = Some("id".into());
        mapping.text = Some("text".into());
        for run in &self.runs {
            let mut losses = vec![f64::NAN; items.len()];
            run.records.iter().for_each(|record| losses[at[record.id.as_str()]] = record.loss);
            let mut column = Column::new(&format!("loss:{}", run.model));
            losses.iter().for_each(|loss| column.push(&if loss.is_nan() { String::new() } else { loss.to_string() }));
            mapping.losses.insert(run.model.clone(), column.name.clone());
            table.columns.push(column);
        }
        let described = fields::describe(&items, &mut table, &mut mapping);
        described.map_err(|problem| table.problem(problem))?;
        // What is said of the metric is in the losses already.
        mapping.metric = None;
        from_table(table, Path::new("."), &mapping, &self.runs[0].model, Contents::Table(&ImagePlace::default()))
    }

    /// Losses in the order of the items of an audit there is, and what was decided; items without a result have none.
    ///
    /// # Errors
    /// If none of the items is one of the audit's, or these have no ids.
    pub fn losses(&self, items: Items<'_>) -> Result<Facts, DataError> {
        let mut facts = Facts::default();
        for run in &self.runs {
            let ids: Vec<String> = run.records.iter().map(|record| record.id.clone()).collect();
            let rows =
                Rows { file: &run.place, what: "results", ids: Some(&ids), count: ids.len(), first_row: 1, way: "" };
            let joined = join(items, rows)?;
            facts.notes.extend(run.notes.iter().cloned());
            facts.notes.extend(joined.notes);
            let lacking =
                || items.ids.iter().zip(&joined.rows).filter(|(_, row)| row.is_none()).map(|(id, _)| id.as_str());
            let count = lacking().count();
            if count > 0 {
                let few: Vec<&str> = lacking().take(SHOWN + 1).collect();
                facts.notes.push(format!("model '{}' has no result of {count} items: {}", run.model, listed(&few)));
            }
            let loss = |row: &Option<usize>| row.map_or(f64::NAN, |row| run.records[row].loss);
            facts.models.push(ModelLosses {
                name: run.model.clone(),
                losses: joined.rows.iter().map(loss).collect(),
                scores: None,
                class_aurocs: None,
            });
        }
        Ok(facts)
    }
}

/// The first of some ids.
fn listed(ids: &[&str]) -> String {
    format!("{}{}", ids[..ids.len().min(SHOWN)].join(", "), if ids.len() > SHOWN { ", …" } else { "" })
}

/// Where a further model was asked other items than those before.
fn differences(items: &[&Record], at: &HashMap<&str, usize>, run: &Run) -> Result<Vec<String>, DataError> {
    let own: HashMap<&str, &Record> = run.records.iter().map(|record| (record.id.as_str(), record)).collect();
    let lacking: Vec<&str> = items.iter().map(|record| record.id.as_str()).filter(|id| !own.contains_key(id)).collect();
    let further: Vec<&str> =
        run.records.iter().map(|record| record.id.as_str()).filter(|id| !at.contains_key(id)).collect();
    let fault = |problem: String| DataError::File { file: run.place.clone(), problem };
    if further.len() == run.records.len() {
        return Err(fault(format!(
            "none of its items, such as '{}', was asked of the model before, such as '{}'; are they runs of the same tasks?",
            further.first().unwrap_or(&""),
            lacking.first().unwrap_or(&"")
        )));
    }
    let other: Vec<&str> = items
        .iter()
        .filter(|record| own.get(record.id.as_str()).is_some_and(|own| own.text != record.text))
        .map(|record| record.id.as_str())
        .collect();
    if 2 * other.len() > run.records.len() {
        return Err(fault(format!(
            "{} items have another text than in the run before, such as '{}'; are they runs of the same data?",
            other.len(),
            other[0]
        )));
    }
    let mut notes = Vec::new();
    if !lacking.is_empty() {
        notes.push(format!("model '{}' has no result of {} items: {}", run.model, lacking.len(), listed(&lacking)));
    }
    if !further.is_empty() {
        notes.push(format!("only model '{}' has {} items: {}", run.model, further.len(), listed(&further)));
    }
    if !other.is_empty() {
        notes.push(format!(
            "{} items have another text in the run of model '{}'; the first is kept: {}",
            other.len(),
            run.model,
            listed(&other)
        ));
    }
    Ok(notes)
}

/// Gives every model a name of its own.
fn name(runs: &mut [Run], said: Option<&str>) -> Result<(), DataError> {
    if let Some(said) = said {
        let [run] = runs else {
            let found: Vec<&str> = runs.iter().map(|run| run.place.as_str()).collect();
            return Err(DataError::Usage(format!(
                "--model {said} names one model, and {} runs were found: {}",
                runs.len(),
                found.join(", ")
            )));
        };
        said.clone_into(&mut run.model);
        return Ok(());
    }
    let distinct = |runs: &[Run]| {
        let names: std::collections::HashSet<&str> = runs.iter().map(|run| run.model.as_str()).collect();
        names.len() == runs.len()
    };
    if !distinct(runs) {
        for run in runs.iter_mut() {
            let last = Path::new(&run.place).file_name().map(|name| name.to_string_lossy().into_owned());
            let last = last.unwrap_or_else(|| run.place.clone());
            run.model = last.trim_end_matches(".eval").trim_end_matches(".json").to_owned();
        }
    }
    if distinct(runs) {
        return Ok(());
    }
    let places: Vec<&str> = runs.iter().map(|run| run.place.as_str()).collect();
    Err(DataError::Usage(format!(
        "the runs in {} have the same name; take them in one after the other, each with --model NAME",
        places.join(", ")
    )))
}
