//! One number an item, such as a loss, out of npy, npz or safetensors.

use super::npy::{Header, body, read_header, strings, unpacking};
use crate::data::table::check_plain;
use crate::guard::guarded;
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};
use std::io::Read;
use std::path::Path;

/// Numbers, and names for them if the file has any.
pub type Vector = (Vec<f64>, Option<Vec<String>>);

/// Whether a file of this ending holds arrays.
#[must_use]
pub fn is_array(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    ["npy", "npz", "safetensors"].contains(&ending.as_str())
}

/// Reads the array of one of these names, or the only one there is; of shape `[n]` or `[n, 1]`.
///
/// # Errors
/// What is wrong with the file.
pub fn read_vector(path: &Path, names: &[&str]) -> Result<Vector, String> {
    check_plain(path)?;
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    let read = || match ending.as_str() {
        "npy" => {
            let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
            Ok((vector(&mut std::io::BufReader::new(file))?, None))
        }
        "npz" => from_archive(path, names),
        _ => from_tensors(path, names),
    };
    guarded(read).unwrap_or_else(|problem| Err(format!("is damaged: {problem}")))
}

fn from_archive(path: &Path, names: &[&str]) -> Result<Vector, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file)).map_err(|error| error.to_string())?;
    let known: Vec<String> =
        archive.file_names().filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned())).collect();
    let others: Vec<String> = known.iter().filter(|name| *name != "ids").cloned().collect();
    let chosen = choose(&others, names)?;
    let entry = archive.by_name(&format!("{chosen}.npy")).map_err(|error| error.to_string())?;
    let values = vector(&mut unpacking(entry)?).map_err(|problem| format!("array '{chosen}': {problem}"))?;
    if !known.iter().any(|name| name == "ids") {
        return Ok((values, None));
    }
    let entry = archive.by_name("ids.npy").map_err(|error| error.to_string())?;
    let ids = strings(&mut unpacking(entry)?).map_err(|problem| format!("array 'ids': {problem}"))?;
    paired(values, Some(ids))
}

fn from_tensors(path: &Path, names: &[&str]) -> Result<Vector, String> {
    let bytes = super::tensors::whole(path)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| error.to_string())?;
    let known: Vec<String> = tensors.iter().map(|(name, _)| name.to_owned()).collect();
    let chosen = choose(&known, names)?;
    let view = tensors.tensor(&chosen).map_err(|error| error.to_string())?;
    check_shape(view.shape())?;
    let data = view.data();
    let values = match view.dtype() {
        Dtype::F16 => data.as_chunks::<2>().0.iter().map(|bytes| f16::from_le_bytes(*bytes).to_f64()).collect(),
        Dtype::F32 => data.as_chunks::<4>().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect(),
        Dtype::F64 => data.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        Dtype::BF16 => data.as_chunks::<2>().0.iter().map(|bytes| bf16::from_le_bytes(*bytes).to_f64()).collect(),
        other => return Err(format!("tensor '{chosen}' holds {other:?}; taken are F16, BF16, F32 or F64")),
    };
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(|error| error.to_string())?;
    paired(values, super::tensors::ids(&metadata)?)
}

fn choose(known: &[String], names: &[&str]) -> Result<String, String> {
    let named = names.iter().find(|name| known.iter().any(|known| known == *name)).map(|name| (*name).to_owned());
    match (named, known) {
        (Some(name), _) => Ok(name),
        (None, [only]) => Ok(only.clone()),
        _ => Err(format!("none of its arrays is called '{}'; it has: {}", names.join("' or '"), known.join(", "))),
    }
}

fn paired(values: Vec<f64>, ids: Option<Vec<String>>) -> Result<Vector, String> {
    match ids.as_ref().filter(|ids| ids.len() != values.len()) {
        Some(ids) => Err(format!("{} ids for {} numbers", ids.len(), values.len())),
        None => Ok((values, ids)),
    }
}

fn check_shape(shape: &[usize]) -> Result<(), String> {
    match shape {
        [n] | [n, 1] if *n > 0 => Ok(()),
        _ => Err(format!("the array has shape {shape:?}; one number an item is [items]")),
    }
}

/// Floats, whole numbers or truth values, as `f64`.
fn vector(reader: &mut impl Read) -> Result<Vec<f64>, String> {
    let header = read_header(reader)?;
    check_shape(&header.shape)?;
    let width = match header.kind.as_str() {
        "b1" | "i1" | "u1" => 1,
        "f2" | "i2" | "u2" => 2,
        "f4" | "i4" | "u4" => 4,
        "f8" | "i8" | "u8" => 8,
        other => return Err(format!("it holds '{other}'; taken are floats, whole numbers and truth values")),
    };
    let mut bytes = body(reader, &header, width)?;
    if header.big_endian {
        bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
    }
    Ok(bytes.chunks_exact(width).map(|cell| number(cell, &header)).collect())
}

/// One little-endian number.
fn number(cell: &[u8], header: &Header) -> f64 {
    let negative = header.kind.starts_with('i') && cell.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    wide[..cell.len()].copy_from_slice(cell);
    match header.kind.as_str() {
        "f2" => f16::from_le_bytes([wide[0], wide[1]]).to_f64(),
        "f4" => f64::from(f32::from_le_bytes([wide[0], wide[1], wide[2], wide[3]])),
        "f8" => f64::from_le_bytes(wide),
        "u8" => u64::from_le_bytes(wide) as f64,
        _ => i64::from_le_bytes(wide) as f64,
    }
}
