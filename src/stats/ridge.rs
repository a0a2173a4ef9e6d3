//! Ridge regression through the origin with weights that are not negative, for a handful of columns.

/// Rounds of coordinate descent; a handful of columns settles long before.
const ROUNDS: usize = 500;
/// Change of a coefficient, in units of its column, below which nothing more is gained.
const SETTLED: f64 = 1e-10;

/// Coefficients `b ≥ 0` that make `Σ w (y − x·b)²/Σ w + λ Σ ((b_j − p_j) s_j)²` least, `p` being where they stay without data and `s_j` the weighted root mean square
/// of column `j`; no intercept. A column that is zero throughout gets 0. Coordinate descent (Friedman, Hastie & Tibshirani
/// 2010), which the constraint leaves exact.
///
/// `rows` is `[n][k]`, `prior` `[k]`; `y` and `weights` hold `n` values. Empty for no rows.
#[must_use]
pub fn nonnegative_ridge(rows: &[Vec<f64>], y: &[f64], weights: &[f64], prior: &[f64], penalty: f64) -> Vec<f64> {
    let Some(columns) = rows.first().map(Vec::len) else { return Vec::new() };
    let total: f64 = weights.iter().sum();
    let mean = |of: &dyn Fn(usize) -> f64| (0..rows.len()).map(|at| weights[at] * of(at)).sum::<f64>() / total;
    let scales: Vec<f64> = (0..columns).map(|j| mean(&|at| rows[at][j].powi(2)).sqrt()).collect();
    let scaled = |at: usize, j: usize| if scales[j] > 0.0 { rows[at][j] / scales[j] } else { 0.0 };
    let gram: Vec<Vec<f64>> = (0..columns)
        .map(|i| {
            (0..columns)
                .map(|j| mean(&|at| scaled(at, i) * scaled(at, j)) + if i == j { penalty } else { 0.0 })
                .collect()
        })
        .collect();
    let target: Vec<f64> =
        (0..columns).map(|j| mean(&|at| scaled(at, j) * y[at]) + penalty * prior[j] * scales[j]).collect();
    let mut found = vec![0.0; columns];
    for _ in 0..ROUNDS {
        let mut moved = 0.0_f64;
        for j in (0..columns).filter(|&j| scales[j] > 0.0 && gram[j][j] > 0.0) {
            let others: f64 = (0..columns).filter(|&i| i != j).map(|i| gram[j][i] * found[i]).sum();
            let next = ((target[j] - others) / gram[j][j]).max(0.0);
            moved = moved.max((next - found[j]).abs());
            found[j] = next;
        }
        if moved < SETTLED {
            break;
        }
    }
    found.iter().zip(&scales).map(|(b, scale)| if *scale > 0.0 { b / scale } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_penalty_an_exact_relation_is_found() {
        let rows = vec![vec![1.0, 0.0, 0.0], vec![0.0, 2.0, 0.0], vec![1.0, 1.0, 0.0]];
        let found = nonnegative_ridge(&rows, &[2.0, 6.0, 5.0], &[1.0, 2.0, 0.5], &[0.0; 3], 0.0);
        assert!((found[0] - 2.0).abs() < 1e-8 && (found[1] - 3.0).abs() < 1e-8);
        assert_eq!(found[2], 0.0, "a column of zeros says nothing");
    }

    #[test]
    fn a_column_that_would_count_against_itself_is_left_out() {
        let rows = vec![vec![1.0, 1.0], vec![2.0, 2.1], vec![3.0, 2.9]];
        // y falls with the second column once the first is known.
        let found = nonnegative_ridge(&rows, &[1.0, 1.9, 3.2], &[1.0; 3], &[0.0; 2], 0.0);
        assert_eq!(found[1], 0.0);
        assert!(found[0] > 0.9);
    }

    #[test]
    fn a_penalty_shrinks_by_what_it_says() {
        // One column of root mean square 1: b = (mean(xy) + λp) / (1 + λ).
        let rows = vec![vec![1.0], vec![-1.0]];
        let found = |prior: f64| nonnegative_ridge(&rows, &[3.0, -3.0], &[1.0; 2], &[prior], 0.5)[0];
        assert!((found(0.0) - 2.0).abs() < 1e-12 && (found(3.0) - 3.0).abs() < 1e-12);
        assert!(nonnegative_ridge(&[], &[], &[], &[], 0.5).is_empty());
    }
}
