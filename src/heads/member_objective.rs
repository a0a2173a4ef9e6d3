//! The objectives of one member on plain rows; [`super::objective`] has the same for tensors of all members.

use super::examples::Step;
use super::learner::Problem;
use super::pairs::{PairTerm, pair_terms};
use crate::audit::{HeadKind, Pairs};

/// Rows of a batch that a member's resample holds. Those it does not hold weigh nothing: they are left out, which
/// spares a third of the work.
pub struct Kept {
    /// Positions in the batch.
    pub rows: Vec<usize>,
    weights: Vec<f32>,
    /// Training rows behind them.
    items: Vec<usize>,
    /// Rows of the batch, kept or not: what a mean is over.
    batch: usize,
}

impl Kept {
    pub fn new(problem: &Problem, step: &Step, member: usize) -> Self {
        let batch = step.items.len();
        let weight = |row: usize| problem.resample.weight(member, step.items[row]);
        let rows: Vec<usize> = (0..batch).filter(|&row| weight(row) > 0.0).collect();
        let weights = rows.iter().map(|&row| weight(row)).collect();
        let items = rows.iter().map(|&row| step.items[row] as usize).collect();
        Self { rows, weights, items, batch }
    }

    /// Values of the kept rows at their places among all rows of the batch, and what follows them after those.
    pub fn spread(&self, values: Vec<f32>, batch: usize) -> Vec<f32> {
        if self.rows.len() == batch {
            return values;
        }
        let (kept, after) = values.split_at(self.rows.len());
        let mut spread = vec![0f32; batch];
        self.rows.iter().zip(kept).for_each(|(&row, &value)| spread[row] = value);
        spread.extend_from_slice(after);
        spread
    }
}

/// Loss of a member of a head; `scores` are those of the kept rows, followed for an OOD member by those of the
/// negatives. Fills the derivative by each.
pub fn objective(head: HeadKind, kept: &Kept, problem: &Problem, scores: &[f32], d_scores: &mut [f32]) -> f32 {
    let losses = || kept.items.iter().map(|&item| problem.losses[item]).collect::<Vec<f64>>();
    match head {
        HeadKind::Regressor => {
            let targets: Vec<f32> = kept.items.iter().map(|&item| problem.targets[item]).collect();
            regression(scores, d_scores, &targets, &kept.weights, kept.batch)
        }
        HeadKind::Ranker if problem.hyper.pairs == Pairs::All => {
            all_pairs(scores, d_scores, &losses(), &kept.weights, kept.batch)
        }
        HeadKind::Ranker => sampled_pairs(scores, d_scores, &pair_terms(&losses(), &kept.weights)),
        HeadKind::Ood => ood(scores, d_scores, &kept.weights, 2 * kept.batch),
    }
}

/// Weighted squared error over a batch of `rows` rows; fills the derivative by each score.
fn regression(scores: &[f32], d_scores: &mut [f32], targets: &[f32], weights: &[f32], rows: usize) -> f32 {
    let mut sum = 0f64;
    for (((score, slope), target), weight) in scores.iter().zip(d_scores).zip(targets).zip(weights) {
        let residual = score - target;
        *slope = residual * weight * (2.0 / rows as f32);
        sum += f64::from(residual * residual * weight);
    }
    (sum / rows as f64) as f32
}

/// Pairwise logistic loss of each row against the next one; the last row's partner is the first.
fn sampled_pairs(scores: &[f32], d_scores: &mut [f32], terms: &[PairTerm]) -> f32 {
    d_scores.fill(0.0);
    let mut sum = 0f64;
    for (row, term) in terms.iter().enumerate() {
        let partner = if row + 1 == terms.len() { 0 } else { row + 1 };
        let signed = term.order * (scores[row] - scores[partner]);
        sum += f64::from(softplus(-signed) * term.weight);
        let slope = -term.order * sigmoid(-signed) * term.weight;
        d_scores[row] += slope;
        d_scores[partner] -= slope;
    }
    sum as f32
}

/// Pairwise logistic loss over all unordered pairs of the rows, of weight `wᵢ·wⱼ`, as a mean over the pairs of a
/// batch of `rows` rows. Ties weigh nothing.
fn all_pairs(scores: &[f32], d_scores: &mut [f32], losses: &[f64], weights: &[f32], rows: usize) -> f32 {
    let pairs = (rows * (rows - 1)) as f32 / 2.0;
    d_scores.fill(0.0);
    let mut sum = 0f64;
    for i in 0..scores.len() {
        let mut slope_i = 0f32;
        for j in i + 1..scores.len() {
            let order = super::pairs::order(losses[i], losses[j]);
            let weight = weights[i] * weights[j] * order * order / pairs;
            let signed = order * (scores[i] - scores[j]);
            sum += f64::from(softplus(-signed) * weight);
            let slope = -order * sigmoid(-signed) * weight;
            slope_i += slope;
            d_scores[j] -= slope;
        }
        d_scores[i] += slope_i;
    }
    sum as f32
}

/// Binary cross-entropy of items (the first rows, weighted) against negatives (the rest), as a mean over `rows`
/// rows.
fn ood(scores: &[f32], d_scores: &mut [f32], weights: &[f32], rows: usize) -> f32 {
    let (inside, outside) = scores.split_at(weights.len());
    let (d_inside, d_outside) = d_scores.split_at_mut(weights.len());
    let mut sum = 0f64;
    for ((score, slope), weight) in inside.iter().zip(d_inside).zip(weights) {
        sum += f64::from(softplus(-score) * weight);
        *slope = -sigmoid(-score) * weight / rows as f32;
    }
    for (score, slope) in outside.iter().zip(d_outside) {
        sum += f64::from(softplus(*score));
        *slope = sigmoid(*score) / rows as f32;
    }
    (sum / rows as f64) as f32
}

/// `ln(1 + eˣ)`, without overflow for large x.
fn softplus(x: f32) -> f32 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
