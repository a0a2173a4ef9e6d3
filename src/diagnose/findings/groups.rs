//! Which groups are worth a sentence: the worst first, and none that another one already explains.

use super::{Finding, GroupFinding, LossBins, NamedSlice, WorstItem, least_gap, words};
use crate::audit::Side;
use crate::diagnose::group_losses::{GroupLosses, Pairs};
use crate::diagnose::intersections::{JudgedPair, judge};
use crate::diagnose::policy::LEAST_LOSS_SHARE;
use crate::diagnose::{GapEvidence, Measured, Verdict};
use crate::stats::{self, Better, MeasuredGap, Moments, Stat};
use std::collections::HashSet;

/// Share of its gap that a group must keep outside of the groups above it.
const KEPT_SHARE: f64 = 0.5;
/// How much more than the worse of its parts a pair must lose.
const BEYOND_PARTS: f64 = 1.1;
/// Fewest items of a group outside of the groups above it.
const LEAST_OUTSIDE: usize = 30;
/// Most pairs of attributes among the findings.
const MOST_PAIRS: usize = 2;
/// Share of the mean loss of all under which a group loses nothing.
const NO_LOSS: f64 = 1e-12;
/// Worst items that are named.
const NAMED: usize = 5;

/// Attributes and pairs by how sure and how large their gaps are.
pub struct Candidates<'a> {
    losses: &'a GroupLosses<'a>,
    gaps: &'a [Stat<MeasuredGap>],
    evidence: &'a [GapEvidence],
    pairs: Pairs<'a>,
    judged: Vec<JudgedPair>,
    bins: LossBins,
}

/// A group that may be found, and what orders it.
struct Candidate {
    finding: Finding,
    /// The least its gap can be.
    least: f64,
    /// Positions of the attributes it is made of.
    attributes: Vec<usize>,
}

impl<'a> Candidates<'a> {
    pub fn new(losses: &'a GroupLosses<'a>, gaps: &'a [Stat<MeasuredGap>], evidence: &'a [GapEvidence]) -> Self {
        let pairs = losses.pairs();
        let judged = judge(&pairs);
        Self { losses, gaps, evidence, pairs, judged, bins: LossBins::of(&losses.losses) }
    }

    /// All losses in bins.
    pub fn bins(&self) -> &LossBins {
        &self.bins
    }

    /// Pairs that were looked at.
    pub fn pairs(&self) -> usize {
        self.judged.len()
    }

    /// Groups and a slice that lose more than others, worst first, and the easy case last: at most `room` in all.
    pub fn found(&self, room: usize, slice: Option<&NamedSlice>) -> Vec<Finding> {
        let (some, covered) = self.harder(room.saturating_sub(1), slice);
        let (mut found, easiest) = match self.easiest(&covered) {
            None => (self.harder(room, slice).0, None),
            easiest => (some, easiest),
        };
        found.extend(easiest);
        found
    }

    /// Those that lose more, and the items that any attribute among them holds; a pair stands behind the part it adds to.
    fn harder(&self, room: usize, slice: Option<&NamedSlice>) -> (Vec<Finding>, Vec<bool>) {
        let (mut found, covered) = self.singles_found(room);
        let pairs = self.pairs_found(MOST_PAIRS.min(room / 2), &found, &covered);
        found.truncate(room - pairs.len());
        for pair in pairs {
            let part = found.iter().position(|known| known.attributes.iter().any(|at| pair.attributes.contains(at)));
            let worse = |known: &Candidate| known.least < pair.least;
            let place = part.map_or_else(|| found.iter().position(worse).unwrap_or(found.len()), |part| part + 1);
            found.insert(place, pair);
        }
        let mut covered = self.covered(&found);
        if let Some(slice) = slice.and_then(|slice| self.slice(slice, &covered)) {
            // Behind all that lose more, those of a pair with it: in order of harm.
            let place = found.iter().rposition(|known| known.least >= slice.least).map_or(0, |last| last + 1);
            found.insert(place, slice);
            found.truncate(room);
            covered = self.covered(&found);
        }
        (found.into_iter().map(|candidate| candidate.finding).collect(), covered)
    }

    /// The items that the groups told of single attributes hold.
    fn covered(&self, found: &[Candidate]) -> Vec<bool> {
        let mut covered = vec![false; self.losses.rows.len()];
        for candidate in found {
            let (Finding::Harder(group), [at]) = (&candidate.finding, candidate.attributes.as_slice()) else {
                continue;
            };
            let values = &self.losses.audit.attributes[*at].values;
            let members = self.losses.members(|row| values[row].map(|has| has == (group.side == Side::True)));
            members.into_iter().for_each(|item| covered[item] = true);
        }
        covered
    }

    /// A slice found by a search, if the groups above leave half of its excess.
    fn slice(&self, slice: &NamedSlice, covered: &[bool]) -> Option<Candidate> {
        let least = slice.interval.low - slice.overall;
        let [tested, items] = [&slice.tested, &slice.items].map(|rows| rows.iter().copied().collect::<HashSet<_>>());
        // Where it was found it looks worse than it is: those items are on neither side.
        let group = |row: usize| tested.contains(&row).then_some(true).or((!items.contains(&row)).then_some(false));
        let kept = !covered.contains(&true) || self.keeps(covered, group, slice.mean_loss - slice.overall);
        let candidate = || Candidate { finding: Finding::Discovered(slice.clone()), least, attributes: Vec::new() };
        (kept && least >= LEAST_LOSS_SHARE * slice.overall).then(candidate)
    }

    /// The group that loses least against others and keeps half of that outside of the groups above it.
    fn easiest(&self, covered: &[bool]) -> Option<Finding> {
        let easy = |at: &usize| self.worse_side(*at) == Some(Side::False) && !self.is_minority(*at);
        let resolved = (0..self.evidence.len()).filter(easy).filter_map(|at| Some((at, self.least_of(at)?)));
        let mut order: Vec<(usize, f64)> = resolved.collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let keeps = |at: usize| {
            let others = |row: usize| self.losses.audit.attributes[at].values[row].map(|has| !has);
            let gap = self.gaps[at].map_or(f64::INFINITY, |gap| gap.gap.signed.abs());
            !covered.contains(&true) || self.keeps(covered, others, gap)
        };
        let (at, _) = order.into_iter().find(|(at, _)| keeps(*at))?;
        Some(Finding::Easier(self.single(at, Side::True)?))
    }

    /// The least a resolved gap can be, with its sign.
    fn least_of(&self, at: usize) -> Option<f64> {
        let evidence = &self.evidence[at];
        let large = |least: &f64| least.abs() >= LEAST_LOSS_SHARE * self.losses.all.mean();
        (evidence.verdict == Verdict::Resolved).then(|| least_gap(evidence)).flatten().filter(large)
    }

    fn worse_side(&self, at: usize) -> Option<Side> {
        Some(if self.gaps[at].ok()?.gap.signed > 0.0 { Side::True } else { Side::False })
    }

    /// Whether those without the attribute are the smaller group.
    fn is_minority(&self, at: usize) -> bool {
        let [with, without] = self.losses.single(at);
        without.n() < with.n()
    }

    /// Attributes whose group fares worse, each with what is left of its gap outside of those above it; and the items
    /// that any of them holds.
    fn singles_found(&self, room: usize) -> (Vec<Candidate>, Vec<bool>) {
        let mut order: Vec<(usize, Side, f64)> = (0..self.evidence.len())
            .filter_map(|at| {
                let side = self.worse_side(at)?;
                // A large group that fares worse than a small one without a name is the small one's easy case.
                (side == Side::True || self.is_minority(at)).then_some((at, side, self.least_of(at)?.abs()))
            })
            .collect();
        order.sort_by(|a, b| b.2.total_cmp(&a.2));
        let mut covered = vec![false; self.losses.rows.len()];
        let mut found = Vec::new();
        for (at, side, least) in order {
            if found.len() == room {
                break;
            }
            let group =
                |row: usize| self.losses.audit.attributes[at].values[row].map(|has| has == (side == Side::True));
            let Ok(gap) = self.gaps[at] else { continue };
            if !found.is_empty() && !self.keeps(&covered, group, gap.gap.signed.abs()) {
                continue;
            }
            let Some(single) = self.single(at, side) else { continue };
            self.losses.members(group).into_iter().for_each(|item| covered[item] = true);
            found.push(Candidate { finding: Finding::Harder(single), least, attributes: vec![at] });
        }
        (found, covered)
    }

    /// Whether a group outside of those above it keeps half of its gap, and more than chance.
    fn keeps(&self, covered: &[bool], group: impl Fn(usize) -> Option<bool>, gap: f64) -> bool {
        let side = |wanted: bool| {
            let on = |at: &usize| !covered[*at] && group(self.losses.rows[*at]) == Some(wanted);
            let values = (0..covered.len()).filter(on).map(|at| self.losses.losses[at]);
            Moments::of(values, self.losses.all.centre())
        };
        let (with, without) = (side(true), side(false));
        let left = with.gap(&without, Better::Lower);
        with.n().min(without.n()) >= LEAST_OUTSIDE
            && left.is_ok_and(|left| left.gap.signed >= KEPT_SHARE * gap && left.interval(0.95).low > 0.0)
    }

    /// Pairs that lose more than either part explains, no two of which share an attribute. One without a part among the
    /// groups above must keep its gap outside of them.
    fn pairs_found(&self, room: usize, above: &[Candidate], covered: &[bool]) -> Vec<Candidate> {
        let resolved: Vec<(&JudgedPair, f64)> = (self.judged.iter())
            .filter(|pair| pair.evidence.verdict == Verdict::Resolved)
            .filter_map(|pair| Some((pair, least_gap(&pair.evidence).filter(|least| *least > 0.0)?)))
            .collect();
        let beyond: Vec<Stat<f64>> = resolved.iter().map(|(pair, _)| self.p_beyond(pair)).collect();
        let q = stats::benjamini_hochberg(&beyond);
        let adds = |(_, q): &(&(&JudgedPair, f64), &Stat<f64>)| q.is_ok_and(|q| q < 0.05);
        let mut adding: Vec<(&JudgedPair, f64)> = resolved.iter().zip(&q).filter(adds).map(|(pair, _)| *pair).collect();
        adding.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut found: Vec<Candidate> = Vec::new();
        for (pair, least) in adding {
            let shares = |known: &Candidate| known.attributes.iter().any(|at| [pair.a, pair.b].contains(at));
            if found.len() == room {
                break;
            }
            let group = |row: usize| self.pairs.membership(pair.a, pair.b, row);
            let gap = pair.gap.map_or(0.0, |gap| gap.gap.signed);
            if found.iter().any(shares) || !(above.iter().any(shares) || self.keeps(covered, group, gap)) {
                continue;
            }
            if let Some(group) = self.pair(pair) {
                found.push(Candidate { finding: Finding::Pair(group), least, attributes: vec![pair.a, pair.b] });
            }
        }
        found
    }

    /// Two-sided p of "the pair loses no more than the rest of one of its parts": the larger of the two, for both must
    /// be wrong. An error where it does not lose more, or not by enough to be worth a word.
    fn p_beyond(&self, pair: &JudgedPair) -> Stat<f64> {
        let loss = pair.gap?.gap.with;
        let worst = [pair.a, pair.b].map(|part| self.losses.single(part)[0].mean()).into_iter().fold(0.0, f64::max);
        let p = |part: usize| {
            let gap = self.pairs.gap_to_rest(pair.a, pair.b, part)?;
            if gap.gap.signed > 0.0 { gap.p() } else { Ok(1.0) }
        };
        let larger = p(pair.a)?.max(p(pair.b)?);
        Ok(if loss >= BEYOND_PARTS * worst { larger } else { 1.0 })
    }

    fn single(&self, at: usize, side: Side) -> Option<GroupFinding> {
        let attribute = &self.losses.audit.attributes[at];
        let gap = self.gaps[at].ok()?;
        let turned = side == Side::False;
        let group = words::group(&attribute.name, &attribute.prompts, side);
        let members = |row: usize| attribute.values[row].map(|has| has != turned);
        Some(self.finding(vec![attribute.name.clone()], side, group, (&gap, &self.evidence[at]), members))
    }

    fn pair(&self, pair: &JudgedPair) -> Option<GroupFinding> {
        let names = [pair.a, pair.b].map(|at| self.losses.audit.attributes[at].name.clone());
        let group = format!("items with both {} and {}", names[0], names[1]);
        let members = |row: usize| self.pairs.membership(pair.a, pair.b, row);
        let found = self.finding(names.to_vec(), Side::True, group, (&pair.gap.ok()?, &pair.evidence), members);
        let parts = [pair.a, pair.b].map(|part| self.losses.single(part)[0].mean()).to_vec();
        Some(GroupFinding { parts, ..found })
    }

    fn finding(
        &self,
        subject: Vec<String>,
        side: Side,
        group: String,
        (gap, evidence): (&MeasuredGap, &GapEvidence),
        is_member: impl Fn(usize) -> Option<bool>,
    ) -> GroupFinding {
        let turned = side == Side::False;
        let (mine, others) = (gap.gap.with, gap.gap.without);
        // What rounding leaves of no loss at all is none.
        let none = NO_LOSS * self.losses.all.mean();
        let [mine, others] = [mine, others].map(|mean| if mean.abs() <= none { 0.0 } else { mean });
        let (loss, loss_others) = if turned { (others, mine) } else { (mine, others) };
        let (n, n_others) = if turned { (gap.n_without, gap.n_with) } else { (gap.n_with, gap.n_without) };
        let interval = match evidence.interval {
            Measured::Value(interval) if turned => {
                Measured::Value(stats::Interval { low: -interval.high, high: -interval.low, ..interval })
            }
            as_it_is => as_it_is,
        };
        let total = self.losses.all.total();
        let members = self.losses.members(is_member);
        GroupFinding {
            subject,
            side,
            group,
            n,
            of: self.losses.rows.len(),
            n_others,
            loss,
            loss_others,
            ratio: (loss_others > 0.0).then(|| loss / loss_others),
            gap: loss - loss_others,
            interval,
            q: evidence.q,
            verdict: evidence.verdict,
            share: if total > 0.0 { loss * n as f64 / total } else { 0.0 },
            parts: Vec::new(),
            bins: self.bins.count(members.iter().map(|&at| self.losses.losses[at])),
            worst: self.worst(members),
            estimate: None,
        }
    }

    /// The items that lose most, ties in the order of the audit.
    fn worst(&self, mut members: Vec<usize>) -> Vec<WorstItem> {
        let order = |a: &usize, b: &usize| self.losses.losses[*b].total_cmp(&self.losses.losses[*a]).then(a.cmp(b));
        if members.len() > NAMED {
            members.select_nth_unstable_by(NAMED, order);
            members.truncate(NAMED);
        }
        members.sort_by(order);
        let item = |at: usize| WorstItem {
            id: self.losses.audit.items[self.losses.rows[at]].id.to_string(),
            loss: self.losses.losses[at],
        };
        members.into_iter().map(item).collect()
    }
}
