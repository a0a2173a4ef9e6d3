//! Parquet's values as text: numbers, dates, times, decimals.

use half::f16;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::Int96;
use parquet::schema::types::ColumnDescPtr;
use std::fmt::Write as _;
use time::OffsetDateTime;

/// Days of the Julian calendar before 1970, as INT96 counts them.
const JULIAN: i128 = 2_440_588;
const DAY: i128 = 86_400_000_000_000;

/// A number as it lies in the file.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    Flag(bool),
    Whole(i64),
    Real(f64),
    /// Since 1970.
    Nanoseconds(i128),
}

/// Bytes that became text, or that are text themselves.
pub enum Bytes {
    Written(String),
    Text {
        /// The schema says that they are.
        sure: bool,
    },
}

/// How a column's numbers and bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Plain,
    /// Bits of an unsigned number.
    Unsigned(u32),
    Date,
    /// Nanoseconds a unit.
    Time(i128),
    Timestamp(i128),
    /// Digits after the point.
    Decimal(u32),
    Half,
    Uuid,
    Text,
}

/// Writes the values of a column.
pub struct Writer(Meaning);

/// The writer of a column, by what its schema says.
#[must_use]
pub fn writer(description: &ColumnDescPtr) -> Writer {
    let unit = |unit: &TimeUnit| match unit {
        TimeUnit::MILLIS => 1_000_000,
        TimeUnit::MICROS => 1_000,
        TimeUnit::NANOS => 1,
    };
    let scale = u32::try_from(description.type_scale()).unwrap_or(0);
    let logical = match description.logical_type_ref() {
        Some(LogicalType::Date) => Some(Meaning::Date),
        Some(LogicalType::Time(time)) => Some(Meaning::Time(unit(&time.unit))),
        Some(LogicalType::Timestamp(time)) => Some(Meaning::Timestamp(unit(&time.unit))),
        Some(LogicalType::Decimal(_)) => Some(Meaning::Decimal(scale)),
        Some(LogicalType::Float16) => Some(Meaning::Half),
        Some(LogicalType::Uuid) => Some(Meaning::Uuid),
        _ => None,
    };
    let converted = || match description.converted_type() {
        ConvertedType::UINT_8 => Meaning::Unsigned(8),
        ConvertedType::UINT_16 => Meaning::Unsigned(16),
        ConvertedType::UINT_32 => Meaning::Unsigned(32),
        ConvertedType::UINT_64 => Meaning::Unsigned(64),
        ConvertedType::DATE => Meaning::Date,
        ConvertedType::TIME_MILLIS => Meaning::Time(1_000_000),
        ConvertedType::TIME_MICROS => Meaning::Time(1_000),
        ConvertedType::TIMESTAMP_MILLIS => Meaning::Timestamp(1_000_000),
        ConvertedType::TIMESTAMP_MICROS => Meaning::Timestamp(1_000),
        ConvertedType::DECIMAL => Meaning::Decimal(scale),
        _ if super::claims_text(description) => Meaning::Text,
        _ if description.physical_type() == Physical::INT96 => Meaning::Timestamp(1),
        _ => Meaning::Plain,
    };
    Writer(logical.unwrap_or_else(converted))
}

impl Writer {
    /// Appends a number.
    pub fn number(&self, text: &mut String, number: Number) {
        let written = match (self.0, number) {
            (_, Number::Flag(flag)) => write!(text, "{flag}"),
            (_, Number::Real(value)) => write!(text, "{value}"),
            (_, Number::Nanoseconds(value)) => moment(text, value),
            (Meaning::Unsigned(64), Number::Whole(value)) => write!(text, "{}", value as u64),
            (Meaning::Unsigned(bits), Number::Whole(value)) => {
                write!(text, "{}", (value as u64) & ((1u64 << bits) - 1))
            }
            (Meaning::Date, Number::Whole(days)) => date(text, days),
            (Meaning::Time(unit), Number::Whole(value)) => clock(text, i128::from(value) * unit),
            (Meaning::Timestamp(unit), Number::Whole(value)) => moment(text, i128::from(value) * unit),
            (Meaning::Decimal(scale), Number::Whole(value)) => decimal(text, i128::from(value), scale),
            (_, Number::Whole(value)) => write!(text, "{value}"),
        };
        // Writing to a string does not fail.
        let _ = written;
    }

    /// Bytes as text.
    #[must_use]
    pub fn bytes(&self, bytes: &[u8]) -> Bytes {
        let mut text = String::new();
        let written = match (self.0, bytes) {
            (Meaning::Half, [low, high]) => write!(text, "{}", f16::from_le_bytes([*low, *high])),
            (Meaning::Decimal(scale), bytes) if (1..=16).contains(&bytes.len()) => {
                let sign = if bytes[0] & 0x80 == 0 { 0 } else { -1 };
                let value = bytes.iter().fold(sign, |value: i128, byte| (value << 8) | i128::from(*byte));
                decimal(&mut text, value, scale)
            }
            (Meaning::Uuid, bytes) if bytes.len() == 16 => bytes.iter().enumerate().try_for_each(|(at, byte)| {
                write!(text, "{}{byte:02x}", if [4, 6, 8, 10].contains(&at) { "-" } else { "" })
            }),
            (meaning, _) => return Bytes::Text { sure: meaning == Meaning::Text },
        };
        let _ = written;
        Bytes::Written(text)
    }
}

/// Nanoseconds since 1970 of a timestamp of twelve bytes.
#[must_use]
pub fn int96(value: &Int96) -> i128 {
    let data = value.data();
    let of_day = (u64::from(data[1]) << 32) | u64::from(data[0]);
    (i128::from(data[2]) - JULIAN) * DAY + i128::from(of_day)
}

fn date(text: &mut String, days: i64) -> std::fmt::Result {
    match days.checked_mul(86_400).and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok()) {
        Some(day) => write!(text, "{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day()),
        None => write!(text, "{days}"),
    }
}

fn moment(text: &mut String, nanoseconds: i128) -> std::fmt::Result {
    let Ok(moment) = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds) else {
        return write!(text, "{nanoseconds}");
    };
    write!(text, "{:04}-{:02}-{:02} ", moment.year(), u8::from(moment.month()), moment.day())?;
    clock(text, nanoseconds.rem_euclid(DAY))
}

/// A time of day; digits of a second only where there are any.
fn clock(text: &mut String, nanoseconds: i128) -> std::fmt::Result {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    write!(text, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    match rest {
        0 => Ok(()),
        _ if rest % 1_000_000 == 0 => write!(text, ".{:03}", rest / 1_000_000),
        _ if rest % 1_000 == 0 => write!(text, ".{:06}", rest / 1_000),
        _ => write!(text, ".{rest:09}"),
    }
}

fn decimal(text: &mut String, value: i128, scale: u32) -> std::fmt::Result {
    let digits = value.unsigned_abs().to_string();
    let scale = scale as usize;
    let digits = format!("{digits:0>width$}", width = scale.min(100) + 1);
    let (whole, part) = digits.split_at(digits.len() - scale.min(digits.len() - 1));
    write!(text, "{}{whole}{}{part}", if value < 0 { "-" } else { "" }, if part.is_empty() { "" } else { "." })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let said = |meaning: Meaning, number: Number| {
            let mut text = String::new();
            Writer(meaning).number(&mut text, number);
            text
        };
        assert_eq!(said(Meaning::Date, Number::Whole(19_723)), "2024-01-01");
        assert_eq!(said(Meaning::Date, Number::Whole(i64::MAX)), i64::MAX.to_string());
        assert_eq!(said(Meaning::Timestamp(1_000), Number::Whole(1_704_067_200_500_000)), "2024-01-01 00:00:00.500");
        assert_eq!(said(Meaning::Timestamp(1_000_000), Number::Whole(-1)), "1969-12-31 23:59:59.999");
        assert_eq!(said(Meaning::Decimal(2), Number::Whole(-5)), "-0.05");
        assert_eq!(said(Meaning::Decimal(0), Number::Whole(15)), "15");
        assert_eq!(said(Meaning::Unsigned(8), Number::Whole(-1)), "255");
        assert_eq!(said(Meaning::Plain, Number::Real(0.25)), "0.25");
        let bytes = |meaning, bytes: &[u8]| match Writer(meaning).bytes(bytes) {
            Bytes::Written(text) => text,
            Bytes::Text { sure } => format!("text {sure}"),
        };
        assert_eq!(bytes(Meaning::Half, &[0x00, 0x3e]), "1.5");
        assert_eq!(bytes(Meaning::Decimal(3), &[0xff, 0xfe]), "-0.002");
        assert_eq!(bytes(Meaning::Uuid, &[0; 16]), "00000000-0000-0000-0000-000000000000");
        assert_eq!(bytes(Meaning::Text, b"x"), "text true");
    }
}
