//! How long a list of items takes to open, and a scan for the nearest items in packs as they lie.
//!
//! `cargo bench --bench items` prints medians; `docs/benchmarks.md` keeps a run. Packs of a million rows take 1 GB of disk
//! in the system's folder of temporary files, or in `TMPDIR`.
#![allow(clippy::unwrap_used)]

use llm2loss::audit::{Attribute, AttributePrompts, Audit, Content, Item, ModelLosses, PromptSets, Split};
use llm2loss::diagnose::{ItemFilter, ListedItem, nearest_rows, sort_rows, worst_words};
use llm2loss::heads::Rows;
use llm2loss::store::{ContentHash, Precision, Store, bytes_hash};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

const DIMENSION: usize = 512;
const NEAREST: usize = 50;
const SCANS: usize = 30;
/// Rows of one pack.
const PACK: usize = 125_000;

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Processor time of this program in milliseconds, of all threads; 0 where the system does not tell it as Linux does. On
/// a busy machine it says more than the clock.
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(") ").map(|(_, after)| after.split(' ').skip(11).take(2));
    fields.into_iter().flatten().filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10.0
}

/// Packs of random rows, exact in half precision or not; then the nearest of each of some queries.
fn scan(items: usize, is_half: bool) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(items as u64);
    let hashes: Vec<ContentHash> = (0..items as u64).map(|row| bytes_hash(&row.to_le_bytes())).collect();
    for hashes in hashes.chunks(PACK) {
        let value = |_| {
            let value: f32 = rng.random_range(-0.1..0.1);
            if is_half { half::f16::from_f32(value).to_f32() } else { value }
        };
        let rows: Vec<f32> = (0..hashes.len() * DIMENSION).map(value).collect();
        let precision = Precision::of(&rows);
        let fill = |at: usize, out: &mut Vec<u8>| {
            precision.encode(&rows[at * DIMENSION..][..DIMENSION], out);
            Ok(None)
        };
        store.add_pack("bench", hashes, (precision, DIMENSION), || fill).unwrap();
    }
    let hashes: Vec<Option<ContentHash>> = hashes.into_iter().map(Some).collect();
    let (packed, missing) = store.packed_rows("bench", &hashes, DIMENSION).unwrap();
    assert!(missing.is_empty());
    let positions: Vec<u32> = (0..items as u32).collect();
    let before = processor();
    let times = (0..SCANS).map(|_| {
        let query: Vec<f32> = (0..DIMENSION).map(|_| rng.random_range(-1.0..1.0)).collect();
        let started = Instant::now();
        assert_eq!(nearest_rows(Rows::Stored(&packed), &positions, &query, NEAREST).len(), NEAREST);
        started.elapsed().as_secs_f64() * 1e3
    });
    let precision = if is_half { "f16" } else { "f32" };
    let times = median(times.collect());
    let processor = (processor() - before) / SCANS as f64;
    println!(
        "{items:>9} x {DIMENSION} {precision}: nearest {NEAREST} in {times:.1} ms, {processor:.1} ms of processor"
    );
}

/// A list of a million items by loss: opened, with its first 50 items; then the words of its worst.
fn list(items: usize) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let text = |rng: &mut ChaCha8Rng| (0..20).map(|_| format!("w{}", rng.random_range(0..5000))).collect::<Vec<_>>();
    let item = |row: usize| Item {
        id: format!("item {row}").into(),
        text: text(&mut rng).join(" ").into(),
        split: Split::Test,
        content: Content::Text,
    };
    let items: Vec<Item> = (0..items).map(item).collect();
    let values = |share: f64| (0..items.len()).map(|row| Some((row * 7 % 100) as f64 / 100.0 < share)).collect();
    let prompts = |name: &str| AttributePrompts {
        bare: (name.into(), format!("Not {name}")),
        phrase: name.into(),
        antonym: None,
        generic: "an item".into(),
        made: true,
    };
    let attribute = |name: &str, share| Attribute { name: name.into(), prompts: prompts(name), values: values(share) };
    let losses: Vec<f64> = (0..items.len()).map(|row| (row * 7919 % 1_000_003) as f64 / 1e5).collect();
    let attributes = vec![attribute("most", 0.9), attribute("few", 0.1)];
    let models = vec![ModelLosses { name: "m".into(), losses, scores: None, class_aurocs: None }];
    let name = "bench".into();
    let audit = Audit { name, items, labels: None, clusters: None, attributes, models, prompts: PromptSets::default() };
    let model = &audit.models[0];
    for (words, filter) in [
        ("all", ItemFilter::default()),
        ("of an attribute", ItemFilter { with: vec!["most".into()], ..ItemFilter::default() }),
        ("with two words", ItemFilter { text: "W17 w4".into(), ..ItemFilter::default() }),
    ] {
        let times = (0..SCANS / 3).map(|_| {
            let started = Instant::now();
            let rows = filter.rows(&audit, model).unwrap();
            let figures: Vec<f64> = rows.iter().map(|row| model.losses[*row as usize]).collect();
            let (rows, _) = sort_rows(&rows, &figures, false);
            let page: Vec<ListedItem> = rows.iter().take(50).map(|row| ListedItem::of(&audit, *row, false)).collect();
            assert!(!page.is_empty());
            started.elapsed().as_secs_f64() * 1e3
        });
        println!("{:>9} items, {words}: a list opens in {:.1} ms", audit.items.len(), median(times.collect()));
    }
    let started = Instant::now();
    let rows: Vec<u32> = (0..audit.items.len() as u32).collect();
    let (rows, figures) = sort_rows(&rows, &model.losses, false);
    let found = worst_words(&audit, &rows, &figures);
    println!(
        "{:>9} items: words of the worst, {} tested, in {:.2} s",
        found.n,
        found.tested,
        started.elapsed().as_secs_f64()
    );
}

fn main() {
    list(1_000_000);
    for (items, is_half) in [(20_000, true), (20_000, false), (100_000, true), (1_000_000, true)] {
        scan(items, is_half);
    }
}
