//! All that a stopped run needs to go on bit for bit, as one safetensors file.

use super::learner::{LearnerState, NetState};
use super::net::Arrays;
use super::weights::{bytes, floats};
use super::{HeadsError, Moments, Result};
use crate::audit::{EpochMetrics, HeadKind};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Epochs done.
    pub epoch: usize,
    /// Steps done of the epoch under way.
    pub step: usize,
    /// Rows of a step.
    pub batch: usize,
    /// Training losses of the epoch under way.
    pub sums: LossSums,
    pub epochs: Vec<EpochMetrics>,
}

impl Progress {
    /// An epoch is done, with these metrics.
    pub fn end_epoch(&mut self, metrics: Vec<EpochMetrics>) {
        self.epochs.extend(metrics);
        self.epoch += 1;
        self.step = 0;
        self.sums = LossSums::default();
    }
}

/// Sums of the training losses of an epoch's steps, net after net.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LossSums {
    sums: Vec<f64>,
    steps: usize,
}

impl LossSums {
    /// Adds the losses of some steps and returns their means. Summed step by step, so that the sum does not
    /// depend on how many came at once.
    pub fn add(&mut self, losses: &[Vec<f32>]) -> Vec<f32> {
        let nets = losses.first().map_or(0, Vec::len);
        self.sums.resize(nets.max(self.sums.len()), 0.0);
        let mut means = vec![0f64; nets];
        for step in losses {
            for ((sum, mean), loss) in self.sums.iter_mut().zip(&mut means).zip(step) {
                *sum += f64::from(*loss);
                *mean += f64::from(*loss) / losses.len() as f64;
            }
        }
        self.steps += losses.len();
        means.into_iter().map(|mean| mean as f32).collect()
    }

    /// Mean losses of the `epoch`-th epoch (from zero), head by head.
    pub fn metrics(&self, epoch: usize, members: usize) -> Vec<EpochMetrics> {
        let steps = self.steps.max(1) as f64;
        let of_head = |sums: &[f64]| sums.iter().map(|sum| sum / steps).collect();
        HeadKind::ALL
            .into_iter()
            .zip(self.sums.chunks(members))
            .map(|(head, sums)| EpochMetrics {
                epoch: epoch + 1,
                head,
                train_loss: of_head(sums),
                validation_spearman: Vec::new(),
                validation_kendall: Vec::new(),
            })
            .collect()
    }
}

/// The best weights so far by validation Spearman.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// Counted from one.
    pub epoch: usize,
    pub spearman: f64,
    pub nets: Vec<Arrays>,
}

/// A run at rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub progress: Progress,
    pub learner: LearnerState,
    pub best: Option<Best>,
}

/// What stands in the file beside the tensors.
#[derive(Serialize, Deserialize)]
struct Header {
    progress: Progress,
    steps: u64,
    best: Option<(usize, f64)>,
}

const HEADER: &str = "checkpoint";

impl Checkpoint {
    /// The checkpoint as the bytes of a safetensors file: tensors `weights.K`, `first.K`, `second.K` and `best.K`
    /// `[nets, length]` for the K-th array of a member.
    ///
    /// # Errors
    /// If it cannot be written as such a file.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let nets = &self.learner.nets;
        let count = nets.first().map_or(0, |net| net.arrays.len());
        let mut tensors = Vec::new();
        for array in 0..count {
            let mut push = |name: &str, rows: Vec<&[f32]>| {
                let shape = vec![rows.len(), rows.first().map_or(0, |row| row.len())];
                tensors.push((format!("{name}.{array}"), shape, bytes(&rows.concat())));
            };
            push("weights", nets.iter().map(|net| &net.arrays[array][..]).collect());
            push("first", nets.iter().map(|net| &net.moments[array].first[..]).collect());
            push("second", nets.iter().map(|net| &net.moments[array].second[..]).collect());
            if let Some(best) = &self.best {
                push("best", best.nets.iter().map(|net| &net[array][..]).collect());
            }
        }
        let header = Header {
            progress: self.progress.clone(),
            steps: self.learner.steps,
            best: self.best.as_ref().map(|best| (best.epoch, best.spearman)),
        };
        let header = serde_json::to_string(&header).map_err(|error| HeadsError::Unusable(error.to_string()))?;
        let views = tensors
            .iter()
            .map(|(name, shape, data)| Ok((name.clone(), TensorView::new(Dtype::F32, shape.clone(), data)?)))
            .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|error| HeadsError::Unusable(error.to_string()))?;
        safetensors::serialize(views, Some(HashMap::from([(HEADER.to_owned(), header)])))
            .map_err(|error| HeadsError::Unusable(error.to_string()))
    }

    /// Reads a checkpoint back; `path` is only named in messages.
    ///
    /// # Errors
    /// If the bytes are not such a file.
    pub fn from_safetensors(data: &[u8], path: &Path) -> Result<Self> {
        let fault = |problem: String| HeadsError::Weights { path: path.display().to_string(), problem };
        let (_, metadata) = SafeTensors::read_metadata(data).map_err(|error| fault(error.to_string()))?;
        let file = SafeTensors::deserialize(data).map_err(|error| fault(error.to_string()))?;
        let header = metadata.metadata().as_ref().and_then(|map| map.get(HEADER));
        let header = header.ok_or_else(|| fault("it is not a checkpoint".into()))?;
        let header: Header = serde_json::from_str(header).map_err(|error| fault(error.to_string()))?;
        let read = |name: &str, array: usize| -> Result<Vec<Vec<f32>>> {
            let view = file.tensor(&format!("{name}.{array}")).map_err(|error| fault(error.to_string()))?;
            let &[_, length] = view.shape() else {
                return Err(fault(format!("tensor {name}.{array} is not a matrix")));
            };
            if view.dtype() != Dtype::F32 || length == 0 {
                return Err(fault(format!("tensor {name}.{array} is not a matrix of F32")));
            }
            Ok(floats(view.data()).chunks_exact(length).map(<[f32]>::to_vec).collect())
        };
        let arrays = file.names().iter().filter(|name| name.starts_with("weights.")).count();
        let all = |name: &str| (0..arrays).map(|array| read(name, array)).collect::<Result<Vec<_>>>();
        let (weights, first, second) = (all("weights")?, all("first")?, all("second")?);
        let count = weights.first().map_or(0, Vec::len);
        if [&weights, &first, &second].iter().any(|part| part.iter().any(|array| array.len() != count)) {
            return Err(fault("its tensors are not of the same nets".into()));
        }
        let of_net =
            |part: &[Vec<Vec<f32>>], net: usize| part.iter().map(|array| array[net].clone()).collect::<Arrays>();
        let nets = (0..count)
            .map(|net| NetState {
                arrays: of_net(&weights, net),
                moments: of_net(&first, net)
                    .into_iter()
                    .zip(of_net(&second, net))
                    .map(|(first, second)| Moments { first, second })
                    .collect(),
            })
            .collect();
        let best = match header.best {
            None => None,
            Some((epoch, spearman)) => {
                let best = all("best")?;
                if best.iter().any(|array| array.len() != count) {
                    return Err(fault("its tensors are not of the same nets".into()));
                }
                Some(Best { epoch, spearman, nets: (0..count).map(|net| of_net(&best, net)).collect() })
            }
        };
        Ok(Self { progress: header.progress, learner: LearnerState { steps: header.steps, nets }, best })
    }
}
