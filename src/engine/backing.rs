//! The thread behind the evidence drawer: the items nearest to what is shown. The newest request counts; how near items
//! usually are is told after the rest, once for an audit.

use super::attempt::attempt;
use super::worker::Shared;
use super::{EngineError, Event, Session, Tracker};
use crate::audit::{Audit, HeadKind, RunId, Split};
use crate::diagnose::{
    Backed, BackedSide, FittedLosses, HeadsDifference, ItemFilter, ListedItem, MeanDifference, MeasuredMean,
    NearBacking, PromptScorer, UsualNearness, measured_mean, nearest_rows,
};
use std::sync::Arc;

/// Items whose losses are averaged: as many as the nearest witness takes, and at most a tenth of all.
const AVERAGED: usize = 100;
/// The very nearest, which are told one by one.
const TOLD: usize = 12;
/// Items that are sampled for what is usual, at most, and at least where there are so many.
const SAMPLED: (usize, usize) = (200, 24);
/// Pairs of items that are compared for it.
const PAIRS: usize = 8_000_000;
/// Fewest of the audit's prompts that a place among them means something.
const LEAST_PROMPTS: usize = 20;
/// Runs whose heads stay at hand: two are compared.
const RUNS: usize = 2;

/// What is held against what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BackingRequest {
    /// A, then B; without B all items stand in its place.
    pub sides: Vec<BackingSide>,
    /// The items among which the nearest are looked for.
    pub among: ItemFilter,
    pub hide_text: bool,
}

/// A sentence, a group, or both, under a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BackingSide {
    pub model: String,
    /// The run whose heads are asked.
    pub run: Option<RunId>,
    /// Empty for a group alone.
    pub sentence: String,
    pub group: Option<ItemFilter>,
}

/// Scorers of the runs asked last, with the number of attributes they know.
#[derive(Default)]
pub struct Scorers(Vec<(RunId, usize, Arc<PromptScorer>)>);

/// A side's items: those of its group and those that are averaged.
struct SideRows {
    group: Option<Vec<u32>>,
    near: Vec<u32>,
}

/// Runs until its slot is closed. A panic over one request is told and does not end the thread.
pub fn run(shared: &Shared) {
    let (mut scorers, mut known) = (Scorers::default(), None);
    while let Some(request) = shared.backing.take() {
        let found = attempt(|| shared.session.backing(&request, &mut scorers));
        let mut found = found.map(|found| Arc::new(Backed { usual: known.clone(), ..found }));
        if !shared.send(Event::Backed { request: request.clone(), found: found.clone() }) {
            return;
        }
        if let (Ok(first), None) = (&found, &known) {
            let wanted = || !shared.is_closed() && !shared.backing.is_filled();
            known = attempt(|| usual(&shared.session, &wanted)).ok().flatten();
            if known.is_some() {
                found = Ok(Arc::new(Backed { usual: known.clone(), ..Backed::clone(first) }));
                if !shared.send(Event::Backed { request, found }) {
                    return;
                }
            }
        }
    }
}

impl Session {
    /// What stands behind the sides of a request; how near items usually are is not told.
    ///
    /// # Errors
    /// If there is no such model, attribute or run, or data cannot be read.
    pub fn backing(&self, request: &BackingRequest, scorers: &mut Scorers) -> Result<Backed, EngineError> {
        let audit = self.audit()?;
        let told = request.sides.iter().map(|side| self.backed_side(&audit, request, side, scorers));
        let (sides, rows): (Vec<_>, Vec<_>) = told.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let of_groups = rows.iter().all(|rows| rows.group.is_some());
        let pick = |rows: &SideRows| rows.group.clone().filter(|_| of_groups).unwrap_or_else(|| rows.near.clone());
        let mut picked: Vec<(&str, Vec<u32>)> =
            request.sides.iter().zip(&rows).map(|(side, rows)| (side.model.as_str(), pick(rows))).collect();
        if let [(model, _)] = picked[..] {
            picked.push((model, request.among.rows(&audit, audit.model(model)?)?));
        }
        let difference = match &picked[..] {
            [(a, of_a), (b, of_b), ..] => MeanDifference::of(&audit, (audit.model(a)?, of_a), (audit.model(b)?, of_b)),
            _ => None,
        };
        let mut asked = request.sides.iter().map(|side| audit.model(&side.model));
        let fitted = asked.any(|model| model.is_ok_and(|model| FittedLosses::of(&audit, model).is_some()));
        // Against everybody the heads have to say more than the mean of all.
        let level = |members: &[f64]| Some(vec![mean_of(&audit, picked.last())?; members.len()]);
        let heads = sides.first().and_then(|side| side.predicted.as_ref()).and_then(|a| {
            let b = match (sides.get(1), request.sides.get(1)) {
                (Some(side), Some(asked)) if !asked.sentence.trim().is_empty() => side.predicted.clone(),
                // What is no amount is not more or less than a measured mean.
                _ if fitted => None,
                _ => level(a),
            };
            Some(HeadsDifference { order_only: fitted, ..HeadsDifference::of(a, &b?)? })
        });
        Ok(Backed { sides, difference, of_groups, heads, usual: None })
    }

    fn backed_side(
        &self,
        audit: &Audit,
        request: &BackingRequest,
        side: &BackingSide,
        scorers: &mut Scorers,
    ) -> Result<(BackedSide, SideRows), EngineError> {
        let model = audit.model(&side.model)?;
        let losses = |rows: &[u32]| rows.iter().map(|row| model.losses[*row as usize]).collect::<Vec<f64>>();
        let group = side.group.as_ref().map(|filter| filter.rows(audit, model)).transpose()?;
        let mean = group.as_ref().and_then(|rows| measured_mean(audit, rows, &losses(rows)));
        let mean = mean.map(MeasuredMean::of_losses);
        let mut told = BackedSide { group: mean, near: None, lacking: None, predicted: None };
        let mut rows = SideRows { group, near: Vec::new() };
        if side.sentence.trim().is_empty() {
            return Ok((told, rows));
        }
        told.predicted = scorers.predicted(self, side)?;
        if !self.is_embedded()? {
            told.lacking = Some("the items are not embedded yet: embed them on the Data screen".into());
            return Ok((told, rows));
        }
        let sentence = match self.encoder().encode_prompt(&side.sentence) {
            Ok(sentence) => sentence,
            Err(error) => {
                told.lacking = Some(error.to_string());
                return Ok((told, rows));
            }
        };
        let candidates = request.among.rows(audit, model)?;
        let embeddings = self.embeddings(&Tracker::silent())?;
        let averaged = AVERAGED.min(candidates.len().div_ceil(10));
        let found = nearest_rows(embeddings.rows(), &candidates, &sentence, averaged);
        embeddings.check()?;
        rows.near = found.iter().map(|(row, _)| *row).collect();
        // In the group's order its rows ascend; a group of all items tells nothing apart.
        let members = rows.group.as_ref().filter(|rows| rows.len() < candidates.len());
        let belongs = |row: u32| members.map(|rows| rows.binary_search(&row).is_ok());
        let item = |(row, similarity): &(u32, f32)| ListedItem {
            similarity: Some(f64::from(*similarity)),
            ..ListedItem::of(audit, *row, request.hide_text)
        };
        told.near = measured_mean(audit, &rows.near, &losses(&rows.near)).map(|mean| NearBacking {
            items: found.iter().take(TOLD).map(item).collect(),
            belongs: found.iter().take(TOLD).map(|(row, _)| belongs(*row)).collect(),
            mean: mean.of_losses(),
            of_group: members.map(|_| rows.near.iter().filter(|row| belongs(**row) == Some(true)).count()),
            similarities: (f64::from(found[0].1), f64::from(found[found.len() - 1].1)),
        });
        Ok((told, rows))
    }
}

impl Scorers {
    /// What the regressor's members say of a side's sentence; `None` without a run.
    fn predicted(&mut self, session: &Session, side: &BackingSide) -> Result<Option<Vec<f64>>, EngineError> {
        let Some(run) = &side.run else { return Ok(None) };
        let attributes = session.record().attributes.len();
        let known = self.0.iter().find(|(known, of, _)| known == run && *of == attributes);
        let scorer = match known {
            Some((_, _, scorer)) => scorer.clone(),
            None => {
                let loaded = session.load(session.store().find_run(&run.0)?)?;
                let scorer = Arc::new(session.scorer(&loaded)?);
                self.0.insert(0, (run.clone(), attributes, scorer.clone()));
                self.0.truncate(RUNS);
                scorer
            }
        };
        // What no head can read has no prediction; the items say what they say.
        let scores = scorer.score(&side.sentence).ok();
        Ok(scores.and_then(|scores| Some(scores.head(HeadKind::Regressor)?.members.clone())))
    }
}

fn mean_of(audit: &Audit, picked: Option<&(&str, Vec<u32>)>) -> Option<f64> {
    let (model, rows) = picked?;
    let losses = &audit.model(model).ok()?.losses;
    let sum: f64 = rows.iter().map(|row| losses[*row as usize]).sum();
    (!rows.is_empty()).then(|| sum / rows.len() as f64)
}

/// How near the nearest is to test items, and to the audit's own prompts; `None` where something newer is wanted.
fn usual(session: &Session, wanted: &dyn Fn() -> bool) -> Result<Option<UsualNearness>, EngineError> {
    if !session.is_embedded()? {
        return Ok(None);
    }
    let audit = session.audit()?;
    let embeddings = session.embeddings(&Tracker::silent())?;
    let rows: Vec<u32> = audit.rows(Split::Test).into_iter().map(|row| row as u32).collect();
    let many = (PAIRS / rows.len().max(1)).clamp(SAMPLED.1, SAMPLED.0).min(rows.len());
    let mut found = UsualNearness::default();
    let mut query = vec![0.0; session.encoder().dimension()];
    for at in 0..many {
        if !wanted() {
            return Ok(None);
        }
        let own = rows[at * rows.len() / many];
        embeddings.rows().read(own as usize, &mut query);
        let near = nearest_rows(embeddings.rows(), &rows, &query, 2);
        found.items.extend(near.iter().find(|(row, _)| *row != own).map(|(_, cosine)| f64::from(*cosine)));
    }
    let phrases: Vec<String> = session.record().attributes.iter().map(|(_, prompts)| prompts.phrase.clone()).collect();
    let phrases: Vec<&str> = phrases.iter().map(String::as_str).take(SAMPLED.0).collect();
    if phrases.len() >= LEAST_PROMPTS
        && let Ok(prompts) = session.encoder().encode_prompts(&phrases)
    {
        for prompt in prompts.chunks_exact(query.len().max(1)) {
            if !wanted() {
                return Ok(None);
            }
            found
                .prompts
                .extend(nearest_rows(embeddings.rows(), &rows, prompt, 1).first().map(|near| f64::from(near.1)));
        }
    }
    embeddings.check()?;
    found.items.sort_unstable_by(f64::total_cmp);
    found.prompts.sort_unstable_by(f64::total_cmp);
    Ok(Some(found))
}
