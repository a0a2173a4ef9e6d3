//! Audits whose prompts are a list of phrases with vectors computed elsewhere: the list is taken in, kept in the home and
//! opened from there, and what it lacks of an audit's own prompts is told.

use super::EngineError;
use crate::audit::{Attribute, Audit, Contrast};
use crate::data::{DataError, PhraseVectors};
use crate::encoder::{Encoder, PhraseEncoder, TwoVectors};
use crate::store::Store;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Attributes and sentences that a note names.
const NAMED: usize = 12;

/// The encoder of phrases and vectors that were read from a file.
///
/// # Errors
/// If a phrase stands there twice with different vectors; says where.
pub fn phrase_encoder(read: PhraseVectors) -> Result<PhraseEncoder, EngineError> {
    let PhraseVectors { phrases, vectors, dimension, file, rows, .. } = read;
    let twice = |TwoVectors { first, second }: TwoVectors| DataError::File {
        file,
        problem: format!(
            "the phrase \"{}\" of row {} stands in row {} too, with another vector (phrases are the same after trimming and in any case); leave one out",
            phrases[second].trim(),
            rows[second],
            rows[first]
        ),
    };
    PhraseEncoder::new(phrases.clone(), &vectors, dimension).map_err(|places| twice(places).into())
}

/// The list of this name that the home keeps; none where the name is not that of a list.
pub(super) fn kept_list(store: &Store, name: &str) -> Option<Result<Arc<PhraseEncoder>, EngineError>> {
    let digest = PhraseEncoder::digest_in(name)?;
    let read = || Ok(Arc::new(PhraseEncoder::from_safetensors(&store.phrases(digest)?, digest)?));
    Some(read())
}

/// Keeps the list of an encoder, if it is one.
///
/// # Errors
/// If the disk refuses.
pub(super) fn keep_list(store: &Store, encoder: &dyn Encoder) -> Result<(), EngineError> {
    match encoder.phrases() {
        Some(list) => Ok(store.put_phrases(&list.digest(), &list.to_safetensors()?)?),
        None => Ok(()),
    }
}

/// Sentences on what is not said of an audit because no vector is given for it; none where the encoder reads all texts.
pub(super) fn lacking(audit: &Audit, encoder: &dyn Encoder) -> Vec<String> {
    let Some(list) = encoder.phrases() else { return Vec::new() };
    let mut notes = vec![format!(
        "prompts are the {} phrases given, each with its own vector; heads learn what is foreign from random directions alone",
        list.phrases().len()
    )];
    let without: Vec<String> = audit
        .attributes
        .iter()
        .filter(|attribute| !list.holds(&attribute.prompts.phrase))
        .map(|attribute| format!("{} (\"{}\")", attribute.name, attribute.prompts.phrase))
        .collect();
    if !without.is_empty() {
        notes.push(format!(
            "no vector is given for the phrase of {} of {} attributes, of which nothing is predicted: {}; give vectors for these, or other phrases by --attributes",
            without.len(),
            audit.attributes.len(),
            listed(&without)
        ));
    }
    let others: BTreeSet<String> = audit
        .attributes
        .iter()
        .filter(|attribute| list.holds(&attribute.prompts.phrase))
        .flat_map(|attribute| attribute.prompts.antonym.iter().chain([&attribute.prompts.generic]))
        .filter(|text| !list.holds(text))
        .map(|text| format!("\"{text}\""))
        .collect();
    if !others.is_empty() {
        let others: Vec<String> = others.into_iter().collect();
        notes.push(format!(
            "no vector is given for what attributes are compared with, so these contrasts are left out: {}",
            listed(&others)
        ));
    }
    let both = |attribute: &&Attribute| {
        attribute.prompts.pair(Contrast::Bare).is_some_and(|(a, b)| list.holds(a) && list.holds(b))
    };
    let bare = audit.attributes.len() - audit.attributes.iter().filter(both).count();
    if bare > 0 {
        notes.push(format!("the paper's own contrast, such as \"Hat\" against \"Not Hat\", is left out of {bare} attributes: no vectors"));
    }
    notes
}

fn listed(all: &[String]) -> String {
    let rest = all.len().saturating_sub(NAMED);
    let named = all[..all.len() - rest].join(", ");
    if rest == 0 { named } else { format!("{named} and {rest} more") }
}
