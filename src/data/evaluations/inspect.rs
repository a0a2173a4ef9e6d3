//! Logs of Inspect: a zip of JSON (`.eval`) whose summaries mostly suffice, or one JSON document.

use super::metric::{Turn, is_lower_better};
use super::{EvaluationFiles, Record, Run};
use crate::data::DataError;
use crate::data::damage::decoded;
use crate::data::table::{brief, check_plain, file_name, json, most_unpacked};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// A zip, and how many bytes more may be unpacked of it: many small entries take as long as a large one.
struct Archive {
    zip: zip::ZipArchive<BufReader<File>>,
    left: u64,
}

/// What ends a text that a summary shortens.
const CUT: &str = "(content truncated)";

/// A sample as one epoch left it.
#[derive(Debug, Clone, Deserialize)]
struct Sample {
    id: Value,
    #[serde(default)]
    epoch: u64,
    #[serde(default)]
    input: Value,
    #[serde(default)]
    metadata: Option<Map<String, Value>>,
    #[serde(default)]
    scores: Option<Map<String, Value>>,
    #[serde(default)]
    error: Option<Value>,
}

/// A log: whose it is, and its samples.
struct Log {
    place: PathBuf,
    model: String,
    task: String,
    status: String,
    /// The first scorer, by the log's own list.
    scorer: Option<String>,
    samples: Vec<Sample>,
}

/// Reads the logs; those of one model are one run.
///
/// # Errors
/// If there are none, or one is damaged.
pub fn read(files: &EvaluationFiles) -> Result<Vec<Run>, DataError> {
    let mut paths = Vec::new();
    for path in &files.paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
            let before = paths.len();
            paths.extend(entries.filter(|path| file_name(path).ends_with(".eval")));
            paths[before..].sort();
            if paths.len() == before {
                let problem = "holds no log of Inspect (*.eval)".into();
                return Err(DataError::File { file: path.display().to_string(), problem });
            }
        } else {
            paths.push(path.clone());
        }
    }
    let logs = paths.iter().map(|path| decoded(path, || read_log(path))).collect::<Result<Vec<Log>, DataError>>()?;
    // The same task twice is another model by the same name: each log stands for itself.
    let mut seen = std::collections::HashSet::new();
    let twice = logs.iter().any(|log| !seen.insert((log.model.as_str(), log.task.as_str())));
    let mut runs: Vec<Run> = Vec::new();
    for log in &logs {
        let place = log.place.display().to_string();
        let at = match runs.iter().position(|run| run.model == log.model && !twice) {
            Some(at) => at,
            None => {
                runs.push(Run { model: log.model.clone(), place, ..Run::default() });
                runs.len() - 1
            }
        };
        decoded(&log.place, || add(log, files, &mut runs[at]))?;
    }
    Ok(runs)
}

/// Adds the items of a log: the mean over epochs of what was scored.
fn add(log: &Log, files: &EvaluationFiles, run: &mut Run) -> Result<(), DataError> {
    let file = file_name(&log.place);
    let fault = |problem: String| DataError::File { file: file.clone(), problem };
    if files.text_field.as_deref().is_some_and(|field| field != "input") {
        return Err(fault("the text of Inspect's samples is their input; leave --text-field out".into()));
    }
    let metric = chosen(log, files.metric.as_deref()).map_err(fault)?;
    let mut order: Vec<String> = Vec::new();
    let mut items: HashMap<String, (&Sample, Vec<f64>)> = HashMap::new();
    let (mut errors, mut unscored, mut epochs) = (0, 0, 1);
    for sample in &log.samples {
        let id = format!("{}/{}", log.task, words(&sample.id));
        let value = metric.as_deref().and_then(|metric| score(sample, metric)).filter(|value| !value.is_nan());
        let failed = sample.error.as_ref().is_some_and(|error| !error.is_null());
        epochs = epochs.max(sample.epoch);
        errors += usize::from(failed);
        unscored += usize::from(!failed && value.is_none());
        let (_, values) = items.entry(id.clone()).or_insert_with(|| {
            order.push(id);
            (sample, Vec::new())
        });
        values.extend(value.filter(|_| !failed));
    }
    let metric = metric.unwrap_or_default();
    let all = items.values().flat_map(|(_, values)| values.iter().copied());
    let turn =
        Turn::of(is_lower_better(&metric), all).map_err(|problem| fault(format!("score '{metric}' {problem}")))?;
    let mut cut = HashMap::new();
    for id in order {
        let Some((sample, values)) = items.remove(&id) else { continue };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let text = text(&sample.input);
        if text.ends_with(CUT) {
            cut.insert(run.records.len(), format!("{}_epoch_{}", words(&sample.id), sample.epoch));
        }
        let fields = sample.metadata.iter().flatten().filter_map(|(name, value)| Some((name.clone(), plain(value)?)));
        run.records.push(Record { id, task: log.task.clone(), text, loss: turn.loss(mean), fields: fields.collect() });
    }
    let left = whole_texts(&log.place, &cut, run);
    let note = |notes: &mut Vec<String>, count: usize, words: &str| {
        if count > 0 {
            notes.push(format!("{file}: {count} {words}"));
        }
    };
    run.notes.push(format!("{file}: loss = {}, model {}", turn.words(&metric), log.model));
    note(
        &mut run.notes,
        if epochs > 1 { epochs as usize } else { 0 },
        "epochs; the loss of an item is the mean of those without an error",
    );
    note(&mut run.notes, errors, "samples ended with an error and count as missing");
    note(&mut run.notes, unscored, "samples have no score and count as missing");
    note(&mut run.notes, left, "texts are as the log's summaries cut them");
    if log.status != "success" {
        run.notes.push(format!("{file}: the log's status is '{}', so it may be incomplete", log.status));
    }
    Ok(())
}

/// Puts whole texts where the summaries cut them; returns how many stay cut.
fn whole_texts(path: &Path, cut: &HashMap<usize, String>, run: &mut Run) -> usize {
    let mut left = cut.len();
    let Ok(mut archive) = open(path) else { return left };
    for (row, name) in cut {
        let sample = entry(&mut archive, &format!("samples/{name}.json")).ok();
        if let Some(sample) = sample.and_then(|bytes| serde_json::from_slice::<Sample>(&bytes).ok()) {
            run.records[*row].text = text(&sample.input);
            left -= 1;
        }
    }
    left
}

/// The scorer, or scorer and key, that is taken; `None` where no sample has a score.
fn chosen(log: &Log, wanted: Option<&str>) -> Result<Option<String>, String> {
    let mut names: Vec<String> = Vec::new();
    for (scorer, score) in log.samples.iter().flat_map(|sample| sample.scores.iter().flatten()) {
        match value(score) {
            Value::Object(parts) => names.extend(parts.keys().map(|key| format!("{scorer}.{key}"))),
            _ => names.push(scorer.clone()),
        }
        names.dedup();
    }
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    let first = |scorer: &str| names.iter().find(|name| *name == scorer || name.starts_with(&format!("{scorer}.")));
    let found = match wanted {
        Some(wanted) => {
            let by_key = || names.iter().find(|name| name.rsplit_once('.').is_some_and(|(_, key)| key == wanted));
            let found = first(wanted).or_else(by_key);
            if found.is_none() && !names.is_empty() {
                return Err(format!("has no score '{wanted}'; it has: {}", names.join(", ")));
            }
            found
        }
        None => log.scorer.as_deref().and_then(first).or_else(|| names.first()),
    };
    Ok(found.cloned())
}

/// The value of a score, which older logs keep bare.
fn value(score: &Value) -> &Value {
    score.get("value").unwrap_or(score)
}

/// The number that a sample's score is.
fn score(sample: &Sample, metric: &str) -> Option<f64> {
    let scores = sample.scores.as_ref()?;
    let found = match scores.get(metric) {
        Some(score) => value(score),
        None => {
            let (scorer, key) = scores
                .keys()
                .find_map(|scorer| Some((scorer, metric.strip_prefix(scorer.as_str())?.strip_prefix('.')?)))?;
            value(&scores[scorer.as_str()]).get(key)?
        }
    };
    match found {
        Value::Number(number) => number.as_f64(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::String(word) => match word.as_str() {
            "C" => Some(1.0),
            "P" => Some(0.5),
            "I" | "N" => Some(0.0),
            word => match word.to_lowercase().as_str() {
                "yes" | "true" => Some(1.0),
                "no" | "false" => Some(0.0),
                word => word.parse().ok(),
            },
        },
        Value::Array(parts) if !parts.is_empty() => {
            let parts = parts.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>()?;
            Some(parts.iter().sum::<f64>() / parts.len() as f64)
        }
        _ => None,
    }
}

/// The words of an input: as they are, or those of the messages.
fn text(input: &Value) -> String {
    match input {
        Value::String(text) => text.clone(),
        Value::Array(messages) => {
            let content = |message: &Value| match message.get("content")? {
                Value::String(text) => Some(text.clone()),
                Value::Array(parts) => {
                    let parts: Vec<&str> = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
                    Some(parts.join("\n"))
                }
                _ => None,
            };
            // What the user says is the item; a system prompt is the same for all.
            let from_user = |message: &&Value| message.get("role").and_then(Value::as_str) == Some("user");
            let said: Vec<String> = messages.iter().filter(from_user).filter_map(content).collect();
            if said.is_empty() {
                messages.iter().filter_map(content).collect::<Vec<_>>().join("\n")
            } else {
                said.join("\n")
            }
        }
        _ => String::new(),
    }
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

fn plain(value: &Value) -> Option<String> {
    matches!(value, Value::String(_) | Value::Bool(_) | Value::Number(_)).then(|| words(value))
}

fn open(path: &Path) -> Result<Archive, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let left = most_unpacked(file.metadata().map_or(0, |metadata| metadata.len()));
    let zip = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| format!("is no log of Inspect ({error})"))?;
    Ok(Archive { zip, left })
}

/// The bytes of an entry, no more than the length of the whole lets one expect.
fn entry(archive: &mut Archive, name: &str) -> Result<Vec<u8>, String> {
    let shown = brief(name);
    let fault = |problem: String| format!("{shown}: {problem}");
    let entry = archive.zip.by_name(name).map_err(|error| fault(error.to_string()))?;
    let mut bytes = Vec::new();
    entry.take(archive.left + 1).read_to_end(&mut bytes).map_err(|error| fault(error.to_string()))?;
    let left = archive.left.checked_sub(bytes.len() as u64);
    archive.left = left.ok_or_else(|| fault("unpacks to more than its length lets one expect".into()))?;
    Ok(bytes)
}

fn read_log(path: &Path) -> Result<Log, DataError> {
    let fault = |problem: String| DataError::File { file: path.display().to_string(), problem };
    check_plain(path).map_err(fault)?;
    let mut magic = [0; 2];
    let zipped = File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && &magic == b"PK";
    let (header, samples) = if zipped {
        let mut archive = open(path).map_err(fault)?;
        (header(&mut archive).map_err(fault)?, samples(&mut archive).map_err(fault)?)
    } else {
        let bytes = crate::data::table::read_file(path)?;
        let value = json::parse(&bytes).map_err(|error| fault(format!("is no log of Inspect ({error})")))?;
        let samples = value.get("samples").cloned().unwrap_or_default();
        (value, list(samples).map_err(fault)?)
    };
    let eval = &header["eval"];
    let Some(model) = eval["model"].as_str() else {
        return Err(fault("is no log of Inspect: it names no model".into()));
    };
    if samples.is_empty() {
        return Err(fault("has no samples".into()));
    }
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Log {
        place: path.to_owned(),
        model: last(model),
        task: last(eval["task"].as_str().unwrap_or("task")),
        status: header["status"].as_str().unwrap_or("started").to_owned(),
        scorer: eval["scorers"][0]["name"].as_str().map(last),
        samples,
    })
}

/// What a log says of itself: at its end, or at its beginning where it has none.
fn header(archive: &mut Archive) -> Result<Value, String> {
    let bytes = entry(archive, "header.json").or_else(|_| entry(archive, "_journal/start.json"))?;
    json::parse(&bytes)
}

/// The samples: the summaries, else those of the journal, else the samples themselves.
fn samples(archive: &mut Archive) -> Result<Vec<Sample>, String> {
    if let Ok(bytes) = entry(archive, "summaries.json") {
        return list(json::parse(&bytes)?);
    }
    let names: Vec<String> = archive.zip.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let mut found: BTreeMap<(u64, String), Sample> = BTreeMap::new();
    let parts = names.iter().filter(|name| name.starts_with("_journal/summaries/"));
    let mut parts: Vec<(u64, &String)> = parts
        .map(|name| {
            (name.trim_start_matches("_journal/summaries/").trim_end_matches(".json").parse().unwrap_or(0), name)
        })
        .collect();
    parts.sort();
    for (_, name) in &parts {
        for sample in list(json::parse(&entry(archive, name)?)?)? {
            found.insert((sample.epoch, words(&sample.id)), sample);
        }
    }
    if parts.is_empty() {
        for name in names.iter().filter(|name| name.starts_with("samples/")) {
            let sample: Sample = serde_json::from_value(json::parse(&entry(archive, name)?)?)
                .map_err(|error| format!("{}: {error}", brief(name)))?;
            found.insert((sample.epoch, words(&sample.id)), sample);
        }
    }
    Ok(found.into_values().collect())
}

fn list(value: Value) -> Result<Vec<Sample>, String> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    serde_json::from_value(value).map_err(|error| format!("its samples are not as Inspect writes them ({error})"))
}
