//! Rows with their embeddings as Parquet: the columns as they came, and `embedding`, a list of half precision.

use super::cells::Cells;
use super::digest::NumbersDigest;
use super::footer::{Footer, pair};
use super::{EMBEDDING, Shard, Window};
use half::f16;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type, TypePtr};
use std::io::Write;
use std::sync::Arc;

/// Rows and bytes of a row group at most: as much is in memory at once.
const GROUP_ROWS: usize = 1 << 16;
const GROUP_BYTES: usize = 32 << 20;
/// Numbers handed to the writer at a time, and about how many bytes make a page.
const BATCH: usize = 1 << 14;

/// Writes rows.
pub struct ParquetSink<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    dimension: usize,
    cells: Vec<Cells>,
    /// Embeddings of the rows held, in half precision.
    embeddings: Vec<u8>,
    numbers: NumbersDigest,
    held: usize,
}

impl<W: Write + Send> ParquetSink<W> {
    /// Begins to write.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn new(out: W, shard: &Shard, dimension: usize) -> Result<Self, ParquetError> {
        let fields = shard.fields.iter().cloned().chain([embedding_field()?]).collect();
        let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
        let numbers = ColumnPath::new(vec![EMBEDDING.into(), "list".into(), "element".into()]);
        let properties = WriterProperties::builder()
            .set_created_by(format!("llm2loss version {}", env!("CARGO_PKG_VERSION")))
            .set_compression(Compression::SNAPPY)
            .set_column_compression(numbers.clone(), Compression::UNCOMPRESSED)
            .set_column_dictionary_enabled(numbers.clone(), false)
            .set_column_statistics_enabled(numbers, EnabledStatistics::None)
            .build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        let numbers = NumbersDigest::default();
        Ok(Self { writer, dimension, cells: Vec::new(), embeddings: Vec::new(), numbers, held: 0 })
    }

    /// Adds rows with their embeddings, `[rows, dimension]`.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn add(&mut self, window: Window, embeddings: &[f32]) -> Result<(), ParquetError> {
        self.held += window.rows.len();
        let before = self.embeddings.len();
        self.embeddings.extend(embeddings.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()));
        self.numbers.add(&self.embeddings[before..]);
        if self.cells.is_empty() {
            self.cells = window.cells;
        } else {
            self.cells.iter_mut().zip(window.cells).for_each(|(cells, more)| cells.append(more));
        }
        let bytes = self.embeddings.len() + self.cells.iter().map(Cells::bytes).sum::<usize>();
        if self.held >= GROUP_ROWS || bytes >= GROUP_BYTES { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        if self.held == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for cells in self.cells.drain(..) {
            let mut column = group.next_column()?.ok_or_else(missing)?;
            cells.write(column.untyped())?;
            column.close()?;
        }
        let mut column = group.next_column()?.ok_or_else(missing)?;
        if let ColumnWriter::FixedLenByteArrayColumnWriter(writer) = column.untyped() {
            let all = ByteArray::from(std::mem::take(&mut self.embeddings));
            let rows = (BATCH / self.dimension.max(1)).max(1);
            let numbers = rows * self.dimension;
            let definition = vec![1i16; numbers];
            let repetition: Vec<i16> = (0..numbers).map(|at| i16::from(at % self.dimension != 0)).collect();
            for start in (0..all.len()).step_by(2 * numbers) {
                let end = all.len().min(start + 2 * numbers);
                let values: Vec<FixedLenByteArray> =
                    (start..end).step_by(2).map(|at| all.slice(at, 2).into()).collect();
                writer.write_batch(&values, Some(&definition[..values.len()]), Some(&repetition[..values.len()]))?;
            }
        }
        column.close()?;
        group.close()?;
        self.held = 0;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(mut self, footer: &Footer) -> Result<(), ParquetError> {
        self.write_group()?;
        let footer = Footer { numbers: self.numbers.finish(), ..footer.clone() };
        footer.pairs().into_iter().map(pair).for_each(|pair| self.writer.append_key_value_metadata(pair));
        self.writer.close().map(drop)
    }
}

fn missing() -> ParquetError {
    ParquetError::General("a column is missing".into())
}

/// A list that is there in every row, of numbers that are there: Parquet has no list of fixed length.
fn embedding_field() -> Result<TypePtr, ParquetError> {
    let number = Type::primitive_type_builder("element", Physical::FIXED_LEN_BYTE_ARRAY)
        .with_length(2)
        .with_logical_type(Some(LogicalType::Float16))
        .with_repetition(Repetition::REQUIRED)
        .build()?;
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(number)])
        .build()?;
    let field = Type::group_type_builder(EMBEDDING)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()?;
    Ok(Arc::new(field))
}
