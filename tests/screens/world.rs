//! A canned audit with plausible numbers: the same ones each time.

use llm2loss::audit::*;
use llm2loss::diagnose::*;
use llm2loss::engine::*;
use llm2loss::stats::{self, Interval, Undefined};
use std::sync::Arc;

/// Forty attributes of people in a census: name, phrase, antonym if there is one.
pub const ATTRIBUTES: [(&str, &str, Option<&str>); 40] = [
    ("female", "a woman", Some("a man")),
    ("age under 25", "a person in their early twenties", Some("a person close to retirement")),
    ("age over 60", "a person over sixty", Some("a person in their twenties")),
    ("never married", "a person who never married", Some("a married person")),
    ("divorced", "a divorced person", Some("a married person")),
    ("widowed", "a widowed person", Some("a married person")),
    ("has own child", "a person living with their parents", None),
    ("husband", "a husband", Some("a wife")),
    ("wife", "a wife", Some("a husband")),
    ("bachelor degree", "a person with a bachelor's degree", Some("a person without a degree")),
    ("doctorate", "a person with a doctorate", Some("a person who left school early")),
    ("masters", "a person with a master's degree", None),
    ("high school only", "a person who finished high school", None),
    ("left school early", "a person who left school in tenth grade", Some("a college graduate")),
    ("some college", "a person with some college", None),
    ("professional school", "a graduate of a professional school", None),
    ("self-employed", "a self-employed person", Some("an employee")),
    ("federal government", "a federal employee", Some("an employee of a private company")),
    ("local government", "an employee of a town", None),
    ("private sector", "an employee of a private company", Some("a public servant")),
    ("executive", "a manager", Some("a labourer")),
    ("craft and repair", "a craftsman", None),
    ("sales", "a person who works in sales", None),
    ("farming and fishing", "a farmer", Some("an office clerk")),
    ("clerical", "an office clerk", Some("a mechanic")),
    ("machine operator", "a machine operator in a factory", None),
    ("transport and moving", "a truck driver", None),
    ("tech support", "a computer technician", None),
    ("other service", "a cleaner or a waiter", Some("a manager")),
    ("armed forces", "a soldier", Some("a civilian")),
    ("full time", "a person who works forty hours a week", Some("a person who works part time")),
    ("part time", "a person who works part time", Some("a person who works full time")),
    ("overtime", "a person who works more than fifty hours", Some("a person who works part time")),
    ("capital gain", "a person with capital gains", Some("a person without savings")),
    ("capital loss", "a person with capital losses", None),
    ("black", "a black person", Some("a white person")),
    ("asian", "an asian person", Some("a white person")),
    ("born abroad", "a person born in another country", Some("a person born here")),
    ("born in Mexico", "a person born in Mexico", Some("a person born here")),
    ("white", "a white person", None),
];

/// A number in 0..1 that depends on nothing but its keys.
pub fn noise(a: u64, b: u64) -> f64 {
    let mut x = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(17);
    x ^= x >> 31;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 29;
    (x >> 11) as f64 / (1_u64 << 53) as f64
}

/// A centred number with a standard deviation of about one.
pub fn bell(a: u64, b: u64) -> f64 {
    let sum: f64 = (0..6).map(|k| noise(a.wrapping_add(k * 7919), b ^ (k << 40))).sum();
    (sum - 3.0) * std::f64::consts::SQRT_2
}

pub fn key(text: &str) -> u64 {
    text.bytes().fold(1469598103934665603, |h, b| (h ^ u64::from(b)).wrapping_mul(1099511628211))
}

pub fn prompts(at: usize) -> AttributePrompts {
    let (name, phrase, antonym) = ATTRIBUTES[at];
    AttributePrompts {
        bare: (name.into(), format!("not {name}")),
        phrase: phrase.into(),
        antonym: antonym.map(Into::into),
        generic: "a person".into(),
        made: false,
    }
}

pub fn audit() -> Arc<AuditView> {
    Arc::new(AuditView {
        name: "adult".into(),
        encoder: "static-64".into(),
        fingerprint: "static-64-0123".into(),
        device: "cpu, 8 threads".into(),
        models: vec!["logistic".into(), "gradient boosting".into(), "small mlp".into()],
        attributes: (0..40).map(|at| (ATTRIBUTES[at].0.to_owned(), prompts(at))).collect(),
        train_items: 32_561,
        test_items: 16_281,
        reads_only: false,
        phrases: Vec::new(),
    })
}

pub fn record(id: &str, model: &str, architecture: Architecture, finished_at: u64) -> Arc<RunRecord> {
    // As an audit of few rows decides them.
    let hyper = HyperParameters::new(architecture).sampled_from(32_561);
    let seed = key(id);
    let epochs = (1..=hyper.epochs)
        .flat_map(|epoch| {
            HeadKind::ALL.map(|head| EpochMetrics {
                epoch,
                head,
                train_loss: (0..5).map(|m| 0.3 + 0.3 / epoch as f64 + 0.01 * bell(seed, m)).collect(),
                validation_kendall: Vec::new(),
                validation_spearman: if head == HeadKind::Ood {
                    Vec::new()
                } else {
                    (0..5).map(|m| 0.55 + 0.01 * epoch as f64 + 0.01 * bell(seed, m + 77)).collect()
                },
            })
        })
        .collect();
    Arc::new(RunRecord {
        id: RunId(id.into()),
        audit: "adult".into(),
        model: model.into(),
        encoder: "static-64".into(),
        state: RunState::Finished,
        hyper,
        data_fingerprint: "9c1e".into(),
        train_items: 30_933,
        validation_items: 1_628,
        dimension: 64,
        device: "cpu".into(),
        version: "0.1.0".into(),
        weights_digest: "0".into(),
        finished_at,
        seconds: 4.25,
        epochs,
        best_epoch: None,
        reduced_batch: None,
    })
}

/// A run that was stopped half way.
pub fn stopped(id: &str, model: &str, finished_at: u64) -> Arc<RunRecord> {
    let mut record = (*record(id, model, Architecture::Linear, finished_at)).clone();
    record.state = RunState::Cancelled;
    record.hyper.seed = 14;
    record.epochs.retain(|metrics| metrics.epoch <= 3);
    Arc::new(record)
}

/// A run whose loss left all bounds.
pub fn diverged(id: &str, model: &str, finished_at: u64) -> Arc<RunRecord> {
    let mut record = (*stopped(id, model, finished_at)).clone();
    record.state = RunState::Diverged;
    record.hyper.learning_rate = 3.0;
    Arc::new(record)
}

fn gap(seed: u64, head: HeadKind, contrast: Contrast, centre: f64, spread: f64) -> PredictedGap {
    let members: Vec<f64> =
        (0..5).map(|m| centre + spread * bell(seed ^ (head.index() as u64 * 31), m + contrast as u64 * 11)).collect();
    PredictedGap {
        head,
        contrast,
        summary: stats::summary(&members).unwrap(),
        direction: stats::direction(&members).unwrap(),
        members,
        order_only: false,
    }
}

/// A gap with an interval of a fixed width and the verdict that follows from it.
pub fn evidence(gap: Measured) -> GapEvidence {
    let none = Measured::Undefined { undefined: Undefined::OneClass };
    let Some(gap) = gap.value() else {
        let (interval, items_needed) = (
            Measured::Undefined { undefined: Undefined::OneClass },
            Measured::Undefined { undefined: Undefined::OneClass },
        );
        return GapEvidence {
            interval,
            p: none,
            q: none,
            shrunken: none,
            items_needed,
            verdict: Verdict::NotEnoughData,
        };
    };
    let p = (-(gap.abs() / 0.01)).exp();
    GapEvidence {
        interval: Measured::Value(stats::Interval { low: gap - 0.012, high: gap + 0.012, level: 0.95 }),
        p: Measured::Value(p),
        q: Measured::Value(p),
        shrunken: Measured::Value(0.9 * gap),
        items_needed: Measured::Value(4_000),
        verdict: if p < 0.05 { Verdict::Resolved } else { Verdict::NotResolved },
    }
}

fn row(at: usize, seed: u64) -> AttributeRow {
    let name = ATTRIBUTES[at].0;
    let id = key(name) ^ seed;
    let prompts = prompts(at);
    let one_class = name == "armed forces";
    let n_true = (40.0 + 9_000.0 * noise(id, 1).powi(2)) as usize;
    let loss_gap = 0.09 * bell(id, 2);
    let auroc = |k| 0.9 - 0.5 * loss_gap * if k == 3 { 0.5 } else { -0.5 } + 0.02 * bell(id, k);
    let (a, b) = (auroc(3), auroc(4));
    let measured = |value: f64| {
        if one_class { Measured::Undefined { undefined: Undefined::OneClass } } else { Measured::Value(value) }
    };
    let predicted = Contrast::ALL
        .into_iter()
        .filter(|contrast| prompts.pair(*contrast).is_some())
        .flat_map(|contrast| {
            HeadKind::ALL.map(|head| {
                let scale = [1.0, 9.0, 14.0][head.index()];
                let centre = scale * (0.6 * loss_gap + 0.03 * bell(id, 9 + contrast as u64));
                gap(id, head, contrast, centre, 0.012 * scale)
            })
        })
        .collect();
    AttributeRow {
        name: name.into(),
        contrast: prompts.natural_contrast(),
        n_true,
        n_false: 16_281 - n_true,
        n_unknown: 0,
        auroc_true: measured(a),
        auroc_false: Measured::Value(b),
        classes: None,
        auroc_gap: measured(a - b),
        rmm: measured((a - b).abs()),
        worse_auroc: (!one_class).then_some(if a < b { Side::True } else { Side::False }),
        loss_true: Measured::Value(0.32 + loss_gap / 2.0),
        loss_false: Measured::Value(0.32 - loss_gap / 2.0),
        loss_gap: Measured::Value(loss_gap),
        worse_loss: Some(if loss_gap > 0.0 { Side::True } else { Side::False }),
        auroc_evidence: evidence(measured(a - b)),
        combined: (n_true < 200).then(|| {
            let value = 0.32 + loss_gap / 3.0;
            let interval = Interval { low: value - 0.05, high: value + 0.05, level: 0.95 };
            Combined { value, interval, weight: 0.7, groups: 40, few_groups: false }
        }),
        loss_evidence: evidence(Measured::Value(loss_gap)),
        everybody: None,
        predicted,
        zero_shot: Contrast::ALL
            .into_iter()
            .filter(|contrast| prompts.pair(*contrast).is_some())
            .map(|contrast| ZeroShot { contrast, auroc: Measured::Value(0.45 + 0.5 * noise(id, 20 + contrast as u64)) })
            .collect(),
        prompts,
    }
}

/// A group of the test items and what it loses, its losses spread around their mean.
fn found_group(subject: &[&str], group: &str, n: usize, (loss, others): (f64, f64), parts: &[f64]) -> GroupFinding {
    let worst = |at: usize| WorstItem { id: format!("{}", 33_000 + 7 * at), loss: 9.81 - 0.37 * at as f64 };
    GroupFinding {
        subject: subject.iter().map(|name| (*name).to_owned()).collect(),
        side: Side::True,
        group: group.into(),
        n,
        of: 16_281,
        n_others: 16_281 - n,
        loss,
        loss_others: others,
        ratio: Some(loss / others),
        gap: loss - others,
        interval: Measured::Value(stats::Interval {
            low: loss - others - 0.14,
            high: loss - others + 0.14,
            level: 0.95,
        }),
        q: Measured::Value(1e-9),
        verdict: Verdict::Resolved,
        share: loss * n as f64 / (0.886 * 16_281.0),
        parts: parts.to_vec(),
        worst: (0..5).map(worst).collect(),
        estimate: None,
        bins: hill(n, 24.0 + 4.0 * loss.log10()),
    }
}

/// Counts around a place in the bins.
fn hill(n: usize, centre: f64) -> Vec<usize> {
    (0..36).map(|at| (n as f64 * (-((f64::from(at) - centre) / 5.0).powi(2)).exp() / 9.0) as usize).collect()
}

/// What there is to know first of a model.
pub fn findings(model: &str) -> Findings {
    let over_sixty = || found_group(&["age over 60"], "people over sixty", 1_411, (3.71, 0.618), &[]);
    let changed = ChangedGroup {
        subject: "age over 60".into(),
        side: Side::True,
        group: "people over sixty".into(),
        n: 1_411,
        loss: 3.71,
        loss_against: 0.329,
        interval: stats::Interval { low: 3.23, high: 3.54, level: 0.95 },
        q: 1e-9,
    };
    Findings {
        audit: "adult".into(),
        model: model.into(),
        run: None,
        n: 16_281,
        units: 16_281,
        mean_loss: Measured::Value(0.886),
        attributes: 40,
        pairs: 610,
        intervals: "Welch's variance".into(),
        bins: LossBins { range: (-5.0, 1.0), counts: hill(16_281, 20.0) },
        findings: vec![
            Finding::Harder(over_sixty()),
            Finding::Pair(found_group(
                &["age over 60", "part time"],
                "items with both age over 60 and part time",
                537,
                (4.38, 0.767),
                &[3.71, 1.09],
            )),
            Finding::Harder(found_group(&["self-employed"], "self-employed people", 1_900, (1.70, 0.779), &[])),
            Finding::Easier(found_group(
                &["age under 25"],
                "people in their early twenties",
                4_804,
                (0.117, 1.21),
                &[],
            )),
            Finding::Changed(ChangedFinding {
                model: model.into(),
                against: "small mlp".into(),
                n: 16_281,
                groups: 80,
                worse: 21,
                better: 40,
                worst: Some(changed),
            }),
            Finding::Unsaid(Unsaid::NotResolved { not_resolved: 8, not_enough: 2, of: 40, n: 16_281 }),
            Finding::Data(DataFault::Leaked { items: 222, of: 16_281 }),
        ],
    }
}

pub fn association(value: f64) -> Measured<Association> {
    let interval = Measured::Value(stats::Interval { low: value - 0.02, high: value + 0.02, level: 0.95 });
    Measured::Value(Association { value, p: 0.0, n: 16_281, interval })
}

fn validity(seed: u64) -> ValidityTable {
    let aggregates = [Aggregate::Mean, Aggregate::Median].into_iter().chain((0..5).map(Aggregate::Member));
    let cases = HeadKind::ALL.into_iter().flat_map(|head| aggregates.clone().map(move |aggregate| (head, aggregate)));
    let rows = cases.enumerate().map(|(at, (head, aggregate))| {
        let level = [0.66, 0.8, 0.09][head.index()] + 0.01 * bell(seed, at as u64);
        let correlations = Correlations {
            pearson: association(0.9 * level),
            spearman: association(level),
            kendall: association(0.75 * level),
        };
        ValidityRow { head, aggregate, correlations }
    });
    ValidityTable { n: 16_281, rows: rows.collect(), seen: None, fitted: None }
}

pub const OWN: [&str; 6] = ["a divorced woman", "a married man", "an employee", "a person", "a worker", "a manager"];
const FOREIGN: [&str; 6] = ["a dog", "an airplane", "a maple tree", "a shark", "a clock", "a mountain"];

fn ood(seed: u64) -> OodTable {
    let own: Vec<String> = OWN.map(str::to_owned).to_vec();
    let rows = ["random vectors", "CIFAR-10, with a/an", "CIFAR-100 superclasses"].into_iter().enumerate().map(
        |(at, name)| OodRow {
            foreign: name.into(),
            n_foreign: if at == 0 { 1000 } else { 6 },
            prompts: if at == 1 { FOREIGN.map(str::to_owned).to_vec() } else { Vec::new() },
            heads: HeadKind::ALL
                .map(|head| HeadAuroc {
                    head,
                    auroc: Measured::Value(0.5 + 0.4 * noise(seed, at as u64 * 3 + head.index() as u64)),
                    interval: Measured::Undefined { undefined: Undefined::OneClass },
                })
                .to_vec(),
            support: None,
        },
    );
    OodTable { in_distribution: own, left_out: vec!["baby".into()], no_vector: Vec::new(), rows: rows.collect() }
}

/// How estimates did on slices held out.
fn calibration() -> Arc<CalibrationTable> {
    let bin = |at: usize| {
        let said = 0.05 + 0.1 * at as f64;
        let came = (said + 0.02 * bell(at as u64, 9)).clamp(0.0, 1.0);
        let interval = stats::Interval { low: (came - 0.03).max(0.0), high: (came + 0.03).min(1.0), level: 0.95 };
        stats::ReliabilityBin { low: said - 0.05, high: said + 0.05, n: 4_000 - 300 * at, said, came, interval }
    };
    let fold = Fold { fitted: 110, held_out: 104, pairs: 1_000, ece: 0.04, brier: 0.11, coverage: 0.91 };
    let weights = WITNESSES.into_iter().zip([0.2, 0.1, 0.6, 0.1]);
    Arc::new(CalibrationTable {
        calibrated: true,
        slices: 440,
        parts: 40,
        test_items: 16_281,
        evidence_items: 30_933,
        overall: 0.28,
        recipe: Some(Recipe { own_form: false, learnt_centre: true }),
        weights: weights.map(|(name, share)| WitnessWeight { name, coefficient: share, share }).collect(),
        noise: Some(Noise { error: 0.05, power: 0.5, unit: 0.28 }),
        half_width: Some(0.1),
        level: 0.9,
        slope: Some(1.6),
        held_out: Some(Assessment {
            slices: 4_160,
            pairs: 40_000,
            ece: 0.021,
            brier: 0.108,
            coverage: 0.915,
            level: 0.9,
            width: 0.22,
            order_right: 0.853,
            worse_share: 0.44,
            worse_right: Some(0.968),
            mean_error: 0.048,
            regressor_error: 0.077,
            bins: (0..10).map(bin).collect(),
            folds: vec![fold; 40],
        }),
        outcomes: Vec::new(),
    })
}

/// An estimate that changes a little with each letter.
fn estimate(text: &str) -> PromptEstimate {
    let value = 0.3 + 0.2 * noise(key(text), 21);
    let interval = Some(stats::Interval { low: value - 0.11, high: value + 0.11, level: 0.9 });
    PromptEstimate { value, interval, slices: 440, calibrated: true, measured: false, note: None }
}

/// What the data know of a prompt: nothing is like a dog.
fn support(text: &str) -> Support {
    let word = |word: &str, read_as: Option<&str>, cosine: f64| WordReading {
        word: word.into(),
        read_as: read_as.map(Into::into),
        cosine,
    };
    let words = text.split_whitespace().filter(|each| each.len() > 3).map(|each| match each {
        "trucker" => word(each, Some("driver"), 0.58),
        _ => word(each, Some(each), 1.0),
    });
    let dog = text.contains("dog");
    let words = words.chain(dog.then(|| word("dog", None, 0.12))).collect();
    Support {
        supported: !dog,
        words_of: WordsOf::Items,
        judged_by: JudgedBy::Words,
        figure: Some(if dog { 0.12 } else { 0.58 }),
        threshold: Some(0.38),
        words,
    }
}

/// What items say of a prompt.
fn witnesses(text: &str) -> Vec<WitnessAnswer> {
    let answer = |name: &str, n: usize, weight: f64| {
        let value = 0.3 + 0.2 * noise(key(text), n as u64);
        let interval = Some(stats::Interval { low: value - 0.05, high: value + 0.05, level: 0.9 });
        WitnessAnswer { name: name.into(), value, n, interval, weight: Some(weight), over: "training items".into() }
    };
    vec![answer("words", 61, 0.6), answer("nearest", 100, 0.1)]
}

/// The closer look at a run: points near the diagonal, prompts of both kinds.
pub fn examination(run: &RunId) -> Examination {
    let side = 20_usize;
    let density: Vec<u32> = (0..side * side)
        .map(|at| {
            let distance = (at % side).abs_diff(at / side) as f64;
            (120.0 * (-distance * distance / 18.0).exp() + 6.0 * noise(at as u64, 3)) as u32
        })
        .collect();
    let group = |at: usize| Tenth { n: 1628, predicted: -2.0 + 0.4 * at as f64, loss: 0.05 * (1 << at) as f64 / 10.0 };
    let places = HeadKind::ALL.map(|head| Place {
        head,
        n: 16_281,
        side,
        density: density.clone(),
        groups: (0..10).map(group).collect(),
    });
    let own = OWN.iter().map(|text| (*text, None, 8.0));
    let foreign = FOREIGN.iter().map(|text| (*text, Some("CIFAR-10, with a/an".to_owned()), 0.0));
    let mut ladder: Vec<Familiarity> = own
        .chain(foreign)
        .map(|(text, foreign, centre)| Familiarity {
            text: text.into(),
            foreign,
            mean: centre + 3.0 * bell(key(text), 1),
            sd: 1.0 + noise(key(text), 2),
        })
        .collect();
    ladder.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    Examination { run: run.clone(), places: places.to_vec(), ladder, members: 5, calibration: calibration() }
}

/// A store with a few trees and the losses of three models.
pub fn store() -> StoreView {
    let losses = |model: &str, seed| {
        let losses: Vec<f64> = (0..2_000).map(|at| (-1.0 + 1.4 * bell(seed, at)).exp()).collect();
        LossHistogram::of(model, &losses).unwrap()
    };
    let tree = |name: &str, rows, bytes| llm2loss::store::TreeSize { name: name.into(), rows, bytes };
    StoreView {
        home: "/home/ann/.local/share/llm2loss".into(),
        bytes: 91_100_000,
        trees: vec![
            tree("audits", 1, 8_720),
            tree("diagnoses", 2, 653_000),
            tree("embeddings/static-64", 48_320, 50_400_000),
            tree("losses", 3, 781_000),
            tree("prompts/adult", 12, 640),
            tree("runs", 2, 10_600),
            tree("schema", 1, 7),
        ],
        audits: Vec::new(),
        splits: [32_561, 0, 16_281],
        encoder: "static-64".into(),
        dimension: 64,
        embedded: 48_320,
        items: 48_842,
        fitted: Vec::new(),
        losses: vec![losses("logistic", 1), losses("gradient boosting", 2), losses("small mlp", 3)],
        rarest: vec![("armed forces".into(), 9), ("capital loss".into(), 2_296)],
    }
}

pub fn tables(record: &RunRecord) -> Arc<Tables> {
    let rows: Vec<AttributeRow> = (0..40).map(|at| row(at, key(&record.id.0))).collect();
    let bias = Contrast::ALL
        .into_iter()
        .map(|contrast| {
            let pairs: Vec<(f64, f64)> = rows
                .iter()
                .filter_map(|row| {
                    Some((row.predicted(HeadKind::Regressor, contrast)?.summary.mean, row.loss_gap.value()?))
                })
                .collect();
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            BiasRow {
                head: HeadKind::Regressor,
                contrast,
                against: TrueGap::SignedLoss,
                n: x.len(),
                correlations: Correlations {
                    pearson: stats::pearson(&x, &y).map(Association::from).into(),
                    spearman: stats::spearman(&x, &y).map(Association::from).into(),
                    kendall: stats::kendall(&x, &y).map(Association::from).into(),
                },
                same_sign: Some(x.iter().zip(&y).filter(|(a, b)| (**a > 0.0) == (**b > 0.0)).count()),
                same_sign_interval: None,
                null: None,
            }
        })
        .collect();
    Arc::new(Tables {
        run: record.id.clone(),
        attributes: AttributesTable {
            n: 16_281,
            units: 16_281,
            classes: None,
            intervals: "a fixed width".into(),
            rows,
        },
        validity: validity(key(&record.id.0)),
        bias: BiasTable { rows: bias, everybody: Vec::new() },
        zero_shot: ZeroShotTable { rows: Vec::new() },
        ood: ood(key(&record.id.0)),
    })
}

pub fn run_view(record: &Arc<RunRecord>) -> RunView {
    RunView { record: record.clone(), tables: tables(record) }
}

/// Scores that change a little with each letter.
pub fn scores(text: &str) -> PromptScores {
    let letters = text.chars().count() as f64;
    let level = |head: u64| {
        let words: f64 = text.split_whitespace().map(|word| bell(key(word), head)).sum();
        words / (1.0 + letters / 12.0)
    };
    let heads = HeadKind::ALL
        .map(|head| {
            let (centre, scale, low, high) = match head {
                HeadKind::Regressor => (0.36, 0.12, 0.02, 1.1),
                HeadKind::Ranker => (0.0, 0.8, -2.6, 2.8),
                HeadKind::Ood => (4.0, 2.0, 0.4, 7.5),
            };
            let mean = centre + scale * level(head.index() as u64);
            let members: Vec<f64> =
                (0..5).map(|m| mean + 0.12 * scale * bell(key(text) ^ head.index() as u64, m)).collect();
            let summary = stats::summary(&members).unwrap();
            let z = (summary.mean - (low + high) / 2.0) / ((high - low) / 5.0);
            HeadScore {
                head,
                members,
                summary,
                percentile: 1.0 / (1.0 + (-1.7 * z).exp()),
                over: if head == HeadKind::Ood { "98 prompts of the audit".into() } else { "16,281 test items".into() },
                axis: (low, high),
            }
        })
        .to_vec();
    let known =
        ["a", "an", "the", "person", "who", "woman", "man", "old", "young", "works", "in", "with", "of", "over"];
    let unseen = text
        .split_whitespace()
        .filter(|word| word.len() > 3 && noise(key(word), 5) > 0.8 && !known.contains(word))
        .map(str::to_owned)
        .collect();
    PromptScores {
        text: text.into(),
        heads,
        out_of_distribution: text.contains("dog"),
        unknown_pieces: text.split_whitespace().filter(|word| word.contains('z')).count(),
        unseen_words: unseen,
        pieces: text.split_whitespace().count() + 2,
        piece_limit: 512,
        nearest: vec![
            ("female".into(), 0.2 + 0.3 * noise(key(text), 1)),
            ("age over 60".into(), 0.2 + 0.1 * noise(key(text), 2)),
            ("widowed".into(), 0.18),
        ],
        estimate: Some(estimate(text)),
        support: Some(support(text)),
        witnesses: witnesses(text),
        why: Vec::new(),
        fitted: false,
    }
}

pub fn answer(request: &ScoreRequest) -> Answer {
    if request.b.is_empty() {
        return Answer::One(scores(&request.a));
    }
    let (a, b) = (scores(&request.a), scores(&request.b));
    let heads = HeadKind::ALL
        .map(|head| {
            let deltas: Vec<f64> =
                a.heads[head.index()].members.iter().zip(&b.heads[head.index()].members).map(|(a, b)| a - b).collect();
            PairHead {
                head,
                summary: stats::summary(&deltas).unwrap(),
                direction: stats::direction(&deltas).unwrap(),
                deltas,
            }
        })
        .to_vec();
    let harder = heads[0].summary.mean > 0.0;
    let verdict = format!(
        "{} is predicted harder; the regressor has {} of 5 members for it.",
        if harder { "A" } else { "B" },
        if harder { heads[0].direction.positive } else { 5 - heads[0].direction.positive },
    );
    let value = estimate(&request.a).value - estimate(&request.b).value;
    let p_worse = 1.0 / (1.0 + (-30.0 * value).exp());
    let known = [&request.a, &request.b].iter().all(|text| support(text).supported);
    let found = PairEstimate {
        p_worse,
        verdict: PairVerdict::of(p_worse, known),
        estimate: PromptEstimate { value, ..estimate(&request.a) },
        witnesses_disagree: false,
    };
    Answer::Pair(Box::new(PairScores { a, b, heads, verdict, estimate: Some(found) }))
}

/// Progress of a made-up training job after some share of it.
pub fn progress(job: JobId, share: f64, members: usize) -> Progress {
    let total = 1_200_u64;
    let done = (share * total as f64) as u64;
    let points = (done as usize).min(400);
    let steps: Vec<u32> = (0..points).map(|p| (p as u64 * done / points.max(1) as u64) as u32).collect();
    let series = [0.0, 1.0, 2.0].map(|head: f64| {
        (0..members)
            .map(|m| {
                steps
                    .iter()
                    .map(|step| {
                        let t = f64::from(*step) / total as f64;
                        let fall = (0.7 - 0.1 * head) * (-6.0 * t * (1.0 + 0.15 * m as f64)).exp();
                        let rough = 0.02 * bell(u64::from(*step) + m as u64 * 7, head as u64);
                        (0.16 + 0.05 * head + fall + rough + 0.008 * m as f64) as f32
                    })
                    .collect()
            })
            .collect::<Vec<Vec<f32>>>()
    });
    let losses = [0, 1, 2].map(|h: usize| series[h].iter().filter_map(|s| s.last().copied()).collect());
    Progress {
        job,
        stage: Stage::Training,
        done,
        total,
        epoch: ((share * 4.0) as usize + 1, 4),
        speed: 182_000.0,
        eta: (share > 0.05).then_some((1.0 - share) * 12.0),
        elapsed: share * 12.0,
        curves: Arc::new(Curves { steps, series }),
        losses,
        memory: None,
        gpu: None,
    }
}
