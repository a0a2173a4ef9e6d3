//! Foreign code within bounds: its panic becomes a value that nobody's screen shows, and it is given no JSON that would
//! take all memory.

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

/// Most values of a JSON text that are held at once: each takes some 72 bytes, and may be written in two.
const MOST_VALUES: usize = 8 << 20;

/// Refuses JSON of more values than memory is for; those of each element alone where they are read one by one.
///
/// # Errors
/// How many are taken.
pub fn check_values(bytes: &[u8], one_by_one: bool) -> Result<(), String> {
    if bytes.len() < 2 * MOST_VALUES {
        return Ok(());
    }
    let (mut depth, mut values, mut inside, mut escaped) = (0usize, 0usize, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ if inside => {}
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values = if one_by_one && depth == 1 { 0 } else { values + 1 },
            _ => {}
        }
        if values > MOST_VALUES {
            return Err(format!("has more than {MOST_VALUES} values in one piece; no more are held at once"));
        }
    }
    Ok(())
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
    #[test]
    fn json_holds_no_more_values_than_memory_is_for() {
        let list = |count: usize| format!("[{}\"\\\\,\\\",\"]", "0,".repeat(count));
        assert_eq!(check_values(list(MOST_VALUES - 1).as_bytes(), false), Ok(()));
        let words = check_values(list(MOST_VALUES + 1).as_bytes(), false).unwrap_err();
        assert!(words.contains("more than 8388608 values"), "{words}");
        assert_eq!(check_values(list(MOST_VALUES + 1).as_bytes(), true), Ok(()));
        let nested = format!("[{0},{0}]", list(MOST_VALUES + 1));
        assert!(check_values(nested.as_bytes(), true).is_err());
    }
}
