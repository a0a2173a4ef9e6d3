//! What is fed, and the sound files that damage begins with.

use crate::{answers, checkpoint, evaluations, tars};
use flate2::Compression;
use flate2::write::GzEncoder;
use llm2loss::audit::{Architecture, HyperParameters, Rules};
use llm2loss::data::{
    AttributeFile, CelebaSplit, Contents, Draft, ImagePlace, Mapping, ScoreFiles, celeba, manifest, read_matrix,
};
use llm2loss::diagnose::{Baseline, Ledger};
use llm2loss::encoder::{self, Picture};
use llm2loss::engine::{Intake, Session, Tracker, ingest};
use llm2loss::heads::{Checkpoint, Ensemble};
use llm2loss::store::Store;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A parser by its name.
pub struct Target {
    pub name: &'static str,
    pub open: fn() -> Ready,
}

/// A parser with its seeds.
pub struct Ready {
    pub seeds: Vec<Vec<u8>>,
    pub feed: Box<dyn Fn(&[u8])>,
}

macro_rules! targets {
    ($($name:literal => $open:expr),* $(,)?) => {
        pub const TARGETS: &[Target] = &[$(Target { name: $name, open: || $open }),*];
    };
}

targets! {
    "csv" => table("csv", &[CSV]),
    "tsv" => table("tsv", &[&CSV.replace(',', "\t")]),
    "jsonl" => table("jsonl", &[JSONL]),
    "json" => table("json", &JSON),
    "table.parquet" => files("parquet", &["ingest/manifest.parquet", "ingest/scores/scores.parquet"], read_table),
    "lists.parquet" => files("parquet", &["ingest/list-f4.parquet", "ingest/list-f8.parquet", "ingest/fixed-f4.parquet", "ingest/ragged.parquet"], read_array),
    "npy" => files("npy", &["ingest/littlef4.npy", "ingest/bigf8-fortran.npy", "ingest/integers.npy", "ingest/objects.npy"], read_array),
    "npz" => files("npz", &["ingest/plain.npz", "ingest/packed.npz"], read_array),
    "safetensors" => files("safetensors", &["ingest/f2.safetensors", "ingest/f4.safetensors"], read_array),
    "shard.tar" => at_path("tar", tars::seeds(), |path| drop(tars::read(path))),
    "scores" => scores("npy", "ingest/scores/scores.npy"),
    "losses" => losses(),
    "celeba" => text("txt", CELEBA, |path| drop(celeba(path.parent().unwrap_or(path), CelebaSplit::WithinIdentity(0.5), false))),
    "lm-eval" => evaluations::lm_eval(false),
    "lm-eval.results" => evaluations::lm_eval(true),
    "inspect.json" => evaluations::inspect(false),
    "inspect.zip" => evaluations::inspect(true),
    "attributes.json" => text("json", ATTRIBUTES, |path| drop(AttributeFile::read(path))),
    "columns.toml" => text("toml", COLUMNS, |path| drop(Mapping::read(path))),
    "rules" => bytes(&[RULES.as_bytes().to_vec()], |bytes| drop(Rules::parse(&String::from_utf8_lossy(bytes)))),
    "baseline" => bytes(&[BASELINE.as_bytes().to_vec()], |bytes| drop(Baseline::parse(&String::from_utf8_lossy(bytes), "a"))),
    "ledger" => bytes(&[LEDGER.as_bytes().to_vec()], |bytes| drop(Ledger::parse(&String::from_utf8_lossy(bytes)))),
    "theme" => themes(),
    "jpeg" => images(&["rgb.jpg", "grey.jpg", "progressive.jpg", "turned-6.jpg"]),
    "png" => images(&["rgb.png", "alpha.png", "palette.png", "grey.png"]),
    "webp" => images(&["lossy.webp", "lossless.webp"]),
    "bmp" => images(&["rgb.bmp"]),
    "tokenizer" => encoders("bert-mean", "tokenizer.json"),
    "tokenizer.bpe" => encoders("clip-quick", "tokenizer.json"),
    "tokenizer.unigram" => encoders("siglip", "tokenizer.json"),
    "config.bert" => encoders("bert-mean", "config.json"),
    "config.clip" => encoders("clip-quick", "config.json"),
    "config.siglip" => encoders("siglip", "config.json"),
    "config.modernbert" => encoders("modernbert", "config.json"),
    "config.qwen3" => encoders("qwen3", "config.json"),
    "modules" => encoders("distilbert", "modules.json"),
    "pooling" => encoders("bert-mean", "1_Pooling/config.json"),
    "dense" => encoders("distilbert", "2_Dense/config.json"),
    "weights" => encoders("bert-mean", "model.safetensors"),
    "processor" => encoders("clip-quick", "preprocessor_config.json"),
    "server" => answers::server(),
    "hub" => answers::hub(),
    "audit" => audits(true),
    "audit.gz" => audits(false),
    "heads" => heads(),
    "home" => homes(),
}

/// What must be found: a parser that panics, one that waits, one that takes memory and one that ends the process.
pub const BROKEN: &[Target] = &[
    Target { name: "broken.panic", open: || bytes(&[vec![0; 9]], |bytes| assert!(bytes.len() < 5)) },
    Target { name: "broken.abort", open: || bytes(&[vec![0; 9]], |_| std::process::abort()) },
    Target {
        name: "broken.wait",
        open: || bytes(&[vec![0; 9]], |_| std::thread::sleep(std::time::Duration::from_secs(6))),
    },
    Target { name: "broken.memory", open: || bytes(&[vec![0; 9]], |_| drop(std::hint::black_box(vec![1u8; 3 << 29]))) },
];

const CSV: &str =
    "id,text,loss,label,split,Young\na,one,1.5,0,train,1\nb,\"two, three\",2,1,test,0\nc,\"a \"\"q\"\"\",,1,train,1\n";
const JSONL: &str = "{\"id\":\"a\",\"text\":\"one\",\"loss\":1,\"split\":\"train\",\"Young\":true}\n{\"id\":\"b\",\"text\":\"two\",\"loss\":2.5,\"split\":\"test\",\"Young\":null}\n";
const JSON: [&str; 4] = [
    r#"[{"id": "a", "text": "one", "loss": 1, "split": "train", "k": {"l": [1, 2]}}, {"id": "b", "text": "two", "loss": NaN, "split": "test"}]"#,
    r#"{"columns": ["id", "text", "loss"], "data": [["a", "one", 1], ["b", "two", 2.5]]}"#,
    r#"{"id": {"0": "a", "1": "b"}, "text": {"0": "one", "1": "\ud83d"}, "loss": {"0": 1, "1": 2}}"#,
    r#"{"id": ["a", "b"], "text": ["one", "two"], "loss": [1, 2]}"#,
];
const CELEBA: &str =
    "4\n5_o_Clock_Shadow Young Smiling\n000001.jpg -1 1 1\n000002.jpg 1 -1 1\n000003.jpg 1 1 -1\n000004.jpg -1 -1 1\n";
const LEDGER: &str = "{\"schema\":\"llm2loss.ledger/1\",\"date\":\"2026-11-27T06:49:45Z\",\"audit\":\"a\",\"model\":\"v2\",\"against\":\"v1\",\"test_set\":\"t\",\"n\":3,\"look\":1,\"level\":0.05,\"rules\":{},\"status\":\"pass\",\"exit_code\":0,\"figures\":[]}\n";
const ATTRIBUTES: &str = r#"{"attributes": [{"name": "Young", "phrase": "a young person", "antonym": "an old person", "generic": "a person"}]}"#;
const COLUMNS: &str = "id = \"key\"\nthreshold = 0.5\n[losses]\nv1 = \"ce\"\n[splits]\ndev = \"validation\"\n";
const RULES: &str = "max_mean_loss_increase = \"1%\"\nmax_gap = 0.2\n[attribute.Young]\nmax_gap = \"5%\"\n[[prompt]]\ntext = \"a young person\"\nmax_increase = 0.1\n";
const BASELINE: &str = r#"{"schema": "llm2loss.baseline/1", "audit": "a", "model": "m", "data_fingerprint": "0", "encoder": "e", "heads": "", "standing": {"n": 3, "mean_loss": {"value": 1.0, "variance": 0.1}, "attributes": []}, "prompts": [{"text": "x", "members": [1.0, 2.0]}]}"#;

pub fn fixture(name: &str) -> Vec<u8> {
    fs::read(checkpoint::fixtures().with_file_name(name)).unwrap_or_default()
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub fn bytes(seeds: &[Vec<u8>], feed: impl Fn(&[u8]) + 'static) -> Ready {
    Ready { seeds: seeds.to_vec(), feed: Box::new(feed) }
}

/// What reads a file of this ending.
fn at_path(ending: &str, seeds: Vec<Vec<u8>>, read: impl Fn(&Path) + 'static) -> Ready {
    let folder = folder();
    let path = folder.path().join(format!("x.{ending}"));
    bytes(&seeds, move |bytes| {
        let _keep = &folder;
        if fs::write(&path, bytes).is_ok() {
            read(&path);
        }
    })
}

fn read_table(path: &Path) {
    let _ = manifest(path, &Mapping::default(), "m", Contents::Table(&ImagePlace::default()))
        .map(|draft: Draft| draft.into_audit("a", &AttributeFile::default()));
}

fn read_array(path: &Path) {
    let _ = read_matrix(path, None);
}

fn table(ending: &str, seeds: &[&str]) -> Ready {
    at_path(ending, seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect(), read_table)
}

fn files(ending: &str, names: &[&str], read: fn(&Path)) -> Ready {
    at_path(ending, names.iter().map(|name| fixture(name)).collect(), read)
}

fn text(ending: &str, seed: &str, read: fn(&Path)) -> Ready {
    at_path(ending, vec![seed.as_bytes().to_vec()], read)
}

/// Items that scores and losses are joined to.
fn items() -> Draft {
    let path = checkpoint::fixtures().with_file_name("ingest/scores/manifest.csv");
    manifest(&path, &Mapping::default(), "m", Contents::Table(&ImagePlace::default())).expect("a draft")
}

fn scores(ending: &str, seed: &str) -> Ready {
    at_path(ending, vec![fixture(seed)], |path| {
        let files = ScoreFiles { scores: path.to_owned(), ids: None, classes: None };
        let _ = items().add_scores(&files, "m");
    })
}

fn losses() -> Ready {
    at_path("npz", vec![fixture("ingest/plain.npz"), fixture("ingest/packed.npz")], |path| {
        let _ = items().add_losses(path, &Mapping::default(), "n");
    })
}

fn themes() -> Ready {
    let folder = folder();
    let (path, places) = (folder.path().join("x.toml"), vec![folder.path().to_owned()]);
    let own = checkpoint::fixtures().ancestors().nth(3).unwrap_or(Path::new(".")).join("themes");
    let seeds = fs::read_dir(own).into_iter().flatten().flatten().filter_map(|entry| fs::read(entry.path()).ok());
    bytes(&seeds.collect::<Vec<_>>(), move |bytes| {
        let _keep = &folder;
        if fs::write(&path, bytes).is_ok() {
            let _ = llm2loss::console::Catalogue::load(&places);
        }
    })
}

fn images(names: &[&str]) -> Ready {
    let seeds: Vec<Vec<u8>> = names.iter().map(|name| fixture(&format!("encoder/images/{name}"))).collect();
    bytes(&seeds, |bytes| drop(Picture::decode(bytes)))
}

/// An encoder's folder with one of its files damaged.
fn encoders(case: &'static str, file: &'static str) -> Ready {
    let folder = folder();
    let (cases, families) = (checkpoint::fixture(), checkpoint::families());
    let known = |fixture: &checkpoint::Fixture| fixture.cases.to_string().contains(&format!("\"name\":\"{case}\""));
    checkpoint::write(if known(&cases) { &cases } else { &families }.case(case), folder.path());
    let (path, name) = (folder.path().join(file), folder.path().to_string_lossy().into_owned());
    let seed = fs::read(&path).unwrap_or_default();
    bytes(&[seed], move |bytes| {
        let _keep = &folder;
        if fs::write(&path, bytes).is_ok()
            && let Ok(encoder) = encoder::open(&name)
        {
            let _ = encoder.encode(&["a man with a hat", "", "é 界"]);
            let _ = encoder.reading("two words");
        }
    })
}

/// A home with an audit, its embeddings and a run.
fn home(folder: &Path) -> PathBuf {
    let home = folder.join("home");
    let path = folder.join("m.csv");
    let rows: String = (0..12)
        .map(|row| {
            format!("r{row},text number {row},{},{},{}\n", row % 5, if row < 8 { "train" } else { "test" }, row % 2)
        })
        .collect();
    fs::write(&path, format!("id,text,loss,split,Young\n{rows}")).expect("a manifest");
    let draft = manifest(&path, &Mapping::default(), "m", Contents::Table(&ImagePlace::default())).expect("a draft");
    let how = Intake { name: "a", encoder: "builtin", allow_mismatch: false, link: false, check: false };
    ingest(&home, draft, &AttributeFile::default(), &how, encoder::open).expect("an audit");
    let session = Session::open(&home, "a").expect("a session");
    session.train("m", &HyperParameters::new(Architecture::Linear), &Tracker::silent()).expect("a run");
    home
}

/// The file of an audit: its JSON damaged and packed again, or its packed bytes.
fn audits(inside: bool) -> Ready {
    let folder = folder();
    let home = home(folder.path());
    let path = home.join("audits/a.json.gz");
    let packed = fs::read(&path).unwrap_or_default();
    let seed = if inside {
        let mut text = Vec::new();
        let _ = std::io::copy(&mut flate2::read::GzDecoder::new(packed.as_slice()), &mut text);
        text
    } else {
        packed
    };
    let store = Store::open(&home).expect("the store");
    bytes(&[seed], move |bytes| {
        let _keep = &folder;
        let packed = if inside { pack(bytes) } else { bytes.to_vec() };
        if fs::write(&path, packed).is_ok() {
            let _ = store.ingested("a");
        }
    })
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    let _ = out.write_all(bytes);
    out.finish().unwrap_or_default()
}

fn heads() -> Ready {
    let folder = folder();
    let home = home(folder.path());
    let seeds: Vec<Vec<u8>> = below(&home.join("runs"))
        .iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == "safetensors"))
        .filter_map(|path| fs::read(path).ok())
        .collect();
    bytes(&seeds, |bytes| {
        let _ = Ensemble::from_safetensors(bytes, Path::new("x"), &candle_core::Device::Cpu);
        let _ = Checkpoint::from_safetensors(bytes, Path::new("x"));
    })
}

/// A home of which one file is damaged: the first four bytes of an input say which.
fn homes() -> Ready {
    let folder = folder();
    let home = home(folder.path());
    // The index is made again from the files each time.
    let _ = fs::remove_dir_all(home.join("store"));
    let run = below(&home.join("runs")).into_iter().find(|path| path.ends_with("run.json"));
    if let Some(run) = run {
        let record = fs::read_to_string(&run).unwrap_or_default();
        let note = format!("{{\"record\": {record}, \"file\": \"checkpoint-0.safetensors\"}}");
        let _ = fs::write(run.with_file_name("unfinished.json"), note);
    }
    let _ = fs::create_dir_all(home.join("prompts"));
    let _ = fs::write(home.join("prompts/a.jsonl"), "{\"a\": \"a man\", \"b\": null}\n");
    let _ = fs::write(home.join("console.json"), "{\"screen\": \"Attributes\"}");
    let files: Vec<(PathBuf, Vec<u8>)> =
        below(&home).into_iter().filter_map(|path| fs::read(&path).ok().map(|bytes| (path, bytes))).collect();
    let seeds: Vec<Vec<u8>> =
        (files.iter().enumerate()).map(|(at, (_, bytes))| [&(at as u32).to_le_bytes()[..], bytes].concat()).collect();
    bytes(&seeds, move |bytes| {
        let _keep = &folder;
        let Some((which, content)) = bytes.split_at_checked(4) else { return };
        let which = which.iter().fold(0, |sum, byte| sum * 31 + usize::from(*byte)) % files.len();
        let _ = fs::remove_dir_all(home.join("store"));
        for (at, (path, sound)) in files.iter().enumerate() {
            let _ = fs::create_dir_all(path.parent().unwrap_or(path));
            let _ = fs::write(path, if at == which { content } else { sound });
        }
        read_home(&home);
    })
}

fn read_home(home: &Path) {
    let Ok(store) = Store::open(home) else { return };
    for record in store.all_runs().unwrap_or_default() {
        let _ = store.run::<serde_json::Value>(record);
    }
    for record in store.all_unfinished().unwrap_or_default() {
        let _ = store.checkpoint(&record.id);
    }
    let _ = (store.ingested("a"), store.history("a"), store.damaged_packs(), store.damaged_runs());
    for encoder in store.embedding_encoders().unwrap_or_default() {
        let _ = store.embedding_stats(&encoder);
    }
}

/// Every file below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => found.extend(below(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}
