//! How many numbers a Parquet file may unpack to, held against what it says before any of them is read.

use crate::data::table::{file_name, open_parquet};
use parquet::file::reader::FileReader;
use std::path::Path;

/// Bytes of numbers that any file may unpack to, and how many times a larger one's own length.
const UNPACKED: u64 = 64 << 20;
const MOST_TIMES: u64 = 100;
/// Bytes of a number as it is kept.
const NUMBER: u64 = 4;

/// Refuses a file whose columns say to hold more numbers than its length lets one expect.
///
/// # Errors
/// Which column, how many it says, and how many are taken.
pub fn check_parquet(path: &Path) -> Result<(), String> {
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    let most = length.saturating_mul(MOST_TIMES).max(UNPACKED) / NUMBER;
    let reader = open_parquet(path, &file_name(path)).map_err(|error| error.to_string())?;
    let metadata = reader.metadata();
    for at in 0..metadata.file_metadata().schema_descr().num_columns() {
        let values = metadata.row_groups().iter().filter_map(|group| group.columns().get(at));
        let values = values.map(|column| u64::try_from(column.num_values()).unwrap_or(u64::MAX));
        let values = values.fold(0u64, u64::saturating_add);
        if values > most {
            let name = metadata.file_metadata().schema_descr().column(at).path().string();
            return Err(format!(
                "column '{name}' says to hold {values} values in a file of {length} bytes; at most {most} are taken"
            ));
        }
    }
    Ok(())
}
