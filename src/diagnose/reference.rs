//! Where the test items lie on each head's scale: what a prompt's score is compared with.

use super::{DiagnoseError, Evidence};
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

/// Quantiles of the ensemble mean of each head over the test items, at even steps of probability.
///
/// The OOD head is compared with one fragment of each test item instead: against whole items every short
/// prompt would look foreign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    pub n: usize,
    /// `quantiles[head.index()]`, ascending, 1001 values.
    pub quantiles: [Vec<f64>; 3],
}

impl Reference {
    /// Takes the quantiles of a run's predictions.
    ///
    /// # Errors
    /// If the encoder or the heads fail on the fragments.
    pub fn of(evidence: &Evidence, encoder: &dyn Encoder, ensemble: &Ensemble) -> Result<Self, DiagnoseError> {
        let mut rng = ChaCha8Rng::seed_from_u64(FRAGMENT_SEED);
        let fragments: Vec<String> =
            evidence.rows.iter().map(|&row| data::fragment(&evidence.audit.items[row].text, &mut rng)).collect();
        let fragments: Vec<&str> = fragments.iter().map(String::as_str).collect();
        let fragments = ensemble.predict(&encoder.encode(&fragments)?)?;
        let quantiles = HeadKind::ALL.map(|head| {
            let mut means = if head == HeadKind::Ood { fragments.mean(head) } else { evidence.items.mean(head) };
            means.sort_by(f64::total_cmp);
            (0..=STEPS).map(|step| stats::quantile_sorted(&means, step as f64 / STEPS as f64)).collect()
        });
        Ok(Self { n: evidence.rows.len(), quantiles })
    }

    /// Share of the test items (OOD: of their fragments) below an output, in `0..=1`, to a thousandth.
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
