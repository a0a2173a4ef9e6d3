//! A folder of image files without a manifest: each file is an item named by its path, and the folder it lies in is
//! its class.

use super::DataError;
use super::columns::MOST_VALUES;
use super::draft::{Draft, Flags};
use super::facts::split_of;
use super::losses::Labels;
use crate::audit::Split;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Endings of image files.
const ENDINGS: [&str; 6] = ["jpg", "jpeg", "png", "webp", "bmp", "jfif"];
/// Deepest folder that is looked into, and most files.
const DEPTH: usize = 8;
const MOST_FILES: usize = 20_000_000;

/// Reads the names of the images of a folder; none is opened. Links are not followed.
///
/// # Errors
/// If a folder cannot be listed, or there is no image.
pub fn image_folder(root: &Path) -> Result<Draft, DataError> {
    let (root, paths) = image_files(root)?;
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap_or(path).to_string_lossy().into_owned();
    let class = |path: &PathBuf| {
        let folder = path.strip_prefix(&root).ok()?.parent()?.file_name()?;
        Some(folder.to_string_lossy().into_owned())
    };
    let of: Vec<Option<String>> = paths.iter().map(class).collect();
    let classes: Vec<String> = of.iter().flatten().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let mut draft = Draft { file: root.display().to_string(), first_row: 1, ..Draft::default() };
    draft.ids = paths.iter().map(relative).collect();
    draft.images = Some(paths.iter().map(|path| path.to_string_lossy().into_owned()).collect());
    draft.notes.push("items are named by their paths in the folder".into());
    draft.splits = splits(&root, &paths);
    if draft.splits.is_some() {
        draft.notes.push("the outermost folders name the splits".into());
    }
    if (2..=MOST_VALUES).contains(&classes.len()) {
        let one = |name: &String| Flags {
            name: format!("class: {name}"),
            values: of.iter().map(|class| class.as_ref().map(|class| class == name)).collect(),
        };
        draft.flags = classes.iter().map(one).collect();
    }
    if classes.len() > 2 {
        let place = |name: &Option<String>| name.as_ref().and_then(|name| classes.binary_search(name).ok());
        draft.notes.push(format!("the folders name {} classes", classes.len()));
        draft.label = Some(Labels::Classes(of.iter().map(place).collect(), classes));
    }
    Ok(draft)
}

/// The image files of a folder, in order, and the folder without links.
///
/// # Errors
/// If a folder cannot be listed, or there is no image.
pub(super) fn image_files(root: &Path) -> Result<(PathBuf, Vec<PathBuf>), DataError> {
    let fault = |path: &Path, problem: String| DataError::File { file: path.display().to_string(), problem };
    let root = root.canonicalize().map_err(|error| fault(root, error.to_string()))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut folders = vec![(root.clone(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| fault(&folder, error.to_string()))? {
            let entry = entry.map_err(|error| fault(&folder, error.to_string()))?;
            let kind = entry.file_type().map_err(|error| fault(&entry.path(), error.to_string()))?;
            if kind.is_dir() && depth < DEPTH {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && is_image(&entry.path()) {
                paths.push(entry.path());
            }
            if paths.len() > MOST_FILES {
                return Err(fault(&root, format!("holds more than {MOST_FILES} images")));
            }
        }
    }
    if paths.is_empty() {
        return Err(fault(&root, format!("holds no image ({})", ENDINGS.join(", "))));
    }
    paths.sort();
    Ok((root, paths))
}

/// The split of every image, where the outermost folders are all called after one.
fn splits(root: &Path, paths: &[PathBuf]) -> Option<Vec<Split>> {
    let one = |path: &PathBuf| {
        let inside = path.strip_prefix(root).ok()?;
        let outermost = inside.iter().next().filter(|_| inside.iter().count() > 1)?.to_string_lossy().into_owned();
        // A class may well be called 0 or 1.
        split_of(&outermost).filter(|_| outermost.chars().all(char::is_alphabetic))
    };
    paths.iter().map(one).collect()
}

pub(super) fn is_image(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    ENDINGS.contains(&ending.as_str())
}
