//! Names of slices from the encoder's space: sentences that the guard accepts over images, clusters over embeddings alone.
#![allow(clippy::unwrap_used)]

mod common;

use common::{npy, program};
use llm2loss::data::{AttributeFile, Contents, ImagePlace, Mapping, manifest};
use llm2loss::diagnose::{DiscoverQuestion, Discovery, Watch};
use llm2loss::encoder::{Encoder, EncoderError, Pixels, Reading, StaticEncoder};
use llm2loss::engine::{Intake, LossesOf, Session, Tracker, ingest_with};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// Things on a picture, a dimension each; the last dimension tells texts from images.
const THINGS: [&str; 8] = ["hat", "beard", "glasses", "smile", "scarf", "necktie", "earrings", "lipstick"];
const DIMENSION: usize = 9;

/// Images are files that hold a number; its remainder by eight is the thing to be seen.
struct Faces;

fn unit(mut row: Vec<f32>) -> Vec<f32> {
    let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
    row.iter_mut().for_each(|value| *value /= length);
    row
}

impl Encoder for Faces {
    fn name(&self) -> &str {
        "faces"
    }

    fn fingerprint(&self) -> &str {
        "faces-1"
    }

    fn dimension(&self) -> usize {
        DIMENSION
    }

    fn piece_limit(&self) -> usize {
        77
    }

    fn reading(&self, _: &str) -> Reading {
        Reading { pieces: 1, unknown: 0 }
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        let one = |text: &&str| {
            let mut row: Vec<f32> = THINGS.iter().map(|thing| f32::from(u8::from(text.contains(thing)))).collect();
            row.push(3.0);
            unit(row)
        };
        Ok(texts.iter().flat_map(one).collect())
    }

    fn reads_images(&self) -> bool {
        true
    }

    fn prepare_image(&self, bytes: &[u8]) -> Result<Pixels, EncoderError> {
        Ok(Pixels(vec![String::from_utf8_lossy(bytes).parse().unwrap()]))
    }

    fn encode_images(&self, images: &[Pixels]) -> Result<Vec<f32>, EncoderError> {
        let one = |image: &Pixels| {
            let number = image.0[0] as usize;
            let mut row: Vec<f32> = (0..DIMENSION).map(|at| ((number * 31 + at * 17) % 13) as f32 / 40.0).collect();
            row[number % THINGS.len()] += 1.0;
            row[DIMENSION - 1] = -3.0;
            unit(row)
        };
        Ok(images.iter().flat_map(one).collect())
    }

    fn words(&self) -> &[&str] {
        &[]
    }
}

/// 1,200 images; those with a hat lose two more.
fn take_in(home: &Path, folder: &Path, prompts: &str) -> Session {
    let mut text = String::from("image,loss,attribute:odd,split\n");
    for row in 0..1_200 {
        std::fs::write(folder.join(format!("{row}.png")), row.to_string()).unwrap();
        let split = if row / 8 % 2 == 0 { "test" } else { "train" };
        let loss = f64::from(row * 7_919 % 97) / 97.0 + if row % 8 == 0 { 2.0 } else { 0.0 };
        let _ = writeln!(text, "{row}.png,{loss},{},{split}", row / 8 % 3 % 2);
    }
    let file = folder.join("m.csv");
    std::fs::write(&file, text).unwrap();
    let draft = manifest(&file, &Mapping::default(), "m", Contents::Table(&ImagePlace::default())).unwrap();
    let how = Intake { name: "faces", encoder: "faces", allow_mismatch: false, link: false, check: false };
    ingest_with(home, draft, &AttributeFile::parse(prompts).unwrap(), &how, &Faces).unwrap();
    Session::open_with(home, "faces", |_| Ok(Arc::new(Faces))).unwrap()
}

fn found(session: &Session, sentences: &[&str]) -> Discovery {
    let question = DiscoverQuestion { depth: 1, ..DiscoverQuestion::default() };
    let sentences: Vec<String> = sentences.iter().map(|sentence| (*sentence).to_owned()).collect();
    session.discover(LossesOf::Model("m"), &question, &sentences, &Watch::silent()).unwrap()
}

fn names(found: &Discovery) -> Vec<&str> {
    found.slices.iter().map(|slice| slice.name.as_str()).collect()
}

const PROMPTS: &str = r#"{"attributes": [{"name": "odd", "phrase": "an odd person", "generic": "a person"}],
    "in_distribution": ["a man with a hat and a beard", "a woman with glasses and lipstick", "a bald boy with earrings",
    "a pale girl with a wide smile", "a young man with blond hair", "an elderly woman with wavy brown hair",
    "a face with a scarf and a necktie", "a tall nose and narrow eyes"]}"#;

#[test]
fn sentences_name_images_where_the_guard_accepts_them_and_the_rest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let session = take_in(&folder.path().join("home"), folder.path(), PROMPTS);
    let before = found(&session, &[]);
    assert!(before.unembedded && before.notes.iter().any(|note| note.contains("llm2loss embed faces")), "{before:?}");
    assert!(before.slices.is_empty(), "no attribute names the hats: {:?}", names(&before));
    session.embeddings(&Tracker::silent()).unwrap();
    let given = ["a person with a hat", "a person with a beard", "a volcano", "glasses", "a cathedral choir", "..."];
    let hats = found(&session, &given);
    assert_eq!(names(&hats), ["near \"a person with a hat\""]);
    assert!(hats.slices[0].near && hats.slices[0].phrase() == "a person with a hat");
    // A tenth of 1,200, all of them hats: every eighth image has one.
    assert_eq!(
        (hats.slices[0].items.len(), hats.slices[0].items.iter().filter(|row| *row % 8 == 0).count()),
        (120, 120)
    );
    let told =
        "Left out 3 of the 6 sentences given: nothing in the audit's prompts is like 'volcano', 'cathedral', 'choir'.";
    assert_eq!(hats.notes, [told]);
    let bank = found(&session, &[]);
    assert!(!bank.unembedded && bank.notes.iter().any(|note| note.contains("of the builtin bank")), "{:?}", bank.notes);
    assert_eq!(found(&session, &["a person with a volcano"]).notes.len(), 1, "a name for nothing is no failure");
}

#[test]
fn where_prompts_hold_too_few_words_to_judge_every_sentence_may_name_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let prompts = r#"{"attributes": [{"name": "odd", "phrase": "an odd person", "generic": "a person"}]}"#;
    let session = take_in(&folder.path().join("home"), folder.path(), prompts);
    session.embeddings(&Tracker::silent()).unwrap();
    let hats = found(&session, &["a hat", "a volcano"]);
    assert_eq!(names(&hats), ["near \"a hat\""]);
    let told = "The audit's own prompts hold too few words to judge whether data speak of the 2 sentences given.";
    assert_eq!(hats.notes, [told]);
}

#[test]
fn embeddings_alone_fall_into_clusters_named_by_the_nearest_sentence_and_an_item() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = StaticEncoder::new().unwrap();
    let kinds = ["a church bell", "noodles", "a circuit board", "a pine forest", "a chess opening", "light snow"];
    let centres = encoder.encode(&kinds).unwrap();
    let dimension = encoder.dimension();
    let (mut values, mut losses) = (Vec::new(), Vec::new());
    for row in 0..2_400_usize {
        let kind = row % kinds.len();
        let noise = (0..dimension).map(|at| ((row * 7_919 + at * 104_729) % 101) as f32 / 1_010.0 - 0.05);
        let centre = &centres[kind * dimension..(kind + 1) * dimension];
        values.extend(unit(centre.iter().zip(noise).map(|(value, noise)| value + noise).collect()));
        losses.push((row * 31 % 89) as f32 / 89.0 + if kind == 1 { 1.5 } else { 0.0 });
    }
    let (embeddings, known) = (folder.path().join("e.npy"), folder.path().join("l.npy"));
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    std::fs::write(&embeddings, npy("<f4", &format!("(2400, {dimension})"), &bytes(&values))).unwrap();
    std::fs::write(&known, npy("<f4", "(2400,)", &bytes(&losses))).unwrap();
    let run = |arguments: &[&str]| -> String {
        let output = program(&folder.path().join("home"), arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let (embeddings, known) = (embeddings.to_str().unwrap(), known.to_str().unwrap());
    run(&["ingest", "vectors", "--embeddings", embeddings, "--losses", known, "--encoder", "builtin"]);
    let document: Value = serde_json::from_str(&run(&["discover", "vectors", "--depth", "1", "--json"])).unwrap();
    let slices = document["slices"].as_array().unwrap();
    let name = slices[0]["name"].as_str().unwrap();
    assert!(slices.len() == 1 && name.contains("noodles") && name.contains("\", like "), "{slices:?}");
    // Every sixth item, of half of the test items.
    let (n, tested) = (slices[0]["n"].as_f64().unwrap(), document["tested_on"].as_f64().unwrap());
    assert!((n / tested - 1.0 / 6.0).abs() < 0.05, "{n} of {tested}");
    let text = run(&["discover", "vectors", "--depth", "1"]);
    assert!(text.contains("look at the items before you believe them"), "{text}");
    run(&["discover", "vectors", "--depth", "1", "--add", name, "--as", "Soup"]);
    let document: Value = serde_json::from_str(&run(&["discover", "vectors", "--depth", "1", "--json"])).unwrap();
    assert_eq!(document["slices"][0]["name"], "soup", "an attribute bears the name given and no weak one");
}
