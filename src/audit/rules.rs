//! Rules a retrained model must keep before it may ship: a small TOML file.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// A limit in units of the loss, or a share of the mean loss of the model compared with (`"5%"`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawLimit", into = "RawLimit")]
pub enum Limit {
    Absolute(f64),
    Share(f64),
}

impl Limit {
    /// The limit in units of the loss.
    #[must_use]
    pub fn resolve(self, mean_loss: f64) -> f64 {
        match self {
            Self::Absolute(limit) => limit,
            Self::Share(share) => share * mean_loss,
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, expecting = "a limit is a number such as 0.02, or a share such as \"5%\"")]
enum RawLimit {
    Number(f64),
    Text(String),
}

impl TryFrom<RawLimit> for Limit {
    type Error = String;

    fn try_from(raw: RawLimit) -> Result<Self, String> {
        let fault =
            |given: String| format!("{given} is not a limit; give a number such as 0.02, or a share such as \"5%\"");
        match raw {
            RawLimit::Number(number) if number.is_finite() => Ok(Self::Absolute(number)),
            RawLimit::Number(number) => Err(fault(number.to_string())),
            RawLimit::Text(text) => {
                let share = text.strip_suffix('%').and_then(|digits| digits.trim().parse::<f64>().ok());
                share
                    .filter(|share| share.is_finite())
                    .map(|share| Self::Share(share / 100.0))
                    .ok_or_else(|| fault(format!("'{text}'")))
            }
        }
    }
}

impl From<Limit> for RawLimit {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Absolute(number) => Self::Number(number),
            Limit::Share(share) => Self::Text(format!("{}%", share * 100.0)),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(number) => write!(f, "{number}"),
            Self::Share(share) => write!(f, "{}% of the mean loss before", share * 100.0),
        }
    }
}

/// The rules of one attribute; what is not given is as for all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AttributeRules {
    pub max_gap_increase: Option<Limit>,
    pub max_gap: Option<Limit>,
    pub max_group_loss_increase: Option<Limit>,
    pub min_group_auroc: Option<f64>,
    /// Leave this attribute out of every rule.
    pub skip: bool,
}

/// What is held against slices that are found by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoverRules {
    /// At most so many slices may be new.
    pub max_new_slices: usize,
}

/// A sentence whose predicted loss may not rise by more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptRule {
    pub text: String,
    pub max_increase: Limit,
}

/// What a model must keep. Rules at the top hold for the whole test set and for every attribute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// The mean loss of all test items may not rise by more.
    pub max_mean_loss_increase: Option<Limit>,
    /// The mean loss of no group may rise by more.
    pub max_group_loss_increase: Option<Limit>,
    /// The size of no loss gap may grow by more.
    pub max_gap_increase: Option<Limit>,
    /// No loss gap may be larger.
    pub max_gap: Option<Limit>,
    /// The AUROC of no group may be smaller.
    pub min_group_auroc: Option<f64>,
    /// An increase that the test set must be able to show; where it is not, the check is inconclusive.
    pub must_see: Option<Limit>,
    /// With this probability; .8 unless said.
    pub min_power: Option<f64>,
    pub attribute: BTreeMap<String, AttributeRules>,
    pub prompt: Vec<PromptRule>,
    pub discover: Option<DiscoverRules>,
    /// What is past its limit but under one standard error counts as kept: less cannot be seen.
    #[serde(skip)]
    pub follow_error: bool,
}

/// Probability with which a change is to be seen unless the rules say otherwise.
pub const USUAL_POWER: f64 = 0.8;

/// What is wrong with a rules file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct RulesError {
    /// Counted from one.
    pub line: usize,
    pub problem: String,
}

impl Rules {
    /// The rules without a file: neither the mean loss nor that of a group may rise by more than 1 % of the mean loss
    /// before; a rise under one standard error counts as none.
    #[must_use]
    pub fn usual() -> Self {
        let limit = Some(Limit::Share(0.01));
        Self { max_mean_loss_increase: limit, max_group_loss_increase: limit, follow_error: true, ..Self::default() }
    }

    /// Reads rules.
    ///
    /// # Errors
    /// The line and what is wrong there: no TOML, an unknown key, a value out of range, or no rule at all.
    pub fn parse(text: &str) -> Result<Self, RulesError> {
        let rules: Self = toml::from_str(text).map_err(|error: toml::de::Error| RulesError {
            line: error.span().map_or(1, |span| line_of(text, span.start)),
            problem: in_words(&error.message().lines().collect::<Vec<_>>().join(" ")),
        })?;
        let fault =
            |key: &str, problem: String| RulesError { line: text.find(key).map_or(1, |at| line_of(text, at)), problem };
        for auroc in std::iter::once(rules.min_group_auroc).chain(rules.attribute.values().map(|a| a.min_group_auroc)) {
            if let Some(auroc) = auroc.filter(|auroc| !(0.0..=1.0).contains(auroc)) {
                return Err(fault("min_group_auroc", format!("min_group_auroc is {auroc}; give a value from 0 to 1")));
            }
        }
        for gap in std::iter::once(rules.max_gap).chain(rules.attribute.values().map(|a| a.max_gap)).flatten() {
            if gap.resolve(1.0) < 0.0 {
                return Err(fault("max_gap", format!("max_gap is {gap}; a gap's size is never under 0")));
            }
        }
        if rules.prompt.iter().any(|prompt| prompt.text.trim().is_empty()) {
            return Err(fault("[[prompt]]", "a prompt has no text".into()));
        }
        if let Some(power) = rules.min_power.filter(|power| !(*power > 0.0 && *power < 1.0)) {
            return Err(fault("min_power", format!("min_power is {power}; give a probability between 0 and 1")));
        }
        if rules.min_power.is_some() && rules.must_see.is_none() {
            return Err(fault("min_power", "min_power needs must_see, the increase to be seen, such as \"5%\"".into()));
        }
        if rules.must_see.is_some_and(|size| size.resolve(1.0) <= 0.0) {
            return Err(fault("must_see", "must_see is an increase; give one above 0, such as \"5%\"".into()));
        }
        if (Self { must_see: None, min_power: None, ..rules.clone() }) == Self::default() {
            return Err(match rules.must_see {
                Some(_) => fault("must_see", "must_see is about increases, and none is limited; add max_mean_loss_increase or another of docs/ci.md".into()),
                None => fault("", "no rule in it; see docs/ci.md for what may stand there".into()),
            });
        }
        Ok(rules)
    }

    /// Line of an attribute's table in the file the rules came from.
    #[must_use]
    pub fn line_of_attribute(text: &str, name: &str) -> usize {
        text.lines()
            .position(|line| line.trim_start().starts_with("[attribute") && line.contains(name))
            .map_or(1, |at| at + 1)
    }
}

/// What a reader of TOML says of types, in the words of its files.
fn in_words(problem: &str) -> String {
    let words = [
        ("expected usize", "expected a whole number from 0"),
        ("expected f64", "expected a number"),
        ("expected a boolean", "expected true or false"),
        ("expected struct AttributeRules", "expected a table such as [attribute.NAME]"),
        ("expected struct DiscoverRules", "expected a table [discover]"),
        ("expected struct PromptRule", "expected tables [[prompt]]"),
        ("expected a sequence", "expected tables [[prompt]]"),
        ("expected a map", "expected tables such as [attribute.NAME]"),
    ];
    words.iter().fold(problem.to_owned(), |problem, (typed, said)| problem.replace(typed, said))
}

fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_with_shares_attributes_and_prompts() {
        let rules = Rules::parse(
            "max_gap_increase = 0.02\nmax_mean_loss_increase = \"5%\"\n[attribute.\"Never married\"]\nmax_gap = 1\n[attribute.Male]\nskip = true\n[[prompt]]\ntext = \"a nurse\"\nmax_increase = 0.5\n",
        )
        .unwrap();
        assert_eq!(rules.max_gap_increase, Some(Limit::Absolute(0.02)));
        assert_eq!(rules.max_mean_loss_increase.unwrap().resolve(2.0), 0.1);
        assert_eq!(rules.attribute["Never married"].max_gap, Some(Limit::Absolute(1.0)));
        assert!(rules.attribute["Male"].skip);
        assert_eq!(rules.prompt[0].text, "a nurse");
        assert_eq!(Rules::parse("[discover]\nmax_new_slices = 2\n").unwrap().discover.unwrap().max_new_slices, 2);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, line, words) in [
            ("max_gap = 0.1\nmax_gapp = 2\n", 2, "max_gapp"),
            ("[attribute.Male]\nmax_gap = 0.1\nmin_auroc = 1\n", 3, "min_auroc"),
            ("\n[[prompt]]\ntext = \"x\"\n", 2, "max_increase"),
            ("max_gap = \"much\"\n", 1, "'much' is not a limit"),
            ("max_gap = nan\n", 1, "NaN is not a limit"),
            ("\nmin_group_auroc = 1.5\n", 2, "from 0 to 1"),
            ("max_gap = -1\n", 1, "never under 0"),
            ("max_gap = 1\nmin_power = 0.8\n", 2, "needs must_see"),
            ("must_see = \"5%\"\nmin_power = 8\n", 2, "between 0 and 1"),
            ("max_gap = 1\nmust_see = 0\n", 2, "above 0"),
            ("must_see = \"5%\"\n", 1, "none is limited"),
            ("max_gap = true\n", 1, "a limit is a number such as 0.02"),
            ("max_gap = 1\n[discover]\nmax_new_slices = -1\n", 3, "expected a whole number from 0"),
            ("min_group_auroc = \"high\"\n", 1, "expected a number"),
            ("max_gap = 1\n[attribute]\nMale = 3\n", 3, "expected a table such as [attribute.NAME]"),
            ("max_gap = 1\nprompt = 3\n", 2, "expected tables [[prompt]]"),
            ("max_gap = 1\nattribute = 3\n", 2, "expected tables such as [attribute.NAME]"),
            ("[discover]\nmax_new = 0\n", 2, "max_new"),
            ("max_gap = \n", 1, ""),
            ("", 1, "no rule"),
            ("[[prompt]]\ntext = \" \"\nmax_increase = 1\n", 1, "no text"),
        ] {
            let error = Rules::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.problem.contains(words), "{text}: {error}");
        }
    }
}
