//! What is said of a typed prompt: pure values.

use crate::stats::Interval;
use serde::{Deserialize, Serialize};

/// The mean loss of the group a sentence describes, estimated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromptEstimate {
    /// In the unit of the loss.
    pub value: f64,
    /// Where the group's true mean loss lies nine times in ten; none where nothing is calibrated.
    pub interval: Option<Interval>,
    /// Slices it is calibrated on.
    pub slices: usize,
    /// Whether interval and probabilities come from slices of the audit; else a fixed formula speaks.
    pub calibrated: bool,
    /// The prompt is an attribute's phrase, and this its group's own mean over training items: nothing is foretold.
    #[serde(default)]
    pub measured: bool,
    /// Why the interval is another than for other prompts: unlike every slice, or measured and not estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How one word of a prompt was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordReading {
    pub word: String,
    /// The item word it counts as: itself where items or the audit's prompts use it; `None` where nothing is like it.
    pub read_as: Option<String>,
    /// Cosine with it, by the built-in vectors of single words; 1 for itself.
    pub cosine: f64,
}

/// Whose words a prompt is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WordsOf {
    #[default]
    Items,
    /// Of the audit's own prompts, where items have no words.
    Prompts,
}

impl WordsOf {
    /// After "nothing like 'ballet' in the".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Prompts => "audit's prompts",
        }
    }
}

/// What was held against the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgedBy {
    /// Content words, one by one.
    #[default]
    Words,
    /// The whole sentence in the encoder's space, against sentences made of the audit's prompts.
    Sentence,
}

/// Whether data speak of what a prompt says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Support {
    pub supported: bool,
    #[serde(default)]
    pub words_of: WordsOf,
    #[serde(default)]
    pub judged_by: JudgedBy,
    /// The least figure of a content word, or the sentence's, and what it is to reach; both `None` where nothing is judged.
    pub figure: Option<f64>,
    pub threshold: Option<f64>,
    /// Content words, in order.
    pub words: Vec<WordReading>,
}

impl Support {
    /// Words that nothing in the data is like; of a refused sentence, those that are not the audit's own.
    pub fn missing(&self) -> impl Iterator<Item = &WordReading> {
        let threshold = match self.judged_by {
            JudgedBy::Words => self.threshold.unwrap_or(f64::NEG_INFINITY),
            JudgedBy::Sentence if self.supported => f64::NEG_INFINITY,
            JudgedBy::Sentence => 1.0,
        };
        self.words.iter().filter(move |word| word.cosine < threshold)
    }

    /// Why data do not speak of the prompt; `quoted` makes a word fit to be shown. None of a supported one.
    pub fn refusal(&self, quoted: impl Fn(&str) -> String) -> Option<String> {
        if self.supported {
            return None;
        }
        let missing = self.missing().map(|word| quoted(&word.word)).collect::<Vec<_>>().join(", ");
        let whose = self.words_of.words();
        Some(match self.judged_by {
            _ if self.words.is_empty() => format!("no words to go by in the {whose}"),
            JudgedBy::Words => format!("nothing like {missing} in the {whose}"),
            JudgedBy::Sentence if missing.is_empty() => format!("unlike the {whose}"),
            JudgedBy::Sentence => format!("unlike the {whose}, which do not say {missing}"),
        })
    }

    /// Words that could not be read as any item word, though something in the data is somewhat like them: the words
    /// witness left them out.
    pub fn left_out(&self) -> impl Iterator<Item = &WordReading> {
        let threshold = self.threshold.unwrap_or(f64::NEG_INFINITY);
        let items = self.words_of == WordsOf::Items;
        self.words.iter().filter(move |word| items && word.read_as.is_none() && word.cosine >= threshold)
    }

    /// Words that were read as others.
    pub fn replaced(&self) -> impl Iterator<Item = (&WordReading, &str)> {
        self.words.iter().filter_map(|word| {
            let other = word.read_as.as_deref().filter(|other| *other != word.word)?;
            Some((word, other))
        })
    }
}

/// What one witness says of a prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WitnessAnswer {
    /// `regressor`, `ranker`, `words`, `nearest`, `attribute`.
    pub name: String,
    /// In the unit of the loss; the ranker's has none.
    pub value: f64,
    /// Members of a head, or training items.
    pub n: usize,
    /// 90 %: of the members' mean for a head, of the items' mean else.
    pub interval: Option<Interval>,
    /// Share of the estimate's movement over the slices that is this witness's; `None` where it has no part in it.
    pub weight: Option<f64>,
    /// What it is over, for people.
    pub over: String,
}

/// One word's part in an estimate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordShare {
    pub word: String,
    /// The estimate with the word less the estimate without it, in the unit of the loss.
    pub change: f64,
}

/// Which of two prompts is harder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairVerdict {
    /// One is harder with a probability of .9 or more.
    Worse,
    /// One is harder with a probability of .75 up to .9.
    Leans,
    NotResolved,
    /// Nothing in the data is like a word of one of them.
    NoSuchData,
}

/// Probability from which one prompt leans to being the harder.
const LEANS: f64 = 0.75;

impl PairVerdict {
    /// The verdict of a probability.
    #[must_use]
    pub fn of(p_worse: f64, supported: bool) -> Self {
        let sure = p_worse.max(1.0 - p_worse);
        match sure {
            _ if !supported => Self::NoSuchData,
            _ if sure >= super::assessment::SURE => Self::Worse,
            _ if sure >= LEANS => Self::Leans,
            _ => Self::NotResolved,
        }
    }

    /// The word on screen.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::Leans => "leans",
            Self::NotResolved => "not resolved",
            Self::NoSuchData => "no such data",
        }
    }
}

/// The estimated comparison of two prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairEstimate {
    /// Probability that the group of A is harder than that of B.
    pub p_worse: f64,
    pub verdict: PairVerdict,
    /// Estimate of A less estimate of B.
    pub estimate: PromptEstimate,
    /// Whether the sign of what the heads say differs from that of what the items say.
    pub witnesses_disagree: bool,
}

impl PairEstimate {
    /// The verdict as a sentence about A and B; a comma and the reason where witnesses disagree.
    #[must_use]
    pub fn sentence(&self) -> String {
        let (first, second) = if self.estimate.value >= 0.0 { ("A", "B") } else { ("B", "A") };
        let sentence = match self.verdict {
            PairVerdict::Worse => format!("{first} is WORSE than {second}"),
            PairVerdict::Leans => format!("{first} leans worse than {second}"),
            PairVerdict::NotResolved => "A and B are not resolved".to_owned(),
            PairVerdict::NoSuchData => "NO SUCH DATA: what follows is a guess".to_owned(),
        };
        if self.witnesses_disagree { format!("{sentence}; heads and data disagree") } else { sentence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_symmetric_and_needs_data() {
        for (p, verdict) in [
            (0.95, PairVerdict::Worse),
            (0.1, PairVerdict::Worse),
            (0.2, PairVerdict::Leans),
            (0.5, PairVerdict::NotResolved),
        ] {
            assert_eq!(PairVerdict::of(p, true), verdict);
            assert_eq!(PairVerdict::of(p, false), PairVerdict::NoSuchData);
        }
        assert_eq!(serde_json::to_string(&PairVerdict::NotResolved).unwrap(), "\"not_resolved\"");
    }
}
