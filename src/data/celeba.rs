//! CelebA as its authors give it (`.txt`) or as it is passed on (`.csv`): 40 attributes, identities, partitions.

use super::DataError;
use super::columns::{Flag, flag};
use super::draft::{Draft, Flags, Why};
use super::facts::split_of;
use super::table::{Table, read_file};
use crate::audit::Split;
use std::collections::HashMap;
use std::path::Path;
use std::str::FromStr;

/// How the items are divided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CelebaSplit {
    /// As the partition file says: no person is in two splits.
    Official,
    /// This share of every person's images trains, the rest tests: for models that name people.
    WithinIdentity(f64),
}

impl FromStr for CelebaSplit {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let share = word.strip_prefix("within-identity:").and_then(|share| share.parse::<f64>().ok());
        match share {
            _ if word == "official" => Ok(Self::Official),
            Some(share) if share > 0.0 && share < 1.0 => Ok(Self::WithinIdentity(share)),
            _ => Err("give official, or within-identity:SHARE with a share between 0 and 1".into()),
        }
    }
}

/// Cells of a file by the name of the image.
type ByName = HashMap<String, String>;

/// Reads a CelebA folder. Images are looked for only if `images`.
///
/// # Errors
/// If a file is missing or a line of it is wrong, with its row.
pub fn celeba(folder: &Path, split: CelebaSplit, images: bool) -> Result<Draft, DataError> {
    let mut draft = attributes(folder)?;
    let identities = match find(folder, &["identity_CelebA.txt"]) {
        Some(path) => Some(pairs(&path)?),
        None => None,
    };
    if let Some(identities) = &identities {
        draft.groups = Some(of_items(&draft, identities, "identity_CelebA.txt")?);
    }
    draft.splits = Some(match split {
        CelebaSplit::Official => {
            let names = ["list_eval_partition.txt", "list_eval_partition.csv"];
            let path = find(folder, &names).ok_or_else(|| missing(folder, &names))?;
            let cells = of_items(&draft, &pairs(&path)?, names[0])?;
            let one = |(cell, id): (&String, &String)| {
                split_of(cell).ok_or_else(|| DataError::File {
                    file: names[0].into(),
                    problem: format!("partition '{cell}' of {id} is not 0, 1 or 2"),
                })
            };
            cells.iter().zip(&draft.ids).map(one).collect::<Result<_, _>>()?
        }
        CelebaSplit::WithinIdentity(share) => {
            let groups = draft.groups.as_ref().ok_or_else(|| missing(folder, &["identity_CelebA.txt"]))?;
            within_groups(&draft.ids, groups, share)
        }
    });
    if images {
        let names = ["img_align_celeba", "img_celeba"];
        let root = find(folder, &names).ok_or_else(|| missing(folder, &names))?;
        let path = |id: &String| root.join(id).to_string_lossy().into_owned();
        let paths: Vec<String> = draft.ids.iter().map(path).collect();
        let absent = paths.iter().enumerate().filter(|(_, path)| !Path::new(path).is_file());
        draft.absent.extend(absent.map(|(row, path)| {
            let problem = "there is no such image".into();
            (row, Why::Content(DataError::File { file: path.clone(), problem }))
        }));
        draft.images = Some(paths);
    }
    Ok(draft)
}

fn find(folder: &Path, names: &[&str]) -> Option<std::path::PathBuf> {
    // The archive keeps annotations in a folder of their own.
    let places = [folder.to_owned(), folder.join("Anno"), folder.join("Eval"), folder.join("Img")];
    places.iter().flat_map(|place| names.iter().map(|name| place.join(name))).find(|path| path.exists())
}

fn missing(folder: &Path, names: &[&str]) -> DataError {
    DataError::File { file: folder.display().to_string(), problem: format!("holds no {}", names.join(" and no ")) }
}

/// Ids and attributes, from either form.
fn attributes(folder: &Path) -> Result<Draft, DataError> {
    let names = ["list_attr_celeba.txt", "list_attr_celeba.csv"];
    let path = find(folder, &names).ok_or_else(|| missing(folder, &names))?;
    if path.extension().is_some_and(|ending| ending == "csv") {
        return attributes_csv(&path);
    }
    let text = text_of(&path)?;
    let file = names[0].to_owned();
    let fault =
        |row: usize, problem: String| DataError::File { file: file.clone(), problem: format!("row {row}: {problem}") };
    let mut lines = text.lines();
    let count: usize = lines
        .next()
        .and_then(|line| line.trim().parse().ok())
        .ok_or_else(|| fault(1, "is not the number of images".into()))?;
    let columns: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let mut draft = Draft { file: file.clone(), first_row: 3, ..Draft::default() };
    draft.flags = columns.iter().map(|name| Flags { name: (*name).to_owned(), values: Vec::new() }).collect();
    for (row, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut cells = line.split_whitespace();
        draft.ids.push(cells.next().unwrap_or_default().to_owned());
        let mut taken = 0;
        for (flags, cell) in draft.flags.iter_mut().zip(cells.by_ref()) {
            let value = match cell {
                "1" => true,
                "-1" => false,
                _ => {
                    return Err(fault(
                        row + 3,
                        format!("'{}' of {} is not 1 or -1", super::table::brief(cell), flags.name),
                    ));
                }
            };
            flags.values.push(Some(value));
            taken += 1;
        }
        if taken < columns.len() || cells.next().is_some() {
            return Err(fault(row + 3, format!("does not have a name and {} values", columns.len())));
        }
    }
    if draft.ids.len() != count {
        return Err(fault(1, format!("says {count} images; the file has {}", draft.ids.len())));
    }
    Ok(draft)
}

fn attributes_csv(path: &Path) -> Result<Draft, DataError> {
    let table = Table::read(path)?;
    let mut draft = Draft { file: table.file.clone(), first_row: table.first_row, ..Draft::default() };
    draft.ids = table.column("image_id")?.cells().map(String::from).collect();
    for column in table.columns.iter().filter(|column| column.name != "image_id") {
        let one = |(row, cell): (usize, &str)| match flag(cell) {
            Some(Flag::Yes) => Ok(Some(true)),
            Some(Flag::MinusOne | Flag::No) => Ok(Some(false)),
            _ => Err(table.bad_cell(row, column, "is not 1 or -1")),
        };
        let values = column.cells().enumerate().map(one).collect::<Result<_, _>>()?;
        draft.flags.push(Flags { name: column.name.clone(), values });
    }
    Ok(draft)
}

fn text_of(path: &Path) -> Result<String, DataError> {
    String::from_utf8(read_file(path)?)
        .map_err(|_| DataError::File { file: path.display().to_string(), problem: "is not UTF-8".into() })
}

/// Lines of a name and a value, apart by blanks or a comma; a header is passed over.
fn pairs(path: &Path) -> Result<ByName, DataError> {
    let mut found = HashMap::new();
    for (row, line) in text_of(path)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut cells =
            line.split(|letter: char| letter == ',' || letter.is_whitespace()).filter(|cell| !cell.is_empty());
        let (Some(name), Some(value), None) = (cells.next(), cells.next(), cells.next()) else {
            let problem = format!("row {}: not a name and a value", row + 1);
            return Err(DataError::File { file: path.display().to_string(), problem });
        };
        if !(row == 0 && name == "image_id") {
            found.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(found)
}

/// The value of every item.
fn of_items(draft: &Draft, values: &ByName, file: &str) -> Result<Vec<String>, DataError> {
    let one = |id: &String| {
        values.get(id).cloned().ok_or_else(|| DataError::File { file: file.into(), problem: format!("lacks {id}") })
    };
    draft.ids.iter().map(one).collect()
}

/// A share of every group trains, the rest tests: the first by the digest of their ids, and at least one in each
/// split where a group has two.
fn within_groups(ids: &[String], groups: &[String], share: f64) -> Vec<Split> {
    let mut members: HashMap<&str, Vec<usize>> = HashMap::new();
    groups.iter().enumerate().for_each(|(row, group)| members.entry(group).or_default().push(row));
    let mut splits = vec![Split::Train; ids.len()];
    for rows in members.values_mut() {
        rows.sort_by_key(|&row| (xxhash_rust::xxh3::xxh3_64(ids[row].as_bytes()), row));
        let most = rows.len().saturating_sub(1).max(1);
        let train = ((rows.len() as f64 * share).round() as usize).clamp(1, most);
        rows[train..].iter().for_each(|&row| splits[row] = Split::Test);
    }
    splits
}
