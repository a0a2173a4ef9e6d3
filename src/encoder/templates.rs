//! Prompt templates: a phrase said in several ways, whose embeddings are averaged.

use super::{Encoder, EncoderError};
use std::path::Path;

/// Where a template takes the phrase.
const PLACE: &str = "{}";
/// Most templates of a file.
const MOST: usize = 500;

const GENERIC: [&str; 8] = [
    "a photo of {}",
    "a picture that shows {}",
    "a blurry photo of {}",
    "a bright photo of {}",
    "a dark photo of {}",
    "a close photo of {}",
    "a photo of {}, seen from afar",
    "a snapshot of {}",
];

const FACE: [&str; 8] = [
    "a photo of the face of {}",
    "a portrait of {}",
    "a close portrait of {}",
    "a snapshot of {} at an event",
    "a photo of {} looking at the camera",
    "a cropped photo of {}",
    "a studio portrait of {}",
    "a blurry photo of the face of {}",
];

/// A set of templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates {
    name: String,
    patterns: Vec<String>,
}

/// A phrase's embeddings.
#[derive(Debug, Clone, PartialEq)]
pub struct Templated {
    /// The mean over templates, of length one, `[dimension]`.
    pub mean: Vec<f32>,
    /// One row a template, of length one, `[templates, dimension]`; their spread is what the wording costs.
    pub each: Vec<f32>,
}

impl Templates {
    /// The set of a name: `none` (the phrase alone), `generic` (photos), `face` (photos of faces), or a file with
    /// one template a line, each with `{}` where the phrase goes; lines that begin with `#` are comments.
    ///
    /// # Errors
    /// One sentence that names the file and the line.
    pub fn open(name: &str) -> Result<Self, String> {
        let set = |patterns: &[&str]| Self {
            name: name.to_owned(),
            patterns: patterns.iter().map(|&pattern| pattern.to_owned()).collect(),
        };
        match name {
            "none" => Ok(set(&[PLACE])),
            "generic" => Ok(set(&GENERIC)),
            "face" => Ok(set(&FACE)),
            path => {
                let text = crate::files::read_text(Path::new(path))
                    .map_err(|error| format!("templates {path}: {error}; the sets here are none, generic and face"))?;
                Self::parse(path, &text)
            }
        }
    }

    /// Reads a file's text; `name` is said in errors.
    ///
    /// # Errors
    /// One sentence that names the file and the line.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let mut patterns = Vec::new();
        for (line, pattern) in text.lines().enumerate() {
            let pattern = pattern.trim();
            if pattern.is_empty() || pattern.starts_with('#') {
                continue;
            }
            if pattern.matches(PLACE).count() != 1 {
                return Err(format!("templates {name}: line {} needs {PLACE} once", line + 1));
            }
            patterns.push(pattern.to_owned());
        }
        match patterns.len() {
            0 => Err(format!("templates {name}: there is no template in it")),
            count if count > MOST => Err(format!("templates {name}: {count} templates are more than {MOST}")),
            _ => Ok(Self { name: name.to_owned(), patterns }),
        }
    }

    /// The set's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The templates, `{}` where the phrase goes.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// A phrase in every template.
    pub fn fill(&self, phrase: &str) -> Vec<String> {
        self.patterns.iter().map(|pattern| pattern.replacen(PLACE, phrase, 1)).collect()
    }

    /// Encodes phrases: each template on its own, of length one, then the mean, of length one again.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn encode(&self, encoder: &dyn Encoder, phrases: &[&str]) -> Result<Vec<Templated>, EncoderError> {
        let texts: Vec<String> = phrases.iter().flat_map(|phrase| self.fill(phrase)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let dimension = encoder.dimension();
        let rows = encoder.encode(&texts)?;
        let blocks = rows.chunks_exact((self.patterns.len() * dimension).max(1));
        Ok(blocks.map(|each| Templated { mean: mean(each, dimension), each: each.to_vec() }).collect())
    }
}

/// The mean of rows, of length one.
fn mean(rows: &[f32], dimension: usize) -> Vec<f32> {
    let mut sum = vec![0f32; dimension];
    for row in rows.chunks_exact(dimension) {
        sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    super::batch::normalise(&mut sum);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::StaticEncoder;

    #[test]
    fn every_set_says_the_phrase_once() {
        for name in ["none", "generic", "face"] {
            let set = Templates::open(name).unwrap();
            assert!(set.fill("a cat").iter().all(|text| text.matches("a cat").count() == 1 && !text.contains('{')));
            let patterns: std::collections::BTreeSet<_> = set.patterns().iter().collect();
            assert_eq!(patterns.len(), set.patterns().len());
        }
        assert_eq!(Templates::open("none").unwrap().fill("x"), ["x"]);
    }

    #[test]
    fn a_file_is_read_line_by_line_and_its_faults_are_named() {
        let set = Templates::parse("mine", "# two\r\na {} b\r\n\r\n {} \r\n").unwrap();
        assert_eq!(set.patterns(), ["a {} b", "{}"]);
        assert!(Templates::parse("mine", "a {}\nb").unwrap_err().contains("line 2"));
        assert!(Templates::parse("mine", "{} {}").unwrap_err().contains("line 1"));
        assert!(Templates::parse("mine", "# nothing\n").is_err());
        assert!(Templates::open("no-such-file").unwrap_err().contains("generic"));
    }

    #[test]
    fn the_mean_is_that_of_unit_rows_and_has_length_one() {
        let encoder = StaticEncoder::new().unwrap();
        let set = Templates::open("generic").unwrap();
        let encoded = set.encode(&encoder, &["a nurse", "a pilot"]).unwrap();
        assert_eq!(encoded.len(), 2);
        let filled = set.fill("a pilot");
        let rows: Vec<Vec<f32>> = filled.iter().map(|text| encoder.encode(&[text]).unwrap()).collect();
        assert_eq!(encoded[1].each, rows.concat());
        let sum: Vec<f64> = (0..256).map(|i| rows.iter().map(|row| f64::from(row[i])).sum()).collect();
        let norm = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
        for (ours, sum) in encoded[1].mean.iter().zip(&sum) {
            assert!((f64::from(*ours) - sum / norm).abs() < 1e-6);
        }
    }
}
