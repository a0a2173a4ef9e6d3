//! The gate over many retrainings: how often it cries wolf, and how often it sees a group made worse.
//!
//! `cargo test --test gate_power -- --nocapture` prints the figures of docs/ci.md.
#![allow(clippy::unwrap_used)]

use llm2loss::audit::*;
use llm2loss::diagnose::{CheckManner, CheckMaterial, Inconclusive, Status, USUAL_LEVEL, check, paired_standing};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Normal};

/// Losses of a test set under two models that are equally good, but for one group.
#[derive(Clone, Copy)]
struct World {
    items: usize,
    attributes: usize,
    /// Losses are 0 or 1.
    right_or_wrong: bool,
    /// What the losses of the first attribute's group are multiplied by; 300 items have it.
    factor: f64,
}

const USUAL: World = World { items: 1_500, attributes: 20, right_or_wrong: false, factor: 1.0 };

/// A test set with two retrainings of one recipe: each item has a difficulty, and either model its own luck with it.
fn audit(world: World, seed: u64) -> Audit {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let difficulty: Vec<f64> = (0..world.items).map(|_| Gamma::new(0.8, 0.6).unwrap().sample(&mut rng)).collect();
    let attributes: Vec<Attribute> = (0..world.attributes).map(|at| attribute(at, world, &mut rng)).collect();
    let luck = Normal::new(0.0, 0.25).unwrap();
    let mut losses = |factor: f64| -> Vec<f64> {
        let one = |(item, difficulty): (usize, &f64)| {
            let hit = attributes[0].values[item] == Some(true);
            let luck: f64 = luck.sample(&mut rng);
            let loss = difficulty * luck.exp() * if hit { factor } else { 1.0 };
            // Nine answers in ten follow the difficulty alone.
            let wrong = if rng.random_bool(0.9) { *difficulty > 0.9 } else { loss > 0.9 };
            if world.right_or_wrong { f64::from(u8::from(wrong)) } else { loss }
        };
        difficulty.iter().enumerate().map(one).collect()
    };
    let models = [("v1", losses(1.0)), ("v2", losses(world.factor))].map(|(name, losses)| ModelLosses {
        name: name.into(),
        losses,
        scores: None,
        class_aurocs: None,
    });
    let item = |at: usize| Item {
        id: at.to_string().into(),
        text: String::new().into(),
        split: Split::Test,
        content: Content::Text,
    };
    Audit {
        name: "simulated".into(),
        items: (0..world.items).map(item).collect(),
        labels: None,
        clusters: None,
        attributes,
        models: models.to_vec(),
        prompts: PromptSets::default(),
    }
}

/// The first has 300 items; the others anything from a hundredth to a half of all.
fn attribute(at: usize, world: World, rng: &mut ChaCha8Rng) -> Attribute {
    let share = 0.5 * 0.02_f64.powf(at as f64 / world.attributes as f64);
    let values = (0..world.items).map(|item| Some(if at == 0 { item < 300 } else { rng.random_bool(share) })).collect();
    let prompts = AttributePrompts {
        bare: (String::new(), String::new()),
        phrase: String::new(),
        antonym: None,
        generic: String::new(),
        made: false,
    };
    Attribute { name: format!("a{at}"), prompts, values }
}

/// Runs of the usual rules at a level: how many broke, and how many broke on the first attribute's group.
fn broken(world: World, runs: u64, level: f64) -> (usize, usize) {
    let rules = Rules::usual();
    let one = |seed| {
        let audit = audit(world, seed);
        let found = paired_standing(&audit, &audit.models[0], &audit.models[1], None);
        let material = CheckMaterial {
            rules: &rules,
            before: &found.before,
            after: &found.after,
            change: Some(&found.change),
            standard_error: found.errors.value(),
            slices: None,
            prompts: &[],
        };
        let found = check(("v2", "v1"), &material, CheckManner { level, ..CheckManner::default() });
        assert_eq!(found.inconclusive, Inconclusive::Ok);
        assert_eq!(found.exit_code(), if found.status == Status::Broken { 3 } else { 0 });
        let group = found.outcomes.iter().find(|outcome| outcome.subject == "with a0").unwrap();
        (found.status == Status::Broken, group.status == Status::Broken)
    };
    let found: Vec<(bool, bool)> = (0..runs).map(one).collect();
    (found.iter().filter(|found| found.0).count(), found.iter().filter(|found| found.1).count())
}

#[test]
fn equally_good_models_pass_and_a_group_made_worse_is_stopped() {
    for (name, world) in [
        ("1,500 items, 20 attributes", USUAL),
        ("5,000 items, 20 attributes, 0/1 losses", World { items: 5_000, right_or_wrong: true, ..USUAL }),
    ] {
        let (alarms, _) = broken(world, 200, USUAL_LEVEL);
        println!("{name}: exit 0 in {} of 200 equal retrainings", 200 - alarms);
        assert!(alarms <= 10, "{name}: {alarms} of 200");
    }
    let (stopped, group) = broken(World { factor: 1.2, ..USUAL }, 200, USUAL_LEVEL);
    println!("one group of 300 made 20 % worse: exit 3 in {stopped} of 200, that group named in {group}");
    assert!(stopped >= 180 && group >= 180, "{stopped} {group} of 200");
}

#[test]
fn a_year_of_nightly_runs_has_no_more_alarms_than_stated() {
    let (alarms, _) = broken(USUAL, 365, 1.0 / 365.0);
    println!("a year of nightly equal retrainings at 1 false alarm a year: {alarms}");
    assert!(alarms <= 1, "{alarms}");
    let (alarms, _) = broken(USUAL, 365, USUAL_LEVEL);
    println!("the same at the usual level, expected at most {:.1}: {alarms}", 365.0 * USUAL_LEVEL);
    assert!((alarms as f64) <= 365.0 * USUAL_LEVEL, "{alarms}");
}
