//! Laws that hold for every input, tried on random ones.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Coarse numbers, so that ties are common.
fn coarse() -> impl Strategy<Value = f64> {
    (-6_i32..6).prop_map(f64::from)
}

/// Anything a caller might pass, NaN and infinities among it.
fn anything() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => coarse(),
        1 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX]),
    ]
}

fn labelled() -> impl Strategy<Value = (Vec<f64>, Vec<bool>)> {
    vec((coarse(), any::<bool>()), 2..60).prop_map(|pairs| pairs.into_iter().unzip())
}

fn columns() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    vec((coarse(), coarse()), 2..60).prop_map(|pairs| pairs.into_iter().unzip())
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::With, Side::Without, Side::Neither])
}

/// Mann & Whitney's U over all pairs.
fn auroc_by_pairs(scores: &[f64], positive: &[bool]) -> Stat<f64> {
    let of = |class| (0..scores.len()).filter(move |&i| positive[i] == class);
    let (mut won, mut pairs) = (0.0, 0.0);
    for (i, j) in of(true).flat_map(|i| of(false).map(move |j| (i, j))) {
        pairs += 1.0;
        won += f64::from(scores[i] > scores[j]) + 0.5 * f64::from(scores[i] == scores[j]);
    }
    if pairs == 0.0 { Err(Undefined::OneClass) } else { Ok(won / pairs) }
}

/// Kendall's tau-b over all pairs.
fn tau_b_by_pairs(x: &[f64], y: &[f64]) -> f64 {
    let sign = |d: f64| if d == 0.0 { 0.0 } else { d.signum() };
    let (mut both, mut in_x, mut in_y) = (0.0, 0.0, 0.0);
    for (i, j) in (0..x.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
        let (a, b) = (sign(x[i] - x[j]), sign(y[i] - y[j]));
        both += a * b;
        in_x += a * a;
        in_y += b * b;
    }
    both / (in_x * in_y).sqrt()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn auroc_is_mann_whitney((scores, positive) in labelled()) {
        match (auroc(&scores, &positive), auroc_by_pairs(&scores, &positive)) {
            (Ok(fast), Ok(slow)) => prop_assert!(close(fast, slow)),
            (fast, slow) => prop_assert_eq!(fast, slow),
        }
    }

    #[test]
    fn auroc_knows_only_the_order((scores, positive) in labelled()) {
        let bent: Vec<f64> = scores.iter().map(|s| (s / 3.0).exp() - 7.0).collect();
        prop_assert_eq!(auroc(&scores, &positive), auroc(&bent, &positive));
        prop_assert_eq!(delong(&scores, &positive), delong(&bent, &positive));
    }

    #[test]
    fn turning_scores_or_labels_mirrors_auroc((scores, positive) in labelled()) {
        let turned: Vec<f64> = scores.iter().map(|s| -s).collect();
        let swapped: Vec<bool> = positive.iter().map(|is| !is).collect();
        if let Ok(value) = auroc(&scores, &positive) {
            prop_assert!(close(auroc(&turned, &positive).unwrap(), 1.0 - value));
            prop_assert!(close(auroc(&scores, &swapped).unwrap(), 1.0 - value));
        }
        if let (Ok(a), Ok(b)) = (delong(&scores, &positive), delong(&turned, &swapped)) {
            prop_assert!(close(a.variance, b.variance) && a.variance >= 0.0);
        }
    }

    #[test]
    fn every_interval_of_an_auroc_holds_it((scores, positive) in labelled()) {
        if let Ok(a) = delong(&scores, &positive) {
            prop_assert!(a.interval(0.95).contains(a.value));
            let score = a.score_interval(0.95);
            prop_assert!(score.contains(a.value) && score.low >= 0.0 && score.high <= 1.0);
            if let Ok(logit) = a.logit_interval(0.95) {
                prop_assert!(logit.low <= a.value + 1e-12 && a.value <= logit.high + 1e-12);
            }
        }
    }

    #[test]
    fn sorted_scores_walk_to_the_same_auroc(
        rows in vec((coarse(), any::<bool>(), side()), 2..60)
    ) {
        let scores: Vec<f64> = rows.iter().map(|r| r.0).collect();
        let positive: Vec<bool> = rows.iter().map(|r| r.1).collect();
        let sides: Vec<Side> = rows.iter().map(|r| r.2).collect();
        let kept = rows.iter().filter(|r| r.2 == Side::With);
        let (s, p): (Vec<f64>, Vec<bool>) = kept.map(|r| (r.0, r.1)).unzip();
        let walked = SortedScores::new(&scores, &positive).unwrap().auroc_of(Side::With, &sides);
        match (walked, auroc_by_pairs(&s, &p)) {
            (Ok(fast), Ok(slow)) => prop_assert!(close(fast, slow)),
            (fast, slow) => prop_assert_eq!(fast, slow),
        }
    }

    #[test]
    fn tau_b_is_its_definition((x, y) in columns()) {
        if let Ok(k) = kendall(&x, &y) {
            prop_assert!(close(k.value, tau_b_by_pairs(&x, &y)));
        }
    }

    #[test]
    fn correlations_are_bounded_and_symmetric((x, y) in columns()) {
        for of in [pearson, spearman, kendall] {
            let (forth, back) = (of(&x, &y), of(&y, &x));
            prop_assert_eq!(forth.is_ok(), back.is_ok());
            if let (Ok(forth), Ok(back)) = (forth, back) {
                prop_assert!(forth.value.abs() <= 1.0 && (0.0..=1.0).contains(&forth.p));
                prop_assert!(close(forth.value, back.value) && close(forth.p, back.p));
            }
        }
    }

    #[test]
    fn rank_correlations_know_only_the_order((x, y) in columns()) {
        let bent: Vec<f64> = x.iter().map(|v| v.powi(3) + v).collect();
        prop_assert_eq!(kendall(&x, &y), kendall(&bent, &y));
        prop_assert_eq!(spearman(&x, &y), spearman(&bent, &y));
    }

    #[test]
    fn mid_ranks_add_up(values in vec(coarse(), 1..80)) {
        let n = values.len() as f64;
        let total: f64 = mid_ranks(&values).unwrap().iter().sum();
        prop_assert!(close(total, n * (n + 1.0) / 2.0));
    }

    #[test]
    fn rmm_is_symmetric(with in coarse(), without in coarse()) {
        for better in [Better::Higher, Better::Lower] {
            let (a, b) = (Gap::new(with, without, better).unwrap(), Gap::new(without, with, better).unwrap());
            prop_assert_eq!((a.rmm, a.signed), (b.rmm, -b.signed));
            let mirrored = match b.worse {
                Side::With => Side::Without,
                Side::Without => Side::With,
                Side::Neither => Side::Neither,
            };
            prop_assert_eq!(a.worse, mirrored);
        }
    }

    #[test]
    fn q_values_keep_the_order_and_exceed_p(p in vec(0.0..=1.0, 1..50)) {
        let tests: Vec<Stat<f64>> = p.iter().copied().map(Ok).collect();
        let q: Vec<f64> = benjamini_hochberg(&tests).into_iter().map(Result::unwrap).collect();
        for i in 0..p.len() {
            prop_assert!(q[i] >= p[i] - 1e-15 && q[i] <= 1.0);
            prop_assert!((0..p.len()).all(|j| p[i] > p[j] || q[i] <= q[j]));
        }
    }

    #[test]
    fn shrinking_never_flips_or_grows(rows in vec((coarse(), 0.0..9.0), 1..40)) {
        let (gaps, variances): (Vec<f64>, Vec<f64>) = rows.into_iter().unzip();
        let s = shrink(&gaps, &variances).unwrap();
        for (kept, gap) in s.values.iter().zip(&gaps) {
            prop_assert!(kept.abs() <= gap.abs() && kept * gap >= 0.0);
        }
    }

    #[test]
    fn shares_lie_in_their_intervals(hits in 0_usize..50, misses in 0_usize..50) {
        if let Ok(interval) = wilson(hits, hits + misses, 0.9) {
            prop_assert!(interval.low >= 0.0 && interval.high <= 1.0);
            let share = hits as f64 / (hits + misses) as f64;
            prop_assert!(interval.low <= share + 1e-12 && share <= interval.high + 1e-12);
        }
    }

    #[test]
    fn nothing_panics(
        x in vec(anything(), 0..12),
        y in vec(anything(), 0..12),
        labels in vec(any::<bool>(), 0..12),
        sides in vec(side(), 0..12),
        level in anything(),
        clusters in vec(0_usize..4, 0..12),
    ) {
        for of in [pearson, spearman, kendall] {
            let _ = of(&x, &y).map(|c| c.interval(level));
        }
        let _ = delong(&x, &labels).map(|a| (a.interval(level), a.logit_interval(level), a.score_interval(level)));
        let _ = (summary(&x), direction(&x), shrink(&x, &y), quantile_sorted(&x, level));
        let clusters = Clusters::from_labels(&clusters);
        let plan = Resampling { replicates: 3, seed: 1 };
        for units in [Units::Items(sides.len()), Units::Clusters(&clusters)] {
            let measured = mean_gap(&x, &sides, units, Better::Lower);
            let _ = measured.map(|m| (m.items_needed(level, 0.8), m.detectable(0.95, level), m.p()));
            let _ = auroc_gap(&x, &labels, &sides, units);
            let _ = mean_gap_bootstrap(&x, &sides, units, plan).map(|b| (b.bca(level), b.percentile(level)));
            let _ = auroc_gap_bootstrap(&x, &labels, &sides, units, plan).map(|b| b.p_zero());
            let sorted = SortedScores::new(&x, &labels);
            let _ = sorted.map(|sorted| permutation(&sides, units, |s| sorted.gap(s), plan));
        }
        let classes: Vec<usize> = labels.iter().map(|&is| usize::from(is)).collect();
        let columns = [(0, x.clone()), (1, y)];
        let _ = macro_auroc(columns, &classes, &labels, Negatives::All, ClassWeight::Item);
        let tests: Vec<Stat<f64>> = x.iter().copied().map(Ok).collect();
        let _ = (benjamini_hochberg(&tests), wilson(3, 7, level));
    }
}
