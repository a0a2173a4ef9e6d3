//! What can be recomputed from the paper's own printed Table 5, and what cannot.

use super::Correlations;
use super::validity::correlations;
use crate::data::PaperRow;
use serde::Serialize;

/// The paper's figures recomputed from its Table 5.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PaperCheck {
    pub n: usize,
    /// Zero-shot AUROC against −RMM as printed: the paper's Table 4.
    pub table4_from_printed_gaps: Correlations,
    /// The same with the gap taken from the two printed AUROCs.
    pub table4_from_printed_aurocs: Correlations,
    /// Printed CLIP-RMM against printed RMM, with the one value that lost its exponent mended.
    pub clip_rmm_against_rmm: Correlations,
    /// Attributes on which the model does better with the attribute than without.
    pub true_above_false: usize,
    /// Attributes whose zero-shot AUROC is under one half: the encoder has "Not X" the wrong way round.
    pub zero_shot_under_half: usize,
}

/// A CLIP-RMM no head can have: the printed 3.8824 of Rosy Cheeks is 3.8824e-05 with its exponent lost.
const LOST_EXPONENT: f64 = 1.0;

/// Recomputes what the printed rows allow.
#[must_use]
pub fn check_paper(rows: &[PaperRow]) -> PaperCheck {
    let column = |value: fn(&PaperRow) -> f64| rows.iter().map(value).collect::<Vec<f64>>();
    let zero_shot = column(|row| row.zero_shot_auroc);
    let mended = column(|row| if row.clip_rmm > LOST_EXPONENT { row.clip_rmm * 1e-5 } else { row.clip_rmm });
    PaperCheck {
        n: rows.len(),
        table4_from_printed_gaps: correlations(&zero_shot, &column(|row| -row.gt_rmm)),
        table4_from_printed_aurocs: correlations(
            &zero_shot,
            &column(|row| -(row.gt_true_auroc - row.gt_false_auroc).abs()),
        ),
        clip_rmm_against_rmm: correlations(&mended, &column(|row| row.gt_rmm)),
        true_above_false: rows.iter().filter(|row| row.gt_true_auroc > row.gt_false_auroc).count(),
        zero_shot_under_half: rows.iter().filter(|row| row.zero_shot_auroc < 0.5).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_4_comes_out_of_the_printed_table_5() {
        let check = check_paper(&crate::data::paper_table5().unwrap());
        let values = |found: &Correlations| {
            [&found.kendall, &found.pearson, &found.spearman].map(|value| value.value().unwrap().value)
        };
        let close = |ours: [f64; 3], wanted: [f64; 3]| {
            assert!(
                ours.iter().zip(wanted).all(|(ours, wanted)| (ours - wanted).abs() < 6e-4),
                "{ours:?} against {wanted:?}"
            );
        };
        assert_eq!((check.n, check.true_above_false, check.zero_shot_under_half), (40, 24, 8));
        close(values(&check.table4_from_printed_gaps), [0.2687, 0.2863, 0.3385]);
        close(values(&check.table4_from_printed_aurocs), [0.273, 0.296, 0.342]);
        close(values(&check.clip_rmm_against_rmm), [0.147, 0.263, 0.209]);
    }
}
