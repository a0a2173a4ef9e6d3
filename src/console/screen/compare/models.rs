//! Two models on the same items, as the screen shows them: a view-model that knows no cells and no colours.

use super::Measure;
use crate::audit::Side;
use crate::diagnose::{
    AttributeChange, Change, ChangeVerdict, Fate, GroupChange, GroupMeasure, ItemChange, Measured, ModelComparison,
    PairedTests, PromptChange, grouped,
};

/// What a row opens as prompts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opens {
    Attribute(String),
    Prompt(String),
}

/// A group of a row: the attribute, on which side of it, what became of it, its test items, and the measure.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupLine {
    pub attribute: String,
    pub side: Side,
    pub fate: Fate,
    pub n: usize,
    /// `loss` or `AUROC`.
    pub of: &'static str,
    /// Its gap to the others, before and after.
    pub gap: (Option<f64>, Option<f64>),
    /// What became of it: `better, left behind`.
    pub words: String,
}

/// One row of a list: something under both models, or a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub name: String,
    /// Set for a heading, which has a name alone.
    pub heading: Option<Fate>,
    pub group: Option<GroupLine>,
    pub then: Option<f64>,
    pub now: Option<f64>,
    pub change: Option<f64>,
    /// 95 % interval of the change, where it was tested.
    pub interval: Option<(f64, f64)>,
    pub q: Option<f64>,
    pub verdict: Option<ChangeVerdict>,
    /// What stands at the end of the row where there is no verdict.
    pub note: String,
    /// A sentence of the pane that no column holds.
    pub detail: Vec<String>,
    pub opens: Option<Opens>,
}

impl Line {
    fn of(name: String, change: &Change) -> Self {
        Self {
            name,
            heading: None,
            group: None,
            then: change.before.value(),
            now: change.after.value(),
            change: change.change.value(),
            interval: change.interval.value().map(|interval| (interval.low, interval.high)),
            q: change.q.value(),
            verdict: Some(change.verdict),
            note: String::new(),
            detail: Vec::new(),
            opens: None,
        }
    }

    fn plain(name: String, then: f64, now: f64) -> Self {
        Self {
            name,
            heading: None,
            group: None,
            then: Some(then),
            now: Some(now),
            change: Some(now - then),
            interval: None,
            q: None,
            verdict: None,
            note: String::new(),
            detail: Vec::new(),
            opens: None,
        }
    }

    fn heading(fate: Fate, groups: usize) -> Self {
        let (title, meaning) = fate.heading();
        let colon = if meaning.is_empty() { "" } else { ": " };
        let plain = Self::plain(format!("{title} ({}){colon}{meaning}", grouped(groups)), 0.0, 0.0);
        Self { heading: Some(fate), then: None, now: None, change: None, ..plain }
    }

    /// Where it stands when changes are sorted: made worse, made better, the rest, each by size.
    #[must_use]
    pub fn rank(&self) -> f64 {
        let size = self.change.map_or(0.0, f64::abs).min(1e6);
        match self.verdict {
            Some(ChangeVerdict::Worse) => 4e6 + size,
            Some(ChangeVerdict::Better) => 2e6 + size,
            Some(ChangeVerdict::NoDifference) => size,
            Some(ChangeVerdict::NotEnoughData) => -1.0,
            None => 0.0,
        }
    }
}

/// The rows of a measure.
#[must_use]
pub fn lines(found: &ModelComparison, measure: Measure) -> Vec<Line> {
    match measure {
        Measure::LossGap => found.attributes.iter().map(|row| attribute(row, &row.loss_gap)).collect(),
        Measure::AurocGap => found.attributes.iter().map(|row| attribute(row, &row.auroc_gap)).collect(),
        Measure::Groups => Fate::ALL.into_iter().flat_map(|fate| groups(found, fate)).collect(),
        Measure::Losses => losses(found),
        Measure::Items => found.items.iter().map(item).collect(),
        Measure::Prompts => found.predicted.iter().flat_map(|predicted| &predicted.prompts).map(prompt).collect(),
        Measure::Predicted | Measure::Error => Vec::new(),
    }
}

fn attribute(row: &AttributeChange, gap: &Change) -> Line {
    let mut line = Line::of(row.name.clone(), gap);
    line.opens = Some(Opens::Attribute(row.name.clone()));
    line.detail.extend(undefined(gap));
    line.detail.extend(row.predicted.as_ref().map(|predicted| {
        format!(
            "predicted gap: {:+.2} to {:+.2}, {:+.2} (sd {:.2}), up in {} of {}",
            predicted.before.mean,
            predicted.after.mean,
            predicted.summary.mean,
            predicted.summary.sd,
            predicted.direction.positive,
            predicted.direction.members
        )
    }));
    for (word, change, n) in [("with", &row.loss_true, row.n_true), ("without", &row.loss_false, row.n_false)] {
        line.detail.push(format!("loss {word} (n {}): {}", grouped(n), words(change)));
    }
    if gap != &row.auroc_gap && row.auroc_gap.before.value().is_some() {
        line.detail.push(format!("AUROC gap: {}", words_of_gap(&row.auroc_gap)));
    }
    line
}

/// Those that met with a fate under its heading, by each measure that says so; as `compare-models` prints them.
fn groups(found: &ModelComparison, fate: Fate) -> Vec<Line> {
    let groups: Vec<&GroupChange> = found.groups.of(fate).collect();
    let heading = (!groups.is_empty()).then(|| Line::heading(fate, groups.len()));
    let lines = groups.into_iter().flat_map(|group| {
        let row = found.attributes.iter().find(|row| row.name == group.attribute);
        let measures = [("loss", &group.loss), ("AUROC", &group.auroc)];
        let telling = measures.into_iter().filter(|(_, measure)| measure.fate == fate);
        telling.map(|(of, measure)| group_line(group, of, measure, row)).collect::<Vec<_>>()
    });
    heading.into_iter().chain(lines).collect()
}

fn group_line(group: &GroupChange, of: &'static str, measure: &GroupMeasure, row: Option<&AttributeChange>) -> Line {
    let mut line = Line::of(group.name(), &measure.change);
    let gap = row.map(|row| if of == "loss" { &row.loss_gap } else { &row.auroc_gap });
    let of_gap = |pick: fn(&Change) -> Measured| gap.and_then(|gap| pick(gap).value());
    line.detail.push(format!("n {} test items", grouped(group.n)));
    line.detail.extend(undefined(&measure.change));
    if let Some(gap) = gap {
        let sentence = format!("{of} gap to the others: {}", words_of_gap(gap));
        line.detail.push(sentence);
    }
    let (other, change) = if of == "loss" { ("AUROC", &group.auroc) } else { ("loss", &group.loss) };
    if change.change.before.value().is_some() {
        line.detail.push(format!("{other}: {}", words(&change.change)));
    }
    line.detail.extend(tests(&group.tests));
    line.group = Some(GroupLine {
        attribute: group.attribute.clone(),
        side: group.side,
        fate: group.fate,
        n: group.n,
        of,
        gap: (of_gap(|gap| gap.before), of_gap(|gap| gap.after)),
        words: group.words(),
    });
    line.opens = Some(Opens::Attribute(group.attribute.clone()));
    line
}

/// The tests that readers know by name, of its items' losses.
fn tests(tests: &PairedTests) -> Option<String> {
    let p = |p: f64| if p < 1e-4 { "p < .0001".to_owned() } else { format!("p {p:.4}") };
    let said = [
        tests.paired_t.value().map(|test| format!("paired t {}", p(test.p))),
        tests.wilcoxon.value().map(|test| format!("Wilcoxon {}", p(test.p))),
        tests.mcnemar.map(|test| format!("exact McNemar {}", p(test.p))),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    (!said.is_empty()).then(|| format!("of its losses: {}", said.join(", ")))
}

fn losses(found: &ModelComparison) -> Vec<Line> {
    let mut lines = vec![Line::of("mean".into(), &found.losses.mean)];
    if found.losses.auroc.before.value().is_some() {
        lines.push(Line::of("AUROC".into(), &found.losses.auroc));
    }
    lines.extend(found.losses.quantiles.iter().map(|quantile| {
        let name = format!("{:.0} % quantile", 100.0 * quantile.probability);
        Line::plain(name, quantile.before, quantile.after)
    }));
    lines
}

fn item(row: &ItemChange) -> Line {
    let mut line = Line::plain(row.id.clone(), row.before, row.after);
    line.note.clone_from(&row.text);
    line.detail.push(row.text.clone());
    line
}

fn prompt(row: &PromptChange) -> Line {
    let mut line = Line::plain(row.text.clone(), row.before.mean, row.after.mean);
    line.change = Some(row.summary.mean);
    let strange = if row.out_of_distribution { "ood, " } else { "" };
    line.note = format!("{strange}sd {:.2}, up {}/{}", row.summary.sd, row.direction.positive, row.direction.members);
    line.detail.push(format!(
        "predicted loss {:.3} to {:.3}: change {:+.3}, sd {:.3} over {} members, up in {}",
        row.before.mean,
        row.after.mean,
        row.summary.mean,
        row.summary.sd,
        row.direction.members,
        row.direction.positive
    ));
    if row.out_of_distribution {
        line.detail.push("It looks unlike the data to the ood head: its predicted loss means little.".into());
    }
    line.opens = Some(Opens::Prompt(row.text.clone()));
    line
}

/// Why a change has no number.
fn undefined(change: &Change) -> Option<String> {
    [change.change, change.q].into_iter().find_map(|value| match value {
        Measured::Undefined { undefined } => Some(undefined.to_string()),
        Measured::Value(_) => None,
    })
}

fn words(change: &Change) -> String {
    said(change, change.verdict.words())
}

/// Of a gap, which is wider or narrower, not worse or better.
fn words_of_gap(change: &Change) -> String {
    said(change, change.verdict.gap_words())
}

fn said(change: &Change, verdict: &str) -> String {
    match (change.before.value(), change.after.value(), change.change.value()) {
        (Some(before), Some(after), Some(by)) => {
            format!("{before:.3} to {after:.3}, {by:+.3}, {verdict}")
        }
        _ => undefined(change).unwrap_or_else(|| "n/a".into()),
    }
}
