//! Where the hub is and how it is used, as the environment says.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const ENDPOINT: &str = "https://huggingface.co";
/// How long a hub may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Told how a download goes: at its start, at most ten times a second, and at its end.
pub trait DownloadObserver: Send + Sync {
    /// `bytes` of `total` of `file` are there.
    fn progress(&self, file: &str, bytes: u64, total: u64);
}

/// A secret that is never shown, not even by `{:?}`.
#[derive(Clone)]
pub struct Token(pub(super) String);

impl Token {
    /// Takes a token; blank ones are none.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The secret, for the one it is meant for.
    pub(in crate::encoder) fn secret(&self) -> &str {
        &self.0
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
    /// `https://host` or `http://host:port`; may hold `name:password@`, which is never shown.
    pub endpoint: String,
    /// Folder of `models--org--name` folders.
    pub cache: PathBuf,
    pub token: Option<Token>,
    /// Use the cache alone.
    pub offline: bool,
    /// Send a token or a password to a hub whose connection is not encrypted and leaves this machine.
    pub plain: bool,
    /// How long a hub may be silent, and in what time it must send a least number of bytes.
    pub patience: Duration,
    pub observer: Option<Arc<dyn DownloadObserver>>,
}

impl fmt::Debug for HubSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HubSettings")
            .field("endpoint", &self.shown_endpoint())
            .field("cache", &self.cache)
            .field("token", &self.token)
            .field("offline", &self.offline)
            .field("plain", &self.plain)
            .finish_non_exhaustive()
    }
}

/// The user's own folder: as the environment names it, else as the system does.
fn user_folder(named: Option<String>) -> PathBuf {
    named.map(PathBuf::from).or_else(|| etcetera::home_dir().ok()).unwrap_or_default()
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
            cache.unwrap_or_else(|| user_folder(set("HOME")).join(".cache")).join("huggingface")
        });
        let truth = |value: String| matches!(value.to_ascii_lowercase().as_str(), "1" | "on" | "yes" | "true");
        // A token logged in with lies in a file.
        let kept = || std::fs::read_to_string(home.join("token")).ok();
        Self {
            endpoint: set("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()).trim_end_matches('/').to_owned(),
            cache: set("HF_HUB_CACHE").map_or_else(|| home.join("hub"), PathBuf::from),
            token: set("HF_TOKEN").or_else(kept).as_deref().and_then(Token::new),
            offline: set("HF_HUB_OFFLINE").is_some_and(truth),
            plain: set("LLM2LOSS_PLAIN_HUB").is_some_and(truth),
            patience: PATIENCE,
            observer: None,
        }
    }

    /// The endpoint as people may see it: without a name and a password.
    pub(super) fn shown_endpoint(&self) -> String {
        self.split_endpoint().0
    }

    /// The endpoint without, and then with its `name:password`.
    pub(super) fn split_endpoint(&self) -> (String, Option<&str>) {
        match self.endpoint.split_once("://") {
            // The last @ counts: whatever stands before it may be part of a password.
            Some((scheme, rest)) => match rest.rsplit_once('@') {
                Some((secret, place)) => (format!("{scheme}://{place}"), Some(secret)),
                None => (self.endpoint.clone(), None),
            },
            None => (self.endpoint.rsplit('@').next().unwrap_or_default().to_owned(), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

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
    fn a_password_is_cut_out_wherever_it_ends() {
        for endpoint in ["https://name:secret@host/a", "https://name:sec/ret@host/a", "https://n:s@secret@host/a"] {
            let set = settings(&[("HF_ENDPOINT", endpoint)]);
            assert_eq!(set.shown_endpoint(), "https://host/a");
            assert!(!format!("{set:?}").contains("sec"));
        }
        assert_eq!(settings(&[("HF_ENDPOINT", "name:secret@host")]).shown_endpoint(), "host");
    }
}
