//! The report as one HTML file that opens without a network.

use super::ReportMaterial;
use super::page::STYLE;
use super::sections::{Section, facts, sections};
use crate::report::figure::escape;
use crate::report::item_images;
use crate::report::sheet::{Cell, Sheet};
use crate::report::{Align, printable};

/// The report. Text from data, models and prompts is escaped; a content policy forbids scripts besides.
#[must_use]
pub fn html_report(material: &ReportMaterial) -> String {
    let title = format!("{}: audit of model {}", printable(&material.run.audit), printable(&material.run.model));
    let sections = sections(material);
    let links: String = sections
        .iter()
        .map(|section| format!("<li><a href=\"#{}\">{}</a></li>", section.id, escape(&section.title)))
        .collect();
    let facts: String =
        facts(material).iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", escape(value))).collect();
    let images: String = material.items.iter().map(item_images::figure).collect();
    let policy = if images.is_empty() { "" } else { "; img-src data:" };
    let body = sections.iter().map(|one| section(one, if one.id == "findings" { &images } else { "" }));
    let body: String = body.collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'{policy}\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n\
         <p class=\"lead\">Where the model fails, whom it fails, and how far to trust that.</p>\n\
         <nav aria-label=\"Sections\"><ul>{links}</ul></nav>\n<dl>\n{facts}</dl>\n</header>\n<main>\n{body}</main>\n\
         <footer><p>Method: Ardeshir, LLM2Loss (2023), arXiv 2305.03212. Made by llm2loss {version}; equal inputs give equal bytes.</p></footer>\n\
         </body>\n</html>\n",
        title = escape(&title),
        version = env!("CARGO_PKG_VERSION"),
    )
}

fn section(section: &Section, images: &str) -> String {
    let paragraphs: String = section.paragraphs.iter().map(|text| format!("<p>{}</p>\n", escape(text))).collect();
    let figure = section.figure.as_ref().map_or_else(String::new, |(svg, caption)| {
        format!("<figure>\n{svg}<figcaption>{}</figcaption>\n</figure>\n", escape(caption))
    });
    let tables: String = section.tables.iter().map(table).collect();
    format!(
        "<section id=\"{0}\" aria-labelledby=\"{0}-h\">\n<h2 id=\"{0}-h\">{1}</h2>\n{paragraphs}{figure}{tables}{images}</section>\n",
        section.id,
        escape(&section.title)
    )
}

/// Characters of a cell from which its text is broken into lines.
const LONG: usize = 48;

/// A table with its caption; what it rests on stands once at the top of the page.
fn table(sheet: &Sheet) -> String {
    let class = |align: &Align| if *align == Align::Right { " class=\"n\"" } else { "" };
    let columns = sheet.columns();
    let head: String = columns
        .iter()
        .map(|(name, align)| format!("<th scope=\"col\"{}>{}</th>", class(align), escape(name)))
        .collect();
    let row = |cells: &Vec<Cell>| {
        let cells = cells.iter().zip(columns).enumerate().map(|(index, (cell, (_, align)))| {
            let text = escape(&cell.shown());
            if index == 0 {
                format!("<th scope=\"row\">{text}</th>")
            } else if text.chars().count() > LONG {
                format!("<td class=\"long\">{text}</td>")
            } else {
                format!("<td{}>{text}</td>", class(align))
            }
        });
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let body: String = sheet.rows().iter().map(row).collect();
    let caption = sheet.heading.lines().next().unwrap_or_default();
    let notes: String = sheet.notes.iter().map(|note| format!("<p class=\"note\">{}</p>\n", escape(note))).collect();
    format!(
        "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n<table>\n<caption>{0}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n</div>\n{notes}",
        escape(caption)
    )
}
