//! Cells of one column on their way through, as Parquet has them: values, and levels where cells may lack or repeat.

use crate::data::table::{Number, Writer, Written, int96};
use parquet::column::reader::ColumnReader;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{AsBytes, ByteArray, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;

/// Values of a column by their physical type.
pub enum Values {
    Flags(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// Runs `$body` with `$values`, whatever their type.
macro_rules! each_kind {
    ($of:expr, $values:ident => $body:expr) => {
        match $of {
            Values::Flags($values) => $body,
            Values::Int32($values) => $body,
            Values::Int64($values) => $body,
            Values::Int96($values) => $body,
            Values::Float($values) => $body,
            Values::Double($values) => $body,
            Values::Bytes($values) => $body,
            Values::Fixed($values) => $body,
        }
    };
}

/// A column's cells for some rows.
pub struct Cells {
    pub values: Values,
    definition: Vec<i16>,
    repetition: Vec<i16>,
    /// Level of a value that is there, and deepest repetition.
    full: i16,
    deepest: i16,
}

impl Cells {
    pub fn new(values: Values, full: i16, deepest: i16) -> Self {
        Self { values, definition: Vec::new(), repetition: Vec::new(), full, deepest }
    }

    /// No cells, of the kind that a reader gives.
    pub fn of(reader: &ColumnReader, full: i16, deepest: i16) -> Self {
        let values = match reader {
            ColumnReader::BoolColumnReader(_) => Values::Flags(Vec::new()),
            ColumnReader::Int32ColumnReader(_) => Values::Int32(Vec::new()),
            ColumnReader::Int64ColumnReader(_) => Values::Int64(Vec::new()),
            ColumnReader::Int96ColumnReader(_) => Values::Int96(Vec::new()),
            ColumnReader::FloatColumnReader(_) => Values::Float(Vec::new()),
            ColumnReader::DoubleColumnReader(_) => Values::Double(Vec::new()),
            ColumnReader::ByteArrayColumnReader(_) => Values::Bytes(Vec::new()),
            ColumnReader::FixedLenByteArrayColumnReader(_) => Values::Fixed(Vec::new()),
        };
        Self::new(values, full, deepest)
    }

    /// Reads the next rows; returns how many there were.
    pub fn read(&mut self, reader: &mut ColumnReader, most: usize) -> Result<usize, ParquetError> {
        let definition = (self.full > 0).then_some(&mut self.definition);
        let repetition = (self.deepest > 0).then_some(&mut self.repetition);
        macro_rules! read {
            ($reader:ident, $values:ident) => {
                $reader.read_records(most, definition, repetition, $values).map(|(rows, _, _)| rows)
            };
        }
        match (reader, &mut self.values) {
            (ColumnReader::BoolColumnReader(reader), Values::Flags(values)) => read!(reader, values),
            (ColumnReader::Int32ColumnReader(reader), Values::Int32(values)) => read!(reader, values),
            (ColumnReader::Int64ColumnReader(reader), Values::Int64(values)) => read!(reader, values),
            (ColumnReader::Int96ColumnReader(reader), Values::Int96(values)) => read!(reader, values),
            (ColumnReader::FloatColumnReader(reader), Values::Float(values)) => read!(reader, values),
            (ColumnReader::DoubleColumnReader(reader), Values::Double(values)) => read!(reader, values),
            (ColumnReader::ByteArrayColumnReader(reader), Values::Bytes(values)) => read!(reader, values),
            (ColumnReader::FixedLenByteArrayColumnReader(reader), Values::Fixed(values)) => read!(reader, values),
            _ => Err(ParquetError::General("a column changes its type".into())),
        }
    }

    /// Writes all cells.
    pub fn write(&self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let definition = (self.full > 0).then_some(self.definition.as_slice());
        let repetition = (self.deepest > 0).then_some(self.repetition.as_slice());
        macro_rules! write {
            ($writer:ident, $values:ident) => {
                $writer.write_batch($values, definition, repetition).map(drop)
            };
        }
        match (writer, &self.values) {
            (ColumnWriter::BoolColumnWriter(writer), Values::Flags(values)) => write!(writer, values),
            (ColumnWriter::Int32ColumnWriter(writer), Values::Int32(values)) => write!(writer, values),
            (ColumnWriter::Int64ColumnWriter(writer), Values::Int64(values)) => write!(writer, values),
            (ColumnWriter::Int96ColumnWriter(writer), Values::Int96(values)) => write!(writer, values),
            (ColumnWriter::FloatColumnWriter(writer), Values::Float(values)) => write!(writer, values),
            (ColumnWriter::DoubleColumnWriter(writer), Values::Double(values)) => write!(writer, values),
            (ColumnWriter::ByteArrayColumnWriter(writer), Values::Bytes(values)) => write!(writer, values),
            (ColumnWriter::FixedLenByteArrayColumnWriter(writer), Values::Fixed(values)) => write!(writer, values),
            _ => Err(ParquetError::General("a column changes its type".into())),
        }
    }

    /// Appends a cell that is there or lacks, of a column that may lack cells and repeats none.
    pub fn push(&mut self, there: bool, add: impl FnOnce(&mut Values)) {
        self.definition.push(i16::from(there) * self.full);
        if there {
            add(&mut self.values);
        }
    }

    /// Appends the cells of the same column for the rows that follow.
    pub fn append(&mut self, mut next: Self) {
        self.definition.append(&mut next.definition);
        self.repetition.append(&mut next.repetition);
        match (&mut self.values, &mut next.values) {
            (Values::Flags(all), Values::Flags(more)) => all.append(more),
            (Values::Int32(all), Values::Int32(more)) => all.append(more),
            (Values::Int64(all), Values::Int64(more)) => all.append(more),
            (Values::Int96(all), Values::Int96(more)) => all.append(more),
            (Values::Float(all), Values::Float(more)) => all.append(more),
            (Values::Double(all), Values::Double(more)) => all.append(more),
            (Values::Bytes(all), Values::Bytes(more)) => all.append(more),
            (Values::Fixed(all), Values::Fixed(more)) => all.append(more),
            // Cells of one column are of one kind.
            _ => {}
        }
    }

    /// Keeps the cells of some rows.
    pub fn retain(&mut self, keep: &[bool]) {
        // For each value and each level: whether its row stays.
        let (mut row, mut levels, mut values) = (0usize, Vec::new(), Vec::new());
        if self.full == 0 {
            values.extend_from_slice(keep);
        }
        for (at, level) in self.definition.iter().enumerate() {
            if self.repetition.get(at).is_none_or(|repeated| *repeated == 0) {
                row += 1;
            }
            let stays = keep.get(row - 1).copied().unwrap_or(false);
            levels.push(stays);
            if *level == self.full {
                values.push(stays);
            }
        }
        fn cut<T>(of: &mut Vec<T>, stays: &[bool]) {
            let mut stays = stays.iter();
            of.retain(|_| stays.next().copied().unwrap_or(false));
        }
        cut(&mut self.definition, &levels);
        if self.deepest > 0 {
            cut(&mut self.repetition, &levels);
        }
        each_kind!(&mut self.values, of => cut(of, &values));
    }

    /// For each row, the place of its value; of a column that repeats none.
    pub fn places(&self, rows: usize) -> Vec<Option<usize>> {
        if self.full == 0 {
            return (0..rows).map(Some).collect();
        }
        let mut next = 0;
        let mut place = |level: &i16| {
            let there = *level == self.full;
            next += usize::from(there);
            there.then(|| next - 1)
        };
        self.definition.iter().map(&mut place).collect()
    }

    /// The bytes of a cell of a column of bytes.
    pub fn bytes_at(&self, place: Option<usize>) -> Option<&[u8]> {
        match &self.values {
            Values::Bytes(values) => values.get(place?).map(AsBytes::as_bytes),
            Values::Fixed(values) => values.get(place?).map(AsBytes::as_bytes),
            _ => None,
        }
    }

    /// A cell as text; empty where it lacks.
    pub fn text_at(&self, writer: &Writer, place: Option<usize>) -> String {
        let Some(at) = place else { return String::new() };
        let mut text = String::new();
        let number = match &self.values {
            Values::Flags(values) => values.get(at).map(|value| Number::Flag(*value)),
            Values::Int32(values) => values.get(at).map(|value| Number::Whole(i64::from(*value))),
            Values::Int64(values) => values.get(at).map(|value| Number::Whole(*value)),
            Values::Int96(values) => values.get(at).map(|value| Number::Nanoseconds(int96(value))),
            Values::Float(values) => values.get(at).map(|value| Number::Real(f64::from(*value))),
            Values::Double(values) => values.get(at).map(|value| Number::Real(*value)),
            Values::Bytes(_) | Values::Fixed(_) => {
                let bytes = self.bytes_at(place).unwrap_or_default();
                return match writer.bytes(bytes) {
                    Written::Written(text) => text,
                    Written::Text { .. } => String::from_utf8_lossy(bytes).into_owned(),
                };
            }
        };
        if let Some(number) = number {
            writer.number(&mut text, number);
        }
        text
    }

    /// About how many bytes they take.
    pub fn bytes(&self) -> usize {
        let text = |lengths: usize, count: usize| lengths + 32 * count;
        let values = match &self.values {
            Values::Bytes(values) => text(values.iter().map(ByteArray::len).sum(), values.len()),
            Values::Fixed(values) => text(values.iter().map(|value| value.len()).sum(), values.len()),
            other => 8 * each_kind!(other, of => of.len()),
        };
        values + 2 * (self.definition.len() + self.repetition.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_leave_with_all_their_cells() {
        let mut plain = Cells::new(Values::Int32(vec![1, 2, 3]), 0, 0);
        plain.retain(&[true, false, true]);
        assert!(matches!(&plain.values, Values::Int32(left) if *left == [1, 3]));
        let mut optional = Cells::new(Values::Double(Vec::new()), 1, 0);
        for cell in [Some(1.0), None, Some(3.0)] {
            optional.push(cell.is_some(), |values| {
                if let (Values::Double(values), Some(cell)) = (values, cell) {
                    values.push(cell);
                }
            });
        }
        assert_eq!(optional.places(3), [Some(0), None, Some(1)]);
        optional.retain(&[false, true, true]);
        assert_eq!(optional.places(2), [None, Some(0)]);
        // Lists [1, 2], none, [3]: the middle and the first leave.
        let mut lists = Cells::new(Values::Int64(vec![1, 2, 3]), 2, 1);
        (lists.definition, lists.repetition) = (vec![2, 2, 0, 2], vec![0, 1, 0, 0]);
        lists.retain(&[false, false, true]);
        assert!(matches!(&lists.values, Values::Int64(left) if *left == [3]));
        assert_eq!((lists.definition.as_slice(), lists.repetition.as_slice()), (&[2][..], &[0][..]));
    }
}
