//! Which metric of an evaluation becomes the loss, and how.

use serde_json::Value;

/// Metrics looked for, best first.
const KNOWN: [&str; 12] = [
    "acc",
    "exact_match",
    "em",
    "pass@1",
    "pass_at_1",
    "prompt_level_strict_acc",
    "f1",
    "mc2",
    "score",
    "rougeL",
    "bleu",
    "word_perplexity",
];
/// What is in the name of a metric that is better when it is lower.
const LOWER: [&str; 10] = ["perplexity", "bits_per_byte", "brier", "loss", "nll", "error", "wer", "cer", "mse", "mae"];
/// Not a metric but made from the logged responses.
pub const LOG_LIKELIHOOD: &str = "log-likelihood";

/// The metric to take of those there are.
#[must_use]
pub fn best<'a>(names: &[&'a str]) -> Option<&'a str> {
    KNOWN.iter().find_map(|known| names.iter().find(|name| *name == known)).or_else(|| names.first()).copied()
}

/// Whether a metric is better when it is lower, by its name.
#[must_use]
pub fn is_lower_better(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower == "ter" || LOWER.iter().any(|part| lower.contains(part))
}

/// The number that a logged metric is; `None` if it is none of one item alone.
#[must_use]
pub fn number(name: &str, value: &Value) -> Option<f64> {
    let plain = |value: &Value| match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Number(number) => number.as_f64(),
        Value::String(word) if word == "NaN" => Some(f64::NAN),
        _ => None,
    };
    let sums = name.contains("perplexity") || name.contains("bits_per_byte");
    match value {
        // A log-likelihood and over how many words or bytes it is.
        Value::Array(parts) if sums && parts.len() == 2 => {
            let (sum, count) = (plain(&parts[0])?, plain(&parts[1])?);
            let unit = if name.contains("bits_per_byte") { std::f64::consts::LN_2 } else { 1.0 };
            Some(-sum / count.max(1.0) / unit)
        }
        // Of a plain perplexity the log-likelihood is logged.
        Value::Number(number) if sums => number.as_f64().map(|sum| -sum),
        // One verdict for each of several instructions.
        Value::Array(parts) if !parts.is_empty() && parts.iter().all(Value::is_boolean) => {
            Some(parts.iter().filter_map(plain).sum::<f64>() / parts.len() as f64)
        }
        other => plain(other),
    }
}

/// How numbers become losses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turn {
    /// They are losses.
    Same,
    /// The loss is what is lacking to this.
    From(f64),
}

impl Turn {
    /// The turn that all numbers of a metric allow.
    ///
    /// # Errors
    /// If a number that should be a loss is negative.
    pub fn of(lower: bool, values: impl Iterator<Item = f64>) -> Result<Self, String> {
        let known = values.filter(|value| !value.is_nan());
        let (least, most) =
            known.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(value), most.max(value)));
        match lower {
            true if least < 0.0 => Err(format!("is {least} where lower should be better and 0 best")),
            true => Ok(Self::Same),
            false if most <= 1.0 => Ok(Self::From(1.0)),
            false if most <= 100.0 && least >= 0.0 => Ok(Self::From(100.0)),
            false => Ok(Self::From(most)),
        }
    }

    #[must_use]
    pub fn loss(self, value: f64) -> f64 {
        match self {
            Self::Same => value,
            Self::From(most) => most - value,
        }
    }

    /// The loss in words.
    #[must_use]
    pub fn words(self, metric: &str) -> String {
        match self {
            Self::Same => metric.to_owned(),
            Self::From(most) => format!("{most} - {metric}"),
        }
    }
}

/// Cross-entropy of the right choice among the log-likelihoods of all, or the negative one of the only response.
#[must_use]
pub fn log_likelihood(responses: &Value, target: &Value, halves: bool) -> Option<f64> {
    let one = |response: &Value| {
        let first = response.as_array().map_or(Some(response), |parts| parts.first())?;
        first.as_f64().or_else(|| first.as_str()?.parse().ok())
    };
    let mut values: Vec<f64> = responses.as_array()?.iter().map(one).collect::<Option<_>>()?;
    if let [only] = values[..] {
        return Some(-only).filter(|loss| *loss >= 0.0);
    }
    // Mutual information logs every choice a second time, without the question.
    if halves {
        values.truncate(values.len() / 2);
    }
    let target = target.as_u64().or_else(|| target.as_str()?.trim().parse().ok())?;
    let right = values.get(usize::try_from(target).ok()?)?;
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = values.iter().map(|value| (value - most).exp()).sum();
    Some((sum.ln() + most - right).max(0.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metrics_become_numbers_and_losses() {
        assert_eq!(number("acc", &json!(true)), Some(1.0));
        assert_eq!(number("inst_level_strict_acc", &json!([true, false, true, true])), Some(0.75));
        assert_eq!(number("word_perplexity", &json!([-30.0, 10])), Some(3.0));
        assert_eq!(number("perplexity", &json!(-2.5)), Some(2.5));
        assert_eq!(number("bleu", &json!(["a", "b"])), None);
        assert_eq!(Turn::of(false, [0.0, 1.0].into_iter()), Ok(Turn::From(1.0)));
        assert_eq!(Turn::of(false, [0.0, 37.5].into_iter()), Ok(Turn::From(100.0)));
        assert!(Turn::of(true, [-1.0].into_iter()).is_err());
        assert_eq!(best(&["acc_norm", "acc"]), Some("acc"));
        assert!(is_lower_better("word_perplexity") && is_lower_better("ter") && !is_lower_better("acc"));
    }

    #[test]
    fn the_log_likelihood_is_the_cross_entropy_of_the_right_choice() {
        let two = json!([["-1.0", "False"], ["-1.0", "True"]]);
        assert!((log_likelihood(&two, &json!("1"), false).unwrap() - 2f64.ln()).abs() < 1e-12);
        assert_eq!(log_likelihood(&json!([[-2.5, true]]), &json!(" word"), false), Some(2.5));
        assert_eq!(log_likelihood(&json!(["some text"]), &json!("1"), false), None);
        assert_eq!(log_likelihood(&two, &json!("7"), false), None);
    }
}
