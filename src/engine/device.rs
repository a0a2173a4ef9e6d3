//! Where tensors are computed.

use candle_core::Device;

/// A device that heads can be trained on.
#[derive(Debug, Clone)]
pub struct ComputeDevice {
    pub name: String,
    pub device: Device,
}

/// The devices this build can use, best first.
#[must_use]
pub fn devices() -> Vec<ComputeDevice> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    vec![ComputeDevice { name: format!("cpu ({cores} cores)"), device: Device::Cpu }]
}
