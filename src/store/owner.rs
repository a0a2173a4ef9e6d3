//! Who holds the home: a small file that is locked while somebody does, and names them. Whoever touches the database
//! holds it, from before it is opened until it is closed: the database's own lock is free for a moment whenever it is
//! replaced.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

const FILE: &str = "owner";
/// Longest wait for who has the lock to say who they are: they do it at once, and take it back when they leave.
const NAMING: Duration = Duration::from_secs(2);

/// The lock, let go when this is dropped.
#[derive(Debug)]
pub struct Owner(File);

/// Why the home cannot be had.
pub enum Refused {
    /// Somebody else has it; words for them.
    Taken(String),
    /// The disk, the rights, or a file system without locks.
    Io(io::Error),
}

impl Owner {
    /// Takes the home and writes this process into the file. Waits for who is about to leave.
    pub fn claim(home: &Path) -> Result<Self, Refused> {
        let path = home.join(FILE);
        let deadline = Instant::now() + NAMING;
        let mut options = crate::files::private();
        let mut file = options.read(true).write(true).create(true).truncate(false).open(&path).map_err(Refused::Io)?;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(Refused::Io(error)),
                Err(TryLockError::WouldBlock) => match describe(home) {
                    Some(other) => return Err(Refused::Taken(other)),
                    None if Instant::now() > deadline => return Err(Refused::Taken("another process".into())),
                    None => std::thread::sleep(Duration::from_millis(5)),
                },
            }
        }
        let command = command_words(std::env::args().skip(1));
        let name = format!("{}\n{command}\n", std::process::id());
        file.set_len(0).and_then(|()| file.write_all(name.as_bytes())).map_err(Refused::Io)?;
        Ok(Self(file))
    }

    /// Whether nobody has the home now; it is not taken. What cannot be asked is not free.
    #[must_use]
    pub fn is_free(home: &Path) -> bool {
        // Opened as it is: a home that is removed is nobody's to make again.
        File::open(home.join(FILE)).is_ok_and(|file| file.try_lock().is_ok())
    }

    /// Takes the name back: the lock follows in a moment.
    pub fn leave(&self) {
        // A name that stays is a name of nobody once the lock is free.
        let _ = self.0.set_len(0);
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

/// Words for the process that the file names, if it names one.
fn describe(home: &Path) -> Option<String> {
    let text = std::fs::read_to_string(home.join(FILE)).ok()?;
    let (process, command) = text.strip_suffix('\n')?.split_once('\n')?;
    Some(format!("process {} (llm2loss {command})", process.parse::<u32>().ok()?))
}
