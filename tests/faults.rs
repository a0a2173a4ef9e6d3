//! Every write of the home can fail: a shim in front of the C library lets one fail, or all from one on, and what was
//! finished before is there afterwards.
#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

mod common;

use common::{copy, program};
use std::fs;
use std::path::{Path, PathBuf};

/// Counts what changes files under `FAULT_HOME`; the call of number `FAULT_AT` fails with `FAULT_ERRNO`, and with
/// `FAULT_STAY` every later one. The count goes to `FAULT_COUNT`. With `FAULT_LOCKS` no file there can be locked.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

static int under(const char *path) {
    const char *home = getenv("FAULT_HOME");
    return home && path && !strncmp(path, home, strlen(home));
}
static int fails(void) {
    const char *at = getenv("FAULT_AT");
    long now = ++calls, first = at ? atol(at) : 0;
    if (!first || now < first || (now > first && !getenv("FAULT_STAY"))) return 0;
    errno = atoi(getenv("FAULT_ERRNO"));
    return 1;
}
static int fd_under(int fd) {
    char name[64], path[4096];
    int before = errno;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    errno = before;
    if (length < 0) return 0;
    path[length] = 0;
    return under(path);
}
static int fd_fails(int fd) { return fd_under(fd) && fails(); }
__attribute__((destructor)) static void told(void) {
    const char *out = getenv("FAULT_COUNT");
    FILE *file = out ? fopen(out, "w") : 0;
    if (file) { fprintf(file, "%ld", (long)calls); fclose(file); }
}
#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *b, size_t n) { REAL(ssize_t, write, int, const void *, size_t); return fd_fails(fd) ? -1 : real(fd, b, n); }
ssize_t writev(int fd, const struct iovec *v, int n) { REAL(ssize_t, writev, int, const struct iovec *, int); return fd_fails(fd) ? -1 : real(fd, v, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { REAL(ssize_t, pwrite, int, const void *, size_t, off_t); return fd_fails(fd) ? -1 : real(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t); return fd_fails(fd) ? -1 : real(fd, b, n, o); }
int ftruncate(int fd, off_t n) { REAL(int, ftruncate, int, off_t); return fd_fails(fd) ? -1 : real(fd, n); }
int ftruncate64(int fd, off64_t n) { REAL(int, ftruncate64, int, off64_t); return fd_fails(fd) ? -1 : real(fd, n); }
int fsync(int fd) { REAL(int, fsync, int); return fd_fails(fd) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(int, fdatasync, int); return fd_fails(fd) ? -1 : real(fd); }
int sync_file_range(int fd, off64_t o, off64_t n, unsigned int f) { REAL(int, sync_file_range, int, off64_t, off64_t, unsigned int); return fd_fails(fd) ? -1 : real(fd, o, n, f); }
int rename(const char *a, const char *b) { REAL(int, rename, const char *, const char *); return under(b) && fails() ? -1 : real(a, b); }
int mkdir(const char *p, mode_t m) { REAL(int, mkdir, const char *, mode_t); return under(p) && fails() ? -1 : real(p, m); }
int flock(int fd, int how) {
    REAL(int, flock, int, int);
    if (getenv("FAULT_LOCKS") && fd_under(fd)) { errno = ENOLCK; return -1; }
    return real(fd, how);
}
"#;

/// The shim, built with the system's compiler; `None`, said on stderr, where there is none.
fn shim(folder: &Path) -> Option<PathBuf> {
    let (source, library) = (folder.join("shim.c"), folder.join("shim.so"));
    fs::write(&source, SHIM).unwrap();
    let mut compiler = std::process::Command::new("cc");
    match compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl").output() {
        Ok(output) if output.status.success() => Some(library),
        Ok(output) => unreachable!("the shim does not build: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            eprintln!("skipped: no C compiler 'cc' ({error})");
            None
        }
    }
}

fn said(home: &Path, words: &[&str]) -> (Option<i32>, String) {
    let output = program(home, words).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Texts with losses, and a home that knows them and has a run.
fn world(place: &Path) -> PathBuf {
    let words = ["red", "blue", "green", "small", "large", "old"];
    let row = |at: usize| format!("{at},a {} {} thing {at},{}.{}\n", words[at % 6], words[at / 6 % 6], at % 3, at % 10);
    for (name, count) in [("rows.csv", 120), ("more.csv", 90)] {
        fs::write(place.join(name), format!("id,text,loss\n{}", (0..count).map(row).collect::<String>())).unwrap();
    }
    let home = place.join("home");
    let rows = place.join("rows.csv");
    assert_eq!(said(&home, &["ingest", "kept", "--manifest", rows.to_str().unwrap()]).0, Some(0));
    assert_eq!(said(&home, &TRAIN).0, Some(0));
    home
}

const TRAIN: [&str; 8] = ["train", "kept", "--architecture", "linear", "--epochs", "1", "--members", "2"];

#[test]
fn whatever_write_fails_what_was_finished_is_there_afterwards() {
    let place = tempfile::tempdir().unwrap();
    let Some(shim) = shim(place.path()) else { return };
    let home = world(place.path());
    let table = ["table", "kept", "validity", "--format", "csv", "--run"];
    let id = fs::read_dir(home.join("runs")).unwrap().next().unwrap().unwrap().file_name().into_string().unwrap();
    let before = said(&home, &[&table[..], &[&id]].concat());
    assert_eq!(before.0, Some(0));
    let more = place.path().join("more.csv");
    let ingest = ["ingest", "new", "--manifest", more.to_str().unwrap()];
    let train = [&TRAIN[..], &["--seed", "5"]].concat();
    let mut failed = 0;
    for words in [&ingest[..], &train[..]] {
        let work = place.path().join("work");
        let faulty = |at: usize, errno: &str, stay: bool| {
            let _ = fs::remove_dir_all(&work);
            copy(&home, &work);
            let mut command = program(&work, words);
            let count = place.path().join("count");
            command.env("LD_PRELOAD", &shim).env("FAULT_HOME", &work).env("FAULT_COUNT", &count);
            command.env("FAULT_AT", at.to_string()).env("FAULT_ERRNO", errno);
            if stay {
                command.env("FAULT_STAY", "1");
            }
            let output = command.output().unwrap();
            (output, fs::read_to_string(count).unwrap_or_default().parse::<usize>().unwrap_or(0))
        };
        let (output, calls) = faulty(0, "28", false);
        assert!(output.status.success() && calls > 10, "{calls} calls");
        let points = 14;
        for point in 0..points {
            // Every part of the command, and another place each time the test is changed.
            let at = 1 + point * (calls - 1) / (points - 1);
            // 28 is ENOSPC, which stays, 5 is EIO, once.
            let (errno, stay) = if point % 2 == 0 { ("28", true) } else { ("5", false) };
            let (output, _) = faulty(at, errno, stay);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            let round = format!("{} at call {at} of {calls}, errno {errno}: {told}", words[0]);
            assert!(!told.contains("panicked"), "{round}");
            failed += usize::from(!output.status.success());
            let code = output.status.code();
            assert!(matches!(code, Some(0..=2)), "{code:?} {round}");
            assert_eq!(said(&work, &[&table[..], &[&id]].concat()), before, "{round}");
            let verified = said(&work, &["cache", "verify"]);
            assert_eq!(verified.0, Some(0), "{round}{}", verified.1);
            if words[0] == "train" {
                assert_eq!(said(&work, words).0, Some(0), "with room made it ends: {round}");
            }
        }
    }
    assert!(failed >= 10, "only {failed} commands failed: the shim has lost its sense");
}

#[test]
fn a_file_system_without_locks_is_told() {
    let place = tempfile::tempdir().unwrap();
    let Some(shim) = shim(place.path()) else { return };
    let home = place.path().join("home");
    let run = |words: &[&str]| {
        let mut command = program(&home, words);
        command.env("LD_PRELOAD", &shim).env("FAULT_HOME", &home).env("FAULT_LOCKS", "1").output().unwrap()
    };
    let doctor = run(&["doctor"]);
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(told.contains("locks     the file system has none"), "{told}");
    let train = run(&["demo"]);
    let told = String::from_utf8_lossy(&train.stderr).into_owned();
    assert!(train.status.code() == Some(2) && told.contains("has no locks"), "{told}");
}
