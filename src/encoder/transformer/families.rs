//! `config.json` of each family to its architecture, with transformers' defaults for what it leaves out.

use super::architecture::{Architecture, Look, Names};
use crate::kernel::Activation;
use serde_json::Value;

/// Families that are read, by their `model_type`.
pub const FAMILIES: [&str; 9] =
    ["bert", "camembert", "distilbert", "modernbert", "mpnet", "nomic_bert", "qwen3", "roberta", "xlm-roberta"];

const BERT: Names = Names {
    words: "embeddings.word_embeddings.weight",
    positions: Some("embeddings.position_embeddings.weight"),
    kinds: Some("embeddings.token_type_embeddings.weight"),
    embedding_norm: Some("embeddings.LayerNorm"),
    layer: "encoder.layer",
    inward: &["attention.self.query", "attention.self.key", "attention.self.value"],
    outward: "attention.output.dense",
    query_norm: None,
    key_norm: None,
    norm1: "attention.output.LayerNorm",
    inner: &["intermediate.dense"],
    outer: "output.dense",
    norm2: "output.LayerNorm",
    final_norm: None,
    relative: None,
};

const MPNET: Names = Names {
    kinds: None,
    inward: &["attention.attn.q", "attention.attn.k", "attention.attn.v"],
    outward: "attention.attn.o",
    norm1: "attention.LayerNorm",
    relative: Some("encoder.relative_attention_bias.weight"),
    ..BERT
};

const DISTILBERT: Names = Names {
    kinds: None,
    layer: "transformer.layer",
    inward: &["attention.q_lin", "attention.k_lin", "attention.v_lin"],
    outward: "attention.out_lin",
    norm1: "sa_layer_norm",
    inner: &["ffn.lin1"],
    outer: "ffn.lin2",
    norm2: "output_layer_norm",
    ..BERT
};

const MODERNBERT: Names = Names {
    words: "embeddings.tok_embeddings.weight",
    positions: None,
    kinds: None,
    embedding_norm: Some("embeddings.norm"),
    layer: "layers",
    inward: &["attn.Wqkv"],
    outward: "attn.Wo",
    norm1: "attn_norm",
    inner: &["mlp.Wi"],
    outer: "mlp.Wo",
    norm2: "mlp_norm",
    final_norm: Some("final_norm"),
    ..BERT
};

const NOMIC: Names = Names {
    positions: None,
    embedding_norm: Some("emb_ln"),
    layer: "encoder.layers",
    inward: &["attn.Wqkv"],
    outward: "attn.out_proj",
    norm1: "norm1",
    // The first is opened by the second.
    inner: &["mlp.fc12", "mlp.fc11"],
    outer: "mlp.fc2",
    norm2: "norm2",
    ..BERT
};

const QWEN3: Names = Names {
    words: "embed_tokens.weight",
    positions: None,
    kinds: None,
    embedding_norm: None,
    layer: "layers",
    inward: &["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    outward: "self_attn.o_proj",
    query_norm: Some("self_attn.q_norm"),
    key_norm: Some("self_attn.k_norm"),
    norm1: "input_layernorm",
    inner: &["mlp.gate_proj", "mlp.up_proj"],
    outer: "mlp.down_proj",
    norm2: "post_attention_layernorm",
    final_norm: Some("norm"),
    relative: None,
};

/// A configuration whose values have defaults.
struct Raw<'a>(&'a Value);

impl Raw<'_> {
    fn size(&self, name: &str, default: usize) -> Result<usize, String> {
        match &self.0[name] {
            Value::Null => Ok(default),
            value => value
                .as_u64()
                .and_then(|size| usize::try_from(size).ok())
                .ok_or_else(|| format!("config.json: {name} is {value}, which is no size")),
        }
    }

    fn real(&self, name: &str, default: f64) -> f64 {
        self.0[name].as_f64().unwrap_or(default)
    }

    /// The base of rotary positions, which transformers 5 writes in a place of its own.
    fn theta(&self, name: &str, default: f64) -> f64 {
        self.0["rope_parameters"]["rope_theta"].as_f64().unwrap_or_else(|| self.real(name, default))
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        self.0[name].as_bool().unwrap_or(default)
    }

    fn activation(&self, name: &str, default: &str) -> Result<Activation, String> {
        match self.0[name].as_str().unwrap_or(default) {
            "gelu" => Ok(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Ok(Activation::GeluTanh),
            "relu" => Ok(Activation::Relu),
            "silu" | "swish" | "swiglu" => Ok(Activation::Silu),
            other => Err(format!("config.json: {name} is {other:?}; gelu, gelu_new, relu and silu can be computed")),
        }
    }

    /// Refuses what is set to something else than what is computed.
    fn only(&self, name: &str, value: Value) -> Result<(), String> {
        match &self.0[name] {
            Value::Null => Ok(()),
            found if *found == value => Ok(()),
            found => Err(format!("config.json: {name} is {found}; only {value} is known here")),
        }
    }

    /// What BERT's successors share; each then says what it does otherwise.
    fn bert(&self, names: Names, prefixes: &'static [&'static str]) -> Result<Architecture, String> {
        self.only("position_embedding_type", "absolute".into())?;
        self.only("is_decoder", false.into())?;
        let (width, heads) = (self.size("hidden_size", 768)?, self.size("num_attention_heads", 12)?);
        let layers = self.size("num_hidden_layers", 12)?;
        let positions = self.size("max_position_embeddings", 512)?;
        Ok(Architecture {
            prefixes,
            names,
            vocabulary: self.size("vocab_size", 30522)?,
            width,
            mlp_width: self.size("intermediate_size", 3072)?,
            layers,
            heads,
            key_heads: heads,
            head_width: width_of_head(width, heads)?,
            positions,
            first_position: 0,
            limit: positions,
            kinds: self.size("type_vocab_size", 2)?,
            rms: false,
            epsilon: self.real("layer_norm_eps", 1e-12),
            norm_bias: true,
            pre_norm: false,
            first_unnormed: false,
            activation: self.activation("hidden_act", "gelu")?,
            gated: false,
            attention_bias: true,
            mlp_bias: true,
            causal: false,
            looks: vec![Look { rotary: None, window: None }; layers.min(LOOKS)],
            buckets: 0,
        })
    }
}

/// More layers are refused before anybody asks what they see.
const LOOKS: usize = 1 + crate::encoder::weights::MOST_LAYERS;

fn width_of_head(width: usize, heads: usize) -> Result<usize, String> {
    let fits = heads > 0 && width.is_multiple_of(heads);
    fits.then(|| width / heads)
        .ok_or_else(|| format!("config.json: hidden_size {width} cannot be divided over {heads} heads"))
}

impl Architecture {
    /// Of a configuration; none where its family is not known.
    pub fn of(kind: &str, config: &Value) -> Result<Option<Self>, String> {
        let raw = Raw(config);
        let found = match kind {
            "bert" => raw.bert(BERT, &["bert."])?,
            "xlm-roberta" | "roberta" | "camembert" => roberta(&raw)?,
            "mpnet" => mpnet(&raw)?,
            "distilbert" => distilbert(config)?,
            "modernbert" => modernbert(&raw)?,
            "nomic_bert" => nomic(config)?,
            "qwen3" => qwen3(&raw)?,
            _ => return Ok(None),
        };
        found.checked().map(Some)
    }
}

/// Positions begin behind that of padding.
fn roberta(raw: &Raw) -> Result<Architecture, String> {
    let shape = raw.bert(BERT, &["roberta."])?;
    let first_position = raw.size("pad_token_id", 1)?.saturating_add(1);
    let limit = shape.positions.saturating_sub(first_position);
    Ok(Architecture { first_position, limit, ..shape })
}

fn mpnet(raw: &Raw) -> Result<Architecture, String> {
    let shape = raw.bert(MPNET, &["mpnet."])?;
    let buckets = raw.size("relative_attention_num_buckets", 32)?;
    if buckets < 8 {
        return Err(format!("config.json: relative_attention_num_buckets is {buckets}, which is too few"));
    }
    // The place of padding is 1, whatever the configuration says.
    Ok(Architecture { first_position: 2, limit: shape.positions.saturating_sub(2), buckets, ..shape })
}

fn distilbert(config: &Value) -> Result<Architecture, String> {
    let renamed = [
        ("hidden_size", "dim"),
        ("num_hidden_layers", "n_layers"),
        ("num_attention_heads", "n_heads"),
        ("intermediate_size", "hidden_dim"),
        ("hidden_act", "activation"),
    ];
    let layers = if config["n_layers"].is_null() { Some(6) } else { None };
    let mut config = with_names(config, &renamed);
    if let Some(layers) = layers {
        config["num_hidden_layers"] = layers.into();
    }
    let shape = Raw(&config).bert(DISTILBERT, &["distilbert."])?;
    Ok(Architecture { epsilon: 1e-12, ..shape })
}

fn modernbert(raw: &Raw) -> Result<Architecture, String> {
    let shape = raw.bert(MODERNBERT, &["model."])?;
    let every = raw.size("global_attn_every_n_layers", 3)?.max(1);
    let window = raw.size("local_attention", 128)? / 2;
    // transformers 5 writes what each layer is, and its base, in lists of their own.
    let rotary = |kind: &str, old: &str, default: f64| {
        raw.0["rope_parameters"][kind]["rope_theta"].as_f64().unwrap_or_else(|| raw.real(old, default))
    };
    let global = Look { rotary: Some(rotary("full_attention", "global_rope_theta", 160_000.0)), window: None };
    let local = Look { rotary: Some(rotary("sliding_attention", "local_rope_theta", 10_000.0)), window: Some(window) };
    let kinds = raw.0["layer_types"].as_array();
    let is_global = |layer: usize| match kinds.and_then(|kinds| kinds.get(layer)) {
        Some(kind) => kind == "full_attention",
        None => layer.is_multiple_of(every),
    };
    Ok(Architecture {
        vocabulary: raw.size("vocab_size", 50368)?,
        epsilon: raw.real("norm_eps", raw.real("layer_norm_eps", 1e-5)),
        limit: raw.size("max_position_embeddings", 8192)?,
        norm_bias: raw.flag("norm_bias", false),
        attention_bias: raw.flag("attention_bias", false),
        mlp_bias: raw.flag("mlp_bias", false),
        pre_norm: true,
        first_unnormed: true,
        activation: raw.activation("hidden_activation", "gelu")?,
        gated: true,
        looks: (0..shape.layers.min(LOOKS)).map(|layer| if is_global(layer) { global } else { local }).collect(),
        ..shape
    })
}

fn nomic(config: &Value) -> Result<Architecture, String> {
    let renamed = [
        ("hidden_size", "n_embd"),
        ("num_hidden_layers", "n_layer"),
        ("num_attention_heads", "n_head"),
        ("intermediate_size", "n_inner"),
        ("max_position_embeddings", "n_positions"),
        ("layer_norm_eps", "layer_norm_epsilon"),
        ("hidden_act", "activation_function"),
    ];
    let config = &with_names(config, &renamed);
    let raw = Raw(config);
    for (name, value) in [
        ("prenorm", Value::from(false)),
        ("rotary_emb_interleaved", false.into()),
        ("rotary_emb_fraction", Value::from(1.0_f64)),
        ("activation_function", "swiglu".into()),
        ("use_rms_norm", false.into()),
        ("parallel_block", false.into()),
    ] {
        raw.only(name, value)?;
    }
    if raw.0["rotary_scaling_factor"].as_f64().is_some() {
        // The published models read twice as many positions with scaled ones; below their trained length both agree.
        return Err("config.json: rotary_scaling_factor is set, which is not known here".into());
    }
    let shape = raw.bert(NOMIC, &["bert.", "nomic_bert.", "model."])?;
    let look = Look { rotary: Some(raw.theta("rotary_emb_base", 1000.0)), window: None };
    Ok(Architecture {
        attention_bias: raw.flag("qkv_proj_bias", false),
        mlp_bias: raw.flag("mlp_fc1_bias", false),
        activation: Activation::Silu,
        gated: true,
        looks: vec![look; shape.looks.len()],
        ..shape
    })
}

fn qwen3(raw: &Raw) -> Result<Architecture, String> {
    raw.only("use_sliding_window", false.into())?;
    raw.only("rope_scaling", Value::Null)?;
    if let Some(kind) = raw.0["rope_parameters"]["rope_type"].as_str().filter(|kind| *kind != "default") {
        return Err(format!("config.json: rope_type is {kind:?}; only the default is known here"));
    }
    let mut shape = raw.bert(QWEN3, &["model."])?;
    let theta = raw.theta("rope_theta", 1e6);
    shape.looks.fill(Look { rotary: Some(theta), window: None });
    Ok(Architecture {
        key_heads: raw.size("num_key_value_heads", shape.heads)?,
        head_width: raw.size("head_dim", 128)?,
        limit: raw.size("max_position_embeddings", 32768)?,
        rms: true,
        epsilon: raw.real("rms_norm_eps", 1e-6),
        norm_bias: false,
        pre_norm: true,
        activation: raw.activation("hidden_act", "silu")?,
        gated: true,
        attention_bias: raw.flag("attention_bias", false),
        mlp_bias: false,
        causal: true,
        ..shape
    })
}

/// The same configuration with BERT's names beside its own.
fn with_names(config: &Value, renamed: &[(&str, &str)]) -> Value {
    let mut config = config.clone();
    for (name, own) in renamed {
        if let Some(value) = config.get(own).cloned() {
            config[*name] = value;
        }
    }
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn absurd_sizes_and_what_is_not_computed_are_refused_in_a_sentence() {
        for (kind, config, word) in [
            ("bert", json!({"hidden_size": 12_000_000_000u64}), "the width"),
            ("bert", json!({"hidden_size": -1}), "no size"),
            ("bert", json!({"hidden_size": 770}), "12 heads"),
            ("bert", json!({"num_attention_heads": 0}), "0 heads"),
            ("mpnet", json!({"vocab_size": 1u64 << 40}), "the vocabulary"),
            ("modernbert", json!({"num_hidden_layers": 1_000_000_000}), "num_hidden_layers"),
            ("distilbert", json!({"n_layers": 5000}), "num_hidden_layers"),
            ("xlm-roberta", json!({"hidden_act": "mish"}), "mish"),
            ("xlm-roberta", json!({"max_position_embeddings": 2}), "positions"),
            ("qwen3", json!({"use_sliding_window": true}), "use_sliding_window"),
            ("qwen3", json!({"num_key_value_heads": 5}), "heads"),
            ("qwen3", json!({"head_dim": 7}), "rotary"),
            ("nomic_bert", json!({"prenorm": true}), "prenorm"),
            ("bert", json!({"position_embedding_type": "relative_key"}), "relative_key"),
        ] {
            let error = Architecture::of(kind, &config).map(|_| ()).unwrap_err();
            assert!(error.contains(word) && !error.contains('\n'), "{kind} {config}: {error}");
        }
        assert!(Architecture::of("gpt2", &json!({})).unwrap().is_none());
        for kind in FAMILIES {
            assert!(Architecture::of(kind, &json!({})).unwrap().is_some(), "{kind}");
        }
    }
}
