//! Weights in safetensors files, one or sharded, read tensor by tensor as 32-bit floats.
//!
//! Names and shapes are checked before anything is loaded: what is missing is said by name.

use super::files::{Files, read_json};
use candle_core::{DType, Device, Tensor};
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// Longest header that is read, as the format's reference implementation has it.
const LONGEST_HEADER: u64 = 100_000_000;
/// Most layers of an encoder: the deepest there are have some dozens.
pub(super) const MOST_LAYERS: usize = 1000;
/// How a file begins that Git LFS puts where large ones belong.
pub(super) const LFS: &[u8] = b"version https://git-lfs";
/// Most names an error lists.
const LISTED: usize = 3;

/// The tensors of a checkpoint and where they lie.
pub(super) struct Weights {
    files: Vec<PathBuf>,
    entries: BTreeMap<String, Entry>,
}

struct Entry {
    file: usize,
    offset: u64,
    bytes: usize,
    dtype: Dtype,
    shape: Vec<usize>,
}

/// A tensor that a model needs.
pub(super) struct Wanted {
    pub name: String,
    pub shape: Vec<usize>,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Weights {
    /// Reads the headers of `model.safetensors`, or of the shards its index names.
    pub(super) fn open(files: &Files) -> Result<Self, String> {
        Self::open_in(files, "")
    }

    /// The same in a folder of the encoder's, `folder/`.
    pub(super) fn open_in(files: &Files, folder: &str) -> Result<Self, String> {
        let paths = match files.find(&format!("{folder}{SINGLE}"))? {
            Some(path) => vec![path],
            None => match files.find(&format!("{folder}{INDEX}"))? {
                Some(index) => shards(files, folder, &index)?,
                None => return Err(no_weights(files, folder)?),
            },
        };
        let mut entries = BTreeMap::new();
        for (file, path) in paths.iter().enumerate() {
            read_header(path, file, &mut entries).map_err(|problem| format!("{}: {problem}", path.display()))?;
        }
        Ok(Self { files: paths, entries })
    }

    /// The files, in order.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Whether a tensor of this name is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Whether all tensors are there in the wanted shape and in a type that can be read.
    pub(super) fn check(&self, wanted: &[Wanted]) -> Result<(), String> {
        let missing: Vec<&str> =
            wanted.iter().filter(|one| !self.has(&one.name)).map(|one| one.name.as_str()).collect();
        if !missing.is_empty() {
            let rest = missing.len().saturating_sub(LISTED);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            let listed = missing[..missing.len().min(LISTED)].join(", ");
            return Err(format!("the weights lack {listed}{more}"));
        }
        for one in wanted {
            let entry = &self.entries[&one.name];
            if entry.shape != one.shape {
                return Err(format!(
                    "{} has shape {:?} in the weights and {:?} by config.json",
                    one.name, entry.shape, one.shape
                ));
            }
            if !matches!(entry.dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64) {
                return Err(format!("{} has type {:?}; f16, bf16, f32 and f64 can be read", one.name, entry.dtype));
            }
        }
        Ok(())
    }

    /// Loads tensors onto a device as 32-bit floats.
    pub(super) fn load(&self, wanted: &[Wanted], device: &Device) -> Result<HashMap<String, Tensor>, String> {
        let mut handles: HashMap<usize, File> = HashMap::new();
        let mut tensors = HashMap::with_capacity(wanted.len());
        for one in wanted {
            let entry = self.entries.get(&one.name).ok_or_else(|| format!("the weights lack {}", one.name))?;
            let path = &self.files[entry.file];
            let fault = |problem: String| format!("{}: {problem}", path.display());
            let file = match handles.entry(entry.file) {
                std::collections::hash_map::Entry::Occupied(slot) => slot.into_mut(),
                std::collections::hash_map::Entry::Vacant(slot) => {
                    slot.insert(File::open(path).map_err(|error| fault(error.to_string()))?)
                }
            };
            let mut bytes = vec![0u8; entry.bytes];
            file.seek(SeekFrom::Start(entry.offset)).map_err(|error| fault(error.to_string()))?;
            file.read_exact(&mut bytes).map_err(|error| fault(error.to_string()))?;
            let dtype = match entry.dtype {
                Dtype::F16 => DType::F16,
                Dtype::BF16 => DType::BF16,
                Dtype::F64 => DType::F64,
                _ => DType::F32,
            };
            let tensor = Tensor::from_raw_buffer(&bytes, dtype, &entry.shape, &Device::Cpu)
                .and_then(|tensor| tensor.to_dtype(DType::F32)?.to_device(device))
                .map_err(|error| fault(error.to_string()))?;
            tensors.insert(one.name.clone(), tensor);
        }
        Ok(tensors)
    }
}

/// A tensor's numbers, row-major.
pub(super) fn numbers_of(tensor: &Tensor) -> candle_core::Result<Vec<f32>> {
    tensor.to_device(&Device::Cpu)?.flatten_all()?.to_vec1()
}

/// The shards an index names, each a plain file name.
fn shards(files: &Files, folder: &str, index: &Path) -> Result<Vec<PathBuf>, String> {
    let names: BTreeSet<String> = read_json::<Index>(index)?.weight_map.into_values().collect();
    if names.is_empty() {
        return Err(format!("{}: it names no file of weights", index.display()));
    }
    names
        .iter()
        .map(|name| {
            if name.contains(['/', '\\']) || !name.ends_with(".safetensors") {
                return Err(format!("{}: {name:?} is no safetensors file beside it", index.display()));
            }
            files.require(&format!("{folder}{name}"))
        })
        .collect()
}

fn no_weights(files: &Files, folder: &str) -> Result<String, String> {
    let pickle = files.find(&format!("{folder}pytorch_model.bin"))?.is_some();
    let problem = if pickle {
        "has its weights as a pickle only, which can run code when read; save them as model.safetensors"
    } else {
        "has neither model.safetensors nor model.safetensors.index.json"
    };
    let at = if folder.is_empty() { String::new() } else { format!("{folder} of ") };
    Ok(format!("{at}{} {problem}", files.place()))
}

fn read_header(path: &Path, file: usize, entries: &mut BTreeMap<String, Entry>) -> Result<(), String> {
    let mut handle = File::open(path).map_err(|error| error.to_string())?;
    let length = handle.metadata().map_err(|error| error.to_string())?.len();
    let mut prefix = [0u8; 8];
    handle.read_exact(&mut prefix).map_err(|_| "it is too short for a safetensors file".to_owned())?;
    if LFS.starts_with(&prefix) {
        return Err(
            "it is a pointer that Git LFS left in place of the weights; run 'git lfs pull' where it was cloned".into(),
        );
    }
    let header = u64::from_le_bytes(prefix);
    if header > LONGEST_HEADER || header + 8 > length {
        return Err(format!("its header says {header} bytes; it is damaged or no safetensors file"));
    }
    let mut buffer = Vec::with_capacity(header as usize);
    handle.take(header).read_to_end(&mut buffer).map_err(|error| error.to_string())?;
    let metadata: Metadata = serde_json::from_slice(&buffer).map_err(|error| format!("its header: {error}"))?;
    for (name, info) in metadata.tensors() {
        let (start, end) = info.data_offsets;
        let offset = 8 + header + start as u64;
        if 8 + header + end as u64 > length {
            return Err(format!("it ends before {name} does: the file is truncated"));
        }
        let entry = Entry { file, offset, bytes: end - start, dtype: info.dtype, shape: info.shape.clone() };
        if entries.insert(name.clone(), entry).is_some() {
            return Err(format!("{name} is in two files"));
        }
    }
    Ok(())
}
