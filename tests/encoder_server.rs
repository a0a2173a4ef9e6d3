//! A server of embeddings on loopback, sound and otherwise.
#![allow(clippy::unwrap_used, clippy::panic)]

use llm2loss::data::{AttributeFile, Contents, Mapping, manifest};
use llm2loss::encoder::{self, Encoder, EncoderError, OpenOptions, ServerSettings, Token};
use llm2loss::engine::{Intake, Session, Tracker, ingest};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const DIMENSION: usize = 6;
/// The first of the probes, by which requests of probes are told.
const PROBE: &str = "a photo of a smiling woman";

/// What the server was asked.
#[derive(Clone, Debug)]
struct Request {
    texts: Vec<String>,
    model: String,
    authorization: Option<String>,
}

impl Request {
    fn is_probe(&self) -> bool {
        self.texts[0] == PROBE
    }
}

type Asked = Arc<Mutex<Vec<Request>>>;

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut length, mut authorization, mut line) = (0, None, String::new());
    while reader.read_line(&mut line).ok()? > 2 {
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if lower.starts_with("authorization:") {
            authorization = Some(line["authorization:".len()..].trim().to_owned());
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: Value = serde_json::from_slice(&body).ok()?;
    let texts = body["input"].as_array()?.iter().map(|text| text.as_str().map(String::from)).collect::<Option<_>>()?;
    Some(Request { texts, model: body["model"].as_str()?.to_owned(), authorization })
}

/// A server that answers the nth request with what `answer` makes; `ADDRESS#m`, and what it was asked.
fn serve(answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("http://{}/v1/embeddings#m", listener.local_addr().unwrap());
    let (asked, answer) = (Asked::default(), Arc::new(answer));
    let kept = asked.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (kept, answer) = (kept.clone(), answer.clone());
            std::thread::spawn(move || {
                let request = read(&stream)?;
                let number = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(request.clone());
                    kept.len()
                };
                let Reply { status, head, body, cut } = answer(number, &request);
                let length = body.len() + cut;
                write!(
                    stream,
                    "HTTP/1.1 {status} x\r\nconnection: close\r\n{head}content-length: {length}\r\n\r\n{body}"
                )
                .ok()
            });
        }
    });
    (name, asked)
}

struct Reply {
    status: u16,
    head: String,
    body: String,
    /// Bytes that were announced and do not come.
    cut: usize,
}

fn status(status: u16, body: &str) -> Reply {
    Reply { status, head: String::new(), body: body.to_owned(), cut: 0 }
}

/// Numbers of a text, moved by `salt`.
fn numbers(text: &str, salt: f64) -> Vec<f64> {
    let seed = text.bytes().fold(1469598103u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(1099511628211));
    (0..DIMENSION).map(|at| ((seed >> (at * 9)) % 509) as f64 - 254.0 + salt * (at % 2) as f64).collect()
}

/// A sound answer, in the reverse order.
fn sound(request: &Request, salt: f64) -> Reply {
    let rows: Vec<Value> = request
        .texts
        .iter()
        .enumerate()
        .rev()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": numbers(text, salt)}))
        .collect();
    status(200, &json!({"object": "list", "data": rows, "model": request.model}).to_string())
}

fn options() -> OpenOptions {
    let server = ServerSettings {
        key: Token::new("a-secret-key"),
        patience: Duration::from_millis(500),
        tries: 3,
        pause: Duration::from_millis(5),
    };
    OpenOptions { server, ..OpenOptions::default() }
}

fn open(name: &str) -> Result<Arc<dyn Encoder>, EncoderError> {
    encoder::open_with(name, &options())
}

fn sentence<T>(result: Result<T, impl ToString>) -> String {
    let error = result.map(|_| ()).map_err(|error| error.to_string()).unwrap_err();
    assert!(!error.contains('\n') && !error.contains("secret"), "{error}");
    error
}

#[test]
fn rows_are_those_of_their_texts_whatever_the_order_of_answers() {
    let (name, asked) = serve(|_, request| sound(request, 0.0));
    let encoder = open(&name).unwrap();
    assert_eq!(encoder.dimension(), DIMENSION);
    let texts: Vec<String> = (0..150).map(|at| if at == 70 { String::new() } else { format!("text {at}") }).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let rows = encoder.encode(&texts).unwrap();
    for (text, row) in texts.iter().zip(rows.chunks_exact(DIMENSION)) {
        let expected = numbers(text, 0.0);
        let norm = expected.iter().map(|value| value * value).sum::<f64>().sqrt();
        for (ours, expected) in row.iter().zip(expected) {
            let expected = if text.is_empty() { 0.0 } else { expected / norm };
            assert!((f64::from(*ours) - expected).abs() < 1e-6, "{text}");
        }
    }
    assert_eq!(encoder.encode_prompt("text 3").unwrap(), rows[3 * DIMENSION..4 * DIMENSION]);
    let asked = asked.lock().unwrap();
    assert!(asked.iter().all(|request| request.texts.len() <= 32 && request.texts.iter().all(|text| !text.is_empty())));
    assert!(asked.iter().all(|request| request.model == "m"));
    assert!(asked.iter().all(|request| request.authorization.as_deref() == Some("Bearer a-secret-key")));
}

#[test]
fn what_passes_is_asked_again_and_what_lasts_is_told() {
    for (spoilt, word) in [(429, "429"), (500, "500"), (503, "503")] {
        let (name, _) =
            serve(move |number, request| if number % 2 == 1 { status(spoilt, "busy") } else { sound(request, 0.0) });
        open(&name).unwrap().encode(&["a", "b"]).unwrap();
        let (name, asked) =
            serve(move |_, _| status(spoilt, r#"{"error": {"message": "no room\u0007 for a-secret-key"}}"#));
        let error = sentence(open(&name));
        assert!(error.contains(word) && error.contains("no room for (key)") && error.contains("3 times"), "{error}");
        assert_eq!(asked.lock().unwrap().len(), 3);
    }
    // A connection cut in the middle of an answer.
    let (name, _) = serve(|number, request| Reply { cut: 9 * (number % 2), ..sound(request, 0.0) });
    open(&name).unwrap().encode(&["a"]).unwrap();
    // What may be the fault of one text is asked of halves.
    for (reply, word, times) in
        [(401, "LLM2LOSS_EMBEDDINGS_KEY", 1), (404, "404: no such model", 1), (422, "422: no such model", 3)]
    {
        let (name, asked) = serve(move |_, _| status(reply, r#"{"message": "no such model"}"#));
        let error = sentence(open(&name));
        assert!(error.contains(word), "{error}");
        assert_eq!(asked.lock().unwrap().len(), times);
    }
    let (name, _) = serve(|_, request| {
        std::thread::sleep(Duration::from_millis(1500));
        sound(request, 0.0)
    });
    assert!(sentence(open(&name)).contains("no answer within"));
    assert!(sentence(open("http://127.0.0.1:9/v1/embeddings#m")).contains("cannot be reached"));
}

#[test]
fn an_answer_that_cannot_be_right_is_refused() {
    let row = |embedding: &str| format!(r#"{{"embedding": {embedding}}}"#);
    let six = "[1, 2, 3, 4, 5, 6]";
    let of = |rows: &[String]| format!(r#"{{"data": [{}]}}"#, rows.join(","));
    let all = |embedding: &str| of(&vec![row(embedding); 6]);
    let mut uneven = vec![row(six); 6];
    uneven[3] = row("[1, 2]");
    let twice = vec![r#"{"index": 0, "embedding": [1]}"#.to_owned(); 6];
    for (body, word) in [
        (all("[]"), "0 dimensions"),
        (all("[0, 0]"), "zeros"),
        (all("[1, 2]"), "the same embedding for 6 different texts"),
        (all("\"AACAPw==\""), "base64"),
        (r#"{"error": {"message": "no such model"}}"#.to_owned(), "answers with an error: no such model"),
        (of(&vec![row(six); 5]), "5 embeddings for 6"),
        (of(&uneven), "6 and of 2 dimensions"),
        (of(&twice), "counts its embeddings wrongly"),
        ("<html>".to_owned(), "no list of embeddings"),
        (" ".repeat(8 << 20), "longer than"),
    ] {
        let (name, _) = serve(move |_, _| status(200, &body));
        let error = sentence(open(&name));
        assert!(error.contains(word), "{word}: {error}");
    }
    for (numbers, word) in [("[1, NaN]", "none (NaN)"), ("[1, null]", "are none"), ("[1, 1e39]", "are none")] {
        let (name, _) = serve(move |_, request| {
            let rows = vec![format!(r#"{{"embedding": {numbers}}}"#); request.texts.len()];
            status(200, &format!(r#"{{"data": [{}]}}"#, rows.join(",")))
        });
        let error = sentence(open(&name));
        assert!(error.contains(word) && error.contains("the text is"), "{word}: {error}");
    }
    // Other sizes than the probes had.
    let (name, _) = serve(|_, request| {
        if request.is_probe() { sound(request, 0.0) } else { status(200, r#"{"data": [{"embedding": [1, 2]}]}"#) }
    });
    assert!(sentence(open(&name).unwrap().encode(&["a"])).contains("now gives 2"));
}

#[test]
fn a_key_goes_nowhere_else() {
    let (elsewhere, asked) = serve(|_, request| sound(request, 0.0));
    let to = elsewhere.trim_end_matches("#m").to_owned();
    let (name, _) = serve(move |_, _| Reply { head: format!("location: {to}\r\n"), ..status(307, "") });
    assert!(sentence(open(&name)).contains("redirects to http://127.0.0.1"));
    assert!(asked.lock().unwrap().is_empty());
    assert!(sentence(open("http://me:password@127.0.0.1:1/v1/embeddings#m")).contains("LLM2LOSS_EMBEDDINGS_KEY"));
    assert!(sentence(open("http://127.0.0.1:1/v1/embeddings")).contains("#MODEL"));
    for secret in ["?key=abc", "?version=2&api_token=abc"] {
        let error = sentence(open(&format!("http://127.0.0.1:1/v1/embeddings{secret}#m")));
        assert!(error.contains("LLM2LOSS_EMBEDDINGS_KEY"), "{error}");
    }
    assert!(sentence(open("http://127.0.0.1:99999/v1/embeddings#m")).contains("port"));
    assert!(!format!("{:?}", options()).contains("secret"));
    assert!(encoder::caution("http://192.0.2.1/v1/embeddings#m").unwrap().contains("not encrypted"));
    for name in ["http://localhost:80/v1/embeddings#m", "https://192.0.2.1/v1/embeddings#m", "org/model", "builtin"] {
        assert_eq!(encoder::caution(name), None);
    }
}

#[test]
fn a_server_that_takes_few_texts_at_once_is_given_few() {
    let (name, asked) = serve(|_, request| if request.texts.len() > 6 { status(413, "") } else { sound(request, 0.0) });
    let texts: Vec<String> = (0..32).map(|at| format!("text {at}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let rows = open(&name).unwrap().encode(&texts).unwrap();
    assert_eq!(rows.len(), 32 * DIMENSION);
    assert!(asked.lock().unwrap().iter().any(|request| request.texts.len() == 4));
    let (name, _) = serve(|_, request| if request.texts.len() > 6 { status(422, "") } else { sound(request, 0.0) });
    assert_eq!(open(&name).unwrap().encode(&texts).unwrap(), rows);
}

#[test]
fn a_text_that_a_server_refuses_is_named() {
    let texts: Vec<String> = (0..32).map(|at| format!("text {at}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let spoilt = |reply: fn() -> Reply| {
        let (name, _) =
            serve(
                move |_, request| {
                    if request.texts.iter().any(|text| text == "text 21") { reply() } else { sound(request, 0.0) }
                },
            );
        sentence(open(&name).unwrap().encode(&texts))
    };
    let error = spoilt(|| status(400, r#"{"message": "too many tokens"}"#));
    assert!(error.contains("400: too many tokens") && error.contains("the text is \"text 21\""), "{error}");
    let error = spoilt(|| status(200, r#"{"data": [{"embedding": [NaN]}]}"#));
    assert!(error.contains("none (NaN)") && error.contains("\"text 21\""), "{error}");
}

/// Embedding goes on in the windows where it was stopped; a model that was changed is not mixed in.
#[test]
fn an_audit_goes_on_where_its_server_stopped_and_holds_to_its_model() {
    let (salt, left) = (Arc::new(Mutex::new(0.0)), Arc::new(AtomicUsize::new(33)));
    let (salted, limit) = (salt.clone(), left.clone());
    let (name, asked) = serve(move |_, request| {
        let salt = *salted.lock().unwrap();
        match request.is_probe()
            || limit.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
        {
            true => sound(request, salt),
            false => status(400, "out of memory"),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let (home, table) = (folder.path().join("home"), folder.path().join("t.csv"));
    let rows: String = (0..1500).map(|at| format!("{at},an item of number {at},{}\n", at % 7)).collect();
    std::fs::write(&table, format!("id,text,loss\n{rows}")).unwrap();
    let draft = manifest(&table, &Mapping::default(), "model", Contents::Elsewhere).unwrap();
    let how = Intake { name: "served", encoder: &name, allow_mismatch: false, check: false, link: false };
    ingest(&home, draft, &AttributeFile::default(), &how, open).unwrap();
    let embed = || {
        Session::open_with(&home, "served", open).and_then(|session| {
            session.embeddings(&Tracker::silent())?;
            Ok(session.encoder().fingerprint().to_owned())
        })
    };
    assert!(sentence(embed()).contains("out of memory"));
    // The first window of 1,024 is kept: only 476 are asked for again. Rounding is no other model.
    left.store(1000, Ordering::SeqCst);
    *salt.lock().unwrap() = 1e-3;
    asked.lock().unwrap().clear();
    let fingerprint = embed().unwrap();
    let texts = |asked: &Asked| -> usize {
        asked.lock().unwrap().iter().filter(|request| !request.is_probe()).map(|request| request.texts.len()).sum()
    };
    assert_eq!(texts(&asked), 476);
    assert_eq!(embed().unwrap(), fingerprint);
    assert_eq!(texts(&asked), 476);
    *salt.lock().unwrap() = 30.0;
    let error = sentence(embed());
    assert!(error.contains("not the one this audit was taken in with"), "{error}");
}
