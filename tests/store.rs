//! The store reopened: what was put in comes back, damage is found, other layouts are refused.
#![allow(clippy::unwrap_used)]

use llm2loss::audit::{Architecture, HyperParameters, RunId, RunRecord, RunState, WaitingRun};
use llm2loss::store::{HistoryEntry, Store, StoreError, content_hash};

fn record(id: &str, weights: &[u8], finished_at: u64) -> RunRecord {
    RunRecord {
        id: RunId(id.into()),
        audit: "adult".into(),
        model: "v1".into(),
        encoder: "test".into(),
        state: RunState::Finished,
        hyper: HyperParameters::new(Architecture::Linear),
        data_fingerprint: "0".into(),
        train_items: 2,
        validation_items: 0,
        dimension: 3,
        device: "cpu".into(),
        version: "0".into(),
        weights_digest: Store::weights_digest(weights),
        finished_at,
        seconds: 0.1,
        epochs: Vec::new(),
        best_epoch: None,
        reduced_batch: None,
    }
}

#[test]
fn everything_comes_back_after_reopening() {
    let home = tempfile::tempdir().unwrap();
    let hashes: Vec<_> = (0..600).map(|index| content_hash(&format!("text {index}"))).collect();
    let rows: Vec<f32> = (0..1800).map(|value| value as f32 / 7.0).collect();
    {
        let store = Store::open(home.path()).unwrap();
        store.put_embeddings("e1", &hashes, &rows).unwrap();
        store.put_run(&record("aa11", b"weights", 2), b"weights", &"tables").unwrap();
        store.put_run(&record("ab22", b"others", 1), b"others", &"tables").unwrap();
        store.remember("adult", &HistoryEntry { a: "one".into(), b: None }).unwrap();
        store.remember("adult", &HistoryEntry { a: "two".into(), b: Some("three".into()) }).unwrap();
    }
    let store = Store::open(home.path()).unwrap();
    let wanted: Vec<_> = hashes.iter().copied().map(Some).collect();
    let (found, missing) = store.embeddings("e1", &wanted, 3).unwrap();
    assert!(found == rows && missing.is_empty());
    // Another encoder has embedded nothing yet.
    assert_eq!(store.embeddings("e2", &wanted, 3).unwrap().1.len(), 600);
    let ids: Vec<String> = store.runs("adult", None).unwrap().into_iter().map(|run| run.id.0).collect();
    assert_eq!(ids, ["ab22", "aa11"], "oldest first");
    assert_eq!(store.find_run("aa").unwrap().id.0, "aa11");
    assert!(matches!(store.find_run("a"), Err(StoreError::NoRun { .. })), "two begin so");
    assert!(matches!(store.find_run(""), Err(StoreError::NoRun { .. })));
    let run = store.run::<String>(store.find_run("aa11").unwrap()).unwrap();
    assert_eq!((run.weights.as_slice(), run.diagnosis.as_deref()), (&b"weights"[..], Some("tables")));
    let history: Vec<String> = store.history("adult").unwrap().into_iter().map(|entry| entry.a).collect();
    assert_eq!(history, ["one", "two"]);
}

#[test]
fn weights_that_changed_on_disk_are_not_used() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path()).unwrap();
    let run = record("aa11", b"weights", 1);
    store.put_run(&run, b"weights", &"tables").unwrap();
    let file = home.path().join("runs/aa11/heads.safetensors");
    std::fs::write(&file, b"weightz").unwrap();
    assert!(store.weights(&run).unwrap_err().to_string().contains("train it again"));
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(store.weights(&run), Err(StoreError::Io { .. })));
}

#[test]
fn tables_of_an_older_form_count_as_none() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path()).unwrap();
    let run = record("aa11", b"weights", 1);
    store.put_run(&run, b"weights", &"not a number").unwrap();
    assert_eq!(store.run::<u32>(run.clone()).unwrap().diagnosis, None);
    store.put_diagnosis(&run.id, &7u32).unwrap();
    assert_eq!(store.run::<u32>(run).unwrap().diagnosis, Some(7));
}

#[test]
fn the_history_keeps_its_newest_thousand() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path()).unwrap();
    for index in 0..1005 {
        store.remember("adult", &HistoryEntry { a: index.to_string(), b: None }).unwrap();
    }
    let history = store.history("adult").unwrap();
    assert_eq!((history.len(), history[0].a.as_str(), history[999].a.as_str()), (1000, "5", "1004"));
}

#[test]
fn a_second_opener_is_told_who_holds_the_store() {
    let home = tempfile::tempdir().unwrap();
    let _store = Store::open(home.path()).unwrap();
    let Err(StoreError::Locked { owner, .. }) = Store::open(home.path()) else { unreachable!("the lock must hold") };
    assert!(owner.contains(&std::process::id().to_string()), "{owner}");
}

#[test]
fn what_waits_is_kept_by_audit_and_damage_is_told() {
    let home = tempfile::tempdir().unwrap();
    let run = |audit: &str, seed| {
        let hyper = HyperParameters { seed, ..HyperParameters::new(Architecture::Linear) };
        WaitingRun { audit: audit.into(), model: "v1".into(), running: seed == 1, hyper }
    };
    let store = Store::open(home.path()).unwrap();
    assert_eq!(store.waiting().unwrap(), []);
    store.keep_waiting("adult", vec![run("adult", 1), run("adult", 2)]).unwrap();
    store.keep_waiting("faces", vec![run("faces", 3)]).unwrap();
    assert_eq!(store.waiting().unwrap(), [run("faces", 3), run("adult", 1), run("adult", 2)]);
    // Who only reads sees it, and changes nothing.
    let reader = Store::open_reading(home.path()).unwrap();
    assert_eq!(reader.waiting().unwrap().len(), 3);
    assert!(reader.keep_waiting("adult", Vec::new()).unwrap_err().is_usage());
    store.keep_waiting("faces", Vec::new()).unwrap();
    assert_eq!(store.waiting().unwrap(), [run("adult", 1), run("adult", 2)]);
    let path = home.path().join("queue.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"seed\": 2", "\"seed\": 5", 1)).unwrap();
    let said = store.waiting().unwrap_err().to_string();
    assert!(said.contains("queue.json") && said.contains("is damaged"), "{said}");
    store.keep_waiting("adult", Vec::new()).unwrap();
    assert!(!path.exists() && store.waiting().unwrap().is_empty());
}
