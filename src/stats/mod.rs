//! Pure statistics: no files, no threads to wait for, no clock. Every function returns a value or says why there is none.

#![allow(
    clippy::doc_markdown,
    clippy::float_cmp,
    reason = "SciPy and DeLong are names, not code; ties are exact by definition"
)]
#![cfg_attr(
    test,
    allow(
        clippy::cast_precision_loss,
        clippy::expect_used,
        clippy::panic,
        clippy::unnecessary_wraps,
        clippy::unwrap_used,
        reason = "a test may panic; its counts are small and its closures must fit a signature"
    )
)]

mod auroc;
mod auroc_interval;
mod between;
mod binomial;
mod bootstrap;
mod change;
mod clusters;
mod correlation;
mod distribution;
mod ensemble;
mod fay_herriot;
mod gap;
mod gap_bootstrap;
mod gap_law;
mod group;
mod group_moments;
mod hypergeometric;
mod interval;
mod inversions;
mod kendall;
mod key_order;
mod limit;
mod logistic;
mod logistic_regression;
mod macro_gap;
mod moments;
mod multiple;
mod one_vs_rest;
mod one_vs_rest_items;
mod paired;
mod permutation;
mod pooled;
mod power_variance;
mod rank;
mod reliability;
mod resample;
mod ridge;
mod shrinkage;
mod skewed_welch;
mod slices;
mod smirnov;
mod sorted_scores;
mod spherical;
mod undefined;

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod laws;

pub use auroc::{Auroc, auroc, delong};
pub use between::{auroc_gap_between, mean_gap_between};
pub use binomial::wilson;
pub use bootstrap::{Bootstrap, bootstrap};
pub use change::{Changes, Drawn, SideChanges, auroc_changes, mean_changes};
pub use clusters::{Clusters, Units};
pub use correlation::{Correlation, CorrelationMethod, kendall, pearson, spearman};
pub use ensemble::{
    Direction, StudentDirection, Summary, direction, mean_interval, percentile_of, quantile_sorted, summary,
};
pub use fay_herriot::{FayHerriot, SmallArea, fay_herriot, fay_herriot_over_all_spreads};
pub use gap::{Better, Gap, MeasuredGap, Side};
pub use gap_bootstrap::{auroc_gap_bootstrap, mean_gap_bootstrap};
pub use gap_law::{AurocSide, GapLaw};
pub use group::{
    GroupMean, auroc_gap, group_auroc_of_units, group_mean, group_mean_of_units, mean_against_zero, mean_gap,
};
pub use group_moments::{Moments, PairMoments};
pub use hypergeometric::fisher_greater;
pub use interval::Interval;
pub use limit::{p_above, power_to_see, smallest_seen};
pub use logistic::{logistic_slope, sigmoid};
pub use logistic_regression::{LogisticFit, logistic_regression};
pub use macro_gap::{macro_gap, macro_gap_bootstrap};
pub use multiple::benjamini_hochberg;
pub use one_vs_rest::{ClassAuroc, ClassWeight, MacroAuroc, Negatives, OneVsRest, macro_auroc};
pub use one_vs_rest_items::macro_item_variance;
pub use paired::{McNemar, PairedTest, StandardErrors, mcnemar, paired_t, standard_errors, wilcoxon};
pub use permutation::{Permutation, permutation};
pub use pooled::{Pooled, PooledSide};
pub use power_variance::{GroupSpread, power_variances};
pub use rank::mid_ranks;
pub use reliability::{Reliability, ReliabilityBin, reliability};
pub use resample::Resampling;
pub use ridge::nonnegative_ridge;
pub use shrinkage::{Shrinkage, shrink, shrink_gaps};
pub use skewed_welch::{PowerSums, SkewedWelch, careful_mean_interval, skewed_welch};
pub use slices::{between_variance, careful_between_variance, conformal_quantile};
pub use smirnov::{Smirnov, smirnov};
pub use sorted_scores::SortedScores;
pub use spherical::{Points, assign, dot, mean_row, spherical_means};
pub use undefined::{Stat, Undefined};
