//! Rows of Parquet files, read page by page: every column goes through as it lies there, whatever it holds.

use super::cells::{Cells, Values};
use super::choose::{Place, check_names, choose};
use super::records::{image_file, label, numbered, text_content};
use super::{ID, Reader, Row, RowContent, Shard, Window, Wishes, fault};
use crate::data::DataError;
use crate::data::table::{Column, Kind, Table, Writer, groups, open_parquet, writer};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::column::reader::ColumnReader;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::{Type, TypePtr};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows looked at to tell the text, and rows read at a time where they are images.
const SAMPLE: usize = 5_000;
const IMAGES: usize = 16;
/// Bytes of a window after which it ends.
const WINDOW_BYTES: usize = 64 << 20;

/// A leaf of the schema.
struct Leaf {
    full: i16,
    deepest: i16,
    /// Goes through to the output.
    kept: bool,
    writer: Writer,
}

/// Reads rows of files with the same columns.
pub struct ParquetReader {
    files: std::vec::IntoIter<PathBuf>,
    fields: Vec<TypePtr>,
    leaves: Vec<Leaf>,
    id: Option<usize>,
    place: Place,
    adds_ids: bool,
    root: PathBuf,
    outside: bool,
    path: PathBuf,
    open: Option<SerializedFileReader<File>>,
    group: usize,
    /// Columns of the row group that is read, and its rows that are left.
    columns: Vec<ColumnReader>,
    left: usize,
    /// Rows of the file that were read.
    number: u64,
}

impl ParquetReader {
    /// Opens files: their footers are read now.
    pub fn open(files: Vec<PathBuf>, root: &Path, wishes: &Wishes) -> Result<Shard, DataError> {
        let mut rows = 0u64;
        let mut known: Option<Vec<TypePtr>> = None;
        let mut held = Vec::new();
        for (at, path) in files.iter().enumerate() {
            let name = label(path);
            let reader = open_parquet(path, &name)?;
            let metadata = reader.metadata().file_metadata();
            let here = metadata.schema();
            let own = u64::try_from(metadata.num_rows()).map_err(|_| fault(&name, "claims fewer than no rows"))?;
            // What holds no rows may have other columns.
            if own == 0 && (known.is_some() || at + 1 < files.len()) {
                continue;
            }
            rows += own;
            held.push(path.clone());
            match &known {
                None => known = Some(here.get_fields().to_vec()),
                Some(fields) if fields.as_slice() == here.get_fields() => {}
                Some(_) => return Err(fault(&name, "has other columns than the files before")),
            }
        }
        let (files, first) = (held.clone(), held.first().cloned().unwrap_or_default());
        let fields = known.ok_or_else(|| fault(&label(&first), "no file is called so"))?;
        let mut reader = Self {
            files: vec![first.clone()].into_iter(),
            leaves: leaves(&first)?,
            fields,
            id: None,
            place: Place::Beside,
            adds_ids: false,
            root: wishes.images_root.clone().unwrap_or_else(|| root.to_owned()),
            outside: wishes.allow_outside,
            path: first.clone(),
            open: None,
            group: 0,
            columns: Vec::new(),
            left: 0,
            number: 0,
        };
        let chosen = choose(&reader.sample()?, wishes, false)?;
        (reader.id, reader.place) = (chosen.id, chosen.place);
        let fields = reader.choose_fields(&first, wishes)?;
        let mut notes = chosen.notes;
        if matches!(chosen.place, Place::Bytes(_)) {
            notes.push("bytes of images are not written again".into());
        }
        let has_images = matches!(chosen.place, Place::Bytes(_) | Place::Path(_));
        (reader.files, reader.open, reader.left, reader.group) = (files.into_iter(), None, 0, 0);
        reader.columns.clear();
        Ok(Shard::new(Box::new(reader), fields, rows, has_images, notes))
    }

    /// Says which leaves go through; the fields of the output.
    fn choose_fields(&mut self, first: &Path, wishes: &Wishes) -> Result<Vec<TypePtr>, DataError> {
        let name = label(first);
        let metadata = open_parquet(first, &name)?;
        let schema = metadata.metadata().file_metadata().schema_descr();
        let root = |leaf: usize| schema.column(leaf).path().parts().first().cloned().unwrap_or_default();
        let path = |leaf: usize| schema.column(leaf).path().string();
        let bytes = if let Place::Bytes(leaf) = self.place { Some(root(leaf)) } else { None };
        let dropped =
            |field: &str| bytes.as_deref() == Some(field) || wishes.ignore.iter().any(|ignored| ignored == field);
        for (at, leaf) in self.leaves.iter_mut().enumerate() {
            leaf.kept = !dropped(&root(at));
        }
        let kept: Vec<TypePtr> = self.fields.iter().filter(|field| !dropped(field.name())).cloned().collect();
        let names: Vec<&str> = kept.iter().map(|field| field.name()).collect();
        let id_is = self.id.map(path);
        check_names(&name, &names, id_is.as_deref())?;
        self.adds_ids = !names.contains(&ID);
        let id = Type::primitive_type_builder(ID, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_repetition(Repetition::REQUIRED)
            .build()
            .map_err(|error| fault(&name, error.to_string()))?;
        Ok(self.adds_ids.then(|| Arc::new(id)).into_iter().chain(kept).collect())
    }

    /// The first rows as texts.
    fn sample(&mut self) -> Result<Table, DataError> {
        let name = label(&self.path);
        let mut table = Table::new(name.clone(), 1);
        let reader = open_parquet(&self.path, &name)?;
        let schema = reader.metadata().file_metadata().schema_descr();
        for (at, leaf) in self.leaves.iter().enumerate() {
            let mut column = Column::new(&schema.column(at).path().string());
            if leaf.deepest > 0 {
                column.kind = Kind::List;
            } else if schema.column(at).physical_type() == Physical::BYTE_ARRAY && !says_text(&reader, at) {
                column.kind = Kind::Binary;
            }
            table.columns.push(column);
        }
        while table.rows < SAMPLE {
            let Some((cells, rows)) = self.cells(1024)? else { break };
            for (column, (cells, leaf)) in table.columns.iter_mut().zip(cells.iter().zip(&self.leaves)) {
                if column.kind == Kind::Text {
                    cells.places(rows).iter().for_each(|place| column.push(&cells.text_at(&leaf.writer, *place)));
                }
            }
            table.rows += rows;
        }
        let rows = table.rows;
        table.columns.iter_mut().for_each(|column| column.pad(rows));
        Ok(table)
    }

    /// The cells of the next rows, all of one row group.
    fn cells(&mut self, most: usize) -> Result<Option<(Vec<Cells>, usize)>, DataError> {
        while self.left == 0 {
            if !self.next_group()? {
                return Ok(None);
            }
        }
        let name = label(&self.path);
        let wanted = most.min(self.left);
        let mut all = Vec::with_capacity(self.columns.len());
        for (reader, leaf) in self.columns.iter_mut().zip(&self.leaves) {
            let mut cells = Cells::of(reader, leaf.full, leaf.deepest);
            let mut rows = 0;
            while rows < wanted {
                let read = cells.read(reader, wanted - rows).map_err(|error| fault(&name, error.to_string()))?;
                if read == 0 {
                    return Err(fault(&name, "a column has fewer cells than the file has rows; it is damaged"));
                }
                rows += read;
            }
            all.push(cells);
        }
        self.left -= wanted;
        self.number += wanted as u64;
        Ok(Some((all, wanted)))
    }

    /// Opens the next row group; says whether there is one.
    fn next_group(&mut self) -> Result<bool, DataError> {
        loop {
            let name = label(&self.path);
            if let Some(open) = self.open.as_ref()
                && let Some(at) = groups(open.metadata()).find(|at| *at >= self.group)
            {
                let refused = |error: parquet::errors::ParquetError| fault(&name, error.to_string());
                let group = open.get_row_group(at).map_err(refused)?;
                self.group = at + 1;
                self.left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
                let columns = (0..group.num_columns()).map(|at| group.get_column_reader(at).map_err(refused));
                self.columns = columns.collect::<Result<_, _>>()?;
                return Ok(true);
            }
            let Some(path) = self.files.next() else { return Ok(false) };
            self.path = path;
            self.open = Some(open_parquet(&self.path, &label(&self.path))?);
            (self.group, self.number) = (0, 0);
        }
    }

    fn content(&self, cells: &Cells, leaf: &Leaf, place: Option<usize>) -> RowContent {
        match self.place {
            Place::Bytes(_) => match (cells.bytes_at(place), place) {
                (Some([]), _) | (None, _) => RowContent::Bad("there are no bytes of an image".into()),
                (Some(bytes), _) => RowContent::Image(bytes.to_vec()),
            },
            Place::Path(_) => image_file(&self.root, cells.text_at(&leaf.writer, place).trim(), self.outside),
            _ => match cells.bytes_at(place).map(std::str::from_utf8) {
                Some(Err(_)) => RowContent::Bad("the text is not UTF-8".into()),
                _ => text_content(&cells.text_at(&leaf.writer, place)),
            },
        }
    }
}

impl Reader for ParquetReader {
    fn next(&mut self, most: usize) -> Result<Option<Window>, DataError> {
        let mut window: Option<Window> = None;
        let (mut taken, mut size) = (0, 0);
        let step = if matches!(self.place, Place::Text(_)) { most } else { IMAGES };
        while taken < most && size < WINDOW_BYTES {
            let Some((cells, rows)) = self.cells(step.min(most - taken))? else { break };
            let (first, file) = (self.number - rows as u64 + 1, Arc::<str>::from(label(&self.path)));
            let ids = self.id.map(|at| (at, cells[at].places(rows)));
            let (Place::Text(at) | Place::Path(at) | Place::Bytes(at)) = self.place else { break };
            let places = cells[at].places(rows);
            let mut all = Vec::with_capacity(rows);
            for (row, &place) in places.iter().enumerate() {
                let number = first + row as u64;
                let own = ids.as_ref().map(|(at, places)| cells[*at].text_at(&self.leaves[*at].writer, places[row]));
                let content = match own.as_deref().map(str::trim) {
                    Some("") => RowContent::Bad("the id is empty".into()),
                    _ => self.content(&cells[at], &self.leaves[at], place),
                };
                let id = own.filter(|id| !id.trim().is_empty()).unwrap_or_else(|| numbered(&self.path, number));
                if let RowContent::Image(bytes) = &content {
                    size += bytes.len();
                }
                all.push(Row { file: Arc::clone(&file), number, id, content });
            }
            let mut kept: Vec<Cells> = Vec::new();
            if self.adds_ids {
                kept.push(Cells::new(Values::Bytes(all.iter().map(|row| row.id.as_str().into()).collect()), 0, 0));
            }
            kept.extend(cells.into_iter().zip(&self.leaves).filter(|(_, leaf)| leaf.kept).map(|(cells, _)| cells));
            size += kept.iter().map(Cells::bytes).sum::<usize>();
            taken += rows;
            match &mut window {
                None => window = Some(Window { rows: all, cells: kept }),
                Some(window) => {
                    window.rows.append(&mut all);
                    window.cells.iter_mut().zip(kept).for_each(|(cells, more)| cells.append(more));
                }
            }
        }
        Ok(window)
    }
}

fn leaves(path: &Path) -> Result<Vec<Leaf>, DataError> {
    let reader = open_parquet(path, &label(path))?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let leaf = |at: usize| {
        let column = schema.column(at);
        Leaf { full: column.max_def_level(), deepest: column.max_rep_level(), kept: true, writer: writer(&column) }
    };
    Ok((0..schema.num_columns()).map(leaf).collect())
}

/// Whether a column of bytes holds text: its schema says so, or does not say otherwise and its name is no image's.
fn says_text(reader: &SerializedFileReader<File>, at: usize) -> bool {
    let schema = reader.metadata().file_metadata().schema_descr();
    let column = schema.column(at);
    let name = column.path().string();
    let beside = name.strip_suffix(".bytes").is_some_and(|root| {
        (0..schema.num_columns()).any(|other| schema.column(other).path().string() == format!("{root}.path"))
    });
    !beside && crate::data::table::claims_text(&column)
}
