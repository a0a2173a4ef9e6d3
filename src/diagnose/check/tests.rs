//! Which figure breaks which rule.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::diagnose::discover::NewSlice;
use crate::diagnose::{AttributeStanding, Estimate};

fn estimate(value: f64) -> Measured<Estimate> {
    Measured::Value(Estimate { value, variance: 0.0001, units: Some(400) })
}

fn model(mean: f64, n_true: usize, loss_true: f64, auroc: f64) -> ModelStanding {
    let row = AttributeStanding {
        name: "Senior".into(),
        n_true,
        n_false: 500,
        loss_true: estimate(loss_true),
        loss_false: estimate(1.0),
        loss_gap: estimate(loss_true - 1.0),
        auroc_true: estimate(auroc),
        auroc_false: estimate(0.9),
    };
    ModelStanding { n: 1000, mean_loss: estimate(mean), attributes: vec![row] }
}

fn checked(rules: &str, before: &ModelStanding, after: &ModelStanding, on: On) -> CheckResult {
    let rules = Rules::parse(rules).unwrap();
    let prompts: Vec<PromptShift> = rules
        .prompt
        .iter()
        .map(|rule| PromptShift { text: rule.text.clone(), before: vec![1.0, 1.1, 0.9], after: vec![2.0, 2.2, 1.9] })
        .collect();
    let material = CheckMaterial {
        rules: &rules,
        before,
        after,
        change: None,
        standard_error: None,
        prompts: &prompts,
        slices: None,
    };
    check(("v2", "v1"), &material, CheckManner { on, ..CheckManner::default() })
}

#[test]
fn far_over_is_broken_a_little_over_is_chance_and_under_passes() {
    // The change's standard error is √.0002 = .0141.
    for (after, status, codes) in
        [(1.2, Status::Broken, [3, 3, 3]), (1.11, Status::Inconclusive, [0, 4, 3]), (1.09, Status::Pass, [0, 0, 0])]
    {
        let mut found = checked(
            "max_mean_loss_increase = 0.1",
            &model(1.0, 400, 1.0, 0.9),
            &model(after, 400, 1.0, 0.9),
            On::Bound,
        );
        assert_eq!(found.status, status, "{after}");
        for (inconclusive, code) in [Inconclusive::Ok, Inconclusive::Exit4, Inconclusive::Fail].into_iter().zip(codes) {
            found.inconclusive = inconclusive;
            assert_eq!(found.exit_code(), code, "{after} {inconclusive:?}");
        }
    }
    let point =
        checked("max_mean_loss_increase = 0.1", &model(1.0, 400, 1.0, 0.9), &model(1.11, 400, 1.0, 0.9), On::Point);
    assert_eq!(point.exit_code(), 3);
}

#[test]
fn every_rule_knows_which_way_is_worse() {
    let (before, after) = (model(1.0, 400, 1.0, 0.9), model(1.0, 400, 1.5, 0.7));
    for (rules, subject) in [
        ("max_gap_increase = 0.1", "Senior"),
        ("max_gap = 0.3", "Senior"),
        ("max_group_loss_increase = 0.1", "with Senior"),
        ("min_group_auroc = 0.8", "with Senior"),
        ("[[prompt]]\ntext = \"a nurse\"\nmax_increase = 0.5", "a nurse"),
    ] {
        let found = checked(rules, &before, &after, On::Bound);
        assert_eq!((found.status, found.broken), (Status::Broken, 1), "{rules}: {found:?}");
        assert_eq!(found.outcomes[0].subject, subject);
        if !rules.contains("prompt") {
            assert_eq!(checked(rules, &after, &before, On::Bound).status, Status::Pass, "{rules}");
        }
    }
}

#[test]
fn a_group_of_few_is_inconclusive() {
    let (before, after) = (model(1.0, 4, 1.0, 0.9), model(1.0, 4, 1.0, 0.9));
    let found = checked("max_group_loss_increase = 0.1", &before, &after, On::Point);
    assert_eq!((found.status, found.exit_code()), (Status::Inconclusive, 0));
    assert!(found.outcomes[0].message.contains("too few (4)"), "{}", found.outcomes[0].message);
}

#[test]
fn what_could_have_been_seen_is_said_and_may_be_asked_for() {
    let (before, after) = (model(1.0, 400, 1.0, 0.9), model(1.01, 400, 1.0, 0.9));
    let found = checked("max_mean_loss_increase = 0", &before, &after, On::Bound);
    let outcome = &found.outcomes[0];
    // (t.ppf(.95, 399) + t.ppf(.8, 399)) · √.0002, by SciPy.
    assert!((outcome.detectable.value().unwrap() - 0.035_224).abs() < 1e-5, "{outcome:?}");
    assert!(outcome.message.contains("could see ≥ 3.5 %; limit 0.0 %"), "{}", outcome.message);
    let asked =
        |size: &str| checked(&format!("max_mean_loss_increase = 0\nmust_see = {size}"), &before, &after, On::Bound);
    assert_eq!((asked("0.036").exit_code(), asked("0.036").underpowered), (0, 0));
    let short = asked("\"3%\"");
    assert_eq!((short.exit_code(), short.underpowered, short.status), (4, 1, Status::Inconclusive));
    assert!(short.outcomes[0].message.contains("of 3.0 % would be seen with probability 0.68"), "{short:?}");
    assert_eq!(
        checked("max_mean_loss_increase = 0\nmust_see = 0.03\nmin_power = 0.6", &before, &after, On::Bound).exit_code(),
        0
    );
}

#[test]
fn rules_share_the_level_of_a_run() {
    let (before, after) = (model(1.0, 400, 1.0, 0.9), model(1.0, 400, 1.0, 0.9));
    let found = checked("max_mean_loss_increase = 0.1\nmax_gap = 0.3", &before, &after, On::Bound);
    assert_eq!((found.level, found.rule_level), (0.05, 0.025));
    // q = .03 at a limit of 0: over the share of two rules, under the level of one.
    let shifted = model(1.0 + 1.886 * 0.0002_f64.sqrt(), 400, 1.0, 0.9);
    let broken = |rules: &str| checked(rules, &before, &shifted, On::Bound).broken;
    assert_eq!(broken("max_mean_loss_increase = 0"), 1);
    assert_eq!(broken("max_mean_loss_increase = 0\nmax_gap = 0.3"), 0);
}

#[test]
fn under_the_usual_rules_a_rise_within_its_standard_error_is_none() {
    let (before, after) = (model(1.0, 400, 1.0, 0.9), model(1.012, 400, 1.0, 0.9));
    let material = CheckMaterial {
        rules: &Rules::usual(),
        before: &before,
        after: &after,
        change: None,
        standard_error: None,
        prompts: &[],
        slices: None,
    };
    let found = check(("v2", "v1"), &material, CheckManner::default());
    let mean = found.outcomes.iter().find(|outcome| outcome.rule == "max_mean_loss_increase").unwrap();
    assert_eq!((mean.limit, mean.status), (0.01, Status::Pass));
    let strict = check(("v2", "v1"), &material, CheckManner { on: On::Point, ..CheckManner::default() });
    assert_eq!(strict.status, Status::Broken);
}

#[test]
fn an_attribute_may_have_its_own_limit_or_none() {
    let (before, after) = (model(1.0, 400, 1.0, 0.9), model(1.0, 400, 1.5, 0.9));
    let own = "max_gap_increase = 0.1\n[attribute.Senior]\nmax_gap_increase = 0.9";
    assert_eq!(checked(own, &before, &after, On::Bound).status, Status::Pass);
    let none = checked("max_gap_increase = 0.1\n[attribute.Senior]\nskip = true", &before, &after, On::Bound);
    assert!(none.outcomes.is_empty());
}

#[test]
fn a_share_is_of_the_mean_loss_before() {
    let found =
        checked("max_mean_loss_increase = \"50%\"", &model(2.0, 400, 1.0, 0.9), &model(2.9, 400, 1.0, 0.9), On::Point);
    assert_eq!((found.status, found.outcomes[0].limit), (Status::Pass, 1.0));
}

#[test]
fn a_slice_is_new_where_the_model_fails_on_it_and_its_loss_rose_by_more_than_chance() {
    let slice = |name: &str, before: f64, after: f64, p: f64, told: bool| NewSlice {
        name: name.into(),
        n: 50,
        before,
        after,
        rise_of_all: 0.01,
        p,
        told,
    };
    let found = |slices: Vec<NewSlice>, rules: &str| {
        let rules = Rules::parse(rules).unwrap();
        let same = model(1.0, 400, 1.0, 0.9);
        let slices = NewSlices { slices, tested_on: 900, notes: Vec::new() };
        let material = CheckMaterial {
            rules: &rules,
            before: &same,
            after: &same,
            change: None,
            standard_error: None,
            prompts: &[],
            slices: Some(&slices),
        };
        check(("v2", "v1"), &material, CheckManner::default())
    };
    let rule = "[discover]\nmax_new_slices = 0";
    let known = [
        slice("as before", 3.0, 3.0, 0.6, true),
        slice("rose elsewhere less", 3.0, 2.9, 1e-6, true),
        slice("rose and is no weakness", 1.0, 1.1, 1e-6, false),
        // Its q is .045 · 4 / 3 = .06 over these four.
        slice("chance", 1.0, 1.5, 0.045, true),
    ];
    let kept = found(known.to_vec(), rule);
    assert_eq!(
        (kept.status, kept.outcomes[0].message.as_str()),
        (Status::Pass, "0 of 4 slices found are new, at most 0 allowed")
    );
    let with_new = [known.to_vec(), vec![slice("retired", 1.0, 2.0, 1e-4, true)]].concat();
    let broken = found(with_new.clone(), rule);
    assert_eq!((broken.exit_code(), broken.broken, broken.outcomes[0].subject.as_str()), (3, 1, "retired"));
    assert!(broken.outcomes[0].message.contains("mean loss 2.0000, 1.0000 before"), "{:?}", broken.outcomes[0]);
    assert_eq!(found(with_new, "[discover]\nmax_new_slices = 1").status, Status::Pass);
    // Every rule has its share of the level.
    let shared = found(known.to_vec(), "max_mean_loss_increase = 1\n[discover]\nmax_new_slices = 0");
    assert_eq!(shared.rule_level, 0.025);
}

#[test]
fn where_nothing_could_be_tested_the_rule_is_inconclusive() {
    let rules = Rules::parse("[discover]\nmax_new_slices = 0").unwrap();
    let same = model(1.0, 400, 1.0, 0.9);
    let slices = NewSlices { notes: vec!["Too few items.".into()], ..NewSlices::default() };
    let material = CheckMaterial {
        rules: &rules,
        before: &same,
        after: &same,
        change: None,
        standard_error: None,
        prompts: &[],
        slices: Some(&slices),
    };
    let found = check(("v2", "v1"), &material, CheckManner::default());
    assert_eq!((found.status, found.exit_code()), (Status::Inconclusive, 0));
    assert!(found.outcomes[0].message.ends_with("being new: Too few items"), "{:?}", found.outcomes);
}
