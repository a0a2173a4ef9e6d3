//! The two kinds of change, of mean loss and of AUROC: values, intervals, q-values and verdicts.

use super::super::policy::{COVERAGE, LEVEL, enough, enough_of_class};
use super::{Pair, mean};
use crate::diagnose::Measured;
use crate::diagnose::comparison::{Change, ChangeRule, ChangeVerdict};
use crate::stats::{self, Bootstrap, Drawn, Interval, MeasuredGap, Resampling, SideChanges, Stat, Undefined, Units};

/// A metric's change over all items, and for each attribute its group with, its group without, and their gap.
pub struct Kind {
    pub overall: Change,
    pub attributes: Vec<[Change; 3]>,
    worse: Worse,
}

impl Kind {
    /// The same with before and after changed over. The draws of either way are the same, so p and q are, every difference
    /// and interval has the other sign, and verdicts follow from them anew.
    pub fn turned(&self, least: f64) -> Self {
        let turn = |change: &Change, worse| turned(change, worse, least);
        let attributes = self
            .attributes
            .iter()
            .map(|[with, without, gap]| [turn(with, self.worse), turn(without, self.worse), turn(gap, Worse::Apart)]);
        Self { overall: turn(&self.overall, self.worse), attributes: attributes.collect(), worse: self.worse }
    }
}

fn turned(change: &Change, worse: Worse, least: f64) -> Change {
    // Not −x: that of zero would be −0.
    let negative = |value: f64| 0.0 - value;
    let mut turned = Change { before: change.after, after: change.before, ..*change };
    if let Measured::Value(by) = &mut turned.change {
        *by = negative(*by);
    }
    if let Measured::Value(interval) = &mut turned.interval {
        *interval = Interval { low: negative(interval.high), high: negative(interval.low), level: interval.level };
    }
    turned.verdict = verdict(&turned, worse, least);
    turned
}

/// Which way is worse.
#[derive(Clone, Copy)]
enum Worse {
    Up,
    Down,
    /// Away from zero: a gap.
    Apart,
}

pub fn kind_of_loss(pair: &Pair, sides: &[Vec<stats::Side>], units: Units, rule: &ChangeRule, told: Drawn<'_>) -> Kind {
    let plan = Resampling { replicates: rule.replicates, seed: rule.seed };
    let value = |model: usize, group| {
        mean(&members(pair, sides, group).into_iter().map(|item| pair.losses[model][item]).collect::<Vec<f64>>())
    };
    let enough = |group| enough(&members(pair, sides, group), units);
    let differences: Vec<f64> =
        pair.losses[0].iter().zip(&pair.losses[1]).map(|(before, after)| after - before).collect();
    let everybody = vec![stats::Side::With; differences.len()];
    // Percentile intervals are short on few skewed differences; a bootstrap is drawn only for those that do not vary.
    let law = |of: Of| match of {
        Of::Group(None) => stats::mean_against_zero(&differences, &everybody, stats::Side::With, units),
        Of::Group(Some((attribute, side))) => stats::mean_against_zero(&differences, &sides[attribute], side, units),
        Of::Gap(attribute) => stats::mean_gap(&differences, &sides[attribute], units, stats::Better::Lower),
    };
    let varies = |of| law(of).is_ok_and(|law| law.variance > 0.0);
    let of = |at| [Of::Group(Some((at, stats::Side::With))), Of::Group(Some((at, stats::Side::Without))), Of::Gap(at)];
    let drawn = if std::iter::once(Of::Group(None)).chain((0..sides.len()).flat_map(of)).all(varies) {
        (0..rule.replicates).for_each(|_| told());
        Err(Undefined::Empty)
    } else {
        stats::mean_changes(&pair.losses[0], &pair.losses[1], sides, units, plan, told)
    };
    kind(sides.len(), drawn.as_ref().map_err(|why| *why), (value, law, enough), Worse::Up, rule.least_loss)
}

pub fn kind_of_auroc(
    pair: &Pair,
    sides: &[Vec<stats::Side>],
    units: Units,
    rule: &ChangeRule,
    told: Drawn<'_>,
) -> Kind {
    let plan = Resampling { replicates: rule.replicates, seed: rule.seed };
    let Some((scores, labels)) = &pair.scored else {
        let none = (|_, _| Err(Undefined::Empty), |_| Err(Undefined::Empty), |_| Err(Undefined::Empty));
        return kind(sides.len(), Err(Undefined::Empty), none, Worse::Down, 0.0);
    };
    let drawn = stats::auroc_changes(&scores[0], &scores[1], labels, sides, units, plan, told);
    let value = |model: usize, group| {
        let members = members(pair, sides, group);
        let (scores, labels): (Vec<f64>, Vec<bool>) =
            members.into_iter().map(|item| (scores[model][item], labels[item])).unzip();
        stats::auroc(&scores, &labels)
    };
    let enough = |group| {
        let members = members(pair, sides, group);
        enough(&members, units).and(enough_of_class(&members, labels))
    };
    let law = |_| Err(Undefined::Empty);
    kind(sides.len(), drawn.as_ref().map_err(|why| *why), (value, law, enough), Worse::Down, rule.least_auroc)
}

/// All items, or those on a side of an attribute.
type Group = Option<(usize, stats::Side)>;

/// What changed: a group's own figure, or an attribute's gap.
#[derive(Clone, Copy)]
enum Of {
    Group(Group),
    Gap(usize),
}

/// Positions of a group's items.
fn members(pair: &Pair, sides: &[Vec<stats::Side>], group: Group) -> Vec<usize> {
    let on = |item: &usize| group.is_none_or(|(attribute, side)| sides[attribute][*item] == side);
    (0..pair.rows.len()).filter(on).collect()
}

/// Puts values, intervals, q-values and verdicts together.
fn kind(
    attributes: usize,
    drawn: Result<&stats::Changes, Undefined>,
    (value, law, enough): (
        impl Fn(usize, Group) -> Stat<f64>,
        impl Fn(Of) -> Stat<MeasuredGap>,
        impl Fn(Group) -> Stat<()>,
    ),
    worse: Worse,
    least: f64,
) -> Kind {
    let raw = |group: Group| Raw {
        before: value(0, group),
        after: value(1, group),
        drawn: drawn.and_then(|drawn| match group {
            None => drawn.overall.as_ref().map_err(|why| *why),
            Some((attribute, side)) => of_side(&drawn.attributes[attribute], side).as_ref().map_err(|why| *why),
        }),
        law: law(Of::Group(group)),
        enough: enough(group),
    };
    let overall = judged(vec![raw(None)], worse, least)[0];
    let of = |side| (0..attributes).map(|attribute| raw(Some((attribute, side)))).collect::<Vec<Raw>>();
    let (with, without) = (of(stats::Side::With), of(stats::Side::Without));
    let gaps = (0..attributes).map(|attribute| {
        let (with, without) = (&with[attribute], &without[attribute]);
        let less = |a: Stat<f64>, b: Stat<f64>| Ok(a? - b?);
        Raw {
            before: less(with.before, without.before),
            after: less(with.after, without.after),
            drawn: drawn.and_then(|drawn| drawn.attributes[attribute].gap.as_ref().map_err(|why| *why)),
            law: law(Of::Gap(attribute)),
            enough: with.enough.and(without.enough),
        }
    });
    let gaps = judged(gaps.collect(), Worse::Apart, least);
    let groups = judged(with.into_iter().chain(without).collect(), worse, least);
    let attributes = (0..attributes).map(|at| [groups[at], groups[attributes + at], gaps[at]]).collect();
    Kind { overall, attributes, worse }
}

fn of_side(changes: &SideChanges, side: stats::Side) -> &Stat<Bootstrap> {
    if side == stats::Side::With { &changes.with } else { &changes.without }
}

/// A change before it is compared with the others of its kind.
struct Raw<'a> {
    before: Stat<f64>,
    after: Stat<f64>,
    drawn: Stat<&'a Bootstrap>,
    /// Of the differences item by item, where the figure is a mean.
    law: Stat<MeasuredGap>,
    enough: Stat<()>,
}

impl Raw<'_> {
    /// What varies, by its law.
    fn varying(&self) -> Option<MeasuredGap> {
        self.law.ok().filter(|law| law.variance > 0.0)
    }

    fn p(&self) -> Stat<f64> {
        self.enough?;
        self.varying().map_or_else(|| Ok(self.drawn?.p_zero()), |law| law.p())
    }

    fn interval(&self) -> Stat<Interval> {
        self.varying().map_or_else(|| self.drawn?.percentile(COVERAGE), |law| Ok(law.interval(COVERAGE)))
    }
}

fn judged(raw: Vec<Raw>, worse: Worse, least: f64) -> Vec<Change> {
    // A group that is too small gets no p, and so does not make the others' q larger.
    let p: Vec<Stat<f64>> = raw.iter().map(Raw::p).collect();
    let q = stats::benjamini_hochberg(&p);
    let one = |(raw, (p, q)): (Raw, (Stat<f64>, Stat<f64>))| {
        let change = raw.before.and_then(|before| Ok(raw.after? - before));
        let found = Change {
            before: raw.before.into(),
            after: raw.after.into(),
            change: change.into(),
            interval: raw.interval().into(),
            p: p.into(),
            q: q.into(),
            verdict: ChangeVerdict::NotEnoughData,
        };
        Change { verdict: verdict(&found, worse, least), ..found }
    };
    raw.into_iter().zip(p.into_iter().zip(q)).map(one).collect()
}

/// What became of it: worse or better where q is small and the change is worth a word.
fn verdict(change: &Change, worse: Worse, least: f64) -> ChangeVerdict {
    let badness = match worse {
        Worse::Up => change.change.value(),
        Worse::Down => change.change.value().map(|change| -change),
        Worse::Apart => {
            change.before.value().zip(change.after.value()).map(|(before, after)| after.abs() - before.abs())
        }
    };
    match (change.q.value(), badness) {
        (Some(q), Some(badness)) if q < LEVEL && badness.abs() >= least && badness != 0.0 => {
            if badness > 0.0 {
                ChangeVerdict::Worse
            } else {
                ChangeVerdict::Better
            }
        }
        (Some(_), Some(_)) => ChangeVerdict::NoDifference,
        _ => ChangeVerdict::NotEnoughData,
    }
}
