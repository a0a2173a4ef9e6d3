//! A hub on loopback that does everything a hub must not.
#![allow(clippy::unwrap_used, clippy::panic)]

use llm2loss::encoder::{self, HubSettings, OpenOptions, Token};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// A configuration that is told by its model type: to read it is to have fetched it.
const CONFIG: &[u8] = br#"{"model_type": "fetched"}"#;

/// What the hub was asked.
#[derive(Clone, Debug)]
struct Request {
    path: String,
    range: String,
    authorization: Option<String>,
}

impl Request {
    fn is_look(&self) -> bool {
        self.range == "bytes=0-0"
    }
}

type Asked = Arc<Mutex<Vec<Request>>>;

/// Answers every connection with what `answer` writes; returns the address and the requests.
fn serve(answer: impl Fn(&Request, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (asked, answer) = (Asked::default(), Arc::new(answer));
    let kept = asked.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (kept, answer) = (kept.clone(), answer.clone());
            std::thread::spawn(move || {
                let request = read(&stream)?;
                kept.lock().unwrap().push(request.clone());
                answer(&request, &mut stream).ok()
            });
        }
    });
    (endpoint, asked)
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    let mut request = Request { path, range: String::new(), authorization: None };
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        match name.to_ascii_lowercase().as_str() {
            "range" => request.range = value.trim().to_owned(),
            "authorization" => request.authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    Some(request)
}

/// Heads of an answer with part of a file of `total` bytes.
fn head(request: &Request, etag: &str, commit: &str, total: u64) -> String {
    let end = if request.is_look() { 0 } else { total - 1 };
    format!(
        "HTTP/1.1 206 x\r\ncontent-range: bytes 0-{end}/{total}\r\netag: \"{etag}\"\r\nx-repo-commit: {commit}\r\nconnection: close\r\n"
    )
}

/// A sound answer.
fn file(request: &Request, stream: &mut TcpStream, etag: &str, commit: &str, content: &[u8]) -> std::io::Result<()> {
    let part = if request.is_look() { &content[..1] } else { content };
    let head = head(request, etag, commit, content.len() as u64);
    write!(stream, "{head}content-length: {}\r\n\r\n", part.len())?;
    stream.write_all(part)
}

fn options(endpoint: &str, cache: &Path) -> OpenOptions {
    let hub = HubSettings {
        endpoint: endpoint.to_owned(),
        cache: cache.to_owned(),
        token: Token::new("a-secret-token"),
        offline: false,
        plain: false,
        patience: Duration::from_millis(400),
        observer: None,
    };
    OpenOptions { hub, ..OpenOptions::default() }
}

fn fault(options: &OpenOptions) -> String {
    let error = encoder::open_with("org/model", options).map(|_| ()).unwrap_err().to_string();
    assert!(!error.contains('\n') && !error.contains("secret"), "{error}");
    error
}

/// Whether the hub's configuration was fetched and read.
fn fetched(error: &str) -> bool {
    error.contains("model_type \"fetched\"")
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.push(entry.path());
        }
    }
    all
}

#[test]
fn no_header_names_a_file_outside_the_cache() {
    let long = "a".repeat(300);
    let names = ["../../../../../x", "..", ".", "a/b", "/tmp/x", "a\\b", ".hidden", "a b", "a\u{9b}b", long.as_str()];
    for name in names {
        for header in ["etag", "x-repo-commit", "x-linked-etag"] {
            let folder = tempfile::tempdir().unwrap();
            // Deep enough that five folders up is still ours.
            let cache = folder.path().join("a/b/c/d/e");
            std::fs::create_dir_all(&cache).unwrap();
            let name = name.to_owned();
            let (endpoint, _) = serve(move |request, stream| match header {
                "etag" => file(request, stream, &name, COMMIT, CONFIG),
                "x-repo-commit" => file(request, stream, "good", &name, CONFIG),
                _ => {
                    let head = head(request, "good", COMMIT, CONFIG.len() as u64);
                    write!(stream, "{head}x-linked-etag: {name}\r\ncontent-length: 1\r\n\r\n{{")
                }
            });
            let error = fault(&options(&endpoint, &cache));
            assert!(error.contains(header) && error.contains("name of a file"), "{header}: {error}");
            assert_eq!(files(folder.path()), Vec::<PathBuf>::new(), "{header}: {error}");
        }
    }
}

#[test]
fn a_token_stays_with_its_hub() {
    let (elsewhere, asked_elsewhere) = serve(|request, stream| file(request, stream, "../x", "../y", CONFIG));
    let place = elsewhere.clone();
    let (endpoint, asked) = serve(move |request, stream| {
        // First within the hub, then to another host.
        let (to, names) = match request.path.contains("/moved/") {
            true => (format!("{place}/blob"), format!("x-linked-etag: \"good\"\r\nx-repo-commit: {COMMIT}\r\n")),
            false => (format!("/moved{}", request.path), String::new()),
        };
        write!(stream, "HTTP/1.1 302 x\r\nlocation: {to}\r\n{names}content-length: 0\r\nconnection: close\r\n\r\n")
    });
    let cache = tempfile::tempdir().unwrap();
    let error = fault(&options(&endpoint, cache.path()));
    assert!(fetched(&error), "{error}");
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|request| request.authorization.as_deref() == Some("Bearer a-secret-token")));
    let elsewhere = asked_elsewhere.lock().unwrap();
    assert!(!elsewhere.is_empty() && elsewhere.iter().all(|request| request.authorization.is_none()), "{elsewhere:?}");
}

#[test]
fn bytes_are_held_to_their_digest() {
    let right: String = Sha256::digest(CONFIG).iter().map(|byte| format!("{byte:02x}")).collect();
    // As `git hash-object` says of CONFIG.
    let of_git = "892da714caa4234e33975340e165e6c53076e41d".to_owned();
    let wrong = [64, 40].map(|length| ("0".repeat(length), false));
    for (etag, taken) in [(right, true), (of_git, true)].into_iter().chain(wrong) {
        let (endpoint, _) = serve(move |request, stream| file(request, stream, &etag, COMMIT, CONFIG));
        let cache = tempfile::tempdir().unwrap();
        let error = fault(&options(&endpoint, cache.path()));
        assert_eq!(fetched(&error), taken, "{error}");
        assert_eq!(error.contains("SHA-"), !taken, "{error}");
        assert_eq!(files(cache.path()).is_empty(), !taken, "{:?}", files(cache.path()));
    }
}

#[test]
fn redirects_end() {
    let (endpoint, asked) = serve(|request, stream| {
        let to = format!("{}x", request.path);
        write!(stream, "HTTP/1.1 307 x\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    });
    let cache = tempfile::tempdir().unwrap();
    let error = fault(&options(&endpoint, cache.path()));
    assert!(error.contains("redirects more than 10 times"), "{error}");
    assert_eq!(asked.lock().unwrap().len(), 11);
    for place in ["file:///etc/passwd", "gopher://x/", "://", ""] {
        let (endpoint, _) = serve(move |_, stream| {
            write!(stream, "HTTP/1.1 302 x\r\nlocation: {place}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        });
        assert!(fault(&options(&endpoint, cache.path())).contains("redirects"), "{place}");
    }
}

#[test]
fn bodies_end() {
    // Says two bytes and never stops.
    let endless = |stream: &mut TcpStream| -> std::io::Result<()> {
        loop {
            stream.write_all(&[b' '; 4096])?;
        }
    };
    let cache = tempfile::tempdir().unwrap();
    let (endpoint, _) = serve(move |request, stream| {
        write!(stream, "{}\r\n", head(request, "good", COMMIT, 2))?;
        if request.is_look() { stream.write_all(b"{") } else { endless(stream) }
    });
    let error = fault(&options(&endpoint, cache.path()));
    assert!(error.contains("more than the 2 bytes"), "{error}");

    // Never says how many.
    let (endpoint, _) = serve(move |_, stream| {
        write!(stream, "HTTP/1.1 200 x\r\netag: good\r\nx-repo-commit: {COMMIT}\r\nconnection: close\r\n\r\n")?;
        endless(stream)
    });
    let error = fault(&options(&endpoint, cache.path()));
    assert!(error.contains("lacks the header content-range"), "{error}");

    // Says more than any configuration has.
    let (endpoint, _) = serve(|request, stream| {
        write!(stream, "{}content-length: 1\r\n\r\n{{", head(request, "good", COMMIT, 1 << 40))
    });
    let error = fault(&options(&endpoint, cache.path()));
    assert!(error.contains("1099511627776 bytes; at most"), "{error}");

    // Sends another part than was asked for.
    let (endpoint, _) = serve(|request, stream| {
        let head = head(request, "good", COMMIT, 9).replace("bytes 0-8", "bytes 5-8");
        write!(stream, "{head}content-length: 1\r\n\r\n{{")
    });
    let error = fault(&options(&endpoint, cache.path()));
    assert!(error.contains("another part"), "{error}");
    assert!(files(cache.path()).iter().all(|file| file.metadata().unwrap().len() == 0), "{:?}", files(cache.path()));
}

#[test]
fn patience_ends() {
    let cache = tempfile::tempdir().unwrap();
    let (endpoint, _) = serve(|request, stream| {
        write!(stream, "{}content-length: 100000\r\n\r\n", head(request, "good", COMMIT, 100_000))?;
        loop {
            stream.write_all(b" ")?;
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let error = fault(&options(&endpoint, cache.path()));
    assert!(error.contains("sends less than 65536 bytes"), "{error}");

    // Says nothing, or its head a letter at a time.
    let (endpoint, _) = serve(|_, _| {
        std::thread::sleep(Duration::from_secs(60));
        Ok(())
    });
    assert!(fault(&options(&endpoint, cache.path())).contains("out of reach"));
    let (endpoint, _) = serve(|_, stream| {
        write!(stream, "HTTP/1.1 200 x\r\nx: ")?;
        loop {
            stream.write_all(b"x")?;
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    assert!(fault(&options(&endpoint, cache.path())).contains("out of reach"));
}

#[test]
fn secrets_do_not_go_over_open_connections_unless_told() {
    let cache = tempfile::tempdir().unwrap();
    for endpoint in ["http://mirror.invalid", "http://name:secret@mirror.invalid"] {
        let mut options = options(endpoint, cache.path());
        if endpoint.contains('@') {
            options.hub.token = None;
        }
        let error = fault(&options);
        assert!(error.contains("not encrypted") && error.contains("LLM2LOSS_PLAIN_HUB"), "{error}");
        options.hub.plain = true;
        assert!(fault(&options).contains("out of reach"));
        options.hub.plain = false;
        options.hub.token = None;
        options.hub.endpoint = "http://mirror.invalid".into();
        assert!(fault(&options).contains("out of reach"), "without a secret there is none to protect");
    }
}

#[test]
fn a_password_of_the_hub_is_used_and_never_shown() {
    let (endpoint, asked) = serve(|request, stream| file(request, stream, "good", COMMIT, CONFIG));
    let cache = tempfile::tempdir().unwrap();
    let own = endpoint.replace("http://", "http://name:secret%21@");
    let secret = options(&own, cache.path());
    assert!(!format!("{secret:?}").contains("secret"), "{secret:?}");
    assert!(fetched(&fault(&secret)));
    // "name:secret!" in base 64.
    let expected = Some("Basic bmFtZTpzZWNyZXQh");
    assert!(asked.lock().unwrap().iter().all(|request| request.authorization.as_deref() == expected));

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let other = tempfile::tempdir().unwrap();
    // A hub that does not answer may another time; an address that is none never will.
    let endpoints = [
        (format!("http://name:secret@{closed}"), 1),
        ("http://name:secret@".into(), 2),
        ("name:secret@host".into(), 2),
    ];
    for (endpoint, code) in endpoints {
        std::fs::write(other.path().join("m.csv"), "id,text,loss,split\na,one,1,train\nb,two,2,test\n").unwrap();
        let done = assert_cmd::Command::cargo_bin("llm2loss")
            .unwrap()
            .args(["--home", "home", "ingest", "x", "--manifest", "m.csv", "--encoder", "org/model"])
            .current_dir(other.path())
            .env("HF_HOME", other.path())
            .env("HF_ENDPOINT", &endpoint)
            .env_remove("HF_HUB_CACHE")
            .env_remove("HF_TOKEN")
            .assert()
            .code(code);
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert!(!said.contains("secret") && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn an_encoder_names_no_file_outside_of_it() {
    let config = br#"{"model_type": "bert"}"#;
    let (endpoint, asked) = serve(move |request, stream| match request.path.rsplit('/').next() {
        Some("config.json") => file(request, stream, "config", COMMIT, config),
        Some("modules.json") => {
            let text = br#"[{"path": "/etc", "type": "x.Pooling"}]"#;
            file(request, stream, "modules", COMMIT, text)
        }
        _ => write!(stream, "HTTP/1.1 404 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    });
    let cache = tempfile::tempdir().unwrap();
    let error = fault(&options(&endpoint, cache.path()));
    assert!(error.contains("\"/etc/config.json\""), "{error}");
    assert!(asked.lock().unwrap().iter().all(|request| !request.path.contains("etc")));
}
