//! Weights on disk: safetensors that PyTorch, NumPy or any other reader opens by name.
//!
//! For each head `regressor`, `ranker`, `ood`: MLP `HEAD.w1 [M, d, h]`, `HEAD.b1 [M, h]`, `HEAD.w2 [M, h]`,
//! `HEAD.b2 [M]`; linear `HEAD.w [M, d]`, `HEAD.b [M]`. `input.mean [d]` and `input.scale [1]` belong to all;
//! `prompt.shift [d]`, where there is one, is added to a prompt's embedding, which is then brought to length one again;
//! the metadata key `target` holds the regressor's scale as JSON.

use super::{Ensemble, HeadsError, InputScale, Result, Stack, StackShape, TargetScale};
use crate::audit::HeadKind;
use candle_core::Device;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;

const MLP_NAMES: [&str; 4] = ["w1", "b1", "w2", "b2"];
/// Added to a prompt's embedding `[d]` before it is brought to length one again; absent where prompts stay.
const SHIFT: &str = "prompt.shift";
const TARGET: &str = "target";
const LINEAR_NAMES: [&str; 2] = ["w", "b"];

impl Ensemble {
    /// The whole ensemble as the bytes of a safetensors file.
    ///
    /// # Errors
    /// If a tensor cannot be read back from its device.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let mut arrays: Vec<(String, Vec<usize>, Vec<u8>)> = vec![
            ("input.mean".into(), vec![self.dimension()], bytes(&self.input.mean)),
            ("input.scale".into(), vec![1], bytes(&[self.input.scale])),
        ];
        if let Some(shift) = &self.shift {
            arrays.push((SHIFT.into(), vec![shift.len()], bytes(shift)));
        }
        let loss_nets = self.loss_stack.to_nets()?;
        let ood_nets = self.ood_stack.to_nets()?;
        let shape = self.loss_stack.shape;
        for (head, nets) in [
            (HeadKind::Regressor, &loss_nets[..self.members]),
            (HeadKind::Ranker, &loss_nets[self.members..]),
            (HeadKind::Ood, &ood_nets[..]),
        ] {
            for (index, name) in names(shape.hidden).iter().enumerate() {
                let joined: Vec<f32> = nets.iter().flat_map(|net| net[index].iter().copied()).collect();
                arrays.push((format!("{head}.{name}"), array_shape(shape, self.members, index), bytes(&joined)));
            }
        }
        let views = arrays
            .iter()
            .map(|(name, shape, data)| Ok((name.clone(), TensorView::new(Dtype::F32, shape.clone(), data)?)))
            .collect::<std::result::Result<Vec<_>, safetensors::SafeTensorError>>()
            .map_err(|error| HeadsError::Unusable(error.to_string()))?;
        let target = serde_json::to_string(&self.target).map_err(|error| HeadsError::Unusable(error.to_string()))?;
        // One key alone: the order of several would differ from file to file.
        let metadata = HashMap::from([(TARGET.to_owned(), target)]);
        safetensors::serialize(views, Some(metadata)).map_err(|error| HeadsError::Unusable(error.to_string()))
    }

    /// Reads an ensemble back onto a device.
    ///
    /// # Errors
    /// If the bytes are not such a file; `path` is only named in the message.
    pub fn from_safetensors(data: &[u8], path: &Path, device: &Device) -> Result<Self> {
        let fault = |problem: String| HeadsError::Weights { path: path.display().to_string(), problem };
        let (_, header) = SafeTensors::read_metadata(data).map_err(|error| fault(error.to_string()))?;
        let file = SafeTensors::deserialize(data).map_err(|error| fault(error.to_string()))?;
        let target = header
            .metadata()
            .as_ref()
            .and_then(|map| map.get(TARGET))
            .ok_or_else(|| fault("no target scale in its metadata".into()))?;
        let target: TargetScale = serde_json::from_str(target).map_err(|error| fault(error.to_string()))?;
        let read = |name: &str| -> Result<(Vec<usize>, Vec<f32>)> {
            let view = file.tensor(name).map_err(|error| fault(error.to_string()))?;
            if view.dtype() != Dtype::F32 {
                return Err(fault(format!("tensor {name} is {:?}, not F32", view.dtype())));
            }
            Ok((view.shape().to_vec(), floats(view.data())))
        };
        let (_, mean) = read("input.mean")?;
        let (_, scale) = read("input.scale")?;
        let scale = *scale.first().ok_or_else(|| fault("input.scale is empty".into()))?;
        let hidden = if file.names().iter().any(|name| name.ends_with(".w1")) {
            read("regressor.b1")?.0.get(1).copied().unwrap_or(0)
        } else {
            0
        };
        let members =
            read(&format!("regressor.{}", names(hidden).last().unwrap_or(&"b")))?.0.first().copied().unwrap_or(0);
        let nets_of = |head: HeadKind| -> Result<Vec<Vec<Vec<f32>>>> {
            let arrays =
                names(hidden).iter().map(|name| Ok(read(&format!("{head}.{name}"))?.1)).collect::<Result<Vec<_>>>()?;
            Ok((0..members).map(|member| arrays.iter().map(|array| part(array, member, members)).collect()).collect())
        };
        let mut loss_nets = nets_of(HeadKind::Regressor)?;
        loss_nets.extend(nets_of(HeadKind::Ranker)?);
        let ood_nets = nets_of(HeadKind::Ood)?;
        let shape = |nets: usize| StackShape { dimension: mean.len(), hidden, nets };
        let loss_stack = Stack::from_nets(shape(2 * members), &loss_nets, device)?;
        let ood_stack = Stack::from_nets(shape(members), &ood_nets, device)?;
        let shift = if file.names().contains(&SHIFT) { Some(read(SHIFT)?.1) } else { None };
        if shift.as_ref().is_some_and(|shift| shift.len() != mean.len()) {
            return Err(fault(format!("{SHIFT} and input.mean differ in length")));
        }
        Ok(Self { members, input: InputScale { mean, scale }, target, shift, loss_stack, ood_stack })
    }
}

fn names(hidden: usize) -> &'static [&'static str] {
    if hidden == 0 { &LINEAR_NAMES } else { &MLP_NAMES }
}

fn array_shape(shape: StackShape, members: usize, index: usize) -> Vec<usize> {
    match (shape.hidden, index) {
        (0, 0) => vec![members, shape.dimension],
        (0, _) | (_, 3) => vec![members],
        (hidden, 0) => vec![members, shape.dimension, hidden],
        (hidden, _) => vec![members, hidden],
    }
}

/// The `member`-th of `members` equal parts.
fn part(array: &[f32], member: usize, members: usize) -> Vec<f32> {
    let length = array.len() / members.max(1);
    array[member * length..(member + 1) * length].to_vec()
}

pub(super) fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(super) fn floats(data: &[u8]) -> Vec<f32> {
    data.as_chunks::<4>().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect()
}
