//! Products of rows with arranged weights, for one row to thousands.
//!
//! Few rows read every weight once from memory, which is all they wait for; many rows keep a block of weights and a
//! block of rows in the processor's caches.

use super::panels::{Floats, HALF, Numbers, PANEL, Panels, Words, plain};
use super::threads;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Depth of a block, and how far apart its rows lie: not a power of two, or they would share places of a cache.
const DEPTH: usize = 192;
const STRIDE: usize = DEPTH + 16;
/// Most rows of a tile: 24 sums in AVX-512's 32 registers, 12 in AVX2's 16.
const TILE: usize = 12;
const NARROW_TILE: usize = 6;
/// Most rows of a block.
const BLOCK: usize = 512;
/// Weights below which another thread is not worth waking.
const SMALLEST: usize = 1 << 16;

/// `rows` `[n, depth]` times `panels`, into `[n, columns]`; on all threads of the current pool.
#[must_use]
pub fn multiply(rows: &[f32], panels: &Panels) -> Vec<f32> {
    let (depth, columns) = (panels.depth(), panels.columns());
    let count = rows.len() / depth.max(1);
    let width = panels.count() * PANEL;
    let threads = threads();
    let mut out = vec![0f32; count * width];
    if threads == 1 || depth * width * count.min(TILE) < SMALLEST * 2 {
        multiply_into(rows, panels, 0..panels.count(), &mut out);
    } else if count >= BLOCK * threads {
        let share = count.div_ceil(threads);
        out.par_chunks_mut(share * width)
            .zip(rows.par_chunks(share * depth))
            .for_each(|(out, rows)| multiply_into(rows, panels, 0..panels.count(), out));
    } else {
        by_columns(rows, panels, threads, &mut out);
    }
    trimmed(out, width, columns)
}

/// The same on this thread alone.
pub(super) fn multiply_here(rows: &[f32], panels: &Panels) -> Vec<f32> {
    let width = panels.count() * PANEL;
    let mut out = vec![0f32; rows.len() / panels.depth() * width];
    multiply_into(rows, panels, 0..panels.count(), &mut out);
    trimmed(out, width, panels.columns())
}

/// Rows without what fills their last panel.
fn trimmed(mut rows: Vec<f32>, width: usize, columns: usize) -> Vec<f32> {
    if width != columns {
        let count = rows.len() / width;
        (1..count).for_each(|row| rows.copy_within(row * width..row * width + columns, row * columns));
        rows.truncate(count * columns);
    }
    rows
}

/// Each thread its own panels, then all side by side.
fn by_columns(rows: &[f32], panels: &Panels, threads: usize, out: &mut [f32]) {
    let count = rows.len() / panels.depth();
    let share = panels.count().div_ceil(threads);
    let starts: Vec<usize> = (0..panels.count()).step_by(share).collect();
    let parts: Vec<Vec<f32>> = starts
        .par_iter()
        .map(|&start| {
            let own = start..(start + share).min(panels.count());
            let mut part = vec![0f32; count * own.len() * PANEL];
            multiply_into(rows, panels, own, &mut part);
            part
        })
        .collect();
    for (row, out) in out.chunks_exact_mut(panels.count() * PANEL).enumerate() {
        let mut from = 0;
        for part in &parts {
            let width = part.len() / count;
            out[from..from + width].copy_from_slice(&part[row * width..(row + 1) * width]);
            from += width;
        }
    }
}

fn multiply_into(rows: &[f32], panels: &Panels, own: std::ops::Range<usize>, out: &mut [f32]) {
    Arch::new().dispatch(Multiply { rows, panels, own, out });
}

struct Multiply<'a> {
    rows: &'a [f32],
    panels: &'a Panels,
    own: std::ops::Range<usize>,
    /// `[n, own panels * PANEL]`, zero.
    out: &'a mut [f32],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (depth, width) = (self.panels.depth(), self.own.len() * PANEL);
        // Blocks of one size.
        let step = depth.div_ceil(depth.div_ceil(DEPTH));
        let most = if S::F32_LANES >= HALF { TILE } else { NARROW_TILE };
        // Blocks and tiles of nearly one size: a small one at the end would read all weights for a few rows.
        let count = self.rows.len() / depth;
        let count = count.div_ceil(count.div_ceil(BLOCK).max(1)).max(1);
        let mut block = vec![0f32; count * STRIDE];
        let coded = matches!(self.panels.numbers(), Numbers::Coded(..)) && count > most;
        let mut wide: Vec<Floats> = vec![[0.0; PANEL]; if coded { DEPTH } else { 0 }];
        for (rows, out) in self.rows.chunks(count * depth).zip(self.out.chunks_mut(count * width)) {
            let count = rows.len() / depth;
            let few = count <= most;
            let tile = count.div_ceil(count.div_ceil(most));
            for start in (0..depth).step_by(step) {
                let deep = step.min(depth - start);
                for (row, place) in rows.chunks_exact(depth).zip(block.chunks_exact_mut(STRIDE)) {
                    place[..deep].copy_from_slice(&row[start..start + deep]);
                }
                for (at, panel) in self.own.clone().enumerate() {
                    let from = panel * depth + start;
                    let place = Place { width, column: at * PANEL, tile };
                    match self.panels.numbers() {
                        Numbers::Whole(all) => tiles(simd, &block, &all[from..from + deep], place, out),
                        Numbers::Coded(all, _) if few => tiles(simd, &block, &all[from..from + deep], place, out),
                        Numbers::Coded(all, _) => {
                            widen(simd, &all[from..from + deep], &mut wide[..deep]);
                            tiles(simd, &block, &wide[..deep], place, out);
                        }
                    }
                }
            }
            if let Numbers::Coded(_, scales) = self.panels.numbers() {
                let scales: &[f32] = plain(&scales[self.own.clone()]);
                for row in out.chunks_exact_mut(width) {
                    row.iter_mut().zip(scales).for_each(|(value, scale)| *value *= scale);
                }
            }
        }
    }
}

/// Where a panel's sums go.
#[derive(Clone, Copy)]
struct Place {
    /// Numbers of a row of the output, and the panel's first.
    width: usize,
    column: usize,
    /// Rows of a whole tile.
    tile: usize,
}

/// A row of a panel as vectors.
trait PanelRow: Sized {
    /// `HALF / lanes` pairs: the `pair`-th vector of either half.
    fn pair<S: Simd>(&self, simd: S, pair: usize) -> (S::f32s, S::f32s);
}

impl PanelRow for Floats {
    #[inline(always)]
    fn pair<S: Simd>(&self, _simd: S, pair: usize) -> (S::f32s, S::f32s) {
        let vectors = S::as_simd_f32s(self).0;
        (vectors[pair], vectors[pair + HALF / S::F32_LANES])
    }
}

impl PanelRow for Words {
    #[inline(always)]
    fn pair<S: Simd>(&self, simd: S, pair: usize) -> (S::f32s, S::f32s) {
        decode(simd, S::as_simd_u32s(self).0[pair])
    }
}

/// Codes as numbers from −½ to ½: set below the bits of one they are a number from 1 to 2.
#[inline(always)]
fn decode<S: Simd>(simd: S, words: S::u32s) -> (S::f32s, S::f32s) {
    let (one, middle) = (simd.splat_u32s(0x3F80_0000), simd.splat_f32s(1.5));
    let below = simd.wrapping_dyn_shl_u32s(simd.and_u32s(words, simd.splat_u32s(0xFFFF)), simd.splat_u32s(7));
    let above = simd.and_u32s(simd.wrapping_dyn_shr_u32s(words, simd.splat_u32s(9)), simd.splat_u32s(0x7F_FF80));
    let number = |bits| simd.sub_f32s(simd.transmute_f32s_u32s(simd.or_u32s(bits, one)), middle);
    (number(below), number(above))
}

#[inline(always)]
fn widen<S: Simd>(simd: S, words: &[Words], wide: &mut [Floats]) {
    for (words, wide) in words.iter().zip(wide) {
        let wide = S::as_mut_simd_f32s(wide).0;
        for pair in 0..HALF / S::F32_LANES {
            (wide[pair], wide[pair + HALF / S::F32_LANES]) = words.pair(simd, pair);
        }
    }
}

/// Adds the products of a block's rows with a panel's rows to the output, tile by tile.
#[inline(always)]
fn tiles<S: Simd, R: PanelRow>(simd: S, block: &[f32], panel: &[R], place: Place, out: &mut [f32]) {
    for (rows, out) in block.chunks(place.tile * STRIDE).zip(out.chunks_mut(place.tile * place.width)) {
        for pair in 0..HALF / S::F32_LANES {
            match out.len() / place.width {
                1 => tile::<S, R, 1>(simd, rows, panel, place, pair, out),
                2 => tile::<S, R, 2>(simd, rows, panel, place, pair, out),
                3 => tile::<S, R, 3>(simd, rows, panel, place, pair, out),
                4 => tile::<S, R, 4>(simd, rows, panel, place, pair, out),
                5 => tile::<S, R, 5>(simd, rows, panel, place, pair, out),
                6 => tile::<S, R, 6>(simd, rows, panel, place, pair, out),
                7 => tile::<S, R, 7>(simd, rows, panel, place, pair, out),
                8 => tile::<S, R, 8>(simd, rows, panel, place, pair, out),
                9 => tile::<S, R, 9>(simd, rows, panel, place, pair, out),
                10 => tile::<S, R, 10>(simd, rows, panel, place, pair, out),
                11 => tile::<S, R, 11>(simd, rows, panel, place, pair, out),
                _ => tile::<S, R, 12>(simd, rows, panel, place, pair, out),
            }
        }
    }
}

#[inline(always)]
fn tile<S: Simd, R: PanelRow, const ROWS: usize>(
    simd: S,
    rows: &[f32],
    panel: &[R],
    place: Place,
    pair: usize,
    out: &mut [f32],
) {
    let rows = &rows[..(ROWS - 1) * STRIDE + DEPTH];
    let zero = simd.splat_f32s(0.0);
    let mut sums = [(zero, zero); ROWS];
    for (step, weights) in panel.iter().enumerate().take(DEPTH) {
        let (below, above) = weights.pair(simd, pair);
        for (row, sum) in sums.iter_mut().enumerate() {
            let value = simd.splat_f32s(rows[row * STRIDE + step]);
            *sum = (simd.mul_add_f32s(value, below, sum.0), simd.mul_add_f32s(value, above, sum.1));
        }
    }
    for (sum, out) in sums.into_iter().zip(out.chunks_exact_mut(place.width)) {
        let out = S::as_mut_simd_f32s(&mut out[place.column..place.column + PANEL]).0;
        let above = pair + HALF / S::F32_LANES;
        out[pair] = simd.add_f32s(out[pair], sum.0);
        out[above] = simd.add_f32s(out[above], sum.1);
    }
}
