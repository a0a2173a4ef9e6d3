//! Which groups of attributes a slice is made of.

use crate::audit::Audit;

/// Groups that are told, and how many times their share of all their share of the slice must be.
const TOLD: usize = 3;
const LIFT: f64 = 1.05;

/// A group of an attribute among the items of a slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// Name of the attribute; the group without it has `is` false.
    pub attribute: String,
    pub is: bool,
    /// Share of the slice's items that are of the group, among those where that is known.
    pub share: f64,
    /// How many times the share of the group among all items searched.
    pub lift: f64,
}

/// The groups that are most over-represented among `items`, positions in the audit: by how far their share there is
/// above their share of all `searched` items.
#[must_use]
pub fn overlaps(audit: &Audit, items: &[usize], searched: &[usize]) -> Vec<Overlap> {
    let mut found: Vec<(f64, Overlap)> = Vec::new();
    for attribute in &audit.attributes {
        let share = |rows: &[usize]| {
            let known = rows.iter().filter_map(|&row| attribute.values[row]);
            let (n, with) = known.fold((0_usize, 0_usize), |(n, with), is| (n + 1, with + usize::from(is)));
            (n > 0).then(|| with as f64 / n as f64)
        };
        let (Some(here), Some(all)) = (share(items), share(searched)) else { continue };
        let is = here > all;
        let (here, all) = if is { (here, all) } else { (1.0 - here, 1.0 - all) };
        if all > 0.0 && here >= LIFT * all {
            found.push((here - all, Overlap { attribute: attribute.name.clone(), is, share: here, lift: here / all }));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.attribute.cmp(&b.1.attribute)));
    found.into_iter().take(TOLD).map(|(_, overlap)| overlap).collect()
}
