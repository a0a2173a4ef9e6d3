//! Items grouped into clusters (photos of one person), the units that are resampled and permuted.

use super::moments::{count, sum};

/// Which items belong together: every item is in exactly one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    /// The cluster of each item, 0-based, in order of first label value.
    of_item: Vec<usize>,
    /// Items by cluster, each cluster's in ascending order.
    items: Vec<usize>,
    /// Where each cluster starts in `items`; one more than there are clusters.
    starts: Vec<usize>,
}

impl Clusters {
    /// Clusters from one label per item (shape `n`); equal labels belong together, values are free.
    #[must_use]
    pub fn from_labels(labels: &[usize]) -> Self {
        let mut items: Vec<usize> = (0..labels.len()).collect();
        items.sort_by_key(|&item| labels[item]);
        let mut of_item = vec![0; labels.len()];
        let mut starts = vec![0];
        for block in items.chunk_by(|&a, &b| labels[a] == labels[b]) {
            let cluster = starts.len() - 1;
            for &item in block {
                of_item[item] = cluster;
            }
            starts.push(starts[cluster] + block.len());
        }
        Self { of_item, items, starts }
    }

    /// How many items.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.of_item.len()
    }

    /// How many clusters.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is nothing to cluster.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.of_item.is_empty()
    }

    /// The cluster of an item; `None` past the last item.
    #[must_use]
    pub fn of(&self, item: usize) -> Option<usize> {
        self.of_item.get(item).copied()
    }

    /// The items of a cluster, ascending; none for a cluster that does not exist.
    #[must_use]
    pub fn members(&self, cluster: usize) -> &[usize] {
        match (self.starts.get(cluster), self.starts.get(cluster + 1)) {
            (Some(&from), Some(&to)) => &self.items[from..to],
            _ => &[],
        }
    }
}

/// What is drawn, left out or exchanged as one: single items, or whole clusters.
#[derive(Debug, Clone, Copy)]
pub enum Units<'a> {
    /// `n` independent items.
    Items(usize),
    /// Clusters whose items depend on each other.
    Clusters(&'a Clusters),
}

impl Units<'_> {
    /// How many independent units.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Items(n) => *n,
            Self::Clusters(clusters) => clusters.len(),
        }
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many items in all units.
    #[must_use]
    pub const fn items(&self) -> usize {
        match self {
            Self::Items(n) => *n,
            Self::Clusters(clusters) => clusters.items(),
        }
    }

    /// How many independent units some items are of.
    #[must_use]
    pub fn among(&self, items: &[usize]) -> usize {
        match self {
            Self::Items(_) => items.len(),
            Self::Clusters(clusters) => {
                items.iter().filter_map(|&item| clusters.of(item)).collect::<std::collections::HashSet<usize>>().len()
            }
        }
    }

    /// The unit an item belongs to; items past the end are units of their own and must not be asked for.
    pub(crate) fn of(&self, item: usize) -> usize {
        match self {
            Self::Items(_) => item,
            Self::Clusters(clusters) => clusters.of_item[item],
        }
    }

    /// Appends the items of `unit` to `items`.
    pub(crate) fn append(&self, unit: usize, items: &mut Vec<usize>) {
        match self {
            Self::Items(_) => items.push(unit),
            Self::Clusters(clusters) => items.extend_from_slice(clusters.members(unit)),
        }
    }

    /// Adds up a quantity of each item (shape `n`) within each unit.
    pub(crate) fn totals(&self, of_items: &[f64]) -> Vec<f64> {
        match self {
            Self::Items(_) => of_items.to_vec(),
            Self::Clusters(clusters) => {
                (0..clusters.len()).map(|cluster| sum(clusters.members(cluster).iter().map(|&i| of_items[i]))).collect()
            }
        }
    }

    /// Variance of a statistic from its items' influences (shape `n`, sum 0): `U/(U−1) · Σ (unit total)²`,
    /// the linearisation ("sandwich") estimate over the `active` units that hold any item in question.
    pub(crate) fn variance(&self, influences: &[f64], active: usize) -> f64 {
        if active < 2 {
            return 0.0;
        }
        let totals = self.totals(influences);
        count(active) / count(active - 1) * sum(totals.iter().map(|t| t * t))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_free_and_items_stay_in_order() {
        let clusters = Clusters::from_labels(&[900, 7, 900, 7, 12]);
        assert_eq!((clusters.len(), clusters.items()), (3, 5));
        assert_eq!(clusters.members(0), [1, 3]);
        assert_eq!(clusters.members(2), [0, 2]);
        assert_eq!((clusters.of(0), clusters.of(4)), (Some(2), Some(1)));
        assert!(clusters.members(9).is_empty() && clusters.of(9).is_none());
    }

    #[test]
    fn no_labels_are_no_clusters() {
        let clusters = Clusters::from_labels(&[]);
        assert!(clusters.is_empty() && Units::Clusters(&clusters).is_empty());
        assert_eq!(clusters.len(), 0);
    }

    #[test]
    fn perfectly_dependent_items_are_worth_one() {
        let clusters = Clusters::from_labels(&[0, 0, 1, 1]);
        let influences = [0.25, 0.25, -0.25, -0.25];
        let alone = Units::Items(4).variance(&influences, 4);
        let together = Units::Clusters(&clusters).variance(&influences, 2);
        assert!(together > 2.0 * alone);
    }
}
