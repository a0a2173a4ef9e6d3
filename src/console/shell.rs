//! What a person would type into a shell for the same result.

use super::app::App;
use super::msg::{Action, ExportForm, ScreenId};
use crate::audit::{HyperParameters, Negatives, RunState};

/// A word as a POSIX shell reads it back unchanged.
#[must_use]
pub fn quoted(word: &str) -> String {
    let word = super::text::clean(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// The command that does what an action of a screen does; `None` for what only a screen can do.
#[must_use]
pub fn twin(app: &App, screen: ScreenId, action: Action) -> Option<String> {
    let audit = app.audit.as_ref().map_or("adult", |audit| audit.name.as_str());
    let audit = quoted(audit);
    let model = app.model().map(|model| format!(" --model {}", quoted(model))).unwrap_or_default();
    let run = app.shown.as_ref().map(|shown| format!(" --run {}", shown.record.id)).unwrap_or_default();
    let ask = |command: &str, rest: &str| Some(format!("llm2loss {command} {audit}{rest}{model}{run}"));
    match action {
        Action::Screen(screen) => of_screen(app, screen, &ask),
        Action::ExportAs(form) => exported(screen, form, &ask),
        Action::OpenPair if screen == ScreenId::Attributes => {
            let table = &app.shown.as_ref()?.tables.attributes;
            let row = app.attributes.selected(table)?;
            let (a, b) = row.prompts.pair(super::screen::attributes::shown_contrast(row, app.attributes.contrast))?;
            ask("compare", &format!(" {} {}", quoted(a), quoted(b)))
        }
        Action::Type | Action::Swap if screen == ScreenId::Prompt => of_screen(app, ScreenId::Prompt, &ask),
        Action::NewRun => {
            let hyper = app.shown.as_ref().map(|shown| &shown.record.hyper)?;
            Some(format!("llm2loss train {audit}{model}{}", settings(hyper)))
        }
        Action::ResumeRun => {
            let record = app.selected_run().filter(|run| run.state == RunState::Cancelled)?;
            let model = quoted(&record.model);
            Some(format!("llm2loss train {audit} --model {model}{}", settings(&record.hyper)))
        }
        Action::EmbedItems => Some(format!("llm2loss embed {audit}")),
        Action::OpenRun => {
            let record = app.selected_run()?;
            Some(format!("llm2loss table {audit} attributes --run {}", record.id))
        }
        Action::Help => Some("llm2loss keys".into()),
        Action::NextDepth => Some("llm2loss --color 256".into()),
        Action::NextTheme => Some(format!("llm2loss --theme {}", quoted(&app.look.resolve().name))),
        Action::NextModel => Some(format!("llm2loss{model}")),
        Action::Refresh => Some("llm2loss doctor".into()),
        Action::CheckCache => Some("llm2loss cache verify".into()),
        _ => None,
    }
}

/// The flags of a run's settings, but for those that are the defaults of its architecture.
fn settings(hyper: &HyperParameters) -> String {
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
    flag(hyper.seed != usual.seed, "seed", hyper.seed.to_string());
    flags
}

type Ask<'a> = &'a dyn Fn(&str, &str) -> Option<String>;

fn of_screen(app: &App, screen: ScreenId, ask: Ask<'_>) -> Option<String> {
    match screen {
        ScreenId::Attributes => ask("table", " attributes"),
        ScreenId::Prompt => {
            let (a, b) = (app.prompt.text(0), app.prompt.text(1));
            match (a.is_empty(), b.is_empty()) {
                (true, true) => ask("score", " 'a sentence'"),
                (false, false) => ask("compare", &format!(" {} {}", quoted(a), quoted(b))),
                (true, false) => ask("score", &format!(" {}", quoted(b))),
                (false, true) => ask("score", &format!(" {}", quoted(a))),
            }
        }
        ScreenId::Train => Some("llm2loss runs".into()),
        ScreenId::Data => Some("llm2loss doctor".into()),
        ScreenId::Compare => {
            let (audit, (then, now)) = (app.audit.as_ref()?, app.compare.models.as_ref()?);
            Some(format!("llm2loss compare-models {} {} {}", quoted(&audit.name), quoted(then), quoted(now)))
        }
        ScreenId::Ood => ask("table", " ood"),
        ScreenId::Validity => ask("table", " validity"),
    }
}

fn exported(screen: ScreenId, form: ExportForm, ask: Ask<'_>) -> Option<String> {
    let kind = match screen {
        ScreenId::Attributes => "attributes",
        ScreenId::Ood => "ood",
        ScreenId::Validity => "validity",
        _ => return None,
    };
    let format = match form {
        ExportForm::Csv => "csv",
        ExportForm::Json => "json",
        ExportForm::Markdown => "markdown",
        ExportForm::Svg => return None,
    };
    ask("table", &format!(" {kind} --format {format}"))
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
