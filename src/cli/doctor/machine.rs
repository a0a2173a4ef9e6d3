//! What the machine gives: memory, cores, space, and the C library this runs on.

use crate::engine::{kilobytes_of, threads};
use rustix::process::{Resource, getrlimit};
use serde::Serialize;
use std::path::Path;

/// Memory in bytes, where it is known.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Memory {
    /// Of the machine.
    pub machine: Option<u64>,
    /// Free, or to be had from caches.
    pub available: Option<u64>,
    /// Most this program takes; none where it has no limit.
    pub limit: Option<u64>,
}

impl Memory {
    pub fn find() -> Self {
        let figure = |key| kilobytes_of("/proc/meminfo", key);
        Self {
            machine: figure("MemTotal:"),
            available: figure("MemAvailable:"),
            limit: [Resource::Data, Resource::As].into_iter().filter_map(|kind| getrlimit(kind).current).min(),
        }
    }
}

/// Cores that this process may use, of those the machine has; and the threads that follow.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Cores {
    pub usable: usize,
    pub machine: Option<usize>,
    pub threads: usize,
}

impl Cores {
    pub fn find() -> Self {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let machine = text.lines().filter(|line| line.starts_with("processor")).count();
        Self {
            usable: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            machine: (machine > 0).then_some(machine),
            threads: threads(),
        }
    }
}

/// Bytes that a file system leaves to this user, asked at the nearest folder there is.
pub fn space_left(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|folder| folder.is_dir())?;
    let found = rustix::fs::statvfs(there).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// The version of glibc that runs this, which may be newer than the one it was built for; none where it is another
/// library or built in.
pub fn glibc() -> Option<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let path = maps.lines().filter_map(|line| line.split_whitespace().nth(5)).find(|path| is_libc(path))?;
    banner(&std::fs::read(path).ok()?)
}

/// `libc.so.6`, or `libc-2.31.so` as older systems name it.
fn is_libc(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name == "libc.so.6" || name.strip_prefix("libc-2.").is_some_and(|rest| rest.ends_with(".so"))
}

/// The version in `GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.`, which every copy holds.
fn banner(library: &[u8]) -> Option<String> {
    const BEFORE: &[u8] = b" release version ";
    let at = library.windows(BEFORE.len()).position(|window| window == BEFORE)? + BEFORE.len();
    let digits = library[at..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.');
    let version = String::from_utf8(digits.copied().collect()).ok()?;
    Some(version.trim_end_matches('.').to_owned()).filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_tells_its_version() {
        let text = b"\0GNU C Library (Ubuntu GLIBC 2.31-0) stable release version 2.31.\nCopyright\0";
        assert_eq!(banner(text).as_deref(), Some("2.31"));
        assert_eq!(banner(b"musl libc"), None);
        assert!(is_libc("/lib/x86_64-linux-gnu/libc-2.31.so") && is_libc("/usr/lib/libc.so.6"));
        assert!(!is_libc("/usr/lib/libcap.so.2") && !is_libc("[heap]"));
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn the_version_is_that_of_the_system() {
        // Independent of the banner: what the system's own tool says, "glibc 2.36".
        let said = std::process::Command::new("getconf").arg("GNU_LIBC_VERSION").output().unwrap();
        assert_eq!(format!("glibc {}", glibc().unwrap()), String::from_utf8_lossy(&said.stdout).trim());
    }

    #[test]
    fn space_is_that_of_the_folder_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let said = std::process::Command::new("df").args(["-k", "--output=avail"]).arg(folder.path()).output().unwrap();
        let there =
            String::from_utf8_lossy(&said.stdout).lines().last().unwrap().trim().parse::<f64>().unwrap() * 1024.0;
        let ours = space_left(&folder.path().join("not/there")).unwrap() as f64;
        // Others write too.
        assert!((ours - there).abs() < 0.05 * there, "{ours} against {there}");
    }
}
