//! A folder of images: each file is a row, named by its path; the folder it lies in is its class.

use super::RowContent;
use super::records::{Open, Record, Records, read_image};
use crate::data::DataError;
use std::path::Path;
use std::sync::Arc;

/// One image.
struct Image(Option<Record>);

/// What opens the images of a folder, one by one.
pub fn opener(root: &Path) -> Open {
    let root = root.to_owned();
    Arc::new(move |path: &Path, wanted: bool| {
        let inside = path.strip_prefix(&root).unwrap_or(path);
        let class = inside.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let mut record = Record {
            number: 1,
            id: Some(inside.to_string_lossy().into_owned()),
            cells: class.map(|class| ("class".to_owned(), class)).into_iter().collect(),
            image: Some(Vec::new()),
            ..Record::default()
        };
        if inside.to_str().is_none() {
            record.bad = Some("its name is not UTF-8".into());
        } else if wanted {
            match read_image(path) {
                RowContent::Image(bytes) => record.image = Some(bytes),
                RowContent::Bad(problem) => record.bad = Some(problem),
                RowContent::Text(_) => {}
            }
        }
        Ok(Box::new(Image(Some(record))) as Box<dyn Records>)
    })
}

impl Records for Image {
    fn next(&mut self) -> Result<Option<Record>, DataError> {
        Ok(self.0.take())
    }
}
