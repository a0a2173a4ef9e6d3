//! Who holds the store: a small file that a second process reads to name the first.

use std::io::Write;
use std::path::{Path, PathBuf};

const FILE: &str = "owner";

/// Removes the owner file when the store is closed.
#[derive(Debug)]
pub struct Owner(PathBuf);

impl Owner {
    /// Writes this process into the owner file.
    pub fn claim(home: &Path) -> std::io::Result<Self> {
        let path = home.join(FILE);
        let command = command_words(std::env::args().skip(1));
        let mut file = crate::files::private().write(true).create(true).truncate(true).open(&path)?;
        file.write_all(format!("{}\n{command}\n", std::process::id()).as_bytes())?;
        Ok(Self(path))
    }
}

/// The command without its options and their values: "train adult".
fn command_words(arguments: impl Iterator<Item = String>) -> String {
    const WITH_VALUE: [&str; 7] = ["--home", "--audit", "--model", "--device", "--theme", "--color", "--run"];
    let mut words = Vec::new();
    let mut value_follows = false;
    for argument in arguments {
        if !std::mem::replace(&mut value_follows, WITH_VALUE.contains(&argument.as_str())) && !argument.starts_with('-')
        {
            words.push(argument);
        }
    }
    words.truncate(2);
    if words.is_empty() { "console".into() } else { words.join(" ") }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // The next owner overwrites it anyway.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Whether no process says to hold the store.
pub fn is_none(home: &Path) -> bool {
    !home.join(FILE).exists()
}

/// Words for the process that holds the store.
pub fn describe(home: &Path) -> String {
    let text = std::fs::read_to_string(home.join(FILE)).unwrap_or_default();
    let mut lines = text.lines();
    match (lines.next().and_then(|line| line.parse::<u32>().ok()), lines.next()) {
        (Some(process), Some(command)) => format!("process {process} (llm2loss {command})"),
        _ => "another process".into(),
    }
}
