//! `llm2loss encode`: one shard of rows to a file of embeddings, as one worker of many.

use super::arguments::Encode;
use super::context::{Failure, Place, print};
use super::progress::{self, Position};
use super::signals::{self, Signals};
use crate::data::{Shard, Wishes};
use crate::diagnose::grouped;
use crate::engine::{ComputeDevice, EncodeReport, EngineError, Target, encode};
use crate::report::{self, printable};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SCHEMA: &str = "llm2loss.encode/1";

pub fn run(place: &Place, given: &Encode) -> Result<u8, Failure> {
    let json = given.result.json;
    let target = if given.output == Path::new("-") { Target::Out } else { Target::File(given.output.clone()) };
    target.check()?;
    let signals = Signals::listen().map_err(|error| Failure { message: format!("signals: {error}"), code: 1 })?;
    let (device, note) = ComputeDevice::open(place.device)?;
    note.iter().for_each(|note| tell(json, note));
    let encoder =
        progress::opener_on(device.device.clone(), json)(&given.encoder.lasting_line()).map_err(EngineError::from)?;
    let shard = Shard::open(&piped(&given.input, "/dev/stdin"), &wishes(given)?).map_err(EngineError::from)?;
    let tracker = Arc::new(progress::watch(Position::ALONE, json).watching(&device));
    signals.stops(&tracker);
    let done = encode(shard, encoder.as_ref(), &target, given.force, &tracker);
    drop(tracker);
    if let Some(number) = signals.number() {
        let message =
            format!("stopped by {}; nothing was written, the same command begins again", signals::name(number));
        return Err(Failure { message, code: u8::try_from(128 + number).unwrap_or(1) });
    }
    show(&done?, &target, json)
}

/// `-` is a standard stream.
fn piped(path: &Path, stream: &str) -> PathBuf {
    if path == Path::new("-") { stream.into() } else { path.to_owned() }
}

fn tell(json: bool, words: &str) {
    if json { progress::note(Position::ALONE, words) } else { progress::say(words) }
}

fn wishes(given: &Encode) -> Result<Wishes, Failure> {
    let mut wishes = Wishes {
        images_root: given.images_root.clone(),
        allow_outside: given.allow_outside,
        part: given.shard,
        ..Wishes::default()
    };
    for column in &given.column {
        wishes.set(column).map_err(EngineError::from)?;
    }
    Ok(wishes)
}

fn show(done: &EncodeReport, target: &Target, json: bool) -> Result<u8, Failure> {
    let words = words(done);
    match target {
        // The standard output holds the rows.
        Target::Out if json => {
            let document = report::Envelope { schema: SCHEMA, identity: None, body: done };
            progress::say(&report::json_line(&document)?);
        }
        Target::Out => words.lines().for_each(progress::say),
        Target::File(_) if json => return print(&report::to_json(SCHEMA, None, done)?),
        Target::File(_) => return print(&words),
    }
    Ok(0)
}

fn words(done: &EncodeReport) -> String {
    let part = done.part.as_ref().map(|part| format!(", part {part}")).unwrap_or_default();
    let count = |rows: u64| if rows == 1 { "1 row".to_owned() } else { format!("{} rows", grouped(rows as usize)) };
    let mut text = format!(
        "{} · {} embedded by {}, {} dimensions{part}\n",
        printable(&done.output),
        count(done.rows),
        printable(&done.encoder),
        done.dimension
    );
    if done.bad > 0 {
        let listed = done.bad_file.as_ref().map(|file| format!("; {} lists them", printable(file)));
        text.push_str(&format!("{} without an embedding{}\n", count(done.bad), listed.unwrap_or_default()));
    }
    for bad in &done.bad_rows {
        text.push_str(&format!("  {}, row {}, '{}': {}\n", bad.file, bad.row, bad.id, bad.why));
    }
    match done.bad - done.bad_rows.len() as u64 {
        0 => {}
        _ if done.bad_rows.is_empty() => {}
        more => text.push_str(&format!("  and {} more\n", grouped(more as usize))),
    }
    done.notes.iter().for_each(|note| text.push_str(&format!("note: {}\n", printable(note))));
    text
}
