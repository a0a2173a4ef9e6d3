//! `llm2loss doctor`: what this program finds around it.

use super::arguments::Output;
use super::context::{Failure, home, print};
use crate::encoder::{Encoder, StaticEncoder};
use crate::engine::{devices, known_audits};
use crate::report;
use crate::store::Store;
use serde::Serialize;
use std::io::IsTerminal;
use std::path::PathBuf;

#[derive(Serialize)]
struct Findings {
    version: &'static str,
    devices: Vec<String>,
    cuda: String,
    home: String,
    store: String,
    encoder: String,
    audits: Vec<String>,
    terminal: String,
    /// Nothing stands in the way of an audit.
    ok: bool,
}

pub fn run(home_given: Option<PathBuf>, output: &Output) -> Result<u8, Failure> {
    let home = home(home_given)?;
    let (store, code) = match Store::open(&home) {
        Ok(store) => (store_words(&store), 0),
        Err(error) => (error.to_string(), if error.is_usage() { 2 } else { 1 }),
    };
    let findings = Findings {
        version: env!("CARGO_PKG_VERSION"),
        devices: devices().into_iter().map(|device| device.name).collect(),
        cuda: "this build computes on the CPU alone".into(),
        home: home.display().to_string(),
        store,
        encoder: StaticEncoder::new().map_or_else(
            |error| error.to_string(),
            |encoder| format!("{} ({} dimensions)", encoder.fingerprint(), encoder.dimension()),
        ),
        audits: known_audits(&home),
        terminal: terminal_words(),
        ok: code == 0,
    };
    let text = if output.json { report::to_json("llm2loss.doctor/1", None, &findings)? } else { words(&findings) };
    print(&text)?;
    Ok(code)
}

fn store_words(store: &Store) -> String {
    let bytes = store.size_on_disk().unwrap_or(0);
    let audits = known_audits(store.home());
    let runs: usize = audits.iter().map(|audit| store.runs(audit, None).map_or(0, |runs| runs.len())).sum();
    let runs = if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") };
    format!("opened, {:.1} MB, {runs}", bytes as f64 / 1e6)
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
    let rows = [
        ("version", findings.version.to_owned()),
        ("devices", findings.devices.join(", ")),
        ("cuda", findings.cuda.clone()),
        ("home", findings.home.clone()),
        ("store", findings.store.clone()),
        ("encoder", findings.encoder.clone()),
        ("audits", findings.audits.join(", ")),
        ("terminal", findings.terminal.clone()),
    ];
    rows.iter().map(|(name, value)| format!("{name:<9} {value}\n")).collect()
}
