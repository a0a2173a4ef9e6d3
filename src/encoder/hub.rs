//! Files from the Hugging Face hub, kept in the cache that Python's tools share.
//!
//! hf-hub downloads; this decides where from and where to, what counts as absent, and what a failure says. The
//! environment is read as Python reads it: `HF_HOME`, `HF_HUB_CACHE`, `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`.

use hf_hub::api::Progress;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo, RepoType};
use std::fmt;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

const ENDPOINT: &str = "https://huggingface.co";
const MAIN: &str = "main";
/// How long a hub may take to accept a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// Tries of a download that breaks; each goes on where the last one stopped.
const RETRIES: usize = 3;
/// Time between two reports of progress.
const REPORT_EVERY: Duration = Duration::from_millis(100);
/// Checkpoints whose safetensors weights lie on a branch of their own: file, id, branch.
const ELSEWHERE: [(&str, &str, &str); 1] = [("model.safetensors", "openai/clip-vit-base-patch32", "refs/pr/15")];

/// Told how a download goes: at its start, at most ten times a second, and at its end.
pub trait DownloadObserver: Send + Sync {
    /// `bytes` of `total` of `file` are there.
    fn progress(&self, file: &str, bytes: u64, total: u64);
}

/// A secret that is never shown, not even by `{:?}`.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Takes a token; blank ones are none.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(hidden)")
    }
}

/// Where the hub is, and how it is used.
#[derive(Clone)]
pub struct HubSettings {
    pub endpoint: String,
    /// Folder of `models--org--name` folders.
    pub cache: PathBuf,
    pub token: Option<Token>,
    /// Use the cache alone.
    pub offline: bool,
    pub observer: Option<Arc<dyn DownloadObserver>>,
}

impl fmt::Debug for HubSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HubSettings")
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("token", &self.token)
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

impl HubSettings {
    /// As the environment says.
    pub fn from_environment() -> Self {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// As a look-up of variables says; blank ones count as unset.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let home = set("HF_HOME").map(PathBuf::from).unwrap_or_else(|| {
            let cache = set("XDG_CACHE_HOME").map(PathBuf::from);
            cache.unwrap_or_else(|| PathBuf::from(set("HOME").unwrap_or_default()).join(".cache")).join("huggingface")
        });
        let truth = |value: String| matches!(value.to_ascii_lowercase().as_str(), "1" | "on" | "yes" | "true");
        // A token logged in with lies in a file.
        let kept = || std::fs::read_to_string(home.join("token")).ok();
        Self {
            endpoint: set("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()).trim_end_matches('/').to_owned(),
            cache: set("HF_HUB_CACHE").map_or_else(|| home.join("hub"), PathBuf::from),
            token: set("HF_TOKEN").or_else(kept).as_deref().and_then(Token::new),
            offline: set("HF_HUB_OFFLINE").is_some_and(truth),
            observer: None,
        }
    }
}

/// A model on the hub at a revision.
pub(super) struct Repository {
    id: String,
    revision: String,
    settings: HubSettings,
    api: OnceLock<Result<Api, String>>,
}

impl Repository {
    /// `name` is `org/model` or `model`, with an optional `@revision`.
    pub(super) fn new(name: &str, settings: HubSettings) -> Result<Self, String> {
        let (id, revision) = name.split_once('@').unwrap_or((name, MAIN));
        let plain = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !part.is_empty() && part.bytes().all(known) && !part.contains("..")
        };
        if !id.split('/').all(plain) || id.split('/').count() > 2 {
            return Err("there is no such folder, and hub ids look like org/model".to_owned());
        }
        if !revision.split('/').all(plain) {
            return Err(format!("{revision:?} is no branch, tag or commit"));
        }
        Ok(Self { id: id.to_owned(), revision: revision.to_owned(), settings, api: OnceLock::new() })
    }

    pub(super) fn place(&self) -> String {
        if self.settings.offline {
            return format!("the cache {} (HF_HUB_OFFLINE is set)", self.folder().display());
        }
        format!("{} at {}", self.id, self.settings.endpoint)
    }

    /// The file in the cache, fetched if need be; none where the repository has no such file.
    pub(super) fn find(&self, name: &str) -> Result<Option<PathBuf>, String> {
        if let Some(path) = self.find_at(name, &self.revision)? {
            return Ok(Some(path));
        }
        let elsewhere = ELSEWHERE.iter().find(|(file, id, _)| *file == name && *id == self.id);
        match elsewhere {
            Some((_, _, branch)) if self.revision == MAIN => self.find_at(name, branch),
            _ => Ok(None),
        }
    }

    fn find_at(&self, name: &str, revision: &str) -> Result<Option<PathBuf>, String> {
        let repo = Repo::with_revision(self.id.clone(), RepoType::Model, revision.to_owned());
        let cached = Cache::new(self.settings.cache.clone()).repo(repo.clone()).get(name);
        // Python keeps a snapshot fetched by its commit without a reference to it.
        let pinned = self.folder().join("snapshots").join(revision).join(name);
        if let Some(path) = cached.or_else(|| pinned.is_file().then_some(pinned)) {
            return Ok(Some(path));
        }
        if self.settings.offline {
            // Weights are fetched last: where they are in the cache, all else that there is is there too.
            return if name == "config.json" { Err(self.unreachable("HF_HUB_OFFLINE is set")) } else { Ok(None) };
        }
        if self.absence(name, revision).is_some_and(|marker| marker.exists()) {
            return Ok(None);
        }
        let api = self.api.get_or_init(|| self.connect()).as_ref().map_err(Clone::clone)?;
        match self.download(api, &repo, name) {
            Ok(path) => Ok(Some(path)),
            Err(ApiError::RequestError(error)) if matches!(*error, ureq::Error::StatusCode(404)) => {
                // As Python marks it, so that nobody asks again. Failing to write it costs a request, no more.
                if let Some(marker) = self.absence(name, revision) {
                    let _ = marker.parent().map(std::fs::create_dir_all);
                    let _ = std::fs::write(marker, b"");
                }
                Ok(None)
            }
            Err(error) => Err(self.refused(name, &error)),
        }
    }

    fn folder(&self) -> PathBuf {
        self.settings.cache.join(Repo::model(self.id.clone()).folder_name())
    }

    /// Where it is noted that a commit has no such file; none while the commit is unknown.
    fn absence(&self, name: &str, revision: &str) -> Option<PathBuf> {
        let commit = std::fs::read_to_string(self.folder().join("refs").join(revision)).ok()?;
        Some(self.folder().join(".no_exist").join(commit.trim()).join(name))
    }

    /// The client, once the hub has been seen to answer: hf-hub itself would wait for minutes.
    fn connect(&self) -> Result<Api, String> {
        let proxied = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
        if !proxied.iter().any(|name| std::env::var_os(name).is_some()) {
            answers(&self.settings.endpoint).map_err(|reason| self.unreachable(&reason))?;
        }
        ApiBuilder::from_cache(Cache::new(self.settings.cache.clone()))
            .with_endpoint(self.settings.endpoint.clone())
            .with_token(self.settings.token.as_ref().map(|token| token.0.clone()))
            .with_retries(RETRIES)
            .with_progress(false)
            .with_user_agent("llm2loss", env!("CARGO_PKG_VERSION"))
            .build()
            .map_err(|error| self.unreachable(&error.to_string()))
    }

    fn download(&self, api: &Api, repo: &Repo, name: &str) -> Result<PathBuf, ApiError> {
        let mut tries = 0;
        loop {
            let meter = Meter::new(name, self.settings.observer.clone());
            let total = meter.total.clone();
            let result = api.repo(repo.clone()).download_with_progress(name, meter);
            let error = match result {
                Ok(path) => match whole(&path, total.load(Ordering::Relaxed)) {
                    Ok(()) => return Ok(path),
                    Err(error) => ApiError::IoError(error),
                },
                Err(error) => error,
            };
            let status =
                matches!(&error, ApiError::RequestError(error) if matches!(**error, ureq::Error::StatusCode(_)));
            if matches!(error, ApiError::InvalidResume) {
                self.forget_parts();
            }
            tries += 1;
            if status || tries >= RETRIES || matches!(error, ApiError::TooManyRetries(_)) {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Removes half-downloaded files that cannot be gone on with.
    fn forget_parts(&self) {
        for entry in std::fs::read_dir(self.folder().join("blobs")).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "part") {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn unreachable(&self, reason: &str) -> String {
        format!(
            "{}@{} was wanted from {}, which is out of reach ({reason}); it would be kept in {}; pass a local folder with its files instead",
            self.id,
            self.revision,
            self.settings.endpoint,
            self.folder().display()
        )
    }

    fn refused(&self, name: &str, error: &ApiError) -> String {
        let status = match error {
            ApiError::RequestError(error) => match **error {
                ureq::Error::StatusCode(status) => Some(status),
                _ => None,
            },
            _ => None,
        };
        match status {
            Some(status @ (401 | 403)) => {
                let token =
                    if self.settings.token.is_some() { "the token given may not read it" } else { "set HF_TOKEN" };
                format!(
                    "{} refuses {}@{} (status {status}): it is private, gated or does not exist; {token}, or pass a local folder",
                    self.settings.endpoint, self.id, self.revision
                )
            }
            _ => self.unreachable(&format!("{name}: {error}")),
        }
    }
}

/// Whether somebody accepts a connection at a URL's host.
fn answers(endpoint: &str) -> Result<(), String> {
    let (scheme, rest) = endpoint.split_once("://").ok_or("it is no URL")?;
    let host = rest.split('/').next().unwrap_or(rest).rsplit('@').next().unwrap_or(rest);
    let address = match host.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host.to_owned(),
        _ => format!("{host}:{}", if scheme == "http" { 80 } else { 443 }),
    };
    let mut last = "its name is unknown".to_owned();
    for address in address.to_socket_addrs().map_err(|error| error.to_string())? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Ok(()),
            Err(error) => last = error.to_string(),
        }
    }
    Err(last)
}

/// Whether a file has all its bytes; what a server cut short or sent twice is removed.
fn whole(path: &Path, total: u64) -> std::io::Result<()> {
    let length = path.metadata()?.len();
    if total == 0 || length == total {
        return Ok(());
    }
    if let Ok(blob) = path.canonicalize() {
        std::fs::remove_file(blob)?;
    }
    let _ = std::fs::remove_file(path);
    Err(std::io::Error::other(format!("{length} bytes came of {total}")))
}

/// Hands hf-hub's many small reports on, a few a second.
struct Meter {
    file: String,
    bytes: u64,
    total: Arc<AtomicU64>,
    last: Option<Instant>,
    observer: Option<Arc<dyn DownloadObserver>>,
}

impl Meter {
    fn new(file: &str, observer: Option<Arc<dyn DownloadObserver>>) -> Self {
        Self { file: file.to_owned(), bytes: 0, total: Arc::default(), last: None, observer }
    }

    fn report(&mut self) {
        self.last = Some(Instant::now());
        if let Some(observer) = &self.observer {
            observer.progress(&self.file, self.bytes, self.total.load(Ordering::Relaxed));
        }
    }
}

impl Progress for Meter {
    fn init(&mut self, size: usize, _: &str) {
        // Called at the start of every try, which then reports what an earlier one left.
        self.bytes = 0;
        let first = self.total.swap(size as u64, Ordering::Relaxed) == 0;
        if first {
            self.report();
        }
    }

    fn update(&mut self, size: usize) {
        self.bytes += size as u64;
        if self.last.is_none_or(|last| last.elapsed() >= REPORT_EVERY) {
            self.report();
        }
    }

    fn finish(&mut self) {
        self.report();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> HubSettings {
        HubSettings::from_lookup(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_is_read_as_python_reads_it() {
        let plain = settings(&[("HOME", "/h")]);
        assert_eq!((plain.endpoint.as_str(), plain.offline), (ENDPOINT, false));
        assert_eq!(plain.cache, Path::new("/h/.cache/huggingface/hub"));
        let set = settings(&[
            ("HF_HOME", "/x"),
            ("HF_ENDPOINT", "http://mirror/"),
            ("HF_TOKEN", " secret-words "),
            ("HF_HUB_OFFLINE", "TRUE"),
        ]);
        assert_eq!((set.endpoint.as_str(), set.offline), ("http://mirror", true));
        assert_eq!(set.cache, Path::new("/x/hub"));
        assert_eq!(set.token.as_ref().unwrap().0, "secret-words");
        assert!(!format!("{set:?}").contains("secret"));
        let cache = settings(&[("HF_HOME", "/x"), ("HF_HUB_CACHE", "/y"), ("HF_HUB_OFFLINE", "0"), ("HF_TOKEN", "")]);
        assert_eq!((cache.cache.as_path(), cache.offline), (Path::new("/y"), false));
        assert!(cache.token.is_none());
        assert_eq!(settings(&[("XDG_CACHE_HOME", "/c")]).cache, Path::new("/c/huggingface/hub"));
    }

    #[test]
    fn names_that_are_no_ids_are_refused() {
        for name in ["a/b/c", "../x", "a//b", "", "a b", "a/b@", "a/b@../../x"] {
            assert!(Repository::new(name, settings(&[])).is_err(), "{name}");
        }
        let pinned = Repository::new("org/model@refs/pr/3", settings(&[])).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((pinned.id.as_str(), pinned.revision.as_str()), ("org/model", "refs/pr/3"));
    }
}
