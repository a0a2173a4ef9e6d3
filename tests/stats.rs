//! The statistics against SciPy and scikit-learn: tests/fixtures/stats.json, made by tests/recipes/make_stats_fixtures.py.

#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, clippy::float_cmp)]
#![allow(clippy::doc_markdown, clippy::panic, clippy::unwrap_used)]

use llm2loss::stats::{
    self, Better, Bootstrap, ClassWeight, Correlation, GapLaw, Negatives, OneVsRest, Resampling, Side, Stat, Undefined,
    Units,
};
use serde_json::Value;

/// Everything agrees to this, absolutely.
const TOLERANCE: f64 = 1e-10;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/stats.json")).unwrap()
}

/// Uniform numbers in [0, 1), bit for bit those of the recipe.
fn uniform(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed;
    let step = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 * 2_f64.powi(-53)
    };
    (0..n).map(step).collect()
}

fn column(seed: u64, n: usize, levels: f64) -> Vec<f64> {
    let raw = uniform(seed, n);
    if levels == 0.0 { raw } else { raw.into_iter().map(|u| (u * levels).floor()).collect() }
}

fn int(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap()).unwrap()
}

/// Numbers, of which those JSON cannot write come as text.
fn numbers(values: &Value) -> Vec<f64> {
    let one = |v: &Value| v.as_f64().unwrap_or_else(|| v.as_str().unwrap().parse().unwrap());
    values.as_array().unwrap().iter().map(one).collect()
}

fn assert_close(ours: f64, theirs: &Value, what: &str) -> f64 {
    let theirs = theirs.as_f64().unwrap();
    let error = (ours - theirs).abs();
    assert!(error <= TOLERANCE, "{what}: {ours:e} is not {theirs:e}");
    error
}

/// Largest errors seen of (statistic, p).
type Worst = (f64, f64);

fn check_correlation(ours: Stat<Correlation>, theirs: &Value, worst: &mut Worst, what: &str) {
    if theirs["value"].is_null() {
        assert!(ours.is_err(), "{what}: SciPy has no value");
        return;
    }
    let ours = ours.unwrap_or_else(|why| panic!("{what}: {why}"));
    worst.0 = worst.0.max(assert_close(ours.value, &theirs["value"], what));
    if theirs["p"].is_null() {
        assert_eq!(ours.p, 1.0, "{what}: two pairs prove nothing");
    } else {
        worst.1 = worst.1.max(assert_close(ours.p, &theirs["p"], &format!("{what} p")));
    }
    if theirs.get("low").is_some() {
        let ends = ours.interval(0.95).unwrap();
        assert_close(ends.low, &theirs["low"], &format!("{what} low"));
        assert_close(ends.high, &theirs["high"], &format!("{what} high"));
    }
}

type Of = fn(&[f64], &[f64]) -> Stat<Correlation>;
const CORRELATIONS: [(&str, Of); 3] =
    [("pearson", stats::pearson), ("spearman", stats::spearman), ("kendall", stats::kendall)];

fn check_all(x: &[f64], y: &[f64], case: &Value, worst: &mut [Worst; 3]) {
    for ((name, of), worst) in CORRELATIONS.iter().zip(worst) {
        let what = format!("{name} n={} {}", x.len(), case["seed"]);
        check_correlation(of(x, y), &case[*name], worst, &what);
    }
}

#[test]
fn correlations_equal_scipy() {
    let fixture = fixture();
    let mut worst = [(0.0, 0.0); 3];
    for case in fixture["small_correlations"].as_array().unwrap() {
        check_all(&numbers(&case["x"]), &numbers(&case["y"]), case, &mut worst);
    }
    for case in fixture["large_correlations"].as_array().unwrap() {
        let (x, y) = large_pair(case);
        check_all(&x, &y, case, &mut worst);
    }
    for ((name, _), (value, p)) in CORRELATIONS.iter().zip(worst) {
        println!("{name}: largest error of the statistic {value:.1e}, of p {p:.1e}");
    }
}

fn large_pair(case: &Value) -> (Vec<f64>, Vec<f64>) {
    let n = int(&case["n"]);
    if let Some(share) = case["saturated"].as_f64() {
        let x: Vec<f64> = uniform(7, n).into_iter().map(|u| (u - share).max(0.0)).collect();
        let noise = uniform(8, n);
        let y = x.iter().zip(noise).map(|(x, u)| 0.1 * x + 0.9 * u).collect();
        return (x, y);
    }
    let (seed, slope) = (case["seed"].as_u64().unwrap(), case["slope"].as_f64().unwrap());
    let x = column(seed, n, case["x_levels"].as_f64().unwrap());
    let levels = case["y_levels"].as_f64().unwrap();
    let follow = |(x, u): (&f64, f64)| {
        let y = slope * x + (1.0 - slope) * u;
        if levels == 0.0 { y } else { (y * levels).floor() }
    };
    let y = x.iter().zip(uniform(seed + 1, n)).map(follow).collect();
    (x, y)
}

#[test]
fn ranks_equal_scipy() {
    let case = &fixture()["ranks"];
    assert_eq!(stats::mid_ranks(&numbers(&case["values"])).unwrap(), numbers(&case["ranks"]));
}

#[test]
fn aurocs_equal_scikit_learn_and_delong_by_definition() {
    let mut worst = (0.0_f64, 0.0_f64);
    for case in fixture()["aurocs"].as_array().unwrap() {
        let (n, seed) = (int(&case["n"]), case["seed"].as_u64().unwrap());
        let (levels, shift) = (case["levels"].as_f64().unwrap(), case["shift"].as_f64().unwrap());
        let positive: Vec<bool> = uniform(seed, n).into_iter().map(|u| u < 0.4).collect();
        let raw: Vec<f64> = uniform(seed + 1000, n)
            .into_iter()
            .zip(&positive)
            .map(|(u, &is)| u + if is { shift } else { 0.0 })
            .collect();
        let coarse = |u: &f64| {
            if levels == 0.0 { *u } else { (u * levels).floor() }
        };
        let scores: Vec<f64> = raw.iter().map(coarse).collect();
        let value = stats::auroc(&scores, &positive).unwrap();
        worst.0 = worst.0.max(assert_close(value, &case["auroc"], "auroc"));
        let delong = stats::delong(&scores, &positive).unwrap();
        assert_close(delong.value, &case["auroc"], "delong's value");
        if case.get("variance").is_some() {
            worst.1 = worst.1.max(assert_close(delong.variance, &case["variance"], "variance"));
        }
    }
    println!("largest error of an AUROC {:.1e}, of DeLong's variance {:.1e}", worst.0, worst.1);
}

#[test]
fn macro_aurocs_equal_scikit_learn() {
    let case = &fixture()["macro"];
    let (n, classes) = (int(&case["n"]), int(&case["classes"]));
    let seed = case["seed"].as_u64().unwrap();
    let class_of: Vec<usize> = column(seed, n, classes as f64).into_iter().map(|c| c as usize).collect();
    let everyone = vec![true; n];
    let raw: Vec<Vec<f64>> = (0..classes)
        .map(|class| {
            let own = |item: usize| if class_of[item] == class { 0.5 } else { 0.0 };
            let base = uniform(seed + 1 + class as u64, n);
            base.into_iter().enumerate().map(|(item, u)| u + own(item)).collect()
        })
        .collect();
    let row_sum: Vec<f64> = (0..n).map(|item| raw.iter().map(|c| c[item]).sum()).collect();
    let mut coarse = OneVsRest::new(&class_of, &[&everyone], Negatives::Group).unwrap();
    let mut shares = coarse.clone();
    for (class, column) in raw.iter().enumerate() {
        let cut: Vec<f64> = column.iter().map(|u| (u * 8.0).floor() + 1.0).collect();
        coarse.push(class, &cut).unwrap();
        let share: Vec<f64> = column.iter().zip(&row_sum).map(|(u, sum)| u / sum).collect();
        shares.push(class, &share).unwrap();
    }
    for (ours, theirs) in coarse.classes(0).iter().zip(case["by_class"].as_array().unwrap()) {
        assert_close(ours.value, theirs, "class");
    }
    let value = |of: &OneVsRest, weight| of.macro_auroc(0, weight).unwrap().value;
    assert_close(value(&coarse, ClassWeight::Class), &case["macro"], "macro");
    assert_close(value(&coarse, ClassWeight::Item), &case["weighted"], "weighted");
    assert_close(value(&shares, ClassWeight::Class), &case["probability_macro"], "ovr macro");
    assert_close(value(&shares, ClassWeight::Item), &case["probability_weighted"], "ovr weighted");
}

#[test]
fn summaries_and_directions_equal_numpy_and_scipy() {
    for case in fixture()["ensembles"].as_array().unwrap() {
        let values = numbers(&case["values"]);
        let summary = stats::summary(&values).unwrap();
        assert_close(summary.mean, &case["mean"], "mean");
        assert_close(summary.sd, &case["sd"], "sd");
        let five = [summary.min, summary.q1, summary.median, summary.q3, summary.max];
        for (ours, theirs) in five.into_iter().zip(case["quartiles"].as_array().unwrap()) {
            assert_close(ours, theirs, "quartile");
        }
        let student = stats::direction(&values).unwrap().student.unwrap();
        assert_close(student.t, &case["t"], "t");
        assert_close(student.mean_positive, &case["mean_positive"], "P(mean > 0)");
        assert_close(student.new_member_positive, &case["new_member_positive"], "P(new > 0)");
        let mut sorted = values;
        sorted.sort_by(f64::total_cmp);
        let percentile = stats::percentile_of(&sorted, 0.2);
        assert_close(percentile, &case["percentile_of_02"], "percentile");
    }
}

#[test]
fn q_values_equal_scipy() {
    let case = &fixture()["q_values"];
    let p: Vec<Stat<f64>> = numbers(&case["p"]).into_iter().map(Ok).collect();
    for (ours, theirs) in stats::benjamini_hochberg(&p).into_iter().zip(case["bh"].as_array().unwrap()) {
        assert_close(ours.unwrap(), theirs, "q");
    }
}

#[test]
fn intervals_of_a_share_equal_scipy() {
    for case in fixture()["shares"].as_array().unwrap() {
        let (k, n) = (int(&case["k"]), int(&case["n"]));
        let level = case["level"].as_f64().unwrap();
        let wilson = stats::wilson(k, n, level).unwrap();
        assert_close(wilson.low, &case["wilson"][0], &format!("low {k} of {n}"));
        assert_close(wilson.high, &case["wilson"][1], &format!("high {k} of {n}"));
    }
}

#[test]
fn bootstrap_intervals_equal_scipy_on_scipys_resamples() {
    let case = &fixture()["bootstrap"];
    let data = numbers(&case["data"]);
    let mean = |items: &[usize]| Ok(items.iter().map(|&i| data[i]).sum::<f64>() / items.len() as f64);
    let ours = stats::bootstrap(Units::Items(data.len()), mean, Resampling::default()).unwrap();
    let theirs = Bootstrap { replicates: numbers(&case["replicates"]), ..ours.clone() };
    assert_close(theirs.estimate, &case["estimate"], "estimate");
    for (name, of) in [("percentile", theirs.percentile(0.95)), ("bca", theirs.bca(0.95))] {
        assert_close(of.unwrap().low, &case[name][0], name);
        assert_close(of.unwrap().high, &case[name][1], name);
    }
    // Our own draws are others, but of the same distribution.
    assert!((ours.bca(0.95).unwrap().high / theirs.bca(0.95).unwrap().high - 1.0).abs() < 0.05);
}

#[test]
fn permutation_p_approaches_scipys_exact_one() {
    let case = &fixture()["permutation"];
    let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
    let values = [x.clone(), y.clone()].concat();
    let sides: Vec<Side> = (0..values.len()).map(|i| Side::from(i < x.len())).collect();
    let gap = |sides: &[Side]| {
        let of = |side| stats::group_mean(&values, sides, side).map(|group| group.value);
        Ok(of(Side::With)? - of(Side::Without)?)
    };
    let plan = Resampling { replicates: 20_000, seed: 4 };
    let ours = stats::permutation(&sides, Units::Items(values.len()), gap, plan).unwrap();
    assert_close(ours.observed, &case["difference"], "difference");
    let exact = case["p"].as_f64().unwrap();
    let error = (exact * (1.0 - exact) / 20_000.0).sqrt();
    assert!((ours.p - exact).abs() < 4.0 * error, "{} {exact}", ours.p);
}

#[test]
fn the_mean_gap_has_welchs_t() {
    let case = &fixture()["welch"];
    let (x, y) = (column(81, int(&case["n_x"]), 9.0), column(82, int(&case["n_y"]), 9.0));
    let sides: Vec<Side> = (0..120).map(|i| Side::from(i < x.len())).collect();
    let values = [x, y].concat();
    let gap = stats::mean_gap(&values, &sides, Units::Items(120), Better::Lower).unwrap();
    assert_close(gap.gap.signed, &case["difference"], "difference");
    assert_close(gap.gap.signed / gap.variance.sqrt(), &case["t"], "t");
}

#[test]
fn the_papers_tables_3_and_4_from_its_table_5() {
    let case = &fixture()["table5"];
    let rows: Vec<Vec<f64>> = case["rows"].as_array().unwrap().iter().map(numbers).collect();
    let of = |index: usize| rows.iter().map(move |row| row[index]);
    let rmm: Vec<f64> = of(2).collect();
    let robustness: Vec<f64> = of(2).map(|gap| -gap).collect();
    // Rosy Cheeks lost its exponent in print.
    let clip: Vec<f64> = of(3).map(|gap| if gap > 1.0 { gap * 1e-5 } else { gap }).collect();
    let zero_shot: Vec<f64> = of(4).collect();
    let mut worst = [(0.0, 0.0); 3];
    check_all(&zero_shot, &robustness, &case["table4"], &mut worst);
    check_all(&clip, &rmm, &case["table3"], &mut worst);
    // semantics.md: what the printed digits give for Table 4.
    let value = |of: Of| of(&zero_shot, &robustness).unwrap().value;
    assert!((value(stats::kendall) - 0.2687).abs() < 5e-5);
    assert!((value(stats::pearson) - 0.2863).abs() < 5e-5);
    assert!((value(stats::spearman) - 0.3385).abs() < 5e-5);
}

#[test]
fn reasons_travel_as_words() {
    let reason = serde_json::to_string(&Undefined::OneClass).unwrap();
    assert_eq!(reason, "\"one_class\"");
    let few = Undefined::TooFew { n: 7, need: 9 };
    let back: Undefined = serde_json::from_str(&serde_json::to_string(&few).unwrap()).unwrap();
    assert_eq!(back, few);
}

#[test]
fn a_gap_of_skewed_means_is_judged_by_the_most_careful_of_three_tests() {
    for case in fixture()["skewed_gap"].as_array().unwrap() {
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let sides: Vec<Side> = (0..x.len() + y.len()).map(|i| Side::from(i < x.len())).collect();
        let values = [x, y].concat();
        let gap = stats::mean_gap(&values, &sides, Units::Items(values.len()), Better::Lower).unwrap();
        let GapLaw::Student { df, skew, .. } = gap.law else { panic!("{:?}", gap.law) };
        assert_close(df, &case["df"], "degrees of freedom");
        assert_close(skew, &case["skew"], "skew");
        let interval = gap.interval(0.95);
        for (end, name) in [(interval.low, 0), (interval.high, 1)] {
            assert!((end - case["interval"][name].as_f64().unwrap()).abs() < 1e-8, "{interval:?}");
        }
        assert_close(gap.p().unwrap(), &case["p"], "p");
    }
}

#[test]
fn a_gap_of_two_aurocs_joins_their_score_intervals() {
    let case = &fixture()["score_gap"];
    let (mut scores, mut positive, mut sides) = (Vec::new(), Vec::new(), Vec::new());
    for (side, of) in [Side::With, Side::Without].into_iter().zip(case["sides"].as_array().unwrap()) {
        let (n, m, seed) = (int(&of["n"]), int(&of["m"]), int(&of["seed"]) as u64);
        scores.extend(column(seed, n, 0.0).into_iter().map(|u| u + of["shift"].as_f64().unwrap()));
        scores.extend(column(seed + 1, m, 0.0));
        positive.extend((0..n + m).map(|i| i < n));
        sides.extend(vec![side; n + m]);
    }
    let gap = stats::auroc_gap(&scores, &positive, &sides, Units::Items(scores.len())).unwrap();
    assert_close(gap.gap.with, &case["sides"][0]["value"], "with");
    let GapLaw::Scores { with, .. } = gap.law else { panic!("{:?}", gap.law) };
    assert_close(with.inflation, &case["sides"][0]["inflation"], "inflation");
    let interval = gap.interval(0.95);
    assert_close(interval.low, &case["interval"][0], "low");
    assert_close(interval.high, &case["interval"][1], "high");
    assert!((gap.p().unwrap() - case["p"].as_f64().unwrap()).abs() < 1e-8);
}

#[test]
fn small_areas_are_those_of_dense_matrices() {
    let case = &fixture()["small_areas"];
    let x: Vec<Vec<f64>> = case["x"].as_array().unwrap().iter().map(numbers).collect();
    let found = stats::fay_herriot(&numbers(&case["direct"]), &numbers(&case["noise"]), &x).unwrap();
    assert_close(found.tau_squared, &case["tau_squared"], "tau squared");
    for (area, of) in found.areas.iter().enumerate() {
        assert_close(of.value, &case["value"][area], "value");
        assert_close(of.mse, &case["mse"][area], "mse");
        assert!((of.interval(0.95).low - case["low"][area].as_f64().unwrap()).abs() < 1e-8);
    }
    for (beta, theirs) in found.beta.iter().zip(numbers(&case["beta"])) {
        assert!((beta - theirs).abs() < 1e-9);
    }
}

#[test]
fn two_samples_lie_as_far_apart_as_scipy_says() {
    let case = &fixture()["distances"];
    let shifted = column(102, 220, 40.0).into_iter().zip(column(103, 220, 0.0)).map(|(a, u)| a + (3.0 * u).floor());
    let found = stats::smirnov(&column(101, 300, 40.0), &shifted.collect::<Vec<f64>>()).unwrap();
    assert_close(found.distance, &case["distance"], "distance");
}

#[test]
fn paired_tests_and_standard_errors_are_those_of_scipy_and_statsmodels() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/paired.json")).unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    for case in cases {
        let (before, after) = (numbers(&case["before"]), numbers(&case["after"]));
        for (ours, name) in
            [(stats::paired_t(&before, &after), "paired_t"), (stats::wilcoxon(&before, &after), "wilcoxon")]
        {
            let ours = ours.unwrap();
            assert_close(ours.statistic, &case[name]["statistic"], name);
            assert_close(ours.p, &case[name]["p"], name);
        }
        let labels: Vec<usize> = case["clusters"].as_array().unwrap().iter().map(int).collect();
        let clusters = stats::Clusters::from_labels(&labels);
        let differences: Vec<f64> = before.iter().zip(&after).map(|(before, after)| after - before).collect();
        let errors = stats::standard_errors(&differences, Units::Clusters(&clusters)).unwrap();
        assert_close(errors.naive, &case["naive"], "naive");
        assert_close(errors.clustered.unwrap(), &case["clustered"], "clustered");
        let ours = stats::mcnemar(&before, &after);
        assert_eq!(ours.is_ok(), case["mcnemar"].is_object());
        if let Ok(ours) = ours {
            assert_eq!(ours.before_only, int(&case["mcnemar"]["before_only"]));
            assert_eq!(ours.after_only, int(&case["mcnemar"]["after_only"]));
            assert_close(ours.p, &case["mcnemar"]["p"], "McNemar");
        }
    }
    for tail in fixture["tails"].as_array().unwrap() {
        let (before_only, after_only) = (int(&tail["before_only"]), int(&tail["after_only"]));
        let p = stats::McNemar::of(before_only, after_only).unwrap().p;
        let theirs = tail["p"].as_f64().unwrap();
        let (absolute, relative) = ((p - theirs).abs(), (p / theirs - 1.0).abs());
        assert!(absolute < 1e-9 && relative < 1e-7, "{before_only} {after_only}: {p:e} {theirs:e}");
    }
}
