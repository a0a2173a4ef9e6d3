//! Audits that break statistics: each fault gives the right word and leaves the rest of the tables whole.
#![allow(clippy::unwrap_used)]

use llm2loss::audit::{
    Architecture, Attribute, AttributePrompts, Audit, Content, EpochMetrics, HeadKind, HyperParameters, Item,
    ModelLosses, PromptSets, RunId, Split,
};
use llm2loss::diagnose::{Diagnosis, EstimatorMaterial, Material, Measured, Verdict, tables};
use llm2loss::encoder::{Encoder, StaticEncoder};
use llm2loss::heads::{Ensemble, Observer, Picked, Resources, StepRng, TrainingData, train};
use llm2loss::stats::Undefined;

struct Quiet;

impl Observer for Quiet {
    fn fragments(&self, _: usize, _: &[u32]) -> Result<Option<Vec<f32>>, String> {
        Ok(None)
    }

    fn negatives(&self, count: usize, _: &mut StepRng) -> Result<Vec<f32>, String> {
        Ok((0..count * 256).map(|value| (value as f32 * 0.7).sin() / 16.0).collect())
    }

    fn steps(&self, _: HeadKind, _: usize, _: &[f32]) {}

    fn epoch(&self, _: &[EpochMetrics]) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// Whether the test row at a position has an attribute.
type Values<'a> = &'a dyn Fn(usize) -> Option<bool>;

/// Forty training rows; `n` test rows whose losses, labels and attribute values are given by position.
fn audit(n: usize, loss: impl Fn(usize) -> f64, label: impl Fn(usize) -> bool, values: &[(&str, Values)]) -> Audit {
    let train = 40;
    let all = train + n;
    let item = |row: usize| Item {
        id: row.to_string().into(),
        text: format!("a {} person of {row} years", if row.is_multiple_of(2) { "young" } else { "old" }).into(),
        split: if row < train { Split::Train } else { Split::Test },
        content: Content::Text,
    };
    let losses = (0..all).map(|row| if row < train { (row % 7) as f64 } else { loss(row - train) }).collect();
    let scores = (0..all).map(|row| ((row * 37) % 101) as f64 / 101.0).collect();
    let prompts = AttributePrompts {
        bare: ("X".into(), "Not X".into()),
        phrase: "a young person".into(),
        antonym: Some("an old person".into()),
        generic: "a person".into(),
        made: false,
    };
    let attribute = |(name, value): &(&str, Values)| Attribute {
        name: (*name).into(),
        prompts: prompts.clone(),
        values: (0..all).map(|row| if row < train { None } else { value(row - train) }).collect(),
    };
    let audit = Audit {
        name: "small".into(),
        items: (0..all).map(item).collect(),
        labels: Some((0..all).map(|row| row >= train && label(row - train)).collect()),
        clusters: None,
        attributes: values.iter().map(attribute).collect(),
        models: vec![ModelLosses { name: "m".into(), losses, scores: Some(scores), class_aurocs: None }],
        prompts: PromptSets { in_distribution: vec!["a person".into()], foreign: Vec::new(), people: Vec::new() },
    };
    audit.validate().unwrap();
    audit
}

fn diagnose(audit: &Audit) -> Diagnosis {
    let encoder = std::sync::Arc::new(StaticEncoder::new().unwrap());
    let texts: Vec<&str> = audit.items.iter().map(|item| item.text.as_str()).collect();
    let embeddings = encoder.encode(&texts).unwrap();
    let train_rows = &embeddings[..40 * 256];
    let tested: Vec<usize> = (40..texts.len()).collect();
    let trained: Vec<usize> = (0..40).collect();
    let train_losses = audit.models[0].losses[..40].to_vec();
    let data = TrainingData {
        dimension: 256,
        embeddings: train_rows.into(),
        train: &trained,
        losses: train_losses.clone(),
        validation: &[],
        validation_losses: Vec::new(),
    };
    let hyper = HyperParameters { epochs: 1, batch: 8, members: 2, ..HyperParameters::paper(Architecture::Linear) };
    let ensemble: Ensemble = train(&data, &hyper, Resources::cpu(), &Quiet).unwrap().ensemble;
    let material = Material {
        audit,
        model: &audit.models[0],
        encoder: encoder.as_ref(),
        unmoved: None,
        ensemble: &ensemble,
        test: Picked { rows: (&embeddings).into(), positions: &tested, dimension: 256 },
        train: train_rows,
        train_losses,
        train_rows: &trained,
        evidence: EstimatorMaterial {
            audit,
            model: &audit.models[0],
            encoder: encoder.clone(),
            word_encoder: encoder.clone(),
            ensemble: std::sync::Arc::new(ensemble.clone()),
            embeddings: (&embeddings).into(),
            train: &trained,
            vocabulary: std::sync::Arc::default(),
        },
    };
    tables(&RunId("00".into()), &material).unwrap()
}

fn undefined(value: Measured) -> Option<Undefined> {
    if let Measured::Undefined { undefined } = value { Some(undefined) } else { None }
}

#[test]
fn one_class_empty_unknown_and_constant_groups_have_their_words_and_spare_the_others() {
    let found = diagnose(&audit(
        200,
        |row| (row % 11) as f64 / 3.0,
        |row| row % 3 == 0,
        &[
            ("fine", &|row| Some(row % 2 == 0)),
            ("one class", &|row| Some(row % 3 == 0)),
            ("everybody", &|_| Some(true)),
            ("nobody known", &|_| None),
            ("half known", &|row| (row % 2 == 0).then_some(row % 4 == 0)),
            ("three people", &|row| Some(row < 3)),
        ],
    ));
    let rows = &found.tables.attributes.rows;
    assert!(rows[0].rmm.value().is_some() && rows[0].loss_evidence.q.value().is_some());
    assert_ne!(rows[0].loss_evidence.verdict, Verdict::NotEnoughData);
    assert_eq!(undefined(rows[1].auroc_true), Some(Undefined::OneClass));
    assert!(rows[1].loss_gap.value().is_some(), "the loss gap needs no classes");
    assert_eq!((rows[2].n_true, rows[2].n_false, undefined(rows[2].loss_false)), (200, 0, Some(Undefined::Empty)));
    assert_eq!((rows[3].n_unknown, undefined(rows[3].loss_gap)), (200, Some(Undefined::Empty)));
    assert_eq!((rows[4].n_unknown, rows[4].n_true, rows[4].n_false), (100, 50, 50));
    assert!(rows[4].rmm.value().is_some());
    for row in [&rows[2], &rows[3], &rows[5]] {
        assert_eq!(
            (row.auroc_evidence.verdict, row.loss_evidence.verdict),
            (Verdict::NotEnoughData, Verdict::NotEnoughData),
            "{}",
            row.name
        );
    }
    // Correlations over attributes use those that have both gaps, and say how many.
    let bias = &found.tables.bias.rows[0];
    assert_eq!(bias.n, 4, "fine, one class, half known, three people");
}

#[test]
fn tied_losses_and_three_items_are_told_not_hidden() {
    let tied = diagnose(&audit(60, |_| 0.5, |row| row % 2 == 0, &[("even", &|row| Some(row % 4 < 2))]));
    let spearman = tied.tables.validity.rows[0].correlations.spearman;
    assert!(matches!(spearman, Measured::Undefined { undefined: Undefined::Constant }), "{spearman:?}");
    assert_eq!(tied.tables.attributes.rows[0].loss_gap.value(), Some(0.0));
    assert_eq!(tied.tables.attributes.rows[0].worse_loss, None);

    let three = diagnose(&audit(3, |row| row as f64, |row| row == 0, &[("first", &|row| Some(row == 0))]));
    assert_eq!(three.tables.attributes.n, 3);
    assert_eq!(three.tables.attributes.rows[0].loss_evidence.verdict, Verdict::NotEnoughData);
    assert!(three.tables.validity.rows[0].correlations.pearson.value().is_some());
    // Everything can be written, and read back.
    let text = serde_json::to_string(&three).unwrap();
    assert!(serde_json::from_str::<Diagnosis>(&text).unwrap() == three);
}

#[test]
fn a_planted_gap_is_resolved_and_an_absent_one_is_not() {
    let found = diagnose(&audit(
        400,
        |row| ((row * 7919) % 97) as f64 / 97.0 + if row % 4 == 0 { 0.5 } else { 0.0 },
        |row| row % 2 == 0,
        &[("planted", &|row| Some(row % 4 == 0)), ("absent", &|row| Some((row / 4) % 2 == 0))],
    ));
    let [planted, absent] = &found.tables.attributes.rows[..] else { unreachable!("two attributes") };
    assert_eq!(planted.loss_evidence.verdict, Verdict::Resolved);
    assert_eq!(absent.loss_evidence.verdict, Verdict::NotResolved);
    let interval = planted.loss_evidence.interval.value().unwrap();
    assert!(interval.low > 0.0 && (interval.low..interval.high).contains(&planted.loss_gap.value().unwrap()));
    assert!(planted.loss_evidence.items_needed.value().unwrap() < 400);
    assert!(absent.loss_evidence.items_needed.value().unwrap() > 400);
    assert!(planted.loss_evidence.shrunken.value().unwrap().abs() <= planted.loss_gap.value().unwrap().abs());
}
