//! Two runs side by side, as the screen shows them: a view-model that knows no cells and no colours.

use crate::audit::{Contrast, HeadKind};
use crate::diagnose::{Aggregate, AttributeRow, Measured, TrueGap};
use crate::engine::RunView;
use crate::report::{Difference, Field};

/// What is compared: two models on the same items, or the predictions of two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Who is worse off, who is left behind, who is better: mean loss and AUROC of either group of each attribute.
    Groups,
    /// Measured loss gap of each attribute.
    LossGap,
    /// Measured AUROC gap of each attribute.
    AurocGap,
    /// Mean and quantiles of the loss.
    Losses,
    /// The items whose loss rose most.
    Items,
    /// The prompts whose predicted loss rose most.
    Prompts,
    /// Size of the regressor's predicted gap, of two runs.
    Predicted,
    /// Distance between the predicted and the measured loss gap, of two runs.
    Error,
}

impl Measure {
    /// What two models are compared by.
    pub const OF_MODELS: [Self; 6] =
        [Self::Groups, Self::LossGap, Self::AurocGap, Self::Losses, Self::Items, Self::Prompts];
    /// What two runs are compared by.
    pub const OF_RUNS: [Self; 2] = [Self::Predicted, Self::Error];

    /// What the numbers are, for titles.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LossGap => "loss gaps, true less false",
            Self::AurocGap => "AUROC gaps, true less false",
            Self::Groups => "who is worse off",
            Self::Losses => "losses of all test items",
            Self::Items => "items whose loss rose most",
            Self::Prompts => "prompts whose predicted loss rose most",
            Self::Predicted => "size of the predicted gap",
            Self::Error => "error of the predicted gap",
        }
    }

    /// Whether it is of two models, not of two runs.
    #[must_use]
    pub fn is_of_models(self) -> bool {
        Self::OF_MODELS.contains(&self)
    }

    /// Whether it is of gaps, which grow and shrink.
    #[must_use]
    pub fn is_of_gaps(self) -> bool {
        matches!(self, Self::LossGap | Self::AurocGap)
    }

    /// Whether its rows come in an order of their own.
    #[must_use]
    pub fn is_listed(self) -> bool {
        matches!(self, Self::Losses | Self::Items | Self::Prompts)
    }

    /// What decides whether a difference of two runs is more than noise.
    #[must_use]
    pub fn noise(self) -> &'static str {
        match self {
            Self::Error => "no interval is known for errors",
            _ => "noise: twice the members' spread",
        }
    }
}

/// Whether a gap grew by more than noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Regressed,
    Improved,
    WithinNoise,
}

impl Change {
    /// Where it stands when changes are sorted; differences of gaps are far smaller than a step.
    #[must_use]
    pub fn order(self) -> f64 {
        match self {
            Self::Regressed => 2e6,
            Self::Improved => 1e6,
            Self::WithinNoise => 0.0,
        }
    }
}

/// One attribute in both runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: String,
    pub a: Option<f64>,
    pub b: Option<f64>,
    /// Half the width of the noise around B − A, where it is known.
    pub noise: Option<f64>,
    pub change: Option<Change>,
    /// Lines for the pane of the selected attribute: label, A, B.
    pub detail: Vec<(String, String, String)>,
}

impl Row {
    /// B − A.
    #[must_use]
    pub fn delta(&self) -> Option<f64> {
        Some(self.b? - self.a?)
    }

    /// Size of the difference.
    #[must_use]
    pub fn size(&self) -> f64 {
        self.delta().map_or(0.0, f64::abs)
    }
}

/// One number of a head in both runs; larger is better.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadQuality {
    pub label: String,
    pub a: Option<f64>,
    pub b: Option<f64>,
}

/// Everything the screen draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Run and model of each side.
    pub a: String,
    pub b: String,
    pub measure: Measure,
    /// What differs in how the two were made: `architecture linear ▸ mlp, seed 1 ▸ 2`.
    pub differs: Vec<(String, String, String)>,
    /// Why the two should not be compared, if so.
    pub caution: Option<String>,
    pub rows: Vec<Row>,
    pub heads: Vec<HeadQuality>,
}

impl Comparison {
    /// Compares what two runs predict.
    #[must_use]
    pub fn of(a: &RunView, b: &RunView, measure: Measure) -> Self {
        let side = |view: &RunView| format!("{} {}", view.record.id.short(), view.record.model);
        let of_a = |name: &str| a.tables.attributes.rows.iter().find(|row| row.name == name);
        let pairs = b.tables.attributes.rows.iter().map(|right| row(of_a(&right.name), right, measure));
        Self {
            a: side(a),
            b: side(b),
            measure,
            differs: differs(a, b),
            caution: caution(a, b),
            rows: pairs.collect(),
            heads: heads(a, b),
        }
    }

    /// How many attributes changed so.
    #[must_use]
    pub fn count(&self, change: Change) -> usize {
        self.rows.iter().filter(|row| row.change == Some(change)).count()
    }

    /// The attribute with the greatest value on a side, and the mean over attributes.
    #[must_use]
    pub fn worst(&self, of: impl Fn(&Row) -> Option<f64>) -> Option<(String, f64, f64)> {
        let values: Vec<(&Row, f64)> = self.rows.iter().filter_map(|row| Some((row, of(row)?))).collect();
        let mean = values.iter().map(|(_, value)| value).sum::<f64>() / values.len().max(1) as f64;
        let (row, value) = values.into_iter().max_by(|left, right| left.1.total_cmp(&right.1))?;
        Some((row.name.clone(), value, mean))
    }
}

/// The inputs of two runs that are not the same: name, of A, of B. Models stand in the title anyway.
fn differs(a: &RunView, b: &RunView) -> Vec<(String, String, String)> {
    let found = Difference::of(&a.record, &b.record);
    let other = |field: &Field| field.differs && field.name != "model";
    found.fields.into_iter().filter(other).map(|field| (field.name, field.a, field.b)).collect()
}

fn caution(a: &RunView, b: &RunView) -> Option<String> {
    if a.tables.attributes.n != b.tables.attributes.n {
        return Some(format!("{} and {} test items", a.tables.attributes.n, b.tables.attributes.n));
    }
    (a.record.encoder != b.record.encoder).then(|| "the encoders differ".into())
}

/// Reads one number of an attribute.
type Pick = fn(&AttributeRow) -> Measured;

fn row(left: Option<&AttributeRow>, right: &AttributeRow, measure: Measure) -> Row {
    let value = |row: &AttributeRow| measured(row, measure).filter(|value| value.is_finite());
    let (a, b) = (left.and_then(value), value(right));
    let noise = left.and_then(|left| Some(half(left, measure)?.hypot(half(right, measure)?)));
    let change = match (a, b, noise) {
        (Some(a), Some(b), Some(noise)) if (b - a).abs() <= noise => Some(Change::WithinNoise),
        (Some(a), Some(b), Some(_)) if b > a => Some(Change::Regressed),
        (Some(_), Some(_), Some(_)) => Some(Change::Improved),
        _ => None,
    };
    let pick = |of: Pick| {
        let words = |value: Measured| value.value().map_or_else(|| "n/a".into(), |value| format!("{value:+.4}"));
        (left.map_or_else(|| "absent".into(), |row| words(of(row))), words(of(right)))
    };
    let lines: [(&str, Pick); 5] = [
        ("loss gap", |row| row.loss_gap),
        ("loss true", |row| row.loss_true),
        ("loss false", |row| row.loss_false),
        ("AUROC gap", |row| row.auroc_gap),
        ("predicted", |row| {
            let gap = regressor(row).and_then(|gap| gap.amount()).map(|said| said.mean);
            gap.map_or(Measured::Undefined { undefined: crate::stats::Undefined::Empty }, Measured::Value)
        }),
    ];
    let detail = lines.into_iter().map(|(label, of)| {
        let (a, b) = pick(of);
        (label.to_owned(), a, b)
    });
    Row { name: right.name.clone(), a, b, noise, change, detail: detail.collect() }
}

fn regressor(row: &AttributeRow) -> Option<&crate::diagnose::PredictedGap> {
    row.predicted(HeadKind::Regressor, row.contrast)
}

fn measured(row: &AttributeRow, measure: Measure) -> Option<f64> {
    match measure {
        Measure::Predicted => Some(regressor(row)?.amount()?.mean.abs()),
        Measure::Error => Some((regressor(row)?.amount()?.mean - row.loss_gap.value()?).abs()),
        _ => None,
    }
}

/// Half the width of what is not known of one side.
fn half(row: &AttributeRow, measure: Measure) -> Option<f64> {
    (measure == Measure::Predicted).then(|| Some(2.0 * regressor(row)?.amount()?.sd))?
}

fn heads(a: &RunView, b: &RunView) -> Vec<HeadQuality> {
    let mut heads = Vec::new();
    for head in [HeadKind::Ranker, HeadKind::Regressor] {
        let of = |view: &RunView| {
            let rows = &view.tables.validity.rows;
            let row = rows.iter().find(|row| row.head == head && row.aggregate == Aggregate::Mean)?;
            row.correlations.spearman.value().map(|found| found.value)
        };
        heads.push(HeadQuality { label: format!("{head}, items"), a: of(a), b: of(b) });
    }
    for head in [HeadKind::Ranker, HeadKind::Regressor] {
        let of = |view: &RunView| {
            let wanted = (head, Contrast::Antonym, TrueGap::SignedLoss);
            let rows = &view.tables.bias.rows;
            let row = rows.iter().find(|row| (row.head, row.contrast, row.against) == wanted)?;
            row.correlations.spearman.value().map(|found| found.value)
        };
        heads.push(HeadQuality { label: format!("{head}, gaps"), a: of(a), b: of(b) });
    }
    for row in &b.tables.ood.rows {
        let of = |view: &RunView| {
            let row = view.tables.ood.rows.iter().find(|other| other.foreign == row.foreign)?;
            row.auroc(HeadKind::Ood)?.value()
        };
        heads.push(HeadQuality { label: row.foreign.replace(", with a/an", ", a/an"), a: of(a), b: of(b) });
    }
    heads.retain(|head| head.a.is_some() || head.b.is_some());
    heads
}
