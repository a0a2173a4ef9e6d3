//! Which rows of an audit a run learns from, and what names them.

use super::EngineError;
use crate::audit::{Audit, AuditError, Content, HyperParameters, ModelLosses, Split};
use crate::data;
use crate::heads::{Rows, TrainingData};
use rand::SeedableRng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// Stream of the draw that sets validation rows aside.
const VALIDATION: u64 = 17 << 32;
/// Stream of the draw of the rows that are learnt from, and how many classes of loss it keeps in proportion.
const SAMPLE: u64 = 18 << 32;
const STRATA: usize = 100;

/// Words of the items and of the audit's own prompts: "a person" is no news to an audit that says it itself.
/// Items that are not texts have no words, and then nothing is news.
pub fn own_words(audit: &Audit) -> BTreeSet<String> {
    if !audit.has_texts() {
        return BTreeSet::new();
    }
    let items = audit.items.iter().map(|item| item.text.as_str());
    let attributes = audit.attributes.iter().flat_map(|attribute| {
        let prompts = &attribute.prompts;
        [Some(&prompts.phrase), prompts.antonym.as_ref(), Some(&prompts.generic)].into_iter().flatten()
    });
    let own = attributes.chain(&audit.prompts.in_distribution).map(String::as_str);
    data::vocabulary(items.chain(own))
}

/// Positions of a run's training, validation and test items: those readable and with a loss of its model.
pub struct RunRows {
    pub train: Vec<usize>,
    pub validation: Vec<usize>,
    pub test: Vec<usize>,
}

impl RunRows {
    /// Validation rows are drawn from the training rows alone, by seed.
    pub fn of(audit: &Audit, model: &ModelLosses, hyper: &HyperParameters) -> Result<Self, EngineError> {
        let all = audit.rows_of(model, Split::Train);
        let test = audit.rows_of(model, Split::Test);
        for (rows, split) in [(&all, Split::Train), (&test, Split::Test)] {
            if rows.is_empty() {
                return Err(AuditError::NoSplit { audit: audit.name.clone(), model: model.name.clone(), split }.into());
            }
        }
        let mut validation = audit.rows_of(model, Split::Validation);
        let mut train = all;
        let rows = train.len() + validation.len();
        if let Some(most) = hyper.train_rows.filter(|most| *most < rows) {
            let of = |part: usize| (most as u128 * part as u128 / rows as u128) as usize;
            let mut rng = ChaCha8Rng::seed_from_u64(hyper.seed);
            rng.set_stream(SAMPLE);
            let kept = of(validation.len());
            train = stratified(train, &model.losses, most - kept, &mut rng);
            validation = stratified(validation, &model.losses, kept, &mut rng);
        }
        if validation.is_empty() && hyper.validation > 0.0 {
            let mut rng = ChaCha8Rng::seed_from_u64(hyper.seed);
            rng.set_stream(VALIDATION);
            let count = (train.len() as f64 * hyper.validation) as usize;
            let mut taken = vec![false; train.len()];
            sample(&mut rng, train.len(), count).into_iter().for_each(|position| taken[position] = true);
            validation = train.iter().zip(&taken).filter_map(|(&row, &taken)| taken.then_some(row)).collect();
            train = train.iter().zip(&taken).filter_map(|(&row, &taken)| (!taken).then_some(row)).collect();
        }
        Ok(Self { train, validation, test })
    }

    /// What the heads are trained on, out of the embeddings of all items.
    pub fn data<'a>(&'a self, embeddings: Rows<'a>, dimension: usize, losses: &[f64]) -> TrainingData<'a> {
        let losses_of = |rows: &[usize]| rows.iter().map(|&row| losses[row]).collect();
        TrainingData {
            dimension,
            embeddings,
            train: &self.train,
            losses: losses_of(&self.train),
            validation: &self.validation,
            validation_losses: losses_of(&self.validation),
        }
    }
}

/// So many of the rows, in order: of each class of losses, from the smallest to the largest, its share.
fn stratified(mut rows: Vec<usize>, losses: &[f64], count: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    rows.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]).then(a.cmp(&b)));
    let mut drawn = Vec::with_capacity(count);
    for class in 0..STRATA {
        let place = |class: usize| (rows.len() as u128 * class as u128 / STRATA as u128) as usize;
        let (start, end) = (place(class), place(class + 1));
        // Shares that add up to the count, none of more than there is.
        let share = |place: usize| (count as u128 * place as u128 / rows.len().max(1) as u128) as usize;
        let wanted = share(end) - share(start);
        drawn.extend(sample(rng, end - start, wanted).into_iter().map(|at| rows[start + at]));
    }
    drawn.sort_unstable();
    drawn
}

/// Digest of what a run learns from: contents, splits and the model's losses.
pub fn fingerprint(audit: &Audit, model: &ModelLosses) -> String {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for (item, loss) in audit.items.iter().zip(&model.losses) {
        hasher.update(item.text.as_bytes());
        match &item.content {
            Content::Text => {}
            Content::Image { path, stamp } => {
                hasher.update(path.as_bytes());
                hasher.update(stamp);
            }
            Content::Embedded(digest) => hasher.update(digest),
            Content::Unreadable => hasher.update(b"unreadable"),
        }
        hasher.update(&[0x1f, item.split as u8]);
        hasher.update(&loss.to_le_bytes());
    }
    format!("{:016x}", hasher.digest())
}

/// Digest of what models are tested on: ids, contents and attributes of the test items, whatever their order. Images
/// count by the names of their files, which another checkout does not change.
pub fn test_set_digest(audit: &Audit) -> String {
    let mut attributes: Vec<_> = audit.attributes.iter().collect();
    attributes.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    let item = |row: usize| {
        let (item, mut hasher) = (&audit.items[row], xxhash_rust::xxh3::Xxh3::new());
        for field in [&item.id, &item.text] {
            hasher.update(field.as_bytes());
            hasher.update(&[0x1f]);
        }
        match &item.content {
            Content::Text | Content::Unreadable => {}
            Content::Image { path, .. } => {
                hasher.update(std::path::Path::new(path.as_str()).file_name().unwrap_or_default().as_encoded_bytes());
            }
            Content::Embedded(digest) => hasher.update(digest),
        }
        let values: Vec<u8> = (attributes.iter())
            .map(|attribute| match attribute.values[row] {
                Some(true) => b'+',
                Some(false) => b'-',
                None => b'?',
            })
            .collect();
        hasher.update(&values);
        hasher.digest128()
    };
    let mut items: Vec<u128> = audit.rows(Split::Test).into_iter().map(item).collect();
    items.sort_unstable();
    for attribute in &attributes {
        hasher.update(attribute.name.as_bytes());
        hasher.update(&[0x1f]);
    }
    items.iter().for_each(|item| hasher.update(&item.to_le_bytes()));
    format!("{:016x}", hasher.digest())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_keeps_every_class_of_losses_in_proportion() {
        let losses: Vec<f64> = (0..10_000).map(|row| f64::from(row * 7919 % 10_000)).collect();
        let draw = |seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            stratified((0..10_000).collect(), &losses, 1_000, &mut rng)
        };
        let drawn = draw(1);
        assert!(drawn.len() == 1_000 && drawn.is_sorted_by(|a, b| a < b));
        for class in 0..100 {
            let of_class = drawn.iter().filter(|row| (losses[**row] / 100.0) as usize == class);
            assert_eq!(of_class.count(), 10);
        }
        assert_eq!(drawn, draw(1));
        assert_ne!(drawn, draw(2));
        // Of any number of rows as many as are asked for.
        for (rows, count) in [(2_819, 2_810), (2_819, 2_818), (101, 100), (99, 98), (7, 3), (7, 0), (0, 0)] {
            let drawn = stratified((0..rows).collect(), &losses, count, &mut ChaCha8Rng::seed_from_u64(1));
            assert!(drawn.len() == count && drawn.windows(2).all(|pair| pair[0] < pair[1]), "{count} of {rows}");
        }
    }

    #[test]
    fn rows_are_a_sample_of_either_split_and_never_of_the_test() {
        let audit = crate::data::adult().unwrap();
        let model = audit.model("v1").unwrap();
        let hyper = HyperParameters::new(crate::audit::Architecture::Linear);
        let all = RunRows::of(&audit, model, &hyper).unwrap();
        let few = RunRows::of(&audit, model, &HyperParameters { train_rows: Some(2_000), ..hyper }).unwrap();
        assert_eq!((few.train.len() + few.validation.len(), few.test), (2_000, all.test));
        let learnt = audit.rows_of(model, Split::Train);
        assert!(few.train.iter().chain(&few.validation).all(|row| learnt.binary_search(row).is_ok()));
        let mean = |rows: &[usize]| rows.iter().map(|&row| model.losses[row]).sum::<f64>() / rows.len() as f64;
        let (of_all, of_few) = (mean(&learnt), mean(&[few.train, few.validation].concat()));
        assert!((of_all - of_few).abs() < 0.01 * of_all, "{of_all} {of_few}");
    }

    #[test]
    fn the_same_test_set_has_the_same_digest_whatever_its_order_and_its_models() {
        let audit = crate::data::adult().unwrap();
        let digest = test_set_digest(&audit);
        let mut other = audit.clone();
        other.models.truncate(1);
        other.attributes.reverse();
        let train = other.items.iter().position(|item| item.split == Split::Train).unwrap();
        other.items[train].text = "changed".into();
        let test: Vec<usize> = other.rows(Split::Test);
        let (first, last) = (test[0], test[test.len() - 1]);
        other.items.swap(first, last);
        other.attributes.iter_mut().for_each(|attribute| attribute.values.swap(first, last));
        assert_eq!(test_set_digest(&other), digest);
        other.attributes[3].values[first] = None;
        assert_ne!(test_set_digest(&other), digest);
        let mut other = audit;
        other.items[first].text = format!("{}.", other.items[first].text).into();
        assert_ne!(test_set_digest(&other), digest);
    }
}
