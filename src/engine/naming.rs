//! Names of slices from the encoder's space: sentences that the guard accepts, with the items near each, and clusters of
//! items named by them. They are weaker than words and attributes, and marked as such.

use super::{EngineError, Session, Tracker};
use crate::audit::{Audit, Content, Split};
use crate::data;
use crate::diagnose::{Guard, WORDS_AMONG, Watch, WordIndex, WordReading, grouped};
use crate::heads::Rows;
use crate::stats::{Points, assign, dot, mean_row, spherical_means};
use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

/// Share of the items that count as near a sentence.
const NEAR: f64 = 0.1;
/// Sentences whose cosines with all items are in memory at once.
const AT_ONCE: usize = 64;
/// Items whose embeddings are in memory at once.
const WINDOW: usize = 4096;
/// Numbers of clusters that items without words fall into, and items that these are found among.
const SIZES: [usize; 3] = [8, 24, 72];
const FOUND_AMONG: usize = 8192;
const SEED: u64 = 18;
/// Words told that nothing in the data is like.
const TOLD: usize = 3;

/// Groups of items with their names, and what a reader should know of them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SpaceNames {
    pub groups: Vec<(String, Vec<usize>)>,
    pub notes: Vec<String>,
    /// There would be names once the items are embedded.
    pub unembedded: bool,
}

/// Sentences that name, as directions of length one.
struct Directions {
    sentences: Vec<String>,
    points: Points,
}

impl Session {
    /// Names from the encoder's space. Items that have words need none, unless a person gives sentences; to items without,
    /// a bank of the program's own lends them. Where embeddings came with the data, clusters of items are named too.
    pub(super) fn names_of_space(
        &self,
        given: &[String],
        audit: &Audit,
        watch: &Watch<'_>,
    ) -> Result<Arc<SpaceNames>, EngineError> {
        let wordless = audit.items.iter().all(|item| item.text.is_empty());
        if given.is_empty() && !wordless {
            return Ok(Arc::default());
        }
        if !given.is_empty() {
            return Ok(Arc::new(self.worked_out(given, wordless, audit, watch)?));
        }
        // They hang on the audit alone, not on a model or a question.
        let mut kept = self.bank_names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, names)) = kept.as_ref().filter(|(attributes, _)| *attributes == audit.attributes.len()) {
            return Ok(names.clone());
        }
        let names = Arc::new(self.worked_out(given, wordless, audit, watch)?);
        *kept = (!names.unembedded).then(|| (audit.attributes.len(), names.clone()));
        Ok(names)
    }

    fn worked_out(
        &self,
        given: &[String],
        wordless: bool,
        audit: &Audit,
        watch: &Watch<'_>,
    ) -> Result<SpaceNames, EngineError> {
        let mut names = SpaceNames::default();
        if given.is_empty() && !self.is_embedded()? {
            names.unembedded = true;
            names.notes.push(format!(
                "The images are not embedded yet, so no sentence could name any; 'llm2loss embed {}' does it.",
                audit.name
            ));
            return Ok(names);
        }
        let sentences = self.accepted(given, audit, &mut names.notes)?;
        let directions = self.directions(sentences, audit)?;
        let embeddings = self.embeddings(&Tracker::silent())?;
        // Embedding may have found images that cannot be read.
        let audit = self.audit()?;
        let readable = |row: &usize| audit.items[*row].content != Content::Unreadable;
        let space = Space {
            audit: &audit,
            rows: (0..audit.items.len()).filter(readable).collect(),
            embeddings: embeddings.rows(),
            dimension: self.encoder.dimension().max(1),
        };
        let clusters = wordless && audit.items.iter().any(|item| matches!(item.content, Content::Embedded(_)));
        if (!clusters || !given.is_empty()) && !directions.sentences.is_empty() {
            names.groups = space.near(&directions, watch)?;
        }
        if clusters {
            names.groups.extend(space.clusters(&directions, watch)?);
        }
        embeddings.check()?;
        Ok(names)
    }

    /// The sentences given, else those of the bank, that the guard of prompts accepts; a note says which are left out.
    fn accepted(&self, given: &[String], audit: &Audit, notes: &mut Vec<String>) -> Result<Vec<String>, EngineError> {
        let (bank, of) = match (given, self.encoder.phrases()) {
            ([], None) => (data::phrases(), "sentences of the builtin bank"),
            // Their own names are better than any made up, and no others have a vector.
            ([], Some(list)) => (list.phrases().to_vec(), "phrases of the audit"),
            (given, _) => (given.to_vec(), "sentences given"),
        };
        // One that is asked for by name is missed by name.
        if let Some(unknown) = bank.iter().find(|sentence| !self.encoder.knows(sentence)) {
            self.encoder.encode_prompts(&[unknown])?;
        }
        let guard = self.guard(audit)?;
        if !guard.judges() {
            notes.push(format!(
                "The audit's own prompts hold too few words to judge whether data speak of the {} {of}.",
                grouped(bank.len())
            ));
            return Ok(bank);
        }
        let (mut accepted, mut foreign, mut words_of) = (Vec::new(), Vec::<String>::new(), "");
        let all = bank.len();
        for sentence in bank {
            let support = guard.support(&sentence, None).map_err(EngineError::from)?;
            if support.supported {
                accepted.push(sentence);
                continue;
            }
            words_of = support.words_of.words();
            let fresh: Vec<&WordReading> = support.missing().filter(|word| !foreign.contains(&word.word)).collect();
            foreign.extend(fresh.into_iter().map(|word| word.word.clone()));
        }
        if accepted.len() < all {
            let (left_out, why) = (grouped(all - accepted.len()), why(&foreign, words_of));
            notes.push(format!("Left out {left_out} of the {} {of}: {why}.", grouped(all)));
        }
        Ok(accepted)
    }

    /// The guard that prompts are held to.
    fn guard(&self, audit: &Audit) -> Result<Guard, EngineError> {
        let train = audit.rows(Split::Train);
        let step = train.len().div_ceil(WORDS_AMONG).max(1);
        let texts = || train.iter().step_by(step).map(|&row| audit.items[row].text.as_str());
        let any = texts().any(|text| data::words(text).next().is_some());
        let generic = data::generic_words(audit.attribute_prompts().map(|(_, prompts)| prompts.generic.as_str()));
        let index = any.then(|| WordIndex::new(texts(), &vec![0.0; texts().count()], &generic, 1.0));
        let vocabulary = Arc::new(self.record().vocabulary.clone());
        Ok(Guard::new(audit, index.as_ref(), self.word_encoder()?, vocabulary)?)
    }

    /// Each sentence's direction: from what stands for anybody where the audit says what does, else from the mean of all
    /// sentences. That takes away what all sentences share.
    fn directions(&self, sentences: Vec<String>, audit: &Audit) -> Result<Directions, EngineError> {
        let dimension = self.encoder.dimension().max(1);
        if sentences.is_empty() {
            return Ok(Directions { points: Points::centred(Vec::new(), &vec![0.0; dimension]), sentences });
        }
        let encode = |texts: &[&str]| self.encoder.encode_prompts(texts);
        let rows = encode(&sentences.iter().map(String::as_str).collect::<Vec<_>>())?;
        let anybody = audit.attribute_prompts().map(|(_, prompts)| prompts.generic.as_str());
        let anybody: BTreeSet<&str> = anybody.filter(|text| self.encoder.knows(text)).collect();
        let from = match (anybody.is_empty(), sentences.len()) {
            (false, _) => mean_row(&encode(&anybody.into_iter().collect::<Vec<_>>())?, dimension),
            (true, 1) => vec![0.0; dimension],
            (true, _) => mean_row(&rows, dimension),
        };
        Ok(Directions { points: Points::centred(rows, &from), sentences })
    }
}

/// Why sentences are left out.
fn why(foreign: &[String], words_of: &str) -> String {
    let told: Vec<String> = foreign.iter().take(TOLD).map(|word| format!("'{word}'")).collect();
    let rest = foreign.len().saturating_sub(TOLD);
    match (told.as_slice(), rest) {
        ([], _) => "they hold no word".into(),
        (told, 0) => format!("nothing in the {words_of} is like {}", told.join(", ")),
        (told, rest) => {
            format!("nothing in the {words_of} is like {} or {} other words", told.join(", "), grouped(rest))
        }
    }
}

/// The readable items of an audit where they lie.
struct Space<'a> {
    audit: &'a Audit,
    rows: Vec<usize>,
    embeddings: Rows<'a>,
    dimension: usize,
}

impl Space<'_> {
    /// Embeddings of the readable items, window after window.
    fn windows<'a>(&'a self, watch: &'a Watch<'_>) -> impl Iterator<Item = Result<Vec<f32>, EngineError>> + 'a {
        self.rows.chunks(WINDOW).map(|window| {
            if watch.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            Ok(self.embeddings.gather(window, self.dimension))
        })
    }

    /// Each sentence with the tenth of the items that lies farthest in its direction.
    fn near(&self, directions: &Directions, watch: &Watch<'_>) -> Result<Vec<(String, Vec<usize>)>, EngineError> {
        let all: Vec<usize> = (0..directions.sentences.len()).collect();
        let mut groups = Vec::with_capacity(all.len());
        for part in all.chunks(AT_ONCE) {
            let mut cosines = vec![Vec::with_capacity(self.rows.len()); part.len()];
            for window in self.windows(watch) {
                let window = window?;
                cosines.par_iter_mut().zip(part).for_each(|(cosines, at)| {
                    let direction = directions.points.row(*at);
                    cosines.extend(window.chunks_exact(self.dimension).map(|row| dot(row, direction)));
                });
            }
            let named =
                |(at, cosines): (&usize, Vec<f32>)| (near_name(&directions.sentences[*at]), self.nearest(&cosines));
            groups.par_extend(part.par_iter().zip(cosines).map(named));
        }
        Ok(groups)
    }

    /// The tenth of the rows with the greatest of these cosines, ascending.
    fn nearest(&self, cosines: &[f32]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_unstable_by(|a, b| cosines[*b].total_cmp(&cosines[*a]).then(a.cmp(b)));
        order.truncate((self.rows.len() as f64 * NEAR) as usize);
        order.sort_unstable();
        order.into_iter().map(|place| self.rows[place]).collect()
    }

    /// Clusters of several sizes, each named by the sentence nearest to it and its most typical item.
    fn clusters(&self, directions: &Directions, watch: &Watch<'_>) -> Result<Vec<(String, Vec<usize>)>, EngineError> {
        let mut among = sample(&mut ChaCha8Rng::seed_from_u64(SEED), self.rows.len(), FOUND_AMONG.min(self.rows.len()))
            .into_iter()
            .map(|place| self.rows[place])
            .collect::<Vec<_>>();
        among.sort_unstable();
        let found_among = self.embeddings.gather(&among, self.dimension);
        let centre = mean_row(&found_among, self.dimension);
        let points = Points::centred(found_among, &centre);
        let sizes = SIZES.into_iter().filter(|size| size * 2 <= points.len());
        let centres: Vec<Vec<Vec<f32>>> = sizes.map(|size| spherical_means(&points, size, SEED)).collect();
        let mut members: Vec<Vec<Members>> =
            centres.iter().map(|centres| vec![Members::default(); centres.len()]).collect();
        let mut start = 0;
        for window in self.windows(watch) {
            let points = Points::centred(window?, &centre);
            for (members, centres) in members.iter_mut().zip(&centres) {
                for (at, (cluster, cosine)) in assign(&points, centres).into_iter().enumerate() {
                    members[cluster].add(self.rows[start + at], cosine);
                }
            }
            start += points.len();
        }
        let mut taken: HashMap<String, usize> = HashMap::new();
        let mut named = Vec::new();
        for (members, centres) in members.into_iter().zip(&centres) {
            for (sentence, members) in with_joined(members, centres, directions) {
                let mut name = self.cluster_name(&members, sentence);
                let times = taken.entry(name.clone()).or_default();
                *times += 1;
                if *times > 1 {
                    name = format!("{name} ({times})");
                }
                named.push((name, members.rows));
            }
        }
        Ok(named)
    }

    fn cluster_name(&self, members: &Members, sentence: Option<&str>) -> String {
        let ids: Vec<&str> = members.typical.iter().map(|(row, _)| self.audit.items[*row].id.as_str()).collect();
        let like = format!("like {}", ids.join(" and "));
        sentence.map_or_else(|| like.clone(), |sentence| format!("{}, {like}", near_name(sentence)))
    }
}

/// Clusters that hold items, each with the sentence nearest to it, and those of one sentence together.
fn with_joined<'a>(
    clusters: Vec<Members>,
    centres: &[Vec<f32>],
    directions: &'a Directions,
) -> Vec<(Option<&'a str>, Members)> {
    let nearest = |centre: &[f32]| {
        let cosine = |at: &usize| dot(directions.points.row(*at), centre);
        let at = (0..directions.sentences.len()).max_by(|a, b| cosine(a).total_cmp(&cosine(b)))?;
        Some(directions.sentences[at].as_str())
    };
    let held = clusters.into_iter().zip(centres).filter(|(members, _)| !members.rows.is_empty());
    let mut all: Vec<(Option<&str>, Members)> = held.map(|(members, centre)| (nearest(centre), members)).collect();
    let mut by_sentence: BTreeMap<&str, Vec<&Members>> = BTreeMap::new();
    for (sentence, members) in &all {
        sentence.iter().for_each(|sentence| by_sentence.entry(sentence).or_default().push(members));
    }
    let several = by_sentence.into_iter().filter(|(_, clusters)| clusters.len() > 1);
    let joined: Vec<_> = several.map(|(sentence, clusters)| (Some(sentence), Members::joined(&clusters))).collect();
    all.extend(joined);
    all
}

/// Items of a cluster, ascending, and the one nearest to its centre; of clusters together the two nearest to theirs.
#[derive(Clone, Default)]
struct Members {
    rows: Vec<usize>,
    typical: Vec<(usize, f32)>,
}

impl Members {
    fn add(&mut self, row: usize, cosine: f32) {
        if self.typical.first().is_none_or(|(_, nearest)| cosine > *nearest) {
            self.typical = vec![(row, cosine)];
        }
        self.rows.push(row);
    }

    fn joined(clusters: &[&Self]) -> Self {
        let mut rows: Vec<usize> = clusters.iter().flat_map(|members| members.rows.iter().copied()).collect();
        let mut typical: Vec<(usize, f32)> =
            clusters.iter().flat_map(|members| members.typical.iter().copied()).collect();
        rows.sort_unstable();
        typical.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        typical.truncate(2);
        Self { rows, typical }
    }
}

/// How a name says that it is from the encoder's space.
fn near_name(sentence: &str) -> String {
    format!("near \"{sentence}\"")
}
