//! A letter box with one slot: a newer request replaces one that waits.

use std::sync::{Condvar, Mutex, PoisonError};

/// What waits, and whether the box is closed.
pub struct Slot<T> {
    waiting: Mutex<(Option<T>, bool)>,
    filled: Condvar,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { waiting: Mutex::new((None, false)), filled: Condvar::new() }
    }
}

impl<T> Slot<T> {
    pub fn put(&self, request: T) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).0 = Some(request);
        self.filled.notify_one();
    }

    /// Changes what waits, where newer requests do not replace all of it.
    pub fn change(&self, change: impl FnOnce(&mut T))
    where
        T: Default,
    {
        change(self.waiting.lock().unwrap_or_else(PoisonError::into_inner).0.get_or_insert_default());
        self.filled.notify_one();
    }

    /// Whether a request waits.
    pub fn is_filled(&self) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).0.is_some()
    }

    pub fn close(&self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.filled.notify_one();
    }

    /// Waits for a request; `None` once closed.
    pub fn take(&self) -> Option<T> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.1 {
                return None;
            }
            if let Some(request) = waiting.0.take() {
                return Some(request);
            }
            waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
