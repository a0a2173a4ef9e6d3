//! `llm2loss embed`: embeddings of an audit, ahead of training. `llm2loss cache`: the embeddings kept.

use super::arguments::{Cache, CacheAction, Embed};
use super::context::{Failure, home, print, session};
use super::progress;
use crate::diagnose::grouped;
use crate::engine::{CacheReport, Tracker, UnreadableImage, cache_gc, cache_report};
use crate::report::{self, Align, Grid, printable};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
struct Embedded {
    audit: String,
    encoder: String,
    items: usize,
    dimension: usize,
    unreadable: Vec<UnreadableImage>,
}

/// Unreadable images named in text; the JSON has them all.
const NAMED: usize = 20;

pub fn embed(home: Option<PathBuf>, given: &Embed) -> Result<u8, Failure> {
    let session = session(home, &given.audit)?;
    session.store().writes()?;
    session.embeddings(&progress::tracker(&session))?;
    let unreadable = session.unreadable_images()?;
    let found = Embedded {
        audit: given.audit.clone(),
        encoder: session.encoder().name().to_owned(),
        items: session.audit()?.items.len() - unreadable.len(),
        dimension: session.encoder().dimension(),
        unreadable,
    };
    if given.output.json {
        return print(&report::to_json("llm2loss.embed/1", None, &found)?);
    }
    let mut text = format!(
        "audit {} · {} items embedded by {}, {} dimensions\n",
        found.audit,
        grouped(found.items),
        printable(&found.encoder),
        found.dimension
    );
    if !found.unreadable.is_empty() {
        text.push_str(&format!("{} images cannot be read and take no part:\n", grouped(found.unreadable.len())));
        for image in found.unreadable.iter().take(NAMED) {
            text.push_str(&format!(
                "  {} {}: {}\n",
                printable(&image.id),
                printable(&image.path),
                printable(&image.problem)
            ));
        }
        if found.unreadable.len() > NAMED {
            text.push_str(&format!("  and {} more; --json lists them all\n", found.unreadable.len() - NAMED));
        }
    }
    print(&text)
}

#[derive(Serialize)]
struct Exported {
    file: String,
    items: usize,
}

pub fn cache(home_given: Option<PathBuf>, given: &Cache) -> Result<u8, Failure> {
    match &given.action {
        CacheAction::Stats(output) => {
            let found = cache_report(&home(home_given)?)?;
            if output.json {
                return print(&report::to_json("llm2loss.cache/1", None, &found)?);
            }
            print(&stats(&found))
        }
        CacheAction::Verify(output) => {
            let found = cache_report(&home(home_given)?)?;
            let (damaged, missing) = found.faults();
            let code = u8::from(damaged + missing + found.damage.len() > 0);
            if output.json {
                print(&report::to_json("llm2loss.cache/1", None, &found)?)?;
                return Ok(code);
            }
            let records: usize = found.encoders.iter().map(|encoder| encoder.records).sum();
            let mut text = format!(
                "{} embeddings read: {} damaged; {} items that should have one have none\n",
                grouped(records),
                grouped(damaged),
                grouped(missing)
            );
            for damage in &found.damage {
                text.push_str(&format!("damaged: {}\n", printable(damage)));
            }
            if found.damage.is_empty() {
                text.push_str("audits, runs and checkpoints are what was written\n");
            }
            if damaged + missing > 0 {
                text.push_str("what belongs to texts and images is made again when it is next needed ('llm2loss embed NAME');\nembeddings that came with an audit's data need 'llm2loss ingest' again\n");
            }
            print(&text)?;
            Ok(code)
        }
        CacheAction::Gc(output) => {
            let dropped = cache_gc(&home(home_given)?)?;
            if output.json {
                return print(&report::to_json("llm2loss.cache.gc/1", None, &dropped)?);
            }
            let lists = if dropped.lists > 0 { format!(", {} lists of phrases", dropped.lists) } else { String::new() };
            print(&format!(
                "{} embeddings that no audit uses dropped{lists}, and what was known of {} files; {:.1} MB given back to the disk\n",
                grouped(dropped.embeddings),
                grouped(dropped.files),
                dropped.bytes_given_back as f64 / 1e6
            ))
        }
        CacheAction::Export { audit, out, output } => {
            let session = session(home_given, audit)?;
            let silent = Tracker::silent();
            let items = session.export_embeddings(out, &silent)?;
            let file = out.display().to_string();
            if output.json {
                return print(&report::to_json("llm2loss.cache.export/1", None, Exported { file, items })?);
            }
            print(&format!("{} embeddings written to {}\n", grouped(items), printable(&file)))
        }
    }
}

fn stats(found: &CacheReport) -> String {
    let mut encoders = Grid::new(&[
        ("encoder", Align::Left),
        ("embeddings", Align::Right),
        ("MB", Align::Right),
        ("damaged", Align::Right),
    ]);
    for encoder in &found.encoders {
        encoders.row(vec![
            printable(&encoder.encoder),
            grouped(encoder.records),
            format!("{:.1}", encoder.bytes as f64 / 1e6),
            grouped(encoder.damaged),
        ]);
    }
    let mut audits = Grid::new(&[
        ("audit", Align::Left),
        ("items", Align::Right),
        ("embedded", Align::Right),
        ("unreadable", Align::Right),
        ("encoder", Align::Left),
    ]);
    for audit in &found.audits {
        audits.row(vec![
            printable(&audit.audit),
            grouped(audit.items),
            grouped(audit.embedded),
            grouped(audit.unreadable),
            printable(&audit.encoder),
        ]);
    }
    let damage: Vec<String> = found.damage.iter().map(|damage| format!("damaged: {}\n", printable(damage))).collect();
    let disk = found.bytes_on_disk as f64 / 1e6;
    format!(
        "{}\n{}\nthe database and the packs take {disk:.1} MB on disk\n{}",
        encoders.render(),
        audits.render(),
        damage.concat()
    )
}
