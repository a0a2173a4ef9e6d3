//! Prompts to estimates: the witnesses of a run beside its calibration.

use super::answer::{PairEstimate, PairVerdict, PromptEstimate, Support, WitnessAnswer, WordShare};
use super::calibration::{Calibration, LEVEL};
use super::form::{Filler, form};
use super::guard::Guard;
use super::level::Said;
use super::nearest::NearestItems;
use super::sentence_guard::SentenceGuard;
use super::witness::{AttributeGroup, Heard, Witnesses};
use super::word_index::WordIndex;
use crate::audit::{Audit, ModelLosses};
use crate::data::{content_words, generic_words, words};
use crate::diagnose::{DiagnoseError, fitted};
use crate::encoder::Encoder;
use crate::heads::{Ensemble, HeadPredictions, Rows};
use crate::stats::Interval;
use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Most training items that the nearest are looked for among: a scan of more would not keep up with typing.
pub const NEAREST_AMONG: usize = 65_536;
/// Most training items that words are looked for in.
pub const WORDS_AMONG: usize = 262_144;
/// Training items that sentences about anything are held against.
const FORM_AMONG: usize = 2048;
/// Factor of the error for a sentence that is unlike every slice.
const UNLIKE: f64 = 2.0;
const SEED: u64 = 16;

/// What an estimator is made of: training items are evidence, never test items.
pub struct EstimatorMaterial<'a> {
    pub audit: &'a Audit,
    pub model: &'a ModelLosses,
    pub encoder: Arc<dyn Encoder>,
    /// Static vectors of single words.
    pub word_encoder: Arc<dyn Encoder>,
    pub ensemble: Arc<Ensemble>,
    /// Embeddings of all items of the audit, by position.
    pub embeddings: Rows<'a>,
    /// Positions of the training items.
    pub train: &'a [usize],
    pub vocabulary: Arc<BTreeSet<String>>,
}

/// Answers prompts with an estimate.
pub struct Estimator {
    pub(super) witnesses: Witnesses,
    /// The same over few items, for sentences about anything.
    few: Option<Witnesses>,
    pub(super) filler: Filler,
    calibration: Option<Arc<Calibration>>,
    pub(super) forms: Mutex<BTreeMap<String, [f64; 4]>>,
}

/// What is said of one prompt beyond its heads.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub estimate: Option<PromptEstimate>,
    pub support: Support,
    pub witnesses: Vec<WitnessAnswer>,
    /// Positions in the audit of the nearest training items, with cosine and loss.
    pub nearest_items: Vec<(usize, f64, f64)>,
    pub said: Said,
    /// Variance of the estimate's error.
    pub variance: f64,
}

/// Some of the positions, drawn by a fixed seed, in order.
fn at_most(positions: &[usize], most: usize) -> Vec<usize> {
    if positions.len() <= most {
        return positions.to_vec();
    }
    let drawn = sample(&mut ChaCha8Rng::seed_from_u64(SEED), positions.len(), most);
    let mut drawn: Vec<usize> = drawn.into_iter().map(|at| positions[at]).collect();
    drawn.sort_unstable();
    drawn
}

impl Witnesses {
    /// Takes the losses of at most so many training items as evidence.
    fn of(material: &EstimatorMaterial<'_>, nearest: usize, worded: usize) -> Result<Self, DiagnoseError> {
        let EstimatorMaterial { audit, model, encoder, .. } = material;
        let generic = generic_words(audit.attributes.iter().map(|attribute| attribute.prompts.generic.as_str()));
        let losses_of = |rows: &[usize]| rows.iter().map(|&row| model.losses[row]).collect::<Vec<f64>>();
        let near = at_most(material.train, nearest);
        let worded = at_most(material.train, worded);
        let texts = || worded.iter().map(|&row| audit.items[row].text.as_str());
        let any = texts().any(|text| words(text).next().is_some());
        let share = worded.len() as f64 / material.train.len().max(1) as f64;
        let index = any.then(|| WordIndex::new(texts(), &losses_of(&worded), &generic, share));
        let words = (material.word_encoder.clone(), material.vocabulary.clone());
        Ok(Self {
            guard: Guard::new(audit, index.as_ref(), words.0, words.1)?,
            nearest: NearestItems::new(material.embeddings, &near, &losses_of(&near), encoder.dimension())
                .of_all(material.train.len()),
            index,
            encoder: encoder.clone(),
            ensemble: material.ensemble.clone(),
            attributes: groups(material, &generic)?,
        })
    }
}

/// Learns the sentences of items without words, where the audit has words enough and the encoder reads any text.
fn sentence_guard(
    material: &EstimatorMaterial<'_>,
    witnesses: &Witnesses,
) -> Result<Option<SentenceGuard>, DiagnoseError> {
    let EstimatorMaterial { audit, encoder, word_encoder, .. } = material;
    if witnesses.index.is_some() || encoder.phrases().is_some() || !witnesses.guard.judges() {
        return Ok(None);
    }
    SentenceGuard::fit(audit, &witnesses.guard.generic, encoder.as_ref(), word_encoder.words())
}

/// Mean losses of the training items with each attribute.
fn groups(material: &EstimatorMaterial<'_>, generic: &BTreeSet<String>) -> Result<Vec<AttributeGroup>, DiagnoseError> {
    let known = |attribute: &&crate::audit::Attribute| material.encoder.knows(&attribute.prompts.phrase);
    let attributes: Vec<&crate::audit::Attribute> = material.audit.attributes.iter().filter(known).collect();
    let phrases: Vec<&str> = attributes.iter().map(|attribute| attribute.prompts.phrase.as_str()).collect();
    let embeddings = material.encoder.encode_prompts(&phrases)?;
    let group = |(attribute, row): (&&crate::audit::Attribute, &[f32])| {
        let held = material.train.iter().filter(|&&item| attribute.values[item] == Some(true));
        let losses: Vec<f64> = held.map(|&item| material.model.losses[item]).collect();
        let summary = crate::stats::summary(&losses).ok().filter(|found| found.n > 1)?;
        Some(AttributeGroup {
            name: attribute.name.clone(),
            content: content_words(&attribute.prompts.phrase, generic).into_iter().collect(),
            embedding: row.to_vec(),
            n: summary.n,
            mean: summary.mean,
            se: summary.sd / (summary.n as f64).sqrt(),
        })
    };
    Ok(attributes.iter().zip(embeddings.chunks_exact(material.encoder.dimension().max(1))).filter_map(group).collect())
}

impl Estimator {
    /// Gathers the evidence; `calibration` is what was kept of the run.
    ///
    /// # Errors
    /// If an encoder fails.
    pub fn new(material: &EstimatorMaterial<'_>, calibration: Option<Arc<Calibration>>) -> Result<Self, DiagnoseError> {
        let mut witnesses = Witnesses::of(material, NEAREST_AMONG, WORDS_AMONG)?;
        witnesses.guard.sentences = match &calibration {
            Some(kept) => kept.guard.clone(),
            None => sentence_guard(material, &witnesses)?,
        };
        let forms_wanted =
            calibration.as_ref().is_none_or(|kept| kept.fit.as_ref().is_some_and(|fit| fit.model.recipe.own_form));
        let few = if forms_wanted && witnesses.index.is_some() {
            Some(Witnesses::of(material, FORM_AMONG, FORM_AMONG)?)
        } else {
            None
        };
        let filler = Filler::new(&witnesses.index.as_ref().map(WordIndex::words).unwrap_or_default());
        let forms = calibration.as_ref().map(|kept| kept.forms.clone()).unwrap_or_default();
        Ok(Self { witnesses, few, filler, calibration, forms: Mutex::new(forms) })
    }

    /// The calibration in use.
    #[must_use]
    pub fn calibration(&self) -> Option<&Arc<Calibration>> {
        self.calibration.as_ref()
    }

    /// Words of the training items that at least `least` of them hold, those first whose items lose most; at most `most`.
    #[must_use]
    pub fn costly_words(&self, least: usize, most: usize) -> Vec<String> {
        let words = self.witnesses.index.as_ref().map(|index| index.costly(least)).unwrap_or_default();
        let plain = |word: &&&str| word.chars().any(char::is_alphabetic);
        words.iter().filter(plain).take(most).map(|word| (*word).to_owned()).collect()
    }

    /// What witnesses say, on average, of sentences of this form about anything.
    pub(super) fn form_of(&self, text: &str) -> Result<[f64; 4], DiagnoseError> {
        let form = form(text, &self.witnesses.guard.generic);
        let known = self.forms.lock().unwrap_or_else(PoisonError::into_inner).get(&form).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let filled = self.filler.fill(&form);
        let filled: Vec<&str> = filled.iter().map(String::as_str).filter(|text| self.knows(text)).collect();
        let heard = self.few.as_ref().unwrap_or(&self.witnesses).hear(&filled)?;
        let mean = |at: usize| heard.iter().map(|heard| heard.values[at]).sum::<f64>() / heard.len().max(1) as f64;
        let means = std::array::from_fn(mean);
        self.forms.lock().unwrap_or_else(PoisonError::into_inner).insert(form, means);
        Ok(means)
    }

    /// Whether a text can be told of: some encoders know a list of texts alone.
    #[must_use]
    pub fn knows(&self, text: &str) -> bool {
        self.witnesses.encoder.knows(text)
    }

    fn own_form(&self) -> bool {
        self.calibration.as_ref().and_then(|kept| kept.fit.as_ref()).is_some_and(|fit| fit.model.recipe.own_form)
    }

    fn said(&self, text: &str, heard: &Heard) -> Result<Said, DiagnoseError> {
        let form = if self.own_form() { self.form_of(text)? } else { [0.0; 4] };
        Ok(Said { raw: heard.values, form })
    }

    /// Tells of one prompt whose embedding and predictions are known; these are in row `at`.
    ///
    /// # Errors
    /// If an encoder fails.
    pub fn tell(
        &self,
        text: &str,
        embedding: &[f32],
        predictions: &HeadPredictions,
        at: usize,
    ) -> Result<Told, DiagnoseError> {
        use crate::audit::HeadKind::{Ranker, Regressor};
        let heard = self.witnesses.hear_one(text, embedding, predictions, at)?;
        let said = self.said(text, &heard)?;
        let support = self.witnesses.guard.support(text, Some(embedding))?;
        let (estimate, variance) = match self.measured(text) {
            Some((estimate, variance)) => (Some(estimate), variance),
            None => {
                let wider = if self.unlike(text) { UNLIKE } else { 1.0 };
                let estimate = self.estimate(&said, wider);
                let variance = estimate.as_ref().map_or(0.0, |found| self.variance(found.value) * wider * wider);
                (estimate, variance)
            }
        };
        let members = [predictions.row(Regressor, at), predictions.row(Ranker, at)];
        let weights = self.calibration.as_ref().and_then(|kept| kept.fit.as_ref()).map(|fit| fit.model.shares());
        Ok(Told {
            estimate,
            witnesses: self.witnesses.answers(&heard, embedding, [&members[0], &members[1]], weights),
            nearest_items: heard.nearest.map(|found| found.items).unwrap_or_default(),
            support,
            said,
            variance,
        })
    }

    /// Whether data speak of a text.
    ///
    /// # Errors
    /// If an encoder fails.
    pub fn support(&self, text: &str) -> Result<Support, DiagnoseError> {
        let guard = &self.witnesses.guard;
        let embedding = guard.sentences.as_ref().map(|_| self.witnesses.encoder.encode_prompts(&[text])).transpose()?;
        guard.support(text, embedding.as_deref())
    }

    /// Tells of many prompts at once, in order.
    ///
    /// # Errors
    /// If an encoder or the heads fail.
    pub fn tell_all(&self, texts: &[&str]) -> Result<Vec<Told>, DiagnoseError> {
        let embeddings = self.witnesses.encoder.encode_prompts(texts)?;
        let predictions = self.witnesses.ensemble.predict(&embeddings)?;
        let rows: Vec<&[f32]> = embeddings.chunks_exact(self.witnesses.encoder.dimension().max(1)).collect();
        let both = texts.par_iter().zip(rows.par_iter()).enumerate();
        both.map(|(at, (text, row))| self.tell(text, row, &predictions, at)).collect()
    }

    /// The estimate of a prompt that is an attribute's phrase: its group was measured, and nothing is foretold. Its error
    /// is that of the training items' mean, and what training and test items differ by at large.
    fn measured(&self, text: &str) -> Option<(PromptEstimate, f64)> {
        let kept = self.calibration.as_ref().filter(|kept| kept.fit.is_some())?;
        // Training items that lose otherwise than test items, as those a model was fitted to, measure nothing.
        if !fitted::ALIKE.contains(&(kept.evidence_mean / kept.overall)) {
            return None;
        }
        let group = self.witnesses.same(text)?;
        let apart = kept.overall - kept.evidence_mean;
        let variance = group.se.powi(2) + apart * apart;
        let interval = Interval::normal(group.mean, variance.sqrt(), LEVEL);
        let note = Some(format!(
            "measured on {} training items with {}; mean losses of test and training differ by {:.3}",
            crate::diagnose::grouped(group.n),
            group.name,
            apart.abs()
        ));
        let interval = Some(Interval { low: interval.low.max(0.0), ..interval });
        Some((
            PromptEstimate { value: group.mean, interval, slices: kept.slices, calibrated: true, measured: true, note },
            variance,
        ))
    }

    fn variance(&self, level: f64) -> f64 {
        let fit = self.calibration.as_ref().and_then(|kept| kept.fit.as_ref());
        fit.map_or(0.0, |fit| fit.noise.variance(level))
    }

    /// Whether a sentence is longer than those of all slices by half.
    fn unlike(&self, text: &str) -> bool {
        let count = content_words(text, &self.witnesses.guard.generic).len();
        self.calibration.as_ref().is_some_and(|kept| kept.fit.is_some() && 2 * count > 3 * kept.longest)
    }

    fn estimate(&self, said: &Said, wider: f64) -> Option<PromptEstimate> {
        let kept = self.calibration.as_ref()?;
        let Some(fit) = &kept.fit else {
            let nearest =
                if self.witnesses.index.is_some() { f64::midpoint(said.raw[2], said.raw[3]) } else { said.raw[3] };
            return Some(PromptEstimate {
                value: nearest,
                interval: None,
                slices: kept.slices,
                calibrated: false,
                measured: false,
                note: None,
            });
        };
        let value = fit.model.of(said);
        let interval = fit.half_width(value).map(|half| around(value, half * wider));
        let note = (wider > 1.0)
            .then(|| "level not calibrated for descriptions like this: longer than every slice's".to_owned());
        // No mean loss is below nought.
        let interval = interval.map(|interval| Interval { low: interval.low.max(0.0), ..interval });
        Some(PromptEstimate { value, interval, slices: kept.slices, calibrated: true, measured: false, note })
    }

    /// Compares two prompts that were told of.
    #[must_use]
    pub fn compare(&self, a: &Told, b: &Told) -> Option<PairEstimate> {
        let kept = self.calibration.as_ref()?;
        let (first, second) = (a.estimate.as_ref()?, b.estimate.as_ref()?);
        let difference = first.value - second.value;
        let variance = a.variance + b.variance;
        let (p_worse, interval) = match &kept.fit {
            Some(fit) => {
                let half = fit.half_difference(variance);
                (fit.probability_of(difference, variance), half.map(|half| around(difference, half)))
            }
            None => (kept.fixed.probability(&a.said.raw, &b.said.raw), None),
        };
        let supported = a.support.supported && b.support.supported;
        let apart = |at: usize| a.said.raw[at] - b.said.raw[at];
        let heads = apart(0);
        let data = if self.witnesses.index.is_some() { apart(2) } else { apart(3) };
        Some(PairEstimate {
            p_worse,
            verdict: PairVerdict::of(p_worse, supported),
            estimate: PromptEstimate {
                value: difference,
                interval,
                slices: kept.slices,
                calibrated: kept.fit.is_some(),
                measured: first.measured && second.measured,
                note: [first, second].into_iter().filter(|side| !side.measured).find_map(|side| side.note.clone()),
            },
            witnesses_disagree: heads * data < 0.0,
        })
    }

    /// How the estimate moves when a content word is left out, word by word.
    ///
    /// # Errors
    /// If an encoder or the heads fail.
    pub fn why(&self, text: &str) -> Result<Vec<WordShare>, DiagnoseError> {
        let content = content_words(text, &self.witnesses.guard.generic);
        let without = |left_out: &String| {
            let kept = text.split_whitespace().filter(|piece| words(piece).all(|word| word != *left_out));
            kept.collect::<Vec<_>>().join(" ")
        };
        let shorter: Vec<(String, String)> = content.into_iter().map(|word| (without(&word), word)).collect();
        let shorter: Vec<(String, String)> = shorter.into_iter().filter(|(text, _)| self.knows(text)).collect();
        let texts: Vec<String> =
            std::iter::once(text.to_owned()).chain(shorter.iter().map(|(text, _)| text.clone())).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let values = self
            .witnesses
            .hear(&texts)?
            .iter()
            .zip(&texts)
            .map(|(heard, text)| Ok(self.estimate(&self.said(text, heard)?, 1.0).map(|estimate| estimate.value)))
            .collect::<Result<Vec<_>, DiagnoseError>>()?;
        let Some(Some(whole)) = values.first().copied() else { return Ok(Vec::new()) };
        let shares = shorter.into_iter().map(|(_, word)| word).zip(&values[1..]);
        Ok(shares.filter_map(|(word, value)| Some(WordShare { word, change: whole - (*value)? })).collect())
    }
}

fn around(value: f64, reach: f64) -> Interval {
    Interval { low: value - reach, high: value + reach, level: LEVEL }
}
