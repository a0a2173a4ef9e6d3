//! Table 1: does a head tell prompts that describe the data from foreign ones?

use super::evidence::with_article;
use super::policy::COVERAGE;
use super::{DiagnoseError, Estimator, HeadAuroc, Measured, OodRow, OodTable};
use crate::audit::{HeadKind, PromptSets};
use crate::encoder::{Encoder, random_direction};
use crate::heads::{Ensemble, HeadPredictions};
use crate::stats::{self, Interval};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Random unit vectors compared with the prompts, and the seed they are drawn with.
const RANDOM_VECTORS: usize = 1000;
const RANDOM_SEED: u64 = 1;

/// What Table 1 compares; the lists may be a person's own.
#[derive(Debug, Clone)]
pub struct OodQuestion {
    pub sets: PromptSets,
    /// Leave out foreign words that name people: right where people are the data.
    pub drop_people: bool,
}

/// Fills Table 1: prompts that describe the data against random vectors and each foreign set.
///
/// # Errors
/// If the encoder or the heads fail.
pub fn ood(question: &OodQuestion, encoder: &dyn Encoder, ensemble: &Ensemble) -> Result<OodTable, DiagnoseError> {
    let familiarity = |head: HeadKind, predictions: &HeadPredictions| -> Vec<f64> {
        predictions.mean(head).into_iter().map(|output| -head.risk_sign() * output).collect()
    };
    let predict = |texts: &[String]| -> Result<HeadPredictions, DiagnoseError> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        Ok(ensemble.predict(&encoder.encode_prompts(&texts)?)?)
    };
    let mut no_vector = Vec::new();
    let mut known = |texts: Vec<String>| -> Vec<String> {
        let (known, others): (Vec<String>, Vec<String>) = texts.into_iter().partition(|text| encoder.knows(text));
        no_vector.extend(others);
        known
    };
    let in_distribution = known(question.sets.in_distribution.clone());
    let own = predict(&in_distribution)?;
    let row = |foreign: String, n_foreign: usize, prompts: Vec<String>, predictions: &HeadPredictions| OodRow {
        foreign,
        n_foreign,
        prompts,
        heads: HeadKind::ALL
            .into_iter()
            .map(|head| head_auroc(head, familiarity(head, &own), familiarity(head, predictions)))
            .collect(),
        support: None,
    };
    let random = ensemble.predict(&random_vectors(encoder.dimension()))?;
    let mut rows = vec![row("random vectors".into(), RANDOM_VECTORS, Vec::new(), &random)];
    let mut left_out = Vec::new();
    for set in &question.sets.foreign {
        let drop = |word: &String| question.drop_people && question.sets.people.contains(word);
        let (people, kept): (Vec<String>, Vec<String>) = set.words.iter().cloned().partition(drop);
        left_out.extend(people);
        let phrases = set.singular.then(|| kept.iter().map(|word| with_article(word)).collect());
        let with_articles = phrases.map(|phrases| (format!("{}, with a/an", set.name), phrases));
        for (foreign, texts) in std::iter::once((set.name.clone(), kept)).chain(with_articles) {
            let texts = known(texts);
            if texts.is_empty() && encoder.phrases().is_some() {
                continue;
            }
            let predictions = predict(&texts)?;
            rows.push(row(foreign, texts.len(), texts, &predictions));
        }
    }
    Ok(OodTable { in_distribution, left_out, no_vector, rows })
}

/// AUROC of familiarity, the data's own prompts being the positives.
fn head_auroc(head: HeadKind, own: Vec<f64>, foreign: Vec<f64>) -> HeadAuroc {
    let mut seen = vec![true; own.len()];
    seen.resize(own.len() + foreign.len(), false);
    let scores: Vec<f64> = own.into_iter().chain(foreign).collect();
    let interval = stats::delong(&scores, &seen).map(|auroc| auroc.score_interval(COVERAGE));
    HeadAuroc { head, auroc: stats::auroc(&scores, &seen).into(), interval: interval.into() }
}

/// AUROC of the guard's figure, and the share of the foreign prompts it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GuardAuroc {
    pub auroc: Measured,
    /// 95 % score interval (Newcombe).
    pub interval: Measured<Interval>,
    /// Foreign prompts that are refused, and prompts that describe the data and are refused all the same.
    pub foreign_refused: usize,
    pub own_refused: usize,
}

/// Fills in how well the guard tells the data's own prompts from each foreign set.
///
/// # Errors
/// If the encoder of words fails.
pub fn add_guard(table: &mut OodTable, estimator: &Estimator) -> Result<(), DiagnoseError> {
    let figures = |texts: &[String]| -> Result<Vec<Option<(f64, bool)>>, DiagnoseError> {
        let judge = |text: &String| {
            let found = estimator.support(text)?;
            Ok(found.figure.map(|figure| (figure, found.supported)))
        };
        texts.iter().map(judge).collect()
    };
    let own: Option<Vec<(f64, bool)>> = figures(&table.in_distribution)?.into_iter().collect();
    let Some(own) = own else { return Ok(()) };
    for row in table.rows.iter_mut().filter(|row| !row.prompts.is_empty()) {
        let foreign: Vec<(f64, bool)> = figures(&row.prompts)?.into_iter().flatten().collect();
        let scores: Vec<f64> = own.iter().chain(&foreign).map(|(figure, _)| *figure).collect();
        let seen: Vec<bool> = (0..scores.len()).map(|at| at < own.len()).collect();
        let refused = |of: &[(f64, bool)]| of.iter().filter(|(_, supported)| !supported).count();
        row.support = Some(GuardAuroc {
            auroc: stats::auroc(&scores, &seen).into(),
            interval: stats::delong(&scores, &seen).map(|auroc| auroc.score_interval(COVERAGE)).into(),
            foreign_refused: refused(&foreign),
            own_refused: refused(&own),
        });
    }
    Ok(())
}

/// The random vectors of Table 1, `[RANDOM_VECTORS, d]`.
fn random_vectors(dimension: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(RANDOM_SEED);
    (0..RANDOM_VECTORS).flat_map(|_| random_direction(dimension, &mut rng)).collect()
}
