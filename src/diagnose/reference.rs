//! Where the test items lie on each head's scale: what a prompt's score is compared with.

use super::{DiagnoseError, Evidence, FittedLosses};
use crate::audit::HeadKind;
use crate::data;
use crate::encoder::Encoder;
use crate::heads::Ensemble;
use crate::stats;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

const STEPS: usize = 1000;
const FRAGMENT_SEED: u64 = 1;

/// Fewest own prompts of an audit that make a scale.
const LEAST_PROMPTS: usize = 20;
/// A prompt less familiar than this share of the scale is marked as out of distribution.
const FOREIGN_BELOW: f64 = 0.05;

/// Quantiles of the ensemble mean of each head, at even steps of probability.
///
/// Regressor and ranker: over the test items. OOD: over the prompts that the audit itself gives for its items
/// or, where it has few, one fragment of each test item; against whole items every short prompt looks foreign.
/// Items that are not texts have no fragments: then the audit's prompts however few, without any the items; where only
/// a list of phrases has vectors, all of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// `quantiles[head.index()]`, ascending, 1001 values.
    pub quantiles: [Vec<f64>; 3],
    /// What each head's quantiles are over, in words.
    pub over: [String; 3],
    /// The model's losses look like those of data it was fitted to. Tables kept without this word are of an older policy of
    /// verdicts, and are computed again.
    pub fitted: bool,
    /// The OOD head's quantiles are over too few to have a twentieth.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub few: bool,
}

impl Reference {
    /// Takes the quantiles of a run's predictions.
    ///
    /// # Errors
    /// If the encoder or the heads fail on the fragments.
    pub fn of(evidence: &Evidence, encoder: &dyn Encoder, ensemble: &Ensemble) -> Result<Self, DiagnoseError> {
        let items = format!("{} test items", grouped(evidence.rows.len()));
        let own = evidence.own_prompts();
        // Where a list is all that can be asked, the whole of it is the scale sooner than a few of an audit's own.
        let list: Vec<&str> =
            encoder.phrases().map_or_else(Vec::new, |list| list.phrases().iter().map(String::as_str).collect());
        let texts = evidence.audit.has_texts();
        let (familiar, familiar_over) = if own.len() < LEAST_PROMPTS && !list.is_empty() {
            let means = ensemble.predict(&encoder.encode_prompts(&list)?)?.mean(HeadKind::Ood);
            (means, format!("{} phrases given", list.len()))
        } else if own.len() >= LEAST_PROMPTS || (!texts && !own.is_empty()) {
            let logits = own.iter().filter_map(|text| evidence.prompt_risk(HeadKind::Ood, text));
            let means: Vec<f64> = logits.map(|risk| -risk.iter().sum::<f64>() / risk.len().max(1) as f64).collect();
            (means, format!("{} prompts of the audit", own.len()))
        } else if !texts {
            (evidence.items.mean(HeadKind::Ood), items.clone())
        } else {
            let mut rng = ChaCha8Rng::seed_from_u64(FRAGMENT_SEED);
            let cut = |&row: &usize| data::fragment(&evidence.audit.items[row].text, &mut rng);
            let fragments: Vec<String> = evidence.rows.iter().map(cut).collect();
            let fragments: Vec<&str> = fragments.iter().map(String::as_str).collect();
            let means = ensemble.predict(&encoder.encode_prompts(&fragments)?)?.mean(HeadKind::Ood);
            (means, format!("fragments of {items}"))
        };
        let few = familiar.len() < LEAST_PROMPTS;
        let scale = |mut means: Vec<f64>| {
            means.sort_by(f64::total_cmp);
            (0..=STEPS).map(|step| stats::quantile_sorted(&means, step as f64 / STEPS as f64)).collect()
        };
        let [regressor, ranker] = [HeadKind::Regressor, HeadKind::Ranker].map(|head| scale(evidence.items.mean(head)));
        Ok(Self {
            quantiles: [regressor, ranker, scale(familiar)],
            over: [items.clone(), items, familiar_over],
            fitted: FittedLosses::of(evidence.audit, evidence.model).is_some(),
            few,
        })
    }

    /// Whether a logit of the OOD head is too low for the prompt's losses to be trusted.
    #[must_use]
    pub fn is_foreign(&self, logit: f64) -> bool {
        let scale = &self.quantiles[HeadKind::Ood.index()];
        // Of a few the least familiar one is not foreign for being the least.
        logit < stats::quantile_sorted(scale, if self.few { 0.0 } else { FOREIGN_BELOW })
    }

    /// Share of the scale below an output, in `0..=1`, to a thousandth.
    #[must_use]
    pub fn percentile(&self, head: HeadKind, output: f64) -> f64 {
        stats::percentile_of(&self.quantiles[head.index()], output)
    }

    /// The 0.5 % and 99.5 % quantiles of a head's output.
    #[must_use]
    pub fn axis(&self, head: HeadKind) -> (f64, f64) {
        let sorted = &self.quantiles[head.index()];
        (stats::quantile_sorted(sorted, 0.005), stats::quantile_sorted(sorted, 0.995))
    }
}

/// A count with its thousands set apart.
#[must_use]
pub fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let first = digits.len() % 3;
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && position % 3 == first {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([1, 999, 1000, 16_281, 1_234_567].map(super::grouped), ["1", "999", "1,000", "16,281", "1,234,567"]);
    }
}
