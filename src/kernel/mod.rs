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
