//! Macro one-vs-rest AUROC of a multi-class model, fed one class's score column at a time.

use serde::{Deserialize, Serialize};

use super::moments::{count, sum};
use super::undefined::{Stat, Undefined};

/// Where the negatives of a class come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Negatives {
    /// Items of other classes in the group (the paper's reading).
    #[default]
    Group,
    /// Items of other classes anywhere.
    All,
}

/// How much each class counts in the macro mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Every eligible class alike.
    #[default]
    Class,
    /// By its items in the group.
    Item,
}

impl ClassWeight {
    pub(crate) fn of(self, class: &ClassAuroc) -> f64 {
        match self {
            Self::Class => 1.0,
            Self::Item => count(class.positives),
        }
    }
}

/// One eligible class within a group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassAuroc {
    /// The class.
    pub class: usize,
    /// AUROC of the class's score against the rest, ties half.
    pub value: f64,
    /// Items of the class in the group.
    pub positives: usize,
}

/// The mean of one-vs-rest AUROCs over the eligible classes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MacroAuroc {
    /// The mean.
    pub value: f64,
    /// Variance of the mean with classes as the independent units (`s²/C`); 0 for one class.
    pub variance: f64,
    /// Classes with at least one positive and one negative.
    pub eligible: usize,
    /// Items of eligible classes in the group.
    pub items: usize,
}

/// One-vs-rest AUROCs of several groups at once; holds one score column at a time, never the `n × C` matrix.
#[derive(Debug, Clone)]
pub struct OneVsRest<'a> {
    class_of: &'a [usize],
    groups: Vec<Group<'a>>,
    negatives: Negatives,
}

#[derive(Debug, Clone)]
struct Group<'a> {
    member: &'a [bool],
    size: usize,
    classes: Vec<ClassAuroc>,
}

impl<'a> OneVsRest<'a> {
    /// Prepares for items with classes `class_of` (shape `n`) and groups given as masks (shape `n` each).
    ///
    /// # Errors
    /// `Empty` (no items), `LengthMismatch`.
    pub fn new(class_of: &'a [usize], groups: &[&'a [bool]], negatives: Negatives) -> Stat<Self> {
        if class_of.is_empty() {
            return Err(Undefined::Empty);
        }
        if groups.iter().any(|member| member.len() != class_of.len()) {
            return Err(Undefined::LengthMismatch);
        }
        let group =
            |&member: &&'a [bool]| Group { member, size: member.iter().filter(|&&is| is).count(), classes: Vec::new() };
        Ok(Self { class_of, groups: groups.iter().map(group).collect(), negatives })
    }

    /// Takes the scores of one class for every item (shape `n`); each class once, in any order.
    ///
    /// O(n + q·log k) for `k` items of the class and `q` items at or above the lowest of them, then O(q) a group.
    ///
    /// # Errors
    /// `LengthMismatch`, `NotFinite` (NaN only).
    pub fn push<S: Copy + Into<f64>>(&mut self, class: usize, scores: &[S]) -> Stat<()> {
        if scores.len() != self.class_of.len() {
            return Err(Undefined::LengthMismatch);
        }
        let column = Column::new(self.class_of, class, scores)?;
        for group in &mut self.groups {
            let all = self.negatives == Negatives::All;
            let may_be_negative = |item: usize| all || group.member[item];
            let pool = if all { self.class_of.len() } else { group.size };
            let positives = column.positives_where(|item| group.member[item]);
            let negatives = pool - column.positives_where(may_be_negative);
            if positives == 0 || negatives == 0 {
                continue;
            }
            let lost = column.pairs_lost(|item| group.member[item], may_be_negative);
            group.classes.push(ClassAuroc {
                class,
                value: 1.0 - lost / (count(positives) * count(negatives)),
                positives,
            });
        }
        Ok(())
    }

    /// The eligible classes of a group so far, in the order pushed; none for a group that does not exist.
    #[must_use]
    pub fn classes(&self, group: usize) -> &[ClassAuroc] {
        self.groups.get(group).map_or(&[], |group| &group.classes)
    }

    /// The macro mean of a group over the classes pushed so far.
    ///
    /// # Errors
    /// `OneClass` when no class is eligible.
    pub fn macro_auroc(&self, group: usize, weight: ClassWeight) -> Stat<MacroAuroc> {
        macro_mean(self.classes(group), weight)
    }
}

/// One class's column, reduced to what can change an AUROC: the items that are not below all its positives.
struct Column {
    /// Items of the class with the place of their score among the distinct scores of the class.
    positives: Vec<(usize, usize)>,
    /// Items of other classes at or above the lowest positive, with twice the number of distinct positive
    /// scores below theirs, plus one if theirs is itself such a score.
    contenders: Vec<(usize, usize)>,
    distinct: usize,
}

impl Column {
    fn new<S: Copy + Into<f64>>(class_of: &[usize], class: usize, scores: &[S]) -> Stat<Self> {
        let score = |item: usize| -> f64 { scores[item].into() };
        if (0..scores.len()).any(|item| score(item).is_nan()) {
            return Err(Undefined::NotFinite);
        }
        let items = || (0..scores.len()).filter(|&item| class_of[item] == class);
        let mut values: Vec<f64> = items().map(score).collect();
        values.sort_unstable_by(f64::total_cmp);
        // Both zeros are one score.
        values.dedup_by(|a, b| a == b);
        let below = |value: f64| values.partition_point(|&v| v < value);
        let positives = items().map(|item| (item, below(score(item)))).collect();
        let lowest = values.first().copied().unwrap_or(f64::INFINITY);
        let contenders = (0..scores.len())
            .filter(|&item| class_of[item] != class && score(item) >= lowest)
            .map(|item| {
                let place = below(score(item));
                let tied = values.get(place) == Some(&score(item));
                (item, 2 * place + usize::from(tied))
            })
            .collect();
        Ok(Self { positives, contenders, distinct: values.len() })
    }

    fn positives_where(&self, holds: impl Fn(usize) -> bool) -> usize {
        self.positives.iter().filter(|&&(item, _)| holds(item)).count()
    }

    /// Pairs of a kept positive and a kept negative in the wrong order, ties half.
    fn pairs_lost(&self, keep_positive: impl Fn(usize) -> bool, keep_negative: impl Fn(usize) -> bool) -> f64 {
        let mut at_place = vec![0_u64; self.distinct];
        for &(_, place) in self.positives.iter().filter(|&&(item, _)| keep_positive(item)) {
            at_place[place] += 1;
        }
        // How many kept positives stand at a lower place.
        let mut below = vec![0_u64; self.distinct + 1];
        for (place, positives) in at_place.iter().enumerate() {
            below[place + 1] = below[place] + positives;
        }
        let mut twice_lost = 0_u64;
        for &(_, code) in self.contenders.iter().filter(|&&(item, _)| keep_negative(item)) {
            let (place, tied) = (code / 2, code % 2 == 1);
            twice_lost += 2 * below[place] + if tied { at_place[place] } else { 0 };
        }
        float(twice_lost) / 2.0
    }
}

#[allow(clippy::cast_precision_loss)]
const fn float(n: u64) -> f64 {
    n as f64
}

/// The macro mean of one-vs-rest AUROCs over one group: the columns are `(class, scores of shape n)`.
///
/// # Errors
/// As [`OneVsRest::new`], [`OneVsRest::push`] and [`OneVsRest::macro_auroc`].
pub fn macro_auroc<C: AsRef<[f64]>>(
    columns: impl IntoIterator<Item = (usize, C)>,
    class_of: &[usize],
    group: &[bool],
    negatives: Negatives,
    weight: ClassWeight,
) -> Stat<MacroAuroc> {
    let mut one_vs_rest = OneVsRest::new(class_of, &[group], negatives)?;
    for (class, scores) in columns {
        one_vs_rest.push(class, scores.as_ref())?;
    }
    one_vs_rest.macro_auroc(0, weight)
}

pub(crate) fn macro_mean(classes: &[ClassAuroc], weight: ClassWeight) -> Stat<MacroAuroc> {
    if classes.is_empty() {
        return Err(Undefined::OneClass);
    }
    let total = sum(classes.iter().map(|class| weight.of(class)));
    let value = sum(classes.iter().map(|class| weight.of(class) * class.value)) / total;
    let influences = classes.iter().map(|class| weight.of(class) * (class.value - value) / total);
    Ok(MacroAuroc {
        value,
        variance: unit_variance(influences, classes.len()),
        eligible: classes.len(),
        items: classes.iter().map(|class| class.positives).sum(),
    })
}

/// `U/(U−1) · Σ l²`; 0 for one unit.
pub(crate) fn unit_variance(influences: impl Iterator<Item = f64>, units: usize) -> f64 {
    if units < 2 {
        return 0.0;
    }
    count(units) / count(units - 1) * sum(influences.map(|l| l * l))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::auroc;

    const CLASS_OF: [usize; 9] = [0, 0, 1, 1, 2, 2, 2, 3, 1];
    const MEMBER: [bool; 9] = [true, true, true, true, true, false, true, false, true];

    /// Coarse scores with ties, larger for the item's own class.
    fn column(class: usize) -> Vec<f64> {
        let score = |item: usize| {
            let own = usize::from(CLASS_OF[item] == class);
            ((item * 5 + class * 3) % 4 + own) as f64
        };
        (0..CLASS_OF.len()).map(score).collect()
    }

    fn brute(class: usize, negatives: Negatives) -> Stat<f64> {
        let keep = |&i: &usize| {
            let outside = negatives == Negatives::All && CLASS_OF[i] != class;
            MEMBER[i] || outside
        };
        let items: Vec<usize> = (0..CLASS_OF.len()).filter(keep).collect();
        let scores: Vec<f64> = items.iter().map(|&i| column(class)[i]).collect();
        let labels: Vec<bool> = items.iter().map(|&i| CLASS_OF[i] == class).collect();
        auroc(&scores, &labels)
    }

    #[test]
    fn each_class_equals_its_plain_auroc() {
        for negatives in [Negatives::Group, Negatives::All] {
            let mut all = OneVsRest::new(&CLASS_OF, &[&MEMBER], negatives).unwrap();
            for class in 0..4 {
                all.push(class, &column(class)).unwrap();
            }
            // Class 3 has no item in the group.
            assert_eq!(all.classes(0).len(), 3);
            for class in all.classes(0) {
                let expected = brute(class.class, negatives).unwrap();
                assert!((class.value - expected).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn weights_are_by_class_or_by_item() {
        let run = |weight| {
            let columns = (0..4).map(|class| (class, column(class)));
            macro_auroc(columns, &CLASS_OF, &MEMBER, Negatives::Group, weight).unwrap()
        };
        let values = [0, 1, 2].map(|class| brute(class, Negatives::Group).unwrap());
        let by_class = run(ClassWeight::Class);
        assert!((by_class.value - values.iter().sum::<f64>() / 3.0).abs() < 1e-15);
        assert_eq!((by_class.eligible, by_class.items), (3, 7));
        let by_item = (2.0 * values[0] + 3.0 * values[1] + 2.0 * values[2]) / 7.0;
        assert!((run(ClassWeight::Item).value - by_item).abs() < 1e-15);
    }

    #[test]
    fn f32_columns_are_taken_as_they_are() {
        let mut all = OneVsRest::new(&[0, 1], &[&[true, true]], Negatives::Group).unwrap();
        all.push(0, &[0.7_f32, 0.2]).unwrap();
        let result = all.macro_auroc(0, ClassWeight::Class).unwrap();
        assert_eq!((result.value, result.variance), (1.0, 0.0));
    }

    #[test]
    fn bad_input_is_an_error_value() {
        let group: &[bool] = &[true, true];
        let mut all = OneVsRest::new(&[0, 1], &[group], Negatives::Group).unwrap();
        assert_eq!(all.macro_auroc(0, ClassWeight::Class), Err(Undefined::OneClass));
        assert_eq!(all.macro_auroc(7, ClassWeight::Class), Err(Undefined::OneClass));
        assert_eq!(all.push(0, &[1.0]), Err(Undefined::LengthMismatch));
        assert_eq!(all.push(0, &[1.0, f64::NAN]), Err(Undefined::NotFinite));
        assert!(OneVsRest::new(&[0], &[group], Negatives::Group).is_err());
        assert!(OneVsRest::new(&[], &[], Negatives::Group).is_err());
    }
}
