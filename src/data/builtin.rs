//! The built-in audit `adult`: census rows in words, 40 attributes, two real models.
//!
//! The assets are made by `tests/recipes/make_adult.py`; see `builtin/NOTICE` for source and licence.

use super::{AttributeFile, DataError};
use crate::audit::{Audit, Content, Item, ModelLosses, PromptSets, Split};
use csv::StringRecord;

/// Name of the built-in audit.
pub const ADULT: &str = "adult";

static ROWS: &[u8] = include_bytes!("builtin/adult.csv.zst");
static PROMPTS: &str = include_str!("builtin/prompts-adult.json");
const ROWS_FILE: &str = "adult.csv.zst";
const PROMPTS_FILE: &str = "prompts-adult.json";

/// Columns of the manifest by role.
struct Columns {
    id: usize,
    split: usize,
    text: usize,
    label: usize,
    /// Name, score column, loss column.
    models: Vec<(String, usize, usize)>,
    /// Name, column.
    attributes: Vec<(String, usize)>,
}

/// Reads the built-in audit.
///
/// # Errors
/// If an asset is damaged, which only a broken build can cause.
pub fn adult() -> Result<Audit, DataError> {
    let file_fault = |problem: String| DataError::File { file: ROWS_FILE.into(), problem };
    let rows = zstd::Decoder::new(ROWS).map_err(|error| file_fault(error.to_string()))?;
    let mut reader = csv::Reader::from_reader(rows);
    let columns = Columns::find(reader.headers().map_err(|error| file_fault(error.to_string()))?)?;
    let (mut items, mut labels) = (Vec::new(), Vec::new());
    let mut losses: Vec<Vec<f64>> = vec![Vec::new(); columns.models.len()];
    let mut scores = losses.clone();
    let mut values: Vec<Vec<Option<bool>>> = vec![Vec::new(); columns.attributes.len()];
    let mut record = StringRecord::new();
    let mut row = 1;
    while reader.read_record(&mut record).map_err(|error| file_fault(error.to_string()))? {
        row += 1;
        let cell = Cells { record: &record, row };
        items.push(Item {
            id: cell.text(columns.id).into(),
            text: cell.text(columns.text).into(),
            split: cell.split(columns.split)?,
            content: Content::Text,
        });
        labels.push(cell.flag(columns.label)? == Some(true));
        for (index, (_, score, loss)) in columns.models.iter().enumerate() {
            scores[index].push(cell.number(*score)?);
            losses[index].push(cell.number(*loss)?);
        }
        for (index, (_, column)) in columns.attributes.iter().enumerate() {
            values[index].push(cell.flag(*column)?);
        }
    }
    let models = columns.models.into_iter().zip(losses.into_iter().zip(scores));
    let models = models
        .map(|((name, _, _), (losses, scores))| ModelLosses { name, losses, scores: Some(scores), class_aurocs: None })
        .collect();
    let file = prompt_file()?;
    let attributes = columns.attributes.into_iter().zip(values).map(|((name, _), values)| {
        let attribute = file.attribute(name, values);
        if attribute.prompts.made {
            return Err(DataError::File {
                file: PROMPTS_FILE.into(),
                problem: format!("no prompts for attribute '{}'", attribute.name),
            });
        }
        Ok(attribute)
    });
    let attributes = attributes.collect::<Result<Vec<_>, DataError>>()?;
    let prompts = file.sets(&attributes)?;
    let audit = Audit { name: ADULT.into(), items, labels: Some(labels), clusters: None, attributes, models, prompts };
    audit.validate()?;
    Ok(audit)
}

fn prompt_file() -> Result<AttributeFile, DataError> {
    AttributeFile::parse(PROMPTS).map_err(|problem| DataError::File { file: PROMPTS_FILE.into(), problem })
}

/// The lists of Table 1 of the built-in audit.
pub fn prompt_sets() -> Result<PromptSets, DataError> {
    prompt_file()?.sets(&[])
}

impl Columns {
    fn find(headers: &StringRecord) -> Result<Self, DataError> {
        let position = |name: &str| {
            headers
                .iter()
                .position(|header| header == name)
                .ok_or_else(|| DataError::File { file: ROWS_FILE.into(), problem: format!("no column '{name}'") })
        };
        let with_prefix = |prefix: &'static str| {
            headers
                .iter()
                .enumerate()
                .filter_map(move |(column, header)| Some((header.strip_prefix(prefix)?.to_owned(), column)))
        };
        let models =
            with_prefix("loss:").map(|(name, loss)| Ok((name.clone(), position(&format!("score:{name}"))?, loss)));
        Ok(Self {
            id: position("id")?,
            split: position("split")?,
            text: position("text")?,
            label: position("label")?,
            models: models.collect::<Result<_, DataError>>()?,
            attributes: with_prefix("attribute:").collect(),
        })
    }
}

/// One row of the manifest, read cell by cell; a fault names its place.
struct Cells<'a> {
    record: &'a StringRecord,
    row: usize,
}

impl Cells<'_> {
    fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    fn fault(&self, column: usize, problem: &str) -> DataError {
        DataError::Cell {
            file: ROWS_FILE.into(),
            row: self.row,
            column: column.to_string(),
            problem: format!("'{}' {problem}", self.text(column)),
        }
    }

    fn split(&self, column: usize) -> Result<Split, DataError> {
        match self.text(column) {
            "train" => Ok(Split::Train),
            "validation" => Ok(Split::Validation),
            "test" => Ok(Split::Test),
            _ => Err(self.fault(column, "is not train, validation or test")),
        }
    }

    fn number(&self, column: usize) -> Result<f64, DataError> {
        self.text(column).parse().map_err(|_| self.fault(column, "is not a number"))
    }

    fn flag(&self, column: usize) -> Result<Option<bool>, DataError> {
        match self.text(column) {
            "1" => Ok(Some(true)),
            "0" => Ok(Some(false)),
            "" | "-1" => Ok(None),
            _ => Err(self.fault(column, "is not 1, 0, -1 or empty")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_audit_is_whole() {
        let audit = adult().unwrap();
        assert_eq!(audit.rows(Split::Train).len(), 32_561);
        assert_eq!(audit.rows(Split::Test).len(), 16_281);
        assert_eq!(audit.attributes.len(), 40);
        assert_eq!(audit.models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), ["v1", "v2"]);
        assert!(audit.attributes.iter().all(|attribute| attribute.prompts.antonym.is_some()));
        assert_eq!(audit.prompts.foreign.iter().map(|set| set.words.len()).collect::<Vec<_>>(), [10, 20, 100]);
    }
}
