//! The report as Markdown and as LaTeX: text and tables; figures are in the HTML form.

use super::ReportMaterial;
use super::sections::{facts, sections};
use crate::report::printable;
use crate::report::sheet::{Format, latex, markdown};

/// Markdown that a repository's pages show.
#[must_use]
pub fn markdown_report(material: &ReportMaterial) -> String {
    let mut text = format!("# {}: audit of model {}\n\n", markdown(&material.run.audit), markdown(&material.run.model));
    for (name, value) in facts(material) {
        text.push_str(&format!("- {name}: {}\n", markdown(&value)));
    }
    for section in sections(material) {
        if section.paragraphs.is_empty() && section.tables.is_empty() {
            continue;
        }
        text.push_str(&format!("\n## {}\n", markdown(&section.title)));
        for paragraph in &section.paragraphs {
            text.push_str(&format!("\n{}\n", markdown(paragraph)));
        }
        for table in &section.tables {
            text.push_str(&format!("\n{}", table.render(Format::Markdown)));
        }
    }
    text
}

/// A LaTeX article.
#[must_use]
pub fn latex_report(material: &ReportMaterial) -> String {
    let title = latex(&printable(&format!("{}: audit of model {}", material.run.audit, material.run.model)));
    let date = latex(material.date.as_deref().unwrap_or_default());
    let mut text = format!(
        "\\documentclass{{article}}\n\\usepackage{{iftex}}\n\\ifPDFTeX\n\\usepackage[utf8]{{inputenc}}\n\\usepackage[T1]{{fontenc}}\n\\usepackage{{textcomp}}\n\\else\n\\usepackage{{fontspec}}\n\\fi\n\\usepackage{{booktabs}}\n\\usepackage{{graphicx}}\n\\usepackage[margin=2cm]{{geometry}}\n\\title{{{title}}}\n\\author{{}}\n\\date{{{date}}}\n\\begin{{document}}\n\\maketitle\n\\begin{{description}}\n"
    );
    for (name, value) in facts(material) {
        text.push_str(&format!("  \\item[{name}] {}\n", latex(&value)));
    }
    text.push_str("\\end{description}\n");
    for section in sections(material) {
        if section.paragraphs.is_empty() && section.tables.is_empty() {
            continue;
        }
        text.push_str(&format!("\\section{{{}}}\n", latex(&section.title)));
        for paragraph in &section.paragraphs {
            text.push_str(&format!("{}\n\n", latex(paragraph)));
        }
        for table in &section.tables {
            text.push_str(&table.render(Format::Latex));
        }
        text.push_str("\\clearpage\n");
    }
    text + "\\end{document}\n"
}
