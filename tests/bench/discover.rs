//! Slices that are planted and found again, slices found where there are none, and how long it takes.
//!
//! `cargo bench --bench discover` prints what `docs/benchmarks.md` keeps; `cargo bench --bench discover -- 20` takes 20
//! runs instead of 200. Planted as in dcbench (Eyuboglu et al. 2022): losses are permuted, then a share of a group's
//! losses (the strength) is drawn anew from the top 5 %. Three groups at a time: an attribute, a pair, a word.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

use llm2loss::audit::{Audit, Content, Item, PromptSets, Split};
use llm2loss::data;
use llm2loss::diagnose::{DiscoverMaterial, DiscoverQuestion, Discovery, Watch, discover};
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

const SHARES: std::ops::Range<f64> = 0.015..0.12;

fn find(audit: &Audit, losses: &[f64]) -> Discovery {
    let question = DiscoverQuestion { depth: 1, ..DiscoverQuestion::default() };
    discover(&DiscoverMaterial { audit, losses, near: &[] }, &question, &Watch::silent()).unwrap()
}

/// Groups that can be planted: attributes, pairs of them, words.
fn groups(audit: &Audit) -> [Vec<Vec<usize>>; 3] {
    let count = audit.items.len() as f64;
    let fits = |rows: &Vec<usize>| SHARES.contains(&(rows.len() as f64 / count));
    let holds = |at: usize, row: &usize| audit.attributes[at].values[*row] == Some(true);
    let of = |ats: &[usize]| (0..audit.items.len()).filter(|row| ats.iter().all(|at| holds(*at, row))).collect();
    let singles: Vec<Vec<usize>> = (0..audit.attributes.len()).map(|at| of(&[at])).collect();
    let pairs = (0..singles.len()).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| of(&[a, b]));
    let mut words: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, item) in audit.items.iter().enumerate() {
        let said: BTreeSet<String> = data::words(&item.text).filter(|word| !data::is_function_word(word)).collect();
        said.into_iter().for_each(|word| words.entry(word).or_default().push(row));
    }
    words.retain(|word, _| word.chars().all(char::is_alphabetic) && word.len() > 2);
    [
        singles.iter().filter(|rows| fits(rows)).cloned().collect(),
        pairs.filter(fits).collect(),
        words.into_values().filter(fits).collect(),
    ]
}

struct Planted {
    found: usize,
    planted: usize,
    told: usize,
    named: usize,
    precision: f64,
}

/// Plants three groups in permuted losses and looks for them.
fn plant(audit: &Audit, losses: &[f64], of: &[Vec<Vec<usize>>; 3], strength: f64, rng: &mut ChaCha8Rng) -> Planted {
    let mut planted: Vec<&Vec<usize>> = Vec::new();
    let mut values = losses.to_vec();
    values.shuffle(rng);
    let mut sorted = losses.to_vec();
    sorted.sort_by(f64::total_cmp);
    let top = &sorted[sorted.len() * 95 / 100..];
    for kind in of {
        let Some(group) = kind.choose(rng) else { continue };
        for &row in group {
            if rng.random::<f64>() < strength {
                values[row] = *top.choose(rng).unwrap();
            }
        }
        planted.push(group);
    }
    let discovery = find(audit, &values);
    let shares = |told: &[usize], group: &Vec<usize>| {
        let both = told.iter().filter(|row| group.binary_search(row).is_ok()).count() as f64;
        (both / told.len() as f64, both / (told.len() + group.len()) as f64 * 2.0)
    };
    let best = |told: &[usize]| planted.iter().map(|group| shares(told, group).0).fold(0.0, f64::max);
    let like = |told: &[usize], group: &Vec<usize>| shares(told, group).1 >= 0.8;
    let hit = |group: &&&Vec<usize>| discovery.slices.iter().any(|slice| like(&slice.items, group));
    Planted {
        found: planted.iter().filter(hit).count(),
        planted: planted.len(),
        told: discovery.slices.len(),
        named: discovery.slices.iter().filter(|slice| best(&slice.items) >= 0.8).count(),
        precision: discovery.slices.iter().map(|slice| best(&slice.items)).sum(),
    }
}

fn recall(name: &str, audit: &Audit, losses: &[f64], of: &[Vec<Vec<usize>>; 3], runs: usize) {
    for strength in [0.2, 0.35, 0.5, 0.75, 1.0] {
        let mut rng = ChaCha8Rng::seed_from_u64(18);
        let all: Vec<Planted> = (0..runs).map(|_| plant(audit, losses, of, strength, &mut rng)).collect();
        let sum = |of: fn(&Planted) -> usize| all.iter().map(of).sum::<usize>() as f64;
        let told = sum(|run| run.told);
        println!(
            "{name}, strength {strength}: {:.2} of {} planted groups found; of {told} slices told, {:.2} within a planted group, precision {:.2}",
            sum(|run| run.found) / sum(|run| run.planted),
            sum(|run| run.planted),
            sum(|run| run.named) / told,
            all.iter().map(|run| run.precision).sum::<f64>() / told
        );
    }
}

/// Texts of 30 words by Zipf's law.
fn generated(items: usize) -> (Audit, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let vocabulary = 5_000_f64;
    let word = |rng: &mut ChaCha8Rng| vocabulary.powf(rng.random::<f64>()) as usize;
    let item = |row: usize, rng: &mut ChaCha8Rng| Item {
        id: row.to_string().into(),
        text: (0..30).map(|_| format!("word{}x", word(rng))).collect::<Vec<_>>().join(" ").into(),
        split: if row.is_multiple_of(2) { Split::Train } else { Split::Test },
        content: Content::Text,
    };
    let items: Vec<Item> = (0..items).map(|row| item(row, &mut rng)).collect();
    let hard = |item: &Item| f64::from(u8::from(item.text.contains("word30x ")));
    let losses = items.iter().map(|item| rng.random::<f64>() + hard(item)).collect();
    let audit = Audit {
        name: "generated".into(),
        items,
        labels: None,
        clusters: None,
        attributes: Vec::new(),
        models: Vec::new(),
        prompts: PromptSets::default(),
    };
    (audit, losses)
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("").replace(char::is_whitespace, "")
}

fn main() {
    let runs = std::env::args().nth(1).and_then(|runs| runs.parse().ok()).unwrap_or(200);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // It only fails if there is a pool already.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(cores).build_global();
    for items in [50_000, 1_000_000] {
        let (audit, losses) = generated(items);
        let started = Instant::now();
        let found = find(&audit, &losses);
        let names: Vec<&str> = found.slices.iter().map(|slice| slice.name.as_str()).collect();
        println!(
            "{items} texts: {:.2} s, {} candidates, {names:?}, {}",
            started.elapsed().as_secs_f64(),
            found.candidates,
            peak()
        );
    }
    let audit = data::load("adult").unwrap();
    let losses = audit.model("v2").unwrap().losses.clone();
    let started = Instant::now();
    println!("adult: {} slices, {:.2} s", find(&audit, &losses).slices.len(), started.elapsed().as_secs_f64());
    let of = groups(&audit);
    recall("adult", &audit, &losses, &of, runs / 4);
    let words = Audit { attributes: Vec::new(), ..audit.clone() };
    recall("adult without attributes", &words, &losses, &[Vec::new(), Vec::new(), of[2].clone()], runs / 4);
    for (name, audit) in [("adult", &audit), ("adult without attributes", &words)] {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut shuffled = losses.clone();
        let wrong = (0..runs).filter(|_| {
            shuffled.shuffle(&mut rng);
            !find(audit, &shuffled).slices.is_empty()
        });
        println!("{name}, permuted losses: a slice is told in {} of {runs} runs", wrong.count());
    }
}
