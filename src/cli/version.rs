//! `llm2loss --version`, and with `--verbose` what the program was built from, by and for.

use super::context::{Failure, print};
use serde::Serialize;

/// What is known of the build since it was built.
#[derive(Debug, Serialize)]
pub struct Build {
    /// Commit of the sources, where whoever built it said so: `.packaging/release.sh` does.
    pub commit: Option<&'static str>,
    /// The target's name, such as `x86_64-unknown-linux-musl`.
    pub target: &'static str,
    /// Features of the crate that are in it.
    pub features: Vec<&'static str>,
    /// The compiler, as it names itself.
    pub rustc: &'static str,
}

impl Build {
    pub fn this() -> Self {
        Self {
            commit: option_env!("LLM2LOSS_COMMIT").filter(|commit| !commit.is_empty()),
            target: env!("LLM2LOSS_TARGET"),
            features: if cfg!(feature = "cuda") { vec!["cuda"] } else { Vec::new() },
            rustc: env!("LLM2LOSS_RUSTC"),
        }
    }

    /// The features in words.
    pub fn feature_words(&self) -> String {
        if self.features.is_empty() { "none".into() } else { self.features.join(", ") }
    }
}

pub fn run(verbose: bool) -> Result<u8, Failure> {
    let mut text = format!("llm2loss {}\n", env!("CARGO_PKG_VERSION"));
    if verbose {
        let build = Build::this();
        let rows = [
            ("commit", build.commit.unwrap_or("not known").to_owned()),
            ("target", build.target.to_owned()),
            ("features", build.feature_words()),
            ("rustc", build.rustc.to_owned()),
        ];
        text.extend(rows.iter().map(|(name, value)| format!("{name:<9} {value}\n")));
    }
    print(&text)
}
