//! What is wrong with the data, as far as items and losses alone tell.

use super::DataFault;
use crate::audit::{Audit, Content, ModelLosses, Split};
use crate::data::text_key;
use crate::diagnose::FittedLosses;
use rayon::prelude::*;
use std::collections::HashSet;

/// Items whose contents are looked at in one go.
const AT_ONCE: usize = 4_096;

/// The faults of an audit as a model is held against it, and those that others have found. `rows` are the test items with
/// a loss of the model.
pub fn faults(audit: &Audit, model: &ModelLosses, rows: &[usize], found: &[DataFault]) -> Vec<DataFault> {
    let leaked = leaked(audit, rows);
    let unreadable = audit.items.iter().filter(|item| item.content == Content::Unreadable).count();
    let test = audit.rows(Split::Test).len();
    let without = audit.rows(Split::Test).iter().filter(|&&row| model.losses[row].is_nan()).count();
    let fitted = FittedLosses::of(audit, model).map(|fitted| fitted.sentence().trim_end_matches('.').to_owned());
    // First, for it says how the losses were made: every other figure rests on them.
    let mut faults: Vec<DataFault> = fitted.map(|sentence| DataFault::Other { sentence }).into_iter().collect();
    // Equal content is counted among all test items, with heads or without; a near-equal embedding says it more vaguely.
    let vaguer = |fault: &&DataFault| leaked > 0 && matches!(fault, DataFault::NearlyLeaked(_));
    faults.extend(found.iter().filter(|fault| !vaguer(fault)).cloned());
    if leaked > 0 {
        faults.push(DataFault::Leaked { items: leaked, of: rows.len() });
    }
    if without > 0 {
        faults.push(DataFault::NoLoss { items: without, of: test });
    }
    if unreadable > 0 {
        faults.push(DataFault::Unreadable { items: unreadable });
    }
    faults
}

/// Test items whose content a training item has too: equal texts but for case and blanks, equal embeddings. Image files
/// are not opened for this.
fn leaked(audit: &Audit, rows: &[usize]) -> usize {
    let keys = |rows: &[usize]| -> Vec<u128> {
        let chunk = |rows: &[usize]| {
            let mut words = String::new();
            let key = |row: &usize| match &audit.items[*row].content {
                Content::Text => text_key(&audit.items[*row].text, &mut words),
                Content::Embedded(digest) => Some(u128::from_le_bytes(*digest)),
                Content::Image { .. } | Content::Unreadable => None,
            };
            rows.iter().map(key).collect::<Vec<_>>()
        };
        rows.par_chunks(AT_ONCE).flat_map_iter(chunk).flatten().collect()
    };
    let test = keys(rows);
    if test.is_empty() {
        return 0;
    }
    let tested: HashSet<u128> = test.iter().copied().collect();
    let trained =
        keys(&audit.rows(Split::Train)).into_iter().filter(|key| tested.contains(key)).collect::<HashSet<_>>();
    test.iter().filter(|key| trained.contains(key)).count()
}
