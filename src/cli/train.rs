//! `llm2loss train`: heads for a model of an audit.

use super::arguments::{ArchitectureArgument, NegativesArgument, PairsArgument, Switch, TargetArgument, Train};
use super::context::{Failure, print, session};
use super::progress;
use crate::audit::{Architecture, HyperParameters, Negatives, Pairs, Target};
use crate::report;
use std::path::PathBuf;

pub fn run(home: Option<PathBuf>, model: Option<&str>, given: &Train) -> Result<u8, Failure> {
    let hyper = hyper_parameters(given);
    hyper.validate().map_err(Failure::usage)?;
    let session = session(home, &given.audit)?;
    let model = session.model_name(model)?;
    let record = match session.finished(&model, &hyper)? {
        Some(record) if !given.force => {
            session.store().set_shown_run(&record.audit, &record.model, &record.id)?;
            progress::say(&format!("run {} has exactly these inputs already; --force trains it again", record.id));
            record
        }
        _ => session.train(&model, &hyper, &progress::tracker())?.record,
    };
    if given.output.json {
        return print(&report::to_json("llm2loss.run/1", None, &record)?);
    }
    print(&report::runs(std::slice::from_ref(&record)))
}

fn hyper_parameters(given: &Train) -> HyperParameters {
    let architecture = match given.architecture {
        ArchitectureArgument::Linear => Architecture::Linear,
        ArchitectureArgument::Mlp => Architecture::Mlp,
    };
    let base = if given.paper { HyperParameters::paper(architecture) } else { HyperParameters::new(architecture) };
    let on = |switch: Option<Switch>, default: bool| switch.map_or(default, |switch| switch == Switch::On);
    HyperParameters {
        architecture,
        hidden: given.hidden.unwrap_or(base.hidden),
        members: given.members.unwrap_or(base.members),
        epochs: given.epochs.unwrap_or(base.epochs),
        batch: given.batch.unwrap_or(base.batch),
        learning_rate: given.learning_rate.unwrap_or(base.learning_rate),
        warmup: given.warmup.unwrap_or(base.warmup),
        weight_decay: given.weight_decay.unwrap_or(base.weight_decay),
        bootstrap: on(given.bootstrap, base.bootstrap),
        fragments: on(given.fragments, base.fragments),
        target: given.target.map_or(base.target, |target| match target {
            TargetArgument::Raw => Target::Raw,
            TargetArgument::Log1p => Target::Log1p,
            TargetArgument::Rank => Target::Rank,
        }),
        negatives: given.negatives.map_or(base.negatives, |negatives| match negatives {
            NegativesArgument::Gaussian => Negatives::Gaussian,
            NegativesArgument::Sphere => Negatives::Sphere,
            NegativesArgument::Phrases => Negatives::Phrases,
            NegativesArgument::Vocabulary => Negatives::Vocabulary,
        }),
        pairs: given.pairs.map_or(base.pairs, |pairs| match pairs {
            PairsArgument::Sampled => Pairs::Sampled,
            PairsArgument::All => Pairs::All,
        }),
        validation: given.validation.unwrap_or(base.validation),
        patience: given.patience.unwrap_or(base.patience),
        seed: given.seed.unwrap_or(base.seed),
    }
}
