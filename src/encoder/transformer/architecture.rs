//! What a text encoder is made of: sizes, norms, attention, and the names of its tensors.

use crate::encoder::weights::{MOST_LAYERS, Wanted};
use crate::kernel::{Activation, Precision};

/// Largest size that a configuration may name: the widest encoders have some thousands, the longest vocabularies
/// some hundred thousands.
const LARGEST: usize = 1 << 24;

/// What a layer's attention sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Base of rotary positions, where there are such.
    pub rotary: Option<f64>,
    /// Tokens seen to either side; all where there is none.
    pub window: Option<usize>,
}

/// Names of tensors; those of a layer follow its prefix and number.
#[derive(Debug, Clone, Copy)]
pub struct Names {
    pub words: &'static str,
    pub positions: Option<&'static str>,
    pub kinds: Option<&'static str>,
    pub embedding_norm: Option<&'static str>,
    pub layer: &'static str,
    /// Queries, keys and values: one product each, or one for all.
    pub inward: &'static [&'static str],
    pub outward: &'static str,
    pub query_norm: Option<&'static str>,
    pub key_norm: Option<&'static str>,
    pub norm1: &'static str,
    /// The MLP's first product; of a gated one, the gate's first.
    pub inner: &'static [&'static str],
    pub outer: &'static str,
    pub norm2: &'static str,
    pub final_norm: Option<&'static str>,
    /// What distances add to scores.
    pub relative: Option<&'static str>,
}

impl Names {
    pub fn of_layer(&self, index: usize, name: &str) -> String {
        format!("{}.{index}.{name}", self.layer)
    }
}

/// A text encoder's shape.
#[derive(Debug, Clone)]
pub struct Architecture {
    /// What may stand before every name.
    pub prefixes: &'static [&'static str],
    pub names: Names,
    pub vocabulary: usize,
    pub width: usize,
    pub mlp_width: usize,
    pub layers: usize,
    pub heads: usize,
    /// Heads of keys and values, each for as many of the queries'.
    pub key_heads: usize,
    pub head_width: usize,
    /// Rows of the table of positions.
    pub positions: usize,
    /// The row of a text's first token.
    pub first_position: usize,
    /// Most tokens of a text.
    pub limit: usize,
    /// Types of tokens; texts are of the first.
    pub kinds: usize,
    pub rms: bool,
    pub epsilon: f64,
    pub norm_bias: bool,
    /// Norms before attention and MLP rather than behind them.
    pub pre_norm: bool,
    /// Whether the first layer has no norm before its attention, because the embeddings have one.
    pub first_unnormed: bool,
    pub activation: Activation,
    pub gated: bool,
    pub attention_bias: bool,
    pub mlp_bias: bool,
    pub causal: bool,
    pub looks: Vec<Look>,
    /// Rows of the table of distances.
    pub buckets: usize,
}

impl Architecture {
    /// Whether it is BERT itself: positions from the first row on, and types of tokens.
    pub fn is_bert(&self) -> bool {
        self.names.kinds.is_some() && self.names.positions.is_some() && self.first_position == 0
    }

    /// How its weights are kept.
    pub fn precision(&self) -> Precision {
        let attention = self.head_width * (2 * self.heads + 2 * self.key_heads);
        let mlp = self.mlp_width * if self.gated { 3 } else { 2 };
        Precision::of_weights(self.layers * self.width * (attention + mlp))
    }

    /// Refuses sizes that cannot be.
    ///
    /// # Errors
    /// Which one it is.
    pub fn checked(self) -> Result<Self, String> {
        let sizes = [
            ("the vocabulary", self.vocabulary),
            ("the width", self.width),
            ("the MLP's width", self.mlp_width),
            ("the number of heads", self.heads),
            ("the number of heads of keys", self.key_heads),
            ("the width of a head", self.head_width),
            ("the number of positions", self.limit),
        ];
        if let Some((name, size)) = sizes.iter().find(|(_, size)| *size == 0 || *size > LARGEST) {
            return Err(format!("config.json: {name} is {size}, which no encoder has"));
        }
        if self.layers > MOST_LAYERS {
            return Err(format!(
                "config.json: num_hidden_layers is {}; at most {MOST_LAYERS} are computed",
                self.layers
            ));
        }
        if !self.heads.is_multiple_of(self.key_heads) || self.heads > self.width {
            let (heads, keys) = (self.heads, self.key_heads);
            return Err(format!(
                "config.json: {heads} heads cannot share {keys} heads of keys in a width of {}",
                self.width
            ));
        }
        if self.looks.iter().any(|look| look.rotary.is_some()) && !self.head_width.is_multiple_of(2) {
            return Err(format!(
                "config.json: heads of width {} cannot be turned by rotary positions",
                self.head_width
            ));
        }
        Ok(self)
    }

    pub fn has_norm1(&self, layer: usize) -> bool {
        layer > 0 || !self.first_unnormed
    }

    /// Names and shapes of all tensors, without a prefix.
    pub fn wanted(&self) -> Vec<Wanted> {
        let (names, width) = (&self.names, self.width);
        let mut all = Vec::new();
        let mut add = |name: String, shape: Vec<usize>| all.push(Wanted { name, shape });
        let norm = |add: &mut dyn FnMut(String, Vec<usize>), name: &str, width: usize| {
            add(format!("{name}.weight"), vec![width]);
            if self.norm_bias && !self.rms {
                add(format!("{name}.bias"), vec![width]);
            }
        };
        add(names.words.into(), vec![self.vocabulary, width]);
        if let Some(name) = names.positions {
            add(name.into(), vec![self.positions, width]);
        }
        if let Some(name) = names.kinds {
            add(name.into(), vec![self.kinds, width]);
        }
        if let Some(name) = names.relative {
            add(name.into(), vec![self.buckets, self.heads]);
        }
        names.embedding_norm.into_iter().chain(names.final_norm).for_each(|name| norm(&mut add, name, width));
        for layer in 0..self.layers {
            let named = |name: &str| names.of_layer(layer, name);
            for (name, rows, columns, biased) in self.products() {
                add(named(&format!("{name}.weight")), vec![rows, columns]);
                if biased {
                    add(named(&format!("{name}.bias")), vec![rows]);
                }
            }
            if self.has_norm1(layer) {
                norm(&mut add, &named(names.norm1), width);
            }
            norm(&mut add, &named(names.norm2), width);
            let of_heads = names.query_norm.into_iter().chain(names.key_norm);
            of_heads.for_each(|name| norm(&mut add, &named(name), self.head_width));
        }
        all
    }

    /// A layer's products: name, rows, columns, and whether each has a bias.
    fn products(&self) -> Vec<(&'static str, usize, usize, bool)> {
        let (names, width) = (&self.names, self.width);
        let (queries, keys) = (self.heads * self.head_width, self.key_heads * self.head_width);
        let inward = match names.inward {
            [query, key, value] => vec![(*query, queries), (*key, keys), (*value, keys)],
            joined => joined.iter().map(|name| (*name, queries + 2 * keys)).collect(),
        };
        let inner = self.mlp_width * if self.gated { 2 } else { 1 } / names.inner.len().max(1);
        let mut all: Vec<_> = inward.into_iter().map(|(name, rows)| (name, rows, width, self.attention_bias)).collect();
        all.push((names.outward, width, queries, self.attention_bias));
        all.extend(names.inner.iter().map(|name| (*name, inner, width, self.mlp_bias)));
        all.push((names.outer, width, self.mlp_width, self.mlp_bias));
        all
    }
}
