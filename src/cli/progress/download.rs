//! Downloads of encoders: a bar a file with its bytes on a terminal, a plain line every few seconds elsewhere, notes
//! among JSON lines.

use super::bars::style;
use super::{Position, note, say};
use crate::encoder::{self, DownloadObserver, Encoder, EncoderError, OpenOptions};
use candle_core::Device;
use indicatif::{DecimalBytes, MultiProgress, ProgressBar, ProgressState};
use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two plain lines of one file.
const EVERY: Duration = Duration::from_secs(2);
/// Smaller files get one line, when they are there.
const SMALL: u64 = 1_000_000;

/// A way to open encoders that shows what is downloaded for them; as notes if progress is JSON lines.
pub fn opener(json: bool) -> impl Fn(&str) -> Result<Arc<dyn Encoder>, EncoderError> {
    opener_on(Device::Cpu, json)
}

/// [`opener`] for encoders that compute on this device.
pub fn opener_on(device: Device, json: bool) -> impl Fn(&str) -> Result<Arc<dyn Encoder>, EncoderError> {
    move |name| {
        let mut options = OpenOptions { device: device.clone(), ..OpenOptions::default() };
        options.hub.observer = Some(match (json, std::io::stderr().is_terminal()) {
            (false, true) => Arc::new(DownloadBars::default()),
            _ => Arc::new(DownloadLines { json, files: Mutex::default() }),
        });
        if let Some(caution) = encoder::caution(name) {
            if json { note(Position::ALONE, &caution) } else { say(&caution) }
        }
        encoder::open_with(name, &options)
    }
}

/// "fetched model.safetensors (605.16 MB)".
fn fetched(file: &str, total: u64) -> String {
    format!("fetched {file} ({})", DecimalBytes(total))
}

/// ", 35.27 kB/s, 12 s left", once there is a pace to speak of.
fn pace(state: &ProgressState, words: &mut dyn std::fmt::Write) {
    if state.pos() > 0 && state.per_sec() > 0.0 {
        let speed = DecimalBytes(state.per_sec() as u64);
        // The style cannot fail to be written: it goes to a string.
        let _ = write!(words, ", {speed}/s, {} s left", state.eta().as_secs());
    }
}

/// A bar a file, while it is on its way.
#[derive(Default)]
struct DownloadBars {
    all: MultiProgress,
    bars: Mutex<HashMap<String, ProgressBar>>,
}

impl DownloadObserver for DownloadBars {
    fn progress(&self, file: &str, bytes: u64, total: u64) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes >= total {
            if let Some(bar) = bars.remove(file) {
                bar.finish_and_clear();
                // A terminal that is gone must not stop the download.
                let _ = self.all.println(fetched(file, total));
            }
            return;
        }
        let bar = bars.entry(file.to_owned()).or_insert_with(|| {
            let style =
                style("{prefix} [{bar:24}] {decimal_bytes} of {decimal_total_bytes}{pace}").with_key("pace", pace);
            self.all.add(ProgressBar::new(total).with_style(style).with_prefix(file.to_owned()))
        });
        bar.set_position(bytes);
    }
}

/// Plain lines or notes; when the last of each file was written.
struct DownloadLines {
    json: bool,
    files: Mutex<HashMap<String, Instant>>,
}

impl DownloadObserver for DownloadLines {
    fn progress(&self, file: &str, bytes: u64, total: u64) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let words = if bytes >= total {
            files.remove(file);
            fetched(file, total)
        } else if total < SMALL || files.get(file).is_some_and(|last| last.elapsed() < EVERY) {
            return;
        } else {
            files.insert(file.to_owned(), Instant::now());
            format!("fetching {file}: {} of {}", DecimalBytes(bytes), DecimalBytes(total))
        };
        if self.json { note(Position::ALONE, &words) } else { say(&words) }
    }
}
