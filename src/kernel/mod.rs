//! What encoders compute, on plain slices with the processor's vectors: products with arranged weights, attention,
//! activations, norms. No tensors, no files.
//!
//! Sums are taken in another order than elsewhere; activations are off by less than 5e-6 of their value plus 1e-9.

mod attention;
mod functions;
mod panels;
mod product;
#[cfg(test)]
mod tests;

pub use attention::{Attended, Heads, attend};
pub use functions::{Activation, finish, layer_norm};
pub use panels::{Panels, Precision};
pub use product::multiply;

use functions::softmax;
use product::multiply_here;
use std::cell::Cell;

thread_local! {
    static ALONE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`, whose kernels stay on this thread: the others have work of their own.
pub fn alone<T>(work: impl FnOnce() -> T) -> T {
    let before = ALONE.replace(true);
    let done = work();
    ALONE.set(before);
    done
}

/// Threads that a kernel may use.
fn threads() -> usize {
    if ALONE.get() { 1 } else { rayon::current_num_threads() }
}
