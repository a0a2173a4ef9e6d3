//! What is shown, as a table for a clipboard or a file: the order, the filter and the contrast in view are kept.

use super::app::App;
use super::msg::{Cmd, ExportForm, ScreenId};
use super::screen::attributes;
use super::{svg, view};
use crate::audit::HeadKind;
use crate::diagnose::PromptScores;
use crate::report::{Align, Cell, Format, Sheet};
use Align::{Left, Right};

/// Writes what is shown in a form; the file's name says what it is of.
pub fn write(app: &mut App, form: ExportForm) -> Vec<Cmd> {
    let text = match form {
        ExportForm::Svg => {
            let theme = app.look.resolve();
            Some(svg::svg(&view::draw(app, app.size.0, app.size.1, &theme).0, &theme))
        }
        _ => sheet(app).map(|sheet| match form {
            ExportForm::Csv => sheet.render(Format::Csv),
            ExportForm::Markdown => sheet.render(Format::Markdown),
            _ => json(&sheet),
        }),
    };
    let Some(text) = text else {
        app.say("there is nothing to export yet", true);
        return Vec::new();
    };
    let screen = app.screen.name().to_lowercase();
    let run = app.shown.as_ref().map(|shown| format!("-{}", shown.record.id.short())).unwrap_or_default();
    vec![Cmd::Export { name: format!("{screen}{run}.{}", form.extension()), text }]
}

fn json(sheet: &Sheet) -> String {
    let document = serde_json::json!({ "heading": sheet.heading, "rows": sheet.records(), "notes": sheet.notes });
    // Strings and numbers always have a JSON form.
    crate::report::json(&document).unwrap_or_default()
}

/// Copies the selected row with its column names, or the focused prompt.
pub fn copy_row(app: &mut App) -> Vec<Cmd> {
    if app.screen == ScreenId::Prompt {
        let text = app.prompt.text(app.prompt.focus).to_owned();
        if text.is_empty() {
            app.say("the prompt is empty", false);
            return Vec::new();
        }
        return copy(app, "the prompt", text);
    }
    let place = match app.screen {
        ScreenId::Attributes => app.attributes.cursor.selected,
        ScreenId::Train => app.train.runs.selected,
        ScreenId::Data => app.data.cursor.selected,
        ScreenId::Compare => app.compare.cursor.selected,
        ScreenId::Ood => app.ood.cursor.selected,
        ScreenId::Prompt | ScreenId::Validity => 0,
    };
    match sheet(app).and_then(|sheet| sheet.records().into_iter().nth(place)) {
        Some(record) => {
            let words = |value: serde_json::Value| match value {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            let cells: Vec<String> =
                record.into_iter().map(|(name, value)| format!("{name}: {}", words(value))).collect();
            copy(app, "the row", cells.join("\n") + "\n")
        }
        None => {
            app.say("there is nothing to copy yet", false);
            Vec::new()
        }
    }
}

/// Copies everything shown, as Markdown.
pub fn copy_all(app: &mut App) -> Vec<Cmd> {
    match sheet(app) {
        Some(sheet) => copy(app, "the table", sheet.render(Format::Markdown)),
        None => {
            app.say("there is nothing to copy yet", false);
            Vec::new()
        }
    }
}

fn copy(app: &mut App, what: &str, text: String) -> Vec<Cmd> {
    app.say(format!("{what} is handed to the terminal's clipboard ({} bytes)", text.len()), false);
    vec![Cmd::Copy(text)]
}

fn number(value: f64, signed: bool) -> Cell {
    Cell::Number { value, digits: 4, signed }
}

fn heading(app: &App, title: &str) -> String {
    let run = app.shown.as_ref().map(|shown| {
        let record = &shown.record;
        format!("audit {}, model {}, run {}, {}", record.audit, record.model, record.id, record.hyper.summary())
    });
    format!("{title}\n{}", run.unwrap_or_default())
}

/// What the screen in sight shows, as a sheet.
fn sheet(app: &App) -> Option<Sheet> {
    match app.screen {
        ScreenId::Attributes => attribute_sheet(app),
        ScreenId::Prompt => prompt_sheet(app),
        ScreenId::Train => Some(run_sheet(app)),
        ScreenId::Data => data_sheet(app),
        ScreenId::Compare => compare_sheet(app),
        ScreenId::Ood => ood_sheet(app),
        ScreenId::Validity => validity_sheet(app),
    }
}

fn attribute_sheet(app: &App) -> Option<Sheet> {
    let table = &app.shown.as_ref()?.tables.attributes;
    let state = &app.attributes;
    let columns = [
        ("attribute", Left),
        ("n true", Right),
        ("n false", Right),
        ("AUROC true", Right),
        ("AUROC false", Right),
        ("RMM", Right),
        ("loss true", Right),
        ("loss false", Right),
        ("loss gap", Right),
        ("loss gap 95 %", Right),
        ("loss q", Right),
        ("predicted loss gap", Right),
        ("predicted sd", Right),
        ("contrast", Left),
    ];
    let mut sheet = Sheet::new(heading(app, "Attributes"), &columns);
    for row in state.order.iter().filter_map(|&at| table.rows.get(at)) {
        let gap = attributes::predicted(row, HeadKind::Regressor, state.contrast);
        let of = |value: Option<f64>, signed| value.map_or(Cell::Empty, |value| number(value, signed));
        sheet.row(vec![
            Cell::text(row.name.clone()),
            Cell::Count(row.n_true),
            Cell::Count(row.n_false),
            Cell::number(row.auroc_true, 4),
            Cell::number(row.auroc_false, 4),
            Cell::number(row.rmm, 4),
            Cell::number(row.loss_true, 4),
            Cell::number(row.loss_false, 4),
            Cell::signed(row.loss_gap, 4),
            Cell::signed_interval(row.loss_evidence.interval, 4),
            Cell::probability(row.loss_evidence.q),
            of(gap.map(|gap| gap.summary.mean), true),
            of(gap.map(|gap| gap.summary.sd), false),
            Cell::text(attributes::shown_contrast(row, state.contrast).name()),
        ]);
    }
    let filter = state.filter.value().trim();
    let filter = if filter.is_empty() { String::new() } else { format!(", filter '{filter}'") };
    sheet.notes.push(format!(
        "Over {} test items; sorted by {}{filter}. Gaps are true less false.",
        table.n,
        state.sort.name()
    ));
    Some(sheet)
}

fn prompt_sheet(app: &App) -> Option<Sheet> {
    let columns = [
        ("prompt", Left),
        ("head", Left),
        ("mean", Right),
        ("sd", Right),
        ("percentile", Right),
        ("percentile over", Left),
    ];
    let mut sheet = Sheet::new(heading(app, "Prompts"), &columns);
    let mut add = |scores: &PromptScores| {
        if let Some(found) = &scores.estimate {
            let ends = found.interval.map_or_else(String::new, |ends| {
                format!("{:.0} % interval {:.4} to {:.4}, ", 100.0 * ends.level, ends.low, ends.high)
            });
            let calibrated = if found.calibrated { "calibrated on" } else { "not calibrated:" };
            sheet.row(vec![
                Cell::text(scores.text.clone()),
                Cell::text("estimate"),
                number(found.value, true),
                Cell::Empty,
                Cell::Empty,
                Cell::Text(format!("{ends}{calibrated} {} slices", found.slices)),
            ]);
        }
        for head in &scores.heads {
            sheet.row(vec![
                Cell::text(scores.text.clone()),
                Cell::text(head.head.name()),
                number(head.summary.mean, true),
                number(head.summary.sd, false),
                number(head.percentile, false),
                Cell::text(head.over.clone()),
            ]);
        }
    };
    let typed = [app.prompt.scores(0), app.prompt.scores(1)];
    let pins = app.prompt.ladder().into_iter().filter_map(|at| app.prompt.pins[at].scores.as_ref());
    let all: Vec<&PromptScores> = typed.into_iter().flatten().chain(pins).collect();
    all.iter().for_each(|scores| add(scores));
    (!all.is_empty()).then_some(sheet)
}

fn run_sheet(app: &App) -> Sheet {
    let columns = [
        ("run", Left),
        ("state", Left),
        ("model", Left),
        ("heads", Left),
        ("regressor", Right),
        ("ranker", Right),
        ("seconds", Right),
    ];
    let mut sheet = Sheet::new(heading(app, "Runs"), &columns);
    for run in app.listed() {
        let rho = |head| run.validation_spearman(head).map_or(Cell::Empty, |value| number(value, false));
        sheet.row(vec![
            Cell::text(run.id.to_string()),
            Cell::text(run.state.name()),
            Cell::text(run.model.clone()),
            Cell::text(run.hyper.summary()),
            rho(HeadKind::Regressor),
            rho(HeadKind::Ranker),
            Cell::Number { value: run.seconds, digits: 1, signed: false },
        ]);
    }
    sheet.notes.push("Spearman of each head with the loss over the validation items, mean of the members.".into());
    sheet
}

fn data_sheet(app: &App) -> Option<Sheet> {
    let store = app.store.as_ref()?;
    let columns = [
        ("model", Left),
        ("n test", Right),
        ("mean", Right),
        ("q05", Right),
        ("q25", Right),
        ("median", Right),
        ("q75", Right),
        ("q95", Right),
        ("zero", Right),
    ];
    let mut sheet = Sheet::new(heading(app, "Losses over the test items"), &columns);
    for loss in &store.losses {
        let mut cells = vec![Cell::text(loss.model.clone()), Cell::Count(loss.n), number(loss.mean, false)];
        cells.extend(loss.quantiles.iter().map(|value| number(*value, false)));
        cells.push(Cell::Count(loss.zeros));
        sheet.row(cells);
    }
    Some(sheet)
}

/// A measure of two models.
fn models_sheet(app: &App) -> Option<Sheet> {
    let (state, found) = (&app.compare, app.compare.found()?);
    let columns = [
        ("name", Left),
        ("before", Right),
        ("after", Right),
        ("change", Right),
        ("low 95 %", Right),
        ("high 95 %", Right),
        ("q", Right),
        ("verdict", Left),
        ("note", Left),
    ];
    let title = format!("{}: before {}, after {}", state.measure().name(), found.before, found.after);
    let mut sheet = Sheet::new(title, &columns);
    for line in state.order.iter().filter_map(|&at| state.lines.get(at)) {
        let of = |value: Option<f64>| value.map_or(Cell::Empty, |value| number(value, true));
        sheet.row(vec![
            Cell::text(line.name.clone()),
            of(line.then),
            of(line.now),
            of(line.change),
            of(line.interval.map(|(low, _)| low)),
            of(line.interval.map(|(_, high)| high)),
            line.q.map_or(Cell::Empty, |q| number(q, false)),
            line.verdict.map_or(Cell::Empty, |verdict| Cell::text(verdict.words())),
            Cell::text(line.note.clone()),
        ]);
    }
    sheet.notes.push(format!(
        "Over {} test items with a loss of both; paired bootstrap over {} units, {} replicates.",
        found.n, found.units, found.rule.replicates
    ));
    Some(sheet)
}

fn compare_sheet(app: &App) -> Option<Sheet> {
    if app.compare.measure().is_of_models() {
        return models_sheet(app);
    }
    let comparison = app.compare.comparison.as_ref()?;
    let columns =
        [("attribute", Left), ("A", Right), ("B", Right), ("B - A", Right), ("noise", Right), ("change", Left)];
    let title = format!("{}: A {}, B {}", comparison.measure.name(), comparison.a, comparison.b);
    let mut sheet = Sheet::new(title, &columns);
    for row in app.compare.order.iter().filter_map(|&at| comparison.rows.get(at)) {
        let of = |value: Option<f64>, signed| value.map_or(Cell::Empty, |value| number(value, signed));
        sheet.row(vec![
            Cell::text(row.name.clone()),
            of(row.a, false),
            of(row.b, false),
            of(row.delta(), true),
            of(row.noise, false),
            Cell::text(row.change.map_or("not decided".into(), |change| format!("{change:?}").to_lowercase())),
        ]);
    }
    sheet.notes.push(comparison.measure.noise().into());
    Some(sheet)
}

fn ood_sheet(app: &App) -> Option<Sheet> {
    let examined = app.examined.as_ref()?;
    let columns = [("prompt", Left), ("list", Left), ("logit", Right), ("sd", Right), ("sigmoid", Right)];
    let mut sheet = Sheet::new(heading(app, "Prompts by familiarity"), &columns);
    for prompt in app.ood.shown.iter().filter_map(|&at| examined.ladder.get(at)) {
        sheet.row(vec![
            Cell::text(prompt.text.clone()),
            Cell::text(prompt.foreign.clone().unwrap_or_else(|| "the data's own".into())),
            number(prompt.mean, true),
            number(prompt.sd, false),
            number(1.0 / (1.0 + (-prompt.mean).exp()), false),
        ]);
    }
    sheet.notes.push(format!("Logit of being in distribution: mean and sd of {} members.", examined.members));
    Some(sheet)
}

fn validity_sheet(app: &App) -> Option<Sheet> {
    let shown = app.shown.as_ref()?;
    Some(crate::report::validity(&shown.tables.validity, &shown.record))
}
