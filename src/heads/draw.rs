//! Random draws of a training run: each purpose and epoch has a stream of its own.

use super::Result;
use crate::audit::HyperParameters;
use candle_core::{Device, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Purposes of random streams; with the epoch they name a stream.
#[derive(Clone, Copy)]
pub enum Draw {
    Initial = 1,
    Bootstrap = 2,
    Order = 3,
    Pairs = 4,
    Negatives = 5,
}

/// The random stream of a purpose; `index` is the epoch, the member or the track.
pub fn stream(seed: u64, draw: Draw, index: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((draw as u64) << 32) | index as u64);
    rng
}

/// How often each member's resample holds each row, `[n, M]`; ones without bootstrap.
pub fn bootstrap_weights(count: usize, hyper: &HyperParameters, device: &Device) -> Result<Tensor> {
    let mut weights = vec![if hyper.bootstrap { 0f32 } else { 1.0 }; count * hyper.members];
    if hyper.bootstrap {
        for member in 0..hyper.members {
            let mut rng = stream(hyper.seed, Draw::Bootstrap, member);
            for _ in 0..count {
                weights[rng.random_range(0..count) * hyper.members + member] += 1.0;
            }
        }
    }
    Ok(Tensor::from_vec(weights, (count, hyper.members), device)?)
}
