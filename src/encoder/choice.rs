//! An encoder's name with what a person wants of it: `NAME?dims=256&document=passage%3A+`.
//!
//! An audit keeps this one line, and so does whoever asks for the encoder again.

use super::batch::normalise;
use super::hub::percent_decoded;
use super::prompts::{Prefix, Wish};
use super::{Encoder, EncoderError, Pixels, Reading};
use std::fmt::{self, Write};
use std::sync::Arc;

/// An encoder, and what is wanted of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncoderChoice {
    pub name: String,
    /// The first so many values of an embedding, brought to length one.
    pub dims: Option<usize>,
    /// Words before every item, and before every prompt too.
    pub prompt_document: Option<String>,
    /// Words before every prompt instead.
    pub prompt_query: Option<String>,
}

impl EncoderChoice {
    /// Reads what [`fmt::Display`] wrote; what has none of its settings is a name.
    pub fn read(line: &str) -> Self {
        let plain = || Self { name: line.to_owned(), ..Self::default() };
        let Some((name, settings)) = line.rsplit_once('?') else { return plain() };
        let mut choice = Self { name: name.to_owned(), ..Self::default() };
        for setting in settings.split('&') {
            let words = |value: &str| String::from_utf8(percent_decoded(&value.replace('+', " "))).ok();
            let known = match setting.split_once('=') {
                Some(("dims", value)) => value.parse().map(|dims| choice.dims = Some(dims)).is_ok(),
                Some(("document", value)) => words(value).map(|words| choice.prompt_document = Some(words)).is_some(),
                Some(("query", value)) => words(value).map(|words| choice.prompt_query = Some(words)).is_some(),
                _ => false,
            };
            if !known {
                return plain();
            }
        }
        choice
    }

    pub(super) fn wish(&self) -> Wish {
        Wish { document: self.prompt_document.clone(), query: self.prompt_query.clone() }
    }

    /// An encoder of the plain name as it is wanted; `prefixed` where it puts the words before texts itself.
    pub(super) fn of(&self, inner: Arc<dyn Encoder>, prefixed: bool) -> Result<Arc<dyn Encoder>, String> {
        let dimension = inner.dimension();
        let dims = self.dims.filter(|dims| *dims != dimension);
        if dims.is_some_and(|dims| dims == 0 || dims > dimension) {
            return Err(format!("it gives {dimension} dimensions; --dims takes 1 to {dimension} of them"));
        }
        let wish = if prefixed { Wish::default() } else { self.wish() };
        let mut suffix = wish.mark();
        if let Some(dims) = dims {
            // Writing to a string cannot fail.
            let _ = write!(suffix, "-d{dims}");
        }
        if suffix.is_empty() && self.to_string() == inner.name() {
            return Ok(inner);
        }
        let document = wish.document.unwrap_or_default();
        let query = Prefix::new(wish.query.unwrap_or_else(|| document.clone()));
        let fingerprint = format!("{}{suffix}", inner.fingerprint());
        let (name, document) = (self.to_string(), Prefix::new(document));
        Ok(Arc::new(Adjusted { inner, name, fingerprint, suffix, dims: dims.unwrap_or(dimension), document, query }))
    }
}

impl fmt::Display for EncoderChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        let settings = [
            ("dims", self.dims.map(|dims| dims.to_string())),
            ("document", self.prompt_document.as_deref().map(percent_encoded)),
            ("query", self.prompt_query.as_deref().map(percent_encoded)),
        ];
        let set = settings.into_iter().filter_map(|(name, value)| Some((name, value?)));
        for (at, (name, value)) in set.enumerate() {
            write!(formatter, "{}{name}={value}", if at == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// `A b:` becomes `A+b%3A`.
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            byte if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) => out.push(char::from(byte)),
            // Writing to a string cannot fail.
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// An encoder with words before its texts, or with the first of its dimensions.
struct Adjusted {
    inner: Arc<dyn Encoder>,
    name: String,
    fingerprint: String,
    /// What is added to the inner fingerprint.
    suffix: String,
    dims: usize,
    document: Prefix,
    query: Prefix,
}

impl Adjusted {
    fn cut(&self, rows: Vec<f32>) -> Vec<f32> {
        let full = self.inner.dimension();
        if full == self.dims {
            return rows;
        }
        let mut cut: Vec<f32> = rows.chunks_exact(full).flat_map(|row| row[..self.dims].iter().copied()).collect();
        cut.chunks_exact_mut(self.dims).for_each(normalise);
        cut
    }
}

/// Texts behind their words.
fn behind<'a>(prefix: &Prefix, texts: &[&'a str]) -> Vec<std::borrow::Cow<'a, str>> {
    texts.iter().map(|text| prefix.before(text)).collect()
}

impl Encoder for Adjusted {
    fn name(&self) -> &str {
        &self.name
    }

    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn dimension(&self) -> usize {
        self.dims
    }

    fn piece_limit(&self) -> usize {
        let pieces = |prefix: &Prefix| self.inner.reading(prefix.words()).pieces;
        self.inner.piece_limit().saturating_sub(pieces(&self.document).max(pieces(&self.query)))
    }

    fn reading(&self, text: &str) -> Reading {
        self.inner.reading(text)
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        let texts = behind(&self.document, texts);
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        Ok(self.cut(self.inner.encode(&texts)?))
    }

    fn encode_prompts(&self, texts: &[&str]) -> Result<Vec<f32>, EncoderError> {
        let texts = behind(&self.query, texts);
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        Ok(self.cut(self.inner.encode_prompts(&texts)?))
    }

    fn encode_prompt(&self, text: &str) -> Result<Vec<f32>, EncoderError> {
        Ok(self.cut(self.inner.encode_prompt(&self.query.before(text))?))
    }

    fn is_cheap(&self) -> bool {
        self.inner.is_cheap()
    }

    fn reads_images(&self) -> bool {
        self.inner.reads_images()
    }

    fn prepare_image(&self, bytes: &[u8]) -> Result<Pixels, EncoderError> {
        self.inner.prepare_image(bytes)
    }

    fn encode_images(&self, images: &[Pixels]) -> Result<Vec<f32>, EncoderError> {
        Ok(self.cut(self.inner.encode_images(images)?))
    }

    fn words(&self) -> &[&str] {
        self.inner.words()
    }

    fn recognise(&self, kept: &str) -> Result<Option<Arc<dyn Encoder>>, EncoderError> {
        // A kept fingerprint without the suffix is of other settings; it is said as it stands.
        let Some(inner) = self.inner.recognise(kept.strip_suffix(&self.suffix).unwrap_or(kept))? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(Self {
            fingerprint: format!("{}{}", inner.fingerprint(), self.suffix),
            inner,
            name: self.name.clone(),
            suffix: self.suffix.clone(),
            dims: self.dims,
            document: self.document.clone(),
            query: self.query.clone(),
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoder::{StaticEncoder, open};

    #[test]
    fn a_choice_is_read_as_it_is_written_and_other_names_are_names() {
        let choice = EncoderChoice {
            name: "http://host/v1/embeddings?x=1#m".into(),
            dims: Some(64),
            prompt_document: Some("passage: ".into()),
            prompt_query: Some("Ünd & 100% = ?".into()),
        };
        assert_eq!(EncoderChoice::read(&choice.to_string()), choice);
        for name in
            ["builtin", "a/b?", "what?no", "http://host/v1?dims=3&x=1#m", "http://host/v1?dims=3#m", "x?dims=-1"]
        {
            assert_eq!(EncoderChoice::read(name).name, name);
            assert_eq!(EncoderChoice::read(name).to_string(), name);
        }
    }

    #[test]
    fn fewer_dimensions_are_the_first_ones_of_length_one() {
        let (whole, cut) = (StaticEncoder::new().unwrap(), open("builtin?dims=16").unwrap());
        let (all, few) = (whole.encode(&["a nurse"]).unwrap(), cut.encode(&["a nurse"]).unwrap());
        let norm = all[..16].iter().map(|value| value * value).sum::<f32>().sqrt();
        assert_eq!((few.len(), cut.dimension(), cut.name()), (16, 16, "builtin?dims=16"));
        assert!(few.iter().zip(&all).all(|(few, all)| (few - all / norm).abs() < 1e-6));
        assert_ne!(cut.fingerprint(), whole.fingerprint());
        for name in ["builtin?dims=0", "builtin?dims=257"] {
            assert!(open(name).map(|_| ()).unwrap_err().to_string().contains("1 to 256"));
        }
    }

    #[test]
    fn words_stand_before_items_and_prompts_unless_prompts_have_their_own() {
        let plain = StaticEncoder::new().unwrap();
        let both = open("builtin?document=the+good+").unwrap();
        assert_eq!(both.encode(&["nurse"]).unwrap(), plain.encode(&["the good nurse"]).unwrap());
        assert_eq!(both.encode_prompt("nurse").unwrap(), plain.encode(&["the good nurse"]).unwrap());
        let other = open("builtin?document=the+good+&query=a+").unwrap();
        assert_eq!(other.encode(&["nurse"]).unwrap(), plain.encode(&["the good nurse"]).unwrap());
        assert_eq!(other.encode_prompts(&["nurse"]).unwrap(), plain.encode(&["a nurse"]).unwrap());
        assert_eq!(other.piece_limit(), plain.piece_limit() - 2);
        let prints = [plain.fingerprint(), both.fingerprint(), other.fingerprint()];
        assert!(prints[0] != prints[1] && prints[1] != prints[2] && prints[0] != prints[2]);
    }
}
