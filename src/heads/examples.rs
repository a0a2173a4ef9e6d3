//! The examples of each step: rows, their fragments, negatives; drawn by seed, scaled, ready for any learner.

use super::draw::{Draw, step_stream, stream};
use super::trainer::{Observer, TrainingData};
use super::{HeadsError, InputScale, Result};
use crate::audit::HyperParameters;
use rand::seq::SliceRandom;
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

/// Rows that one thread draws or scales at a time.
const PART: usize = 256;

/// What one step learns from.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Training row behind each example, `[B]`.
    pub items: Vec<u32>,
    /// Scaled examples, `[B, d]`.
    pub inputs: Vec<f32>,
    /// Scaled negatives of the OOD head, `[B, d]`.
    pub negatives: Vec<f32>,
}

/// Makes steps out of the training data.
pub struct Examples<'a> {
    pub data: &'a TrainingData<'a>,
    pub hyper: &'a HyperParameters,
    pub scale: &'a InputScale,
    pub observer: &'a dyn Observer,
}

impl Examples<'_> {
    /// Examples of an epoch: every row, and with fragments one fragment of each.
    pub fn count(&self) -> usize {
        self.data.train.len() * if self.hyper.fragments { 2 } else { 1 }
    }

    /// An epoch's examples in random order; those from `train.len()` on are fragments.
    pub fn order(&self, epoch: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.count() as u32).collect();
        order.shuffle(&mut stream(self.hyper.seed, Draw::Order, epoch));
        order
    }

    /// Makes `step` the step of the examples at `batch`, in the memory it has.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn fill(&self, step: &mut Step, epoch: usize, index: usize, batch: &[u32]) -> Result<()> {
        let rows = self.data.train.len() as u32;
        step.items.clear();
        step.items.extend(batch.iter().map(|&example| example % rows));
        step.inputs.resize(batch.len() * self.data.dimension, 0.0);
        step.negatives.resize(batch.len() * self.data.dimension, 0.0);
        self.inputs(step, epoch, batch)?;
        self.negatives(step, epoch, index)
    }

    fn inputs(&self, step: &mut Step, epoch: usize, batch: &[u32]) -> Result<()> {
        let (rows, dimension) = (self.data.train.len() as u32, self.data.dimension);
        let fragmented: Vec<u32> =
            batch.iter().filter(|&&example| example >= rows).map(|&example| example - rows).collect();
        let fragments = match &fragmented[..] {
            [] => None,
            rows => self.observer.fragments(epoch, rows).map_err(HeadsError::Unusable)?,
        };
        let expected = fragmented.len() * dimension;
        if let Some(found) = fragments.as_ref().map(Vec::len).filter(|&found| found != expected) {
            return Err(HeadsError::Shape { what: "the fragments", found, expected });
        }
        // Where each example's fragment would be among the fragments of this step.
        let place: Vec<usize> = batch
            .iter()
            .scan(0, |next, &example| {
                let mine = *next;
                *next += usize::from(example >= rows);
                Some(mine)
            })
            .collect();
        let items = &step.items;
        step.inputs.par_chunks_mut(PART * dimension).enumerate().for_each(|(part, target)| {
            for (offset, target) in target.chunks_exact_mut(dimension).enumerate() {
                let position = part * PART + offset;
                match &fragments {
                    Some(fragments) if batch[position] >= rows => {
                        self.scale.apply_to(&fragments[place[position] * dimension..][..dimension], target);
                    }
                    _ => self.data.scaled(self.data.train[items[position] as usize], self.scale, target),
                }
            }
        });
        Ok(())
    }

    fn negatives(&self, step: &mut Step, epoch: usize, index: usize) -> Result<()> {
        let dimension = self.data.dimension;
        step.negatives.par_chunks_mut(PART * dimension).enumerate().try_for_each(|(part, target)| {
            let mut rng = step_stream(self.hyper.seed, Draw::Negatives, epoch, index, part);
            let drawn = self.observer.negatives(target.len() / dimension, &mut rng).map_err(HeadsError::Unusable)?;
            if drawn.len() != target.len() {
                let (found, expected) = (drawn.len(), target.len());
                return Err(HeadsError::Shape { what: "the negatives", found, expected });
            }
            for (source, target) in drawn.chunks_exact(dimension).zip(target.chunks_exact_mut(dimension)) {
                self.scale.apply_to(source, target);
            }
            Ok(())
        })
    }
}
