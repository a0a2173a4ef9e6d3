//! What a person would type into a shell for the same result.

use super::app::App;
use super::msg::{Action, ExportForm, ScreenId};

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
            let shape = hyper.architecture;
            let (members, epochs, seed) = (hyper.members, hyper.epochs, hyper.seed);
            Some(format!(
                "llm2loss train {audit}{model} --architecture {shape} --members {members} --epochs {epochs} --seed {seed}"
            ))
        }
        Action::OpenRun => {
            let record = app.runs.get(app.train.runs.selected)?;
            Some(format!("llm2loss table {audit} attributes --run {}", record.id))
        }
        Action::Help => Some("llm2loss keys".into()),
        Action::NextDepth => Some("llm2loss --color 256".into()),
        Action::NextTheme => Some(format!("llm2loss --theme {}", quoted(&app.look.resolve().name))),
        Action::NextModel => Some(format!("llm2loss{model}")),
        Action::Refresh => Some("llm2loss doctor".into()),
        _ => None,
    }
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
    use super::quoted;

    #[test]
    fn a_shell_reads_the_same_word() {
        assert_eq!(quoted("adult"), "adult");
        assert_eq!(quoted("a person's dog"), "'a person'\\''s dog'");
        assert_eq!(quoted("$(rm)\n"), "'$(rm) '");
        assert_eq!(quoted(""), "''");
    }
}
