//! CLIP and sentence encoders against transformers, image preparation against Pillow
//! (`tests/recipes/make_encoder_parity.py`).
#![allow(clippy::unwrap_used, clippy::panic)]

use llm2loss::encoder::{self, Encoder};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize_to_file};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/encoder");

struct Fixture {
    cases: Value,
    expected: HashMap<String, Vec<f32>>,
}

fn fixture() -> Fixture {
    let read = |name: &str| std::fs::read(Path::new(FIXTURES).join(name)).unwrap();
    let bytes = read("expected.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let floats = |view: &TensorView| -> Vec<f32> {
        view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    let expected = file.iter().map(|(name, view)| (name.to_owned(), floats(&view))).collect();
    Fixture { cases: serde_json::from_slice(&read("cases.json")).unwrap(), expected }
}

impl Fixture {
    fn texts(&self) -> Vec<&str> {
        self.cases["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
    }

    fn case(&self, name: &str) -> &Value {
        self.cases["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap()
    }
}

/// The recipe's made-up numbers: splitmix64 over FNV-1a of the name, scaled by what the tensor is.
fn values(name: &str, shape: &[usize]) -> Vec<f32> {
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
fn bytes(values: &[f32], kind: &str) -> Vec<u8> {
    match kind {
        "f16" => values.iter().flat_map(|value| half::f16::from_f32(*value).to_le_bytes()).collect(),
        "bf16" => values.iter().flat_map(|value| half::bf16::from_f32(*value).to_le_bytes()).collect(),
        _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    }
}

fn shape_of(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|side| side.as_u64().unwrap() as usize).collect()
}

/// Writes a case's folder as people have it on disk.
fn write(case: &Value, folder: &Path) {
    let put = |name: &str, value: &Value| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, value.to_string()).unwrap();
    };
    put("config.json", &case["config"]);
    let tokenizer = format!("{}-tokenizer.json", case["tokenizer"].as_str().unwrap());
    std::fs::copy(Path::new(FIXTURES).join(tokenizer), folder.join("tokenizer.json")).unwrap();
    if case.get("processor").is_some() {
        put("preprocessor_config.json", &case["processor"]);
    }
    if case.get("pooling").is_some() {
        let module =
            |path: &str, kind: &str| json!({"path": path, "type": format!("sentence_transformers.models.{kind}")});
        put(
            "modules.json",
            &json!([module("", "Transformer"), module("1_Pooling", "Pooling"), module("2_Normalize", "Normalize")]),
        );
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

fn open(folder: &Path) -> std::sync::Arc<dyn Encoder> {
    encoder::open(folder.to_str().unwrap()).unwrap()
}

/// Largest difference of two sets of rows, each brought to length one, relative to that length.
fn difference(ours: &[f32], theirs: &[f32], dimension: usize) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let mut worst: f64 = 0.0;
    for (ours, theirs) in ours.chunks_exact(dimension).zip(theirs.chunks_exact(dimension)) {
        let norm = theirs.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        let apart: f64 =
            ours.iter().zip(theirs).map(|(ours, theirs)| (f64::from(*ours) - f64::from(*theirs) / norm).powi(2)).sum();
        worst = worst.max(apart.sqrt());
    }
    worst
}

fn image(name: &Value) -> (String, Vec<u8>) {
    let name = name.as_str().unwrap().to_owned();
    let path: PathBuf = [FIXTURES, "images", &name].iter().collect();
    (name, std::fs::read(path).unwrap())
}

fn check_texts(fixture: &Fixture, name: &str, encoder: &dyn Encoder) {
    let texts = fixture.texts();
    let expected = &fixture.expected[&format!("{name}.texts")];
    let dimension = encoder.dimension();
    let batch = encoder.encode(&texts).unwrap();
    let apart = difference(&batch, expected, dimension);
    println!("{name}: texts differ by {apart:.1e}");
    assert!(apart < 1e-5, "{name}: {apart:e}");
    // Typed one after the other, the prompts go on from one another's beginnings.
    for (index, text) in texts.iter().enumerate() {
        let row = &batch[index * dimension..(index + 1) * dimension];
        let single = encoder.encode(&[text]).unwrap();
        let typed = encoder.encode_prompt(text).unwrap();
        for other in [single, typed] {
            let apart: f64 = row.iter().zip(&other).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            assert!(apart.sqrt() < 2e-6, "{name} {text:?}: {:e}", apart.sqrt());
        }
    }
}

fn check_images(fixture: &Fixture, name: &str, encoder: &dyn Encoder, case: &Value) {
    let names: Vec<(String, Vec<u8>)> = case["images"].as_array().unwrap().iter().map(image).collect();
    let pixels: Vec<_> = names.iter().map(|(_, bytes)| encoder.prepare_image(bytes).unwrap()).collect();
    let ours = encoder.encode_images(&pixels).unwrap();
    let single = encoder.encode_images(&pixels[..1]).unwrap();
    let apart = difference(&single, &ours[..encoder.dimension()], encoder.dimension());
    assert!(apart < 2e-6, "{name}: an image alone differs by {apart:e}");
    let expected = &fixture.expected[&format!("{name}.images")];
    for (index, (image, _)) in names.iter().enumerate() {
        let rows = index * encoder.dimension()..(index + 1) * encoder.dimension();
        let apart = difference(&ours[rows.clone()], &expected[rows], encoder.dimension());
        println!("{name}: {image} differs by {apart:.1e}");
        // JPEG and lossy WebP decoders round in their own ways; everything else is exact.
        let lossy = image.ends_with("jpg") || image.starts_with("lossy");
        assert!(apart < if lossy { 5e-2 } else { 1e-5 }, "{name} {image}: {apart:e}");
    }
}

fn check(name: &str) {
    let fixture = fixture();
    let case = fixture.case(name);
    let folder = tempfile::tempdir().unwrap();
    write(case, folder.path());
    let encoder = open(folder.path());
    check_texts(&fixture, name, &*encoder);
    if encoder.reads_images() {
        check_images(&fixture, name, &*encoder, case);
    }
}

#[test]
fn clip_is_that_of_transformers() {
    check("clip-quick");
}

#[test]
fn clip_with_exact_gelu_another_epsilon_and_other_sizes_is_that_of_transformers() {
    check("clip-gelu");
}

#[test]
fn clip_with_the_legacy_end_of_text_is_that_of_transformers() {
    check("clip-legacy");
}

#[test]
fn clip_in_shards_whose_end_of_text_is_the_smallest_id_is_that_of_transformers() {
    check("clip-eos-first");
}

#[test]
fn clip_of_full_size_is_that_of_transformers() {
    check("clip-full");
}

#[test]
fn sentence_encoders_are_those_of_transformers() {
    check("bert-mean");
    check("bert-cls");
}

#[test]
fn pixels_are_those_of_pillow() {
    let fixture = fixture();
    for name in ["clip-quick", "clip-gelu", "clip-legacy"] {
        let case = fixture.case(name);
        let folder = tempfile::tempdir().unwrap();
        write(case, folder.path());
        let encoder = open(folder.path());
        // One grey level is 1/255, times at most 1/0.2 by the deviation.
        let level = if name == "clip-legacy" { 1.0 / 255.0 } else { 1.0 / 255.0 / 0.26 };
        for value in case["images"].as_array().unwrap() {
            let (image, bytes) = image(value);
            let Some(expected) = fixture.expected.get(&format!("{name}.pixels.{image}")) else { continue };
            let ours = encoder.prepare_image(&bytes).unwrap().0;
            assert_eq!(ours.len(), expected.len());
            let apart = ours.iter().zip(expected).map(|(a, b)| (a - b).abs() / level).fold(0f32, f32::max);
            println!("{name}: pixels of {image} differ by at most {apart:.2} levels");
            let lossy = image.ends_with("jpg") || image.starts_with("lossy");
            assert!(apart < if lossy { 12.0 } else { 0.01 }, "{name} {image}: {apart} levels");
        }
    }
}

#[test]
fn what_a_folder_lacks_or_contradicts_is_said_in_one_sentence() {
    let fixture = fixture();
    let fault = |spoil: &dyn Fn(&Path, &mut Value)| {
        let mut case = fixture.case("clip-quick").clone();
        let folder = tempfile::tempdir().unwrap();
        spoil(folder.path(), &mut case);
        write(&case, folder.path());
        spoil(folder.path(), &mut case);
        let error = encoder::open(folder.path().to_str().unwrap()).map(|_| ()).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    };
    let class = "vision_model.embeddings.class_embedding";
    assert!(
        fault(&|_, case| {
            case["tensors"].as_object_mut().unwrap().remove(class);
        })
        .contains(class)
    );
    assert!(fault(&|_, case| case["config"]["projection_dim"] = json!(25)).contains("shape"));
    assert!(fault(&|_, case| case["config"]["model_type"] = json!("siglip")).contains("siglip"));
    assert!(fault(&|_, case| case["config"]["text_config"]["hidden_act"] = json!("relu")).contains("relu"));
    assert!(fault(&|_, case| case["config"]["text_config"]["eos_token_id"] = json!(5)).contains("end of a text"));
    assert!(fault(&|_, case| case["processor"]["crop_size"] = json!(64)).contains("64"));
    let remove = |name: &'static str| move |folder: &Path, _: &mut Value| drop(std::fs::remove_file(folder.join(name)));
    assert!(fault(&remove("tokenizer.json")).contains("tokenizer.json"));
    assert!(fault(&remove("model.safetensors")).contains("model.safetensors"));
    let pickle = |folder: &Path, _: &mut Value| {
        drop(std::fs::remove_file(folder.join("model.safetensors")));
        std::fs::write(folder.join("pytorch_model.bin"), b"x").unwrap();
    };
    assert!(fault(&pickle).contains("pickle"));
    let header = |folder: &Path, _: &mut Value| {
        std::fs::write(folder.join("model.safetensors"), u64::MAX.to_le_bytes()).unwrap();
    };
    assert!(fault(&header).contains("header"));
    let cut = |folder: &Path, _: &mut Value| {
        if let Ok(file) = std::fs::OpenOptions::new().write(true).open(folder.join("model.safetensors")) {
            file.set_len(file.metadata().unwrap().len() - 100).unwrap();
        }
    };
    assert!(fault(&cut).contains("truncated"));
    let error = encoder::open("no/such/folder").map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("folder"), "{error}");
}

#[test]
fn a_fingerprint_names_weights_tokenizer_and_preprocessing() {
    let fixture = fixture();
    let of = |spoil: &dyn Fn(&mut Value)| {
        let mut case = fixture.case("clip-quick").clone();
        spoil(&mut case);
        let folder = tempfile::tempdir().unwrap();
        write(&case, folder.path());
        open(folder.path()).fingerprint().to_owned()
    };
    let plain = of(&|_| ());
    assert_eq!(plain, of(&|_| ()));
    assert_ne!(plain, of(&|case| case["processor"]["image_mean"] = json!([0.5, 0.5, 0.5])));
    assert_ne!(plain, of(&|case| case["type"] = json!("f16")));
    let words: Vec<String> = {
        let folder = tempfile::tempdir().unwrap();
        write(fixture.case("clip-quick"), folder.path());
        open(folder.path()).words().iter().map(|word| (*word).to_owned()).collect()
    };
    assert!(words.contains(&"photo".to_owned()) && words.iter().all(|word| word.is_ascii()), "{words:?}");
}

/// A small trained CLIP that may not be passed on, where it lies beside the repository.
#[test]
fn a_trained_clip_reads_what_it_was_trained_on() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models/tinyclip-celeba");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let encoder = open(&folder);
    let texts = ["a photo of a cat", "a cat", "a photo of a truck", "a truck", "a smiling woman", "a woman"];
    let rows = encoder.encode(&texts).unwrap();
    let row = |index: usize| &rows[index * encoder.dimension()..(index + 1) * encoder.dimension()];
    let cosine = |a: usize, b: usize| row(a).iter().zip(row(b)).map(|(a, b)| a * b).sum::<f32>();
    assert!(cosine(0, 1) > cosine(0, 3) && cosine(2, 3) > cosine(2, 1), "{} {}", cosine(0, 1), cosine(0, 3));
    assert!(cosine(4, 5) > cosine(4, 1) && cosine(4, 5) > cosine(4, 3));
    for (index, text) in texts.iter().enumerate() {
        let typed = encoder.encode_prompt(text).unwrap();
        assert!(difference(&typed, row(index), encoder.dimension()) < 2e-6, "{text}");
    }
    let image = std::fs::read(Path::new(FIXTURES).join("images/rgb.jpg")).unwrap();
    let pixels = encoder.prepare_image(&image).unwrap();
    assert_eq!(encoder.encode_images(&[pixels]).unwrap().len(), encoder.dimension());
    // What is cut off changes nothing.
    let long = "a smiling woman ".repeat(40);
    assert!(encoder.reading(&long).pieces > encoder.piece_limit());
    let longer = format!("{long} with a hat");
    assert_eq!(encoder.encode(&[&long]).unwrap(), encoder.encode(&[&longer]).unwrap());
}
