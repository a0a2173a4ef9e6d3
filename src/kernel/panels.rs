//! Weights arranged once as the products read them: panels of 32 columns, one behind the other.

use bytemuck::Pod;

/// Columns of a panel: two AVX-512 vectors, four of AVX2.
pub const PANEL: usize = 32;
/// Columns whose codes share a word: column `j` and `j + HALF` of a panel.
pub const HALF: usize = PANEL / 2;
/// Steps of a code: 16 bits.
const STEPS: f32 = 65_536.0;
/// The code of zero.
const ZERO: u32 = 1 << 15;

/// One row of a panel in 16 bits a weight: word `j` holds column `j` below and column `j + HALF` above.
pub type Words = [u32; HALF];
/// One row of a panel in 32 bits a weight.
pub type Floats = [f32; PANEL];

/// A matrix `[depth, columns]` to multiply rows with.
#[derive(Debug, Clone)]
pub struct Panels {
    depth: usize,
    columns: usize,
    numbers: Numbers,
}

/// `[panels, depth]` rows of panels; columns beyond the last are zero.
#[derive(Debug, Clone)]
pub enum Numbers {
    Whole(Vec<Floats>),
    /// `code / 65,536 − ½`, to be scaled by what its column has, `[panels]`.
    Coded(Vec<Words>, Vec<Floats>),
}

/// How weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// As 32-bit floats.
    Whole,
    /// As 16-bit steps of each column's largest weight: half the memory to read, an error below 1/65,534 of that weight.
    Coded,
}

/// Weights from which on a model is kept in codes: more do not stay in a cache between two texts.
const LARGE: usize = 1 << 24;

impl Precision {
    /// Of a model's layers that hold `count` weights.
    #[must_use]
    pub fn of_weights(count: usize) -> Self {
        if count < LARGE { Self::Whole } else { Self::Coded }
    }
}

impl Panels {
    /// Arranges `weights` `[columns, depth]`, as checkpoints have them.
    #[must_use]
    pub fn new(weights: &[f32], columns: usize, depth: usize, precision: Precision) -> Self {
        debug_assert_eq!(weights.len(), columns * depth);
        if precision == Precision::Whole {
            return Self::of_columns(|column| &weights[column * depth..][..depth], columns, depth);
        }
        // What is no column has the code of zero.
        let mut words: Vec<Words> = vec![[ZERO | ZERO << 16; HALF]; columns.div_ceil(PANEL) * depth];
        let mut scales = vec![[1f32; PANEL]; columns.div_ceil(PANEL)];
        for column in 0..columns {
            let (panel, at) = (column / PANEL, column % PANEL);
            let weights = &weights[column * depth..][..depth];
            let scale = scale(weights);
            scales[panel][at] = scale;
            let (shift, kept) = if at < HALF { (0, 0xFFFF_0000) } else { (16, 0xFFFF) };
            for (row, weight) in words[panel * depth..].iter_mut().zip(weights) {
                let code = ((weight / scale + 0.5) * STEPS).round_ties_even() as u32;
                row[at % HALF] = (row[at % HALF] & kept) | code << shift;
            }
        }
        Self { depth, columns, numbers: Numbers::Coded(words, scales) }
    }

    /// Arranges `columns` columns of `depth` numbers each.
    #[must_use]
    pub fn of_columns<'a>(column: impl Fn(usize) -> &'a [f32], columns: usize, depth: usize) -> Self {
        let mut whole = vec![[0f32; PANEL]; columns.div_ceil(PANEL) * depth];
        for at in 0..columns {
            let rows = &mut whole[at / PANEL * depth..][..depth];
            rows.iter_mut().zip(column(at)).for_each(|(row, value)| row[at % PANEL] = *value);
        }
        Self { depth, columns, numbers: Numbers::Whole(whole) }
    }

    /// Arranges `depth` rows of `columns` numbers each.
    #[must_use]
    pub fn of_rows<'a>(row: impl Fn(usize) -> &'a [f32], columns: usize, depth: usize) -> Self {
        let mut whole = vec![[0f32; PANEL]; columns.div_ceil(PANEL) * depth];
        for at in 0..depth {
            for (panel, part) in row(at).chunks(PANEL).enumerate() {
                whole[panel * depth + at][..part.len()].copy_from_slice(part);
            }
        }
        Self { depth, columns, numbers: Numbers::Whole(whole) }
    }

    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.columns.div_ceil(PANEL)
    }

    pub(super) fn numbers(&self) -> &Numbers {
        &self.numbers
    }
}

/// Twice a column's largest weight, and a little more so that every code stays below the last.
fn scale(weights: &[f32]) -> f32 {
    let largest = weights.iter().fold(0f32, |most, weight| most.max(weight.abs()));
    // Below that a step could not be told from zero.
    if largest > f32::MIN_POSITIVE * STEPS { largest * 2.0 * (STEPS / (STEPS - 2.0)) } else { 1.0 }
}

/// Rows of panels as plain numbers.
pub(super) fn plain<A: Pod, B: Pod>(rows: &[A]) -> &[B] {
    bytemuck::cast_slice(rows)
}
