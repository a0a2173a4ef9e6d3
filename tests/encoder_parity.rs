//! CLIP and sentence encoders against transformers, image preparation against Pillow
//! (`tests/recipes/make_encoder_parity.py`, `make_encoder_families.py`).
#![allow(clippy::unwrap_used, clippy::panic)]

mod checkpoint;

use checkpoint::{Fixture, families, fixture, fixtures, write};
use llm2loss::encoder::{self, Encoder};
use serde_json::{Value, json};
use std::path::Path;

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
    let path = fixtures().join("images").join(&name);
    (name, std::fs::read(path).unwrap())
}

fn check_texts(fixture: &Fixture, name: &str, encoder: &dyn Encoder) {
    let texts = fixture.texts();
    let expected = &fixture.expected[&format!("{name}.texts")];
    let dimension = encoder.dimension();
    let batch = encoder.encode(&texts).unwrap();
    let apart = difference(&batch, expected, dimension);
    println!("{name}: texts differ by {apart:.1e}");
    // A large tower of texts is kept in 16 bits a weight.
    let bound = if name == "clip-full" { 1e-4 } else { 1e-5 };
    assert!(apart < bound, "{name}: {apart:e}");
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
    check_of(&fixture(), name);
}

fn check_of(fixture: &Fixture, name: &str) {
    let case = fixture.case(name);
    let folder = tempfile::tempdir().unwrap();
    write(case, folder.path());
    let encoder = open(folder.path());
    check_texts(fixture, name, &*encoder);
    if encoder.reads_images() {
        check_images(fixture, name, &*encoder, case);
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

/// Each family of text encoders: sharded, in halves and with other names before their tensors, some with several
/// poolings or a dense layer.
#[test]
fn families_of_text_encoders_are_those_of_transformers() {
    let families = families();
    for case in families.cases["cases"].as_array().unwrap() {
        check_of(&families, case["name"].as_str().unwrap());
    }
}

#[test]
fn modules_that_cannot_be_computed_are_refused_by_name() {
    let families = families();
    let fault = |spoil: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        write(families.case("distilbert"), folder.path());
        spoil(folder.path());
        let error = encoder::open(folder.path().to_str().unwrap()).map(|_| ()).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    };
    let put = |name: &'static str, value: Value| {
        move |folder: &Path| std::fs::write(folder.join(name), value.to_string()).unwrap()
    };
    let module = |kind: &str| json!([{"path": "x", "type": format!("sentence_transformers.models.{kind}")}]);
    assert!(fault(&put("modules.json", module("LSTM"))).contains("module LSTM"));
    assert!(
        fault(&put("1_Pooling/config.json", json!({"pooling_mode_weightedmean_tokens": true})))
            .contains("weightedmean")
    );
    let dense = |inputs: usize, activation: &str| {
        put(
            "2_Dense/config.json",
            json!({"in_features": inputs, "out_features": 20, "activation_function": activation}),
        )
    };
    assert!(fault(&dense(36, "torch.nn.ReLU")).contains("ReLU"));
    assert!(fault(&dense(37, "torch.nn.Tanh")).contains("36 come to it"));
    assert!(
        fault(&|folder| std::fs::remove_file(folder.join("2_Dense/model.safetensors")).unwrap()).contains("2_Dense")
    );
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n";
    assert!(fault(&|folder| std::fs::write(folder.join("model.safetensors"), pointer).unwrap()).contains("Git LFS"));
    let unknown = fault(&put("config.json", json!({"model_type": "t5"})));
    assert!(unknown.contains("\"t5\"") && unknown.contains("xlm-roberta") && unknown.contains("#MODEL"), "{unknown}");
    let index = json!({"weight_map": {"a": "../../x.safetensors"}});
    let out = |folder: &Path| {
        std::fs::remove_file(folder.join("model.safetensors")).unwrap();
        put("model.safetensors.index.json", index.clone())(folder);
    };
    assert!(fault(&out).contains("no safetensors file beside it"));
    assert!(
        fault(&put("config.json", json!({"model_type": "distilbert", "dim": 3_000_000_000u64, "n_heads": 3})))
            .contains("width")
    );
}

/// sentence-transformers reads `prompts[default_prompt_name] + text`, and leaves the prompt's states out of the mean
/// where `include_prompt` is false.
#[test]
fn a_default_prompt_stands_before_every_text() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/prefix");
    if !cases.is_dir() {
        println!("skipped: ../shared/cases/prefix is not there");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let copy = |name: &str| {
        let to = folder.path().join(name);
        std::fs::create_dir_all(to.join("1_Pooling")).unwrap();
        for file in ["config.json", "tokenizer.json", "modules.json", "model.safetensors", "1_Pooling/config.json"] {
            std::fs::copy(cases.join("plain").join(file), to.join(file)).unwrap();
        }
        to
    };
    let prompts =
        |default: &str| json!({"prompts": {"document": "passage: ", "none": ""}, "default_prompt_name": default});
    let (plain, prompted) = (open(&cases.join("plain")), open(&cases.join("prompted")));
    let texts = ["a cat house", "sun moon tree"];
    let ours = prompted.encode(&texts).unwrap();
    assert_eq!(
        ours,
        plain.encode(&texts.map(|text| format!("passage: {text}")).each_ref().map(|text| text.as_str())).unwrap()
    );
    assert_ne!(ours, plain.encode(&texts).unwrap());
    assert_ne!(prompted.fingerprint(), plain.fingerprint());
    assert_eq!(prompted.piece_limit(), plain.piece_limit() - 2);

    let long = copy("long");
    for (word, told) in [("cat ".repeat(400), "nothing would be left"), ("cat ".repeat(2000), "4096 are read at most")]
    {
        let config = json!({"prompts": {"document": word}, "default_prompt_name": "document"});
        std::fs::write(long.join("config_sentence_transformers.json"), config.to_string()).unwrap();
        let error = encoder::open(&long.display().to_string()).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }

    let without = copy("without");
    std::fs::write(without.join("config_sentence_transformers.json"), prompts("document").to_string()).unwrap();
    let pooling = json!({"pooling_mode_mean_tokens": true, "include_prompt": false});
    std::fs::write(without.join("1_Pooling/config.json"), pooling.to_string()).unwrap();
    let left_out = open(&without).encode(&texts).unwrap();
    assert!(
        left_out != ours && left_out != plain.encode(&texts).unwrap(),
        "the text is read after the prompt, and pooled alone"
    );

    // What a person gives stands in place of it; prompts may have words of their own.
    let given = |settings: &str| encoder::open(&format!("{}?{settings}", cases.join("plain").display())).unwrap();
    let query = given("document=passage%3A+&query=query%3A+");
    assert_eq!(query.encode(&texts).unwrap(), ours);
    assert_eq!(
        query.encode_prompts(&texts).unwrap(),
        plain.encode(&texts.map(|text| format!("query: {text}")).each_ref().map(|text| text.as_str())).unwrap()
    );
    assert_eq!(given("document=passage%3A+").encode_prompt(texts[0]).unwrap(), prompted.encode(&texts[..1]).unwrap());
    assert_ne!(given("document=passage%3A+").fingerprint(), query.fingerprint());
    // Without a default, the prompt of documents is taken.
    let named = copy("named");
    let documents = json!({"prompts": {"query": "query: ", "passage": "passage: "}});
    std::fs::write(named.join("config_sentence_transformers.json"), documents.to_string()).unwrap();
    assert_eq!(open(&named).encode(&texts).unwrap(), ours);

    let empty = copy("empty");
    std::fs::write(empty.join("config_sentence_transformers.json"), prompts("none").to_string()).unwrap();
    assert_eq!(open(&empty).fingerprint(), plain.fingerprint());
    std::fs::write(empty.join("config_sentence_transformers.json"), prompts("query").to_string()).unwrap();
    let refused = encoder::open(empty.to_str().unwrap()).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("default_prompt_name is \"query\""), "{refused}");
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
    assert!(fault(&|_, case| case["config"]["model_type"] = json!("gpt2")).contains("gpt2"));
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
    let image = std::fs::read(fixtures().join("images/rgb.jpg")).unwrap();
    let pixels = encoder.prepare_image(&image).unwrap();
    assert_eq!(encoder.encode_images(&[pixels]).unwrap().len(), encoder.dimension());
    // What is cut off changes nothing.
    let long = "a smiling woman ".repeat(40);
    assert!(encoder.reading(&long).pieces > encoder.piece_limit());
    let longer = format!("{long} with a hat");
    assert_eq!(encoder.encode(&[&long]).unwrap(), encoder.encode(&[&longer]).unwrap());
}
