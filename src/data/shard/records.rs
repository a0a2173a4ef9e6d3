//! Rows that come as names and texts: their columns are found by looking through them once, then written typed.

use super::cells::{Cells, Values};
use super::choose::{Place, check_names, choose};
use super::layout::{Kind, Layout};
use super::{ID, Reader, Row, RowContent, Window, Wishes};
use crate::data::DataError;
use crate::data::manifest::leads_up;
use crate::data::table::file_name;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::schema::types::{Type, TypePtr};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of contents that are in memory at once.
const WINDOW_BYTES: usize = 64 << 20;
/// Largest image file that is read.
pub const LARGEST_IMAGE: u64 = 64 << 20;

/// A row as names and texts.
#[derive(Default)]
pub struct Record {
    pub number: u64,
    /// What it is called, where no column says so.
    pub id: Option<String>,
    pub cells: Vec<(String, String)>,
    pub image: Option<Vec<u8>>,
    /// What a further image of it is called, which is passed over.
    pub spare: Option<Box<str>>,
    /// Why it cannot be used.
    pub bad: Option<String>,
}

/// Gives records in order.
pub trait Records: Send {
    fn next(&mut self) -> Result<Option<Record>, DataError>;
}

/// How a file is opened; images are read only if the second says that they are wanted.
pub type Open = Arc<dyn Fn(&Path, bool) -> Result<Box<dyn Records>, DataError> + Send + Sync>;

/// Reads records of several files as windows.
pub struct TextReader {
    files: std::vec::IntoIter<PathBuf>,
    open: Open,
    file: PathBuf,
    label: Arc<str>,
    records: Option<Box<dyn Records>>,
    names: HashMap<String, usize>,
    /// The kind of each column that goes through; none of one that does not.
    kinds: Vec<Option<Kind>>,
    adds_ids: bool,
    id: Option<usize>,
    place: Place,
    root: PathBuf,
    outside: bool,
}

/// What a reader was made of: the columns that go through, and what was decided.
pub struct Made {
    pub reader: TextReader,
    pub fields: Vec<TypePtr>,
    pub has_images: bool,
    pub notes: Vec<String>,
}

impl TextReader {
    /// A reader of files that were looked through.
    pub fn of(
        layout: Layout,
        files: Vec<PathBuf>,
        open: Open,
        root: PathBuf,
        wishes: &Wishes,
    ) -> Result<Made, DataError> {
        let chosen = choose(&layout.sample, wishes, layout.images > 0)?;
        let kept = |at: usize| !wishes.ignore.contains(&layout.names[at]);
        let kinds: Vec<Option<Kind>> = (0..layout.names.len())
            // An id is a name, whatever it looks like.
            .map(|at| kept(at).then_some(if chosen.id == Some(at) { Kind::Text } else { layout.kinds[at] }))
            .collect();
        let names: Vec<&str> =
            layout.names.iter().zip(&kinds).filter(|(_, kind)| kind.is_some()).map(|(name, _)| name.as_str()).collect();
        let id_is = chosen.id.map(|at| layout.names[at].as_str());
        check_names(&layout.sample.file, &names, id_is)?;
        let adds_ids = !names.contains(&ID);
        let id_field = adds_ids.then(|| field(ID, Kind::Text, Repetition::REQUIRED));
        let others = layout.names.iter().zip(&kinds).filter_map(|(name, kind)| Some((name, (*kind)?)));
        let fields = id_field.into_iter().chain(others.map(|(name, kind)| field(name, kind, Repetition::OPTIONAL)));
        let fields = fields.collect::<Result<Vec<_>, _>>().map_err(|error| layout.sample.problem(error.to_string()))?;
        let text = if let Place::Text(at) = chosen.place { Some(at) } else { None };
        let seen = layout.notes(text, chosen.id);
        let reader = Self {
            files: files.into_iter(),
            open,
            file: PathBuf::new(),
            label: Arc::from(""),
            records: None,
            names: layout.at,
            kinds,
            adds_ids,
            id: chosen.id,
            place: chosen.place,
            root: wishes.images_root.clone().unwrap_or(root),
            outside: wishes.allow_outside,
        };
        let has_images = match chosen.place {
            Place::Text(_) => false,
            Place::Beside => layout.images > 0,
            Place::Path(_) | Place::Bytes(_) => true,
        };
        let notes = chosen.notes.into_iter().chain(seen).collect();
        Ok(Made { reader, fields, has_images, notes })
    }

    fn record(&mut self) -> Result<Option<Record>, DataError> {
        loop {
            if let Some(record) = self.records.as_mut().map(|records| records.next()).transpose()?.flatten() {
                return Ok(Some(record));
            }
            let Some(file) = self.files.next() else { return Ok(None) };
            self.records = Some((self.open)(&file, self.place == Place::Beside)?);
            self.label = label(&file).into();
            self.file = file;
        }
    }

    /// A record as a row, and its cells by column.
    fn row(&self, record: Record) -> (Row, Vec<String>) {
        let mut cells = vec![String::new(); self.kinds.len()];
        for (name, cell) in record.cells {
            if let Some(at) = self.names.get(&name) {
                cells[*at] = cell;
            }
        }
        let own = self.id.map(|at| cells[at].trim().to_owned());
        let unnamed = own.as_ref().is_some_and(String::is_empty);
        let id = own.filter(|id| !id.is_empty()).or(record.id);
        let id = id.unwrap_or_else(|| numbered(&self.file, record.number));
        let content = match (record.bad, self.place, record.image) {
            (Some(problem), ..) => RowContent::Bad(problem),
            _ if unnamed => RowContent::Bad("the id is empty".into()),
            (_, Place::Text(at), _) => text_content(&cells[at]),
            (_, Place::Path(at), _) => image_file(&self.root, &cells[at], self.outside),
            (_, _, Some(bytes)) => RowContent::Image(bytes),
            _ => RowContent::Bad("there is no image of this name".into()),
        };
        (Row { file: Arc::clone(&self.label), number: record.number, id, content }, cells)
    }
}

impl Reader for TextReader {
    fn next(&mut self, most: usize) -> Result<Option<Window>, DataError> {
        let id = self.adds_ids.then(|| Cells::new(Values::Bytes(Vec::new()), 0, 0));
        let columns = self.kinds.iter().flatten().map(|kind| Cells::new(kind.values(), 1, 0));
        let mut window = Window { rows: Vec::new(), cells: id.into_iter().chain(columns).collect() };
        let mut bytes = 0;
        while window.rows.len() < most && bytes < WINDOW_BYTES {
            let Some(record) = self.record()? else { break };
            let (row, cells) = self.row(record);
            bytes += cells.iter().map(String::len).sum::<usize>();
            if let RowContent::Image(image) = &row.content {
                bytes += image.len();
            }
            let mut columns = window.cells.iter_mut();
            if self.adds_ids
                && let Some(Cells { values: Values::Bytes(ids), .. }) = columns.next()
            {
                ids.push(row.id.as_str().into());
            }
            let kept = self.kinds.iter().zip(cells).filter_map(|(kind, cell)| Some(((*kind)?, cell)));
            for (column, (kind, cell)) in columns.zip(kept) {
                column.push(!cell.is_empty(), |values| kind.push(values, &cell));
            }
            window.rows.push(row);
        }
        Ok((!window.rows.is_empty()).then_some(window))
    }
}

fn field(name: &str, kind: Kind, repetition: Repetition) -> Result<TypePtr, parquet::errors::ParquetError> {
    let (physical, logical) = match kind {
        Kind::Flag => (Physical::BOOLEAN, None),
        Kind::Whole => (Physical::INT64, None),
        Kind::Real => (Physical::DOUBLE, None),
        Kind::Nothing | Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let built = Type::primitive_type_builder(name, physical).with_logical_type(logical).with_repetition(repetition);
    Ok(Arc::new(built.build()?))
}

/// The id of a row that has none: its file and number.
pub fn numbered(file: &Path, number: u64) -> String {
    let name = label(file);
    format!("{}:{number}", name.split('.').next().unwrap_or(&name))
}

/// What a file is called, which is the same for a pipe and its copy.
pub fn label(file: &Path) -> String {
    let name = file_name(file);
    if name.starts_with('/') { "stdin".into() } else { name }
}

/// A text, as it is embedded.
pub fn text_content(text: &str) -> RowContent {
    match text.trim() {
        "" => RowContent::Bad("the text is empty".into()),
        text => RowContent::Text(text.to_owned()),
    }
}

/// An image file, which lies in the folder it should be in.
pub fn image_file(root: &Path, cell: &str, outside: bool) -> RowContent {
    let bad = |problem: String| RowContent::Bad(problem);
    if cell.is_empty() {
        return bad("the path is empty".into());
    }
    let place = root.canonicalize().and_then(|root| Ok((root.join(cell).canonicalize()?, root)));
    let leads_out = match &place {
        Ok((path, root)) => !path.starts_with(root),
        Err(_) => Path::new(cell).is_absolute() || leads_up(cell),
    };
    if leads_out && !outside {
        return bad(format!("'{cell}' leads out of {}; --allow-outside takes such paths", root.display()));
    }
    match place {
        Ok((path, _)) => read_image(&path),
        Err(_) => bad(format!("'{cell}' is no file in {}; give the folder with --images-root", root.display())),
    }
}

/// The bytes of an image file.
pub fn read_image(path: &Path) -> RowContent {
    let read = || {
        let length = crate::files::ordinary(path)?.len();
        if length == 0 || length > LARGEST_IMAGE {
            let problem = format!("the file has {length} bytes; from 1 to {LARGEST_IMAGE} are read");
            return Err(std::io::Error::other(problem));
        }
        std::fs::read(path)
    };
    read().map_or_else(|error| RowContent::Bad(error.to_string()), RowContent::Image)
}
