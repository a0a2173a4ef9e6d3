//! Against the same in 64 bits, written as the textbook has it.

use super::{Activation, Attended, Heads, Panels, Precision, attend, finish, layer_norm, multiply};
use statrs::function::erf::erfc;

/// Numbers between -1 and 1, the same each time.
fn made(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

fn worst(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).abs()).fold(0.0, f64::max)
}

fn textbook(rows: &[f32], weights: &[f32], depth: usize) -> Vec<f64> {
    let dot = |row: &[f32], column: &[f32]| row.iter().zip(column).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    rows.chunks_exact(depth).flat_map(|row| weights.chunks_exact(depth).map(move |column| dot(row, column))).collect()
}

#[test]
fn products_are_those_of_the_textbook_for_any_shape_and_number_of_threads() {
    let shapes =
        [(0, 4, 2), (1, 1, 1), (1, 5, 3), (7, 300, 40), (13, 512, 64), (12, 193, 65), (400, 200, 33), (900, 64, 96)];
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for (rows, depth, columns) in shapes {
            let (given, weights) = (made(rows * depth, 1), made(columns * depth, 2));
            let expected = textbook(&given, &weights, depth);
            for (precision, bound) in [(Precision::Whole, 2e-5), (Precision::Coded, 8e-4)] {
                let panels = Panels::new(&weights, columns, depth, precision);
                let found = pool.install(|| multiply(&given, &panels));
                let off = worst(&found, &expected);
                assert!(off < bound, "{rows} {depth} {columns} {precision:?} on {threads}: {off}");
            }
        }
    }
}

/// A code is off by half a step at most, so a product by no more than that times the sum of the row's sizes.
#[test]
fn codes_are_within_half_a_step_of_their_column() {
    let (depth, columns) = (64, 40);
    let mut weights = made(columns * depth, 3);
    weights[5 * depth..6 * depth].fill(0.0);
    weights[6 * depth..7 * depth].fill(1e-42);
    weights[7 * depth] = 1000.0;
    let panels = Panels::new(&weights, columns, depth, Precision::Coded);
    for row in 0..depth {
        let mut unit = vec![0f32; depth];
        unit[row] = 1.0;
        for (column, found) in multiply(&unit, &panels).into_iter().enumerate() {
            let own = &weights[column * depth..][..depth];
            let largest = own.iter().fold(0f32, |most, weight| most.max(weight.abs()));
            let off = (found - own[row]).abs();
            assert!(off <= largest / 65_000.0 + 1e-41, "{column} {row}: {off} of {largest}");
        }
    }
}

#[test]
fn activations_are_within_rounding_of_their_definitions() {
    let given: Vec<f32> = (-2_000..=2_000).map(|at| at as f32 / 100.0).chain([-90.0, 90.0, -1e-6, 0.0]).collect();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let exact: [(Activation, &dyn Fn(f64) -> f64); 5] = [
        (Activation::Gelu, &|x| x * 0.5 * erfc(-x / std::f64::consts::SQRT_2)),
        (Activation::GeluTanh, &|x| {
            x * 0.5 * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
        }),
        (Activation::QuickGelu, &|x| x * sigmoid(1.702 * x)),
        (Activation::Relu, &|x| x.max(0.0)),
        (Activation::Silu, &|x| x * sigmoid(x)),
    ];
    for (activation, exact) in exact {
        let mut found = given.clone();
        finish(&mut found, None, Some(activation));
        for (x, found) in given.iter().zip(found) {
            let expected = exact(f64::from(*x));
            let off = (f64::from(found) - expected).abs();
            assert!(off <= 5e-6 * expected.abs() + 1e-9, "{activation:?} of {x}: {found}, not {expected}");
        }
    }
    let mut rows = vec![1.0, -2.0, 3.0, 4.0];
    finish(&mut rows, Some(&[0.5, 1.0]), Some(Activation::Relu));
    assert_eq!(rows, [1.5, 0.0, 3.5, 5.0]);
}

#[test]
fn norms_have_mean_and_variance_of_their_weights() {
    for width in [1, 7, 64, 100] {
        let (rows, weight, bias) = (made(3 * width, 4), made(width, 5), made(width, 6));
        let found = layer_norm(&rows, &weight, &bias, 1e-5);
        let expected: Vec<f64> = rows
            .chunks_exact(width)
            .flat_map(|row| {
                let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / width as f64;
                let variance = row.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / width as f64;
                let scale = (variance + 1e-5).sqrt().recip();
                let one = move |x: f32, w: f32, b: f32| (f64::from(x) - mean) * scale * f64::from(w) + f64::from(b);
                row.iter().zip(&weight).zip(&bias).map(move |((x, w), b)| one(*x, *w, *b)).collect::<Vec<_>>()
            })
            .collect();
        assert!(worst(&found, &expected) < 2e-6, "{width}");
    }
}

/// Softmax of scores times values, one head and query after the other.
fn attended(queries: Heads, keys: Heads, values: Heads, of: &Attended) -> Vec<f64> {
    let row = |of: Heads, head: usize, row: usize, width: usize| -> Vec<f64> {
        of.numbers[head * of.head + row * of.row..][..width].iter().map(|x| f64::from(*x)).collect()
    };
    let mut all = Vec::new();
    for query in 0..of.queries {
        for head in 0..of.heads {
            let q = row(queries, head, query, of.head_width);
            let seen = if of.causal { of.keys - of.queries + query + 1 } else { of.keys };
            let scores: Vec<f64> = (0..seen)
                .map(|key| {
                    let k = row(keys, head / of.shared, key, of.head_width);
                    let added = of.added.map_or(0.0, |added| {
                        let own = if added.len() > of.queries * of.keys { head } else { 0 };
                        f64::from(added[(own * of.queries + query) * of.keys + key])
                    });
                    q.iter().zip(&k).map(|(q, k)| q * k).sum::<f64>() * f64::from(of.scale) + added
                })
                .collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let shares: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
            let total: f64 = shares.iter().sum();
            for at in 0..of.head_width {
                let value = |key: usize| row(values, head / of.shared, key, of.head_width)[at];
                all.push(shares.iter().enumerate().map(|(key, share)| share / total * value(key)).sum());
            }
        }
    }
    all
}

#[test]
fn attention_is_that_of_the_textbook() {
    for (queries, keys, causal, shared, added) in [
        (1, 1, true, 1, false),
        (7, 7, true, 1, false),
        (2, 9, true, 2, false),
        (40, 40, false, 1, true),
        (300, 300, true, 2, false),
        (5, 5, false, 2, true),
    ] {
        let (heads, width) = (4, 20);
        let q = made(queries * heads * width, 7);
        let (k, v) = (made(keys * heads / shared * width, 8), made(keys * heads / shared * width, 9));
        let bias = made(heads * queries * keys, 10);
        // Queries side by side, keys and values one head behind the other.
        let q = Heads { numbers: &q, head: width, row: heads * width };
        let [k, v] = [&k, &v].map(|numbers| Heads { numbers, head: keys * width, row: width });
        let of = Attended {
            heads,
            shared,
            head_width: width,
            queries,
            keys,
            causal,
            scale: 0.7,
            added: added.then_some(bias.as_slice()),
        };
        let off = worst(&attend(q, k, v, &of), &attended(q, k, v, &of));
        assert!(off < 3e-6, "{queries} {keys} {causal} {shared}: {off}");
    }
}
