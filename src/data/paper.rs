//! Table 5 of the paper as it is printed (Ardeshir 2023, arXiv 2305.03212).

use super::DataError;
use serde::{Deserialize, Serialize};

static TABLE5: &str = include_str!("builtin/paper-table5.csv");

/// One attribute of CelebA as the paper prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PaperRow {
    pub attribute: String,
    pub gt_true_auroc: f64,
    pub gt_false_auroc: f64,
    pub gt_rmm: f64,
    pub clip_rmm: f64,
    pub zero_shot_auroc: f64,
}

/// The 40 printed rows.
///
/// # Errors
/// If the file inside the program is damaged, which only a broken build can cause.
pub fn paper_table5() -> Result<Vec<PaperRow>, DataError> {
    let rows = csv::Reader::from_reader(TABLE5.as_bytes()).into_deserialize().collect::<Result<_, _>>();
    rows.map_err(|error| DataError::File { file: "paper-table5.csv".into(), problem: error.to_string() })
}
