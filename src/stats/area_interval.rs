//! Intervals of small areas that hold where τ² and the sampling variances are badly known.
//!
//! Prasad & Rao's mean squared error adds `2 g₃` because an unbiased τ² makes `g₁` too small by `g₃`. A τ² cut off at 0 does
//! the opposite: with few labels a group it lies too high on average, and the interval pays twice. Here the interval
//! comes from all τ² that the data allow instead of one.

use super::distribution::{beta_quantile, student_cdf, two_sided_student};
use super::fay_herriot::{Areas, dot, quadratic};
use super::interval::Interval;
use super::moments::count;
use super::undefined::{Stat, Undefined};

/// Equally likely values of τ².
const DRAWS: usize = 25;
/// Steps of false position, which needs about eight.
const STEPS: usize = 60;
/// Degrees of freedom beyond which variances are as good as known.
const KNOWN: f64 = 1e6;

/// What one τ² says of every area: Student's t around a centre.
struct Draw {
    centres: Vec<f64>,
    errors: Vec<f64>,
}

/// One interval an area, for the model of [`super::fay_herriot()`]; `variances` are known up to a common factor estimated with
/// `variance_df` degrees of freedom (infinite where they are known).
///
/// `Σ w r²` at the true τ² follows `(m − p)·F(m − p, df)`, so its quantiles give equally likely τ², 0 where even that fits
/// better (the Q-profile of Viechtbauer 2007). Given τ² an area's mean is Student's t with `m − p + df` degrees of freedom
/// around `γ·direct + (1 − γ)·xᵀβ̂`, variance `(g₁ + g₂)·(Σ w r² + df)/(m − p + df)`; the interval is that of their mixture.
///
/// # Errors
/// As [`super::fay_herriot()`]; `NotFinite` for a level outside (0, 1) or degrees of freedom that are not positive.
pub fn small_area_intervals(
    direct: &[f64],
    variances: &[f64],
    covariates: &[Vec<f64>],
    variance_df: f64,
    level: f64,
) -> Stat<Vec<Interval>> {
    let areas = Areas::new(direct, variances, covariates)?;
    if !(level > 0.0 && level < 1.0 && variance_df > 0.0) {
        return Err(Undefined::NotFinite);
    }
    let (free, df) = (areas.free(), variance_df.min(KNOWN));
    let draws: Vec<Draw> = (0..DRAWS)
        .map(|at| {
            let share = beta_quantile((count(at) + 0.5) / count(DRAWS), free / 2.0, df / 2.0);
            draw(&areas, df * share / (1.0 - share), df)
        })
        .collect::<Stat<_>>()?;
    let reach = two_sided_student(level, free + df);
    let of = |area: usize| {
        let end = |sign: f64| quantile(&draws, area, free + df, (f64::midpoint(1.0, sign * level), sign * reach));
        Interval { low: end(-1.0), high: end(1.0), level }
    };
    Ok((0..direct.len()).map(of).collect())
}

fn draw(areas: &Areas, misfit: f64, df: f64) -> Stat<Draw> {
    let tau_squared = areas.spread_of(misfit)?;
    let fit = areas.fit(tau_squared)?;
    let factor = (areas.misfit(tau_squared)? + df) / (areas.free() + df);
    let one = |area: usize| {
        let (x, noise) = (&areas.covariates[area], areas.variances[area]);
        let weight = tau_squared / (tau_squared + noise);
        let variance = weight * noise + (1.0 - weight).powi(2) * quadratic(&fit.inverse, x);
        (weight * areas.direct[area] + (1.0 - weight) * dot(x, &fit.beta), (variance * factor).sqrt())
    };
    let (centres, errors) = (0..areas.direct.len()).map(one).unzip();
    Ok(Draw { centres, errors })
}

/// The value that a share `p` of an area's mixture lies below; `deviate` is Student's of that share. It lies between those of
/// the draws, and false position (Illinois) finds it.
fn quantile(draws: &[Draw], area: usize, df: f64, (p, deviate): (f64, f64)) -> f64 {
    let ends = draws.iter().map(|draw| draw.centres[area] + deviate * draw.errors[area]);
    let (mut low, mut high) =
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), end| (low.min(end), high.max(end)));
    let over = |value: f64| {
        let below = draws.iter().map(|draw| student_cdf((value - draw.centres[area]) / draw.errors[area], df));
        below.sum::<f64>() / count(draws.len()) - p
    };
    let width = high - low;
    let (mut at_low, mut at_high) = (over(low), over(high));
    let mut last = 0;
    for _ in 0..STEPS {
        if at_low >= 0.0 || at_high <= 0.0 || high - low <= 1e-12 * width {
            break;
        }
        let middle = (low * at_high - high * at_low) / (at_high - at_low);
        let at = over(middle);
        if at.abs() < 1e-12 {
            return middle;
        }
        if at < 0.0 {
            (low, at_low) = (middle, at);
            at_high *= if last < 0 { 0.5 } else { 1.0 };
            last = -1;
        } else {
            (high, at_high) = (middle, at);
            at_low *= if last > 0 { 0.5 } else { 1.0 };
            last = 1;
        }
    }
    if at_low >= 0.0 {
        low
    } else if at_high <= 0.0 {
        high
    } else {
        f64::midpoint(low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One common mean, equal noise; directs far apart.
    fn apart(by: f64) -> (Vec<f64>, Vec<f64>, Vec<Vec<f64>>) {
        let direct = (0..30).map(|i| by * f64::from(i * 7 % 30) / 30.0).collect();
        (direct, vec![0.01; 30], vec![vec![1.0]; 30])
    }

    #[test]
    fn groups_far_apart_keep_the_interval_of_their_own_labels() {
        // γ is nearly 1 for every τ² the data allow: direct ± t·s.
        let (direct, noise, x) = apart(100.0);
        let found = small_area_intervals(&direct, &noise, &x, 200.0, 0.95).unwrap();
        let reach = 0.1 * two_sided_student(0.95, 229.0);
        for (interval, direct) in found.iter().zip(&direct) {
            assert!(
                (interval.low - (direct - reach)).abs() < 0.002 && (interval.high - (direct + reach)).abs() < 0.002
            );
        }
    }

    #[test]
    fn badly_known_variances_and_higher_levels_widen() {
        let (direct, noise, x) = apart(0.3);
        let width = |df, level| small_area_intervals(&direct, &noise, &x, df, level).unwrap()[3].width();
        assert!(width(5.0, 0.95) > width(f64::INFINITY, 0.95) && width(50.0, 0.99) > width(50.0, 0.9));
    }

    #[test]
    fn senseless_input_is_an_error_value() {
        let (direct, noise, x) = apart(1.0);
        assert_eq!(small_area_intervals(&direct, &noise, &x, 0.0, 0.95), Err(Undefined::NotFinite));
        assert_eq!(small_area_intervals(&direct, &noise, &x, 9.0, 1.0), Err(Undefined::NotFinite));
        assert_eq!(small_area_intervals(&direct, &noise[1..], &x, 9.0, 0.9), Err(Undefined::LengthMismatch));
    }
}
