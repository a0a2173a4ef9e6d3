//! Named slices that a model fails on: found on one half of the items, tested on the other.

mod attributes;
mod fresh;
mod halves;
mod held_out;
mod overlap;
mod pursuit;
mod question;
mod sums;
mod term;
mod watch;
mod within;
mod words;

#[cfg(test)]
mod tests;

pub use fresh::{NewSlice, NewSlices, new_slices};
pub use overlap::{Overlap, overlaps};
pub use question::{DiscoverQuestion, DiscoveredSlice, Discovery, Wanted};
pub use watch::{FoundSlice, Step, Watch};

use crate::audit::Audit;
use crate::stats::{self, PowerSums};
use halves::{Halves, halves};
use held_out::HeldOut;
use pursuit::{Field, pursue};
use std::sync::Arc;
use term::{Incidence, Term, TermKind, distinct};
use thiserror::Error;

/// A term is in this share of the items at least and at most.
const LEAST_SHARE: f64 = 0.01;
const MOST_SHARE: f64 = 0.6;
/// Most terms whose pairs are tried, and most sums that a search may take: with more, the least remarkable terms go.
const MOST_TERMS: usize = 1_500;
const MOST_WORK: usize = 2_000_000_000;
/// Slices looked for within another.
const FINER: usize = 3;
/// A slice is told where its q is at most this.
const LEVEL: f64 = 0.05;

/// Why nothing can be looked for.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DiscoverError {
    #[error("{0}")]
    Question(String),
    #[error("cancelled")]
    Cancelled,
}

/// What slices are found in.
pub struct DiscoverMaterial<'a> {
    pub audit: &'a Audit,
    /// A loss, or a difference of losses, for each item of the audit; NaN where there is none.
    pub losses: &'a [f64],
    /// Sentences, each with the positions in the audit of the items that are near it, ascending.
    pub near: &'a [(String, Vec<usize>)],
}

/// Finds slices and tests them.
///
/// # Errors
/// If the question names what the audit has not, or the search was stopped.
pub fn discover(
    material: &DiscoverMaterial<'_>,
    question: &DiscoverQuestion,
    watch: &Watch<'_>,
) -> Result<Discovery, DiscoverError> {
    let mut discovery = Discovery::default();
    let Some(mut ground) = Ground::of(material, question, watch, &mut discovery)? else { return Ok(discovery) };
    let terms = std::mem::take(&mut ground.terms);
    let Ground { halves, losses, values, .. } = &ground;
    let search = Search::new(terms, halves, values, question);
    watch.say(Step::Searching(search.terms.len()));
    let held_out = ground.held_out(material.audit, losses);
    search.run(&held_out, &mut discovery, watch)?;
    let attributes: Vec<_> = material.audit.attributes.iter().collect();
    if question.wanted == Wanted::Hard && !attributes.is_empty() && !discovery.slices.is_empty() {
        let expected = attributes::expected(&attributes, &halves.rows, losses, &halves.found_on);
        discovery.outside_attributes = expected.and_then(|expected| held_out.beyond(&discovery.slices, &expected));
    }
    discovery.searched = ground.halves.rows;
    Ok(discovery)
}

/// What slices are looked for in: which items, what is shown as their loss, what is searched, and what may name them.
struct Ground {
    halves: Halves,
    losses: Vec<f64>,
    values: Vec<f64>,
    terms: Vec<Term>,
    sign: f64,
}

impl Ground {
    /// `None` where there is nothing to find; a note then says why.
    fn of(
        material: &DiscoverMaterial<'_>,
        question: &DiscoverQuestion,
        watch: &Watch<'_>,
        discovery: &mut Discovery,
    ) -> Result<Option<Self>, DiscoverError> {
        let audit = material.audit;
        let inside = question.within.as_ref().map(|phrase| within::rows_within(audit, phrase)).transpose()?;
        let halves = halves(audit, material.losses, |row| inside.as_ref().is_none_or(|inside| inside[row]));
        (discovery.found_on, discovery.tested_on) = (halves.found_on.len(), halves.tested_on.len());
        if let Some(note) = nothing_to_find(&halves, material.losses, question) {
            discovery.notes.push(note);
            return Ok(None);
        }
        let sign = if question.wanted == Wanted::Easy { -1.0 } else { 1.0 };
        let losses = wanted_losses(material, question, &halves)?;
        let values = centred(audit, &halves, &losses, sign);
        watch.say(Step::Reading);
        let terms = terms(material, &halves, question, watch);
        if watch.is_cancelled() {
            return Err(DiscoverError::Cancelled);
        }
        if terms.is_empty() {
            let note = "No word of 1 to 60 % of the items, and no attribute, tells items apart.";
            discovery.notes.push(note.into());
            return Ok(None);
        }
        Ok(Some(Self { halves, losses, values, terms, sign }))
    }

    /// The half that slices are tested on, with other losses or the same.
    fn held_out<'a>(&'a self, audit: &Audit, losses: &'a [f64]) -> HeldOut<'a> {
        let rows = &self.halves.rows;
        let clusters = audit.clusters.as_ref().map(|clusters| rows.iter().map(|&row| clusters[row]).collect());
        HeldOut::new(rows, losses, self.sign, &self.halves.tested_on, clusters)
            .with_copies(self.halves.copies.as_deref())
    }
}

/// Why there is nothing to find, if so.
fn nothing_to_find(halves: &Halves, losses: &[f64], question: &DiscoverQuestion) -> Option<String> {
    let (found, tested) = (halves.found_on.len(), halves.tested_on.len());
    if found < 2 * question.min_items || tested < 2 * held_out::LEAST_TESTED {
        return Some(format!(
            "Too few items: {found} to find slices on and {tested} test items to test them on; {} and {} are needed.",
            2 * question.min_items,
            2 * held_out::LEAST_TESTED
        ));
    }
    let first = halves.rows.first().map(|&row| losses[row])?;
    let equal = halves.rows.iter().all(|&row| losses[row] == first);
    equal.then(|| "Every item has the same loss: nothing is harder than anything else.".into())
}

/// What is shown as the loss of each place: the loss, or the loss beyond what attributes let expect.
fn wanted_losses(
    material: &DiscoverMaterial<'_>,
    question: &DiscoverQuestion,
    halves: &Halves,
) -> Result<Vec<f64>, DiscoverError> {
    let losses: Vec<f64> = halves.rows.iter().map(|&row| material.losses[row]).collect();
    let Wanted::Surprising(names) = &question.wanted else { return Ok(losses) };
    let attributes = within::named_attributes(material.audit, names)?;
    let expected = attributes::expected(&attributes, &halves.rows, &losses, &halves.found_on)
        .ok_or_else(|| DiscoverError::Question("the attributes cannot be told from each other".into()))?;
    let mean = losses.iter().sum::<f64>() / losses.len() as f64;
    Ok(losses.iter().zip(&expected).map(|(loss, expected)| loss - expected + mean).collect())
}

/// Values to search: what is looked for is high, and each split of the audit is about its own mean, for a model may
/// have seen the training items.
fn centred(audit: &Audit, halves: &Halves, losses: &[f64], sign: f64) -> Vec<f64> {
    let split = |place: usize| audit.items[halves.rows[place]].split;
    let mut sums = std::collections::HashMap::<_, PowerSums>::new();
    for (place, loss) in losses.iter().enumerate() {
        *sums.entry(split(place)).or_default() += PowerSums::one(*loss);
    }
    losses.iter().enumerate().map(|(place, loss)| sign * (loss - sums[&split(place)].mean())).collect()
}

/// Every term of the material over the halves' places.
fn terms(
    material: &DiscoverMaterial<'_>,
    halves: &Halves,
    question: &DiscoverQuestion,
    watch: &Watch<'_>,
) -> Vec<Term> {
    let rows = &halves.rows;
    let count = rows.len() as f64;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "shares of a count")]
    let (least, most) = (((count * LEAST_SHARE) as usize).max(question.min_items), (count * MOST_SHARE) as usize);
    let mut terms = attributes::attribute_terms(material.audit, rows);
    let texts = rows.iter().map(|&row| material.audit.items[row].text.as_str());
    terms.extend(words::word_terms(texts, least, most, &|| watch.is_cancelled()));
    terms.extend(material.near.iter().map(|(name, items)| {
        let holds = (0_u32..).zip(rows).filter(|(_, row)| items.binary_search(row).is_ok());
        Term { name: name.clone(), kind: TermKind::Near, rows: holds.map(|(place, _)| place).collect() }
    }));
    terms.retain(|term| (least..=most).contains(&term.rows.len()));
    distinct(terms)
}

/// Terms, where they hold, and where slices are found.
struct Search<'a> {
    terms: Vec<Term>,
    incidence: Incidence,
    values: &'a [f64],
    found_on: &'a [u32],
    question: &'a DiscoverQuestion,
    left_out: usize,
}

impl<'a> Search<'a> {
    fn new(mut terms: Vec<Term>, halves: &'a Halves, values: &'a [f64], question: &'a DiscoverQuestion) -> Self {
        let rows = halves.rows.len();
        let before = terms.len();
        if before > MOST_TERMS || work(&terms, rows) > MOST_WORK {
            most_remarkable_first(&mut terms, values, &halves.found_on);
            terms.truncate(MOST_TERMS);
            while work(&terms, rows) > MOST_WORK {
                terms.truncate(terms.len() * 3 / 4);
            }
        }
        let incidence = Incidence::of(&terms, rows);
        Self { left_out: before - terms.len(), incidence, terms, values, found_on: &halves.found_on, question }
    }

    /// Finds slices, finer ones within them, and tests all of them at once.
    fn run(&self, held_out: &HeldOut<'_>, discovery: &mut Discovery, watch: &Watch<'_>) -> Result<(), DiscoverError> {
        let (found, candidates) = self.found(watch)?;
        discovery.candidates = candidates;
        watch.say(Step::Testing(found.len()));
        let tested: Vec<Option<DiscoveredSlice>> = found.iter().map(|slice| self.tested(slice, held_out)).collect();
        tell(tested, held_out, discovery);
        Ok(())
    }

    /// Every slice found on the first half, finer ones after that they are within, and how many candidates there were.
    fn found(&self, watch: &Watch<'_>) -> Result<(Vec<Found>, usize), DiscoverError> {
        let mut gathered = Gathered { found: Vec::new(), told: Vec::new(), watch };
        let candidates = self.add(&Found::default(), self.found_on, 0, &mut gathered);
        if watch.is_cancelled() { Err(DiscoverError::Cancelled) } else { Ok((gathered.found, candidates)) }
    }

    /// Adds what is found among `rows`, those of `parent` that no earlier slice holds, each with what is found within it;
    /// how many candidates there were.
    fn add(&self, parent: &Found, rows: &[u32], level: usize, gathered: &mut Gathered<'_>) -> usize {
        let (pairs, top) = if level == 0 { (true, self.question.top) } else { (false, FINER) };
        let field = Field {
            incidence: &self.incidence,
            terms: self.terms.len(),
            values: self.values,
            rows,
            least: self.question.min_items,
            pairs,
            tried: if pairs { self.left_out } else { 0 },
        };
        let watch = gathered.watch;
        let pursued = pursue(&field, top, watch, |added| {
            let name = held_out::joined(&self.named(added));
            gathered.tell(&parent.terms, added, FoundSlice { name, level });
        });
        let (mut left, mut earlier) = (rows.to_vec(), parent.earlier.clone());
        for added in pursued.slices {
            let terms = [parent.terms.as_slice(), &added].concat();
            let (inside, outside): (Vec<u32>, Vec<u32>) =
                left.iter().copied().partition(|row| self.holds(&terms, *row));
            let slice = Found { terms: terms.clone(), parent: parent.terms.clone(), earlier: earlier.clone() };
            gathered.found.push(slice.clone());
            if level + 1 < self.question.depth {
                self.add(&slice, &inside, level + 1, gathered);
            }
            left = outside;
            earlier.push(terms);
        }
        pursued.candidates
    }

    fn holds(&self, terms: &[u16], row: u32) -> bool {
        let held = self.incidence.of_row(row as usize);
        terms.iter().all(|term| held.binary_search(term).is_ok())
    }

    fn named(&self, slice: &[u16]) -> Vec<&Term> {
        slice.iter().map(|&term| &self.terms[usize::from(term)]).collect()
    }

    fn tested(&self, slice: &Found, held_out: &HeldOut<'_>) -> Option<DiscoveredSlice> {
        let parents = self.named(&slice.parent);
        let parent = (held_out::joined(&parents), held_out::members(&parents));
        let within = (!parents.is_empty()).then_some((parent.0.as_str(), parent.1.as_slice()));
        let earlier = |place: u32| slice.earlier.iter().any(|terms| self.holds(terms, place));
        held_out.test(&self.named(&slice.terms), within, earlier)
    }
}

/// A slice by its terms, that of the slice it is within, and those found before it.
#[derive(Debug, Clone, Default)]
struct Found {
    terms: Vec<u16>,
    parent: Vec<u16>,
    earlier: Vec<Vec<u16>>,
}

/// What is found, and those who wait for it.
struct Gathered<'a> {
    found: Vec<Found>,
    /// As they will be shown, each with its terms.
    told: Vec<(Vec<u16>, FoundSlice)>,
    watch: &'a Watch<'a>,
}

impl Gathered<'_> {
    /// Tells of one more: it stands after the slice it is within and all that are in there already.
    fn tell(&mut self, parent: &[u16], added: &[u16], slice: FoundSlice) {
        let after = self.told.iter().position(|(terms, _)| terms.as_slice() == parent);
        let from = if slice.level == 0 { self.told.len() } else { after.map_or(self.told.len(), |at| at + 1) };
        let deeper = self.told[from..].iter().take_while(|(_, other)| other.level >= slice.level).count();
        self.told.insert(from + deeper, ([parent, added].concat(), slice));
        let slices = self.told.iter().map(|(_, slice)| slice.clone()).collect();
        self.watch.say(Step::Found(Arc::new(slices)));
    }
}

/// Sums that the pairs of these terms take, row by row.
fn work(terms: &[Term], rows: usize) -> usize {
    let mut held = vec![0_usize; rows];
    terms.iter().flat_map(|term| &term.rows).for_each(|&row| held[row as usize] += 1);
    held.iter().map(|held| held * (held + 1) / 2).sum()
}

/// Terms whose means on the first half are farthest above the others' come first.
fn most_remarkable_first(terms: &mut Vec<Term>, values: &[f64], found_on: &[u32]) {
    let all: PowerSums = found_on.iter().map(|&place| PowerSums::one(values[place as usize])).sum();
    let mut scored: Vec<(f64, Term)> = std::mem::take(terms)
        .into_iter()
        .map(|term| {
            let rows = term::in_both(&term.rows, found_on);
            let group: PowerSums = rows.iter().map(|&place| PowerSums::one(values[place as usize])).sum();
            (stats::skewed_welch(group, all - group).map_or(f64::NEG_INFINITY, |found| found.corrected), term)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    terms.extend(scored.into_iter().map(|(_, term)| term));
}

/// Gives slices their q and tells those that the other half confirms. A finer slice goes with the one it is within.
fn tell(tested: Vec<Option<DiscoveredSlice>>, held_out: &HeldOut<'_>, discovery: &mut Discovery) {
    let found = tested.len();
    let mut slices: Vec<DiscoveredSlice> = tested.into_iter().flatten().collect();
    let p: Vec<stats::Stat<f64>> = slices.iter().map(|slice| Ok(slice.p)).collect();
    for (slice, q) in slices.iter_mut().zip(stats::benjamini_hochberg(&p)) {
        slice.q = q.unwrap_or(1.0);
    }
    let mut told: Vec<DiscoveredSlice> = Vec::new();
    for slice in slices {
        let under = slice.parent.as_ref().is_none_or(|parent| told.iter().any(|other| other.name == *parent));
        if told.iter().any(|other| other.name == slice.name) {
            continue;
        }
        if slice.q <= LEVEL && under { &mut told } else { &mut discovery.untold }.push(slice);
    }
    discovery.unconfirmed = found - told.len();
    discovery.unexplained = held_out.unexplained(&told);
    discovery.slices = told;
}
