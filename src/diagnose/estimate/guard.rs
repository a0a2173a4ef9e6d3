//! The guard of sentences: whether data speak of what one says. It needs no heads. Where items are texts, words decide;
//! else the encoder's space, once a run has learnt it.

use super::answer::{JudgedBy, Support, WordReading, WordsOf};
use super::lexicon::{Lexicon, Reading};
use super::sentence_guard::SentenceGuard;
use super::word_index::WordIndex;
use crate::audit::Audit;
use crate::data::{content_words, generic_words, words};
use crate::diagnose::DiagnoseError;
use crate::encoder::Encoder;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Words that an audit's own prompts must hold to speak for items without words.
const LEAST_WORDS: usize = 20;

/// Words of an audit, and how others are read.
pub struct Guard {
    /// Static vectors of single words.
    word_encoder: Arc<dyn Encoder>,
    /// Words that stand for anybody.
    pub generic: BTreeSet<String>,
    /// Words of the items and of the audit's own prompts.
    vocabulary: Arc<BTreeSet<String>>,
    lexicon: Lexicon,
    words_of: WordsOf,
    /// What judges whole sentences about items without words.
    pub sentences: Option<SentenceGuard>,
    /// How unknown words were read, each worked out once.
    readings: Mutex<HashMap<String, Reading>>,
}

impl Guard {
    /// Takes the words of training items, where these have any, else those of the audit's own prompts.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn new(
        audit: &Audit,
        index: Option<&WordIndex>,
        word_encoder: Arc<dyn Encoder>,
        vocabulary: Arc<BTreeSet<String>>,
    ) -> Result<Self, DiagnoseError> {
        let generic = generic_words(audit.attributes.iter().map(|attribute| attribute.prompts.generic.as_str()));
        let own = own_words(audit, &generic);
        let known: Vec<&str> = match index {
            Some(index) => index.words().into_iter().map(|(word, _)| word).collect(),
            None => own.iter().map(String::as_str).collect(),
        };
        let lexicon = Lexicon::new(&known, word_encoder.as_ref())?;
        let words_of = if index.is_some() { WordsOf::Items } else { WordsOf::Prompts };
        Ok(Self {
            word_encoder,
            generic,
            vocabulary,
            lexicon,
            words_of,
            sentences: None,
            readings: Mutex::new(HashMap::new()),
        })
    }

    /// How each content word of a text is read.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn read(&self, text: &str) -> Result<Vec<(String, Reading)>, DiagnoseError> {
        let content = content_words(text, &self.generic);
        let read = |word: String| -> Result<(String, Reading), DiagnoseError> {
            if self.lexicon.holds(&word) {
                let reading = Reading { read_as: Some(word.clone()), cosine: 1.0 };
                return Ok((word, reading));
            }
            let known = self.readings.lock().unwrap_or_else(PoisonError::into_inner).get(&word).cloned();
            let reading = match known {
                Some(reading) => reading,
                None => {
                    let reading = self.lexicon.read(&word, &self.word_encoder.encode(&[&word])?);
                    let mut kept = self.readings.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.insert(word.clone(), reading.clone());
                    reading
                }
            };
            Ok((word, reading))
        };
        content.into_iter().map(read).collect()
    }

    /// Whether data speak of a text: each content word must be used by an item or a prompt of the audit, or be like a word
    /// that an item uses. Items without words have the audit's own prompts speak for them, as whole sentences where these
    /// were learnt and `embedding` is given; too few of these say nothing.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn support(&self, text: &str, embedding: Option<&[f32]>) -> Result<Support, DiagnoseError> {
        let judge = |(word, reading): (String, Reading)| {
            let own = self.vocabulary.contains(&word);
            let (read_as, cosine) = if own { (Some(word.clone()), 1.0) } else { (reading.read_as, reading.cosine) };
            WordReading { word, read_as, cosine }
        };
        let words_of = self.words_of;
        if !self.judges() {
            let (judged_by, words) = (JudgedBy::Words, Vec::new());
            return Ok(Support { supported: true, words_of, judged_by, figure: None, threshold: None, words });
        }
        let judged: Vec<WordReading> = self.read(text)?.into_iter().map(judge).collect();
        let least = judged.iter().map(|word| word.cosine).fold(1.0, f64::min);
        let (judged_by, figure, threshold) = match self.sentences.as_ref().zip(embedding) {
            // What is said in the audit's own words is its own, however it is put.
            Some((guard, _)) if least >= 1.0 => (JudgedBy::Sentence, 1.0, guard.threshold),
            Some((guard, embedding)) => (JudgedBy::Sentence, guard.figure(embedding), guard.threshold),
            None => (JudgedBy::Words, least, self.lexicon.threshold()),
        };
        // Nothing but function words and "anybody" is said of everybody; no words at all of nobody.
        let any = words(text).next().is_some();
        Ok(Support {
            supported: any && figure >= threshold,
            words_of,
            judged_by,
            figure: Some(figure),
            threshold: Some(threshold),
            words: judged,
        })
    }

    /// Whether it knows words enough to say anything.
    #[must_use]
    pub fn judges(&self) -> bool {
        self.words_of == WordsOf::Items || self.lexicon.len() >= LEAST_WORDS
    }
}

/// Content words of the audit's own prompts, each once.
fn own_words(audit: &Audit, generic: &BTreeSet<String>) -> BTreeSet<String> {
    let attributes = audit.attributes.iter().map(|attribute| &attribute.prompts);
    let prompts = attributes.flat_map(|own| std::iter::once(&own.phrase).chain(own.antonym.as_ref()));
    prompts.chain(&audit.prompts.in_distribution).flat_map(|prompt| content_words(prompt, generic)).collect()
}
