//! The loader that stands in for CUDA's libraries: it passes every argument on, and answers where there is no library.
#![allow(clippy::unwrap_used)]
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::path::Path;
use std::process::Command;

/// Arguments in registers, on the stack, and of any number; and a function that no library has.
const LIBRARY: &str = "
#include <stdarg.h>
long many(long a, long b, long c, long d, long e, long f, long g, long h, double x, double y, float z) {
  return a + 2*b + 3*c + 4*d + 5*e + 6*f + 7*g + 8*h + (long)(10*x) + (long)(100*y) + (long)(1000*z);
}
int any(int n, ...) {
  va_list rest; double sum = 0;
  va_start(rest, n);
  for (int i = 0; i < n; i++) sum += va_arg(rest, double);
  return (int)sum;
}
";
const PROGRAM: &str = "
#include <stdio.h>
long many(long, long, long, long, long, long, long, long, double, double, float);
int any(int, ...);
int none(void);
int main(void) {
  for (int again = 0; again < 2; again++)
    printf(\"%ld %d %d\\n\", many(1, 2, 3, 4, 5, 6, 7, 8, 1.5, 2.5, 3.5f), any(3, 1.5, 2.5, 3.0), none());
}
";

#[test]
fn a_call_reaches_the_library_whole_or_is_answered_with_an_error() {
    if Command::new("gcc").arg("--version").output().is_err() {
        println!("skipped: there is no gcc");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let gcc = |arguments: &[&str]| {
        let done = Command::new("gcc").args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    write("library.c", LIBRARY);
    write("program.c", PROGRAM);
    write("functions", "X(many)\nX(any)\nX(none)\n");
    let functions = format!("-DFUNCTIONS=\"{}\"", path("functions"));
    let loader = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cuda-loader.c");
    gcc(&["-shared", "-fPIC", "-o", &path("libreal.so.1"), &path("library.c")]);
    gcc(&[
        "-Wall",
        "-Werror",
        "-O1",
        "-fPIC",
        &functions,
        "-DLIBRARY=\"libreal.so.1\"",
        "-DMISSING=100",
        loader.to_str().unwrap(),
        &path("program.c"),
        "-o",
        &path("program"),
    ]);
    let said = |libraries: &str| {
        let done = Command::new(path("program")).env("LD_LIBRARY_PATH", libraries).output().unwrap();
        assert!(done.status.success());
        String::from_utf8(done.stdout).unwrap()
    };
    // 1 + 4 + 9 + … + 64 and 15 + 250 + 3500, by hand.
    assert_eq!(said(folder.path().to_str().unwrap()), "3969 7 100\n3969 7 100\n");
    assert_eq!(said("/nowhere"), "100 100 100\n100 100 100\n");
}
