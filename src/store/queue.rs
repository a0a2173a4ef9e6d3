//! Runs that wait to be trained: one small file of the home, written whole, which the next start offers again.

use super::{Result, Store, StoreError, json_file, write_atomically};
use crate::audit::WaitingRun;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::PathBuf;

/// Name of the file in the home; without it nothing waits.
const FILE: &str = "queue.json";

#[derive(Serialize, Deserialize)]
struct Queue {
    jobs: Vec<WaitingRun>,
}

impl Store {
    fn queue_file(&self) -> PathBuf {
        self.home.join(FILE)
    }

    /// Runs that wait, of every audit, in the order of their turn.
    ///
    /// # Errors
    /// If the file cannot be read, or is not what was written.
    pub fn waiting(&self) -> Result<Vec<WaitingRun>> {
        let path = self.queue_file();
        let text = match crate::files::read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(StoreError::Io { path, source }),
        };
        let queue = json_file::value::<Queue>(text.as_bytes());
        queue.map(|queue| queue.jobs).ok_or_else(|| StoreError::Damaged {
            what: format!("the queue in {}", path.display()),
            problem: "it is not what was written; what waited there is lost, queue it again".into(),
        })
    }

    /// Keeps what waits of an audit in place of what waited of it; other audits' stay. A damaged file is replaced.
    ///
    /// # Errors
    /// If the disk refuses or another process holds the home.
    pub fn keep_waiting(&self, audit: &str, mut jobs: Vec<WaitingRun>) -> Result<()> {
        self.writes()?;
        let before = self.waiting().unwrap_or_default();
        jobs.extend(before.into_iter().filter(|job| job.audit != audit));
        let path = self.queue_file();
        if jobs.is_empty() {
            return match std::fs::remove_file(&path) {
                Err(source) if source.kind() != ErrorKind::NotFound => Err(StoreError::Io { path, source }),
                _ => Ok(()),
            };
        }
        write_atomically(&path, &json_file::text(&Queue { jobs }, "the queue")?)
    }
}
