//! The evidence behind what the console shows of A and B: a paragraph, a table of items, and a document.

use super::plain::shell_word;
use super::sheet::{Cell, Format, Sheet, markdown};
use super::{Align, to_json};
use crate::diagnose::{Backed, HeadsDifference, ListedItem, MeanDifference, MeasuredMean, NearBacking, grouped};
use Align::{Left, Right};
use serde::Serialize;
use std::sync::Arc;

/// What is held against what, under which names, and what was found of it.
#[derive(Debug, Clone)]
pub struct Evidence {
    pub audit: String,
    /// What it is behind; empty where the sides say it.
    pub about: String,
    /// What the differences are of: `A less B`.
    pub versus: String,
    pub sides: Vec<EvidenceSide>,
    pub found: Arc<Backed>,
}

/// One of the two, as it was asked for.
#[derive(Debug, Clone)]
pub struct EvidenceSide {
    pub name: String,
    pub model: String,
    pub run: Option<String>,
    /// Empty for a group alone.
    pub sentence: String,
    /// Names that its group has, and that it has not; `None` for a sentence alone.
    pub group: Option<(Vec<String>, Vec<String>)>,
    /// Names that all items looked at have.
    pub within: Vec<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    audit: &'a str,
    about: &'a str,
    versus: &'a str,
    sentence: String,
    agreement: Option<&'static str>,
    /// Whether `difference` is of the groups; else of the nearest items.
    of_groups: bool,
    difference: Option<MeanDifference>,
    heads: Option<HeadsDifference>,
    sides: Vec<SideBody<'a>>,
}

#[derive(Serialize)]
struct SideBody<'a> {
    name: &'a str,
    model: &'a str,
    run: Option<&'a str>,
    sentence: &'a str,
    group: Option<MeasuredMean>,
    nearest: Option<NearBody<'a>>,
    lacking: Option<&'a str>,
    reproduce: Vec<String>,
}

#[derive(Serialize)]
struct NearBody<'a> {
    mean: MeasuredMean,
    of_group: Option<usize>,
    highest_similarity: f64,
    lowest_similarity: f64,
    items: Vec<ItemBody<'a>>,
}

#[derive(Serialize)]
struct ItemBody<'a> {
    id: &'a str,
    text: Option<&'a str>,
    similarity: Option<f64>,
    loss: Option<f64>,
    of_group: Option<bool>,
}

impl Evidence {
    /// As the text of a file: CSV, Markdown, or without a format the document `llm2loss.evidence/1`.
    #[must_use]
    pub fn rendered(&self, format: Option<Format>) -> String {
        match format {
            Some(Format::Markdown) => self.markdown(),
            Some(format) => self.sheet().render(format),
            // Strings and numbers always have a JSON form.
            None => self.json().unwrap_or_default(),
        }
    }

    /// One paragraph of Markdown: what heads and data say, each side's figures, what it is of, and the commands.
    #[must_use]
    pub fn paragraph(&self) -> String {
        let mut lines = vec![format!("**{}.** {}", markdown(&self.title()), markdown(&self.sentence()))];
        lines.extend(self.both().map(|(side, found)| format!("- {}", markdown(&figures(side, found)))));
        let runs = self.sides.iter().filter_map(|side| side.run.as_deref());
        let mut runs: Vec<String> = runs.map(|run| format!(", run {run}")).collect();
        runs.dedup();
        let mut models: Vec<&str> = self.sides.iter().map(|side| side.model.as_str()).collect();
        models.dedup();
        let about = format!("Audit {}, model {}{}; test items.", self.audit, models.join(" and "), runs.concat());
        let mut text = lines.join("\n") + &format!("\n\n{}\n\n", markdown(&about));
        let mut commands: Vec<String> = self.both().flat_map(|(side, _)| self.commands(side)).collect();
        commands.dedup();
        text.push_str(&format!("```sh\n{}\n```\n", commands.join("\n")));
        text
    }

    /// The paragraph and the items under it.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut sheet = self.sheet();
        sheet.heading.clear();
        // The paragraph says them.
        sheet.notes.clear();
        format!("{}\n{}\n", self.paragraph(), sheet.render(Format::Markdown).trim_start())
    }

    /// The nearest items, a row each.
    #[must_use]
    pub fn sheet(&self) -> Sheet {
        let columns = [
            ("side", Left),
            ("id", Left),
            ("similarity", Right),
            ("loss", Right),
            ("of the group", Left),
            ("text", Left),
        ];
        let mut sheet = Sheet::new(format!("{}\naudit {}", self.title(), self.audit), &columns);
        for (side, found) in self.both() {
            for (item, belongs) in found.near.iter().flat_map(|near| near.items.iter().zip(&near.belongs)) {
                let number = |value: Option<f64>| {
                    value.map_or(Cell::Empty, |value| Cell::Number { value, digits: 4, signed: false })
                };
                sheet.row(vec![
                    Cell::text(&side.name),
                    Cell::text(&item.id),
                    number(item.similarity),
                    number(item.loss(&side.model)),
                    belongs.map_or(Cell::Empty, |belongs| Cell::text(if belongs { "yes" } else { "no" })),
                    item.text.as_ref().or(item.image.as_ref()).map_or(Cell::Empty, Cell::text),
                ]);
            }
        }
        sheet.notes.push(self.sentence());
        sheet.notes.extend(self.both().map(|(side, found)| figures(side, found)));
        sheet
    }

    fn json(&self) -> serde_json::Result<String> {
        let sides = self.both().map(|(side, found)| SideBody {
            name: &side.name,
            model: &side.model,
            run: side.run.as_deref(),
            sentence: &side.sentence,
            group: found.group,
            nearest: found.near.as_ref().map(|near| near_body(side, near)),
            lacking: found.lacking.as_deref(),
            reproduce: self.commands(side),
        });
        let body = Body {
            audit: &self.audit,
            about: &self.about,
            versus: &self.versus,
            sentence: self.sentence(),
            agreement: self.found.agreement().map(|agreement| agreement.word()),
            of_groups: self.found.of_groups,
            difference: self.found.difference,
            heads: self.found.heads,
            sides: sides.collect(),
        };
        to_json("llm2loss.evidence/1", None, body)
    }

    fn both(&self) -> impl Iterator<Item = (&EvidenceSide, &crate::diagnose::BackedSide)> {
        self.sides.iter().zip(&self.found.sides)
    }

    fn title(&self) -> String {
        let names: Vec<&str> = self.sides.iter().map(|side| side.name.as_str()).collect();
        let about = if self.about.is_empty() { String::new() } else { format!(" behind {}", self.about) };
        format!("Evidence{about}: {}", names.join(" against "))
    }

    /// Whether heads and data say the same, with the figures.
    fn sentence(&self) -> String {
        let (Some(agreement), Some(data)) = (self.found.agreement(), self.found.difference) else {
            return "Nothing is measured here: there are no items to compare.".into();
        };
        let of = if self.found.of_groups { "the groups" } else { "the nearest items" };
        let ends = data.interval.map_or_else(String::new, |ends| format!(" [{:+.3}, {:+.3}]", ends.low, ends.high));
        let heads = self.found.heads.map_or_else(
            || "no heads are asked".to_owned(),
            |heads| format!("heads {:+.3}, {} of {} members", heads.value, heads.votes, heads.members),
        );
        format!("{}. {}: {of} {:+.3}{ends}; {heads}.", agreement.words(), self.versus, data.value)
    }

    /// The commands that list the items of a side's group, and those nearest to its sentence.
    fn commands(&self, side: &EvidenceSide) -> Vec<String> {
        let none = Vec::new();
        let listed = |with: &[String], without: &[String], near: &[&str]| {
            let mut words: Vec<&str> = vec!["llm2loss", "items", &self.audit, "--model", &side.model];
            words.extend(with.iter().flat_map(|name| ["--attribute", name.as_str()]));
            words.extend(without.iter().flat_map(|name| ["--without", name.as_str()]));
            words.extend(near);
            words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
        };
        let group = side.group.as_ref().map(|(with, without)| listed(with, without, &[]));
        let sentence = side.sentence.trim();
        let near = (!sentence.is_empty()).then(|| listed(&side.within, &none, &["--near", sentence]));
        group.into_iter().chain(near).collect()
    }
}

fn near_body<'a>(side: &EvidenceSide, near: &'a NearBacking) -> NearBody<'a> {
    let item = |(item, of_group): (&'a ListedItem, &Option<bool>)| ItemBody {
        id: &item.id,
        text: item.text.as_deref(),
        similarity: item.similarity,
        loss: item.loss(&side.model),
        of_group: *of_group,
    };
    NearBody {
        mean: near.mean,
        of_group: near.of_group,
        highest_similarity: near.similarities.0,
        lowest_similarity: near.similarities.1,
        items: near.items.iter().zip(&near.belongs).map(item).collect(),
    }
}

/// One side's means, with what they are over.
fn figures(side: &EvidenceSide, found: &crate::diagnose::BackedSide) -> String {
    let mean = |of: &MeasuredMean| {
        let ends = of.interval.map_or_else(String::new, |ends| format!(" [{:.3}, {:.3}]", ends.low, ends.high));
        format!("{:.3}{ends}, n {}", of.mean, grouped(of.n))
    };
    let mut parts = Vec::new();
    parts.extend(found.group.as_ref().map(|group| format!("mean loss of the group {}", mean(group))));
    parts.extend(found.near.as_ref().map(|near| {
        let of_group = near.of_group.map_or_else(String::new, |of| format!(", {of} of them in the group"));
        let (first, last) = near.similarities;
        format!("mean loss of the nearest items {}{of_group}, similarity {first:.2} to {last:.2}", mean(&near.mean))
    }));
    parts.extend(found.lacking.clone());
    format!("{}, model {}: {}", side.name, side.model, parts.join("; "))
}
