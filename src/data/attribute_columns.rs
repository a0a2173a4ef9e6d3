//! Columns to attributes: flags, words, and numbers cut into ranges.

use super::DataError;
use super::columns::{Flag, MOST_VALUES, flag, is_missing};
use super::draft::Flags;
use super::mapping::Mapping;
use super::table::{Column, Table};
use std::collections::BTreeMap;

/// Beginnings of names that say only that the column is an attribute.
const SAYING_NOTHING: [&str; 3] = ["attribute:", "attribute_", "attr_"];

/// The attributes of a column: one of 0/1 values, or one for each word or range of numbers.
///
/// # Errors
/// If the column has too many different values, or cannot be cut.
pub fn attributes(
    table: &Table,
    column: &Column,
    mapping: &Mapping,
    notes: &mut Vec<String>,
) -> Result<Vec<Flags>, DataError> {
    let name = column.name.strip_prefix("attribute:").unwrap_or(&column.name).to_owned();
    if let Some(edges) = mapping.bins.get(&column.name) {
        return ranges(table, column, &name, edges, notes);
    }
    if let Some(flags) = column.cells().map(flag).collect::<Option<Vec<Flag>>>() {
        let both = flags.contains(&Flag::No);
        if flags.contains(&Flag::MinusOne) {
            let meaning = if both { "unknown, beside 0 and 1" } else { "no, beside 1 alone" };
            notes.push(format!("-1 in column '{}' is taken for {meaning}", column.name));
        }
        let value = |flag: &Flag| match flag {
            Flag::Yes => Some(true),
            Flag::No => Some(false),
            Flag::MinusOne if !both => Some(false),
            Flag::MinusOne | Flag::Unknown => None,
        };
        return Ok(vec![Flags { name, values: flags.iter().map(value).collect() }]);
    }
    let is_number = |cell: &str| is_missing(cell) || cell.parse::<f64>().is_ok();
    if let Some(threshold) = mapping.threshold
        && column.cells().all(is_number)
    {
        let value =
            |cell: &str| cell.parse::<f64>().ok().filter(|value| !value.is_nan()).map(|value| value >= threshold);
        return Ok(vec![Flags { name, values: column.cells().map(value).collect() }]);
    }
    words(table, column, &name, notes)
}

/// One attribute for each word of a column.
fn words(table: &Table, column: &Column, name: &str, notes: &mut Vec<String>) -> Result<Vec<Flags>, DataError> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    column.cells().filter(|cell| !is_missing(cell)).for_each(|cell| *counts.entry(cell).or_default() += 1);
    if counts.len() > MOST_VALUES {
        let first = column.cells().position(|cell| flag(cell).is_none()).unwrap_or(0);
        let problem = format!(
            "of an attribute column with {} different values; up to {MOST_VALUES} become one attribute each, numbers are cut with --bins {}=EDGE,EDGE or a threshold",
            counts.len(),
            column.name
        );
        return Err(table.bad_cell(first, column, &problem));
    }
    notes.push(format!("column '{}' has {} values; each is an attribute", column.name, counts.len()));
    let of_value = |value: &str| Flags {
        name: format!("{name}: {value}"),
        values: column.cells().map(|cell| (!is_missing(cell)).then_some(cell == value)).collect(),
    };
    Ok(counts.keys().map(|value| of_value(value)).collect())
}

/// One attribute for each range between edges; between the quartiles where there are none.
fn ranges(
    table: &Table,
    column: &Column,
    name: &str,
    edges: &[f64],
    notes: &mut Vec<String>,
) -> Result<Vec<Flags>, DataError> {
    let one = |(row, cell): (usize, &str)| {
        if is_missing(cell) {
            return Ok(None);
        }
        let value = cell.parse::<f64>().ok().filter(|value| value.is_finite());
        value.map(Some).ok_or_else(|| table.bad_cell(row, column, "is not a number, which --bins needs"))
    };
    let values: Vec<Option<f64>> = column.cells().enumerate().map(one).collect::<Result<_, _>>()?;
    let edges = if edges.is_empty() { quartiles(&values) } else { edges.to_vec() };
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else {
        return Err(table.fault(0, &column.name, "has too few different numbers to be cut"));
    };
    notes.push(format!(
        "column '{}' is cut at {}",
        column.name,
        edges.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
    ));
    let between = edges.windows(2).map(|pair| (pair[0], pair[1], format!("{} to {}", pair[0], pair[1])));
    let ranges = std::iter::once((f64::NEG_INFINITY, *first, format!("under {first}")))
        .chain(between)
        .chain(std::iter::once((*last, f64::INFINITY, format!("{last} and over"))));
    let of_range = |(from, to, words): (f64, f64, String)| Flags {
        name: format!("{name}: {words}"),
        values: values.iter().map(|value| value.map(|value| from <= value && value < to)).collect(),
    };
    let flags: Vec<Flags> = ranges.map(of_range).collect();
    // A range that nothing falls into is nobody's attribute.
    Ok(flags.into_iter().filter(|flags| flags.values.contains(&Some(true))).collect())
}

/// The different quartiles of some numbers, by the nearest rank.
fn quartiles(values: &[Option<f64>]) -> Vec<f64> {
    let mut known: Vec<f64> = values.iter().flatten().copied().collect();
    known.sort_by(f64::total_cmp);
    let least = known.first().copied();
    let mut edges: Vec<f64> = (1..4).filter_map(|quarter| known.get(known.len() * quarter / 4).copied()).collect();
    edges.dedup();
    edges.retain(|edge| Some(*edge) != least);
    edges
}

/// Drops what all names begin with and what only says that a column is an attribute; the sentence says so.
pub fn drop_prefix(flags: &mut [Flags]) -> Option<String> {
    let prefix = shared_prefix(flags)?;
    // Names that would then be the same stay as they are.
    let short: Vec<String> = flags.iter().map(|flags| flags.name[prefix.len()..].to_owned()).collect();
    let mut sorted: Vec<&String> = short.iter().collect();
    sorted.sort();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return None;
    }
    flags.iter_mut().zip(short).for_each(|(flags, name)| flags.name = name);
    Some(format!("'{prefix}', with which all columns of attributes begin, is not part of their names"))
}

/// The longest beginning of all names that ends with a mark and leaves each a name that begins with a letter.
fn shared_prefix(flags: &[Flags]) -> Option<String> {
    let first = &flags.first()?.name;
    let leaves_a_name = |end: usize| {
        flags.iter().all(|flags| {
            flags.name.get(..end) == first.get(..end)
                && flags.name.get(end..).is_some_and(|rest| rest.starts_with(char::is_alphabetic))
        })
    };
    let known = SAYING_NOTHING.into_iter().find(|start| {
        first.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)) && leaves_a_name(start.len())
    });
    if let Some(known) = known {
        return first.get(..known.len()).map(String::from);
    }
    // The values of one column share its name, and that says which column they are of.
    let columns: std::collections::BTreeSet<&str> =
        flags.iter().map(|flags| flags.name.split(": ").next().unwrap_or_default()).collect();
    if columns.len() < 2 {
        return None;
    }
    let mut ends =
        first.char_indices().filter(|(_, mark)| "_-.".contains(*mark)).map(|(at, mark)| at + mark.len_utf8());
    ends.rfind(|end| leaves_a_name(*end)).and_then(|end| first.get(..end)).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(names: &[&str]) -> Vec<Flags> {
        names.iter().map(|name| Flags { name: (*name).into(), values: Vec::new() }).collect()
    }

    fn dropped(names: &[&str]) -> Vec<String> {
        let mut flags = flags(names);
        drop_prefix(&mut flags);
        flags.into_iter().map(|flags| flags.name).collect()
    }

    #[test]
    fn what_all_names_begin_with_is_dropped_and_nothing_else() {
        assert_eq!(dropped(&["attr_Young", "attr_Wearing_Hat"]), ["Young", "Wearing_Hat"]);
        assert_eq!(dropped(&["attr_Young"]), ["Young"]);
        assert_eq!(dropped(&["is_old", "is_male"]), ["old", "male"]);
        assert_eq!(dropped(&["demo.age_old", "demo.age_young"]), ["old", "young"]);
        for stays in
            [&["age_1", "age_2"][..], &["Wearing_Hat", "Young"], &["race: a", "race: b"], &["no_beard"], &["a_", "a_b"]]
        {
            assert_eq!(dropped(stays), stays, "{stays:?}");
        }
    }

    #[test]
    fn quartiles_are_values_that_cut() {
        let values: Vec<Option<f64>> = (1..=8).map(|value| Some(f64::from(value))).chain([None]).collect();
        assert_eq!(quartiles(&values), [3.0, 5.0, 7.0]);
        assert_eq!(quartiles(&[Some(1.0), Some(1.0), Some(1.0), Some(2.0)]), [2.0]);
        assert!(quartiles(&[Some(1.0); 5]).is_empty());
    }
}
