//! The filter line: letters of a name, and conditions on what is measured, as `resolved & n>500 & gap>.5 & /sen`.

use super::{State, guess, shown_contrast};
use crate::audit::Side;
use crate::console::fuzzy;
use crate::diagnose::{AttributeRow, Verdict};
use std::ops::Range;

/// What an empty line shows: all it understands, by example.
pub const EXAMPLE: &str = "sen, or resolved & n>500 & gap>.5";

/// A line taken apart. What is not understood or not finished yet is a fault: the one lets no row pass, the other holds
/// nothing back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter<'a> {
    name: Vec<&'a str>,
    conditions: Vec<Condition>,
    /// Their bytes in the line.
    pub faults: Vec<Range<usize>>,
    /// Why the first that is not understood is not, in two lines.
    pub wrong: Option<[String; 2]>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Condition {
    /// The verdict of the loss gap is, or is not, resolved.
    Resolved(bool),
    /// Which side has the higher mean loss.
    Harder(Side),
    Figure(Figure, Relation, f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Count,
    Gap,
    Loss,
    Rmm,
    Auroc,
    Q,
    Predicted,
    ZeroShot,
}

/// Figures by the words of the table; sizes of gaps, and values of those with the attribute.
const FIGURES: [(&str, Figure); 8] = [
    ("n", Figure::Count),
    ("gap", Figure::Gap),
    ("loss", Figure::Loss),
    ("rmm", Figure::Rmm),
    ("auroc", Figure::Auroc),
    ("q", Figure::Q),
    ("predicted", Figure::Predicted),
    ("0-shot", Figure::ZeroShot),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
}

/// Longer signs first: one is the beginning of another.
const RELATIONS: [(&str, Relation); 5] = [
    (">=", Relation::AtLeast),
    ("<=", Relation::AtMost),
    (">", Relation::Greater),
    ("<", Relation::Less),
    ("=", Relation::Equal),
];

impl<'a> Filter<'a> {
    /// Parts divided by `&`; all must hold.
    #[must_use]
    pub fn parse(line: &'a str) -> Self {
        let mut filter = Self::default();
        for part in parts(line).filter(|part| !part.is_empty()) {
            let place = part.clone();
            let part = &line[part];
            match part.to_ascii_lowercase().as_str() {
                "resolved" => filter.conditions.push(Condition::Resolved(true)),
                "unresolved" | "not resolved" => filter.conditions.push(Condition::Resolved(false)),
                "harder" => filter.conditions.push(Condition::Harder(Side::True)),
                "easier" => filter.conditions.push(Condition::Harder(Side::False)),
                _ => match (part.strip_prefix('/'), comparison(part)) {
                    (Some(name), _) => filter.name.push(name.trim()),
                    (None, Some(Ok(condition))) => filter.conditions.push(condition),
                    (None, Some(Err(why))) => {
                        filter.faults.push(place);
                        filter.wrong = filter.wrong.take().or(why);
                    }
                    (None, None) => filter.name.push(part),
                },
            }
        }
        filter
    }

    /// Positions of the rows that pass, in order.
    pub fn matching(&self, rows: &[AttributeRow], state: &State) -> Vec<usize> {
        if self.wrong.is_some() {
            return Vec::new();
        }
        let name = self.name.join(" ");
        let named = fuzzy::matching(&name, rows.iter().map(|row| row.name.as_str()));
        let holds = |at: &usize| self.conditions.iter().all(|condition| condition.holds(&rows[*at], state));
        named.into_iter().map(|(at, _)| at).filter(holds).collect()
    }
}

/// The bytes of what stands between the signs `&`, without spaces around it.
fn parts(line: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    line.split('&').map(move |part| {
        let first = start + part.len() - part.trim_start().len();
        start += part.len() + 1;
        first..first + part.trim().len()
    })
}

/// `gap > .5`; none where nothing is compared. An error says why it is none, or nothing where it is not finished.
fn comparison(part: &str) -> Option<Result<Condition, Option<[String; 2]>>> {
    let (at, sign, relation) =
        RELATIONS.iter().filter_map(|(sign, relation)| Some((part.find(sign)?, *sign, *relation))).min_by_key(
            // Of signs at one place the longer one.
            |(at, sign, _)| (*at, std::cmp::Reverse(sign.len())),
        )?;
    let word = part[..at].trim().to_ascii_lowercase();
    let figure = FIGURES.iter().find(|(name, _)| *name == word).map(|(_, figure)| *figure);
    let Some(figure) = figure else {
        let known: Vec<&str> = FIGURES.iter().map(|(name, _)| *name).collect();
        return Some(Err(Some([format!("no figure \"{word}\""), format!("figures: {}", known.join(", "))])));
    };
    let text = part[at + sign.len()..].trim();
    let number = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
    Some(match number(text) {
        Some(value) => Ok(Condition::Figure(figure, relation, value)),
        // `-`, `1e`: a digit makes a number of it.
        None if number(&format!("{text}0")).is_some() => Err(None),
        None => Err(Some([format!("\"{text}\" is no number"), format!("such as {word}{sign}.5")])),
    })
}

impl Condition {
    fn holds(self, row: &AttributeRow, state: &State) -> bool {
        match self {
            Self::Resolved(resolved) => (row.loss_evidence.verdict == Verdict::Resolved) == resolved,
            Self::Harder(side) => row.worse_loss == Some(side),
            Self::Figure(figure, relation, value) => {
                figure.of(row, state).is_some_and(|figure| relation.holds(figure, value))
            }
        }
    }
}

impl Figure {
    fn of(self, row: &AttributeRow, state: &State) -> Option<f64> {
        match self {
            Self::Count => Some(row.n_true as f64),
            Self::Gap => row.loss_gap.value().map(f64::abs),
            Self::Loss => row.loss_true.value(),
            Self::Rmm => row.rmm.value(),
            Self::Auroc => row.auroc_true.value(),
            Self::Q => row.loss_evidence.q.value(),
            Self::Predicted => guess(row, state).map(f64::abs),
            Self::ZeroShot => row.zero_shot(shown_contrast(row, state.contrast))?.value(),
        }
    }
}

impl Relation {
    fn holds(self, figure: f64, value: f64) -> bool {
        match self {
            Self::Greater => figure > value,
            Self::AtLeast => figure >= value,
            Self::Less => figure < value,
            Self::AtMost => figure <= value,
            #[allow(clippy::float_cmp)]
            Self::Equal => figure == value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_conditions_or_both() {
        assert_eq!(Filter::parse("never mar").name, ["never mar"]);
        let filter = Filter::parse("resolved & n>500 & gap >= .5 & /sen & harder");
        let figure = |figure, relation, value| Condition::Figure(figure, relation, value);
        assert_eq!(
            filter.conditions,
            [
                Condition::Resolved(true),
                figure(Figure::Count, Relation::Greater, 500.0),
                figure(Figure::Gap, Relation::AtLeast, 0.5),
                Condition::Harder(Side::True),
            ]
        );
        assert_eq!((filter.name, filter.faults.len()), (vec!["sen"], 0));
        assert_eq!(Filter::parse("/resolved").name, ["resolved"]);
        assert_eq!(Filter::parse("Q<1e-3&0-shot<=.6").conditions.len(), 2);
    }

    #[test]
    fn what_is_not_finished_holds_nothing_back() {
        let wrong = ["n>5x", "size>3", "> 3", "n>nan", "nn>500", "n>abc"];
        for line in ["n>", "gap>=", "gap<-", "q<1e-"].into_iter().chain(wrong) {
            let filter = Filter::parse(line);
            let all: Vec<_> = std::iter::once(0..line.len()).collect();
            assert_eq!((filter.faults, filter.conditions.len()), (all, 0), "{line}");
            assert_eq!(filter.wrong.is_some(), wrong.contains(&line), "{line}");
        }
        let said = Filter::parse("gap>.5 & foo>3").wrong.unwrap();
        assert_eq!(said, ["no figure \"foo\"", "figures: n, gap, loss, rmm, auroc, q, predicted, 0-shot"]);
        assert_eq!(Filter::parse("n>abc").wrong.unwrap(), ["\"abc\" is no number", "such as n>.5"]);
        // The place of the fault, not the first word like it.
        assert_eq!(Filter::parse("/n & n> ").faults.first(), Some(&(5..7)));
        assert_eq!(Filter::parse(" & & "), Filter::default());
    }
}
