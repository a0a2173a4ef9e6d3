//! Rows with their embeddings as JSON lines, for programs that pipe.

use super::cells::{Cells, Values};
use super::{EMBEDDING, Shard, Window, fault};
use crate::data::DataError;
use crate::data::table::{Writer, writer};
use half::f16;
use parquet::schema::types::{SchemaDescriptor, Type};
use serde_json::{Map, Value};
use std::io::{self, Write};
use std::sync::Arc;

/// Writes rows.
pub struct LineSink<W: Write> {
    out: W,
    dimension: usize,
    columns: Vec<(String, Writer)>,
}

impl<W: Write> LineSink<W> {
    /// Begins to write.
    ///
    /// # Errors
    /// If a column holds lists or structures.
    pub fn new(out: W, shard: &Shard, dimension: usize) -> Result<Self, DataError> {
        let refused = |error: parquet::errors::ParquetError| fault(&shard.name, error.to_string());
        if let Some(nested) = shard.fields.iter().find(|field| field.is_group()) {
            let name = nested.name();
            let problem =
                format!("column '{name}' holds lists or structures; write Parquet, or --column ignore={name}");
            return Err(fault(&shard.name, problem));
        }
        let root = Type::group_type_builder("schema").with_fields(shard.fields.clone()).build().map_err(refused)?;
        let schema = SchemaDescriptor::new(Arc::new(root));
        let columns = schema.columns().iter().map(|column| (column.name().to_owned(), writer(column))).collect();
        Ok(Self { out, dimension, columns })
    }

    /// Adds rows with their embeddings, `[rows, dimension]`.
    ///
    /// # Errors
    /// If nobody reads any more.
    pub fn add(&mut self, window: &Window, embeddings: &[f32]) -> io::Result<()> {
        let rows = window.rows.len();
        let places: Vec<Vec<Option<usize>>> = window.cells.iter().map(|cells| cells.places(rows)).collect();
        for (row, embedding) in embeddings.chunks_exact(self.dimension).enumerate() {
            let mut object = Map::new();
            for (at, (name, writer)) in self.columns.iter().enumerate() {
                object.insert(name.clone(), value(&window.cells[at], writer, places[at][row]));
            }
            // The numbers that Parquet would hold.
            let half = |value: &f32| Value::from(f64::from(f16::from_f32(*value)));
            object.insert(EMBEDDING.into(), embedding.iter().map(half).collect());
            serde_json::to_writer(&mut self.out, &Value::Object(object))?;
            self.out.write_all(b"\n")?;
        }
        self.out.flush()
    }
}

fn value(cells: &Cells, writer: &Writer, place: Option<usize>) -> Value {
    if place.is_none() {
        return Value::Null;
    }
    let text = cells.text_at(writer, place);
    match &cells.values {
        Values::Flags(_) => Value::Bool(text == "true"),
        Values::Bytes(_) | Values::Fixed(_) => Value::String(text),
        // Dates and the like are words.
        _ => serde_json::from_str::<serde_json::Number>(&text).map_or(Value::String(text), Value::Number),
    }
}
