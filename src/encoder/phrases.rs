//! Phrases and their vectors that somebody else computed: an encoder of a list of texts, so that an audit in any space
//! has prompts, without a text tower here.
//!
//! A phrase is known again after trimming and in any case; a text that is not on the list has no vector.

use super::{Encoder, EncoderError, Reading};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use std::collections::HashMap;
use xxhash_rust::xxh3::Xxh3;

/// What the names of such encoders begin with.
const PREFIX: &str = "phrases:";
/// Tensor and metadata of the file that is kept.
const VECTORS: &str = "vectors";
const PHRASES: &str = "phrases";
/// Phrases that an error names, and characters it shows of a text.
const NAMED: usize = 3;
const SHOWN: usize = 60;

/// Two places of a list with one phrase and different vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoVectors {
    pub first: usize,
    pub second: usize,
}

/// An encoder that knows the phrases of a list, and no other text.
#[derive(Debug, Clone, PartialEq)]
pub struct PhraseEncoder {
    name: String,
    fingerprint: String,
    phrases: Vec<String>,
    /// Row-major, `[phrases, dimension]`, of length one.
    vectors: Vec<f32>,
    dimension: usize,
    /// Folded phrases, and where they stand.
    places: HashMap<String, usize>,
}

/// What two texts must share to be one phrase.
fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

impl PhraseEncoder {
    /// Takes phrases with their vectors, `[phrases, dimension]` of length one. A phrase that stands twice with the same
    /// vector is taken once.
    ///
    /// # Errors
    /// The first phrase that stands twice with different vectors.
    pub fn new(phrases: Vec<String>, vectors: &[f32], dimension: usize) -> Result<Self, TwoVectors> {
        let mut taken = Self {
            name: String::new(),
            fingerprint: String::new(),
            phrases: Vec::with_capacity(phrases.len()),
            vectors: Vec::with_capacity(vectors.len()),
            dimension,
            places: HashMap::with_capacity(phrases.len()),
        };
        let mut rows = Vec::with_capacity(phrases.len());
        for (at, (phrase, row)) in phrases.into_iter().zip(vectors.chunks_exact(dimension.max(1))).enumerate() {
            match taken.places.get(&folded(&phrase)) {
                Some(&place) if taken.row(place) == row => {}
                Some(&place) => return Err(TwoVectors { first: rows[place], second: at }),
                None => {
                    taken.places.insert(folded(&phrase), taken.phrases.len());
                    taken.phrases.push(phrase.trim().to_owned());
                    taken.vectors.extend_from_slice(row);
                    rows.push(at);
                }
            }
        }
        let digest = taken.digest();
        (taken.name, taken.fingerprint) = (format!("{PREFIX}{digest}"), format!("phrases-{digest}"));
        Ok(taken)
    }

    /// The digest in the name of such an encoder; none in other names.
    #[must_use]
    pub fn digest_in(name: &str) -> Option<&str> {
        name.strip_prefix(PREFIX)
    }

    /// Digest of dimension, phrases and vectors.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut state = Xxh3::new();
        for number in [self.dimension, self.phrases.len()] {
            state.update(&(number as u64).to_le_bytes());
        }
        for phrase in &self.phrases {
            state.update(&(phrase.len() as u64).to_le_bytes());
            state.update(phrase.as_bytes());
        }
        self.vectors.iter().for_each(|value| state.update(&value.to_le_bytes()));
        format!("{:016x}", state.digest())
    }

    /// The phrases, in the order they were given.
    #[must_use]
    pub fn phrases(&self) -> &[String] {
        &self.phrases
    }

    /// Whether a text is on the list.
    #[must_use]
    pub fn holds(&self, text: &str) -> bool {
        self.places.contains_key(&folded(text))
    }

    fn row(&self, place: usize) -> &[f32] {
        &self.vectors[place * self.dimension..(place + 1) * self.dimension]
    }

    /// Phrases that share words with a text, those that share most first; else the first of the list.
    fn like(&self, text: &str) -> Vec<&str> {
        let wanted = folded(text);
        let words: Vec<&str> = wanted.split_whitespace().collect();
        let shared = |phrase: &str| folded(phrase).split_whitespace().filter(|word| words.contains(word)).count();
        let mut order: Vec<(usize, &str)> =
            self.phrases.iter().map(|phrase| (shared(phrase), phrase.as_str())).collect();
        order.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
        order.into_iter().take(NAMED).map(|(_, phrase)| phrase).collect()
    }

    fn unknown(&self, text: &str) -> EncoderError {
        let shown = |text: &str| {
            let cut: String = text.trim().chars().take(SHOWN).collect();
            if cut.len() < text.trim().len() { format!("\"{cut}…\"") } else { format!("\"{cut}\"") }
        };
        let like: Vec<String> = self.like(text).into_iter().map(shown).collect();
        EncoderError::NoVector { text: shown(text), known: self.phrases.len(), like: like.join(", ") }
    }

    /// The file that a home keeps of it: `vectors [phrases, dimension]`, the phrases a JSON list in the metadata.
    ///
    /// # Errors
    /// If it cannot be written down, which no list brings about.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, EncoderError> {
        let fault = |problem: String| EncoderError::Unusable { encoder: self.name.clone(), problem };
        let bytes: Vec<u8> = self.vectors.iter().flat_map(|value| value.to_le_bytes()).collect();
        let shape = vec![self.phrases.len(), self.dimension];
        let view = TensorView::new(Dtype::F32, shape, &bytes).map_err(|error| fault(error.to_string()))?;
        let phrases = serde_json::to_string(&self.phrases).map_err(|error| fault(error.to_string()))?;
        let metadata = HashMap::from([(PHRASES.to_owned(), phrases)]);
        safetensors::serialize([(VECTORS, view)], Some(metadata)).map_err(|error| fault(error.to_string()))
    }

    /// Reads back what [`PhraseEncoder::to_safetensors`] wrote of the encoder with this digest.
    ///
    /// # Errors
    /// If it is damaged: its digest is another one.
    pub fn from_safetensors(data: &[u8], digest: &str) -> Result<Self, EncoderError> {
        let fault = |problem: String| EncoderError::Unusable { encoder: format!("{PREFIX}{digest}"), problem };
        let damaged = |problem: &str| {
            fault(format!(
                "its file in the home is damaged ({problem}); take the audit in anew with --prompt-embeddings"
            ))
        };
        let (_, header) = SafeTensors::read_metadata(data).map_err(|error| damaged(&error.to_string()))?;
        let file = SafeTensors::deserialize(data).map_err(|error| damaged(&error.to_string()))?;
        let view = file.tensor(VECTORS).map_err(|error| damaged(&error.to_string()))?;
        let phrases = header.metadata().as_ref().and_then(|words| words.get(PHRASES));
        let phrases: Vec<String> =
            phrases.and_then(|text| serde_json::from_str(text).ok()).ok_or_else(|| damaged("it lacks its phrases"))?;
        let [rows, dimension] = view.shape() else { return Err(damaged("no matrix of vectors")) };
        if view.dtype() != Dtype::F32 || *rows != phrases.len() || *dimension == 0 {
            return Err(damaged("its vectors do not fit its phrases"));
        }
        let values: Vec<f32> = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let read = Self::new(phrases, &values, *dimension).map_err(|_| damaged("a phrase has two vectors"))?;
        if read.digest() == digest { Ok(read) } else { Err(damaged("its digest is another one")) }
    }
}

impl Encoder for PhraseEncoder {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    /// A phrase is known whole, however long.
    fn piece_limit(&self) -> usize {
        1 << 20
    }

    fn reading(&self, text: &str) -> Reading {
        Reading { pieces: text.split_whitespace().count(), unknown: 0 }
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        let mut rows = Vec::with_capacity(texts.len() * self.dimension);
        for text in texts {
            let place = self.places.get(&folded(text)).ok_or_else(|| self.unknown(text))?;
            rows.extend_from_slice(self.row(*place));
        }
        Ok(rows)
    }

    fn words(&self) -> &[&str] {
        &[]
    }

    fn phrases(&self) -> Option<&PhraseEncoder> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(phrases: &[&str], vectors: &[f32]) -> Result<PhraseEncoder, TwoVectors> {
        PhraseEncoder::new(phrases.iter().map(|phrase| (*phrase).to_owned()).collect(), vectors, 2)
    }

    #[test]
    fn a_phrase_is_known_in_any_case_and_nothing_else_is() {
        let encoder = list(&[" A Dog", "a cat", "ÉTÉ"], &[1.0, 0.0, 0.0, 1.0, 0.6, 0.8]).unwrap();
        assert_eq!(encoder.encode(&["a dog ", "été", "A CAT"]).unwrap(), [1.0, 0.0, 0.6, 0.8, 0.0, 1.0]);
        assert_eq!(encoder.encode_prompt("a dog").unwrap(), [1.0, 0.0]);
        assert!(encoder.knows("a dog") && !encoder.knows("a  dog") && !encoder.knows("dog"));
        let said = encoder.encode(&["a cat", "the cat"]).unwrap_err().to_string();
        assert!(
            said.starts_with("no vector is given for \"the cat\": 3 phrases are known, such as \"a cat\", \"A Dog\""),
            "{said}"
        );
    }

    #[test]
    fn one_phrase_with_two_vectors_is_refused_by_its_places() {
        let twice = list(&["a dog", "a cat", "A dog"], &[1.0, 0.0, 0.0, 1.0, 1.0, 0.0]).unwrap();
        assert_eq!(twice.phrases(), ["a dog", "a cat"]);
        let wrong = list(&["a cat", "a cat", "a dog", "A dog"], &[1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
        assert_eq!(wrong, Err(TwoVectors { first: 2, second: 3 }));
    }

    #[test]
    fn the_kept_file_is_read_back_and_any_changed_byte_of_it_is_told() {
        let encoder = list(&["a dog", "a cat"], &[1.0, 0.0, 0.6, 0.8]).unwrap();
        let file = encoder.to_safetensors().unwrap();
        let digest = PhraseEncoder::digest_in(encoder.name()).unwrap();
        assert_eq!(PhraseEncoder::from_safetensors(&file, digest).unwrap(), encoder);
        for at in 0..file.len() {
            let mut other = file.clone();
            other[at] ^= 1;
            let read = PhraseEncoder::from_safetensors(&other, digest);
            assert!(read.is_err() || read.is_ok_and(|read| read == encoder), "byte {at}");
        }
        assert!(PhraseEncoder::from_safetensors(&file[..20], digest).is_err());
        let others =
            [list(&["a dog", "a cow"], &[1.0, 0.0, 0.6, 0.8]), list(&["a dog", "a cat"], &[1.0, 0.0, 0.8, 0.6])];
        assert!(others.iter().flatten().all(|other| other.fingerprint() != encoder.fingerprint()));
    }
}
