//! `llm2loss doctor`: what this program finds around it.

use super::arguments::Doctor;
use super::context::{Failure, Place, home, print};
use super::progress;
use crate::encoder::{Encoder, HubSettings, StaticEncoder};
use crate::engine::{ComputeDevice, Driver, Gpu, cuda_words, devices, known_audits};
use crate::files::has_locks;
use crate::report;
use crate::store::{Privacy, Store, make_private};
use serde::Serialize;
use std::io::IsTerminal;
use std::path::Path;

#[derive(Serialize)]
struct Findings {
    version: &'static str,
    devices: Vec<String>,
    /// Bytes of each device's memory, in the same order.
    device_memory: Vec<Option<u64>>,
    /// The device that heads would be trained on now.
    device: Option<String>,
    /// Version of NVIDIA's driver.
    driver: Option<String>,
    /// GPUs that the driver knows, whether or not this build can use them.
    gpus: Vec<String>,
    cuda: String,
    home: String,
    /// Who may read the home, and what was done about it.
    privacy: String,
    /// Whether the home's file system keeps two processes from writing at once.
    locks: String,
    store: String,
    encoder: String,
    audits: Vec<String>,
    terminal: String,
    /// Nothing stands in the way of an audit.
    ok: bool,
}

pub fn run(place: Place, given: &Doctor) -> Result<u8, Failure> {
    if let Some(name) = &given.fetch {
        return fetch(name, given.output.json);
    }
    let home = home(place.home)?;
    let opened = if given.rebuild { Store::rebuild(&home) } else { Store::open_reading(&home) };
    let (store, code) = match opened {
        Ok(store) => (store_words(&store), 0),
        Err(error) => (error.to_string(), if error.is_usage() { 2 } else { 1 }),
    };
    let privacy = privacy_words(&home);
    let chosen = ComputeDevice::open(place.device);
    let code = if chosen.is_err() { 2 } else { code };
    let (devices, driver) = (devices(), Driver::find());
    let findings = Findings {
        version: env!("CARGO_PKG_VERSION"),
        devices: devices.iter().map(|device| device.name.clone()).collect(),
        device_memory: devices.iter().map(|device| device.memory).collect(),
        cuda: match &chosen {
            Err(error) => error.to_string(),
            Ok(_) => cuda_sentence(&driver),
        },
        device: chosen.ok().map(|(device, _)| device.name),
        gpus: driver.gpus.iter().map(|gpu| report::printable(&gpu_words(gpu))).collect(),
        driver: driver.version,
        home: home.display().to_string(),
        privacy,
        locks: locks_words(&home),
        store,
        encoder: StaticEncoder::new().map_or_else(
            |error| error.to_string(),
            |encoder| format!("{} ({} dimensions)", encoder.fingerprint(), encoder.dimension()),
        ),
        audits: known_audits(&home).unwrap_or_default(),
        terminal: terminal_words(),
        ok: code == 0,
    };
    let text =
        if given.output.json { report::to_json("llm2loss.doctor/1", None, &findings)? } else { words(&findings) };
    print(&text)?;
    Ok(code)
}

/// An encoder that is on this machine now.
#[derive(Serialize)]
struct Fetched {
    encoder: String,
    fingerprint: String,
    dimension: usize,
    /// Folder of the cache, to be there on the other machine too.
    cache: String,
    /// What to type where there is no network.
    line: String,
}

/// Opens an encoder, and so downloads what it lacks.
fn fetch(name: &str, json: bool) -> Result<u8, Failure> {
    if name == "builtin" || Path::new(name).is_dir() || name.contains("://") {
        return Err(Failure::usage(format!("{name} is not from the hub: there is nothing to fetch")));
    }
    let opened = progress::opener(false)(name).map_err(|error| Failure::usage(error.to_string()))?;
    let cache = HubSettings::from_environment().cache.display().to_string();
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let line = format!(
        "HF_HUB_OFFLINE=1 HF_HUB_CACHE={} llm2loss ingest NAME --manifest FILE --encoder {}",
        quoted(&cache),
        quoted(name)
    );
    let found = Fetched {
        encoder: opened.name().to_owned(),
        fingerprint: opened.fingerprint().to_owned(),
        dimension: opened.dimension(),
        cache,
        line,
    };
    if json {
        return print(&report::to_json("llm2loss.fetch/1", None, &found)?);
    }
    print(&format!(
        "encoder {} is on this machine ({} dimensions, {})\nits files lie in {}; copy that folder if the other machine does not see it\nthere: {}\n",
        report::printable(&found.encoder),
        found.dimension,
        found.fingerprint,
        report::printable(&found.cache),
        report::printable(&found.line)
    ))
}

/// Whether CUDA can be used, and what is missing.
fn cuda_sentence(driver: &Driver) -> String {
    match cuda_words() {
        Ok(words) => words,
        Err(missing) if driver.gpus.is_empty() => {
            let driver = if driver.version.is_some() { "" } else { " and no NVIDIA driver" };
            format!("{missing}; no NVIDIA GPU{driver} was found here")
        }
        Err(missing) => missing,
    }
}

fn gpu_words(gpu: &Gpu) -> String {
    let memory = gpu.memory.map(|bytes| format!(", {}", gigabytes(bytes)));
    let capability = gpu.capability.as_ref().map(|capability| format!(", compute capability {capability}"));
    format!("{}{}{}", gpu.name, memory.unwrap_or_default(), capability.unwrap_or_default())
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / 1e9)
}

fn store_words(store: &Store) -> String {
    let bytes = store.bytes().unwrap_or(0);
    let runs = store.all_runs().map_or(0, |runs| runs.len());
    let runs = if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    let notes: String = store.notes().iter().map(|note| format!("; {note}")).collect();
    format!("opened, {:.1} MB, {runs}{notes}", bytes as f64 / 1e6)
}

/// Closes a home that others could read, and says so.
fn privacy_words(home: &Path) -> String {
    let Privacy { mended, open } = make_private(home);
    let mut words = match mended {
        0 => "readable by its owner alone".to_owned(),
        _ => format!("{mended} files and folders could be read by others; now only their owner can"),
    };
    if open > 0 {
        words = format!("{open} files and folders can be read by others and their rights cannot be changed from here");
    }
    words
}

fn locks_words(home: &Path) -> String {
    match has_locks(home) {
        Some(true) => "the file system keeps processes apart".into(),
        Some(false) => {
            "the file system has none: two processes could write the home at once; give a home on another one".into()
        }
        None => "not tried: the home cannot be written".into(),
    }
}

fn terminal_words() -> String {
    let variable = |name: &str| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.is_empty())
            .map(|value| format!("{name}={}", report::printable(&value)))
    };
    let settings: Vec<String> = ["TERM", "COLORTERM", "NO_COLOR", "LANG"].into_iter().filter_map(variable).collect();
    let size =
        crossterm::terminal::size().map_or_else(|_| "no size".into(), |(width, height)| format!("{width}x{height}"));
    let kind = if std::io::stdout().is_terminal() { "a terminal" } else { "not a terminal" };
    format!("stdout is {kind}, {size}, {}", settings.join(" "))
}

fn words(findings: &Findings) -> String {
    let devices = findings.devices.iter().zip(&findings.device_memory).map(|(name, memory)| match memory {
        Some(bytes) => format!("{name}, {}", gigabytes(*bytes)),
        None => name.clone(),
    });
    let or_none = |words: String| if words.is_empty() { "none found".to_owned() } else { words };
    let rows = [
        ("version", findings.version.to_owned()),
        ("device", findings.device.clone().unwrap_or_else(|| "the one asked for cannot be had".into())),
        ("devices", devices.collect::<Vec<_>>().join("; ")),
        ("driver", or_none(findings.driver.clone().unwrap_or_default())),
        ("gpus", or_none(findings.gpus.join("; "))),
        ("cuda", findings.cuda.clone()),
        ("home", findings.home.clone()),
        ("privacy", findings.privacy.clone()),
        ("locks", findings.locks.clone()),
        ("store", findings.store.clone()),
        ("encoder", findings.encoder.clone()),
        ("audits", findings.audits.join(", ")),
        ("terminal", findings.terminal.clone()),
    ];
    rows.iter().map(|(name, value)| format!("{name:<9} {value}\n")).collect()
}
