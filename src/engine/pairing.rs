//! Whether captions lie near their own embeddings: embeddings of another encoder than the prompts' would make every
//! answer noise.

use super::{EngineError, Intake};
use crate::audit::Audit;
use crate::data::{Draft, Embeddings, Footer};
use crate::encoder::Encoder;

/// Captions compared with embeddings, and fewest of them that tell anything.
const CAPTIONS: usize = 512;
const LEAST_CAPTIONS: usize = 50;
/// Texts that are embedded again to tell whether embeddings are theirs, and least cosine of what one text gives on two
/// machines, rounded to half precision.
const TEXTS: usize = 64;
const SAME: f64 = 0.999;

/// How near captions lie to their own item and to the next: the test of two towers in one space.
pub(super) struct Pairing {
    n: usize,
    own: f64,
    other: f64,
    /// Standard error of the difference.
    error: f64,
}

impl Pairing {
    /// `None` where there are too few different captions to tell.
    pub(super) fn measure(
        audit: &Audit,
        embeddings: &Embeddings,
        encoder: &dyn Encoder,
    ) -> Result<Option<Self>, EngineError> {
        let mut seen = std::collections::HashSet::new();
        let with_caption =
            audit.items.iter().enumerate().filter(|(_, item)| !item.text.is_empty() && encoder.knows(&item.text));
        let chosen: Vec<(usize, &str)> = with_caption
            .filter(|(_, item)| seen.insert(item.text.as_str()))
            .map(|(row, item)| (row, item.text.as_str()))
            .take(CAPTIONS)
            .collect();
        if chosen.len() < LEAST_CAPTIONS {
            return Ok(None);
        }
        let texts: Vec<&str> = chosen.iter().map(|(_, text)| *text).collect();
        let captions = encoder.encode(&texts)?;
        let dimension = embeddings.dimension();
        let (mut reader, mut items) = (embeddings.reader(), vec![0.0; chosen.len() * dimension]);
        for ((row, _), out) in chosen.iter().zip(items.chunks_exact_mut(dimension.max(1))) {
            reader.read(*row, out).map_err(|error| EngineError::Usage(format!("the embeddings: {error}")))?;
        }
        let cosine = |at: usize, other: usize| {
            let caption = &captions[at * dimension..(at + 1) * dimension];
            let item = &items[other * dimension..(other + 1) * dimension];
            caption.iter().zip(item).map(|(a, b)| f64::from(a * b)).sum::<f64>()
        };
        let n = chosen.len();
        let pairs: Vec<(f64, f64)> = (0..n).map(|at| (cosine(at, at), cosine(at, (at + 1) % n))).collect();
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n as f64;
        let (own, other) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let variance = pairs.iter().map(|pair| (pair.0 - pair.1 - (own - other)).powi(2)).sum::<f64>() / (n - 1) as f64;
        Ok(Some(Self { n, own, other, error: (variance / n as f64).sqrt() }))
    }

    /// Whether captions lie nearer to their own item, by more than chance.
    pub(super) fn fits(&self) -> bool {
        self.own - self.other > 2.0 * self.error
    }
}

impl std::fmt::Display for Pairing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "cosine of {} captions with their own item is {:.3}, with another {:.3}",
            self.n, self.own, self.other
        )
    }
}

/// Refuses embeddings that say they are another encoder's.
pub fn made_by(made: Option<&Footer>, encoder: &dyn Encoder, allow_mismatch: bool) -> Result<(), EngineError> {
    let Some(made) = made.filter(|made| made.fingerprint != encoder.fingerprint() && !allow_mismatch) else {
        return Ok(());
    };
    // One that holds within rounding only says itself whether it is the one that is meant.
    if encoder.recognise(&made.fingerprint)?.is_some() {
        return Ok(());
    }
    Err(EngineError::Usage(format!(
        "the embeddings are of encoder {} ({}), not of {} ({}); leave --encoder out to take theirs",
        made.encoder,
        made.fingerprint,
        encoder.name(),
        encoder.fingerprint()
    )))
}

/// Says of shards whether their embeddings are those of the texts that stand beside them: then the items are texts, which
/// fall into fragments and words. Else what is lost is said.
pub(super) fn of_texts(draft: &mut Draft, encoder: &dyn Encoder, how: &Intake<'_>) -> Result<(), EngineError> {
    let Some(embeddings) = draft.embeddings.as_ref().filter(|_| draft.made.is_some() && draft.images.is_none()) else {
        return Ok(());
    };
    let held: Vec<usize> = (0..embeddings.len()).filter(|row| embeddings.has(*row)).collect();
    let texts = !draft.texts.is_empty() && held.iter().all(|row| !draft.texts[*row].is_empty());
    let why = match (texts, how.link) {
        (false, _) => "their texts are not at hand",
        (true, true) => "--link takes arrays as they lie",
        (true, false) => {
            let chosen: Vec<usize> = held.iter().copied().step_by(held.len().div_ceil(TEXTS).max(1)).collect();
            let same = same_as(&chosen, draft, embeddings, encoder)?;
            if same.len() == chosen.len() {
                draft.of_texts = true;
                draft.notes.push("the embeddings are those of the texts, which are the items".into());
                return Ok(());
            }
            if 4 * same.len() > chosen.len() && !how.allow_mismatch {
                let other = chosen.iter().find(|row| !same.contains(row)).map_or("", |row| draft.ids[*row].as_str());
                return Err(EngineError::Usage(format!(
                    "of {} texts looked at {} are not what their embeddings are of, such as that of item '{other}'; take the texts from the shards, or the embeddings as they are with --allow-mismatch",
                    chosen.len(),
                    chosen.len() - same.len()
                )));
            }
            "the texts beside them are others"
        }
    };
    // Of images nothing is lost.
    if !encoder.reads_images() {
        draft.notes.push(format!(
            "the items are embeddings, for {why}: heads learn from whole rows, without fragments, and no prompt is held against the items' words"
        ));
    }
    Ok(())
}

/// The items whose text has the embedding that came with it.
fn same_as(
    rows: &[usize],
    draft: &Draft,
    embeddings: &Embeddings,
    encoder: &dyn Encoder,
) -> Result<Vec<usize>, EngineError> {
    let dimension = encoder.dimension();
    if embeddings.dimension() != dimension {
        return Ok(Vec::new());
    }
    let texts: Vec<&str> = rows.iter().map(|row| draft.texts[*row].as_str()).collect();
    let again = encoder.encode(&texts)?;
    let (mut reader, mut own, mut same) = (embeddings.reader(), vec![0.0; dimension], Vec::new());
    for (row, again) in rows.iter().zip(again.chunks_exact(dimension.max(1))) {
        reader.read(*row, &mut own).map_err(|error| EngineError::Usage(format!("the embeddings: {error}")))?;
        let cosine: f64 = own.iter().zip(again).map(|(a, b)| f64::from(a * b)).sum();
        if cosine > SAME {
            same.push(*row);
        }
    }
    Ok(same)
}
