//! `llm2loss doctor`: what this program finds around it.

mod fetch;
mod machine;
mod problem;
mod terminal;

use super::arguments::Doctor;
use super::context::{Failure, Place, home, print};
use super::version::Build;
use crate::encoder::{Encoder, HubSettings, StaticEncoder};
use crate::engine::{ComputeDevice, Driver, EngineError, Gpu, cuda_words, devices, known_audits};
use crate::files::has_locks;
use crate::report;
use crate::store::{Privacy, Store, StoreError};
use machine::{Cores, Memory, glibc, space_left};
use problem::Problem;
use serde::Serialize;
use std::path::{Path, PathBuf};
use terminal::Terminal;

#[derive(Serialize)]
struct Findings {
    version: &'static str,
    build: Build,
    /// The C library that runs this, where it is glibc.
    glibc: Option<String>,
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
    cores: Cores,
    memory: Memory,
    home: String,
    /// Bytes that the home's file system has left.
    space_left: Option<u64>,
    /// Who may read the home, and what was done about it.
    privacy: String,
    /// Whether the home's file system keeps two processes from writing at once.
    locks: String,
    store: String,
    encoder: String,
    hub: Hub,
    audits: Vec<String>,
    terminal: String,
    /// The colours that the console would use, and whether it would draw with ASCII alone.
    colours: &'static str,
    ascii: bool,
    problems: Vec<Problem>,
    /// Nothing stands in the way of an audit.
    ok: bool,
}

/// The cache of encoders from the hub.
#[derive(Serialize)]
struct Hub {
    cache: String,
    encoders: usize,
    /// The network is not asked.
    offline: bool,
}

/// What was looked at, before it is put into words.
struct Seen {
    opened: Result<Store, StoreError>,
    chosen: Result<(ComputeDevice, Option<String>), EngineError>,
    driver: Driver,
    /// None of a home that was not opened: whose it is, is not known.
    privacy: Option<Privacy>,
    /// Runs that are damaged, as sentences.
    damage: Vec<String>,
    locks: Option<bool>,
    space: Option<u64>,
    memory: Memory,
    hub: Hub,
    hub_is_writable: bool,
    terminal: Terminal,
}

pub fn run(place: Place, given: &Doctor) -> Result<u8, Failure> {
    if let Some(name) = &given.fetch {
        return fetch::fetch(name, given.output.json);
    }
    let home = home(place.home)?;
    let opened = if given.rebuild { Store::rebuild(&home) } else { Store::open_reading(&home) };
    let (hub, hub_is_writable) = hub();
    let seen = Seen {
        privacy: opened.as_ref().ok().map(Store::close_to_others),
        damage: opened.as_ref().map_or_else(|_| Vec::new(), damage),
        opened,
        chosen: ComputeDevice::open(place.device),
        driver: Driver::find(),
        locks: has_locks(&home),
        space: space_left(&home),
        memory: Memory::find(),
        hub,
        hub_is_writable,
        terminal: Terminal::find(),
    };
    let code = match (&seen.opened, &seen.chosen) {
        (_, Err(_)) => 2,
        (Err(error), _) if error.is_usage() || error.is_denied() => 2,
        (Err(_), _) => 1,
        (Ok(_), _) => 0,
    };
    let findings = findings(&home, seen, code == 0);
    let text =
        if given.output.json { report::to_json("llm2loss.doctor/1", None, &findings)? } else { words(&findings) };
    print(&text)?;
    Ok(code)
}

fn findings(home: &Path, seen: Seen, ok: bool) -> Findings {
    let devices = devices();
    let problems = problems(&seen);
    Findings {
        version: env!("CARGO_PKG_VERSION"),
        build: Build::this(),
        glibc: glibc(),
        devices: devices.iter().map(|device| device.name.clone()).collect(),
        device_memory: devices.iter().map(|device| device.memory).collect(),
        cuda: match &seen.chosen {
            Err(error) => error.to_string(),
            Ok(_) => cuda_sentence(&seen.driver),
        },
        device: seen.chosen.ok().map(|(device, _)| device.name),
        gpus: seen.driver.gpus.iter().map(|gpu| report::printable(&gpu_words(gpu))).collect(),
        driver: seen.driver.version,
        cores: Cores::find(),
        memory: seen.memory,
        space_left: seen.space,
        privacy: seen.privacy.as_ref().map_or_else(|| "not looked at".into(), privacy_words),
        locks: locks_words(seen.locks),
        store: seen.opened.map_or_else(|error| error.to_string(), |store| store_words(&store)),
        encoder: StaticEncoder::new().map_or_else(
            |error| error.to_string(),
            |encoder| format!("{} ({} dimensions)", encoder.fingerprint(), encoder.dimension()),
        ),
        hub: seen.hub,
        audits: known_audits(home).unwrap_or_default(),
        home: home.display().to_string(),
        terminal: seen.terminal.words(),
        colours: seen.terminal.colours,
        ascii: seen.terminal.ascii,
        problems,
        ok,
    }
}

fn problems(seen: &Seen) -> Vec<Problem> {
    let mut found: Vec<Problem> = seen.opened.as_ref().err().map(of_store).into_iter().collect();
    found.extend(seen.chosen.as_ref().err().map(|error| {
        Problem::new(error.to_string(), "leave --device and LLM2LOSS_DEVICE out: the best device there is computes")
    }));
    // Of a home that could not be opened the store has said why.
    if seen.opened.is_ok() {
        found.extend(problem::of_home(seen.locks, seen.space, seen.privacy.unwrap_or_default().open));
    }
    const MEND: &str = "'llm2loss doctor --rebuild' writes again what has a copy; train again what it names";
    found.extend(seen.damage.iter().map(|damage| Problem::new(damage, MEND)));
    found.extend(problem::of_memory(&seen.memory));
    found.extend(problem::of_gpus(seen.driver.gpus.len(), cuda_words().map(drop)));
    found.extend(problem::of_hub(seen.hub.encoders, seen.hub.offline, seen.hub_is_writable));
    found.extend(problem::of_terminal(&seen.terminal));
    found
}

/// A store that does not open, and what to do about it.
fn of_store(error: &StoreError) -> Problem {
    let remedy = match error {
        StoreError::Locked { .. } => "end the process named, or give another folder by --home or LLM2LOSS_HOME",
        _ if error.is_full() => "make room on its file system, or set LLM2LOSS_HOME to a folder on another one",
        _ if error.is_denied() => "have its owner let you in, or set LLM2LOSS_HOME to a folder of yours",
        _ if error.is_usage() => "give another folder by --home or LLM2LOSS_HOME",
        _ => "run 'llm2loss doctor --rebuild', which makes the index again from the files",
    };
    Problem::new(error.to_string(), remedy)
}

/// Runs that are not what was written, as sentences.
fn damage(store: &Store) -> Vec<String> {
    store.damaged_runs().unwrap_or_else(|error| vec![error.to_string()])
}

/// The cache of encoders, and whether it can be written.
fn hub() -> (Hub, bool) {
    let settings = HubSettings::from_environment();
    let names = std::fs::read_dir(&settings.cache).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let encoders = names.filter(|name| name.to_string_lossy().starts_with("models--")).count();
    let writable = nearest(&settings.cache)
        .is_some_and(|there| there.is_dir() && rustix::fs::access(&there, rustix::fs::Access::WRITE_OK).is_ok());
    (Hub { cache: settings.cache.display().to_string(), encoders, offline: settings.offline }, writable)
}

/// The first that is there of a path and the folders above it.
fn nearest(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.ancestors().find(|path| path.symlink_metadata().is_ok()).map(Path::to_owned)
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

/// Who may read the home, after it was closed.
fn privacy_words(found: &Privacy) -> String {
    match (found.open, found.mended) {
        (0, 0) => "readable by its owner alone".to_owned(),
        (0, 1) => "one file or folder could be read by others; now only its owner can".into(),
        (0, mended) => format!("{mended} files and folders could be read by others; now only their owner can"),
        (open, _) => {
            format!("{open} files and folders can be read by others and their rights cannot be changed from here")
        }
    }
}

fn locks_words(locks: Option<bool>) -> String {
    match locks {
        Some(true) => "the file system keeps processes apart".into(),
        Some(false) => {
            "the file system has none: two processes could write the home at once; give a home on another one".into()
        }
        None => "not tried: the home cannot be written".into(),
    }
}

fn memory_words(memory: &Memory) -> String {
    let told = |bytes: Option<u64>| bytes.map_or_else(|| "not known".into(), gigabytes);
    let limit = memory
        .limit
        .map_or_else(|| "no limit".into(), |bytes| format!("this program takes {} at most", gigabytes(bytes)));
    format!("{}, {} free; {limit}", told(memory.machine), told(memory.available))
}

fn cores_words(cores: &Cores) -> String {
    let of = cores.machine.filter(|machine| *machine != cores.usable).map(|machine| format!(" of {machine}"));
    let threads = if cores.threads == 1 { "1 thread".into() } else { format!("{} threads", cores.threads) };
    format!("{}{}; {threads}", cores.usable, of.unwrap_or_default())
}

fn hub_words(hub: &Hub) -> String {
    let encoders = if hub.encoders == 1 { "1 encoder".into() } else { format!("{} encoders", hub.encoders) };
    format!("{encoders} in {}{}", report::printable(&hub.cache), if hub.offline { "; offline" } else { "" })
}

fn build_words(findings: &Findings) -> String {
    let build = &findings.build;
    let commit = build.commit.map(|commit| format!(", commit {commit}")).unwrap_or_default();
    format!("{} for {}, features {}, {}{commit}", findings.version, build.target, build.feature_words(), build.rustc)
}

fn words(findings: &Findings) -> String {
    let devices = findings.devices.iter().zip(&findings.device_memory).map(|(name, memory)| match memory {
        Some(bytes) => format!("{name}, {}", gigabytes(*bytes)),
        None => name.clone(),
    });
    let or_none = |words: String| if words.is_empty() { "none found".to_owned() } else { words };
    let rows = [
        ("version", build_words(findings)),
        ("glibc", findings.glibc.clone().unwrap_or_else(|| "not used".into())),
        ("device", findings.device.clone().unwrap_or_else(|| "the one asked for cannot be had".into())),
        ("devices", devices.collect::<Vec<_>>().join("; ")),
        ("driver", or_none(findings.driver.clone().unwrap_or_default())),
        ("gpus", or_none(findings.gpus.join("; "))),
        ("cuda", findings.cuda.clone()),
        ("cores", cores_words(&findings.cores)),
        ("memory", memory_words(&findings.memory)),
        ("home", report::printable(&findings.home)),
        ("space", findings.space_left.map_or_else(|| "not known".into(), |bytes| format!("{} left", gigabytes(bytes)))),
        ("privacy", findings.privacy.clone()),
        ("locks", findings.locks.clone()),
        ("store", findings.store.clone()),
        ("encoder", findings.encoder.clone()),
        ("hub", hub_words(&findings.hub)),
        ("audits", findings.audits.join(", ")),
        ("terminal", findings.terminal.clone()),
        ("console", format!("{}, {}", findings.colours, if findings.ascii { "ASCII alone" } else { "all characters" })),
    ];
    let mut text: String = rows.iter().map(|(name, value)| format!("{name:<9} {value}\n")).collect();
    if findings.problems.is_empty() {
        text.push_str("\nno problem found\n");
    }
    for problem in &findings.problems {
        text.push_str(&format!(
            "\nproblem   {}\nremedy    {}\n",
            report::printable(&problem.what),
            report::printable(&problem.remedy)
        ));
    }
    text
}
