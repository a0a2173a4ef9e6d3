//! Damaged answers of a server of embeddings and of a hub, both on loopback.

use crate::targets::{Ready, bytes, folder};
use llm2loss::encoder::{self, HubSettings, OpenOptions, ServerSettings, Token};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Answers every request with what is in the cell; returns the address.
fn serve(answer: Arc<Mutex<Vec<u8>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = Vec::new();
            let mut some = [0; 4096];
            while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut some) {
                    Ok(count) if count > 0 => asked.extend_from_slice(&some[..count]),
                    _ => break,
                }
            }
            let bytes = answer.lock().map(|bytes| bytes.clone()).unwrap_or_default();
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(Shutdown::Write);
        }
    });
    address
}

fn options(endpoint: &str, cache: &std::path::Path) -> OpenOptions {
    let patience = Duration::from_millis(500);
    let hub = HubSettings {
        endpoint: endpoint.to_owned(),
        cache: cache.to_owned(),
        token: Token::new("token"),
        offline: false,
        plain: false,
        patience,
        observer: None,
    };
    let server = ServerSettings { key: None, patience, tries: 1, pause: Duration::ZERO };
    OpenOptions { hub, server, ..OpenOptions::default() }
}

/// A server that answers the probes with damage.
pub fn server() -> Ready {
    let rows: Vec<String> =
        (0..16).map(|at| format!(r#"{{"index": {at}, "embedding": [0.5, -1e-3, {at}]}}"#)).collect();
    let seeds = (1..=8).map(|count| {
        let body = format!(r#"{{"data": [{}]}}"#, rows[..count].join(","));
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{body}").into_bytes()
    });
    let seeds: Vec<Vec<u8>> = seeds.collect();
    let cell = Arc::new(Mutex::new(Vec::new()));
    let address = serve(Arc::clone(&cell));
    let folder = folder();
    bytes(&seeds, move |bytes| {
        if let Ok(mut cell) = cell.lock() {
            *cell = bytes.to_vec();
        }
        let _ = encoder::open_with(&format!("{address}/v1/embeddings#m"), &options(&address, folder.path()));
    })
}

/// A hub whose every answer is damaged.
pub fn hub() -> Ready {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let body = r#"{"model_type": "bert"}"#;
    let head = format!("etag: \"good\"\r\nx-repo-commit: {commit}\r\nconnection: close\r\n");
    let length = body.len();
    let seeds = [
        format!("HTTP/1.1 206 x\r\ncontent-range: bytes 0-0/1\r\n{head}content-length: 1\r\n\r\n{{"),
        format!("HTTP/1.1 200 x\r\n{head}content-length: {length}\r\n\r\n{body}"),
        format!("HTTP/1.1 302 x\r\nlocation: /x/y?z=1\r\nx-linked-etag: \"good\"\r\n{head}content-length: 0\r\n\r\n"),
    ];
    let cell = Arc::new(Mutex::new(Vec::new()));
    let address = serve(Arc::clone(&cell));
    let folder = folder();
    bytes(&seeds.map(String::into_bytes), move |bytes| {
        if let Ok(mut cell) = cell.lock() {
            *cell = bytes.to_vec();
        }
        let cache = folder.path().join("a/b/c/cache");
        let _ = encoder::open_with("org/model", &options(&address, &cache));
        // Whatever it names stays within its cache.
        let strangers = std::fs::read_dir(folder.path()).into_iter().flatten().flatten();
        assert!(strangers.into_iter().all(|entry| entry.file_name() == "a"), "a file outside of the cache");
        let _ = std::fs::remove_dir_all(folder.path().join("a"));
    })
}
