//! The built-in audit from file to tables, against a reference in PyTorch, SciPy and scikit-learn
//! (`tests/recipes/make_adult_reference.py`), within the tolerances that training by another random stream needs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use llm2loss::audit::{Architecture, Contrast, HeadKind, HyperParameters};
use llm2loss::diagnose::{Aggregate, Tables, TrueGap};
use llm2loss::engine::{EngineError, Session, Tracker};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// One session for all tests of this file: the audit is read and embedded once.
fn session() -> &'static Session {
    static SESSION: OnceLock<Session> = OnceLock::new();
    SESSION.get_or_init(|| Session::open(&tempfile::tempdir().unwrap().keep(), "adult").unwrap())
}

fn tables(model: &str, hyper: &HyperParameters) -> Tables {
    static TABLES: OnceLock<Mutex<HashMap<String, Tables>>> = OnceLock::new();
    let mut kept = TABLES.get_or_init(Mutex::default).lock().unwrap();
    let key = format!("{model} {hyper:?}");
    kept.entry(key)
        .or_insert_with(|| session().train(model, hyper, &Tracker::silent()).unwrap().diagnosis.tables)
        .clone()
}

fn reference() -> Value {
    serde_json::from_str(include_str!("fixtures/adult-reference.json")).unwrap()
}

fn close(ours: f64, theirs: &Value, tolerance: f64, what: &str) {
    let theirs = theirs.as_f64().unwrap_or_else(|| theirs[0].as_f64().unwrap());
    assert!((ours - theirs).abs() <= tolerance, "{what}: {ours} against {theirs}");
}

fn spearman(tables: &Tables, head: HeadKind, aggregate: Aggregate) -> [f64; 3] {
    let row = tables.validity.rows.iter().find(|row| row.head == head && row.aggregate == aggregate).unwrap();
    let correlations = [&row.correlations.pearson, &row.correlations.spearman, &row.correlations.kendall];
    correlations.map(|correlation| correlation.value().unwrap().value)
}

fn signed_gap(tables: &Tables, head: HeadKind, contrast: Contrast) -> (f64, f64) {
    let row = tables
        .bias
        .rows
        .iter()
        .find(|row| row.head == head && row.contrast == contrast && row.against == TrueGap::SignedLoss)
        .unwrap();
    (row.correlations.spearman.value().unwrap().value, row.same_sign.unwrap() as f64 / row.n as f64)
}

#[test]
fn what_is_measured_is_what_scikit_learn_measures() {
    let reference = reference();
    for model in ["v1", "v2"] {
        let tables = tables(model, &HyperParameters::new(Architecture::Mlp));
        assert_eq!((tables.attributes.n, tables.attributes.rows.len()), (16_281, 40));
        for row in &tables.attributes.rows {
            let theirs = &reference["attributes"][model][&row.name];
            let what = |part: &str| format!("{model} {} {part}", row.name);
            assert_eq!(row.n_true as u64, theirs["n_true"].as_u64().unwrap(), "{}", what("n"));
            assert_eq!(row.n_true + row.n_false + row.n_unknown, 16_281);
            close(row.auroc_true.value().unwrap(), &theirs["auroc_true"], 1e-4, &what("AUROC true"));
            close(row.auroc_false.value().unwrap(), &theirs["auroc_false"], 1e-4, &what("AUROC false"));
            close(row.rmm.value().unwrap(), &theirs["rmm"], 1e-4, &what("RMM"));
            close(row.auroc_gap.value().unwrap(), &theirs["auroc_gap"], 1e-4, &what("AUROC gap"));
            close(row.loss_gap.value().unwrap(), &theirs["loss_gap"], 1e-4, &what("loss gap"));
            for contrast in Contrast::ALL {
                let auroc = row.zero_shot(contrast).unwrap().value().unwrap();
                close(auroc, &reference["zero_shot"][contrast.name()][&row.name], 1e-4, &what("zero-shot"));
            }
        }
        for row in &tables.zero_shot.rows {
            let theirs = &reference["table4"][model][row.contrast.name()];
            close(row.correlations.spearman.value().unwrap().value, &theirs["spearman"], 2e-3, "Table 4");
            close(row.correlations.pearson.value().unwrap().value, &theirs["pearson"], 2e-3, "Table 4");
        }
    }
}

#[test]
fn heads_know_which_items_fail_as_well_as_the_reference() {
    let reference = reference();
    for (model, architecture, tolerance) in
        [("v1", Architecture::Mlp, 0.02), ("v2", Architecture::Mlp, 0.02), ("v2", Architecture::Linear, 0.03)]
    {
        let tables = tables(model, &HyperParameters::new(architecture));
        for head in [HeadKind::Regressor, HeadKind::Ranker] {
            for aggregate in [Aggregate::Mean, Aggregate::Median] {
                let name = if aggregate == Aggregate::Mean { "mean" } else { "median" };
                let run = format!("{model}/rows and fragments/{architecture}/{head}");
                let theirs = &reference["runs"][&run]["table2"][name];
                for (value, statistic) in
                    spearman(&tables, head, aggregate).into_iter().zip(["pearson", "spearman", "kendall"])
                {
                    close(value, &theirs[statistic], tolerance, &format!("{run} {name} {statistic}"));
                }
            }
        }
    }
}

#[test]
fn predicted_gaps_follow_true_gaps_as_in_the_reference() {
    let reference = reference();
    let tables = tables("v2", &HyperParameters::new(Architecture::Mlp));
    for head in [HeadKind::Regressor, HeadKind::Ranker] {
        for contrast in [Contrast::Antonym, Contrast::Generic] {
            let (value, same_sign) = signed_gap(&tables, head, contrast);
            let theirs = &reference["runs"][format!("v2/rows and fragments/mlp/{head}")]["gaps"][contrast.name()];
            close(value, &theirs["spearman"], 0.10, &format!("{head} {contrast}"));
            assert!(value > 0.6 && same_sign >= 0.8, "{head} {contrast}: {value}, same sign {same_sign}");
        }
    }
    // The paper's "Not X" is the weaker question: that is why it is not the default.
    assert!(
        signed_gap(&tables, HeadKind::Ranker, Contrast::Bare).0
            < signed_gap(&tables, HeadKind::Ranker, Contrast::Antonym).0
    );
}

#[test]
fn the_ood_head_tells_foreign_words_from_the_datas_own() {
    for model in ["v1", "v2"] {
        let table = tables(model, &HyperParameters::new(Architecture::Mlp)).ood;
        let auroc = |name: &str| {
            table.rows.iter().find(|row| row.foreign == name).unwrap().auroc(HeadKind::Ood).unwrap().value().unwrap()
        };
        assert!(auroc("random vectors") >= 0.95 && auroc("CIFAR-10") >= 0.95 && auroc("CIFAR-100") >= 0.95);
        assert!(auroc("CIFAR-10, with a/an") >= 0.85 && auroc("CIFAR-100, with a/an") >= 0.85);
        assert!(
            !table.rows.iter().any(|row| row.foreign.starts_with("CIFAR-100 superclasses,")),
            "plurals take no article"
        );
        assert_eq!(table.left_out, ["people", "baby", "boy", "girl", "man", "woman"]);
    }
}

#[test]
fn the_papers_mode_trains_on_rows_alone() {
    let reference = reference();
    let tables = tables("v2", &HyperParameters::paper(Architecture::Mlp));
    for head in [HeadKind::Regressor, HeadKind::Ranker] {
        let theirs = &reference["runs"][format!("v2/rows/mlp/{head}")]["table2"]["mean"]["spearman"];
        close(spearman(&tables, head, Aggregate::Mean)[1], theirs, 0.02, head.name());
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let session = session();
    let mut hyper = HyperParameters::new(Architecture::Linear);
    hyper.epochs = 1;
    let weights = |hyper: &HyperParameters| {
        std::fs::read(session.train("v1", hyper, &Tracker::silent()).unwrap().weights_path).unwrap()
    };
    let first = weights(&hyper);
    assert!(first == weights(&hyper), "weights differ from one training to the next");
    hyper.seed += 1;
    assert!(first != weights(&hyper), "another seed gave the same weights");
}

#[test]
fn every_target_is_shown_on_the_loss_scale() {
    use llm2loss::audit::Target;
    for target in [Target::Log1p, Target::Rank] {
        let hyper = HyperParameters { target, ..HyperParameters::new(Architecture::Linear) };
        let run = session().train("v1", &hyper, &Tracker::silent()).unwrap();
        let scores = session().scorer(&run).unwrap().score("an elderly person").unwrap();
        let loss = scores.head(HeadKind::Regressor).unwrap().summary.mean;
        assert!((0.0..20.0).contains(&loss), "{target:?}: {loss}");
    }
}

#[test]
fn a_run_cancelled_in_the_middle_keeps_its_checkpoint_and_nothing_else() {
    let session = session();
    let hyper = HyperParameters { seed: 99, ..HyperParameters::new(Architecture::Linear) };
    let tracker: Arc<OnceLock<Tracker>> = Arc::default();
    let own = tracker.clone();
    let made = Tracker::new(1, |_| {}, move |_| own.get().unwrap().cancel());
    let tracker = tracker.get_or_init(|| made);
    assert!(matches!(session.train("v1", &hyper, tracker), Err(EngineError::Cancelled)));
    assert!(session.finished("v1", &hyper).unwrap().is_none());
    let runs = session.store().runs("adult", None).unwrap();
    assert!(runs.iter().all(|run| run.hyper.seed != 99), "nothing of it is kept");
}

#[test]
fn a_rate_that_diverges_is_told_with_its_epoch() {
    let hyper = HyperParameters {
        learning_rate: 10.0,
        epochs: 2,
        fragments: false,
        seed: 5,
        weight_decay: 9.0,
        ..HyperParameters::new(Architecture::Mlp)
    };
    let error = session().train("v1", &hyper, &Tracker::silent()).err().expect("it cannot have been learnt");
    assert!(error.to_string().contains("diverged in epoch") && error.to_string().contains("learning rate"), "{error}");
}

#[test]
fn every_item_is_embedded_once() {
    let session = session();
    session.embeddings(&Tracker::silent()).unwrap();
    let audit = session.audit().unwrap();
    let distinct: std::collections::HashSet<&str> = audit.items.iter().map(|item| item.text.as_str()).collect();
    assert_eq!(session.store().embedding_count(session.encoder().fingerprint()).unwrap(), distinct.len());
}

#[test]
fn a_large_matrix_is_read_from_the_packs_and_trains_to_the_same_weights() {
    let home = tempfile::tempdir().unwrap();
    let hyper = HyperParameters { epochs: 1, ..HyperParameters::new(Architecture::Linear) };
    let mut digests = Vec::new();
    for limit in [u64::MAX, 1 << 20] {
        let session = Session::open(home.path(), "adult").unwrap().packed_above(limit);
        let rows = session.embeddings(&Tracker::silent()).unwrap();
        assert_eq!(rows.is_packed(), limit != u64::MAX);
        let rows = rows.to_vec();
        assert_eq!(rows.len(), 48_842 * session.encoder().dimension());
        let record = session.train("v1", &hyper, &Tracker::silent()).unwrap().record;
        session.store().delete_run(&record.id).unwrap();
        digests.push((record.weights_digest, llm2loss::store::bytes_hash(bytemuck::cast_slice(&rows))));
    }
    assert_eq!(digests[0], digests[1]);
    let left: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("tmp")), "{left:?}");
}

/// Numbers below what is asked for: Knuth's MMIX generator, top bits.
fn draws() -> impl FnMut(usize) -> usize {
    let mut random = 1_u64;
    move |n| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((random >> 33) % n as u64).unwrap()
    }
}

/// Errors of labels alone, of heads alone and of both combined, and whether the combined interval holds the truth.
#[derive(Default)]
struct Seen {
    squares: [f64; 3],
    held: u32,
    all: u32,
}

impl Seen {
    fn add(&mut self, values: [f64; 3], truth: f64, holds: bool) {
        self.squares.iter_mut().zip(values).for_each(|(sum, value)| *sum += (value - truth).powi(2));
        self.held += u32::from(holds);
        self.all += 1;
    }

    fn rmse(&self, of: usize) -> f64 {
        (self.squares[of] / f64::from(self.all)).sqrt()
    }

    fn coverage(&self) -> f64 {
        f64::from(self.held) / f64::from(self.all)
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [alone, predicted, together] = [0, 1, 2].map(|of| self.rmse(of));
        write!(f, "RMSE {alone:.3} of labels alone, {predicted:.3} of heads alone, {together:.3} combined; ")?;
        write!(f, "the 95 % interval holds {:.3} of {}", self.coverage(), self.all)
    }
}

/// Fay and Herriot's combination with the heads' predictions, for groups thinned to a few labels.
#[test]
#[ignore = "simulation"]
fn small_cells_with_few_labels_gain_from_heads() {
    use llm2loss::audit::Split;
    use llm2loss::diagnose::{LabelledGroup, combine};
    use llm2loss::stats;
    let session = session();
    let run = session.train("v1", &HyperParameters::new(Architecture::Linear), &Tracker::silent()).unwrap();
    let audit = session.audit().unwrap();
    let model = audit.model("v1").unwrap();
    let rows = audit.rows_of(model, Split::Test);
    let embeddings = session.embeddings(&Tracker::silent()).unwrap();
    let test = embeddings.rows().gather(&rows, session.encoder().dimension());
    let predictions = run.ensemble.predict(&test).unwrap().mean(HeadKind::Regressor);
    let mean = |items: &[usize], of: &dyn Fn(usize) -> f64| {
        items.iter().map(|&item| of(item)).sum::<f64>() / items.len() as f64
    };
    let loss = |item: usize| model.losses[rows[item]];
    let groups: Vec<Vec<usize>> = (audit.attributes.iter())
        .map(|attribute| (0..rows.len()).filter(|&item| attribute.values[rows[item]] == Some(true)).collect())
        .collect();
    let mut below = draws();
    for labels in [5, 10, 30] {
        let mut seen = Seen::default();
        for _ in 0..200 {
            let few: Vec<Vec<f64>> =
                (groups.iter()).map(|items| (0..labels).map(|_| loss(items[below(items.len())])).collect()).collect();
            let known: Vec<LabelledGroup> = (groups.iter().zip(&few))
                .map(|(items, few)| {
                    let found = stats::group_mean(few, &vec![stats::Side::With; labels], stats::Side::With).unwrap();
                    let predicted = mean(items, &|item| predictions[item]);
                    LabelledGroup { mean: found.value, variance: found.variance, units: labels, predicted }
                })
                .collect();
            for ((combined, group), items) in
                combine(&known, model.losses.iter().copied()).unwrap().iter().zip(&known).zip(&groups)
            {
                let truth = mean(items, &loss);
                seen.add([group.mean, group.predicted, combined.value], truth, combined.interval.contains(truth));
            }
        }
        println!("{labels} labels a group: {seen}");
        let [alone, predicted, together] = [0, 1, 2].map(|of| seen.rmse(of));
        let coverage = seen.coverage();
        assert!(labels > 5 || together <= 0.6 * alone);
        // With 5 labels the intervals are wider than they need be: how far groups lie apart is then known badly.
        assert!(together <= 1.05 * alone.min(predicted) && (0.92..=0.999).contains(&coverage));
    }
}

/// The same of slices found by themselves: all that were tested, and those whose few labels say that they are harder than the
/// rest, as those are that are told.
#[test]
#[ignore = "trains and simulates"]
fn small_cells_of_discovered_slices_gain_from_heads() {
    use llm2loss::audit::Split;
    use llm2loss::diagnose::{DiscoverQuestion, DiscoveredSlice, LabelledGroup, Watch, combine};
    use llm2loss::engine::LossesOf;
    use llm2loss::stats;
    let session = session();
    let run = session.train("v1", &HyperParameters::new(Architecture::Linear), &Tracker::silent()).unwrap();
    let audit = session.audit().unwrap();
    let model = audit.model("v1").unwrap();
    let rows = audit.rows(Split::Test);
    let embeddings = session.embeddings(&Tracker::silent()).unwrap();
    let test = embeddings.rows().gather(&rows, session.encoder().dimension());
    let predictions = run.ensemble.predict(&test).unwrap().mean(HeadKind::Regressor);
    let predictions: HashMap<usize, f64> = rows.into_iter().zip(predictions).collect();
    let predicted = |slice: &DiscoveredSlice| {
        let known: Vec<f64> = slice.items.iter().filter_map(|row| predictions.get(row).copied()).collect();
        known.iter().sum::<f64>() / known.len() as f64
    };
    for (depth, top) in [(1, 10), (2, 10), (2, 30)] {
        let question = DiscoverQuestion { depth, top, ..DiscoverQuestion::default() };
        let found = session.discover(LossesOf::Model("v1"), &question, &[], &Watch::silent()).unwrap();
        let slices: Vec<&DiscoveredSlice> =
            found.slices.iter().chain(&found.untold).filter(|slice| slice.n >= 60).collect();
        let of_slice: Vec<f64> = slices.iter().map(|slice| predicted(slice)).collect();
        let mut below = draws();
        for labels in [5, 10, 30] {
            // Over all slices, and over those that look harder.
            let mut seen = [Seen::default(), Seen::default()];
            for _ in 0..200 {
                let known: Vec<LabelledGroup> = (slices.iter().zip(&of_slice))
                    .map(|(slice, &predicted)| {
                        let few: Vec<f64> = (0..labels).map(|_| slice.losses[below(slice.n)]).collect();
                        let found =
                            stats::group_mean(&few, &vec![stats::Side::With; labels], stats::Side::With).unwrap();
                        LabelledGroup { mean: found.value, variance: found.variance, units: labels, predicted }
                    })
                    .collect();
                for ((combined, group), slice) in
                    combine(&known, model.losses.iter().copied()).unwrap().iter().zip(&known).zip(&slices)
                {
                    let harder = group.mean - slice.overall > 2.0 * group.variance.sqrt();
                    for (seen, counts) in seen.iter_mut().zip([true, harder]) {
                        if counts {
                            let values = [group.mean, group.predicted, combined.value];
                            seen.add(values, slice.mean_loss, combined.interval.contains(slice.mean_loss));
                        }
                    }
                }
            }
            for (seen, whose) in seen.iter().zip(["all", "those that look harder"]) {
                println!("{} slices to depth {depth}, {labels} labels each, {whose}: {seen}", slices.len());
                assert!(seen.rmse(2) <= seen.rmse(0));
            }
        }
    }
}
