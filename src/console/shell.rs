//! What a person would type into a shell for the same result.

use super::app::App;
use super::msg::{Action, ExportForm, ScreenId};
use super::world::World;
use crate::audit::{HyperParameters, Negatives};

pub use crate::report::shell_word as quoted;

/// The audit as a word of the shell.
#[must_use]
pub fn audit(world: &World) -> String {
    quoted(world.audit.as_ref().map_or("adult", |audit| audit.name.as_str()))
}

/// The flag of the model in view.
#[must_use]
pub fn model(world: &World) -> String {
    world.model().map(|model| format!(" --model {}", quoted(model))).unwrap_or_default()
}

/// A command about the shown run of the audit; `rest` stands after the audit's name.
#[must_use]
pub fn ask(world: &World, command: &str, rest: &str) -> String {
    let run = world.shown.as_ref().map(|shown| format!(" --run {}", shown.record.id)).unwrap_or_default();
    format!("llm2loss {command} {}{rest}{}{run}", audit(world), model(world))
}

/// The command that does what an action of a screen does; `None` for what only a screen can do.
#[must_use]
pub fn twin(app: &App, screen: ScreenId, action: Action) -> Option<String> {
    let world = &app.world;
    match action {
        Action::Screen(screen) => app.screens.get(screen).shell(world, action),
        Action::ExportAs(form) => exported(world, app.screens.get(screen).table()?, form),
        Action::Help => Some("llm2loss keys".into()),
        Action::NextDepth => Some("llm2loss --color 256".into()),
        Action::NextTheme => Some(format!("llm2loss --theme {}", quoted(&world.look.resolve().name))),
        Action::NextModel => Some(format!("llm2loss{}", model(world))),
        _ => app.screens.get(screen).shell(world, action),
    }
}

/// The flags of a run's settings, but for those that are the defaults of its architecture.
#[must_use]
pub fn settings(hyper: &HyperParameters) -> String {
    let usual = HyperParameters::new(hyper.architecture);
    let mut flags = format!(" --architecture {}", hyper.architecture);
    let mut flag = |differs: bool, name: &str, value: String| {
        if differs {
            flags.push_str(&format!(" --{name} {value}"));
        }
    };
    let switch = |on: bool| if on { "on".to_owned() } else { "off".to_owned() };
    let hidden = hyper.hidden_units();
    flag(hidden != usual.hidden_units(), "hidden", hidden.to_string());
    flag(hyper.members != usual.members, "members", hyper.members.to_string());
    flag(hyper.epochs != usual.epochs, "epochs", hyper.epochs.to_string());
    flag(hyper.patience != usual.patience, "patience", hyper.patience.to_string());
    flag(hyper.batch != usual.batch, "batch", hyper.batch.to_string());
    flag(hyper.learning_rate != usual.learning_rate, "learning-rate", hyper.learning_rate.to_string());
    flag(hyper.warmup != usual.warmup, "warmup", hyper.warmup.to_string());
    flag(hyper.weight_decay != usual.weight_decay, "weight-decay", hyper.weight_decay.to_string());
    flag(hyper.bootstrap != usual.bootstrap, "bootstrap", switch(hyper.bootstrap));
    flag(hyper.fragments != usual.fragments, "fragments", switch(hyper.fragments));
    flag(hyper.target != usual.target, "target", hyper.target.name().into());
    let automatic = matches!(hyper.negatives, Negatives::Auto | Negatives::Vocabulary);
    flag(!automatic, "negatives", hyper.negatives.name().into());
    // Only an encoder of images draws phrases, and only its prompts could be moved.
    flag(hyper.negatives == Negatives::Phrases && !hyper.shift, "shift", switch(hyper.shift));
    flag(hyper.pairs != usual.pairs, "pairs", hyper.pairs.name().into());
    flag(hyper.validation != usual.validation, "validation", hyper.validation.to_string());
    if let Some(rows) = hyper.train_rows {
        flag(hyper.train_rows != usual.train_rows, "train-rows", rows.to_string());
    }
    flag(hyper.seed != usual.seed, "seed", hyper.seed.to_string());
    flags
}

fn exported(world: &World, table: &str, form: ExportForm) -> Option<String> {
    let format = match form {
        ExportForm::Csv => "csv",
        ExportForm::Json => "json",
        ExportForm::Markdown => "markdown",
        ExportForm::Svg => return None,
    };
    Some(ask(world, "table", &format!(" {table} --format {format}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Architecture;

    #[test]
    fn a_run_is_described_by_what_is_not_usual() {
        let hyper = HyperParameters::new(Architecture::Linear);
        assert_eq!(settings(&hyper), " --architecture linear");
        let other = HyperParameters { warmup: 0.1, patience: 0, bootstrap: false, seed: 7, ..hyper };
        assert_eq!(settings(&other), " --architecture linear --patience 0 --warmup 0.1 --bootstrap off --seed 7");
    }

    #[test]
    fn a_shell_reads_the_same_word() {
        assert_eq!(quoted("adult"), "adult");
        assert_eq!(quoted("a person's dog"), "'a person'\\''s dog'");
        assert_eq!(quoted("$(rm)\n"), "'$(rm) '");
        assert_eq!(quoted(""), "''");
    }
}
