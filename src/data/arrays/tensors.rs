//! safetensors: the tensor asked for, or the only matrix; ids as a JSON list in the metadata.

use super::{Array, two_sides};
use crate::data::shard::Footer;
use crate::numbers::{NumberArray, Precision};
use safetensors::tensor::Metadata;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Longest header, as the reference implementation has it.
const LONGEST_HEADER: u64 = 100_000_000;

/// Opens a matrix.
///
/// # Errors
/// What is wrong with the file.
pub fn open_tensors(path: &Path, name: &str) -> Result<Array, String> {
    let (header, _) = read_header(path)?;
    let metadata: Metadata =
        serde_json::from_slice(header.get(8..).unwrap_or_default()).map_err(|error| error.to_string())?;
    let tensors = metadata.tensors();
    let mut matrices: Vec<&String> =
        tensors.iter().filter(|(_, info)| info.shape.len() == 2).map(|(name, _)| name).collect();
    matrices.sort_unstable();
    let chosen = match (matrices.iter().find(|known| known.as_str() == name), matrices.as_slice()) {
        (Some(known), _) => known,
        (None, [only]) => only,
        _ => {
            let known: Vec<&str> = matrices.iter().map(|name| name.as_str()).collect();
            return Err(format!("no tensor is called '{name}'; its matrices are: {}", known.join(", ")));
        }
    };
    let info = tensors.get(*chosen).ok_or("its header is damaged")?;
    let precision = Precision::named(&format!("{:?}", info.dtype))
        .ok_or_else(|| format!("tensor '{chosen}' holds {:?}; taken are F16, BF16, F32 or F64", info.dtype))?;
    let start = (header.len() + info.data_offsets.0) as u64;
    let numbers = NumberArray::open(path, start, two_sides(&info.shape)?, precision);
    let made = metadata.metadata().as_ref().and_then(|words| Footer::read(&words.clone().into_iter().collect()));
    Ok(Array { made, ..Array::new(numbers.map_err(|error| error.to_string())?, ids(&metadata)?)? })
}

/// The length and the header of a file, which claims no more than there is; and the file behind them.
fn read_header(path: &Path) -> Result<(Vec<u8>, File), String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_err(|error| error.to_string())?.len();
    let mut bytes = vec![0; 8];
    file.read_exact(&mut bytes).map_err(|_| "too short for safetensors".to_owned())?;
    let claimed = bytes.first_chunk::<8>().map_or(u64::MAX, |bytes| u64::from_le_bytes(*bytes));
    // Before anything is read: a few bytes must not make the program take gigabytes.
    if claimed > LONGEST_HEADER || claimed > length.saturating_sub(8) {
        return Err(format!(
            "its header claims {claimed} bytes; the file has {length}, and at most {LONGEST_HEADER} are read"
        ));
    }
    (&mut file).take(claimed).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok((bytes, file))
}

/// All bytes of a file.
pub(super) fn whole(path: &Path) -> Result<Vec<u8>, String> {
    let (mut bytes, mut file) = read_header(path)?;
    file.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The JSON list of ids in the metadata.
pub(super) fn ids(metadata: &Metadata) -> Result<Option<Vec<String>>, String> {
    let ids = metadata.metadata().as_ref().and_then(|metadata| metadata.get("ids"));
    ids.map(|text| serde_json::from_str(text).map_err(|_| "its metadata 'ids' is no JSON list of strings".to_owned()))
        .transpose()
}
