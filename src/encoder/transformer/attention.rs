//! Attention of texts laid one behind the other.

use super::architecture::Look;
use super::{Norm, Source};
use crate::encoder::ops::{Attend, AttendJoined, Product, Span, attend_by_tensors};
use candle_core::{Device, Result, Tensor};
use candle_nn::rotary_emb;

/// Most scores held at once: rows of queries are taken in turn beyond that.
const MOST_SCORES: usize = 16 << 20;
/// Buckets of distances in MPNet's table, and the distance from which on all are in the last.
const FARTHEST: f64 = 128.0;

/// One layer's attention.
pub struct Attention {
    /// Queries, keys and values in one product.
    inward: Product,
    outward: Product,
    query_norm: Option<Norm>,
    key_norm: Option<Norm>,
    heads: usize,
    key_heads: usize,
    head_width: usize,
    look: Look,
    causal: bool,
    /// What a distance adds to a score, `[buckets, heads]`.
    table: Option<Tensor>,
}

impl Attention {
    pub fn new(source: &Source, index: usize, table: Option<Tensor>) -> Result<Self> {
        let (shape, names) = (source.shape, &source.shape.names);
        let named = |name: &str| names.of_layer(index, name);
        let inward: Vec<String> = names.inward.iter().map(|name| named(name)).collect();
        Ok(Self {
            inward: source.product(&inward, shape.attention_bias)?,
            outward: source.product(&[named(names.outward)], shape.attention_bias)?,
            query_norm: names.query_norm.map(|name| source.norm(&named(name))).transpose()?,
            key_norm: names.key_norm.map(|name| source.norm(&named(name))).transpose()?,
            heads: shape.heads,
            key_heads: shape.key_heads,
            head_width: shape.head_width,
            look: shape.looks[index],
            causal: shape.causal,
            table,
        })
    }

    /// `[all tokens, width]` to the same.
    pub fn forward(&self, states: &Tensor, spans: &[Span]) -> Result<Tensor> {
        let joined = self.inward.forward(states)?;
        if joined.device().is_cpu() && self.is_plain(spans) {
            let attend = AttendJoined { spans, heads: self.heads, causal: self.causal, scale: self.scale() };
            return self.outward.forward(&joined.apply_op1_no_bwd(&attend)?);
        }
        let mut start = 0;
        let mut parts = Vec::with_capacity(spans.len());
        for span in spans {
            let count = span.sequences * span.length;
            parts.push(self.attend(&joined.narrow(0, start, count)?, *span)?);
            start += count;
        }
        self.outward.forward(&Tensor::cat(&parts, 0)?)
    }

    /// `[tokens of a span, heads * head width]`.
    fn attend(&self, joined: &Tensor, span: Span) -> Result<Tensor> {
        let split = |first: usize, heads: usize| {
            joined
                .narrow(1, first * self.head_width, heads * self.head_width)?
                .reshape((span.sequences, span.length, heads, self.head_width))?
                .transpose(1, 2)?
                .contiguous()
        };
        let normed = |norm: Option<&Norm>, part: Tensor| norm.map_or(Ok(part.clone()), |norm| norm.forward(&part));
        let mut queries = normed(self.query_norm.as_ref(), split(0, self.heads)?)?;
        let mut keys = normed(self.key_norm.as_ref(), split(self.heads, self.key_heads)?)?;
        let values = split(self.heads + self.key_heads, self.key_heads)?;
        if let Some(theta) = self.look.rotary {
            let (cosines, sines) = rotation(span.length, self.head_width, theta, joined.device())?;
            queries = rotary_emb::rope(&queries, &cosines, &sines)?;
            keys = rotary_emb::rope(&keys, &cosines, &sines)?;
        }
        let rows = (MOST_SCORES / (span.sequences * self.heads * span.length)).clamp(1, span.length);
        let mut parts = Vec::with_capacity(span.length.div_ceil(rows));
        for start in (0..span.length).step_by(rows) {
            let count = rows.min(span.length - start);
            let some = queries.narrow(2, start, count)?.contiguous()?;
            let added = self.added(start, count, span.length, joined.device())?;
            let part = if joined.device().is_cpu() {
                let added = added.as_ref().map(|added| added.flatten_all()?.to_vec1::<f32>()).transpose()?;
                let attend = Attend { causal: false, scale: self.scale(), added: added.as_deref() };
                some.apply_op3_no_bwd(&keys, &values, &attend)?
            } else {
                let some = (some * f64::from(self.scale()))?;
                attend_by_tensors(&some, &self.spread(&keys)?, &self.spread(&values)?, added.as_ref())?
            };
            parts.push(part.reshape((span.sequences, count, ()))?);
        }
        Tensor::cat(&parts, 1)?.reshape((span.sequences * span.length, ()))
    }

    fn scale(&self) -> f32 {
        (self.head_width as f32).powf(-0.5)
    }

    /// Whether queries, keys and values are read as they come.
    fn is_plain(&self, spans: &[Span]) -> bool {
        let whole = |window: usize| spans.iter().all(|span| window + 1 >= span.length);
        let alike = self.key_heads == self.heads && self.query_norm.is_none() && self.key_norm.is_none();
        alike && self.look.rotary.is_none() && self.table.is_none() && self.look.window.is_none_or(whole)
    }

    /// One head of keys or values for each of the queries.
    fn spread(&self, part: &Tensor) -> Result<Tensor> {
        let times = self.heads / self.key_heads;
        if times == 1 {
            return Ok(part.clone());
        }
        let (sequences, heads, length, width) = part.dims4()?;
        let part = part.unsqueeze(2)?.broadcast_as((sequences, heads, times, length, width))?;
        part.contiguous()?.reshape((sequences, heads * times, length, width))
    }

    /// What is added to the scores of some rows of queries, `[rows, length]` or `[heads, rows, length]`.
    fn added(&self, start: usize, count: usize, length: usize, device: &Device) -> Result<Option<Tensor>> {
        let hidden = |row: usize, column: usize| {
            self.causal && column > row || self.look.window.is_some_and(|window| row.abs_diff(column) > window)
        };
        let rows = start..start + count;
        if let Some(table) = &self.table {
            let buckets = table.dim(0)?;
            let places: Vec<u32> =
                rows.flat_map(|row| (0..length).map(move |column| bucket(row, column, buckets))).collect();
            let added = table.index_select(&Tensor::new(places, device)?, 0)?;
            return added.t()?.contiguous()?.reshape((self.heads, count, length)).map(Some);
        }
        if !self.causal && self.look.window.is_none_or(|window| window + 1 >= length) {
            return Ok(None);
        }
        let values: Vec<f32> = rows
            .flat_map(|row| (0..length).map(move |column| (row, column)))
            .map(|(row, column)| if hidden(row, column) { f32::MIN } else { 0.0 })
            .collect();
        Tensor::from_vec(values, (count, length), device).map(Some)
    }
}

/// The bucket of a distance, as T5 and MPNet have it: half of them for what comes later, half of these exact.
fn bucket(row: usize, column: usize, buckets: usize) -> u32 {
    let half = buckets / 2;
    let (later, distance) = (if column > row { half } else { 0 }, row.abs_diff(column));
    let exact = half / 2;
    if distance < exact {
        return (later + distance) as u32;
    }
    // In 32 bits, as PyTorch computes it: some distances lie on an edge.
    let share = (distance as f32 / exact as f32).ln() / (FARTHEST / exact as f64).ln() as f32;
    let far = exact + (share * (half - exact) as f32) as usize;
    (later + far.min(half - 1)) as u32
}

/// Cosines and sines by which the positions of a text are turned, `[length, head width / 2]`.
fn rotation(length: usize, width: usize, theta: f64, device: &Device) -> Result<(Tensor, Tensor)> {
    let inverse: Vec<f32> =
        (0..width).step_by(2).map(|at| 1.0 / (theta as f32).powf(at as f32 / width as f32)).collect();
    let angles: Vec<f32> =
        (0..length).flat_map(|place| inverse.iter().map(move |inverse| place as f32 * inverse)).collect();
    let angles = Tensor::from_vec(angles, (length, inverse.len()), device)?;
    Ok((angles.cos()?, angles.sin()?))
}

#[cfg(test)]
mod tests {
    use super::bucket;

    /// transformers' `relative_position_bucket` of 32 buckets, by hand: exact below 8, then by the logarithm up to 128.
    #[test]
    fn distances_fall_into_mpnets_buckets() {
        let expected = [(0, 0), (1, 1), (7, 7), (8, 8), (11, 8), (12, 9), (16, 10), (65, 14), (128, 15), (500, 15)];
        for (distance, expected) in expected {
            assert_eq!(bucket(distance, 0, 32), expected, "{distance}");
            let later = if distance == 0 { 0 } else { expected + 16 };
            assert_eq!(bucket(0, distance, 32), later, "{distance}");
        }
    }
}
