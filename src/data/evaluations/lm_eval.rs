//! Logs of lm-evaluation-harness: `samples_TASK_TIME.jsonl`, a line an item and filter, beside `results_TIME.json`.

use super::metric::{LOG_LIKELIHOOD, Turn, best, log_likelihood, number};
use super::results::Results;
use super::{EvaluationFiles, Record, Run};
use crate::data::DataError;
use crate::data::table::{Source, file_name, json};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

/// How deep folders are looked through: an output path, a model, perhaps a date.
const DEPTH: usize = 4;
/// Longest line.
const LONGEST_LINE: u64 = 256 << 20;
/// Most metrics of a task.
const MOST_METRICS: usize = 1000;
/// Fields that are the text of an item, best first.
const TEXTS: [&str; 21] = [
    "question",
    "query",
    "problem",
    "input",
    "prompt",
    "question_stem",
    "goal",
    "sentence",
    "text",
    "premise",
    "instruction",
    "sentence1",
    "ctx",
    "page",
    "context",
    "story",
    "passage",
    "article",
    "document",
    "content",
    "statement",
];
/// What a line holds besides its metrics.
const OTHER: [&str; 11] = [
    "doc_id",
    "doc",
    "target",
    "arguments",
    "resps",
    "filtered_resps",
    "doc_hash",
    "prompt_hash",
    "target_hash",
    "filter",
    "metrics",
];

/// The log of a task.
struct Log {
    task: String,
    time: String,
    path: PathBuf,
}

/// Reads the runs: the logs of one folder are those of one model.
///
/// # Errors
/// If there are none, or one is damaged.
pub fn read(files: &EvaluationFiles) -> Result<Vec<Run>, DataError> {
    let mut folders: BTreeMap<(usize, PathBuf), Vec<Log>> = BTreeMap::new();
    let mut order = Vec::new();
    for path in &files.paths {
        let before = order.len();
        find(path, DEPTH, &mut |folder, log| {
            let at = order.iter().position(|known| known == folder).unwrap_or_else(|| {
                order.push(folder.to_owned());
                order.len() - 1
            });
            folders.entry((at, folder.to_owned())).or_default().push(log);
        })?;
        if order.len() == before && !folders.keys().any(|(_, folder)| path.starts_with(folder)) {
            let problem = "holds no samples_TASK_TIME.jsonl; run lm_eval with --log_samples and --output_path".into();
            return Err(DataError::File { file: path.display().to_string(), problem });
        }
    }
    folders.into_iter().map(|((_, folder), logs)| run(&folder, logs, files)).collect()
}

/// Calls `take` with every log of a folder and the folders in it, or with the file itself.
fn find(path: &Path, depth: usize, take: &mut impl FnMut(&Path, Log)) -> Result<(), DataError> {
    let fault =
        |error: std::io::Error| DataError::File { file: path.display().to_string(), problem: error.to_string() };
    if !std::fs::metadata(path).map_err(fault)?.is_dir() {
        let (task, time) = task_and_time(&file_name(path));
        take(path.parent().unwrap_or(Path::new("")), Log { task, time, path: path.to_owned() });
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path).map_err(fault)?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let name = file_name(&entry);
        if entry.is_dir() && depth > 0 {
            find(&entry, depth - 1, take)?;
        } else if name.starts_with("samples_") && (name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")) {
            let (task, time) = task_and_time(&name);
            take(path, Log { task, time, path: entry });
        }
    }
    Ok(())
}

/// `samples_TASK_2024-06-28T00-00-00.000001.jsonl`, or any other name.
fn task_and_time(name: &str) -> (String, String) {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let name = name.strip_suffix(".jsonl").or_else(|| name.strip_suffix(".json")).unwrap_or(name);
    let name = name.strip_prefix("samples_").unwrap_or(name);
    match name.rsplit_once('_') {
        Some((task, time)) if time.len() >= 13 && time.contains('T') && time.starts_with("20") => {
            (task.to_owned(), time.to_owned())
        }
        _ => (name.to_owned(), String::new()),
    }
}

/// Reads the logs of a folder, the newest of each task.
fn run(folder: &Path, logs: Vec<Log>, files: &EvaluationFiles) -> Result<Run, DataError> {
    let results = Results::beside(folder);
    let mut run = Run { model: results.model(folder), place: folder.display().to_string(), ..Run::default() };
    if run.place.is_empty() {
        run.place = ".".into();
    }
    let mut newest: BTreeMap<String, Log> = BTreeMap::new();
    for log in logs {
        let task = log.task.clone();
        let older = match newest.get(&task) {
            Some(known) if known.time >= log.time => Some(log),
            _ => newest.insert(task.clone(), log),
        };
        if let Some(older) = older {
            run.notes.push(format!("{task}: the newest log is read, not {}", file_name(&older.path)));
        }
    }
    let mut taken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for log in newest.values() {
        let words = read_task(log, &results, files, &mut run)?;
        taken.entry(words).or_default().push(log.task.clone());
    }
    let one = taken.len() == 1;
    for (words, tasks) in taken {
        let of = if one { String::new() } else { format!(" ({})", tasks.join(", ")) };
        run.notes.push(format!("{}: loss = {words}{of}", run.model));
    }
    Ok(run)
}

/// Reads a task's log; says what the loss is.
fn read_task(log: &Log, results: &Results, files: &EvaluationFiles, run: &mut Run) -> Result<String, DataError> {
    let file = file_name(&log.path);
    let fault = |problem: String| DataError::File { file: file.clone(), problem };
    let mut lines = lines(&log.path)?;
    let filter = filter(&lines);
    let others: Vec<&str> = {
        let mut others: Vec<&str> = lines.iter().map(filter_of).filter(|other| *other != filter).collect();
        others.sort_unstable();
        others.dedup();
        others
    };
    if !others.is_empty() {
        run.notes.push(format!("{}: filter '{filter}' is taken, not {}", log.task, others.join(", ")));
    }
    lines.retain(|line| filter_of(line) == filter);
    let (metric, values) = values(&lines, files.metric.as_deref()).map_err(fault)?;
    let lower = metric == LOG_LIKELIHOOD || results.is_lower_better(&log.task, &metric);
    let turn =
        Turn::of(lower, values.iter().copied()).map_err(|problem| fault(format!("metric '{metric}' {problem}")))?;
    let text = text_field(&lines, files.text_field.as_deref()).map_err(fault)?;
    if text.is_none() {
        run.notes.push(format!("{}: the whole prompt is the text; --text-field NAME takes a field of 'doc'", log.task));
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (line, value) in lines.iter().zip(values) {
        let mut id = format!("{}/{}", log.task, id_of(line));
        let count = seen.entry(id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            id = format!("{id}#{count}");
        }
        let doc = line.get("doc").and_then(Value::as_object);
        let words = match &text {
            Some(field) => doc.and_then(|doc| at(doc, field)).and_then(Value::as_str).map(String::from),
            None => prompt(line),
        };
        let mut fields = Vec::new();
        doc.into_iter().for_each(|doc| flatten(doc, "", &mut fields));
        if let Some(category) = results.category(&log.task) {
            fields.push(("category".into(), category));
        }
        let text = words.unwrap_or_default();
        run.records.push(Record { id, task: log.task.clone(), text, loss: turn.loss(value), fields });
    }
    Ok(turn.words(&metric))
}

/// The lines of a log, without what is not needed of them.
fn lines(path: &Path) -> Result<Vec<Map<String, Value>>, DataError> {
    let source = Source::open(path)?;
    source.refuse_other_forms()?;
    let (file, limit) = (source.name.clone(), source.rows.clone());
    let fault = |line: usize, problem: String| DataError::File {
        file: file.clone(),
        problem: format!("row {line}: {problem}"),
    };
    let mut reader = source.into_reader();
    let (mut lines, mut text, mut number) = (Vec::new(), Vec::new(), 0);
    loop {
        text.clear();
        number += 1;
        let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text);
        if read.map_err(|error| fault(number, error.to_string()))? == 0 {
            break;
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let value = json::parse(&text).map_err(|problem| fault(number, format!("not a JSON object ({problem})")))?;
        let Value::Object(mut line) = value else { return Err(fault(number, "is no object".into())) };
        if !line.contains_key("doc") && !line.contains_key("doc_id") {
            return Err(fault(number, "has neither 'doc' nor 'doc_id'; is it a log of lm_eval's samples?".into()));
        }
        line.remove("resps");
        if let Some(prompt) = prompt(&line) {
            line.insert("arguments".into(), Value::String(prompt));
        }
        lines.push(line);
        limit.check(lines.len()).map_err(|problem| fault(number, problem))?;
    }
    if lines.is_empty() {
        return Err(DataError::File { file, problem: "has no items".into() });
    }
    Ok(lines)
}

fn filter_of(line: &Map<String, Value>) -> &str {
    line.get("filter").and_then(Value::as_str).unwrap_or("none")
}

/// The filter whose results count: none, else the strict one, else the first.
fn filter(lines: &[Map<String, Value>]) -> String {
    let has = |name: &str| lines.iter().any(|line| filter_of(line) == name);
    let known = ["none", "strict-match"].into_iter().find(|name| has(name));
    known.or_else(|| lines.first().map(filter_of)).unwrap_or("none").to_owned()
}

/// The metric taken, and its number for each line; NaN where there is none.
fn values(lines: &[Map<String, Value>], wanted: Option<&str>) -> Result<(String, Vec<f64>), String> {
    let mut names: Vec<&str> = Vec::new();
    for line in lines {
        let listed = line.get("metrics").and_then(Value::as_array);
        let own: Vec<&str> = match listed {
            Some(listed) => listed.iter().filter_map(Value::as_str).collect(),
            None => line.keys().map(String::as_str).filter(|key| !OTHER.contains(key)).collect(),
        };
        for name in own {
            if !names.contains(&name) && line.get(name).is_some_and(|value| number(name, value).is_some()) {
                if names.len() == MOST_METRICS {
                    return Err(format!("logs more than {MOST_METRICS} metrics"));
                }
                names.push(name);
            }
        }
    }
    if wanted == Some(LOG_LIKELIHOOD) {
        let halves = names.contains(&"acc_mutual_info");
        let nothing = Value::Null;
        let part = |line: &Map<String, Value>| {
            let (responses, target) = (line.get("filtered_resps")?, line.get("target").unwrap_or(&nothing));
            log_likelihood(responses, target, halves)
        };
        let values: Vec<f64> = lines.iter().map(|line| part(line).unwrap_or(f64::NAN)).collect();
        if values.iter().all(|value| value.is_nan()) {
            return Err(format!("logs no log-likelihoods; its metrics are: {}", names.join(", ")));
        }
        return Ok((LOG_LIKELIHOOD.into(), values));
    }
    let metric = match wanted {
        Some(wanted) if names.contains(&wanted) => wanted,
        Some(wanted) => {
            return Err(format!("logs no metric '{wanted}' a number an item; it has: {}", names.join(", ")));
        }
        None => best(&names).ok_or("logs no metric that is a number an item")?,
    };
    let one = |line: &Map<String, Value>| line.get(metric).and_then(|value| number(metric, value)).unwrap_or(f64::NAN);
    Ok((metric.to_owned(), lines.iter().map(one).collect()))
}

/// The field whose text every item has; `None` for the prompt.
fn text_field(lines: &[Map<String, Value>], wanted: Option<&str>) -> Result<Option<String>, String> {
    let docs: Vec<&Map<String, Value>> = lines.iter().filter_map(|line| line.get("doc")?.as_object()).collect();
    let full = |field: &str| {
        docs.len() == lines.len()
            && docs.iter().all(|doc| at(doc, field).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty()))
    };
    match wanted {
        Some("prompt") => Ok(None),
        Some(wanted) => {
            let field = wanted.strip_prefix("doc.").unwrap_or(wanted);
            if full(field) {
                return Ok(Some(field.to_owned()));
            }
            let mut known = Vec::new();
            docs.first().into_iter().for_each(|doc| flatten(doc, "", &mut known));
            let known: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
            Err(format!("not every item has a text '{wanted}'; the first has: {}, and 'prompt'", known.join(", ")))
        }
        None => match TEXTS.into_iter().find(|field| full(field)) {
            Some(field) => Ok(Some(field.to_owned())),
            None if lines.iter().all(|line| prompt(line).is_some()) => Ok(None),
            None => Err("no field is the text of every item; name one with --text-field".into()),
        },
    }
}

/// The value at a path of keys.
fn at<'a>(doc: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = doc.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    at(doc.get(first)?.as_object()?, rest)
}

/// The first argument of the first request.
fn prompt(line: &Map<String, Value>) -> Option<String> {
    let first = match line.get("arguments")? {
        Value::String(text) => return Some(text.clone()),
        Value::Object(requests) => requests.values().next()?,
        Value::Array(requests) => requests.first()?,
        _ => return None,
    };
    let text = match first {
        Value::Object(arguments) => arguments.values().next()?,
        Value::Array(arguments) => arguments.first()?,
        other => other,
    };
    Some(text.as_str()?.to_owned()).filter(|text| !text.trim().is_empty())
}

fn id_of(line: &Map<String, Value>) -> String {
    let words = |value: &Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    line.get("doc_hash").or_else(|| line.get("doc_id")).map(words).unwrap_or_default()
}

/// The plain values of an item, by their path.
fn flatten(doc: &Map<String, Value>, path: &str, fields: &mut Vec<(String, String)>) {
    for (key, value) in doc {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        // Nobody means a column by it, and it is part of all names below.
        if name.len() > json::LONGEST_NAME {
            continue;
        }
        match value {
            Value::Object(inner) => flatten(inner, &name, fields),
            Value::String(text) => fields.push((name, text.clone())),
            Value::Bool(_) | Value::Number(_) => fields.push((name, value.to_string())),
            Value::Null | Value::Array(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_logs_tell_task_and_time() {
        let of = |name: &str| task_and_time(name);
        assert_eq!(of("samples_arc_easy_2024-06-28T00-00-00.000001.jsonl").0, "arc_easy");
        assert_eq!(of("samples_arc_easy_2024-06-28T00-00-00.jsonl.gz").1, "2024-06-28T00-00-00");
        assert_eq!(of("samples_arc.jsonl"), ("arc".into(), String::new()));
        assert_eq!(of("out_hellaswag.jsonl").0, "out_hellaswag");
    }
}
