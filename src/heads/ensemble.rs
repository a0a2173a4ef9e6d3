//! Trained heads: from embeddings to one output a member.

use super::{InputScale, Picked, Result, Stack, TargetScale};
use crate::audit::HeadKind;
use candle_core::{Device, Tensor};

/// The trained heads of a run, with the scales they were fitted on.
#[derive(Debug, Clone)]
pub struct Ensemble {
    pub members: usize,
    pub input: InputScale,
    pub target: TargetScale,
    /// What is added to a prompt's embedding `[d]` before it is brought to length one again, where prompts are moved to
    /// the side of the images.
    pub shift: Option<Vec<f32>>,
    /// Regressor members, then ranker members.
    pub loss_stack: Stack,
    /// Members of the OOD head.
    pub ood_stack: Stack,
}

/// Outputs of every head: `heads[head.index()][member][row]`, as `f64`.
///
/// Regressor: loss units. Ranker: no unit. OOD: logit of being in distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadPredictions {
    pub heads: [Vec<Vec<f64>>; 3],
}

impl HeadPredictions {
    /// Outputs of one head, `[member][row]`.
    #[must_use]
    pub fn of(&self, head: HeadKind) -> &[Vec<f64>] {
        &self.heads[head.index()]
    }

    /// Mean over members of a head's output, per row.
    #[must_use]
    pub fn mean(&self, head: HeadKind) -> Vec<f64> {
        let members = self.of(head);
        let rows = members.first().map_or(0, Vec::len);
        (0..rows).map(|row| members.iter().map(|outputs| outputs[row]).sum::<f64>() / members.len() as f64).collect()
    }

    /// Outputs of one head's members for one row.
    #[must_use]
    pub fn row(&self, head: HeadKind, row: usize) -> Vec<f64> {
        self.of(head).iter().map(|outputs| outputs[row]).collect()
    }
}

impl Ensemble {
    /// Dimension of the embeddings these heads read.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.input.mean.len()
    }

    /// Outputs of every member for row-major embeddings `[n, d]` as the encoder gives them.
    ///
    /// # Errors
    /// If the embeddings are not a multiple of the dimension.
    pub fn predict(&self, embeddings: &[f32]) -> Result<HeadPredictions> {
        let dimension = self.dimension();
        if dimension == 0 || !embeddings.len().is_multiple_of(dimension) {
            return Err(super::HeadsError::Shape {
                what: "an embedding",
                found: embeddings.len(),
                expected: dimension,
            });
        }
        let positions: Vec<usize> = (0..embeddings.len() / dimension).collect();
        self.predict_picked(&Picked { rows: embeddings.into(), positions: &positions, dimension })
    }

    /// [`Ensemble::predict`] for rows that are read as they are needed.
    ///
    /// # Errors
    /// If they are of another dimension.
    pub fn predict_picked(&self, picked: &Picked<'_>) -> Result<HeadPredictions> {
        let dimension = self.dimension();
        if picked.dimension != dimension {
            let what = "an embedding";
            return Err(super::HeadsError::Shape { what, found: picked.dimension, expected: dimension });
        }
        let mut heads: [Vec<Vec<f64>>; 3] =
            std::array::from_fn(|_| vec![Vec::with_capacity(picked.len()); self.members]);
        for mut rows in picked.blocks() {
            self.input.apply(&mut rows);
            let count = rows.len() / dimension;
            let inputs = Tensor::from_vec(rows, (count, dimension), self.device())?;
            self.append(&inputs, &mut heads)?;
        }
        Ok(HeadPredictions { heads })
    }

    fn append(&self, inputs: &Tensor, heads: &mut [Vec<Vec<f64>>; 3]) -> Result<()> {
        let loss = self.loss_stack.forward(inputs)?.scores.t()?.to_vec2::<f32>()?;
        let ood = self.ood_stack.forward(inputs)?.scores.t()?.to_vec2::<f32>()?;
        for (member, outputs) in loss.iter().take(self.members).enumerate() {
            heads[HeadKind::Regressor.index()][member]
                .extend(outputs.iter().map(|&output| self.target.to_loss(f64::from(output))));
        }
        for (member, outputs) in loss.iter().skip(self.members).enumerate() {
            heads[HeadKind::Ranker.index()][member].extend(outputs.iter().map(|&output| f64::from(output)));
        }
        for (member, outputs) in ood.iter().enumerate() {
            heads[HeadKind::Ood.index()][member].extend(outputs.iter().map(|&output| f64::from(output)));
        }
        Ok(())
    }

    fn device(&self) -> &Device {
        self.loss_stack.weights[0].device()
    }
}
