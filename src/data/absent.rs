//! Items that lack something are left out and counted, or refused.

use super::DataError;
use super::draft::{Draft, Why};
use super::losses::Labels;

/// Share of items without a label, in percent, up to which they are left out rather than the labels.
const FEW: usize = 5;

impl Draft {
    /// Leaves out the items that lack something. Content may be missing only of items without a loss, or if so told.
    pub(super) fn leave_out_absent(&mut self) -> Result<(), DataError> {
        let n = self.ids.len();
        let lossless: Vec<bool> =
            (0..n).map(|row| self.models.iter().all(|model| model.losses[row].is_nan())).collect();
        self.mark_unlabelled(&lossless);
        let mut keep = vec![true; n];
        let mut counts = [0usize; 4];
        let mut refused: Option<(DataError, usize)> = None;
        let absent = std::mem::take(&mut self.absent);
        for (row, why) in absent {
            let place = match why {
                Why::Content(_) if lossless[row] => 0,
                Why::Content(_) if self.policy.drop_missing => 1,
                Why::Content(problem) => {
                    let (_, count) = refused.get_or_insert((problem, 0));
                    *count += 1;
                    continue;
                }
                Why::Split => 2,
                Why::Label => 3,
            };
            counts[place] += usize::from(std::mem::take(&mut keep[row]));
        }
        if let Some((problem, count)) = refused {
            let more = if count > 1 { format!(", and of {} items more", count - 1) } else { String::new() };
            return Err(match problem {
                DataError::Cell { file, row, column, problem } => DataError::Cell {
                    file,
                    row,
                    column,
                    problem: format!("{problem}{more}; --missing drop leaves such items out"),
                },
                DataError::File { file, problem } => {
                    DataError::File { file, problem: format!("{problem}{more}; --missing drop leaves such items out") }
                }
                other => other,
            });
        }
        let words = ["neither content nor a loss", "no content", "no split", "no label"];
        for (count, words) in counts.iter().zip(words).filter(|(count, _)| **count > 0) {
            self.notes.push(format!("{count} items with {words} are left out"));
        }
        if keep.contains(&false) {
            self.retain(&keep);
        }
        if self.ids.is_empty() {
            return Err(self.fault("no item is left".into()));
        }
        Ok(())
    }

    /// Items without a label are left out where they are few or have no loss; else the labels are.
    fn mark_unlabelled(&mut self, lossless: &[bool]) {
        let Some(missing) = self.label.as_ref().map(Labels::missing) else { return };
        let count = missing.iter().zip(lossless).filter(|(missing, lossless)| **missing && !**lossless).count();
        if count * 100 > missing.len() * FEW {
            self.label = None;
            self.notes.push(format!(
                "{count} items with a loss have no label: the labels are not used, and AUROC is not measured"
            ));
            return;
        }
        let rows = missing.iter().enumerate().filter(|(_, missing)| **missing);
        self.absent.extend(rows.map(|(row, _)| (row, Why::Label)));
    }

    /// Keeps some of the items.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        fn some<T>(values: &mut Vec<T>, keep: &[bool]) {
            let mut kept = keep.iter();
            values.retain(|_| kept.next().copied().unwrap_or(false));
        }
        let rows: Vec<Option<usize>> = (0..keep.len()).filter(|row| keep[*row]).map(Some).collect();
        some(&mut self.ids, keep);
        if !self.texts.is_empty() {
            some(&mut self.texts, keep);
        }
        self.images.iter_mut().for_each(|images| some(images, keep));
        self.splits.iter_mut().for_each(|splits| some(splits, keep));
        self.groups.iter_mut().for_each(|groups| some(groups, keep));
        self.flags.iter_mut().for_each(|flags| some(&mut flags.values, keep));
        for model in &mut self.models {
            some(&mut model.losses, keep);
            model.scores.iter_mut().for_each(|scores| some(scores, keep));
        }
        self.label = self.label.take().map(|label| label.pick(&rows));
        if let Some((_, scores)) = &mut self.class_scores {
            scores.retain(keep);
        }
        self.embeddings.iter_mut().for_each(|embeddings| embeddings.retain(keep));
    }
}
