//! Sets up threads, parses arguments, picks a command, sets the exit code.

use std::process::ExitCode;

/// musl's own allocator has one lock for all threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    prepare_threads();
    llm2loss::cli::run()
}

/// Keeps each matrix product on one thread and gives our own loops a pool of all cores, or of those allowed.
///
/// candle splits every product over `RAYON_NUM_THREADS` threads; for products as small as these heads' that
/// costs several times what it saves (`docs/benchmarks.md`). The variable is the only way to say so.
fn prepare_threads() {
    let threads = llm2loss::engine::threads();
    #[allow(unsafe_code, reason = "setting a variable is the only way to reach candle's thread count")]
    // SAFETY: this is the first thing `main` does; no other thread exists that could read the environment.
    unsafe {
        std::env::set_var("RAYON_NUM_THREADS", "1");
    }
    // It only fails if a pool exists already, which then serves as well.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
}
