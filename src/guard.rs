//! Foreign code that may panic, run so that a panic becomes a value and nobody's screen shows it.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Names of the threads that the database starts by itself.
const FOREIGN_THREADS: [&str; 2] = ["sled", "log flusher"];

/// Whether a panic of this thread is expected and is to be told as an error instead.
#[must_use]
pub fn is_guarded() -> bool {
    DEPTH.with(|depth| depth.get() > 0)
        || std::thread::current().name().is_some_and(|name| FOREIGN_THREADS.iter().any(|own| name.starts_with(own)))
}

/// Runs `work`; the words of its panic if it panics. What `work` was changing must not be used after that.
///
/// # Errors
/// The panic's words.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !is_guarded() {
                before(info);
            }
        }));
    });
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    DEPTH.with(|depth| depth.set(depth.get() - 1));
    result.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        text.unwrap_or_else(|| "it stopped without a word".into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_words() {
        assert_eq!(guarded(|| 7), Ok(7));
        assert_eq!(guarded(|| panic!("broken page")).unwrap_err(), "broken page");
        assert_eq!(guarded(|| guarded(|| panic!("inner {}", 1)).unwrap_err()), Ok("inner 1".into()));
        assert!(!is_guarded());
    }
}
