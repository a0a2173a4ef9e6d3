//! A database that was closed is closed a moment later: its threads write by name until then.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

/// Waits until nobody has the home's database.
pub fn settled(home: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let free =
        || File::options().read(true).write(true).open(home.join("store/db")).is_ok_and(|file| file.try_lock().is_ok());
    while !free() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
}
