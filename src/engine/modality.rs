//! Texts and images lie apart in a shared space (Liang et al. 2022): prompts are moved to where the images are.
//!
//! A prompt becomes `t − m_text + m_image`, brought back to length one: `m_image` is the mean of the training items,
//! `m_text` that of a broad bank of phrases, never of a person's own prompts. Under a linear head this leaves every
//! difference between prompts as it is, but for the length; it mends the level, and with it what the OOD head sees.

use super::{EngineError, Session};
use crate::data;
use crate::encoder::{Encoder, EncoderError, PhraseEncoder, Pixels, Reading};
use crate::heads::Rows;
use std::sync::Arc;

/// `m_image − m_text` of the items at some positions of `rows`.
///
/// # Errors
/// If the encoder fails.
pub fn modality_shift(encoder: &dyn Encoder, rows: Rows<'_>, train: &[usize]) -> Result<Vec<f32>, EngineError> {
    let phrases = data::phrases();
    let phrases: Vec<&str> = phrases.iter().map(String::as_str).filter(|phrase| encoder.knows(phrase)).collect();
    if phrases.is_empty() {
        return Ok(vec![0.0; encoder.dimension()]);
    }
    let texts = encoder.encode_prompts(&phrases)?;
    let dimension = encoder.dimension();
    let (count, texts) = (texts.len() / dimension.max(1), texts.as_slice());
    let texts = mean(count, |at, out| Rows::Dense(texts).read(at, out), dimension);
    let items = mean(train.len(), |at, out| rows.read(train[at], out), dimension);
    Ok(items.iter().zip(texts).map(|(item, text)| (item - text) as f32).collect())
}

fn mean(count: usize, read: impl Fn(usize, &mut [f32]), dimension: usize) -> Vec<f64> {
    let (mut sums, mut row) = (vec![0f64; dimension], vec![0f32; dimension]);
    for at in 0..count {
        read(at, &mut row);
        sums.iter_mut().zip(&row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sums.into_iter().map(|sum| sum / count.max(1) as f64).collect()
}

impl Session {
    /// The encoder as it reads prompts for heads that were trained with this shift.
    pub(super) fn reader(&self, shift: Option<&Vec<f32>>) -> Arc<dyn Encoder> {
        match shift {
            Some(shift) => Arc::new(Shifted { encoder: self.encoder.clone(), shift: shift.clone() }),
            None => self.encoder.clone(),
        }
    }
}

/// An encoder whose texts are moved to the images' side.
struct Shifted {
    encoder: Arc<dyn Encoder>,
    shift: Vec<f32>,
}

impl Shifted {
    fn moved(&self, mut rows: Vec<f32>) -> Vec<f32> {
        for row in rows.chunks_exact_mut(self.shift.len().max(1)) {
            row.iter_mut().zip(&self.shift).for_each(|(value, shift)| *value += shift);
            let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            if length > 0.0 {
                row.iter_mut().for_each(|value| *value /= length);
            }
        }
        rows
    }
}

impl Encoder for Shifted {
    fn name(&self) -> &str {
        self.encoder.name()
    }

    fn fingerprint(&self) -> &str {
        self.encoder.fingerprint()
    }

    fn dimension(&self) -> usize {
        self.encoder.dimension()
    }

    fn piece_limit(&self) -> usize {
        self.encoder.piece_limit()
    }

    fn reading(&self, text: &str) -> Reading {
        self.encoder.reading(text)
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        Ok(self.moved(self.encoder.encode(texts)?))
    }

    fn encode_prompts(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        Ok(self.moved(self.encoder.encode_prompts(texts)?))
    }

    fn encode_prompt(&self, text: &str) -> Result<Vec<f32>, EncoderError> {
        Ok(self.moved(self.encoder.encode_prompt(text)?))
    }

    fn is_cheap(&self) -> bool {
        self.encoder.is_cheap()
    }

    fn reads_images(&self) -> bool {
        self.encoder.reads_images()
    }

    fn prepare_image(&self, bytes: &[u8]) -> Result<Pixels, EncoderError> {
        self.encoder.prepare_image(bytes)
    }

    fn encode_images(&self, images: &[Pixels]) -> Result<Vec<f32>, EncoderError> {
        self.encoder.encode_images(images)
    }

    fn words(&self) -> &[&str] {
        self.encoder.words()
    }

    fn phrases(&self) -> Option<&PhraseEncoder> {
        self.encoder.phrases()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::StaticEncoder;

    #[test]
    fn the_bank_moved_by_the_shift_lies_around_the_items() {
        let encoder: Arc<dyn Encoder> = Arc::new(StaticEncoder::new().unwrap());
        let dimension = encoder.dimension();
        let mut row = vec![0f32; dimension];
        row[3] = 1.0;
        let shift = modality_shift(encoder.as_ref(), Rows::Dense(&row), &[0, 0]).unwrap();
        let shifted = Shifted { encoder: encoder.clone(), shift: shift.clone() };
        let plain = encoder.encode(&["a mountain lake"]).unwrap();
        let moved = shifted.encode(&["a mountain lake"]).unwrap();
        // Worked by hand: the sum, brought to length one.
        let sum: Vec<f64> = plain.iter().zip(&shift).map(|(a, b)| f64::from(a + b)).collect();
        let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
        for (moved, sum) in moved.iter().zip(&sum) {
            assert!((f64::from(*moved) - sum / length).abs() < 1e-6);
        }
        assert_eq!(moved, shifted.encode_prompt("a mountain lake").unwrap());
        let phrases = data::phrases();
        let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
        let bank = encoder.encode(&phrases).unwrap();
        let rows = Rows::Dense(&bank);
        let centre = mean(bank.len() / dimension, |at, out| rows.read(at, out), dimension);
        for (at, (centre, shift)) in centre.iter().zip(&shift).enumerate() {
            let expected = if at == 3 { 1.0 } else { 0.0 };
            assert!((centre + f64::from(*shift) - expected).abs() < 1e-6);
        }
    }
}
