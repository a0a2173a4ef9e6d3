//! The settings a person gave, as hyper-parameters: one run for each combination of their values.

use super::arguments::{ArchitectureArgument, NegativesArgument, PairsArgument, Switch, TargetArgument, Train};
use super::context::Failure;
use crate::audit::{Architecture, HyperParameters, Negatives, Pairs, Sweep, Target};

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
    all.over(&given.hidden, |run, value| run.hidden = value)?;
    all.over(&given.members, |run, value| run.members = value)?;
    all.over(&given.epochs, |run, value| run.epochs = value)?;
    all.over(&given.batch, |run, value| run.batch = value)?;
    all.over(&given.learning_rate, |run, value| run.learning_rate = value)?;
    all.over(&given.warmup, |run, value| run.warmup = value)?;
    all.over(&given.weight_decay, |run, value| run.weight_decay = value)?;
    all.over(&given.bootstrap, |run, value| run.bootstrap = value == Switch::On)?;
    all.over(&given.fragments, |run, value| run.fragments = value == Switch::On)?;
    all.over(&given.target, |run, value| run.target = target(value))?;
    all.over(&given.negatives, |run, value| run.negatives = negatives(value))?;
    all.over(&given.shift, |run, value| run.shift = value == Switch::On)?;
    all.over(&given.pairs, |run, value| run.pairs = pairs(value))?;
    all.over(&given.validation, |run, value| run.validation = value)?;
    all.over(&given.patience, |run, value| run.patience = value)?;
    all.over(&given.train_rows, |run, value| run.train_rows = Some(value))?;
    all.over(&given.seed, |run, value| run.seed = value)?;
    all.runs()
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
