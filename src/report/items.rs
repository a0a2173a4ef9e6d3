//! Items as a sheet, as JSON, in full, and as ids to relabel.

use super::comparison::cut;
use super::grid::{Align, Grid};
use super::sheet::{Cell, Sheet};
use super::{json_line, printable};
use crate::audit::Split;
use crate::diagnose::{ItemFilter, ItemOrder, ListedItem, NO_AMOUNT, WorstWords, grouped};
use serde::Serialize;

/// What a list is, and the items of it that are shown.
#[derive(Debug, Serialize)]
pub struct ListedItems<'a> {
    pub audit: &'a str,
    pub model: &'a str,
    /// The run whose heads predict; `None` without one.
    pub run: Option<&'a str>,
    pub encoder: &'a str,
    pub sort: ItemOrder,
    pub ascending: bool,
    pub near: Option<&'a str>,
    pub against: Option<&'a str>,
    /// What the items must be, and what they are in the words of who asked.
    #[serde(skip)]
    pub filter: &'a ItemFilter,
    #[serde(skip)]
    pub title: &'a str,
    /// Items that are what was asked for, and how many of them come before the first shown.
    pub matching: usize,
    pub offset: usize,
    pub texts_hidden: bool,
    /// Why items have no content, where they have none.
    pub note: Option<String>,
    pub items: Vec<ListedItem>,
    /// `None` where texts are hidden.
    pub over_represented: Option<WorstWords>,
}

/// Least columns a text is given.
const LEAST_ROOM: usize = 20;
/// What is said where texts are not shown.
const HIDDEN: &str = "Texts are hidden.";

impl ListedItems<'_> {
    fn heading(&self) -> String {
        let (audit, model) = (printable(self.audit), printable(self.model));
        let by = match self.sort {
            ItemOrder::Loss => "loss".into(),
            ItemOrder::Risk => "predicted loss".into(),
            ItemOrder::Surprise => "surprise, loss less predicted loss".into(),
            ItemOrder::Similarity => format!("similarity with \"{}\"", printable(self.near.unwrap_or_default())),
            ItemOrder::Change => format!("change against {}", printable(self.against.unwrap_or_default())),
        };
        let run = self.run.map_or_else(String::new, |run| format!(" · run {run}"));
        let end = self.offset + self.items.len();
        let shown = match self.items.len() {
            0 => "none".into(),
            _ => format!("{} to {}", grouped(self.offset + 1), grouped(end)),
        };
        let order = if self.ascending { "smallest first" } else { "largest first" };
        let items = format!("Items {shown} of {} by {by}, {order}", grouped(self.matching));
        let filters = self.filters().map_or_else(String::new, |filters| format!("\nonly {filters}"));
        format!("{items}{filters}\naudit {audit} · model {model}{run}")
    }

    /// The filters in words; `None` where test items are all that is asked for.
    fn filters(&self) -> Option<String> {
        let ItemFilter { split, with, without, text, least_loss, most_loss, ids, among } = self.filter;
        let mut said: Vec<String> = match split {
            Some(Split::Test) => Vec::new(),
            Some(split) => vec![format!("{split} items")],
            None => vec!["any split".into()],
        };
        said.extend(among.as_ref().map(|rows| format!("the {} of {}", grouped(rows.len()), printable(self.title))));
        said.extend(with.iter().map(|name| format!("with {}", printable(name))));
        said.extend(without.iter().map(|name| format!("without {}", printable(name))));
        said.extend(
            Some(text.trim())
                .filter(|text| !text.is_empty())
                .map(|text| format!("with the words \"{}\"", printable(text))),
        );
        said.extend(least_loss.map(|loss| format!("loss {loss} or more")));
        said.extend(most_loss.map(|loss| format!("loss {loss} or less")));
        said.extend((!ids.is_empty()).then(|| format!("{} named by id", grouped(ids.len()))));
        (!said.is_empty()).then(|| said.join(", "))
    }

    /// One row an item. With a `width` texts are cut to fit it and attributes are left out; without, all is whole.
    #[must_use]
    pub fn sheet(&self, width: Option<usize>) -> Sheet {
        let mut columns = vec![("id".to_owned(), Align::Left), ("split".into(), Align::Left)];
        let figures: [(&str, bool); 4] = [
            ("risk", self.items.iter().any(|item| item.predicted_amount().is_some())),
            ("surprise", self.items.iter().any(|item| item.surprise_amount().is_some())),
            ("similarity", self.near.is_some()),
            ("change", self.against.is_some()),
        ];
        let has_labels = self.items.iter().any(|item| item.label.is_some());
        columns.extend(has_labels.then(|| ("label".into(), Align::Right)));
        let has_scores = self.items.iter().any(|item| item.score(self.model).is_some());
        columns.extend(has_scores.then(|| ("score".into(), Align::Right)));
        let models = self.models(width.is_some());
        columns.extend(models.iter().map(|name| (loss_column(name, models.len()), Align::Right)));
        columns.extend(figures.iter().filter(|(_, is)| *is).map(|(name, _)| ((*name).into(), Align::Right)));
        let attributes =
            self.items.first().filter(|_| width.is_none()).map_or(&[][..], |item| item.attributes.as_slice());
        columns.extend(attributes.iter().map(|(name, _)| (format!("attribute:{}", printable(name)), Align::Right)));
        let has_images = self.items.iter().any(|item| item.image.is_some());
        columns.extend(has_images.then(|| ("image".into(), Align::Left)));
        columns.extend((!self.texts_hidden).then(|| ("text".into(), Align::Left)));
        let names: Vec<(&str, Align)> = columns.iter().map(|(name, align)| (name.as_str(), *align)).collect();
        let mut sheet = Sheet::new(self.heading(), &names);
        let room = width.map_or(usize::MAX, |width| self.room(width, columns.len()));
        for item in &self.items {
            let mut cells = vec![Cell::text(&item.id), Cell::text(item.split.to_string())];
            cells.extend(has_labels.then(|| item.label.map_or(Cell::Empty, |label| Cell::Count(label.into()))));
            cells.extend(has_scores.then(|| number(item.score(self.model), false)));
            cells.extend(models.iter().map(|name| number(item.loss(name), false)));
            let values = [
                (item.predicted_amount(), false),
                (item.surprise_amount(), true),
                (item.similarity, false),
                (item.change, true),
            ];
            cells.extend(values.into_iter().zip(figures).filter(|(_, (_, is))| *is).map(|((v, s), _)| number(v, s)));
            let flag = |has: &Option<bool>| has.map_or(Cell::Empty, |has| Cell::Count(has.into()));
            cells.extend(item.attributes.iter().take(attributes.len()).map(|(_, has)| flag(has)));
            cells.extend(has_images.then(|| cut_text(item.image.as_ref(), room)));
            cells.extend((!self.texts_hidden).then(|| cut_text(item.text.as_ref(), room)));
            sheet.row(cells);
        }
        let only = self.filter.split.map_or_else(String::new, |split| format!(" Only {split} items were looked at."));
        sheet.notes.extend((self.matching == 0).then(|| format!("No item passes.{only}")));
        sheet.notes.extend(self.note.clone());
        let order_only = self.items.iter().any(|item| item.risk.is_some() && item.predicted_amount().is_none());
        sheet
            .notes
            .extend(order_only.then(|| format!("Predicted losses are not shown ({NO_AMOUNT}); they order the items.")));
        sheet.notes.extend(self.texts_hidden.then(|| HIDDEN.to_owned()));
        sheet.notes.extend(self.over_represented.as_ref().and_then(words));
        sheet
    }

    /// Models whose losses are told: the one listed alone, or all.
    fn models(&self, one: bool) -> Vec<&str> {
        let all = self.items.first().map_or(&[][..], |item| item.losses.as_slice());
        all.iter().map(|(name, _)| name.as_str()).filter(|name| !one || *name == self.model).collect()
    }

    /// Columns left for a text beside the others, which take about nine each.
    fn room(&self, width: usize, columns: usize) -> usize {
        let ids = self.items.iter().map(|item| item.id.chars().count()).max().unwrap_or(2);
        width.saturating_sub(ids + 2 + (columns.saturating_sub(2)) * 10).max(LEAST_ROOM)
    }
}

fn loss_column(model: &str, models: usize) -> String {
    if models == 1 { "loss".into() } else { format!("loss:{}", printable(model)) }
}

fn number(value: Option<f64>, signed: bool) -> Cell {
    value.map_or(Cell::Empty, |value| Cell::Number { value, digits: 3, signed })
}

fn cut_text(text: Option<&String>, room: usize) -> Cell {
    text.map_or(Cell::Empty, |text| Cell::Text(if room == usize::MAX { text.clone() } else { cut(text, room) }))
}

/// The words of the worst in a sentence; none where none is over-represented.
fn words(found: &WorstWords) -> Option<String> {
    if found.words.is_empty() {
        return None;
    }
    let told: Vec<String> = found
        .words
        .iter()
        .map(|word| {
            let q = if word.q < 1e-4 { "q < .0001".into() } else { format!("q {:.4}", word.q) };
            format!("{} {:.1} times ({}, {q})", printable(&word.word), word.ratio, grouped(word.worst))
        })
        .collect();
    let sample = if found.n < found.of { format!(" of {}", grouped(found.of)) } else { String::new() };
    Some(format!(
        "Words over-represented in the worst 5 % ({} of {} items{sample}; {} words tested): {}.",
        grouped(found.worst),
        grouped(found.n),
        grouped(found.tested),
        told.join(", ")
    ))
}

/// One item in full as text: everything known of it, its heads' members and its nearest items.
#[must_use]
pub fn item_in_full(item: &ListedItem, width: usize) -> String {
    let mut text = format!("item {} · {}", printable(&item.id), item.split);
    if let Some(label) = item.label {
        text.push_str(&format!(" · label {label}"));
    }
    text.push('\n');
    for (model, score) in &item.scores {
        text.extend(score.map(|score| format!("score of {}: {score:.4}\n", printable(model))));
    }
    for (model, loss) in &item.losses {
        let loss = loss.map_or_else(|| "none".into(), |loss| format!("{loss:.4}"));
        text.push_str(&format!("loss of {}: {loss}\n", printable(model)));
    }
    let figures = [
        ("predicted loss", item.predicted_amount()),
        ("surprise", item.surprise_amount()),
        ("similarity", item.similarity),
        ("change", item.change),
    ];
    for (name, value) in figures {
        text.extend(value.map(|value| format!("{name}: {value:.4}\n")));
    }
    for (word, wanted) in [("has", Some(true)), ("has not", Some(false)), ("not known", None)] {
        let names: Vec<String> =
            item.attributes.iter().filter(|(_, has)| *has == wanted).map(|(name, _)| printable(name)).collect();
        if !names.is_empty() {
            text.push_str(&format!("{word}: {}\n", names.join(", ")));
        }
    }
    text.extend(item.image.as_ref().map(|path| format!("image: {}\n", printable(path))));
    text.extend(item.text.as_ref().map(|words| format!("\n{}\n", printable(words))));
    if let Some(heads) = &item.heads {
        let mut grid =
            Grid::new(&[("head", Align::Left), ("mean", Align::Right), ("sd", Align::Right), ("members", Align::Left)]);
        for head in heads {
            let members: Vec<String> = head.members.iter().map(|output| format!("{output:.3}")).collect();
            let Some(said) = item.amount(head) else {
                grid.row(vec![head.head.name().into(), "n/a".into(), "n/a".into(), NO_AMOUNT.into()]);
                continue;
            };
            let (mean, sd) = (format!("{:.3}", said.mean), format!("{:.3}", said.sd));
            grid.row(vec![head.head.name().into(), mean, sd, members.join(" ")]);
        }
        text.push_str(&format!("\n{}", grid.render()));
    }
    if let Some(nearest) = &item.nearest {
        let ids = nearest.iter().map(|near| near.id.chars().count()).max().unwrap_or(2).max("nearest items".len());
        let room = width.saturating_sub(ids + 24).max(LEAST_ROOM);
        let mut grid = Grid::new(&[
            ("nearest items", Align::Left),
            ("similarity", Align::Right),
            ("loss", Align::Right),
            ("text", Align::Left),
        ]);
        for near in nearest {
            let loss = near.loss.map_or_else(String::new, |loss| format!("{loss:.3}"));
            let words = near.text.as_ref().map_or_else(String::new, |text| cut(text, room));
            grid.row(vec![printable(&near.id), format!("{:.3}", near.similarity), loss, words]);
        }
        text.push_str(&format!("\n{}", grid.render()));
    }
    text
}

/// Items of the harder group of an attribute: the evidence behind a finding.
#[derive(Debug, Clone, Serialize)]
pub struct FindingItems {
    pub attribute: String,
    /// Whether the harder group has the attribute.
    pub with: bool,
    pub texts_hidden: bool,
    /// Those of the highest loss.
    pub items: Vec<ListedItem>,
    /// Small JPEGs of those that are images, by their position in the audit, or what is wrong with them.
    #[serde(skip)]
    pub images: Vec<(u32, Result<Vec<u8>, String>)>,
}

impl FindingItems {
    /// The image of the item at a position, if it is one and shown.
    #[must_use]
    pub fn image(&self, row: u32) -> Option<&Result<Vec<u8>, String>> {
        self.images.iter().find(|(shown, _)| *shown == row).map(|(_, image)| image)
    }

    /// What the items are.
    #[must_use]
    pub fn heading(&self) -> String {
        let with = if self.with { "with" } else { "without" };
        format!("Test items of the highest loss {with} {}", printable(&self.attribute))
    }

    /// A table of the items, with their whole texts.
    #[must_use]
    pub fn sheet(&self, model: &str) -> Sheet {
        let heading = self.heading();
        let has_images = self.items.iter().any(|item| item.image.is_some());
        let mut columns = vec![("item", Align::Left), ("loss", Align::Right)];
        columns.extend(has_images.then_some(("image", Align::Left)));
        columns.extend((!self.texts_hidden).then_some(("text", Align::Left)));
        let mut sheet = Sheet::new(heading, &columns);
        for item in &self.items {
            let mut cells = vec![Cell::text(&item.id), number(item.loss(model), false)];
            cells.extend(has_images.then(|| cut_text(item.image.as_ref(), usize::MAX)));
            cells.extend((!self.texts_hidden).then(|| cut_text(item.text.as_ref(), usize::MAX)));
            sheet.row(cells);
        }
        sheet.notes.extend(self.texts_hidden.then(|| HIDDEN.to_owned()));
        for item in &self.items {
            if let Some(Err(problem)) = self.image(item.row) {
                sheet.notes.push(format!("Item {}: {}", printable(&item.id), printable(problem)));
            }
        }
        sheet
    }
}

/// A file of ids for relabelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdsForm {
    /// A table with text and label beside each id.
    Csv,
    /// An object a line; every character of an id is kept.
    JsonLines,
    /// An id a line.
    Lines,
}

#[derive(Serialize)]
struct IdLine<'a> {
    id: &'a str,
    split: crate::audit::Split,
    label: Option<u8>,
    loss: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a String>,
}

impl ListedItems<'_> {
    /// The ids that are shown, with what a person needs to relabel them.
    ///
    /// # Errors
    /// If a value cannot stand in JSON.
    pub fn ids(&self, form: IdsForm) -> serde_json::Result<String> {
        match form {
            IdsForm::Lines => Ok(self.items.iter().map(|item| printable(&item.id) + "\n").collect()),
            IdsForm::Csv => {
                let columns = ["id", "split", "label", "loss", "image", "text"].map(|name| (name, Align::Left));
                let mut sheet = Sheet::new(String::new(), &columns);
                for item in &self.items {
                    let label = item.label.map_or(Cell::Empty, |label| Cell::Count(label.into()));
                    let whole = |text: Option<&String>| cut_text(text, usize::MAX);
                    let (loss, split) = (number(item.loss(self.model), false), Cell::text(item.split.to_string()));
                    let content = [whole(item.image.as_ref()), whole(item.text.as_ref())];
                    sheet.row([Cell::text(&item.id), split, label, loss].into_iter().chain(content).collect());
                }
                Ok(sheet.render(super::Format::Csv))
            }
            IdsForm::JsonLines => {
                let line = |item: &ListedItem| {
                    let (text, image) = (item.text.as_ref(), item.image.as_ref());
                    let loss = item.loss(self.model);
                    json_line(&IdLine { id: &item.id, split: item.split, label: item.label, loss, text, image })
                };
                self.items.iter().map(|item| Ok(line(item)? + "\n")).collect()
            }
        }
    }
}
