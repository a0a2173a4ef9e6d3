//! What the store holds and what the audit's losses look like: the Data screen's numbers.

use super::{EngineError, Session};
use crate::audit::Split;
use crate::diagnose::FittedLosses;
use crate::stats;
use crate::store::TreeSize;
use std::path::PathBuf;

/// Bins of a loss histogram.
const BINS: usize = 44;

/// One audit the store knows.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditLine {
    pub name: String,
    pub models: Vec<String>,
    pub attributes: usize,
    pub train_items: usize,
    pub test_items: usize,
    /// Runs kept of it.
    pub runs: usize,
}

/// The losses of one model over the test items, in bins of equal width of log10.
#[derive(Debug, Clone, PartialEq)]
pub struct LossHistogram {
    pub model: String,
    /// Test items, and those whose loss is zero, which has no logarithm.
    pub n: usize,
    pub zeros: usize,
    /// log10 of the first bin's left and the last bin's right edge.
    pub range: (f64, f64),
    pub counts: Vec<usize>,
    /// The 5, 25, 50, 75 and 95 % quantiles, and the mean.
    pub quantiles: [f64; 5],
    pub mean: f64,
}

/// What a person sees of the store and of the open audit.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreView {
    pub home: PathBuf,
    /// Bytes of the database on disk.
    pub bytes: u64,
    pub trees: Vec<TreeSize>,
    pub audits: Vec<AuditLine>,
    /// Items of the open audit: train, validation, test.
    pub splits: [usize; 3],
    pub encoder: String,
    /// Width of an embedding.
    pub dimension: usize,
    /// Embeddings of this encoder, whatever audit they are of.
    pub embedded: usize,
    /// Items of the open audit.
    pub items: usize,
    pub losses: Vec<LossHistogram>,
    /// Models whose losses look like those of data they were fitted to.
    pub fitted: Vec<(String, FittedLosses)>,
    /// Attributes of the fewest test items that have them: name, items.
    pub rarest: Vec<(String, usize)>,
}

impl LossHistogram {
    /// Counts losses in bins; `None` without any.
    #[must_use]
    pub fn of(model: &str, losses: &[f64]) -> Option<Self> {
        if losses.is_empty() {
            return None;
        }
        let mut sorted = losses.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let logs: Vec<f64> = sorted.iter().filter(|loss| **loss > 0.0).map(|loss| loss.log10()).collect();
        let low = stats::quantile_sorted(&logs, 0.002).floor();
        let high = logs.last().copied().unwrap_or(1.0).ceil();
        let range = if low < high { (low, high) } else { (low - 1.0, low + 1.0) };
        let mut counts = vec![0; BINS];
        for log in &logs {
            // What lies below the axis is counted in its first bin, so that the bars add up.
            let share = ((log - range.0) / (range.1 - range.0)).clamp(0.0, 1.0);
            counts[((share * BINS as f64) as usize).min(BINS - 1)] += 1;
        }
        Some(Self {
            model: model.to_owned(),
            n: losses.len(),
            zeros: losses.len() - logs.len(),
            range,
            counts,
            quantiles: [0.05, 0.25, 0.5, 0.75, 0.95].map(|p| stats::quantile_sorted(&sorted, p)),
            mean: losses.iter().sum::<f64>() / losses.len() as f64,
        })
    }
}

impl Session {
    /// Looks at the store and the open audit; reads every tree.
    ///
    /// # Errors
    /// If the store or the data cannot be read.
    pub fn inspect(&self) -> Result<StoreView, EngineError> {
        let audit = self.audit()?;
        let splits = [Split::Train, Split::Validation, Split::Test].map(|split| audit.rows(split));
        let mut audits = Vec::new();
        for name in self.store.audit_names()? {
            if let Some(record) = self.store.audit(&name)? {
                audits.push(AuditLine {
                    runs: self.store.runs(&name, None)?.len(),
                    attributes: record.attributes.len(),
                    train_items: record.train_items,
                    test_items: record.test_items,
                    models: record.models,
                    name,
                });
            }
        }
        let losses = audit.models.iter().filter_map(|model| {
            let test: Vec<f64> = splits[2].iter().map(|&row| model.losses[row]).collect();
            LossHistogram::of(&model.name, &test)
        });
        let fitted = audit.models.iter();
        let fitted = fitted.filter_map(|model| Some((model.name.clone(), FittedLosses::of(&audit, model)?)));
        let mut rarest: Vec<(String, usize)> = audit
            .attributes
            .iter()
            .map(|attribute| {
                let have = splits[2].iter().filter(|&&row| attribute.values[row] == Some(true)).count();
                (attribute.name.clone(), have)
            })
            .collect();
        rarest.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        rarest.truncate(6);
        Ok(StoreView {
            home: self.store.home().to_owned(),
            bytes: self.store.bytes()?,
            trees: self.store.trees()?,
            audits,
            splits: splits.each_ref().map(Vec::len),
            encoder: self.encoder.fingerprint().to_owned(),
            dimension: self.encoder.dimension(),
            embedded: self.store.embedding_count(self.encoder.fingerprint())?,
            items: audit.items.len(),
            losses: losses.collect(),
            fitted: fitted.collect(),
            rarest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_is_in_one_bin_or_is_zero() {
        let losses: Vec<f64> = (0..1000).map(|n| f64::from(n) * f64::from(n) * 1e-5).collect();
        let histogram = LossHistogram::of("m", &losses).unwrap();
        assert_eq!(histogram.zeros, 1);
        assert_eq!(histogram.counts.iter().sum::<usize>() + histogram.zeros, 1000);
        assert!((histogram.quantiles[2] - 2.495_005).abs() < 1e-6);
        assert!(LossHistogram::of("m", &[]).is_none());
        assert!(LossHistogram::of("m", &[0.0, 0.0]).is_some());
    }
}
