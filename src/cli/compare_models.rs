//! `llm2loss compare-models`: whom a retrained model made worse.

use super::arguments::{ArchitectureArgument, CompareModels, FormatArgument};
use super::context::{Failure, Place, print, session};
use super::progress;
use crate::audit::{Architecture, HyperParameters};
use crate::diagnose::ComparisonQuestion;
use crate::engine::{PromptBank, Session};
use crate::report::{self, Format};
use crate::stats::Resampling;
use std::path::Path;

pub fn run(place: Place, given: &CompareModels) -> Result<u8, Failure> {
    let hide_text = place.hide_text;
    let session = session(place, &given.audit)?;
    let models = [&given.before, &given.after].map(|name| session.model_name(Some(name)));
    let [before, after] = models;
    let (before, after) = (before?, after?);
    let question = ComparisonQuestion {
        attributes: given.attributes.clone(),
        top: given.top,
        resampling: Resampling { replicates: given.replicates as usize, ..Resampling::default() },
        ..ComparisonQuestion::default()
    };
    // What is given is read before anything is computed.
    let given_bank = given.prompts.as_deref().map(read_prompts).transpose()?;
    let mut found = session.compare_losses(&before, &after, &question)?;
    if hide_text {
        found.hide_texts();
    }
    if !given.no_heads {
        let bank = match given_bank {
            Some(bank) => bank,
            None => bank(&session, given.history)?,
        };
        let hyper = hyper_parameters(given.architecture, given.seed);
        session.add_heads(&mut found, &hyper, &bank, given.top, &progress::tracker(&session))?;
    }
    if given.json || given.format == Some(FormatArgument::Json) {
        let encoder = session.encoder().fingerprint();
        return print(&report::compare_models_json(&found, &given.audit, encoder)?);
    }
    let format = match given.format {
        Some(FormatArgument::Csv) => Format::Csv,
        Some(FormatArgument::Markdown) => Format::Markdown,
        Some(FormatArgument::Latex) => Format::Latex,
        Some(FormatArgument::Text | FormatArgument::Json) | None => Format::Text,
    };
    print(&report::model_comparison(&found, &given.audit, format, given.width.map_or_else(width, usize::from)))
}

/// The heads' hyper-parameters: the measured defaults of a shape, with a seed of one's own.
pub fn hyper_parameters(architecture: ArchitectureArgument, seed: Option<u64>) -> HyperParameters {
    let base = HyperParameters::new(match architecture {
        ArchitectureArgument::Linear => Architecture::Linear,
        ArchitectureArgument::Mlp => Architecture::Mlp,
    });
    HyperParameters { seed: seed.unwrap_or(base.seed), ..base }
}

/// The audit's own prompts, and those kept if wanted.
fn bank(session: &Session, history: bool) -> Result<PromptBank, Failure> {
    let bank = session.own_prompts();
    if !history {
        return Ok(bank);
    }
    let kept = session.store().history(&session.record().name)?;
    let kept: Vec<String> = kept.into_iter().flat_map(|entry| std::iter::once(entry.a).chain(entry.b)).collect();
    Ok(bank.with(&kept, "the history"))
}

/// Prompts of a file, one a line; the same one twice counts once.
fn read_prompts(path: &Path) -> Result<PromptBank, Failure> {
    let mut prompts = super::lines::prompts(path)?;
    let mut seen = std::collections::HashSet::new();
    prompts.retain(|prompt| seen.insert(prompt.clone()));
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok(PromptBank { prompts, source: name })
}

/// Columns of the terminal, or of `COLUMNS` where stdout is none; 120 where nobody says.
pub fn width() -> usize {
    use std::io::IsTerminal;
    let terminal = std::io::stdout().is_terminal().then(crossterm::terminal::size).and_then(Result::ok);
    let said = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<u16>().ok());
    let columns = terminal.map(|(columns, _)| columns).or_else(said).filter(|columns| *columns >= 40);
    usize::from(columns.unwrap_or(120))
}
