//! Downloads against a hub of the test's own on loopback, with `tests/encoder_parity.rs` for what comes after.
#![allow(clippy::unwrap_used, clippy::panic)]

use llm2loss::encoder::{self, DownloadObserver, HubSettings, OpenOptions, Token};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the hub has, and what it was asked.
#[derive(Default)]
struct Hub {
    /// Contents by path, `org/model/resolve/main/config.json`.
    files: BTreeMap<String, Vec<u8>>,
    /// Answers everything with this status, if set.
    status: Option<u16>,
    /// Downloads that break off half-way.
    breaks: AtomicUsize,
    /// How long it stops half-way.
    pause: Duration,
    requests: Mutex<Vec<Request>>,
}

#[derive(Clone)]
struct Request {
    path: String,
    range: Option<(u64, Option<u64>)>,
    authorization: Option<String>,
}

fn serve(hub: Hub) -> (String, Arc<Hub>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let hub = Arc::new(hub);
    let shared = hub.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let hub = shared.clone();
            std::thread::spawn(move || answer(&hub, stream));
        }
    });
    (endpoint, hub)
}

fn answer(hub: &Hub, stream: TcpStream) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    let path = first.split(' ').nth(1)?.trim_start_matches('/').replace("%2F", "/");
    let mut request = Request { path, range: None, authorization: None };
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let (start, end) = value.trim().strip_prefix("bytes=")?.split_once('-')?;
                request.range = Some((start.parse().ok()?, end.parse().ok()));
            }
            "authorization" => request.authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    hub.requests.lock().unwrap().push(request.clone());
    let mut stream = stream;
    let content = hub.files.get(&request.path);
    let (Some(content), None) = (content, hub.status) else {
        let status = hub.status.unwrap_or(404);
        write!(stream, "HTTP/1.1 {status} no\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()?;
        return Some(());
    };
    let (start, end) = request.range.unwrap_or((0, None));
    let end = end.map_or(content.len(), |end| content.len().min(end as usize + 1));
    let part = &content[start as usize..end];
    write!(
        stream,
        "HTTP/1.1 206 ok\r\ncontent-length: {}\r\ncontent-range: bytes {start}-{}/{}\r\netag: \"{:x}\"\r\nx-repo-commit: {COMMIT}\r\nconnection: close\r\n\r\n",
        part.len(),
        end - 1,
        content.len(),
        content.len() * 31 + request.path.len()
    )
    .ok()?;
    let broken = end - start as usize > 1
        && hub.breaks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    let (first, second) = part.split_at(part.len() / 2);
    stream.write_all(first).ok()?;
    if broken {
        return Some(());
    }
    std::thread::sleep(hub.pause);
    stream.write_all(second).ok()
}

fn options(endpoint: &str, cache: &Path) -> OpenOptions {
    let hub = HubSettings {
        endpoint: endpoint.to_owned(),
        cache: cache.to_owned(),
        token: Token::new("a-secret-token"),
        offline: false,
        plain: false,
        patience: Duration::from_secs(30),
        observer: None,
    };
    OpenOptions { hub, ..OpenOptions::default() }
}

/// A sentence encoder of one layer as the hub would hold it.
fn model(branch: &str) -> Hub {
    let tokenizer = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/encoder/bert-tokenizer.json"));
    let config = serde_json::json!({
        "model_type": "bert", "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2,
        "num_hidden_layers": 1, "vocab_size": 400, "max_position_embeddings": 64,
    });
    let mut tensors: Vec<(String, Vec<usize>)> = vec![
        ("embeddings.word_embeddings.weight".into(), vec![400, 8]),
        ("embeddings.position_embeddings.weight".into(), vec![64, 8]),
        ("embeddings.token_type_embeddings.weight".into(), vec![2, 8]),
    ];
    let layer = "encoder.layer.0";
    for product in [
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
        "intermediate.dense",
        "output.dense",
    ] {
        tensors.push((format!("{layer}.{product}.weight"), vec![8, 8]));
        tensors.push((format!("{layer}.{product}.bias"), vec![8]));
    }
    for norm in ["embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"] {
        tensors.push((format!("{norm}.LayerNorm.weight"), vec![8]));
        tensors.push((format!("{norm}.LayerNorm.bias"), vec![8]));
    }
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, shape)| {
            (0..shape.iter().product()).flat_map(|at: usize| ((at % 13) as f32 * 0.1).to_le_bytes()).collect()
        })
        .collect();
    let views = tensors.iter().zip(&bytes).map(|((name, shape), bytes)| {
        (name, safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes).unwrap())
    });
    let weights = safetensors::serialize(views, None).unwrap();
    let at = |name: &str| format!("org/model/resolve/{branch}/{name}");
    let files = [
        (at("config.json"), config.to_string().into_bytes()),
        (at("tokenizer.json"), tokenizer.unwrap()),
        (at("model.safetensors"), weights),
    ];
    Hub { files: files.into_iter().collect(), ..Hub::default() }
}

#[derive(Default)]
struct Reports(Mutex<Vec<(String, u64, u64)>>);

impl DownloadObserver for Reports {
    fn progress(&self, file: &str, bytes: u64, total: u64) {
        self.0.lock().unwrap().push((file.to_owned(), bytes, total));
    }
}

#[test]
fn a_model_is_fetched_once_with_the_token_and_reports_then_found_without_the_hub() {
    let cache = tempfile::tempdir().unwrap();
    let (endpoint, hub) = serve(model("main"));
    let mut options = options(&endpoint, cache.path());
    let reports = Arc::new(Reports::default());
    options.hub.observer = Some(reports.clone());
    let first = encoder::open_with("org/model", &options).unwrap();
    let requests = hub.requests.lock().unwrap().clone();
    assert!(requests.iter().all(|request| request.authorization.as_deref() == Some("Bearer a-secret-token")));
    let reports = reports.0.lock().unwrap();
    let weights: Vec<_> = reports.iter().filter(|(file, _, _)| file == "model.safetensors").collect();
    let total = hub.files["org/model/resolve/main/model.safetensors"].len() as u64;
    assert_eq!((weights.first().unwrap().1, weights.last().unwrap().1), (0, total));
    assert!(weights.iter().all(|(_, _, of)| *of == total));

    // What is absent is noted: a second opening asks for nothing.
    let again = encoder::open_with("org/model", &options).unwrap();
    assert_eq!(hub.requests.lock().unwrap().len(), requests.len());
    assert_eq!(first.encode(&["a man"]).unwrap(), again.encode(&["a man"]).unwrap());
    assert_eq!(first.fingerprint(), again.fingerprint());
    options.hub.offline = true;
    options.hub.endpoint = "http://127.0.0.1:9".into();
    encoder::open_with("org/model", &options).unwrap();
    encoder::open_with(&format!("org/model@{COMMIT}"), &options).unwrap();

    // Caches that were copied or written by other tools: a line's end behind the commit, or no reference at all.
    let reference = cache.path().join("models--org--model/refs/main");
    std::fs::write(&reference, format!("{COMMIT}\n")).unwrap();
    encoder::open_with("org/model", &options).unwrap();
    std::fs::remove_file(&reference).unwrap();
    encoder::open_with("org/model", &options).unwrap();
    std::fs::create_dir(cache.path().join("models--org--model/snapshots/another")).unwrap();
    let error = encoder::open_with("org/model", &options).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("2 snapshots and no refs/main") && error.contains("org/model@HASH"), "{error}");
    std::fs::write(&reference, "0123abc").unwrap();
    let error = encoder::open_with("org/model", &options).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("names '0123abc', of which there is no whole snapshot"), "{error}");
}

#[test]
fn a_broken_download_goes_on_where_it_stopped() {
    let cache = tempfile::tempdir().unwrap();
    let (endpoint, hub) = serve(Hub { breaks: AtomicUsize::new(2), ..model("main") });
    let broken = encoder::open_with("org/model", &options(&endpoint, cache.path())).unwrap();
    let resumed =
        hub.requests.lock().unwrap().iter().filter(|one| one.range.is_some_and(|(start, _)| start > 0)).count();
    assert!(resumed >= 1, "no request began in the middle");
    let (endpoint, _) = serve(model("main"));
    let other = tempfile::tempdir().unwrap();
    let whole = encoder::open_with("org/model", &options(&endpoint, other.path())).unwrap();
    assert_eq!(broken.fingerprint(), whole.fingerprint());
}

#[test]
fn a_revision_is_pinned() {
    let cache = tempfile::tempdir().unwrap();
    let (endpoint, hub) = serve(model("refs/pr/3"));
    encoder::open_with("org/model@refs/pr/3", &options(&endpoint, cache.path())).unwrap();
    assert!(hub.requests.lock().unwrap().iter().all(|request| request.path.contains("/refs/pr/3/")));
    assert!(encoder::open_with("org/model", &options(&endpoint, cache.path())).is_err());
}

#[test]
fn what_cannot_be_had_is_said_in_one_sentence_without_the_token() {
    let cache = tempfile::tempdir().unwrap();
    let fault = |options: &OpenOptions| {
        let error = encoder::open_with("org/model", options).map(|_| ()).unwrap_err().to_string();
        assert!(!error.contains('\n') && !error.contains("a-secret-token"), "{error}");
        error
    };
    // Nobody listens on a port just closed.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options_closed = options(&format!("http://{closed}"), cache.path());
    assert!(!format!("{options_closed:?}").contains("a-secret-token"));
    let error = fault(&options_closed);
    for word in ["org/model@main", "out of reach", &cache.path().display().to_string(), "local folder"] {
        assert!(error.contains(word), "{error} lacks {word}");
    }
    let mut offline = options_closed.clone();
    offline.hub.offline = true;
    assert!(fault(&offline).contains("HF_HUB_OFFLINE"));
    let (endpoint, _) = serve(Hub { status: Some(401), ..Hub::default() });
    let error = fault(&options(&endpoint, cache.path()));
    assert!(error.contains("401") && error.contains("token"), "{error}");
    let (endpoint, hub) = serve(Hub { status: Some(500), ..Hub::default() });
    assert!(fault(&options(&endpoint, cache.path())).contains("500"));
    assert_eq!(hub.requests.lock().unwrap().len(), 1, "an answer is not asked for again");
    let (endpoint, _) = serve(Hub::default());
    assert!(fault(&options(&endpoint, cache.path())).contains("has no config.json"));
}

#[test]
fn weights_on_a_branch_of_their_own_are_found_there() {
    // The repository of the default CLIP keeps its safetensors on a pull request; which model it is does not matter.
    let id = "openai/clip-vit-base-patch32";
    let branch = |name: &str| if name.ends_with(".safetensors") { "refs/pr/15" } else { "main" };
    let moved = model("main").files.into_iter().map(|(path, content)| {
        let name = path.rsplit('/').next().unwrap().to_owned();
        (format!("{id}/resolve/{}/{name}", branch(&name)), content)
    });
    let (endpoint, hub) = serve(Hub { files: moved.collect(), ..Hub::default() });
    let cache = tempfile::tempdir().unwrap();
    let mut options = options(&endpoint, cache.path());
    let found = encoder::open_with(id, &options).unwrap();
    let asked = |path: &str| hub.requests.lock().unwrap().iter().any(|request| request.path == path);
    assert!(asked(&format!("{id}/resolve/main/model.safetensors")), "main comes first");
    // Who names a revision gets that one alone.
    let error = encoder::open_with(&format!("{id}@main2"), &options).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("config.json"), "{error}");
    options.hub.offline = true;
    assert_eq!(encoder::open_with(id, &options).unwrap().fingerprint(), found.fingerprint());
}

/// Two texts, one to train on.
fn manifest(folder: &Path) -> String {
    let path = folder.join("m.csv");
    std::fs::write(&path, "id,text,loss,split\na,one,1,train\nb,two,2,test\n").unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn the_program_tells_of_downloads_in_lines_or_bars() {
    let folder = tempfile::tempdir().unwrap();
    let file = manifest(folder.path());
    let (endpoint, _) = serve(model("main"));
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let arguments = |home: &str| {
        ["--home", home, "ingest", "x", "--manifest", &file, "--encoder", "org/model"].map(String::from).to_vec()
    };
    let done = assert_cmd::Command::cargo_bin("llm2loss")
        .unwrap()
        .args(arguments(&path("home")))
        .env("HF_HOME", path("hf"))
        .env("HF_ENDPOINT", &endpoint)
        .env("HF_TOKEN", "a-secret-token")
        .env_remove("HF_HUB_CACHE")
        .assert()
        .code(0);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(said.contains("fetched model.safetensors (") && !said.contains("a-secret-token"), "{said}");
    assert!(!said.contains('\u{1b}'), "no bars where there is no terminal: {said}");

    // What a machine without a network will need, and how it is used there.
    let doctor = |cache: &str, offline: &str| {
        assert_cmd::Command::cargo_bin("llm2loss")
            .unwrap()
            .args(["--home", &path("home"), "doctor", "--fetch", "org/model"])
            .env("HF_HUB_CACHE", path(cache))
            .env("HF_ENDPOINT", &endpoint)
            .env("HF_HUB_OFFLINE", offline)
            .assert()
    };
    let done = doctor("fetched", "0").code(0);
    let said = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    let line = format!("HF_HUB_OFFLINE=1 HF_HUB_CACHE='{}' llm2loss ingest", path("fetched"));
    assert!(said.contains(&line) && said.contains("--encoder 'org/model'") && said.contains("8 dimensions"), "{said}");
    doctor("fetched", "1").code(0);
    doctor("empty", "1").code(2);
    // Nobody listens there: trying again may mend it.
    assert_cmd::Command::cargo_bin("llm2loss")
        .unwrap()
        .args(["--home", &path("home"), "doctor", "--fetch", "org/model"])
        .env("HF_HUB_CACHE", path("empty"))
        .env("HF_ENDPOINT", "http://127.0.0.1:9")
        .env_remove("HF_HUB_OFFLINE")
        .assert()
        .code(1);

    // On a terminal: a bar with bytes while it lasts.
    let (endpoint, _) = serve(Hub { pause: Duration::from_millis(500), ..model("main") });
    let size = portable_pty::PtySize { rows: 24, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pair = portable_pty::native_pty_system().openpty(size).unwrap();
    let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_llm2loss"));
    command.args(arguments(&path("home2")));
    command.env("HF_HOME", path("hf2"));
    command.env("HF_ENDPOINT", &endpoint);
    command.env_remove("HF_HUB_CACHE");
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut shown = Vec::new();
    // Linux answers EIO once the other end is closed.
    let _ = reader.read_to_end(&mut shown);
    assert!(child.wait().unwrap().success());
    let shown = String::from_utf8_lossy(&shown);
    let bars: Vec<&str> = shown.split('\r').filter(|part| part.contains("model.safetensors [")).collect();
    assert!(bars.iter().any(|bar| bar.contains(" kB of 18.92 kB") && bar.contains(" s left")), "{shown}");
    assert!(shown.contains("fetched model.safetensors ("), "{shown}");
}
