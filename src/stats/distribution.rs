//! The few tail areas and quantiles used here: statrs behind guards, so that no argument can panic.

use statrs::distribution::{Beta, ContinuousCDF, Normal, StudentsT};

/// Above this statrs' incomplete beta loses digits (3e-10 at 2e5 degrees of freedom, measured against SciPy).
const EXACT_STUDENT_UP_TO: f64 = 10_000.0;

/// The standard normal distribution function.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// `P(|Z| ≥ |z|)` for a standard normal, at most 1.
pub(crate) fn normal_two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// The standard normal quantile; NaN outside [0, 1].
pub(crate) fn normal_quantile(p: f64) -> f64 {
    if (0.0..=1.0).contains(&p) { Normal::standard().inverse_cdf(p) } else { f64::NAN }
}

/// `z` with `P(|Z| < z) = level`; NaN when `level` is not in (0, 1).
pub(crate) fn two_sided_z(level: f64) -> f64 {
    if level > 0.0 && level < 1.0 { normal_quantile(f64::midpoint(1.0, level)) } else { f64::NAN }
}

/// Student's distribution function; NaN for senseless `df`.
pub(crate) fn student_cdf(t: f64, df: f64) -> f64 {
    if t.is_infinite() {
        return f64::from(t > 0.0);
    }
    if t.is_nan() {
        return f64::NAN;
    }
    if df > EXACT_STUDENT_UP_TO {
        return normal_cdf(student_deviate(t, df).copysign(t));
    }
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |student| student.cdf(t))
}

/// `P(|T| ≥ |t|)` for Student's t, at most 1; NaN for senseless `df`.
pub(crate) fn student_two_sided(t: f64, df: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    // The library's incomplete beta ends the program on what is no number.
    if t.is_nan() {
        return f64::NAN;
    }
    if df > EXACT_STUDENT_UP_TO {
        return normal_two_sided(student_deviate(t, df));
    }
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |student| (2.0 * student.sf(t.abs())).min(1.0))
}

/// The normal deviate with the tail area of `|t|` (Hill 1970, Algorithm 395); relative error O(df⁻⁴).
fn student_deviate(t: f64, df: f64) -> f64 {
    if df == f64::INFINITY {
        return t.abs();
    }
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let y = a * (t * t / df).ln_1p();
    let numerator = ((-0.4 * y - 3.3) * y - 24.0) * y - 85.5;
    ((numerator / (0.8 * y * y + 100.0 + b) + y + 3.0) / b + 1.0) * y.sqrt()
}

/// Student's deviate with the tail area of the normal deviate `z`: Cornish & Fisher's expansion to 1/df² (Abramowitz & Stegun
/// 26.7.5); `z` itself for infinite `df`.
pub(crate) fn student_deviate_of(z: f64, df: f64) -> f64 {
    z + (z.powi(3) + z) / (4.0 * df) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * df * df)
}

/// `t` with `P(|T| < t) = level` for Student's t; NaN for senseless arguments.
pub(crate) fn two_sided_student(level: f64, df: f64) -> f64 {
    if df > EXACT_STUDENT_UP_TO {
        return student_deviate_of(two_sided_z(level), df);
    }
    // P(|T| ≥ t) is the incomplete beta function of (df/2, 1/2) at df / (df + t²).
    let x = if level > 0.0 && level < 1.0 { beta_quantile(1.0 - level, df / 2.0, 0.5) } else { f64::NAN };
    (df * (1.0 / x - 1.0)).sqrt()
}

/// The quantile of Beta(a, b); NaN for senseless arguments.
pub(crate) fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    Beta::new(a, b).map_or(f64::NAN, |beta| beta.inverse_cdf(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_95_percent_quantile_is_the_textbook_one() {
        assert!((two_sided_z(0.95) - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn senseless_arguments_give_nan_not_a_panic() {
        assert!(normal_quantile(1.5).is_nan());
        assert!(two_sided_z(1.0).is_nan());
        assert!(student_cdf(1.0, -1.0).is_nan() && student_cdf(f64::NAN, 5.0).is_nan());
        assert!(student_two_sided(f64::NAN, 5.0).is_nan() && student_two_sided(1.0, f64::NAN).is_nan());
        assert!(beta_quantile(2.0, 1.0, 1.0).is_nan());
        assert!(beta_quantile(0.5, 0.0, 1.0).is_nan());
    }

    #[test]
    fn the_two_student_tails_meet_where_they_change_over() {
        for t in [0.0, 0.01, 0.7, 1.96, 5.0] {
            let below = student_two_sided(t, EXACT_STUDENT_UP_TO);
            let above = student_two_sided(t, EXACT_STUDENT_UP_TO * (1.0 + 1e-9));
            assert!((below - above).abs() < 1e-10, "{t}: {below} {above}");
        }
    }

    #[test]
    fn the_student_quantile_undoes_the_tail() {
        assert!((two_sided_student(0.9, 4.0) - 2.131_846_786_326_65).abs() < 1e-9, "the textbook's table");
        for df in [1.0, 7.0, 300.0] {
            assert!((student_two_sided(two_sided_student(0.95, df), df) - 0.05).abs() < 1e-9);
        }
        let (below, above) = (EXACT_STUDENT_UP_TO, EXACT_STUDENT_UP_TO * (1.0 + 1e-9));
        assert!((two_sided_student(0.95, below) - two_sided_student(0.95, above)).abs() < 1e-9);
        // scipy.stats.t.ppf(.975, 30) = 2.0422724563; the expansion is right to its third term.
        assert!((student_deviate_of(two_sided_z(0.95), 30.0) - 2.042_272_456_3).abs() < 2e-4);
        assert!(two_sided_student(1.0, 4.0).is_nan() && two_sided_student(0.9, 0.0).is_nan());
    }

    #[test]
    fn infinite_t_is_certain() {
        assert_eq!(student_two_sided(f64::INFINITY, 3.0), 0.0);
        assert_eq!(student_cdf(f64::NEG_INFINITY, 3.0), 0.0);
    }
}
