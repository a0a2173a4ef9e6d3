//! How long findings take: the built-in audit from start to sentences, and a million items with forty attributes.
//!
//! `cargo bench --bench findings`
#![allow(clippy::unwrap_used)]

use llm2loss::audit::{Attribute, AttributePrompts, Audit, Content, Item, ModelLosses, PromptSets, Split};
use llm2loss::diagnose::{Additions, findings};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::process::{Command, Stdio};
use std::time::Instant;

const ITEMS: usize = 1_000_000;
const ATTRIBUTES: usize = 40;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    for what in ["findings adult, from an empty home", "findings adult, again"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_llm2loss"));
        command.arg("--home").arg(folder.path()).args(["findings", "adult"]).stdout(Stdio::null());
        let began = Instant::now();
        assert!(command.status().unwrap().success());
        println!("{what:<66} {:>9.1} ms   under 300", began.elapsed().as_secs_f64() * 1e3);
    }
    let audit = audit();
    let began = Instant::now();
    let found = findings(&audit, &audit.models[0], Some(&audit.models[1]), &Additions::default());
    let took = began.elapsed().as_secs_f64() * 1e3;
    println!("{:<66} {took:>9.1} ms   under 2000", format!("{ITEMS} test items, {ATTRIBUTES} attributes, two models"));
    found.findings.iter().for_each(|finding| println!("    {}", finding.claim()));
}

/// Flags of shares from .02 to .6, the first of which is hard; two models.
fn audit() -> Audit {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let attribute = |at: usize, rng: &mut ChaCha8Rng| {
        let share = 0.02 + 0.58 * at as f64 / (ATTRIBUTES - 1) as f64;
        let name = format!("flag {at}");
        let prompts = AttributePrompts {
            bare: (name.clone(), format!("Not {name}")),
            phrase: name.clone(),
            antonym: None,
            generic: "a person".into(),
            made: true,
        };
        Attribute { name, prompts, values: (0..ITEMS).map(|_| Some(rng.random::<f64>() < share)).collect() }
    };
    let attributes: Vec<Attribute> = (0..ATTRIBUTES).map(|at| attribute(at, &mut rng)).collect();
    let loss = |row: usize, rng: &mut ChaCha8Rng| {
        rng.random::<f64>() + if attributes[0].values[row] == Some(true) { 1.0 } else { 0.0 }
    };
    let model = |name: &str, rng: &mut ChaCha8Rng| ModelLosses {
        name: name.into(),
        losses: (0..ITEMS).map(|row| loss(row, rng)).collect(),
        scores: None,
        class_aurocs: None,
    };
    let models = vec![model("v1", &mut rng), model("v2", &mut rng)];
    let item = |row: usize| Item {
        id: row.to_string().into(),
        text: format!("a person of some age, item number {row} of a million").into(),
        split: Split::Test,
        content: Content::Text,
    };
    Audit {
        name: "million".into(),
        items: (0..ITEMS).map(item).collect(),
        labels: None,
        clusters: None,
        attributes,
        models,
        prompts: PromptSets::default(),
    }
}
