//! Losses of a model: as a column gives them, or made from what an evaluation leaves behind.

use super::DataError;
use super::columns::is_missing;
use super::table::{Column, Table};
use crate::audit::ModelLosses;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;

/// How a loss is made of a label and what the model said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// −ln of the probability of the true class.
    CrossEntropy,
    /// Squared distance of the probabilities from the true class: of the positive class alone where there are two.
    Brier,
    /// 1 where the most probable class is not the true one.
    ZeroOne,
    Squared,
    Absolute,
    /// 1 less the lead of the true class over the best other, between 0 and 2.
    Margin,
}

const KINDS: [(&str, LossKind); 6] = [
    ("cross-entropy", LossKind::CrossEntropy),
    ("brier", LossKind::Brier),
    ("zero-one", LossKind::ZeroOne),
    ("squared", LossKind::Squared),
    ("absolute", LossKind::Absolute),
    ("margin", LossKind::Margin),
];

impl FromStr for LossKind {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = KINDS.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind);
        known
            .ok_or_else(|| format!("losses are {}", KINDS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")))
    }
}

impl fmt::Display for LossKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(KINDS.iter().find(|(_, kind)| kind == self).map_or("", |(name, _)| name))
    }
}

/// Smallest probability of a true class that a cross-entropy is taken of, as scikit-learn's `log_loss` has it.
const LEAST_PROBABILITY: f64 = f64::EPSILON;
/// Probabilities of a row may sum to so much beside one.
const SUM: f64 = 2e-2;

/// What the model said of an item: the score of the positive class, of every class, or one number.
#[derive(Debug, Clone, Copy)]
pub enum Said<'a> {
    Positive(f64),
    Classes(&'a [f64]),
    Number(f64),
}

/// What is true of an item.
#[derive(Debug, Clone, Copy)]
pub enum Truth {
    Binary(bool),
    Class(usize),
    Number(f64),
}

impl LossKind {
    /// The loss of one item from probabilities, or from numbers.
    ///
    /// # Errors
    /// If this loss is not one of such a label.
    pub fn of(self, truth: Truth, said: Said<'_>) -> Result<f64, String> {
        if let (Truth::Number(truth), Said::Number(said)) = (truth, said) {
            return match self {
                Self::Squared => Ok((truth - said).powi(2)),
                Self::Absolute => Ok((truth - said).abs()),
                _ => Err(format!("loss {self} is one of classes; of numbers there are squared and absolute")),
            };
        }
        let pair;
        let (class, probabilities) = match (truth, said) {
            (Truth::Binary(truth), Said::Positive(p)) => {
                pair = [1.0 - p, p];
                (usize::from(truth), &pair[..])
            }
            (Truth::Binary(truth), Said::Classes(p)) => (usize::from(truth), p),
            (Truth::Class(class), Said::Classes(p)) => (class, p),
            _ => return Err("a label of classes needs a score of every class (--scores)".into()),
        };
        let Some(own) = probabilities.get(class).copied() else {
            return Err("a class has no score".into());
        };
        let others = probabilities.iter().enumerate().filter(|(at, _)| *at != class).map(|(_, p)| *p);
        let best_other = others.fold(f64::NEG_INFINITY, f64::max);
        Ok(match self {
            Self::CrossEntropy => 0.0 - own.clamp(LEAST_PROBABILITY, 1.0).ln(),
            Self::Brier | Self::Squared if probabilities.len() == 2 => (1.0 - own).powi(2),
            Self::Brier | Self::Squared => {
                let square = |(at, p): (usize, &f64)| (p - f64::from(u8::from(at == class))).powi(2);
                probabilities.iter().enumerate().map(square).sum()
            }
            // Half is read as the positive class, as a threshold of one half has it.
            Self::ZeroOne if probabilities.len() == 2 => f64::from(u8::from((probabilities[1] >= 0.5) != (class == 1))),
            Self::ZeroOne => f64::from(u8::from(own < best_other)),
            Self::Absolute => 1.0 - own,
            Self::Margin => (1.0 - (own - best_other)).max(0.0),
        })
    }
}

/// What a probability may be off by, as computers round.
const ROUNDING: f64 = 1e-5;

/// Scores of the positive class as probabilities: where many lie outside 0 to 1 they are logits, and the sentence
/// says so.
///
/// # Errors
/// If a few lie outside, or all look like percentages.
pub fn probabilities(scores: &[f64]) -> Result<(Vec<f64>, Option<String>), String> {
    let known = || scores.iter().copied().filter(|score| !score.is_nan());
    let outside = known().filter(|score| !(-ROUNDING..=1.0 + ROUNDING).contains(score)).count();
    if outside == 0 {
        return Ok((scores.iter().map(|score| score.clamp(0.0, 1.0)).collect(), None));
    }
    let all = known().count();
    let (least, most) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), score| (a.min(score), b.max(score)));
    if least >= 0.0 && most <= 100.0 && outside * 2 > all {
        return Err(format!("scores lie between {least} and {most}, like percentages; divide them by 100"));
    }
    if outside * 10 < all {
        let first = known().find(|score| !(-ROUNDING..=1.0 + ROUNDING).contains(score)).unwrap_or(most);
        return Err(format!(
            "{outside} of {all} scores, such as {first}, are no probabilities and the others are; mend them, or give logits for all"
        ));
    }
    let logistic = |score: &f64| 1.0 / (1.0 + (-score).exp());
    let note =
        format!("{outside} of {all} scores lie outside 0 to 1: all are read as logits, through the logistic function");
    Ok((scores.iter().map(logistic).collect(), Some(note)))
}

/// What the rows of a matrix of scores are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScoreKind {
    Probabilities,
    Logits,
}

/// Whether a row is one of probabilities, as nearly as they are rounded.
#[must_use]
pub fn sums_to_one(row: &[f32]) -> bool {
    let sum: f64 = row.iter().map(|score| f64::from(*score)).sum();
    (sum - 1.0).abs() <= SUM && is_share(row)
}

fn is_share(row: &[f32]) -> bool {
    row.iter().all(|score| (-ROUNDING..=1.0 + ROUNDING).contains(&f64::from(*score)))
}

/// What most of the rows are, each with the position of its item: probabilities where more than half sum to one.
///
/// # Errors
/// If the rows look like percentages, or one among probabilities is none.
pub fn kind_of_rows<'a>(items: impl Iterator<Item = (usize, &'a [f32])> + Clone) -> Result<ScoreKind, String> {
    let rows = items.clone().map(|(_, row)| row);
    let all = rows.clone().count();
    let whole = rows.clone().filter(|row| sums_to_one(row)).count();
    let hundred = |row: &&[f32]| {
        let sum: f64 = row.iter().map(|score| f64::from(*score)).sum();
        (sum - 100.0).abs() < 1.0 && row.iter().all(|score| *score >= 0.0)
    };
    if rows.clone().filter(hundred).count() * 2 > all {
        return Err("its rows sum to 100, like percentages; divide them by 100".into());
    }
    if whole * 2 <= all {
        return Ok(ScoreKind::Logits);
    }
    let sum = |row: &[f32]| row.iter().sum::<f32>();
    match items.clone().find(|(_, row)| !is_share(row) || sum(row) <= 0.0) {
        Some((at, row)) => Err(format!(
            "item {}: its scores, such as {}, are no probabilities, and those of most rows are",
            at + 1,
            row.first().copied().unwrap_or(0.0)
        )),
        None => Ok(ScoreKind::Probabilities),
    }
}

/// Probabilities of a row of shares, which may not quite sum to one.
#[must_use]
pub fn shares(row: &[f32]) -> Vec<f64> {
    let sum: f64 = row.iter().map(|score| f64::from(*score).clamp(0.0, 1.0)).sum();
    row.iter()
        .map(|score| f64::from(*score).clamp(0.0, 1.0) / if (sum - 1.0).abs() > SUM { sum } else { 1.0 })
        .collect()
}

/// Probabilities of a row of scores.
#[must_use]
pub fn softmax(row: &[f32]) -> Vec<f64> {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = row.iter().map(|score| f64::from(score - most).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Losses of a column; NaN where a cell is empty.
///
/// # Errors
/// The first cell that is no finite number.
pub fn loss_column(table: &Table, column: &Column) -> Result<Vec<f64>, DataError> {
    if let Some(numbers) = column.numbers().filter(|numbers| numbers.iter().all(|value| value.is_finite())) {
        return Ok(numbers.to_vec());
    }
    let one = |(row, cell): (usize, &str)| {
        if cell.is_empty() {
            return Ok(f64::NAN);
        }
        let value: f64 = cell.parse().map_err(|_| table.bad_cell(row, column, "is not a number"))?;
        if !value.is_finite() {
            return Err(table.bad_cell(row, column, "is not finite; leave the cell of a missing loss empty"));
        }
        Ok(value)
    };
    column.cells().enumerate().map(one).collect()
}

/// Losses of a column that says who was answered rightly: 1 less the cell.
///
/// # Errors
/// The first cell that is neither yes nor no.
pub fn correct_column(table: &Table, column: &Column) -> Result<Vec<f64>, DataError> {
    use super::columns::{Flag, flag};
    let one = |(row, cell): (usize, &str)| match flag(cell) {
        Some(Flag::Yes) => Ok(0.0),
        Some(Flag::No) => Ok(1.0),
        Some(Flag::Unknown) => Ok(f64::NAN),
        _ => Err(table.bad_cell(row, column, "is neither 1 nor 0, as --correct needs it")),
    };
    column.cells().enumerate().map(one).collect()
}

/// Losses of a figure that is better when higher: the best there can be, less the cell. The best is 1 where no cell
/// is larger, else the largest cell.
///
/// # Errors
/// The first cell that is no finite number.
pub fn metric_column(table: &Table, column: &Column, notes: &mut Vec<String>) -> Result<Vec<f64>, DataError> {
    let values = loss_column(table, column)?;
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let best = if smallest >= 0.0 && largest <= 1.0 { 1.0 } else { largest };
    notes.push(format!("losses are {best} less column '{}', which is better when higher", column.name));
    Ok(values.into_iter().map(|value| best - value).collect())
}

/// Adds an offset to all losses: the one given or, where losses are negative, the least that makes none so. Models
/// read together get the same, so that they can be compared. Returns it with a sentence.
///
/// # Errors
/// If a loss is negative all the same.
pub fn shift(models: &mut [ModelLosses], offset: Option<f64>) -> Result<Option<(f64, String)>, DataError> {
    let least = models.iter().flat_map(|model| &model.losses).copied().fold(f64::INFINITY, f64::min);
    let (offset, words) = match offset {
        Some(offset) if offset != 0.0 => (offset, "to all models of the audit"),
        None if least < 0.0 => (-least, "because some are negative; further models of the audit get the same"),
        _ => (0.0, ""),
    };
    if least + offset < 0.0 {
        return Err(DataError::Usage(format!(
            "the least loss is {least}, and with the offset {offset} still negative; give --loss-offset {} or more",
            -least
        )));
    }
    if offset == 0.0 {
        return Ok(None);
    }
    models.iter_mut().flat_map(|model| &mut model.losses).for_each(|loss| *loss += offset);
    Ok(Some((offset, format!("{offset} is added to every loss, {words}"))))
}

/// What the true class or number of every item is.
#[derive(Debug, Clone, PartialEq)]
pub enum Labels {
    /// Of two classes; the second word stands for yes.
    Binary(Vec<Option<bool>>, [String; 2]),
    /// Number of the class of each item, and the classes in order.
    Classes(Vec<Option<usize>>, Vec<String>),
    Numbers(Vec<Option<f64>>),
}

impl Labels {
    /// Labels of classes by their names.
    #[must_use]
    pub fn of_classes(cells: &[String]) -> Self {
        let mut classes: Vec<String> = cells.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        super::class_scores::sort_classes(&mut classes);
        let place: HashMap<&str, usize> = classes.iter().enumerate().map(|(at, class)| (class.as_str(), at)).collect();
        Self::Classes(cells.iter().map(|cell| place.get(cell.as_str()).copied()).collect(), classes)
    }
}

/// Words of a label of two that stand for yes, and for no.
const YES: [&str; 8] = ["positive", "pos", "yes", "true", "spam", "toxic", "hateful", "fraud"];
const NO: [&str; 8] = ["negative", "neg", "no", "false", "ham", "non-toxic", "nothate", "normal"];
/// Most different whole numbers that are still names of classes.
const MOST_CLASSES_OF_NUMBERS: usize = 30;

/// Reads a column of labels. `positive` names the word of two that stands for yes, `threshold` cuts numbers.
///
/// # Errors
/// If `positive` is none of the two words.
pub fn labels(
    cells: &[String],
    positive: Option<&str>,
    threshold: Option<f64>,
    notes: &mut Vec<String>,
) -> Result<Labels, DataError> {
    use super::columns::{Flag, flag};
    let known = |cell: &String| !is_missing(cell);
    if positive.is_none() {
        let flags: Option<Vec<Flag>> = cells.iter().map(|cell| flag(cell)).collect();
        if let Some(flags) = flags.filter(|flags| !(flags.contains(&Flag::MinusOne) && flags.contains(&Flag::No))) {
            let value = |flag: Flag| (flag != Flag::Unknown).then_some(flag == Flag::Yes);
            return Ok(Labels::Binary(flags.into_iter().map(value).collect(), ["0".into(), "1".into()]));
        }
    }
    let numbers: Option<Vec<Option<f64>>> =
        cells
            .iter()
            .map(|cell| {
                if known(cell) {
                    cell.parse().ok().filter(|value: &f64| value.is_finite()).map(Some)
                } else {
                    Some(None)
                }
            })
            .collect();
    if let (Some(numbers), Some(threshold)) = (&numbers, threshold) {
        let value = |number: &Option<f64>| number.map(|number| number >= threshold);
        return Ok(Labels::Binary(numbers.iter().map(value).collect(), ["below".into(), "above".into()]));
    }
    let mut classes: Vec<&str> =
        cells.iter().filter(|cell| known(cell)).map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
    if let Some(numbers) = numbers {
        let whole = numbers.iter().flatten().all(|number| number.fract() == 0.0);
        if !whole || classes.len() > MOST_CLASSES_OF_NUMBERS {
            return Ok(Labels::Numbers(numbers));
        }
        let number = |class: &str| class.parse::<f64>().unwrap_or(0.0);
        classes.sort_by(|a, b| number(a).total_cmp(&number(b)));
    }
    if let [first, second] = classes.as_slice() {
        let yes = yes_of([first, second], positive, notes)?;
        let no = if yes == *first { *second } else { *first };
        let value = |cell: &String| known(cell).then_some(cell == yes);
        return Ok(Labels::Binary(cells.iter().map(value).collect(), [no.to_owned(), yes.to_owned()]));
    }
    let place: HashMap<&str, usize> = classes.iter().enumerate().map(|(at, class)| (*class, at)).collect();
    let numbers = cells.iter().map(|cell| place.get(cell.as_str()).copied()).collect();
    Ok(Labels::Classes(numbers, classes.into_iter().map(String::from).collect()))
}

/// Which of two words stands for yes; a sentence says so.
fn yes_of<'a>(words: [&'a str; 2], positive: Option<&'a str>, notes: &mut Vec<String>) -> Result<&'a str, DataError> {
    if let Some(positive) = positive {
        return words.into_iter().find(|word| *word == positive).ok_or_else(|| {
            DataError::Usage(format!("--positive {positive}: the labels are '{}' and '{}'", words[0], words[1]))
        });
    }
    let is = |word: &str, list: &[&str]| list.contains(&word.to_lowercase().as_str());
    let yes = match words {
        [a, b] if is(a, &YES) && !is(b, &YES) || is(b, &NO) && !is(a, &NO) => a,
        [_, b] => b,
    };
    notes.push(format!(
        "of the labels '{}' and '{}', '{yes}' is the positive one, which scores are of; --positive WORD says otherwise",
        words[0], words[1]
    ));
    Ok(yes)
}
