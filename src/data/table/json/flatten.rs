//! An object to cells: a nested object's keys by their path, an array as JSON.

use super::rows::Rows;
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use std::fmt;

/// A value at a path; at the empty path, a row, which must be an object.
pub struct Node<'a> {
    pub rows: &'a mut Rows,
    pub path: &'a mut String,
}

impl Node<'_> {
    fn set<E: Error>(self, cell: &str) -> Result<(), E> {
        if self.path.is_empty() {
            return Err(E::custom("a row must be an object"));
        }
        self.rows.set(self.path, cell).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.set("")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.set(if value { "true" } else { "false" })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.set(&value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.set(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let text = Number::from_f64(value).map_or_else(|| value.to_string(), |number| number.to_string());
        self.set(&text)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.set(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<(), A::Error> {
        let value = Value::deserialize(SeqAccessDeserializer::new(seq))?;
        self.set(&value.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let length = self.path.len();
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if length > 0 {
                self.path.push('.');
            }
            // A key without a name still is one.
            self.path.push_str(if key.is_empty() { "(no name)" } else { &key });
            map.next_value_seed(Node { rows: self.rows, path: self.path })?;
            self.path.truncate(length);
        }
        Ok(())
    }
}

/// The objects of an array, each a row.
pub struct Array<'a>(pub &'a mut Rows);

impl<'de> DeserializeSeed<'de> for Array<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Array<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut path = String::new();
        while seq.next_element_seed(Node { rows: self.0, path: &mut path })?.is_some() {
            self.0.end_row().map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
