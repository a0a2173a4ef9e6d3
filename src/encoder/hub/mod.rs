//! Files from the Hugging Face hub, kept in the cache that Python's tools share.
//!
//! Names, addresses and the cache's layout are hf-hub's. What is fetched is fetched here, for a hub is not trusted: what its headers name stays in the cache, its bytes are held to their digest and their
//! number, and what it may take of time and redirects is bounded. The environment is read as Python reads it:
//! `HF_HOME`, `HF_HUB_CACHE`, `HF_ENDPOINT`, `HF_TOKEN`, `HF_HUB_OFFLINE`.

mod client;
mod fetch;
mod settings;

pub(super) use client::{Origin, percent_decoded};
pub use settings::{DownloadObserver, HubSettings, Token};

use client::{Client, Fault, is_name};
use fetch::Wanted;
use hf_hub::{Cache, Repo, RepoType};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

const MAIN: &str = "main";
/// Checkpoints whose safetensors weights lie on a branch of their own: file, id, branch.
const ELSEWHERE: [(&str, &str, &str); 1] = [("model.safetensors", "openai/clip-vit-base-patch32", "refs/pr/15")];

/// A model on the hub at a revision.
pub(super) struct Repository {
    id: String,
    revision: String,
    settings: HubSettings,
    client: OnceLock<Result<Client, String>>,
    /// A file was not fetched that may be another time.
    out_of_reach: AtomicBool,
}

impl Repository {
    /// `name` is `org/model` or `model`, with an optional `@revision`.
    pub(super) fn new(name: &str, settings: HubSettings) -> Result<Self, String> {
        let (id, revision) = name.split_once('@').unwrap_or((name, MAIN));
        let plain = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !part.is_empty() && part.bytes().all(known) && !part.starts_with('.') && !part.contains("..")
        };
        if !id.split('/').all(plain) || id.split('/').count() > 2 {
            let meant = match id {
                _ if id.contains('?') => "; behind ? stand dims=N, document=WORDS, query=WORDS, each once",
                _ if id.contains("/v1/") || id.contains(':') => {
                    "; the address of a server begins with http:// or https://"
                }
                _ => "",
            };
            return Err(format!("there is no such folder, and hub ids look like org/model{meant}"));
        }
        if !revision.split('/').all(plain) {
            return Err(format!("{revision:?} is no branch, tag or commit"));
        }
        Ok(Self {
            id: id.to_owned(),
            revision: revision.to_owned(),
            settings,
            client: OnceLock::new(),
            out_of_reach: AtomicBool::new(false),
        })
    }

    /// Whether the hub did not answer, or the disk had no room for what it sent.
    pub(super) fn out_of_reach(&self) -> bool {
        self.out_of_reach.load(Ordering::Relaxed)
    }

    pub(super) fn place(&self) -> String {
        if self.settings.offline {
            return format!("the cache {} (HF_HUB_OFFLINE is set)", self.folder().display());
        }
        format!("{} at {}", self.id, self.settings.shown_endpoint())
    }

    /// The file in the cache, fetched if need be; none where the repository has no such file.
    pub(super) fn find(&self, name: &str) -> Result<Option<PathBuf>, String> {
        if !name.split('/').all(is_name) {
            return Err(format!("{} names the file {name:?}, which no repository can have", self.place()));
        }
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
        let repository = self.at(revision);
        let kept = Cache::new(self.settings.cache.clone()).repo(repository.clone());
        // A reference is followed only where it is a commit's name.
        let cached = self.commit(revision).map(|commit| kept.pointer_path(&commit).join(name));
        // Python keeps a snapshot fetched by its commit without a reference to it.
        let pinned = kept.pointer_path(revision).join(name);
        if let Some(path) = cached.into_iter().chain([pinned]).find(|path| path.is_file()) {
            return Ok(Some(path));
        }
        if self.settings.offline {
            // Weights are fetched last: where they are in the cache, all else that there is is there too.
            return if name == "config.json" { Err(self.absent()) } else { Ok(None) };
        }
        if self.absence(name, revision).is_some_and(|marker| marker.exists()) {
            return Ok(None);
        }
        let client = self.client.get_or_init(|| Client::new(&self.settings)).as_ref().map_err(Clone::clone)?;
        let wanted = Wanted {
            client,
            address: client.address(&repository, name),
            kept: &kept,
            folder: self.folder(),
            revision,
            name,
            patience: self.settings.patience,
            observer: self.settings.observer.clone(),
        };
        match wanted.fetch() {
            Ok(path) => Ok(Some(path)),
            Err(Fault::Status(404)) => {
                // As Python marks it, so that nobody asks again. Failing to write it costs a request, no more.
                if let Some(marker) = self.absence(name, revision) {
                    let _ = marker.parent().map(std::fs::create_dir_all);
                    let _ = std::fs::write(marker, b"");
                }
                Ok(None)
            }
            Err(fault) => Err(self.failed(name, fault)),
        }
    }

    fn folder(&self) -> PathBuf {
        self.settings.cache.join(self.at(MAIN).folder_name())
    }

    fn at(&self, revision: &str) -> Repo {
        Repo::with_revision(self.id.clone(), RepoType::Model, revision.to_owned())
    }

    /// The commit that a revision was when it was fetched.
    fn commit(&self, revision: &str) -> Option<String> {
        let Ok(commit) = std::fs::read_to_string(self.folder().join("refs").join(revision)) else {
            return self.only_snapshot(revision);
        };
        Some(commit.trim().to_owned()).filter(|commit| is_name(commit))
    }

    /// The one snapshot there is, where it came without a reference, as copied caches do; for use without a network.
    fn only_snapshot(&self, revision: &str) -> Option<String> {
        if !self.settings.offline || revision != MAIN {
            return None;
        }
        let mut names =
            std::fs::read_dir(self.folder().join("snapshots")).ok()?.flatten().map(|entry| entry.file_name());
        let first = names.next()?.into_string().ok()?;
        (names.next().is_none() && is_name(&first)).then_some(first)
    }

    /// Where it is noted that a commit has no such file; none while the commit is unknown.
    fn absence(&self, name: &str, revision: &str) -> Option<PathBuf> {
        Some(self.folder().join(".no_exist").join(self.commit(revision)?).join(name))
    }

    /// What the cache lacks where nothing but the cache may be used.
    fn absent(&self) -> String {
        let (folder, revision) = (self.folder(), &self.revision);
        let snapshots = std::fs::read_dir(folder.join("snapshots")).map_or(0, Iterator::count);
        let named = std::fs::read_to_string(folder.join("refs").join(revision)).ok();
        let problem = match named.as_deref().map(str::trim) {
            _ if snapshots == 0 => format!("there is nothing of {} in the cache {}", self.id, folder.display()),
            None if *revision == MAIN => {
                format!("{} has {snapshots} snapshots and no refs/{MAIN}: name one, {}@HASH", folder.display(), self.id)
            }
            None => format!("{} has no whole snapshot {revision}", folder.display()),
            Some(commit) => {
                let commit: String = commit.chars().filter(|letter| letter.is_ascii_graphic()).take(64).collect();
                format!("refs/{revision} in {} names '{commit}', of which there is no whole snapshot", folder.display())
            }
        };
        format!(
            "{problem} (HF_HUB_OFFLINE is set); fetch it where there is a network: llm2loss doctor --fetch {}",
            self.id
        )
    }

    fn unreachable(&self, reason: &str) -> String {
        format!(
            "{}@{} was wanted from {}, which is out of reach ({reason}); it would be kept in {}; if all of it is there, set HF_HUB_OFFLINE=1, else pass a local folder with its files instead",
            self.id,
            self.revision,
            self.settings.shown_endpoint(),
            self.folder().display()
        )
    }

    fn failed(&self, name: &str, fault: Fault) -> String {
        let endpoint = self.settings.shown_endpoint();
        let for_good = matches!(fault, Fault::Refused(_) | Fault::Status(401 | 403));
        self.out_of_reach.fetch_or(!for_good, Ordering::Relaxed);
        match fault {
            Fault::Status(status @ (401 | 403)) => {
                let token =
                    if self.settings.token.is_some() { "the token given may not read it" } else { "set HF_TOKEN" };
                format!(
                    "{endpoint} refuses {}@{} (status {status}): it is private, gated or does not exist; {token}, or pass a local folder",
                    self.id, self.revision
                )
            }
            Fault::Status(status) => self.unreachable(&format!("{name}: status {status}")),
            Fault::Broken(problem) | Fault::Unreachable(problem) => self.unreachable(&format!("{name}: {problem}")),
            Fault::Refused(problem) => format!(
                "the hub {endpoint} cannot be trusted with {}@{}: {problem}; nothing of it is used, pass a local folder with its files instead",
                self.id, self.revision
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_ids_are_refused() {
        let settings = HubSettings::from_lookup(|_| None);
        for name in ["a/b/c", "../x", "a//b", "", "a b", "a/b@", "a/b@../../x", "a/.", "a/b@.git"] {
            assert!(Repository::new(name, settings.clone()).is_err(), "{name}");
        }
        for (name, told) in [("localhost:80/v1/embeddings#m", "http://"), ("org/m?dims=8?dims=4", "each once")] {
            let error = Repository::new(name, settings.clone()).map(|_| ()).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
        let pinned = Repository::new("org/model@refs/pr/3", settings).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((pinned.id.as_str(), pinned.revision.as_str()), ("org/model", "refs/pr/3"));
    }
}
