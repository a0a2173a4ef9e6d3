//! Damaged files for every parser and every reader of the home. A parent holds workers to time; a worker feeds itself
//! from a stream of random numbers, so that a case is known by target, seed and number.

mod answers;
mod evaluations;
mod mutate;
mod targets;
mod tars;

#[allow(dead_code)]
#[path = "../../checkpoint/mod.rs"]
mod checkpoint;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use targets::{BROKEN, TARGETS, Target};

/// Longest that one input may take, and after which a worker is ended.
const SLOW: Duration = Duration::from_secs(5);
const STUCK: Duration = Duration::from_secs(20);
/// Most memory of a worker, in kilobytes: what libraries take by themselves is in it.
const MOST_MEMORY: u64 = 1 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["list"] => TARGETS.iter().for_each(|target| println!("{}", target.name)),
        ["run", target, seconds, seed, findings] => {
            let (Some(target), Ok(seconds), Ok(seed)) = (named(target), seconds.parse(), seed.parse()) else {
                return usage();
            };
            return run(target, seconds, seed, Path::new(findings));
        }
        ["work", target, seed, first, until, progress] => {
            let (Some(target), Ok(seed), Ok(first), Ok(until)) =
                (named(target), seed.parse(), first.parse(), until.parse())
            else {
                return usage();
            };
            work(target, seed, first, until, Path::new(progress));
        }
        ["feed", target, path] => {
            let (Some(target), Ok(bytes)) = (named(target), std::fs::read(path)) else { return usage() };
            let ready = (target.open)();
            let start = Instant::now();
            (ready.feed)(&bytes);
            println!("{:.1} s, {} MB", start.elapsed().as_secs_f64(), memory() >> 10);
        }
        ["case", target, seed, number] => {
            let (Some(target), Ok(seed), Ok(number)) = (named(target), seed.parse(), number.parse()) else {
                return usage();
            };
            use std::io::Write;
            let ready = (target.open)();
            let _ = std::io::stdout().write_all(&input(target, &ready.seeds, seed, number));
        }
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("list | run TARGET SECONDS SEED FOLDER | case TARGET SEED NUMBER | feed TARGET FILE");
    ExitCode::from(2)
}

fn named(name: &str) -> Option<&'static Target> {
    TARGETS.iter().chain(BROKEN).find(|target| target.name == name)
}

/// The input of a number.
fn input(target: &Target, seeds: &[Vec<u8>], seed: u64, number: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    let mut bytes = mutate::damaged(seeds, &mut rng);
    if target.name == "png" && number % 2 == 0 {
        mutate::mend_png(&mut bytes);
    }
    if target.name == "shard.tar" && number % 2 == 0 {
        tars::mend(&mut bytes);
    }
    bytes
}

/// Feeds inputs from `first` on for as long as the parent lets it; notes the number before each, and what is wrong
/// on standard output.
fn work(target: &Target, seed: u64, first: u64, until: u64, progress: &Path) {
    std::panic::set_hook(Box::new(|_| {}));
    let ready = (target.open)();
    let began = Instant::now();
    let Ok(noted) = std::fs::File::create(progress) else { return };
    let mut most = memory();
    for number in first.. {
        if began.elapsed() > Duration::from_secs(until) {
            let _ = noted.write_all_at(format!("{number:<12} done").as_bytes(), 0);
            return;
        }
        let bytes = input(target, &ready.seeds, seed, number);
        let _ = noted.write_all_at(format!("{number:<12}").as_bytes(), 0);
        let start = Instant::now();
        if catch_unwind(AssertUnwindSafe(|| (ready.feed)(&bytes))).is_err() {
            println!("{number} panics");
        }
        if start.elapsed() > SLOW {
            println!("{number} takes {:.1} s", start.elapsed().as_secs_f64());
        }
        let now = memory();
        if now > MOST_MEMORY && now > most {
            println!("{number} takes {} MB", now >> 10);
            most = now;
        }
    }
}

/// Most memory of this process so far, in kilobytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Runs workers for a time; one that dies is followed by another.
fn run(target: &Target, seconds: u64, seed: u64, findings: &Path) -> ExitCode {
    let folder = match tempfile::tempdir() {
        Ok(folder) => folder,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let progress = folder.path().join("progress");
    let began = Instant::now();
    let (mut first, mut found) = (0u64, Vec::new());
    loop {
        let left = seconds.saturating_sub(began.elapsed().as_secs());
        let (said, died) = one_worker(target, seed, first, left, &progress, folder.path());
        found.extend(said);
        let noted = std::fs::read_to_string(&progress).unwrap_or_default();
        let number = noted.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(first);
        first = number;
        if let Some(how) = died {
            found.push(format!("{number} {how}"));
            first += 1;
        }
        if noted.ends_with("done") || began.elapsed() > Duration::from_secs(seconds) || found.len() > 20 {
            break;
        }
    }
    println!("{:<14} {first} inputs, {} findings", target.name, found.len());
    for line in &found {
        let place = keep(target, seed, line, findings);
        println!("  {} {line}: {}", target.name, place.display());
    }
    if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a worker said, and how it died if it did.
fn one_worker(
    target: &Target,
    seed: u64,
    first: u64,
    seconds: u64,
    progress: &Path,
    folder: &Path,
) -> (Vec<String>, Option<String>) {
    let said = folder.join("said");
    let (Ok(program), Ok(out)) = (std::env::current_exe(), std::fs::File::create(&said)) else {
        return (Vec::new(), Some("cannot be started".into()));
    };
    let child = Command::new(program)
        .args(["work", target.name, &seed.to_string(), &first.to_string(), &seconds.to_string()])
        .arg(progress)
        .env("TMPDIR", folder)
        .env("RAYON_NUM_THREADS", "1")
        .stdout(out)
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return (Vec::new(), Some("cannot be started".into())) };
    let (mut noted, mut since) = (String::new(), Instant::now());
    let died = loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => break None,
            Ok(Some(status)) => break Some(format!("ends the process ({status})")),
            Err(error) => break Some(error.to_string()),
            Ok(None) => {}
        }
        let now = std::fs::read_to_string(progress).unwrap_or_default();
        if now != noted {
            (noted, since) = (now, Instant::now());
        }
        if since.elapsed() > STUCK {
            let _ = child.kill();
            let _ = child.wait();
            break Some(format!("takes more than {} s", STUCK.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let said = std::fs::read_to_string(said).unwrap_or_default();
    (said.lines().map(String::from).collect(), died)
}

/// Keeps an input that was too much.
fn keep(target: &Target, seed: u64, line: &str, findings: &Path) -> PathBuf {
    let number = line.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    let path = findings.join(format!("{}-{seed}-{number}", target.name));
    let ready = (target.open)();
    let written = std::fs::create_dir_all(findings)
        .and_then(|()| std::fs::write(&path, input(target, &ready.seeds, seed, number)));
    if let Err(error) = written {
        eprintln!("{}: {error}", path.display());
    }
    path
}
