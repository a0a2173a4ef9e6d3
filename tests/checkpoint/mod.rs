//! Checkpoints with made-up numbers, written as people have them on disk (`tests/recipes/make_encoder_parity.py`,
//! `make_encoder_families.py`).
#![allow(dead_code, reason = "no test needs all of it")]

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize_to_file};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// The folder of fixtures, whichever crate this is a part of.
pub fn fixtures() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.map(|folder| folder.join("tests/fixtures/encoder")).find(|folder| folder.is_dir()).unwrap_or_default()
}

pub struct Fixture {
    pub cases: Value,
    pub expected: HashMap<String, Vec<f32>>,
}

pub fn fixture() -> Fixture {
    fixture_of("cases.json", "expected.safetensors")
}

/// The families of text encoders.
pub fn families() -> Fixture {
    fixture_of("families.json", "families.safetensors")
}

fn fixture_of(cases: &str, expected: &str) -> Fixture {
    let read = |name: &str| std::fs::read(fixtures().join(name)).unwrap();
    let bytes = read(expected);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let floats = |view: &TensorView| -> Vec<f32> {
        view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    let expected = file.iter().map(|(name, view)| (name.to_owned(), floats(&view))).collect();
    Fixture { cases: serde_json::from_slice(&read(cases)).unwrap(), expected }
}

impl Fixture {
    pub fn texts(&self) -> Vec<&str> {
        self.cases["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
    }

    pub fn case(&self, name: &str) -> &Value {
        self.cases["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap()
    }
}

/// The recipe's made-up numbers: splitmix64 over FNV-1a of the name, scaled by what the tensor is.
pub fn values(name: &str, shape: &[usize]) -> Vec<f32> {
    let seed = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let lower = name.to_lowercase();
    let norm = lower.contains("norm") && lower.ends_with("weight");
    let spread = (3.0 / shape.iter().skip(1).product::<usize>() as f64).sqrt();
    (1..=shape.iter().product::<usize>() as u64)
        .map(|index| {
            let mut z = seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            let u = (z >> 11) as f64 * 2f64.powi(-52) - 1.0;
            match shape.len() {
                0 | 1 if norm => (1.0 + 0.1 * u) as f32,
                0 | 1 => (0.1 * u) as f32,
                _ => (u * spread) as f32,
            }
        })
        .collect()
}

/// A tensor's bytes in a file's type.
pub fn bytes(values: &[f32], kind: &str) -> Vec<u8> {
    match kind {
        "f16" => values.iter().flat_map(|value| half::f16::from_f32(*value).to_le_bytes()).collect(),
        "bf16" => values.iter().flat_map(|value| half::bf16::from_f32(*value).to_le_bytes()).collect(),
        _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}

pub fn shape_of(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|side| side.as_u64().unwrap() as usize).collect()
}

/// Writes the weights of a dense module.
fn write_dense(dense: &Value, folder: &Path) {
    let size = |name: &str| dense[name].as_u64().unwrap() as usize;
    let (rows, columns) = (size("out_features"), size("in_features"));
    let data = [("linear.weight", vec![rows, columns]), ("linear.bias", vec![rows])]
        .map(|(name, shape)| (name, shape.clone(), bytes(&values(name, &shape), "f32")));
    let views =
        data.iter().map(|(name, shape, bytes)| (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    serialize_to_file(views, None, &folder.join("2_Dense/model.safetensors")).unwrap();
}

/// Writes a case's folder as people have it on disk.
pub fn write(case: &Value, folder: &Path) {
    let put = |name: &str, value: &Value| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, value.to_string()).unwrap();
    };
    put("config.json", &case["config"]);
    let tokenizer = format!("{}-tokenizer.json", case["tokenizer"].as_str().unwrap());
    std::fs::copy(fixtures().join(tokenizer), folder.join("tokenizer.json")).unwrap();
    if case.get("processor").is_some() {
        put("preprocessor_config.json", &case["processor"]);
    }
    if case.get("pooling").is_some() {
        let module =
            |path: &str, kind: &str| json!({"path": path, "type": format!("sentence_transformers.models.{kind}")});
        let mut modules = vec![module("", "Transformer"), module("1_Pooling", "Pooling")];
        if case.get("dense").is_some() {
            modules.push(module("2_Dense", "Dense"));
            put("2_Dense/config.json", &case["dense"]);
            write_dense(&case["dense"], folder);
        }
        modules.push(module("3_Normalize", "Normalize"));
        put("modules.json", &json!(modules));
        put("1_Pooling/config.json", &case["pooling"]);
        put("sentence_bert_config.json", &json!({"max_seq_length": case["max_seq_length"], "do_lower_case": false}));
    }
    let kind = case["type"].as_str().unwrap();
    let dtype = match kind {
        "f16" => Dtype::F16,
        "bf16" => Dtype::BF16,
        _ => Dtype::F32,
    };
    let shards = case["shards"].as_u64().unwrap() as usize;
    let tensors: Vec<(&String, &Value)> = case["tensors"].as_object().unwrap().iter().collect();
    let mut map = BTreeMap::new();
    for (shard, part) in tensors.chunks(tensors.len().div_ceil(shards)).enumerate() {
        let file = match shards {
            1 => "model.safetensors".to_owned(),
            _ => format!("model-{:05}-of-{shards:05}.safetensors", shard + 1),
        };
        let data: Vec<(String, Vec<usize>, Vec<u8>)> = part
            .iter()
            .map(|(name, shape)| ((*name).clone(), shape_of(shape), bytes(&values(name, &shape_of(shape)), kind)))
            .collect();
        let views: Vec<(String, TensorView)> = data
            .iter()
            .map(|(name, shape, bytes)| (name.clone(), TensorView::new(dtype, shape.clone(), bytes).unwrap()))
            .collect();
        serialize_to_file(views, None, &folder.join(&file)).unwrap();
        map.extend(part.iter().map(|(name, _)| ((*name).clone(), file.clone())));
    }
    if shards > 1 {
        put("model.safetensors.index.json", &json!({"metadata": {}, "weight_map": map}));
    }
}
