//! A made world: directions of length one in half precision, losses that can be learnt from them, three attributes, and
//! an encoder of their dimension.

use crate::common::npy_header;
use half::f16;
use half::slice::HalfFloatSliceExt;
use parquet::data_type::{DoubleType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

pub const DIMENSION: usize = 512;
/// Rows that are made at once.
const BLOCK: usize = 1 << 16;

/// What the rest of a row hangs on.
struct Row {
    values: Vec<f32>,
    loss: f64,
}

/// Draws a row; sixteen bits a number are enough for half precision.
fn row(at: usize) -> Row {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(at as u64);
    let mut values: Vec<f32> = (0..DIMENSION / 4)
        .flat_map(|_| {
            let bits: u64 = rng.random();
            [0, 16, 32, 48].map(|shift| f32::from((bits >> shift) as i16))
        })
        .collect();
    let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    values.iter_mut().for_each(|value| *value /= norm);
    let signal = 8.0 * (values[0] + (values[1] * 20.0).abs() * values[2] * 3.0 + values[3]);
    let loss = f64::from(signal.exp()) * rng.random_range(0.5..1.5);
    Row { values, loss }
}

/// Writes `e.npy` and `rows.parquet`, unless an earlier run kept them; returns the bytes of the array.
pub fn data(place: &Path, rows: usize) -> u64 {
    let bytes = (rows * DIMENSION * 2) as u64;
    let there = fs::metadata(place.join("e.npy")).is_ok_and(|array| array.len() > bytes);
    if there && place.join("rows.parquet").exists() {
        return bytes;
    }
    let mut array = BufWriter::with_capacity(1 << 20, fs::File::create(place.join("e.npy")).unwrap());
    array.write_all(&npy_header("<f2", &format!("({rows}, {DIMENSION})"))).unwrap();
    let schema = "message rows { required int64 id; required double loss; required int32 red; required int32 dark; required int32 old; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = fs::File::create(place.join("rows.parquet")).unwrap();
    let mut table = SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::builder().build())).unwrap();
    for first in (0..rows).step_by(BLOCK) {
        let made: Vec<Row> = (first..rows.min(first + BLOCK)).into_par_iter().map(row).collect();
        for row in &made {
            let mut halves = [f16::ZERO; DIMENSION];
            halves.convert_from_f32_slice(&row.values);
            array.write_all(bytemuck::cast_slice(halves.map(f16::to_bits).as_slice())).unwrap();
        }
        let mut group = table.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let ids: Vec<i64> = (first..first + made.len()).map(|at| at as i64).collect();
        column.typed::<Int64Type>().write_batch(&ids, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let losses: Vec<f64> = made.iter().map(|row| row.loss).collect();
        column.typed::<DoubleType>().write_batch(&losses, None, None).unwrap();
        column.close().unwrap();
        for at in [0, 3, 7] {
            let mut column = group.next_column().unwrap().unwrap();
            let flags: Vec<i32> = made.iter().map(|row| i32::from(row.values[at] > 0.02)).collect();
            column.typed::<Int32Type>().write_batch(&flags, None, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    array.flush().unwrap();
    table.close().unwrap();
    bytes
}

/// A transformer of one layer with weights by chance: prompts of the arrays' dimension.
pub fn encoder(folder: &Path) {
    const WORDS: usize = 130;
    const INNER: usize = 512;
    fs::create_dir_all(folder).unwrap();
    let tokenizer = include_str!("../../fixtures/encoder/bert-tokenizer.json");
    fs::write(folder.join("tokenizer.json"), tokenizer).unwrap();
    let config = format!(
        r#"{{"model_type": "bert", "vocab_size": {WORDS}, "hidden_size": {DIMENSION}, "num_hidden_layers": 1, "num_attention_heads": 8, "intermediate_size": {INNER}, "hidden_act": "gelu", "max_position_embeddings": 64, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0}}"#
    );
    fs::write(folder.join("config.json"), config).unwrap();
    let mut shapes: Vec<(String, Vec<usize>)> = [("word", WORDS), ("position", 64), ("token_type", 2)]
        .map(|(name, rows)| (format!("embeddings.{name}_embeddings.weight"), vec![rows, DIMENSION]))
        .into();
    let layer = "encoder.layer.0";
    for (name, out, inward) in [
        ("attention.self.query", DIMENSION, DIMENSION),
        ("attention.self.key", DIMENSION, DIMENSION),
        ("attention.self.value", DIMENSION, DIMENSION),
        ("attention.output.dense", DIMENSION, DIMENSION),
        ("intermediate.dense", INNER, DIMENSION),
        ("output.dense", DIMENSION, INNER),
    ] {
        shapes.push((format!("{layer}.{name}.weight"), vec![out, inward]));
        shapes.push((format!("{layer}.{name}.bias"), vec![out]));
    }
    let norms = ["embeddings".to_owned(), format!("{layer}.attention.output"), format!("{layer}.output")];
    for name in norms.iter().flat_map(|name| ["weight", "bias"].map(|part| format!("{name}.LayerNorm.{part}"))) {
        shapes.push((name, vec![DIMENSION]));
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let bytes: Vec<Vec<u8>> = shapes
        .iter()
        .map(|(name, shape)| {
            let one = f32::from(u8::from(name.ends_with("LayerNorm.weight")));
            let value = |_| one + rng.random_range(-0.05..0.05f32);
            (0..shape.iter().product()).map(value).flat_map(f32::to_le_bytes).collect()
        })
        .collect();
    let views = shapes.iter().zip(&bytes);
    let views = views.map(|((name, shape), bytes)| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    safetensors::serialize_to_file(views, None, &folder.join("model.safetensors")).unwrap();
}
