//! Where tensors are computed: which device is asked for, which there is, and what is missing.

use super::EngineError;
use candle_core::Device;
use std::fmt;
use std::str::FromStr;

/// Which device a person asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The first CUDA device where this build and this machine have one, else the CPU.
    #[default]
    Auto,
    Cpu,
    /// The CUDA device of this number, counted from zero.
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
        match word {
            // An empty variable means the default, as it does for the other settings.
            "" | "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => word
                .strip_prefix("cuda:")
                .and_then(number)
                .map(Self::Cuda)
                .ok_or_else(|| "give auto, cpu, cuda or cuda:N".into()),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad("auto"),
            Self::Cpu => f.pad("cpu"),
            Self::Cuda(number) => f.pad(&format!("cuda:{number}")),
        }
    }
}

/// A device that heads can be trained on.
#[derive(Debug, Clone)]
pub struct ComputeDevice {
    /// As it stands in the record of a run: `cpu (8 cores)`, `cuda:0 (NVIDIA H200)`.
    pub name: String,
    pub device: Device,
    /// Bytes of its memory, where that is known.
    pub memory: Option<u64>,
}

/// Threads that encoding, training and tables may use: all cores, or as many as `LLM2LOSS_THREADS` allows.
#[must_use]
pub fn threads() -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    threads_allowed().ok().flatten().unwrap_or_else(cores)
}

/// What `LLM2LOSS_THREADS` says.
///
/// # Errors
/// If it is no number of threads.
pub fn threads_allowed() -> Result<Option<usize>, EngineError> {
    let text = std::env::var("LLM2LOSS_THREADS").unwrap_or_default();
    match text.trim() {
        "" => Ok(None),
        text => text.parse().ok().filter(|count| *count > 0).map(Some).ok_or_else(|| {
            EngineError::Usage(format!("LLM2LOSS_THREADS is '{text}'; give a number of threads, at least 1"))
        }),
    }
}

impl ComputeDevice {
    /// The processor this runs on.
    #[must_use]
    pub fn cpu() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let name = if cores == 1 { "cpu (1 core)".into() } else { format!("cpu ({cores} cores)") };
        Self { name, device: Device::Cpu, memory: machine_memory() }
    }

    /// The device asked for, and a sentence where `auto` passes over what a person may have counted on.
    ///
    /// # Errors
    /// If it is not to be had: one sentence that says what is missing.
    pub fn open(choice: DeviceChoice) -> Result<(Self, Option<String>), EngineError> {
        match choice {
            DeviceChoice::Cpu => Ok((Self::cpu(), None)),
            DeviceChoice::Cuda(number) => match cuda::open(number) {
                Ok(device) => Ok((device, None)),
                Err(missing) => Err(EngineError::Usage(format!("--device {choice} cannot be had: {missing}"))),
            },
            DeviceChoice::Auto => match cuda::open(0) {
                Ok(device) => Ok((device, None)),
                // A build for the CPU is no news to whoever has one.
                Err(_) if !cuda::BUILT => Ok((Self::cpu(), None)),
                Err(missing) => Ok((Self::cpu(), Some(format!("computing on the CPU: {missing}")))),
            },
        }
    }

    /// Bytes in use: of a CPU, this program's resident set; of a GPU, everything on it, by whomever.
    #[must_use]
    pub fn memory_in_use(&self) -> Option<u64> {
        if self.device.is_cpu() { kilobytes_of("/proc/self/status", "VmRSS:") } else { cuda::in_use(&self.device) }
    }
}

/// The devices this build can use here, best first.
#[must_use]
pub fn devices() -> Vec<ComputeDevice> {
    let count = cuda::count().unwrap_or(0);
    (0..count).filter_map(|number| cuda::open(number).ok()).chain([ComputeDevice::cpu()]).collect()
}

/// Whether CUDA can be used, in a sentence; `Err` says what is missing.
///
/// # Errors
/// What is missing.
pub fn cuda_words() -> Result<String, String> {
    match cuda::count()? {
        1 => Ok("one device answers".into()),
        count => Ok(format!("{count} devices answer")),
    }
}

/// Bytes of memory that the machine has.
pub(super) fn machine_memory() -> Option<u64> {
    kilobytes_of("/proc/meminfo", "MemTotal:")
}

/// A figure that the kernel gives in kB, in bytes.
#[must_use]
pub fn kilobytes_of(file: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(feature = "cuda")]
mod cuda {
    use super::ComputeDevice;
    use candle_core::Device;
    use candle_core::cuda_backend::cudarc::driver::CudaContext;

    pub const BUILT: bool = true;

    /// Devices that answer; never zero.
    pub fn count() -> Result<usize, String> {
        match CudaContext::device_count() {
            Ok(count) if count > 0 => Ok(usize::try_from(count).unwrap_or(1)),
            Ok(_) => Err(words("CUDA_ERROR_NO_DEVICE")),
            Err(error) => Err(words(&format!("{error:?}"))),
        }
    }

    pub fn open(number: usize) -> Result<ComputeDevice, String> {
        let count = count()?;
        if number >= count {
            return Err(match count {
                1 => "this machine has one CUDA device, cuda:0".to_owned(),
                _ => format!("this machine has {count} CUDA devices, cuda:0 to cuda:{}", count - 1),
            });
        }
        let fault = |error: &dyn std::fmt::Display| words(&error.to_string());
        let device = Device::new_cuda(number).map_err(|error| fault(&error))?;
        let context = device.as_cuda_device().map_err(|error| fault(&error))?.cuda_stream().context().clone();
        let name = context.name().map_or_else(|_| String::new(), |name| format!(" ({})", name.trim()));
        let memory = context.total_mem().ok().and_then(|bytes| u64::try_from(bytes).ok());
        Ok(ComputeDevice { name: format!("cuda:{number}{name}"), device, memory })
    }

    pub fn in_use(device: &Device) -> Option<u64> {
        let (free, total) = device.as_cuda_device().ok()?.cuda_stream().context().mem_get_info().ok()?;
        u64::try_from(total - free).ok()
    }

    /// What CUDA says, without its backtrace, and what to do about it.
    fn words(text: &str) -> String {
        let code = text.split(|character: char| {
            !character.is_ascii_uppercase() && character != '_' && !character.is_ascii_digit()
        });
        let code = code.into_iter().find(|word| word.starts_with("CUDA_ERROR_"));
        match code {
            Some("CUDA_ERROR_NO_DEVICE") => "no CUDA device answers (CUDA_ERROR_NO_DEVICE)".into(),
            Some("CUDA_ERROR_STUB_LIBRARY") => {
                "the library found first is a stand-in for the driver's (CUDA_ERROR_STUB_LIBRARY); take its folder out of LD_LIBRARY_PATH".into()
            }
            Some(
                code @ ("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"
                | "CUDA_ERROR_INSUFFICIENT_DRIVER"
                | "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"
                | "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE"),
            ) => format!("the driver is too old for the CUDA this was built with ({code}); update it"),
            Some(code @ ("CUDA_ERROR_NO_BINARY_FOR_GPU" | "CUDA_ERROR_INVALID_PTX")) => {
                format!("this build has no kernels for this GPU ({code}); build with its CUDA_COMPUTE_CAP, see docs/gpu.md")
            }
            Some(code) => format!("the device does not answer ({code})"),
            None => format!("the device does not answer ({})", text.lines().next().unwrap_or_default().trim()),
        }
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn an_error_of_cuda_is_one_sentence_without_a_backtrace() {
            let said =
                super::words("DriverError(CUDA_ERROR_NO_DEVICE, \"no CUDA-capable device\")\n   0: candle_core::x");
            assert_eq!(said, "no CUDA device answers (CUDA_ERROR_NO_DEVICE)");
            assert_eq!(super::words("odd\n  0: frame"), "the device does not answer (odd)");
        }
    }
}

#[cfg(not(feature = "cuda"))]
mod cuda {
    use super::ComputeDevice;
    use candle_core::Device;

    pub const BUILT: bool = false;
    const MISSING: &str =
        "this build computes on the CPU alone; docs/gpu.md says how to build one that uses NVIDIA GPUs";

    pub fn count() -> Result<usize, String> {
        Err(MISSING.into())
    }

    pub fn open(_number: usize) -> Result<ComputeDevice, String> {
        Err(MISSING.into())
    }

    pub fn in_use(_device: &Device) -> Option<u64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_and_written_alike() {
        for word in ["auto", "cpu", "cuda:0", "cuda:12"] {
            assert_eq!(word.parse::<DeviceChoice>().unwrap().to_string(), word);
        }
        assert_eq!("cuda".parse(), Ok(DeviceChoice::Cuda(0)));
        assert_eq!("".parse(), Ok(DeviceChoice::Auto));
        for word in ["gpu", "cuda:", "cuda:-1", "cuda:+1", "cuda:x", "CPU", "cuda:99999999999999999999"] {
            assert!(word.parse::<DeviceChoice>().is_err(), "{word}");
        }
    }

    #[test]
    fn the_processor_has_memory_and_this_program_uses_less() {
        let cpu = ComputeDevice::cpu();
        let (all, used) = (cpu.memory.unwrap(), cpu.memory_in_use().unwrap());
        assert!(used > 1 << 20 && used < all, "{used} of {all}");
    }
}
