//! Logistic regression of one column without an intercept: how steeply a difference turns into a probability.

/// Newton steps; the loss is convex in one variable and settles within a dozen.
const STEPS: usize = 100;
/// Weight of the prior that keeps the slope finite where a difference always tells: one pair's worth.
const PRIOR: f64 = 1.0;
/// Farthest a step may go, as a factor: Newton alone overshoots on separable data.
const REACH: f64 = 2.0;

/// The logistic function.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Slope `s ≥ 0` of `P(outcome) = σ(s·x)`, by maximum likelihood under a normal prior of `s` with precision [`PRIOR`] in
/// units of the root mean square of `x`. 0 where `x` is nought throughout or tells the wrong way.
#[must_use]
pub fn logistic_slope(x: &[f64], outcomes: &[bool]) -> f64 {
    let scale = (x.iter().map(|x| x * x).sum::<f64>() / x.len().max(1) as f64).sqrt();
    if !scale.is_finite() || scale <= 0.0 {
        return 0.0;
    }
    let mut slope = 0.0_f64;
    for _ in 0..STEPS {
        let (mut gradient, mut curvature) = (-PRIOR * slope, PRIOR);
        for (x, outcome) in x.iter().zip(outcomes) {
            let z = x / scale;
            let p = sigmoid(slope * z);
            gradient += z * (f64::from(*outcome) - p);
            curvature += z * z * p * (1.0 - p);
        }
        let step = (gradient / curvature).clamp(-REACH, REACH);
        slope += step;
        if step.abs() < 1e-10 {
            break;
        }
    }
    slope.max(0.0) / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_gives_back_the_shares_it_was_fitted_to() {
        // At x = ±2, three in four go with the sign: σ(2s) = 3/4, s = ln(3)/2; many pairs outweigh the prior.
        let (mut x, mut outcomes) = (Vec::new(), Vec::new());
        for at in 0..40_000 {
            x.push(if at % 2 == 0 { 2.0 } else { -2.0 });
            outcomes.push((at % 2 == 0) == (at % 8 < 6));
        }
        assert!((logistic_slope(&x, &outcomes) - 3f64.ln() / 2.0).abs() < 1e-3);
    }

    #[test]
    fn what_tells_nothing_or_the_wrong_way_has_no_slope_and_certainty_stays_finite() {
        assert_eq!(logistic_slope(&[0.0, 0.0], &[true, false]), 0.0);
        assert_eq!(logistic_slope(&[1.0, -1.0], &[false, true]), 0.0);
        assert_eq!(logistic_slope(&[], &[]), 0.0);
        let sure = logistic_slope(&[1.0, -1.0, 2.0], &[true, false, true]);
        assert!(sure.is_finite() && sure > 0.1);
    }
}
