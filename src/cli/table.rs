//! `llm2loss table`: the paper's tables for a run.

use super::arguments::{ContrastArgument, Table, TableKind};
use super::context::{Failure, print, run_to_ask, session};
use crate::audit::Contrast;
use crate::diagnose::Tables;
use crate::report;
use std::path::PathBuf;

pub fn run(home: Option<PathBuf>, model: Option<&str>, given: &Table) -> Result<u8, Failure> {
    let contrast = if given.paper { Some(Contrast::Bare) } else { given.contrast.map(contrast) };
    if contrast.is_some() && matches!(given.kind, TableKind::Validity | TableKind::Ood) {
        return Err(Failure::usage("--contrast and --paper choose prompts of attributes; this table has none"));
    }
    let session = session(home, &given.which.audit)?;
    let run = run_to_ask(&session, model, &given.which)?;
    let (tables, record) = (chosen(run.diagnosis.tables, contrast), run.record);
    if given.which.output.json {
        let id = Some(&record);
        return print(&match given.kind {
            TableKind::Attributes => report::to_json("llm2loss.table.attributes/1", id, &tables.attributes)?,
            TableKind::Validity => report::to_json("llm2loss.table.validity/1", id, &tables.validity)?,
            TableKind::Bias => report::to_json("llm2loss.table.bias/1", id, &tables.bias)?,
            TableKind::Zeroshot => report::to_json("llm2loss.table.zeroshot/1", id, &tables.zero_shot)?,
            TableKind::Ood => report::to_json("llm2loss.table.ood/1", id, &tables.ood)?,
        });
    }
    print(&match given.kind {
        TableKind::Attributes => report::attributes(&tables.attributes, &record),
        TableKind::Validity => report::validity(&tables.validity, &record),
        TableKind::Bias => report::bias(&tables.bias, &record),
        TableKind::Zeroshot => report::zero_shot(&tables.zero_shot, &record),
        TableKind::Ood => report::ood(&tables.ood, &record),
    })
}

/// The tables with one contrast chosen: it becomes every attribute's own, and rows of others go.
fn chosen(mut tables: Tables, contrast: Option<Contrast>) -> Tables {
    if let Some(contrast) = contrast {
        tables.attributes.rows.iter_mut().for_each(|row| row.contrast = contrast);
        tables.bias.rows.retain(|row| row.contrast == contrast);
        tables.zero_shot.rows.retain(|row| row.contrast == contrast);
    }
    tables
}

fn contrast(given: ContrastArgument) -> Contrast {
    match given {
        ContrastArgument::Antonym => Contrast::Antonym,
        ContrastArgument::Generic => Contrast::Generic,
        ContrastArgument::Bare => Contrast::Bare,
    }
}
