//! safetensors: the tensor asked for, or the only matrix; ids as a JSON list in the metadata.

use super::Matrix;
use super::npy::numbers;
use half::bf16;
use safetensors::{Dtype, SafeTensors};
use std::io::Read;
use std::path::Path;

/// Longest header, as the reference implementation has it.
const LONGEST_HEADER: u64 = 100_000_000;

/// Reads a matrix.
///
/// # Errors
/// What is wrong with the file.
pub fn read_tensors(path: &Path, name: &str) -> Result<Matrix, String> {
    let bytes = whole(path)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| error.to_string())?;
    let matrices: Vec<String> =
        tensors.iter().filter(|(_, view)| view.shape().len() == 2).map(|(name, _)| name.to_owned()).collect();
    let name = match matrices.iter().find(|known| *known == name).or_else(|| matrices.first()) {
        Some(known) if known == name || matrices.len() == 1 => known,
        _ => return Err(format!("no tensor is called '{name}'; its matrices are: {}", matrices.join(", "))),
    };
    let view = tensors.tensor(name).map_err(|error| error.to_string())?;
    let values = match view.dtype() {
        Dtype::F16 => numbers(view.data(), 2),
        Dtype::F32 => numbers(view.data(), 4),
        Dtype::F64 => numbers(view.data(), 8),
        Dtype::BF16 => {
            view.data().as_chunks::<2>().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f32()).collect()
        }
        other => return Err(format!("tensor '{name}' holds {other:?}; taken are F16, BF16, F32 or F64")),
    };
    Matrix::new(values, view.shape(), ids(&bytes)?)
}

/// All bytes of a file whose header claims no more than there is.
pub(super) fn whole(path: &Path) -> Result<Vec<u8>, String> {
    let mut file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let mut header = [0; 8];
    file.read_exact(&mut header).map_err(|_| "too short for safetensors".to_owned())?;
    let claimed = u64::from_le_bytes(header);
    // Before anything is read: a few bytes must not make the program take gigabytes.
    if claimed > LONGEST_HEADER || claimed > length.saturating_sub(8) {
        return Err(format!(
            "its header claims {claimed} bytes; the file has {length}, and at most {LONGEST_HEADER} are read"
        ));
    }
    let mut bytes = header.to_vec();
    file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The JSON list of ids in the metadata.
pub(super) fn ids(bytes: &[u8]) -> Result<Option<Vec<String>>, String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let ids = metadata.metadata().as_ref().and_then(|metadata| metadata.get("ids"));
    ids.map(|text| serde_json::from_str(text).map_err(|_| "its metadata 'ids' is no JSON list of strings".to_owned()))
        .transpose()
}
