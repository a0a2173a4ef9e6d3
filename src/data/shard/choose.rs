//! Which column of a shard names the rows, and which holds what is embedded.

use super::{EMBEDDING, ID, Wishes, fault};
use crate::data::DataError;
use crate::data::columns::{Role, by_name, is_of_the_model};
use crate::data::table::{Column, Kind, Table};
use crate::data::text_column::find_text;

/// Names of columns of image bytes.
const PACKED: [&str; 4] = ["image", "img", "picture", "photo"];

/// Where the content of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A text in this column.
    Text(usize),
    /// A path in this column.
    Path(usize),
    /// Bytes of an image in this column.
    Bytes(usize),
    /// Beside the columns.
    Beside,
}

/// What was chosen.
pub struct Chosen {
    pub id: Option<usize>,
    pub place: Place,
    pub notes: Vec<String>,
}

/// Chooses by what a person says, by names, then by what the cells of a sample look like; `beside` where images come
/// without a column.
pub fn choose(sample: &Table, wishes: &Wishes, beside: bool) -> Result<Chosen, DataError> {
    // Of nothing there is nothing to choose.
    if sample.rows == 0 && sample.columns.is_empty() && !beside {
        return Ok(Chosen { id: None, place: Place::Beside, notes: Vec::new() });
    }
    let said = |named: &Option<String>| named.as_deref().map(|name| sample.column(name)).transpose();
    let at = |column: &Column| sample.position(&column.name);
    let below = |column: &str, name: &str| column.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    for name in &wishes.ignore {
        // A list or a structure is known by what lies in it.
        if !sample.columns.iter().any(|column| below(&column.name, name)) {
            sample.column(name)?;
        }
    }
    let named = |role: Role| sample.columns.iter().position(|column| by_name(&column.name, "") == Some(role.clone()));
    let plain = |at: usize| sample.columns[at].kind == Kind::Text;
    let id = said(&wishes.id)?.and_then(at).or_else(|| named(Role::Id).filter(|at| plain(*at)));
    let mut notes = Vec::new();
    let place = if let Some(text) = said(&wishes.text)?.and_then(at) {
        Place::Text(text)
    } else if beside {
        Place::Beside
    } else if let Some(bytes) = packed(sample, wishes) {
        Place::Bytes(bytes)
    } else if let Some(path) = said(&wishes.image)?.and_then(at).or_else(|| named(Role::Image).filter(|at| plain(*at)))
    {
        Place::Path(path)
    } else if let Some(text) = named(Role::Text).filter(|at| plain(*at)) {
        Place::Text(text)
    } else if sample.rows == 0 {
        Place::Beside
    } else {
        let text = by_content(sample, wishes)?;
        notes.push(format!("the texts are those of column '{text}'; --column text=COLUMN takes another"));
        Place::Text(sample.position(&text).unwrap_or_default())
    };
    Ok(Chosen { id, place, notes })
}

/// The column of image bytes.
fn packed(sample: &Table, wishes: &Wishes) -> Option<usize> {
    let binary = |name: &str| sample.position(name).filter(|at| sample.columns[*at].kind == Kind::Binary);
    if let Some(name) = &wishes.image {
        return binary(name).or_else(|| binary(&format!("{name}.bytes")));
    }
    sample.columns.iter().position(|column| {
        let stem = column.name.strip_suffix(".bytes").unwrap_or(&column.name);
        column.kind == Kind::Binary && PACKED.contains(&stem.to_lowercase().as_str())
    })
}

fn by_content(sample: &Table, wishes: &Wishes) -> Result<String, DataError> {
    let open = |column: &&Column| {
        column.kind == Kind::Text
            && by_name(&column.name, "").is_none()
            && !is_of_the_model(&column.name)
            && !wishes.ignore.contains(&column.name)
    };
    let columns: Vec<&Column> = sample.columns.iter().filter(open).collect();
    find_text(&columns).map_err(|candidates| {
        let shown: Vec<&str> = match candidates.as_slice() {
            [] => sample.columns.iter().map(|column| column.name.as_str()).take(40).collect(),
            some => some.iter().map(|candidate| candidate.name.as_str()).collect(),
        };
        let found =
            if candidates.is_empty() { "no column holds texts or images" } else { "several may hold the texts" };
        sample.problem(format!("{found} ({}); say which with --column text=COLUMN or image=COLUMN", shown.join(", ")))
    })
}

/// Refuses columns that the output cannot have beside its own.
pub fn check_names(file: &str, names: &[&str], id_is: Option<&str>) -> Result<(), DataError> {
    if names.contains(&EMBEDDING) {
        return Err(fault(file, "has a column 'embedding' already; leave it out with --column ignore=embedding"));
    }
    if names.contains(&ID) && id_is != Some(ID) {
        return Err(fault(
            file,
            "has a column 'id' that is not what names the rows; leave it out with --column ignore=id",
        ));
    }
    Ok(())
}
