//! The three objectives: loss of each net and its derivative by the scores (`method.md`, Heads).
//!
//! Scores are `[B, M]`, one column a member; `row_weights` are `[B, M]` bootstrap counts. Losses are means
//! over the batch, and members do not interact: the derivative is that of the sum over members.

use super::Result;
use candle_core::Tensor;
use candle_nn::ops::sigmoid;

/// Loss of each member `[M]` and the derivative of their sum by the scores.
#[derive(Debug)]
pub struct LossAndGradient {
    pub losses: Tensor,
    pub d_scores: Tensor,
}

/// Mean squared error against `targets` `[B, 1]`.
///
/// # Errors
/// If the shapes do not agree.
pub fn regression(scores: &Tensor, targets: &Tensor, row_weights: &Tensor) -> Result<LossAndGradient> {
    let rows = scores.dim(0)? as f64;
    let residual = scores.broadcast_sub(targets)?;
    let weighted = (&residual * row_weights)?;
    let losses = ((&weighted * &residual)?.sum(0)? / rows)?;
    Ok(LossAndGradient { losses, d_scores: (weighted * (2.0 / rows))? })
}

/// Pairwise logistic loss of each row against its partner, all `[B, M]`: each member may pair rows differently.
///
/// `order` is the sign of `loss − partner's loss`: +1, −1, or 0 for ties; `weight` is each comparison's share of
/// its member's loss, zero for ties. A member's column of `partner` must be a permutation and that of `inverse`
/// its inverse, both u32.
///
/// # Errors
/// If the shapes do not agree.
pub fn sampled_pairs(
    scores: &Tensor,
    order: &Tensor,
    partner: &Tensor,
    inverse: &Tensor,
    weight: &Tensor,
) -> Result<LossAndGradient> {
    let scores = scores.contiguous()?;
    let reversed = ((&scores - scores.gather(partner, 0)?)? * order)?.neg()?;
    let losses = (softplus(&reversed)? * weight)?.sum(0)?;
    // d softplus(−o·δ) / dδ = −o·σ(−o·δ), felt by the row and, with the other sign, by its partner.
    let slope = ((sigmoid(&reversed)? * weight)? * order)?.neg()?;
    let d_scores = (&slope - slope.gather(inverse, 0)?)?;
    Ok(LossAndGradient { losses, d_scores })
}

/// Pairwise logistic loss over all unordered pairs of the batch.
///
/// `order` `[B, B]` holds the sign of `loss_i − loss_j`. Members are taken one after the other so that
/// memory stays at `B²`.
///
/// # Errors
/// If the shapes do not agree.
pub fn all_pairs(scores: &Tensor, order: &Tensor, row_weights: &Tensor) -> Result<LossAndGradient> {
    let (rows, members) = scores.dims2()?;
    let pairs = (rows * (rows - 1)) as f64 / 2.0;
    let mut losses = Vec::with_capacity(members);
    let mut columns = Vec::with_capacity(members);
    let compared = order.sqr()?;
    for member in 0..members {
        let column = scores.narrow(1, member, 1)?.contiguous()?;
        let weights = row_weights.narrow(1, member, 1)?.contiguous()?;
        let signed = (column.broadcast_sub(&column.t()?)? * order)?;
        let pair_weight = (weights.broadcast_mul(&weights.t()?)? * &compared)?;
        // Each unordered pair stands twice in the square, once each way round.
        losses.push(((softplus(&signed.neg()?)? * &pair_weight)?.sum_all()? / (2.0 * pairs))?);
        let slope = ((sigmoid(&signed.neg()?)? * pair_weight)? * order)?;
        columns.push((slope.sum_keepdim(1)? * (-1.0 / pairs))?);
    }
    Ok(LossAndGradient { losses: Tensor::stack(&losses, 0)?, d_scores: Tensor::cat(&columns, 1)? })
}

/// Binary cross-entropy of seen rows against foreign rows.
///
/// The first `seen` rows of `scores` are items, weighted by `row_weights` `[seen, M]`; the others are
/// negatives of weight one. The mean is over all rows.
///
/// # Errors
/// If the shapes do not agree.
pub fn ood(scores: &Tensor, seen: usize, row_weights: &Tensor) -> Result<LossAndGradient> {
    let rows = scores.dim(0)?;
    let inside = scores.narrow(0, 0, seen)?;
    let outside = scores.narrow(0, seen, rows - seen)?;
    let inside_loss = (softplus(&inside.neg()?)? * row_weights)?.sum(0)?;
    let losses = ((inside_loss + softplus(&outside)?.sum(0)?)? / rows as f64)?;
    let d_inside = ((sigmoid(&inside)? - 1.0)? * row_weights)?;
    let d_scores = (Tensor::cat(&[&d_inside, &sigmoid(&outside)?], 0)? / rows as f64)?;
    Ok(LossAndGradient { losses, d_scores })
}

/// `ln(1 + eˣ)`, without overflow for large x.
fn softplus(x: &Tensor) -> Result<Tensor> {
    Ok((x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?)?)
}
