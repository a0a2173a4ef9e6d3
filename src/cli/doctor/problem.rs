//! What stands in the way, or will, and what to do about it.

use super::machine::Memory;
use super::terminal::Terminal;
use crate::console::LEAST_SIZE;
use serde::Serialize;

/// Under this much space an audit of a hundred thousand items may not fit.
const LITTLE_SPACE: u64 = 1 << 30;
/// Under this much memory the built-in audit may not train.
const LITTLE_MEMORY: u64 = 512 << 20;

/// A problem and its remedy, both sentences without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub what: String,
    pub remedy: String,
}

impl Problem {
    pub fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// Of the home: `locks` as [`crate::files::has_locks`] says, `space` in bytes, `open` files whose rights stay open.
pub fn of_home(locks: Option<bool>, space: Option<u64>, open: usize) -> Vec<Problem> {
    const ELSEWHERE: &str = "set LLM2LOSS_HOME to a folder of yours on a local or scratch file system";
    let mut found = Vec::new();
    match locks {
        Some(true) => {}
        Some(false) => found.push(Problem::new(
            "the home's file system has no locks: two processes could write at once and damage the store",
            ELSEWHERE,
        )),
        None => found.push(Problem::new("the home cannot be written", ELSEWHERE)),
    }
    if let Some(bytes) = space.filter(|bytes| *bytes < LITTLE_SPACE) {
        found.push(Problem::new(
            format!("the home's file system has {} MB left", bytes >> 20),
            format!("'llm2loss cache gc' drops what nobody uses; or {ELSEWHERE}"),
        ));
    }
    if open > 0 {
        found.push(Problem::new(
            format!("{open} files and folders of the home can be read by others, and their rights stay so"),
            "have their owner run chmod -R go= on the home",
        ));
    }
    found
}

pub fn of_memory(memory: &Memory) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Some(limit) = memory.limit.filter(|limit| *limit < LITTLE_MEMORY) {
        found.push(Problem::new(
            format!("this program may take {} MB of memory alone", limit >> 20),
            "raise --memory-limit, LLM2LOSS_MEMORY_LIMIT, or what the job was given",
        ));
    } else if let Some(bytes) = memory.available.filter(|bytes| *bytes < LITTLE_MEMORY) {
        found.push(Problem::new(
            format!("{} MB of memory are free on this machine", bytes >> 20),
            "end other programs, or ask for another machine",
        ));
    }
    found
}

/// Of the terminal; none where there is no terminal, as the other commands need none.
pub fn of_terminal(terminal: &Terminal) -> Vec<Problem> {
    let mut found = Vec::new();
    if !terminal.is_terminal {
        return found;
    }
    if terminal.term.as_deref().is_none_or(|term| term == "dumb") {
        found.push(Problem::new(
            "TERM does not say what the terminal can do",
            "set TERM to what your terminal is, such as xterm-256color",
        ));
    }
    if terminal.ascii {
        found.push(Problem::new(
            "the locale is not UTF-8: the console draws with ASCII alone",
            "set LC_ALL=C.UTF-8, if the terminal shows UTF-8",
        ));
    }
    if let Some((width, height)) =
        terminal.size.filter(|(width, height)| *width < LEAST_SIZE.0 || *height < LEAST_SIZE.1)
    {
        found.push(Problem::new(
            format!("the terminal is {width}x{height}: the console needs {}x{}", LEAST_SIZE.0, LEAST_SIZE.1),
            "enlarge the window, or make its letters smaller",
        ));
    }
    found
}

/// Of GPUs that the driver knows and this build cannot use.
pub fn of_gpus(known: usize, cuda: Result<(), String>) -> Vec<Problem> {
    match cuda {
        Err(missing) if known > 0 => {
            let remedy = if cfg!(feature = "cuda") {
                "docs/gpu.md, Troubleshooting; until then the CPU computes"
            } else {
                "build with docs/build-cuda.sh; until then the CPU computes"
            };
            vec![Problem::new(format!("a GPU is here and not used: {missing}"), remedy)]
        }
        _ => Vec::new(),
    }
}

/// Of the cache of encoders: `models` in it, whether the network may be asked, whether it may be written.
pub fn of_hub(models: usize, offline: bool, writable: bool) -> Vec<Problem> {
    let mut found = Vec::new();
    if offline && models == 0 {
        found.push(Problem::new(
            "HF_HUB_OFFLINE is set and the cache holds no encoder: the built-in one alone can be used",
            "run 'llm2loss doctor --fetch ENCODER' where there is a network, with HF_HUB_CACHE on a shared file system",
        ));
    }
    if !offline && !writable {
        found.push(Problem::new(
            "the cache of encoders cannot be written: none can be downloaded",
            "set HF_HUB_CACHE to a folder of yours",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(term: Option<&str>, size: (u16, u16), ascii: bool) -> Terminal {
        Terminal { is_terminal: true, size: Some(size), term: term.map(str::to_owned), colours: "no colour", ascii }
    }

    #[test]
    fn a_sound_machine_has_no_problem() {
        let memory = Memory { machine: Some(1 << 34), available: Some(1 << 33), limit: None };
        assert_eq!(of_home(Some(true), Some(1 << 40), 0), []);
        assert_eq!(of_home(Some(true), None, 0), []);
        assert_eq!(of_memory(&memory), []);
        assert_eq!(of_terminal(&terminal(Some("xterm"), LEAST_SIZE, false)), []);
        assert_eq!(of_gpus(0, Err("no driver".into())), []);
        assert_eq!(of_gpus(1, Ok(())), []);
        assert_eq!(of_hub(0, false, true), []);
    }

    #[test]
    fn every_fault_is_a_problem_of_its_own() {
        assert_eq!(of_home(Some(false), Some(1 << 20), 2).len(), 3);
        assert_eq!(of_home(None, Some(1 << 40), 0).len(), 1);
        let little = Memory { machine: Some(1 << 34), available: Some(1 << 20), limit: None };
        assert_eq!((of_memory(&little).len(), of_memory(&Memory { limit: Some(1 << 25), ..little }).len()), (1, 1));
        assert_eq!(of_terminal(&terminal(None, (59, 16), true)).len(), 3);
        let none = Terminal { is_terminal: false, ..terminal(None, (1, 1), true) };
        assert_eq!(of_terminal(&none), []);
        assert_eq!(of_gpus(2, Err("this build computes on the CPU alone".into())).len(), 1);
        assert_eq!(
            (of_hub(0, true, true).len(), of_hub(1, true, false).len(), of_hub(3, false, false).len()),
            (1, 0, 1)
        );
    }
}
