//! What an importer found, as text.

use super::{Align, Grid, printable};
use crate::diagnose::grouped;
use crate::engine::IngestReport;

/// Notes, counts, attributes and a preview of an audit on its way in, or of one taken in before.
#[must_use]
pub fn ingest(report: &IngestReport) -> String {
    let mut lines = vec![
        format!(
            "audit {} · {} {} · encoder {} ({} dimensions)",
            printable(&report.name),
            grouped(report.items),
            report.contents,
            printable(&report.encoder),
            report.dimension
        ),
        format!(
            "items: {} train, {} validation, {} test{}",
            grouped(report.train_items),
            grouped(report.validation_items),
            grouped(report.test_items),
            report.groups.map_or_else(String::new, |groups| format!(", in {} groups", grouped(groups)))
        ),
    ];
    for model in &report.models {
        let missing = if model.missing > 0 {
            format!(", {} without one take no part", grouped(model.missing))
        } else {
            String::new()
        };
        let scores = match (model.classes, model.scores, report.labels) {
            (Some(classes), _, _) => format!("scores of {} classes: macro AUROC is measured", grouped(classes)),
            (None, true, true) => "scores and labels: AUROC is measured".into(),
            (None, true, false) => "scores without labels".into(),
            (None, false, _) => "no scores: gaps of the loss alone".into(),
        };
        lines.push(format!(
            "model {}: {} losses, mean {:.4}{missing}; {scores}",
            printable(&model.name),
            grouped(model.losses),
            model.mean
        ));
        lines.extend(model.fitted.map(|fitted| format!("  ! {}", fitted.sentence())));
    }
    if report.duplicates > 0 {
        lines.push(format!(
            "duplicates: {} items have the content of an earlier one, {} of them in another split",
            grouped(report.duplicates),
            grouped(report.duplicates_across_splits)
        ));
    }
    lines.extend(report.notes.iter().map(|note| format!("note: {}", printable(note))));
    let mut text = lines.join("\n") + "\n";
    if !report.attributes.is_empty() {
        text.push('\n');
        text.push_str(&attributes(report));
        let made = report.attributes.iter().filter(|attribute| attribute.made).count();
        if made > 0 {
            text.push_str(&format!(
                "* {made} of {} attributes have prompts made from the column's name: write better ones into a file and give it with\n  'llm2loss ingest {} --attributes FILE'\n",
                report.attributes.len(),
                report.name
            ));
        }
    }
    text.push_str("\nfirst items:\n");
    for item in &report.preview {
        let losses: Vec<String> =
            item.losses.iter().map(|loss| loss.map_or_else(|| "none".into(), |loss| format!("{loss:.4}"))).collect();
        text.push_str(&format!(
            "  {} ({}, loss {}) {}\n",
            printable(&item.id),
            item.split,
            losses.join(", "),
            printable(&item.content)
        ));
    }
    text.push_str(if report.kept {
        "\nkept; open it with 'llm2loss --audit "
    } else {
        "\nnothing was kept: --check only looks"
    });
    if report.kept {
        text.push_str(&format!("{}'", report.name));
    }
    text.push('\n');
    text
}

fn attributes(report: &IngestReport) -> String {
    let mut grid = Grid::new(&[
        ("attribute", Align::Left),
        ("with", Align::Right),
        ("without", Align::Right),
        ("unknown", Align::Right),
        ("phrase", Align::Left),
        ("against", Align::Left),
    ]);
    for attribute in &report.attributes {
        let star = if attribute.made { " *" } else { "" };
        grid.row(vec![
            printable(&attribute.name),
            grouped(attribute.n_true),
            grouped(attribute.n_false),
            grouped(attribute.n_unknown),
            format!("{}{star}", printable(&attribute.phrase)),
            printable(attribute.antonym.as_ref().unwrap_or(&attribute.generic)),
        ]);
    }
    grid.render()
}
