//! A sentence, or two, to scores.

use super::{DiagnoseError, Estimator, HeadScore, PairHead, PairScores, PromptScores, Reference, Told};
use crate::audit::HeadKind;
use crate::data::unseen_words;
use crate::encoder::Encoder;
use crate::heads::Ensemble;
use crate::stats;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Longest prompt that is scored, in characters; far above what an encoder reads.
pub const LONGEST_PROMPT: usize = 4000;

/// How many nearest attributes a prompt is told.
const NEAREST: usize = 3;

/// Everything needed to score prompts against one run, shared by console and command line.
pub struct PromptScorer {
    encoder: Arc<dyn Encoder>,
    ensemble: Arc<Ensemble>,
    reference: Arc<Reference>,
    vocabulary: Arc<BTreeSet<String>>,
    /// Attribute names and the embeddings of their phrases about `centre`, of length one.
    attributes: Vec<(String, Vec<f32>)>,
    /// Mean of the phrases' embeddings: what they have in common, such as the word "person", makes no two of them alike.
    centre: Vec<f32>,
    estimator: Option<Arc<Estimator>>,
}

/// A scored prompt.
pub type Scored = Result<PromptScores, DiagnoseError>;

impl PromptScorer {
    /// Prepares scoring; `attributes` are names and phrases.
    ///
    /// # Errors
    /// If the encoder fails on the phrases.
    pub fn new(
        encoder: Arc<dyn Encoder>,
        ensemble: Arc<Ensemble>,
        reference: Arc<Reference>,
        vocabulary: Arc<BTreeSet<String>>,
        attributes: &[(String, String)],
    ) -> Result<Self, DiagnoseError> {
        let attributes: Vec<&(String, String)> =
            attributes.iter().filter(|(_, phrase)| encoder.knows(phrase)).collect();
        let phrases: Vec<&str> = attributes.iter().map(|(_, phrase)| phrase.as_str()).collect();
        let embeddings = encoder.encode_prompts(&phrases)?;
        let rows = || embeddings.chunks_exact(encoder.dimension().max(1));
        // The mean of one or two says nothing of what all have in common.
        let share = if attributes.len() > 2 { 1.0 / attributes.len() as f32 } else { 0.0 };
        let mut centre = vec![0.0; encoder.dimension()];
        rows().for_each(|row| centre.iter_mut().zip(row).for_each(|(sum, value)| *sum += share * value));
        let attributes = attributes.iter().map(|(name, _)| name.clone());
        let attributes = attributes.zip(rows().map(|row| about(row, &centre))).collect();
        Ok(Self { encoder, ensemble, reference, vocabulary, attributes, centre, estimator: None })
    }

    /// The same, with estimates beside what the heads say.
    #[must_use]
    pub fn with_estimator(self, estimator: Arc<Estimator>) -> Self {
        Self { estimator: Some(estimator), ..self }
    }

    /// What estimates come from, where it is there.
    #[must_use]
    pub fn estimator(&self) -> Option<&Arc<Estimator>> {
        self.estimator.as_ref()
    }

    /// Whether a text can be scored: some encoders know a list of texts alone.
    #[must_use]
    pub fn knows(&self, text: &str) -> bool {
        self.encoder.knows(text)
    }

    /// Scores one prompt.
    ///
    /// # Errors
    /// If the encoder or the heads fail.
    pub fn score(&self, text: &str) -> Scored {
        Ok(self.score_and_tell(text)?.0)
    }

    fn score_and_tell(&self, text: &str) -> Result<(PromptScores, Option<Told>), DiagnoseError> {
        let embedding = self.encoder.encode_prompt(text)?;
        let predictions = self.ensemble.predict(&embedding)?;
        let heads = HeadKind::ALL.into_iter().filter_map(|head| {
            let members = predictions.row(head, 0);
            let summary = stats::summary(&members).ok()?;
            let percentile = self.reference.percentile(head, summary.mean);
            let over = self.reference.over[head.index()].clone();
            Some(HeadScore { head, members, summary, percentile, over, axis: self.reference.axis(head) })
        });
        let heads: Vec<HeadScore> = heads.collect();
        let logit = heads.iter().find(|score| score.head == HeadKind::Ood).map(|score| score.summary.mean);
        let reading = self.encoder.reading(text);
        let told = match &self.estimator {
            Some(estimator) => Some(estimator.tell(text, &embedding, &predictions, 0)?),
            None => None,
        };
        let scores = PromptScores {
            text: text.to_owned(),
            heads,
            out_of_distribution: logit.is_some_and(|logit| self.reference.is_foreign(logit)),
            unseen_words: unseen_words(text, &self.vocabulary),
            pieces: reading.pieces,
            piece_limit: self.encoder.piece_limit(),
            unknown_pieces: reading.unknown,
            fitted: self.reference.fitted,
            nearest: self.nearest(&embedding),
            estimate: told.as_ref().and_then(|told| told.estimate.clone()),
            support: told.as_ref().map(|told| told.support.clone()),
            witnesses: told.as_ref().map(|told| told.witnesses.clone()).unwrap_or_default(),
            why: Vec::new(),
        };
        Ok((scores, told))
    }

    /// Adds to a prompt's scores what each of its words adds to the estimate.
    ///
    /// # Errors
    /// If the encoder or the heads fail.
    pub fn explain(&self, scores: &mut PromptScores) -> Result<(), DiagnoseError> {
        if let Some(estimator) = &self.estimator {
            scores.why = estimator.why(&scores.text)?;
        }
        Ok(())
    }

    /// Scores two prompts and their difference.
    ///
    /// # Errors
    /// If the encoder or the heads fail.
    pub fn compare(&self, a: &str, b: &str) -> Result<PairScores, DiagnoseError> {
        let ((a, told_a), (b, told_b)) = (self.score_and_tell(a)?, self.score_and_tell(b)?);
        let heads: Vec<PairHead> = a.heads.iter().zip(&b.heads).filter_map(|(a, b)| difference(a, b)).collect();
        let verdict = verdict(&heads);
        let told = self.estimator.as_ref().zip(told_a.zip(told_b));
        let estimate = told.and_then(|(estimator, (a, b))| estimator.compare(&a, &b));
        Ok(PairScores { a, b, heads, verdict, estimate })
    }

    fn nearest(&self, embedding: &[f32]) -> Vec<(String, f64)> {
        let embedding = about(embedding, &self.centre);
        let cosine = |row: &[f32]| row.iter().zip(&embedding).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let mut all: Vec<(String, f64)> =
            self.attributes.iter().map(|(name, row)| (name.clone(), cosine(row))).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(NEAREST);
        all
    }
}

/// A direction from the centre, of length one.
fn about(row: &[f32], centre: &[f32]) -> Vec<f32> {
    let from: Vec<f32> = row.iter().zip(centre).map(|(value, centre)| value - centre).collect();
    let length = from.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    from.into_iter().map(|value| value / length).collect()
}

fn difference(a: &HeadScore, b: &HeadScore) -> Option<PairHead> {
    let deltas: Vec<f64> = a.members.iter().zip(&b.members).map(|(a, b)| a - b).collect();
    let summary = stats::summary(&deltas).ok()?;
    let direction = stats::direction(&deltas).ok()?;
    Some(PairHead { head: a.head, deltas, summary, direction })
}

/// One sentence about a pair, from the two loss heads alone: the OOD head says nothing about loss.
fn verdict(heads: &[PairHead]) -> String {
    let of = |kind: HeadKind| heads.iter().find(|pair| pair.head == kind);
    let (Some(regressor), Some(ranker)) = (of(HeadKind::Regressor), of(HeadKind::Ranker)) else {
        return "Not enough heads to compare.".into();
    };
    let sure =
        |pair: &PairHead| pair.deltas.iter().all(|delta| *delta > 0.0) || pair.deltas.iter().all(|delta| *delta < 0.0);
    let harder = |pair: &PairHead| pair.summary.mean > 0.0;
    let equal = |pair: &PairHead| pair.deltas.iter().all(|delta| *delta == 0.0);
    if equal(regressor) && equal(ranker) {
        return "A and B are the same to both loss heads.".into();
    }
    if harder(regressor) != harder(ranker) {
        return "The two loss heads disagree on which is harder.".into();
    }
    let (winner, loser) = if harder(regressor) { ("A", "B") } else { ("B", "A") };
    if regressor.deltas.len() == 1 {
        return format!("{winner} is predicted harder than {loser} by both loss heads, of one member each.");
    }
    match (sure(regressor), sure(ranker)) {
        (true, true) => format!("{winner} is predicted harder than {loser}: all members of both loss heads agree."),
        (false, false) => format!("{winner} leans harder than {loser}, but members of both loss heads disagree."),
        (true, false) => {
            format!("{winner} is predicted harder than {loser} by all regressor members; ranker members disagree.")
        }
        (false, true) => {
            format!("{winner} is predicted harder than {loser} by all ranker members; regressor members disagree.")
        }
    }
}
