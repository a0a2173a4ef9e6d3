//! Tells the program what it was built by and for, which `llm2loss --version --verbose` says.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.packaging/build.rs");
    let compiler = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let said = Command::new(compiler).arg("--version").output();
    let version = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned()).unwrap_or_default();
    println!("cargo::rustc-env=LLM2LOSS_RUSTC={version}");
    println!("cargo::rustc-env=LLM2LOSS_TARGET={}", env::var("TARGET").unwrap_or_default());
}
