//! The built-in audit against a second, independent reference implementation, where its results are at hand.
#![allow(clippy::unwrap_used)]

use flate2::read::GzDecoder;
use llm2loss::audit::{Architecture, Contrast, HeadKind, HyperParameters};
use llm2loss::diagnose::{Aggregate, TrueGap};
use llm2loss::encoder::{Encoder, StaticEncoder};
use llm2loss::engine::{Session, Tracker};
use serde_json::Value;
use std::path::Path;

#[test]
fn tables_are_within_the_tolerances_of_the_golden_file() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/adult/golden.json.gz");
    let Ok(file) = std::fs::File::open(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let golden: Value = serde_json::from_reader(GzDecoder::new(file)).unwrap();
    let session = Session::open(&tempfile::tempdir().unwrap().keep(), "adult").unwrap();
    for model in ["v1", "v2"] {
        let audit = &golden["audits"][format!("{model}/static-256")];
        let run = session.train(model, &HyperParameters::new(Architecture::Mlp), &Tracker::silent()).unwrap();
        let tables = &run.diagnosis.tables;
        for row in &tables.attributes.rows {
            let theirs = &audit["gt"][&row.name];
            for (ours, key) in [
                (row.auroc_true, "auroc_true"),
                (row.auroc_false, "auroc_false"),
                (row.rmm, "rmm"),
                (row.loss_gap, "loss_gap"),
            ] {
                assert!(
                    (ours.value().unwrap() - theirs[key].as_f64().unwrap()).abs() < 1e-4,
                    "{model} {} {key}",
                    row.name
                );
            }
            for (contrast, key) in [
                (Contrast::Antonym, "phrase|antonym"),
                (Contrast::Generic, "phrase|generic"),
                (Contrast::Bare, "X|Not X"),
            ] {
                let theirs = audit["zero_shot_auroc"][key][&row.name].as_f64().unwrap();
                assert!(
                    (row.zero_shot(contrast).unwrap().value().unwrap() - theirs).abs() < 1e-4,
                    "{model} {} {key}",
                    row.name
                );
            }
        }
        for (head, name) in [(HeadKind::Regressor, "reg"), (HeadKind::Ranker, "rank")] {
            let summary = &audit["summary"][format!("fragments/{name}-mlp")];
            let mean =
                tables.validity.rows.iter().find(|row| row.head == head && row.aggregate == Aggregate::Mean).unwrap();
            for (ours, key) in [
                (&mean.correlations.pearson, "pearson"),
                (&mean.correlations.spearman, "spearman"),
                (&mean.correlations.kendall, "kendall"),
            ] {
                let theirs = summary[format!("t2_mean_{key}")][0].as_f64().unwrap();
                let ours = ours.value().unwrap().value;
                assert!((ours - theirs).abs() <= 0.02, "{model} {head} {key}: {ours} against {theirs}");
            }
        }
        let signed = |contrast| {
            let row = tables.bias.rows.iter().find(|row| {
                row.head == HeadKind::Ranker && row.contrast == contrast && row.against == TrueGap::SignedLoss
            });
            row.unwrap().correlations.spearman.value().unwrap().value
        };
        for (contrast, key) in [(Contrast::Antonym, "phrase|antonym"), (Contrast::Generic, "phrase|generic")] {
            let theirs =
                audit["summary"]["fragments/rank-mlp"][format!("signed_loss [{key}] spearman")][0].as_f64().unwrap();
            assert!(
                (signed(contrast) - theirs).abs() <= 0.10,
                "{model} {contrast}: {} against {theirs}",
                signed(contrast)
            );
        }
        assert!(model == "v1" || signed(Contrast::Generic) > 0.6);
    }
}

#[test]
fn the_encoder_is_as_good_as_an_independent_distillation() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/adult/golden-embeddings.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let golden: Value = serde_json::from_str(&text).unwrap();
    let texts: Vec<&str> = golden["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let theirs: Vec<Vec<f64>> = golden["static-256"].as_array().unwrap().iter().map(numbers).collect();
    let encoder = StaticEncoder::new().unwrap();
    let ours = encoder.encode(&texts).unwrap();
    let ours: Vec<Vec<f64>> = ours.chunks(256).map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect();
    assert!(ours.len() == theirs.len() && ours.len() >= 10);
    // The two may differ by a rotation: what counts is how near texts are to each other.
    let cosine = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for i in 0..ours.len() {
        for j in 0..i {
            let (a, b) = (cosine(&ours[i], &ours[j]), cosine(&theirs[i], &theirs[j]));
            assert!((a - b).abs() < 1e-4, "{i} {j}: {a} against {b}");
        }
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}
