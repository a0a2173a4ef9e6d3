//! How busy the GPU is that heads are trained on, as `nvidia-smi` tells: asked by a thread of its own while a job runs.

use super::driver::{TOOL, ask};
use super::{ComputeDevice, Tracker};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Time between two questions.
const EVERY: Duration = Duration::from_secs(2);
/// What is asked, in the order of [`parse`].
const QUESTION: &str = "name,utilization.gpu,memory.used,memory.total";

/// What a GPU does now, for whomever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GpuLoad {
    /// Per cent of the time in which it computed, where that is told.
    pub busy: Option<u8>,
    /// Bytes of its memory in use.
    pub used: u64,
    /// Bytes of its memory.
    pub total: u64,
}

/// Tells a job's tracker how busy its GPU is for as long as the job runs; of a CPU nothing is told.
pub fn watch(tracker: &Arc<Tracker>, device: &ComputeDevice) {
    let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
    let Some((id, name)) = asked_for(&device.name, visible.as_deref()) else { return };
    let followed = Arc::downgrade(tracker);
    // Without the thread nothing is drawn; the job needs none of it.
    let _ =
        std::thread::Builder::new().name("gpu load".into()).spawn(move || follow(&followed, TOOL, &id, &name, EVERY));
}

/// Asks until the job is over or there is no answer.
fn follow(tracker: &Weak<Tracker>, tool: &str, id: &str, name: &str, every: Duration) {
    while let Some(load) = ask(tool, QUESTION, &[&format!("--id={id}")]).and_then(|answer| parse(&answer, name)) {
        let Some(tracker) = tracker.upgrade() else { return };
        tracker.gpu(load);
        drop(tracker);
        std::thread::sleep(every);
    }
}

/// What `nvidia-smi` knows the GPU by that CUDA calls `cuda:1 (NVIDIA T4)`, and its name: CUDA counts those it sees.
fn asked_for(device: &str, visible: Option<&str>) -> Option<(String, String)> {
    let (number, name) = device.strip_prefix("cuda:")?.split_once(" (")?;
    let number: usize = number.parse().ok()?;
    let id = match visible {
        Some(visible) => visible.split(',').nth(number)?.trim().to_owned(),
        None => number.to_string(),
    };
    Some((id, name.strip_suffix(')')?.to_owned()))
}

/// Reads an answer; one about another GPU is none: where they differ, CUDA may count in another order.
fn parse(answer: &str, name: &str) -> Option<GpuLoad> {
    let cells: Vec<&str> = answer.lines().next()?.split(',').map(str::trim).collect();
    let [told, busy, used, total] = cells[..] else { return None };
    let mebibytes = |cell: &str| cell.parse::<u64>().ok()?.checked_mul(1 << 20);
    let load = GpuLoad {
        busy: busy.parse().ok().filter(|share| *share <= 100),
        used: mebibytes(used)?,
        total: mebibytes(total)?,
    };
    (told == name).then_some(load)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Mutex;

    #[test]
    fn the_gpu_asked_for_is_the_one_that_cuda_counts() {
        let asked = |device: &str, visible| asked_for(device, visible).map(|(id, _)| id);
        assert_eq!(asked_for("cuda:1 (NVIDIA T4)", None), Some(("1".into(), "NVIDIA T4".into())));
        assert_eq!(asked("cuda:1 (NVIDIA T4)", Some("3, GPU-7f")), Some("GPU-7f".into()));
        assert_eq!(asked("cuda:1 (NVIDIA T4)", Some("3")), None);
        assert_eq!((asked("cpu (8 cores)", None), asked("cuda:0", None)), (None, None));
    }

    #[test]
    fn an_answer_is_read_and_one_about_another_gpu_is_none() {
        let load = parse("NVIDIA H200, 97, 1024, 143771\n", "NVIDIA H200").unwrap();
        assert_eq!((load.busy, load.used, load.total), (Some(97), 1 << 30, 143_771 << 20));
        assert_eq!(parse("NVIDIA H200, [N/A], 1, 2", "NVIDIA H200").unwrap().busy, None);
        for bad in ["", "no devices were found", "NVIDIA T4, 1, 1, 1", "NVIDIA H200, 1, [N/A], 2"] {
            assert_eq!(parse(bad, "NVIDIA H200"), None, "{bad}");
        }
    }

    #[test]
    fn a_job_is_told_what_the_tool_says_until_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("nvidia-smi");
        // It answers only what it is asked by this program, and counts how often.
        let script = "#!/bin/sh\necho \"$*\" >> \"$0.asked\"\n\
            [ \"$3\" = --id=1 ] && echo 'NVIDIA T4, 55, 2048, 15360'\n";
        std::fs::write(&tool, script).unwrap();
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        let seen: Arc<Mutex<Option<GpuLoad>>> = Arc::default();
        let sink = seen.clone();
        let tracker = Arc::new(Tracker::new(1, move |progress| *sink.lock().unwrap() = progress.gpu, |_| {}));
        let (followed, path) = (Arc::downgrade(&tracker), tool.to_str().unwrap().to_owned());
        let thread = std::thread::spawn(move || follow(&followed, &path, "1", "NVIDIA T4", Duration::from_millis(1)));
        while seen.lock().unwrap().is_none() {
            tracker.epoch(&[]);
            std::thread::sleep(Duration::from_millis(1));
        }
        let load = GpuLoad { busy: Some(55), used: 2 << 30, total: 15 << 30 };
        assert_eq!(*seen.lock().unwrap(), Some(load));
        drop(tracker);
        thread.join().unwrap();
        let asked = std::fs::read_to_string(folder.path().join("nvidia-smi.asked")).unwrap();
        let question = "--query-gpu=name,utilization.gpu,memory.used,memory.total --format=csv,noheader,nounits --id=1";
        assert_eq!(asked.lines().next(), Some(question));
        // An absent tool ends the thread at once.
        follow(&Weak::new(), "/nowhere/nvidia-smi", "0", "NVIDIA T4", EVERY);
    }
}
