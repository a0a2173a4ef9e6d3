//! BERT on a GPU, by candle-transformers, which pads and masks a batch; on a CPU this room's own reads no padding.

use super::architecture::Architecture;
use crate::kernel::Activation;
use candle_core::{DType, Device, Result, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config, HiddenAct};
use std::collections::HashMap;

/// A BERT that pads the texts of a batch and masks them.
pub struct Bert {
    model: BertModel,
}

impl Bert {
    /// Takes a checkpoint's tensors, which were checked against `shape`, without what stands before their names.
    pub fn new(tensors: HashMap<String, Tensor>, shape: &Architecture, device: &Device) -> Result<Self> {
        let hidden_act = match shape.activation {
            Activation::Gelu => HiddenAct::Gelu,
            Activation::GeluTanh => HiddenAct::GeluApproximate,
            Activation::Relu => HiddenAct::Relu,
            other => candle_core::bail!("BERT has no {other:?}"),
        };
        let config = Config {
            vocab_size: shape.vocabulary,
            hidden_size: shape.width,
            num_hidden_layers: shape.layers,
            num_attention_heads: shape.heads,
            intermediate_size: shape.mlp_width,
            hidden_act,
            max_position_embeddings: shape.positions,
            type_vocab_size: shape.kinds,
            layer_norm_eps: shape.epsilon,
            ..Config::default()
        };
        let builder = VarBuilder::from_tensors(tensors, DType::F32, device);
        Ok(Self { model: BertModel::load(builder, &config)? })
    }

    pub fn device(&self) -> &Device {
        &self.model.device
    }

    /// States of all tokens of some texts, one text behind the other, `[all tokens, width]`.
    pub fn states(&self, texts: &[&[u32]]) -> Result<Tensor> {
        let length = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        let shape = (texts.len(), length);
        let padded = |of: &dyn Fn(&[u32], usize) -> u32| -> Vec<u32> {
            texts.iter().flat_map(|ids| (0..length).map(|at| of(ids, at))).collect()
        };
        let device = self.device();
        let ids = Tensor::from_vec(padded(&|ids, at| ids.get(at).copied().unwrap_or(0)), shape, device)?;
        let uneven = texts.iter().any(|ids| ids.len() < length);
        let mask = uneven.then(|| Tensor::from_vec(padded(&|ids, at| u32::from(at < ids.len())), shape, device));
        let states = self.model.forward(&ids, &ids.zeros_like()?, mask.transpose()?.as_ref())?;
        let own = |(at, ids): (usize, &&[u32])| states.get(at)?.narrow(0, 0, ids.len());
        Tensor::cat(&texts.iter().enumerate().map(own).collect::<Result<Vec<_>>>()?, 0)
    }
}
