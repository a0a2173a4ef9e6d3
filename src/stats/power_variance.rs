//! Variances of small groups: drawn to what all groups let expect at a group's level, a power of it.

use super::moments::{count, sum};

/// Powers of the level looked at: 0 for a spread that is the same everywhere, 1 for counts and 0/1 losses, 2 for exponential ones.
const POWERS: usize = 9;
const STEP: f64 = 0.25;
/// Degrees of freedom that the common law counts for beside a group's own: a few skewed losses tell no variance.
const PRIOR_DF: f64 = 150.0;
/// Those from which on a group's own variance may be far below the common law: small skewed groups without a large loss have
/// a mean and a variance that are too low together.
const TRUSTED_DF: f64 = 400.0;
/// Degrees of freedom beyond which a group says no more of the common law: a huge one would be all of it.
const MOST_DF: f64 = 30.0;

/// One group's spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupSpread {
    /// Variance of an item, and its degrees of freedom.
    pub variance: f64,
    pub df: f64,
    /// The group's expected level by something other than its own items; positive.
    pub level: f64,
}

/// Variances of an item, shape as given: the law `c · level^p` of the least gamma deviance among powers 0 to 2, and each
/// group's own variance as far as it can be trusted.
#[must_use]
pub fn power_variances(groups: &[GroupSpread]) -> Vec<f64> {
    let common = common_law(groups);
    let drawn = |(group, expected): (&GroupSpread, f64)| {
        let own = group.variance.max(expected * TRUSTED_DF / (group.df + TRUSTED_DF));
        (group.df * own + PRIOR_DF * expected) / (group.df + PRIOR_DF)
    };
    groups.iter().zip(common).map(drawn).collect()
}

fn common_law(groups: &[GroupSpread]) -> Vec<f64> {
    let weight = |group: &GroupSpread| group.df.min(MOST_DF);
    let all = sum(groups.iter().map(weight)).max(f64::MIN_POSITIVE);
    let at = |power: f64| {
        let shape = |group: &GroupSpread| group.level.powf(power);
        let scale = sum(groups.iter().map(|group| weight(group) * group.variance / shape(group))) / all;
        // What is left of the deviance at the best scale.
        let deviance = scale.ln() + sum(groups.iter().map(|group| weight(group) * shape(group).ln())) / all;
        (deviance, power, scale)
    };
    let tried = (0..POWERS).map(|step| at(count(step) * STEP));
    let best = tried.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0.0, 0.0));
    groups.iter().map(|group| best.2 * group.level.powf(best.1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_power_is_found_and_own_variances_count_by_their_freedom() {
        let group = |at: usize| {
            let level = 1.0 + count(at % 8) / 4.0;
            GroupSpread { variance: 0.3 * level.powf(1.5), df: if at == 0 { 1e6 } else { 4.0 }, level }
        };
        let mut groups: Vec<GroupSpread> = (0..32).map(group).collect();
        for (found, group) in power_variances(&groups).iter().zip(&groups) {
            assert!((found - group.variance).abs() < 1e-12);
        }
        // A huge group keeps its own variance, a small one hardly any of it.
        groups[0].variance *= 0.5;
        groups[9].variance = 0.0;
        let found = power_variances(&groups);
        assert!((found[0] - groups[0].variance).abs() < 1e-3 && found[9] > 0.25, "{found:?}");
    }

    #[test]
    fn without_any_spread_there_is_none() {
        let flat = GroupSpread { variance: 0.0, df: 4.0, level: 1.0 };
        assert_eq!(power_variances(&[flat; 3]), [0.0; 3]);
        assert!(power_variances(&[]).is_empty());
    }
}
