//! An audit of images under an encoder whose texts lie apart from its images, as those of CLIP do.
#![allow(clippy::unwrap_used)]

use llm2loss::audit::{Architecture, HeadKind, HyperParameters, Negatives};
use llm2loss::data::{AttributeFile, Contents, ImagePlace, Mapping, manifest};
use llm2loss::encoder::{Encoder, EncoderError, Pixels, Reading};
use llm2loss::engine::{Intake, Session, Tracker, ingest_with};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

const DIMENSION: usize = 16;
const WORDS: [&str; 4] = ["zero", "one", "two", "three"];

/// Images are files that hold a number; a number and its word point the same way in the first four dimensions. The
/// last two tell images from texts, and by far the most.
struct TwoSides;

fn unit(mut row: Vec<f32>) -> Vec<f32> {
    let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
    row.iter_mut().for_each(|value| *value /= length);
    row
}

/// Small values that depend on `seed` alone.
fn noise(seed: u64, size: f32) -> impl Iterator<Item = f32> {
    (0..DIMENSION as u64).map(move |at| {
        let mixed =
            (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(at as u32 * 3) ^ at.wrapping_mul(0xBF58_476D);
        ((mixed.wrapping_mul(0x94D0_49BB_1331_11EB) >> 40) as f32 / (1u64 << 23) as f32 - 1.0) * size
    })
}

impl Encoder for TwoSides {
    fn name(&self) -> &str {
        "two-sides"
    }

    fn fingerprint(&self) -> &str {
        "two-sides-1"
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
            let seed = text.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
            let mut row: Vec<f32> = vec![0.0; DIMENSION];
            match WORDS.iter().position(|word| word == text) {
                Some(place) => row[place] = 0.6,
                None => row[4..14].iter_mut().zip(noise(seed, 0.5)).for_each(|(value, noise)| *value = noise),
            }
            row[15] = 1.0;
            unit(row)
        };
        Ok(texts.iter().flat_map(one).collect())
    }

    fn reads_images(&self) -> bool {
        true
    }

    fn prepare_image(&self, bytes: &[u8]) -> Result<Pixels, EncoderError> {
        let text = String::from_utf8_lossy(bytes);
        Ok(Pixels(vec![text.parse().unwrap()]))
    }

    fn encode_images(&self, images: &[Pixels]) -> Result<Vec<f32>, EncoderError> {
        let one = |image: &Pixels| {
            let mut row: Vec<f32> = noise(image.0[0] as u64, 0.05).collect();
            row[image.0[0] as usize % WORDS.len()] += 0.6;
            row[14] = 1.0;
            unit(row)
        };
        Ok(images.iter().flat_map(one).collect())
    }

    fn words(&self) -> &[&str] {
        &[]
    }
}

/// The loss of an image is its number modulo four, the same for ten people each.
fn take_in(home: &Path, folder: &Path) {
    let mut text = String::from("image,loss,attr:odd,split\n");
    for row in 0..800 {
        std::fs::write(folder.join(format!("{row}.png")), row.to_string()).unwrap();
        let split = if row % 5 == 0 { "test" } else { "train" };
        let _ = writeln!(text, "{row}.png,{},{},{split}", row % 4, row % 2);
    }
    let file = folder.join("m.csv");
    std::fs::write(&file, text).unwrap();
    let draft = manifest(&file, &Mapping::default(), "m", Contents::Table(&ImagePlace::default())).unwrap();
    let how = Intake { name: "faces", encoder: "two-sides", allow_mismatch: false, link: false, check: false };
    ingest_with(home, draft, &AttributeFile::default(), &how, &TwoSides).unwrap();
}

#[test]
fn prompts_are_moved_to_the_images_and_foreign_ones_are_told_from_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    take_in(&home, folder.path());
    let session = Session::open_with(&home, "faces", |_| Ok(Arc::new(TwoSides))).unwrap();
    let hyper = HyperParameters { epochs: 30, patience: 0, batch: 64, ..HyperParameters::new(Architecture::Mlp) };
    let run = session.train("m", &hyper, &Tracker::silent()).unwrap();
    assert_eq!((run.record.hyper.negatives, run.record.hyper.shift), (Negatives::Phrases, true));
    let scorer = session.scorer(&run).unwrap();
    let mean = |text: &str, head: HeadKind| scorer.score(text).unwrap().head(head).unwrap().summary.mean;
    let losses = WORDS.map(|word| mean(word, HeadKind::Regressor));
    for (expected, loss) in losses.iter().enumerate() {
        assert!((loss - expected as f64).abs() < 0.5, "the words' losses are {losses:?}, not 0, 1, 2, 3");
    }
    // None of these is in the bank of phrases.
    let foreign = ["an aubergine", "the tax return", "three herons", "a letter to the editor"];
    let own = WORDS.map(|word| mean(word, HeadKind::Ood));
    let foreign = foreign.map(|text| mean(text, HeadKind::Ood));
    let (lowest, highest) =
        (own.iter().copied().fold(f64::INFINITY, f64::min), foreign.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    assert!(lowest > highest, "{own:?} against {foreign:?}");
    // Read back from its file, the run moves prompts all the same.
    let again = session.load(run.record.clone()).unwrap();
    assert_eq!(again.ensemble.shift.as_ref().map(Vec::len), Some(DIMENSION));
    assert_eq!(session.scorer(&again).unwrap().score("two").unwrap(), scorer.score("two").unwrap());
    // The paper leaves prompts where they are.
    let paper = HyperParameters { epochs: 2, ..HyperParameters::paper(Architecture::Linear) };
    let run = session.train("m", &paper, &Tracker::silent()).unwrap();
    assert_eq!((run.record.hyper.negatives, run.ensemble.shift), (Negatives::Gaussian, None));
}
