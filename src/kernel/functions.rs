//! Activations, softmax and layer norm over rows.

use pulp::{Arch, Simd, WithSimd};

/// The activation of an MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x·Φ(x)`.
    Gelu,
    /// Its approximation by a hyperbolic tangent.
    GeluTanh,
    /// `x·σ(1.702 x)`.
    QuickGelu,
    Relu,
    /// `x·σ(x)`.
    Silu,
}

/// Adds a bias `[width]` to every row of `rows` `[n, width]` and activates it, in place.
pub fn finish(rows: &mut [f32], bias: Option<&[f32]>, activation: Option<Activation>) {
    if bias.is_some() || activation.is_some() {
        Arch::new().dispatch(Finish { rows, bias, activation });
    }
}

/// Softmax of the first `seen` numbers of a row, in place; the rest become zero.
pub(super) fn softmax(row: &mut [f32], seen: usize) {
    let (seen, rest) = row.split_at_mut(seen);
    rest.fill(0.0);
    Arch::new().dispatch(Softmax { row: seen });
}

/// Every row of `rows` `[n, width]` to mean zero and variance one, times `weight`, plus `bias`, `[width]` each.
#[must_use]
pub fn layer_norm(rows: &[f32], weight: &[f32], bias: &[f32], epsilon: f32) -> Vec<f32> {
    let mut normed = rows.to_vec();
    Arch::new().dispatch(LayerNorm { rows: &mut normed, weight, bias, epsilon });
    normed
}

struct Finish<'a> {
    rows: &'a mut [f32],
    bias: Option<&'a [f32]>,
    activation: Option<Activation>,
}

impl WithSimd for Finish<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if let Some(bias) = self.bias {
            for row in self.rows.chunks_exact_mut(bias.len()) {
                row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
                activate(simd, row, self.activation);
            }
        } else {
            activate(simd, self.rows, self.activation);
        }
    }
}

#[inline(always)]
fn activate<S: Simd>(simd: S, row: &mut [f32], activation: Option<Activation>) {
    match activation {
        None => {}
        Some(Activation::Gelu) => each(simd, row, Gelu),
        Some(Activation::GeluTanh) => each(simd, row, GeluTanh),
        Some(Activation::QuickGelu) => each(simd, row, Swish(1.702)),
        Some(Activation::Relu) => row.iter_mut().for_each(|value| *value = value.max(0.0)),
        Some(Activation::Silu) => each(simd, row, Swish(1.0)),
    }
}

/// A function of one number. No closure: one that is not inlined computes without the processor's vectors.
trait Image: Copy {
    fn of<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s;
}

/// Replaces every number by its image.
#[inline(always)]
fn each<S: Simd>(simd: S, row: &mut [f32], image: impl Image) {
    let (vectors, rest) = S::as_mut_simd_f32s(row);
    for vector in vectors {
        *vector = image.of(simd, *vector);
    }
    if !rest.is_empty() {
        let tail = image.of(simd, simd.partial_load_f32s(rest));
        simd.partial_store_f32s(rest, tail);
    }
}

/// `c[0] + x·(c[1] + x·(…))`.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::f32s, coefficients: [f32; N]) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[N - 1]);
    for at in (0..N - 1).rev() {
        sum = simd.mul_add_f32s(sum, x, simd.splat_f32s(coefficients[at]));
    }
    sum
}

/// `eˣ`: a power of two, put into the exponent, times a polynomial; zero below −87, `e⁸⁸` above 88.
#[inline(always)]
fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    // Added to a number below 2²², it leaves the nearest integer in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let (least, most) = (simd.splat_f32s(-87.0), simd.splat_f32s(88.0));
    let bounded = simd.min_f32s(simd.max_f32s(x, least), most);
    let shifted = simd.mul_add_f32s(bounded, simd.splat_f32s(std::f32::consts::LOG2_E), simd.splat_f32s(ROUND));
    let power = simd.sub_f32s(shifted, simd.splat_f32s(ROUND));
    // ln 2 in two parts, the first exact when multiplied.
    let rest = simd.mul_add_f32s(power, simd.splat_f32s(-0.693_359_4), bounded);
    let rest = simd.mul_add_f32s(power, simd.splat_f32s(2.121_944_4e-4), rest);
    // Least squares, reweighted to the least largest relative error (3e-9) for |rest| ≤ ½ ln 2.
    let above = polynomial(simd, rest, [0.499_999_94, 0.166_665_2, 0.041_668_393, 0.008_368_781, 0.001_381_446_5]);
    let value = simd.mul_add_f32s(simd.mul_f32s(rest, rest), above, simd.add_f32s(rest, simd.splat_f32s(1.0)));
    let exponent = simd.wrapping_dyn_shl_u32s(simd.transmute_u32s_f32s(shifted), simd.splat_u32s(23));
    let scaled = simd.transmute_f32s_u32s(simd.add_u32s(simd.transmute_u32s_f32s(value), exponent));
    simd.select_f32s(simd.less_than_f32s(x, least), simd.splat_f32s(0.0), scaled)
}

#[inline(always)]
fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    simd.div_f32s(one, simd.add_f32s(one, exp(simd, simd.neg_f32s(x))))
}

/// `x·σ(factor·x)`.
#[derive(Clone, Copy)]
struct Swish(f32);

impl Image for Swish {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        simd.mul_f32s(x, sigmoid(simd, simd.mul_f32s(x, simd.splat_f32s(self.0))))
    }
}

#[derive(Clone, Copy)]
struct GeluTanh;

impl Image for GeluTanh {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        // ½ (1 + tanh u) = σ(2u), with 2u = 2 √(2/π) x (1 + 0.044715 x²).
        let (cubic, linear) = (simd.splat_f32s(0.071_354_82), simd.splat_f32s(1.595_769));
        let inner = simd.mul_add_f32s(simd.mul_f32s(x, x), cubic, linear);
        simd.mul_f32s(x, sigmoid(simd, simd.mul_f32s(x, inner)))
    }
}

#[derive(Clone, Copy)]
struct Gelu;

impl Image for Gelu {
    /// `x·Φ(x)`, with `Φ(−z) = e^(−z²/2)·t·p(t)`, `t = 1/(1 + 0.3 z)` for `z ≥ 0`.
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        let (z, one) = (simd.abs_f32s(x), simd.splat_f32s(1.0));
        let t = simd.div_f32s(one, simd.mul_add_f32s(z, simd.splat_f32s(0.3), one));
        let density = exp(simd, simd.mul_f32s(simd.mul_f32s(z, z), simd.splat_f32s(-0.5)));
        let below = simd.mul_f32s(density, simd.mul_f32s(t, polynomial(simd, t, TAIL)));
        let negative = simd.less_than_f32s(x, simd.splat_f32s(0.0));
        simd.mul_f32s(x, simd.select_f32s(negative, below, simd.sub_f32s(one, below)))
    }
}

/// `p` of [`Gelu`]: least squares, reweighted to the least largest relative error (1.3e-7) for `z` from 0 to 13.5.
const TAIL: [f32; 8] = [
    0.119_626_39,
    0.120_798_38,
    0.099_637_36,
    0.129_467_78,
    -0.055_394_813,
    0.208_207_76,
    -0.158_276_72,
    0.035_931_926,
];

/// `e^(x − most)`.
#[derive(Clone, Copy)]
struct ExpBelow(f32);

impl Image for ExpBelow {
    #[inline(always)]
    fn of<S: Simd>(self, simd: S, x: S::f32s) -> S::f32s {
        exp(simd, simd.sub_f32s(x, simd.splat_f32s(self.0)))
    }
}

struct Softmax<'a> {
    row: &'a mut [f32],
}

impl WithSimd for Softmax<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (vectors, rest) = S::as_simd_f32s(self.row);
        let mut most = simd.splat_f32s(rest.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        for &vector in vectors {
            most = simd.max_f32s(most, vector);
        }
        let most = simd.reduce_max_f32s(most);
        each(simd, self.row, ExpBelow(most));
        let share = 1.0 / total(simd, self.row, false);
        self.row.iter_mut().for_each(|value| *value *= share);
    }
}

struct LayerNorm<'a> {
    rows: &'a mut [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    epsilon: f32,
}

impl WithSimd for LayerNorm<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.weight.len();
        for row in self.rows.chunks_exact_mut(width) {
            let mean = total(simd, row, false) / width as f32;
            row.iter_mut().for_each(|value| *value -= mean);
            let variance = total(simd, row, true) / width as f32;
            let scale = 1.0 / (variance + self.epsilon).sqrt();
            for ((value, weight), bias) in row.iter_mut().zip(self.weight).zip(self.bias) {
                *value = *value * scale * weight + bias;
            }
        }
    }
}

/// The sum of a row's numbers or of their squares.
#[inline(always)]
fn total<S: Simd>(simd: S, row: &[f32], squared: bool) -> f32 {
    let (vectors, rest) = S::as_simd_f32s(row);
    let one = simd.splat_f32s(1.0);
    let mut sums = [simd.splat_f32s(0.0); 4];
    for (at, &vector) in vectors.iter().enumerate() {
        sums[at % 4] = simd.mul_add_f32s(vector, if squared { vector } else { one }, sums[at % 4]);
    }
    let rest = simd.partial_load_f32s(rest);
    sums[0] = simd.mul_add_f32s(rest, if squared { rest } else { one }, sums[0]);
    simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3])))
}
