//! The settings a person gave, as hyper-parameters: one run for each combination of their values.

use super::arguments::{ArchitectureArgument, NegativesArgument, PairsArgument, Switch, TargetArgument, Train};
use super::context::Failure;
use crate::audit::{Architecture, HyperParameters, Negatives, Pairs, Sweep, Target, values};
use std::str::FromStr;

/// Most runs of a sweep: more are a slip of the hand.
const MOST: usize = 1000;

/// Every combination, in the order of the values given; equal ones once.
///
/// # Errors
/// If a value is out of range or there are too many runs.
pub fn runs(given: &Train) -> Result<Vec<HyperParameters>, Failure> {
    let base = |shape: &ArchitectureArgument| {
        let architecture = match shape {
            ArchitectureArgument::Linear => Architecture::Linear,
            ArchitectureArgument::Mlp => Architecture::Mlp,
        };
        if given.paper { HyperParameters::paper(architecture) } else { HyperParameters::new(architecture) }
    };
    combine(given, Sweep::of(given.architecture.iter().map(base).collect(), MOST)).map_err(Failure::usage)
}

fn combine(given: &Train, mut all: Sweep) -> Result<Vec<HyperParameters>, String> {
    all.over(&numbers("hidden", &given.hidden)?, |run, value| run.hidden = value)?;
    all.over(&numbers("members", &given.members)?, |run, value| run.members = value)?;
    all.over(&numbers("epochs", &given.epochs)?, |run, value| run.epochs = value)?;
    all.over(&numbers("batch", &given.batch)?, |run, value| run.batch = value)?;
    all.over(&numbers("learning-rate", &given.learning_rate)?, |run, value| run.learning_rate = value)?;
    all.over(&numbers("warmup", &given.warmup)?, |run, value| run.warmup = value)?;
    all.over(&numbers("weight-decay", &given.weight_decay)?, |run, value| run.weight_decay = value)?;
    all.over(&given.bootstrap, |run, value| run.bootstrap = value == Switch::On)?;
    all.over(&given.fragments, |run, value| run.fragments = value == Switch::On)?;
    all.over(&given.target, |run, value| run.target = target(value))?;
    all.over(&given.negatives, |run, value| run.negatives = negatives(value))?;
    all.over(&given.shift, |run, value| run.shift = value == Switch::On)?;
    all.over(&given.pairs, |run, value| run.pairs = pairs(value))?;
    all.over(&numbers("validation", &given.validation)?, |run, value| run.validation = value)?;
    all.over(&numbers("patience", &given.patience)?, |run, value| run.patience = value)?;
    all.over(&numbers("train-rows", &given.train_rows)?, |run, value| run.train_rows = Some(value))?;
    all.over(&numbers("seed", &given.seed)?, |run, value| run.seed = value)?;
    all.runs()
}

/// The values of a setting, however often its option was given; none where it was not.
fn numbers<T: FromStr>(name: &str, given: &[String]) -> Result<Vec<T>, String> {
    if given.is_empty() { Ok(Vec::new()) } else { values(name, &given.join(","), MOST) }
}

fn target(given: TargetArgument) -> Target {
    match given {
        TargetArgument::Raw => Target::Raw,
        TargetArgument::Log1p => Target::Log1p,
        TargetArgument::Rank => Target::Rank,
    }
}

fn negatives(given: NegativesArgument) -> Negatives {
    match given {
        NegativesArgument::Auto => Negatives::Auto,
        NegativesArgument::Gaussian => Negatives::Gaussian,
        NegativesArgument::Sphere => Negatives::Sphere,
        NegativesArgument::Phrases => Negatives::Phrases,
        NegativesArgument::Vocabulary => Negatives::Vocabulary,
    }
}

fn pairs(given: PairsArgument) -> Pairs {
    match given {
        PairsArgument::Sampled => Pairs::Sampled,
        PairsArgument::All => Pairs::All,
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::{Action, Arguments};
    use super::*;
    use clap::Parser;

    fn runs_of(words: &str) -> Result<Vec<HyperParameters>, Failure> {
        let arguments = Arguments::try_parse_from(words.split_whitespace()).unwrap();
        let Some(Action::Train(given)) = arguments.action else { unreachable!() };
        runs(&given)
    }

    #[test]
    fn every_combination_is_a_run() {
        let runs = runs_of("llm2loss train adult --arch linear,mlp --target raw,rank --seed 1,2,3").unwrap();
        assert_eq!(runs.len(), 12);
        let first: Vec<_> = runs.iter().take(4).map(|run| (run.architecture, run.target, run.seed)).collect();
        let linear = Architecture::Linear;
        assert_eq!(
            first,
            [(linear, Target::Raw, 1), (linear, Target::Raw, 2), (linear, Target::Raw, 3), (linear, Target::Rank, 1)]
        );
    }

    #[test]
    fn a_range_is_a_run_for_each_of_its_values() {
        let seeds = |words: &str| -> Vec<u64> { runs_of(words).unwrap().iter().map(|run| run.seed).collect() };
        assert_eq!(seeds("llm2loss train adult --seed 1..3,7"), [1, 2, 3, 7]);
        assert_eq!(seeds("llm2loss train adult --seed 1..2 --seed 9"), [1, 2, 9]);
        for (words, said) in [
            ("--seed 3..1", "seed is '3..1'; give a range such as 1..3"),
            ("--learning-rate .1,x", "learning-rate is 'x'; give a number"),
            ("--epochs 0..5000", "epochs is '0..5000'; at most 1000 values make runs"),
        ] {
            let error = runs_of(&format!("llm2loss train adult {words}")).unwrap_err();
            assert_eq!((error.code, error.message.as_str()), (2, said));
        }
    }

    #[test]
    fn settings_without_effect_make_no_run_of_their_own() {
        // A linear head has no hidden units.
        assert_eq!(runs_of("llm2loss train adult --arch linear,mlp --hidden 8,16").unwrap().len(), 3);
        assert_eq!(runs_of("llm2loss train adult --seed 1,1").unwrap().len(), 1);
        assert_eq!(runs_of("llm2loss train adult").unwrap(), [HyperParameters::new(Architecture::Mlp)]);
        assert_eq!(runs_of("llm2loss train adult --paper").unwrap(), [HyperParameters::paper(Architecture::Mlp)]);
    }

    #[test]
    fn a_bad_value_or_too_many_runs_are_refused() {
        assert!(runs_of("llm2loss train adult --epochs 1,0").unwrap_err().message.contains("epochs is 0"));
        let seeds: Vec<String> = (0..1001).map(|seed| seed.to_string()).collect();
        let error = runs_of(&format!("llm2loss train adult --seed {}", seeds.join(","))).unwrap_err();
        assert_eq!((error.code, error.message.contains("more than 1000 runs")), (2, true));
    }
}
