//! NumPy's files (format versions 1 to 3): f16, f32, f64, either byte order, C or Fortran order.

use super::{Array, MOST_VALUES, check_shape, spool};
use crate::data::table::most_unpacked;
use crate::numbers::{NumberArray, Precision};
use std::fs::File;
use std::io::{BufReader, Read, Seek, Write};
use std::path::Path;

/// Longest header of an array; a matrix's has about a hundred bytes.
const LONGEST_HEADER: usize = 1 << 20;
/// Bytes of rows that are turned at a time.
const TURNED: usize = 16 << 20;
/// Other names that a matrix goes by in an npz file, best first.
const NAMES: [&str; 3] = ["image_embeddings", "features", "arr_0"];

/// What an array's header says.
pub(super) struct Header {
    /// `f4`, `i8`, `U12`…, without the byte order.
    pub kind: String,
    pub big_endian: bool,
    fortran: bool,
    pub shape: Vec<usize>,
}

/// Opens the array of an npy file.
///
/// # Errors
/// What is wrong with it.
pub fn open_npy(path: &Path) -> Result<Array, String> {
    let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let header = read_header(&mut file)?;
    let start = file.stream_position().map_err(|error| error.to_string())?;
    let (precision, count) = (precision_of(&header)?, count_of(&header)?);
    let numbers = NumberArray::open(path, start, [count, 1], precision).map_err(|error| error.to_string())?;
    Array::new(arranged(numbers, &header)?, None)
}

/// Unpacks the array of this name, or the only one it can be, and `ids` of an npz file.
///
/// # Errors
/// What is wrong with it.
pub fn open_npz(path: &Path, name: &str) -> Result<Array, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|error| error.to_string())?;
    let names: Vec<String> =
        archive.file_names().filter_map(|name| Some(name.ok()?.strip_suffix(".npy")?.to_owned())).collect();
    let chosen =
        std::iter::once(name).chain(NAMES).find(|name| names.iter().any(|known| known == name)).map(String::from);
    let others: Vec<&String> = names.iter().filter(|name| *name != "ids").collect();
    let chosen = match (chosen, others.as_slice()) {
        (Some(name), _) => name,
        (None, [only]) => (*only).clone(),
        _ => return Err(format!("no array is called '{name}'; it has: {}", names.join(", "))),
    };
    let numbers = {
        let entry = archive.by_name(&format!("{chosen}.npy")).map_err(|error| error.to_string())?;
        unpacked(&mut unpacking(entry)?, path).map_err(|problem| format!("array '{chosen}': {problem}"))?
    };
    let ids = if names.iter().any(|name| name == "ids") {
        let entry = archive.by_name("ids.npy").map_err(|error| error.to_string())?;
        Some(strings(&mut unpacking(entry)?).map_err(|problem| format!("array 'ids': {problem}"))?)
    } else {
        None
    };
    Array::new(numbers, ids)
}

/// The array of an archive's entry, unpacked into a file without a name where it is large.
fn unpacked(entry: &mut impl Read, path: &Path) -> Result<NumberArray, String> {
    let header = read_header(entry)?;
    let (precision, count) = (precision_of(&header)?, count_of(&header)?);
    let wanted = (count * precision.bytes()) as u64;
    let mut spool = spool();
    let length = std::io::copy(&mut entry.take(wanted), &mut spool).map_err(|error| error.to_string())?;
    if length < wanted {
        return Err(format!("is cut off: {length} of {wanted} bytes"));
    }
    arranged(NumberArray::spooled(spool.into_inner(), path, [count, 1], precision), &header)
}

fn precision_of(header: &Header) -> Result<Precision, String> {
    match header.kind.as_str() {
        "f2" => Ok(Precision::F16),
        "f4" => Ok(Precision::F32),
        "f8" => Ok(Precision::F64),
        other => Err(format!("it holds '{other}'; embeddings are f2, f4 or f8")),
    }
}

/// Numbers there are, if their bytes can be counted.
fn count_of(header: &Header) -> Result<usize, String> {
    let count = header.shape.iter().try_fold(1usize, |count, side| count.checked_mul(*side));
    count.filter(|count| count.checked_mul(8).is_some()).ok_or_else(|| "it is too large".into())
}

/// Numbers in a row as the header says they lie; what lies column by column is turned.
fn arranged(numbers: NumberArray, header: &Header) -> Result<NumberArray, String> {
    let [rows, columns] = check_shape(&header.shape, count_of(header)?, None)?;
    let numbers = if header.fortran {
        turned(&numbers, [rows, columns]).map_err(|error| error.to_string())?
    } else {
        numbers.shaped([rows, columns])
    };
    Ok(numbers.in_big_endian(header.big_endian))
}

/// What lies column by column, row by row; some rows are in memory at a time.
fn turned(numbers: &NumberArray, [rows, columns]: [usize; 2]) -> std::io::Result<NumberArray> {
    let (width, mut spool) = (numbers.precision().bytes(), spool());
    let step = (TURNED / (columns * width).max(1)).max(1);
    let (mut block, mut piece) = (Vec::new(), Vec::new());
    for first in (0..rows).step_by(step) {
        let count = step.min(rows - first);
        block.resize(count * columns * width, 0);
        for column in 0..columns {
            numbers.read_bytes(column * rows + first, count, &mut piece)?;
            for (row, number) in piece.chunks_exact(width).enumerate() {
                block[(row * columns + column) * width..][..width].copy_from_slice(number);
            }
        }
        spool.write_all(&block)?;
    }
    Ok(NumberArray::spooled(spool.into_inner(), numbers.path(), [rows, columns], numbers.precision()))
}

/// An entry's bytes, no more than it says and than its packed length lets one expect.
pub(super) fn unpacking<R: Read>(entry: zip::read::ZipFile<'_, R>) -> Result<impl Read, String> {
    let (size, packed) = (entry.size(), entry.compressed_size());
    let most = most_unpacked(packed);
    if size > most {
        return Err(format!("has an array of {packed} bytes that unpack to {size}; at most {most} are taken"));
    }
    Ok(entry.take(size))
}

pub(super) fn read_header(reader: &mut impl Read) -> Result<Header, String> {
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(|_| "too short for an array".to_owned())?;
    if &start[..6] != b"\x93NUMPY" {
        return Err("is no NumPy array".into());
    }
    let length = if start[6] == 1 {
        let mut length = [0; 2];
        reader.read_exact(&mut length).map(|()| usize::from(u16::from_le_bytes(length)))
    } else {
        let mut length = [0; 4];
        reader.read_exact(&mut length).map(|()| u32::from_le_bytes(length) as usize)
    };
    let length = length.map_err(|_| "its header is cut off".to_owned())?;
    if length > LONGEST_HEADER {
        return Err(format!("its header claims {length} bytes; at most {LONGEST_HEADER} are read"));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).map_err(|_| "its header is cut off".to_owned())?;
    parse_header(&String::from_utf8_lossy(&text))
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
fn parse_header(text: &str) -> Result<Header, String> {
    let after = |key: &str| {
        let at = text.find(&format!("'{key}':")).ok_or_else(|| format!("its header lacks '{key}'"))?;
        Ok::<&str, String>(text[at + key.len() + 3..].trim_start())
    };
    let described = after("descr")?;
    let Some(described) = described.strip_prefix('\'').and_then(|rest| rest.split('\'').next()) else {
        return Err("it holds records; save a plain array of numbers".into());
    };
    let (order, kind) = described.split_at_checked(1).ok_or("its header names no kind of number")?;
    if kind.starts_with('O') {
        return Err(
            "it holds Python objects, which are pickle and never read; save numbers with astype('float32') and ids with astype('U')".into()
        );
    }
    let shape = after("shape")?;
    let shape = shape.strip_prefix('(').and_then(|rest| rest.split(')').next()).ok_or("its header has no shape")?;
    let sides = shape.split(',').map(str::trim).filter(|side| !side.is_empty());
    let shape =
        sides.map(str::parse).collect::<Result<Vec<usize>, _>>().map_err(|_| "its shape is no list of numbers")?;
    Ok(Header {
        kind: kind.to_owned(),
        big_endian: order == ">",
        fortran: after("fortran_order")?.starts_with("True"),
        shape,
    })
}

/// All bytes of an array; the reader may be a compressed one that claims less than it gives.
pub(super) fn body(reader: &mut impl Read, header: &Header, width: usize) -> Result<Vec<u8>, String> {
    let count = header.shape.iter().try_fold(1usize, |count, side| count.checked_mul(*side));
    let count = count.filter(|count| *count <= MOST_VALUES).ok_or("it is too large")?;
    let wanted = count.checked_mul(width).ok_or("it is too large")?;
    let mut bytes = Vec::new();
    reader.take(wanted as u64).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() < wanted {
        return Err(format!("is cut off: {} of {wanted} bytes", bytes.len()));
    }
    Ok(bytes)
}

/// Strings (`U`, `S`) or whole numbers as ids.
pub(super) fn strings(reader: &mut impl Read) -> Result<Vec<String>, String> {
    let header = read_header(reader)?;
    let fault = || format!("it holds '{}'; ids are strings or whole numbers", header.kind);
    let (kind, size) = header.kind.split_at_checked(1).ok_or_else(fault)?;
    let size: usize = size.parse().map_err(|_| fault())?;
    let width = if kind == "U" { size.checked_mul(4).ok_or_else(fault)? } else { size };
    if width == 0 {
        return Err("its strings are empty".into());
    }
    let bytes = body(reader, &header, width)?;
    let one = |cell: &[u8]| match kind {
        "U" => {
            let letters = cell.as_chunks::<4>().0.iter().map(|letter| {
                if header.big_endian { u32::from_be_bytes(*letter) } else { u32::from_le_bytes(*letter) }
            });
            let letters = letters.take_while(|letter| *letter != 0).map(char::from_u32);
            letters.collect::<Option<String>>().ok_or_else(|| "an id is not Unicode".to_owned())
        }
        "S" => {
            let end = cell.iter().position(|byte| *byte == 0).unwrap_or(cell.len());
            String::from_utf8(cell[..end].to_vec()).map_err(|_| "an id is not UTF-8".to_owned())
        }
        "i" | "u" => {
            let mut wide = [0; 16];
            let mut little = cell.to_vec();
            if header.big_endian {
                little.reverse();
            }
            if kind == "i" && little.last().is_some_and(|byte| byte & 0x80 != 0) {
                wide.fill(0xff);
            }
            wide[..little.len().min(16)].copy_from_slice(&little[..little.len().min(16)]);
            Ok(i128::from_le_bytes(wide).to_string())
        }
        _ => Err(fault()),
    };
    bytes.chunks_exact(width).map(one).collect()
}
