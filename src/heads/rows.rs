//! Rows of embeddings, wherever they lie.

/// A row where it lies, in the precision it is kept in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LyingRow<'a> {
    F32(&'a [f32]),
    /// Bits of IEEE 754 half precision.
    F16(&'a [u16]),
    /// The upper halves of the bits of `f32`.
    Bf16(&'a [u16]),
}

/// Reads single rows that are not in memory as they are needed.
pub trait RowReader: Sync {
    /// Rows there are.
    fn count(&self) -> usize;

    /// Copies the row at a position into `out`, which has its length.
    fn read(&self, position: usize, out: &mut [f32]);

    /// The row at a position without a copy; `None` where it is missing or cannot be read in place.
    fn lying(&self, _position: usize) -> Option<LyingRow<'_>> {
        None
    }
}

/// Rows `[n, d]`: row-major in memory, or read one by one.
#[derive(Clone, Copy)]
pub enum Rows<'a> {
    Dense(&'a [f32]),
    Stored(&'a dyn RowReader),
}

impl<'a> From<&'a [f32]> for Rows<'a> {
    fn from(values: &'a [f32]) -> Self {
        Self::Dense(values)
    }
}

impl<'a> From<&'a Vec<f32>> for Rows<'a> {
    fn from(values: &'a Vec<f32>) -> Self {
        Self::Dense(values)
    }
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dense(values) => write!(f, "{} values", values.len()),
            Self::Stored(reader) => write!(f, "{} rows", reader.count()),
        }
    }
}

impl Rows<'_> {
    /// Values there are, for rows of `dimension` each.
    #[must_use]
    pub fn values(&self, dimension: usize) -> usize {
        match self {
            Self::Dense(values) => values.len(),
            Self::Stored(reader) => reader.count() * dimension,
        }
    }

    /// Copies the row at a position into `out`, which has its length.
    pub fn read(&self, position: usize, out: &mut [f32]) {
        match self {
            Self::Dense(values) => out.copy_from_slice(&values[position * out.len()..][..out.len()]),
            Self::Stored(reader) => reader.read(position, out),
        }
    }

    /// The rows at some positions, row-major.
    #[must_use]
    pub fn gather(&self, positions: &[usize], dimension: usize) -> Vec<f32> {
        let mut rows = vec![0.0; positions.len() * dimension];
        for (&position, out) in positions.iter().zip(rows.chunks_exact_mut(dimension.max(1))) {
            self.read(position, out);
        }
        rows
    }
}

/// Rows of a block: enough to fill a matrix product, little enough to stay in cache.
const BLOCK: usize = 4096;

/// Rows at some positions, `[n, d]`.
#[derive(Debug, Clone, Copy)]
pub struct Picked<'a> {
    pub rows: Rows<'a>,
    pub positions: &'a [usize],
    pub dimension: usize,
}

impl Picked<'_> {
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Copies one of them into `out`, which has its length.
    pub fn read(&self, at: usize, out: &mut [f32]) {
        self.rows.read(self.positions[at], out);
    }

    /// All of them in order, some at a time, row-major.
    pub fn blocks(&self) -> impl Iterator<Item = Vec<f32>> {
        self.positions.chunks(BLOCK).map(|positions| self.rows.gather(positions, self.dimension))
    }
}
