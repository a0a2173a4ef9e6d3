//! Work asked of a thread: its error, or its panic, as a sentence that ends neither the thread nor the program.

use super::EngineError;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the work found, or why there is nothing.
pub fn attempt<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(found) => found.map_err(|error| error.to_string()),
        Err(_) => Err("it stopped on an internal error; a crash file in the home folder says more".into()),
    }
}
