//! A limit on the memory of this process: what would take the machine's ends this program instead.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// How much memory this process may take, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryLimit {
    /// As much as there is.
    Unlimited,
    Bytes(u64),
}

/// Less than this, and nothing could be done at all.
const LEAST: u64 = 16 << 20;

impl FromStr for MemoryLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.to_ascii_lowercase().as_str() {
            // An empty variable means the default, as it does for the other settings.
            "" => return Ok(Self::usual()),
            "none" => return Ok(Self::Unlimited),
            _ => {}
        }
        let at = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(at);
        let unit = match unit.trim().to_ascii_lowercase().trim_end_matches("ib").trim_end_matches('b') {
            "" => 1,
            "k" => 1 << 10,
            "m" => 1 << 20,
            "g" => 1 << 30,
            "t" => 1_u64 << 40,
            _ => return Err("write it as 800MB, 24GB or none".into()),
        };
        let bytes = number.parse::<f64>().map_err(|_| "write it as 800MB, 24GB or none".to_owned())? * unit as f64;
        if bytes < LEAST as f64 {
            return Err(format!("at least {} MB are needed", LEAST >> 20));
        }
        // A conversion would make the largest number of it, and nobody would be told.
        if bytes >= u64::MAX as f64 {
            return Err("no machine has that much; write none for no limit".into());
        }
        Ok(Self::Bytes(bytes as u64))
    }
}

impl fmt::Display for MemoryLimit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => out.write_str("none"),
            Self::Bytes(bytes) => write!(out, "{:.1} GB", *bytes as f64 / f64::from(1 << 30)),
        }
    }
}

impl MemoryLimit {
    /// Three quarters of the memory of the machine, or of the control group this runs in. A build for CUDA has no limit
    /// of its own accord: its driver takes addresses as it likes.
    #[must_use]
    pub fn usual() -> Self {
        let there = [super::device::machine_memory(), group_memory()].into_iter().flatten().min();
        match there {
            Some(bytes) if !cfg!(feature = "cuda") => Self::Bytes(bytes / 4 * 3),
            _ => Self::Unlimited,
        }
    }

    /// Holds this process to it. What it would take beyond is refused, and the program ends with a message of the
    /// allocator; files that are mapped do not count. On Linux only.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn apply(self) -> Result<(), String> {
        #[cfg(target_os = "linux")]
        if let Self::Bytes(bytes) = self {
            use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
            let given = getrlimit(Resource::Data);
            let bytes = given.maximum.map_or(bytes, |most| bytes.min(most));
            let limit = Rlimit { current: Some(bytes), maximum: given.maximum };
            setrlimit(Resource::Data, limit).map_err(|error| format!("the memory cannot be limited: {error}"))?;
        }
        Ok(())
    }
}

/// The least limit of the control groups that this process is in.
fn group_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let root = Path::new("/sys/fs/cgroup");
    let limit = |folder: &Path| std::fs::read_to_string(root.join(folder).join("memory.max")).ok()?.trim().parse().ok();
    Path::new(group).ancestors().filter_map(limit).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_as_people_write_it() {
        let bytes = |text: &str| text.parse::<MemoryLimit>();
        assert_eq!(bytes("none"), Ok(MemoryLimit::Unlimited));
        assert_eq!(bytes("800MB"), Ok(MemoryLimit::Bytes(800 << 20)));
        assert_eq!(bytes(" 1.5 GiB"), Ok(MemoryLimit::Bytes(3 << 29)));
        assert_eq!(bytes("24g"), Ok(MemoryLimit::Bytes(24 << 30)));
        assert_eq!(bytes("33554432"), Ok(MemoryLimit::Bytes(32 << 20)));
        assert_eq!(bytes("16000000000GB"), Ok(MemoryLimit::Bytes(16_000_000_000 << 30)));
        let many = "9".repeat(400);
        let wrong = ["much", "4 parsecs", "-1GB", "3", "1e9", "NaN", "inf", "infGB", "1.2.3GB", ".", "17179869184GB"];
        for wrong in wrong.into_iter().chain(["99999999999999999999GB", &many]) {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
