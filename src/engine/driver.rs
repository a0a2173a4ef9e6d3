//! What the system says of NVIDIA's driver and GPUs, whatever this build can use.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest `nvidia-smi` is waited for: beside a broken driver it may hang.
const PATIENCE: Duration = Duration::from_secs(5);
/// What it is asked, in the order of [`parse`].
const QUESTION: &str = "name,memory.total,driver_version,compute_cap";
/// The tool that comes with the driver.
pub const TOOL: &str = "nvidia-smi";

/// A GPU as the driver's own tools describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    pub name: String,
    /// Bytes, where they are told.
    pub memory: Option<u64>,
    /// Compute capability, such as `9.0`.
    pub capability: Option<String>,
}

/// The driver and the GPUs it knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Driver {
    pub version: Option<String>,
    pub gpus: Vec<Gpu>,
}

impl Driver {
    /// Asks `nvidia-smi`, else the kernel's files.
    #[must_use]
    pub fn find() -> Self {
        ask(TOOL, QUESTION, &[])
            .map(|answer| parse(&answer))
            .filter(|driver| !driver.gpus.is_empty())
            .unwrap_or_else(of_the_kernel)
    }
}

/// What `nvidia-smi` answers, a line of cells between commas for each GPU, if it is there and well.
pub fn ask(tool: &str, question: &str, rest: &[&str]) -> Option<String> {
    let mut child = Command::new(tool)
        .arg(format!("--query-gpu={question}"))
        .arg("--format=csv,noheader,nounits")
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let deadline = Instant::now() + PATIENCE;
    // A few short lines fit the pipe: it cannot wait for us.
    while child.try_wait().ok()?.is_none() {
        if Instant::now() >= deadline {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let answer = child.wait_with_output().ok().filter(|output| output.status.success())?;
    String::from_utf8(answer.stdout).ok()
}

fn parse(answer: &str) -> Driver {
    let mut driver = Driver::default();
    for line in answer.lines() {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let [name, memory, version, capability] = cells.as_slice() else { continue };
        // What a GPU does not tell is "[N/A]" or "[Not Supported]".
        let told = |cell: &str| (!cell.is_empty() && !cell.starts_with('[')).then(|| cell.to_owned());
        driver.version = driver.version.or_else(|| told(version));
        driver.gpus.push(Gpu {
            name: (*name).to_owned(),
            memory: memory.parse::<u64>().ok().map(|mebibytes| mebibytes << 20),
            capability: told(capability),
        });
    }
    driver
}

/// What the kernel module tells of itself.
fn of_the_kernel() -> Driver {
    let text = std::fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
    let mut gpus = Vec::new();
    for folder in std::fs::read_dir("/proc/driver/nvidia/gpus").into_iter().flatten().flatten() {
        let information = std::fs::read_to_string(folder.path().join("information")).unwrap_or_default();
        if let Some(name) = information.lines().find_map(|line| line.strip_prefix("Model:")) {
            gpus.push(Gpu { name: name.trim().to_owned(), memory: None, capability: None });
        }
    }
    Driver { version: kernel_version(&text), gpus }
}

/// The version in `NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 …`.
fn kernel_version(text: &str) -> Option<String> {
    let is_version = |word: &&str| word.contains('.') && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.lines().next()?.split_whitespace().find(is_version).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_answer_is_read() {
        let driver =
            parse("NVIDIA H200, 143771, 580.65.06, 9.0\nNVIDIA T4, [N/A], 580.65.06, [Not Supported]\n\nodd\n");
        assert_eq!(driver.version.as_deref(), Some("580.65.06"));
        assert_eq!(driver.gpus.len(), 2);
        assert_eq!((driver.gpus[0].memory, driver.gpus[0].capability.as_deref()), (Some(143_771 << 20), Some("9.0")));
        assert_eq!((driver.gpus[1].memory, &driver.gpus[1].capability), (None, &None));
    }

    #[test]
    fn the_kernel_module_tells_its_version() {
        let open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build\nGCC version:";
        assert_eq!(kernel_version(open).as_deref(), Some("570.124.06"));
        assert_eq!(kernel_version(""), None);
    }
}
