//! A model that a server of embeddings already runs: anything that answers as OpenAI's `/v1/embeddings` does.

mod client;
mod identity;

pub use client::ServerSettings;

use super::batch::normalise;
use super::hub::Origin;
use super::{Encoder, EncoderError, Reading};
use client::{Client, KEY};
use identity::{Identity, PROBES};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Texts of a request: what text-embeddings-inference takes without a word.
const BATCH: usize = 32;
/// Requests under way at once.
const UNDER_WAY: usize = 4;
/// Difference of two numbers that rounding alone may bring about.
const EQUAL: f32 = 1e-6;
/// Tries of a text that somebody is typing.
const TYPED_TRIES: u32 = 2;

/// Whether a name is the address of a server.
pub(super) fn is_address(name: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| name.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
}

/// What a person should know before texts go to a server, if anything.
pub(super) fn caution(name: &str) -> Option<String> {
    let address = name.split('#').next().unwrap_or_default();
    let uri = is_address(name).then(|| address.parse().ok()).flatten()?;
    Origin::of(&uri)?.is_open().then(|| {
        format!("the connection to {address} is not encrypted and leaves this machine: whoever is on the way can read the texts and the key ({KEY})")
    })
}

/// A model behind an address.
#[derive(Clone)]
pub struct ServerEncoder {
    name: String,
    fingerprint: String,
    /// The fingerprint without what the probes say.
    stem: String,
    dimension: usize,
    identity: Identity,
    client: Client,
}

impl ServerEncoder {
    /// Who asks; an error if the address or the model cannot be one.
    pub(super) fn client(name: &str, settings: ServerSettings) -> Result<Client, String> {
        let (address, model) = name.split_once('#').unwrap_or((name, ""));
        Client::new(address, model, settings)
    }

    /// Asks a server for its probes; `name` is `ADDRESS#MODEL`.
    pub(super) fn open(name: &str, client: Client) -> Result<Self, String> {
        let (_, model) = name.split_once('#').unwrap_or((name, ""));
        let mut rows = client.embeddings(&PROBES, client.tries()).map_err(|problem| format!("the server {problem}"))?;
        rows.iter_mut().for_each(|row| normalise(row));
        let dimension = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.iter().all(|value| *value == 0.0)) {
            return Err("the server gives embeddings of zeros".into());
        }
        let apart = |row: &Vec<f32>| row.iter().zip(&rows[0]).any(|(a, b)| (a - b).abs() > EQUAL);
        if !rows.iter().any(apart) {
            return Err(format!("the server gives the same embedding for {} different texts", PROBES.len()));
        }
        let identity = Identity::of(&rows);
        let stem = format!("server-{dimension}-{:08x}-", xxhash_rust::xxh3::xxh3_64(model.as_bytes()) as u32);
        let fingerprint = format!("{stem}{}", identity.words());
        Ok(Self { name: name.to_owned(), fingerprint, stem, dimension, identity, client })
    }

    /// Rows of length one for texts of one request.
    fn batch(&self, texts: &[&str], tries: u32) -> Result<Vec<Vec<f32>>, EncoderError> {
        let fault = |problem: String| EncoderError::Unusable { encoder: self.name.clone(), problem };
        let rows = self.client.embeddings(texts, tries).map_err(|problem| fault(format!("the server {problem}")))?;
        match rows.iter().find(|row| row.len() != self.dimension) {
            Some(row) => Err(fault(format!(
                "the server gave embeddings of {} dimensions and now gives {}",
                self.dimension,
                row.len()
            ))),
            None => Ok(rows),
        }
    }

    fn encode_with(&self, texts: &[&str], tries: u32) -> Result<Vec<f32>, EncoderError> {
        // Servers refuse texts of nothing; their place stays zero.
        let asked: Vec<usize> = (0..texts.len()).filter(|&at| !texts[at].is_empty()).collect();
        let batches: Vec<&[usize]> = asked.chunks(BATCH).collect();
        let rows = Mutex::new(vec![0f32; texts.len() * self.dimension]);
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let work = || -> Result<(), EncoderError> {
            while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                if failed.load(Ordering::Relaxed) {
                    break;
                }
                let some: Vec<&str> = batch.iter().map(|&at| texts[at]).collect();
                let found = self.batch(&some, tries).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
                let mut rows = rows.lock().unwrap_or_else(PoisonError::into_inner);
                for (&at, mut row) in batch.iter().zip(found) {
                    normalise(&mut row);
                    rows[at * self.dimension..(at + 1) * self.dimension].copy_from_slice(&row);
                }
            }
            Ok(())
        };
        let stopped = |_| EncoderError::Unusable { encoder: self.name.clone(), problem: "a request broke off".into() };
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..UNDER_WAY.min(batches.len())).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|worker| worker.join().map_err(stopped)?).collect::<Result<Vec<()>, _>>()
        })?;
        Ok(rows.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Encoder for ServerEncoder {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    /// The server keeps its limit to itself.
    fn piece_limit(&self) -> usize {
        UNKNOWN_LIMIT
    }

    /// Its pieces are unknown too; words are counted.
    fn reading(&self, text: &str) -> Reading {
        Reading { pieces: text.split_whitespace().count(), unknown: 0 }
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        self.encode_with(texts, self.client.tries())
    }

    fn encode_prompt(&self, text: &str) -> Result<Vec<f32>, EncoderError> {
        self.encode_with(&[text], TYPED_TRIES)
    }

    fn words(&self) -> &[&str] {
        &[]
    }

    fn recognise(&self, kept: &str) -> Result<Option<Arc<dyn Encoder>>, EncoderError> {
        let changed = |how: String| {
            Err(EncoderError::Unusable {
                encoder: self.name.clone(),
                problem: format!(
                    "the server's model is not the one this audit was taken in with: {how}; start that model again, or take the audit in anew"
                ),
            })
        };
        let Some(identity) = kept.strip_prefix(&self.stem).and_then(Identity::read) else {
            return changed(format!("it has the fingerprint {}, and {kept} is kept", self.fingerprint));
        };
        if !self.identity.is_that_of(&identity) {
            let apart = 100.0 * self.identity.apart(&identity);
            return changed(format!("its embeddings of fixed texts have moved by {apart:.1} % of their length"));
        }
        Ok(Some(Arc::new(Self { fingerprint: kept.to_owned(), ..self.clone() })))
    }
}

/// More words than any model reads.
const UNKNOWN_LIMIT: usize = 1 << 20;
