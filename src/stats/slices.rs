//! The error of a slice's estimate apart from the error of the slice's own mean.

use super::moments::mean;

/// Share of the mean squared residual that is the estimate's own at the least: no slice mean is known so badly that it
/// explains everything.
const LEAST_SHARE: f64 = 0.05;

/// Variance of the estimate's own error: `mean(r² − se²)`, at least 5 % of `mean(r²)`. `residuals` are measured mean −
/// estimate, `errors` the standard errors of the measured means, in the unit of the loss; 0 for no slices.
#[must_use]
pub fn between_variance(residuals: &[f64], errors: &[f64]) -> f64 {
    if residuals.is_empty() {
        return 0.0;
    }
    let squares: Vec<f64> = residuals.iter().map(|r| r * r).collect();
    let own: Vec<f64> = squares.iter().zip(errors).map(|(square, error)| square - error * error).collect();
    mean(&own).max(LEAST_SHARE * mean(&squares))
}

/// The same, but at least its standard error: where slices are few or hardly measured, they do not show how small the
/// estimate's own error is. `units` is how many independent things the residuals are of.
#[must_use]
pub fn careful_between_variance(residuals: &[f64], errors: &[f64], units: usize) -> f64 {
    let own: Vec<f64> = residuals.iter().zip(errors).map(|(r, error)| r * r - error * error).collect();
    let units = units.min(own.len());
    if units < 2 {
        return between_variance(residuals, errors);
    }
    let middle = mean(&own);
    let squares: Vec<f64> = own.iter().map(|own| (own - middle).powi(2)).collect();
    let standard_error = (mean(&squares) / (units - 1) as f64).sqrt();
    between_variance(residuals, errors).max(standard_error)
}

/// Split-conformal quantile (Vovk et al. 2005): the value that scores of new slices exceed at most `1 − level` of the
/// time. `units` is how many independent things the scores are of: slices that share attributes are worth the number of
/// attributes, and the correction `⌈(units + 1)·level⌉/units` is theirs. `None` where there are too few units for the
/// level, or no scores.
#[must_use]
pub fn conformal_quantile(scores: &[f64], units: usize, level: f64) -> Option<f64> {
    let units = units.min(scores.len());
    let share = ((units + 1) as f64 * level).ceil() / units as f64;
    if scores.is_empty() || units == 0 || share > 1.0 {
        return None;
    }
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the number of scores")]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len()) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_the_truth_is_taken_off_but_not_all_of_it() {
        assert!((between_variance(&[2.0, -2.0], &[1.0, 1.0]) - 3.0).abs() < 1e-12);
        assert!((between_variance(&[1.0, -1.0], &[9.0, 9.0]) - 0.05).abs() < 1e-12);
        assert_eq!(between_variance(&[], &[]), 0.0);
    }

    #[test]
    fn few_slices_do_not_show_that_an_estimate_is_right() {
        // By hand: r² − se² is 3, 0, −1, 2: mean 1, squared distances 4, 1, 4, 1: mean 2.5, over three √(5/6).
        let (residuals, errors) = ([2.0, 1.0, 0.0, 3f64.sqrt()], [1.0; 4]);
        assert!((careful_between_variance(&residuals, &errors, 9) - 1.0).abs() < 1e-12);
        assert!((careful_between_variance(&residuals, &errors, 2) - 2.5f64.sqrt()).abs() < 1e-12);
        assert_eq!(careful_between_variance(&residuals, &errors, 1), between_variance(&residuals, &errors));
        assert_eq!(careful_between_variance(&[], &[], 5), 0.0);
    }

    #[test]
    fn the_quantile_is_the_textbook_order_statistic_and_wider_for_fewer_units() {
        let scores: Vec<f64> = (1..=99).map(f64::from).collect();
        assert_eq!(conformal_quantile(&scores, 99, 0.9), Some(90.0));
        assert_eq!(conformal_quantile(&scores, 19, 0.9), Some(94.0));
        assert_eq!(conformal_quantile(&scores, 8, 0.9), None);
        assert_eq!(conformal_quantile(&[], 8, 0.9), None);
    }
}
