//! A text that takes little memory where it is short, as most ids are: an audit has millions of them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::ops::Deref;

/// Bytes of the longest text that needs no memory of its own.
const SHORT: usize = 14;

/// A text of 16 bytes, with memory of its own where it is longer than 14 bytes.
#[derive(Clone)]
pub struct CompactText(Form);

#[derive(Clone)]
#[allow(clippy::box_collection, reason = "a String of 24 bytes beside a short text would make both 32")]
enum Form {
    /// Its length, and its bytes followed by zeros.
    Short(u8, [u8; SHORT]),
    Long(Box<String>),
}

impl Deref for CompactText {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            // Always UTF-8: it was copied from a text as a whole.
            Form::Short(length, bytes) => std::str::from_utf8(&bytes[..usize::from(*length)]).unwrap_or_default(),
            Form::Long(text) => text,
        }
    }
}

impl CompactText {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self
    }
}

impl From<&str> for CompactText {
    fn from(text: &str) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(place), Ok(length)) => {
                place.copy_from_slice(text.as_bytes());
                Self(Form::Short(length, bytes))
            }
            _ => Self(Form::Long(Box::new(text.to_owned()))),
        }
    }
}

impl From<String> for CompactText {
    fn from(text: String) -> Self {
        if text.len() <= SHORT { Self::from(text.as_str()) } else { Self(Form::Long(Box::new(text))) }
    }
}

impl From<&CompactText> for String {
    fn from(text: &CompactText) -> Self {
        text.as_str().to_owned()
    }
}

impl Default for CompactText {
    fn default() -> Self {
        Self(Form::Short(0, [0; SHORT]))
    }
}

impl PartialEq for CompactText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for CompactText {}

impl PartialEq<str> for CompactText {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for CompactText {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Debug for CompactText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for CompactText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl Serialize for CompactText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for CompactText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = CompactText;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<CompactText, E> {
                Ok(text.into())
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_takes_sixteen_bytes() {
        assert_eq!(size_of::<CompactText>(), 16);
        assert_eq!(CompactText::default().as_str(), "");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "\\PC{0,24}") {
            let compact = CompactText::from(text.as_str());
            prop_assert_eq!(compact.as_str(), text.as_str());
            prop_assert_eq!(&CompactText::from(text.clone()), &compact);
            let written = serde_json::to_string(&compact).unwrap();
            prop_assert_eq!(&written, &serde_json::to_string(&text).unwrap());
            prop_assert_eq!(serde_json::from_str::<CompactText>(&written).unwrap(), compact);
        }
    }
}
