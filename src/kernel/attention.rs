//! Attention of one sequence's heads, from queries, keys and values wherever they lie.

use super::{Panels, multiply_here, softmax, threads};
use rayon::prelude::*;

/// Queries looked at together, and work (multiplications) below which threads are not worth waking.
const QUERIES: usize = 192;
const SMALLEST: usize = 1 << 20;

/// Rows of several heads: row `r` of head `h` begins at `h * head + r * row`.
#[derive(Debug, Clone, Copy)]
pub struct Heads<'a> {
    pub numbers: &'a [f32],
    pub head: usize,
    pub row: usize,
}

impl Heads<'_> {
    fn row(&self, head: usize, row: usize, width: usize) -> &[f32] {
        &self.numbers[head * self.head + row * self.row..][..width]
    }
}

/// What attends to what.
#[derive(Debug, Clone, Copy)]
pub struct Attended<'a> {
    pub heads: usize,
    /// Heads that share keys and values with the next, `heads / key heads`.
    pub shared: usize,
    pub head_width: usize,
    pub queries: usize,
    /// Keys and values, of which a causal query sees those before it and its own: the last query sees all.
    pub keys: usize,
    pub causal: bool,
    pub scale: f32,
    /// Added to the scores: `[queries, keys]` for all heads, or `[heads, queries, keys]`; may be minus infinity.
    pub added: Option<&'a [f32]>,
}

/// `softmax(scale·QKᵀ + added)·V` of every head, `[queries, heads * head width]`; on all threads of the current pool.
#[must_use]
pub fn attend(queries: Heads, keys: Heads, values: Heads, of: &Attended) -> Vec<f32> {
    let one = |head: usize| one_head(head, queries, keys, values, of);
    let work = of.heads * of.queries * of.keys * of.head_width;
    let parts: Vec<Vec<f32>> = if work >= SMALLEST && threads() > 1 {
        (0..of.heads).into_par_iter().map(one).collect()
    } else {
        (0..of.heads).map(one).collect()
    };
    let mut joined = Vec::with_capacity(of.queries * of.heads * of.head_width);
    for query in 0..of.queries {
        parts.iter().for_each(|part| joined.extend_from_slice(&part[query * of.head_width..][..of.head_width]));
    }
    joined
}

/// `[queries, head width]`.
fn one_head(head: usize, queries: Heads, keys: Heads, values: Heads, of: &Attended) -> Vec<f32> {
    let width = of.head_width;
    let key_head = head / of.shared;
    let turned = Panels::of_columns(|key| keys.row(key_head, key, width), of.keys, width);
    let weighted = Panels::of_rows(|key| values.row(key_head, key, width), width, of.keys);
    let before = of.keys - of.queries;
    let mut out = Vec::with_capacity(of.queries * width);
    for start in (0..of.queries).step_by(QUERIES) {
        let some = start..(start + QUERIES).min(of.queries);
        let mut scaled = Vec::with_capacity(some.len() * width);
        for query in some.clone() {
            scaled.extend(queries.row(head, query, width).iter().map(|value| value * of.scale));
        }
        let mut scores = multiply_here(&scaled, &turned);
        for (row, query) in scores.chunks_exact_mut(of.keys).zip(some) {
            if let Some(added) = of.added {
                let matrix = if added.len() > of.queries * of.keys { head * of.queries } else { 0 };
                let added = &added[(matrix + query) * of.keys..][..of.keys];
                row.iter_mut().zip(added).for_each(|(score, added)| *score += added);
            }
            softmax(row, if of.causal { before + query + 1 } else { of.keys });
        }
        out.extend(multiply_here(&scores, &weighted));
    }
    out
}
