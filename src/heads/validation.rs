//! How well heads order the validation rows by loss, epoch by epoch.

use super::Result;
use super::examples::Examples;
use super::learner::{Learner, head_of};
use crate::audit::{EpochMetrics, HeadKind};
use crate::stats;

/// Fewest rows over which a correlation is shown.
const FEWEST: usize = 3;

/// Fills in each head's Spearman and Kendall's τ-b with the loss over the validation rows, member by member;
/// left empty where a member gives all rows the same output.
pub fn measure(metrics: &mut [EpochMetrics], learner: &dyn Learner, examples: &Examples) -> Result<()> {
    let (data, members) = (examples.data, examples.hyper.members);
    if data.validation.len() < FEWEST {
        return Ok(());
    }
    let mut rows = vec![0f32; data.validation.len() * data.dimension];
    for (&position, target) in data.validation.iter().zip(rows.chunks_exact_mut(data.dimension)) {
        data.scaled(position, examples.scale, target);
    }
    let scores = learner.scores(&rows)?;
    for metric in metrics {
        let risks: Vec<Vec<f64>> = scores
            .iter()
            .enumerate()
            .filter(|(index, _)| head_of(*index, members).0 == metric.head)
            .map(|(_, outputs)| outputs.iter().map(|&output| metric.head.risk_sign() * f64::from(output)).collect())
            .collect();
        let over = |correlation: &dyn Fn(&[f64]) -> Option<f64>| {
            risks.iter().map(|risk| correlation(risk)).collect::<Option<Vec<f64>>>().unwrap_or_default()
        };
        metric.validation_spearman = over(&|risk| stats::spearman(risk, &data.validation_losses).ok().map(|c| c.value));
        metric.validation_kendall = over(&|risk| stats::kendall(risk, &data.validation_losses).ok().map(|c| c.value));
    }
    Ok(())
}

/// Mean validation Spearman over the members of regressor and ranker; none without validation rows. The OOD head
/// is not trained to order losses.
pub fn quality(metrics: &[EpochMetrics]) -> Option<f64> {
    let values: Vec<f64> = metrics
        .iter()
        .filter(|metric| metric.head != HeadKind::Ood)
        .flat_map(|metric| metric.validation_spearman.iter().copied())
        .collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
