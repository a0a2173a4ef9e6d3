//! Room for pictures that are decoded at once: as many as there are processors would take as many times the memory of
//! the largest.

use std::sync::{Condvar, Mutex, PoisonError};

/// Pixels that all threads decode now.
static TAKEN: Mutex<u64> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

/// A part of the room, until it is dropped.
pub(super) struct Room(u64);

impl Room {
    /// Waits until there is room for so many pixels beside the others, of `most` in all, or nobody else has any.
    pub(super) fn take(pixels: u64, most: u64) -> Self {
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |taken: &mut u64| *taken > 0 && *taken + pixels > most;
        let mut taken = FREED.wait_while(taken, full).unwrap_or_else(PoisonError::into_inner);
        *taken += pixels;
        Self(pixels)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= self.0;
        FREED.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn large_pictures_wait_for_each_other_and_one_too_large_waits_for_all() {
        // More than all others together that this program decodes meanwhile.
        const MOST: u64 = 1 << 40;
        let (inside, highest) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8u64 {
                let (inside, highest) = (&inside, &highest);
                scope.spawn(move || {
                    for turn in 0..50 {
                        let share = [MOST / 2, MOST / 3, MOST / 4, MOST * 2][((thread + turn) % 4) as usize];
                        let _room = Room::take(share, MOST);
                        let alone = inside.fetch_add(share, Ordering::SeqCst) == 0;
                        highest.fetch_max(if alone { 0 } else { inside.load(Ordering::SeqCst) }, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(share, Ordering::SeqCst);
                    }
                });
            }
        });
        let highest = highest.into_inner();
        assert!(highest <= MOST, "{highest}");
    }
}
