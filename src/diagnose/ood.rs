//! Table 1: does a head tell prompts that describe the data from foreign ones?

use super::evidence::with_article;
use super::{DiagnoseError, Evidence, HeadAuroc, Measured, OodRow, OodTable};
use crate::audit::HeadKind;
use crate::heads::Ensemble;
use crate::stats;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Random unit vectors compared with the prompts, and the seed they are drawn with.
const RANDOM_VECTORS: usize = 1000;
const RANDOM_SEED: u64 = 1;

/// Fills Table 1. Foreign names that name people are left out: the built-in data are people.
///
/// # Errors
/// If the heads fail.
pub fn ood(evidence: &Evidence, ensemble: &Ensemble) -> Result<OodTable, DiagnoseError> {
    let sets = &evidence.audit.prompts;
    let familiarity = |head: HeadKind, texts: &[String]| -> Vec<f64> {
        texts.iter().filter_map(|text| evidence.prompt_risk(head, text)).map(|members| -mean(&members)).collect()
    };
    let random = ensemble.predict(&random_vectors(evidence.dimension))?;
    let auroc = |head: HeadKind, foreign: Vec<f64>| {
        let mut scores = familiarity(head, &sets.in_distribution);
        let mut seen = vec![true; scores.len()];
        seen.resize(scores.len() + foreign.len(), false);
        scores.extend(foreign);
        HeadAuroc { head, auroc: Measured::from(stats::auroc(&scores, &seen)) }
    };
    let random_risk = |head: HeadKind| random.mean(head).into_iter().map(|output| -head.risk_sign() * output).collect();
    let mut rows = vec![OodRow {
        foreign: "random vectors".into(),
        n_foreign: RANDOM_VECTORS,
        heads: HeadKind::ALL.into_iter().map(|head| auroc(head, random_risk(head))).collect(),
    }];
    let mut left_out = Vec::new();
    for set in &sets.foreign {
        let (people, kept): (Vec<String>, Vec<String>) =
            set.words.iter().cloned().partition(|word| sets.people.contains(word));
        left_out.extend(people);
        let phrases = set.singular.then(|| kept.iter().map(|word| with_article(word)).collect());
        let with_articles = phrases.map(|phrases| (format!("{}, with a/an", set.name), phrases));
        for (foreign, texts) in std::iter::once((set.name.clone(), kept)).chain(with_articles) {
            let values = HeadKind::ALL.into_iter().map(|head| auroc(head, familiarity(head, &texts))).collect();
            rows.push(OodRow { foreign, n_foreign: texts.len(), heads: values });
        }
    }
    Ok(OodTable { in_distribution: sets.in_distribution.clone(), left_out, rows })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Standard normal vectors of length one, `[RANDOM_VECTORS, d]`.
fn random_vectors(dimension: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(RANDOM_SEED);
    let mut rows = Vec::with_capacity(RANDOM_VECTORS * dimension);
    for _ in 0..RANDOM_VECTORS {
        let row: Vec<f32> = (0..dimension).map(|_| StandardNormal.sample(&mut rng)).collect();
        let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
        rows.extend(row.into_iter().map(|value| value / norm));
    }
    rows
}
