//! A closer look at a finished run: where its heads put each test item (Table 2's points) and each prompt of the
//! audit (Figure 2's ladder).

use super::rows::RunRows;
use super::{EngineError, Session, Tracker};
use crate::audit::{HeadKind, RunId, RunRecord};
use crate::diagnose::{CalibrationTable, Evidence};
use crate::stats;
use std::sync::Arc;

/// Cells of the density along each axis.
const GRID: usize = 60;
/// Groups of equally many test items, by what is predicted.
const GROUPS: usize = 10;

/// One of ten equally large groups of test items, ordered by predicted risk, lowest first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tenth {
    pub n: usize,
    /// Mean of the head's output and of the true loss in the group.
    pub predicted: f64,
    pub loss: f64,
}

/// Where a head puts the test items, against their true losses.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    pub head: HeadKind,
    pub n: usize,
    /// Test items by rank of predicted risk (across) and rank of true loss (up), `density[up * side + across]`.
    pub side: usize,
    pub density: Vec<u32>,
    pub groups: Vec<Tenth>,
}

/// What the OOD head says of one prompt: logits of being in distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Familiarity {
    pub text: String,
    /// The foreign list it is from; `None` for a prompt that describes the data.
    pub foreign: Option<String>,
    pub mean: f64,
    pub sd: f64,
}

/// The closer look.
#[derive(Debug, Clone, PartialEq)]
pub struct Examination {
    pub run: RunId,
    pub places: Vec<Place>,
    /// Prompts, most familiar first.
    pub ladder: Vec<Familiarity>,
    pub members: usize,
    /// How its estimates did on slices held out.
    pub calibration: Arc<CalibrationTable>,
}

impl Place {
    /// Counts items by rank; `risk` and `losses` are as long as each other.
    fn of(head: HeadKind, output: &[f64], losses: &[f64]) -> Option<Self> {
        let risk: Vec<f64> = output.iter().map(|output| head.risk_sign() * output).collect();
        let (across, up) = (stats::mid_ranks(&risk).ok()?, stats::mid_ranks(losses).ok()?);
        let n = losses.len();
        let cell = |rank: f64| (((rank - 0.5) / n as f64 * GRID as f64) as usize).min(GRID - 1);
        let mut density = vec![0; GRID * GRID];
        for (across, up) in across.iter().zip(&up) {
            density[cell(*up) * GRID + cell(*across)] += 1;
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| risk[*a].total_cmp(&risk[*b]));
        let mean = |rows: &[usize], of: &[f64]| rows.iter().map(|&row| of[row]).sum::<f64>() / rows.len() as f64;
        let groups = (0..GROUPS).map(|at| &order[at * n / GROUPS..(at + 1) * n / GROUPS]);
        let groups = groups.filter(|rows| !rows.is_empty()).map(|rows| Tenth {
            n: rows.len(),
            predicted: mean(rows, output),
            loss: mean(rows, losses),
        });
        Some(Self { head, n, side: GRID, density, groups: groups.collect() })
    }
}

impl Session {
    /// Looks closer at a finished run. Needs the embeddings of all items.
    ///
    /// # Errors
    /// If the run's weights, the data or the store cannot be read.
    pub fn examine(&self, record: RunRecord) -> Result<Examination, EngineError> {
        let run = self.load(record)?;
        let embeddings = self.embeddings(&Tracker::silent())?;
        let audit = self.audit()?;
        let rows = RunRows::of(&audit, audit.model(&run.record.model)?, &run.record.hyper)?;
        let places = self.with_material(&run.record.model, &rows, &embeddings, &run.ensemble, |material| {
            let evidence = Evidence::gather(material)?;
            let place = |head| Place::of(head, &evidence.items.mean(head), &evidence.losses);
            Ok(HeadKind::ALL.into_iter().filter_map(place).collect())
        })?;
        let table = &run.diagnosis.tables.ood;
        let own = table.in_distribution.iter().map(|text| (text.clone(), None));
        let foreign = table.rows.iter().flat_map(|row| {
            let set = &row.foreign;
            row.prompts.iter().map(move |text| (text.clone(), Some(set.clone())))
        });
        let prompts: Vec<(String, Option<String>)> = own.chain(foreign).collect();
        let texts: Vec<&str> = prompts.iter().map(|(text, _)| text.as_str()).collect();
        let scores = run.ensemble.predict(&self.reader(run.ensemble.shift.as_ref()).encode_prompts(&texts)?)?;
        let mut ladder: Vec<Familiarity> = prompts
            .into_iter()
            .enumerate()
            .filter_map(|(row, (text, foreign))| {
                let summary = stats::summary(&scores.row(HeadKind::Ood, row)).ok()?;
                Some(Familiarity { text, foreign, mean: summary.mean, sd: summary.sd })
            })
            .collect();
        let calibration = Arc::new(CalibrationTable::of(&run.diagnosis.calibration));
        ladder.sort_by(|a, b| b.mean.total_cmp(&a.mean));
        Ok(Examination { run: run.record.id, places, ladder, members: run.record.hyper.members, calibration })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_orders_lie_on_the_diagonal() {
        let losses: Vec<f64> = (0..600).map(f64::from).collect();
        let place = Place::of(HeadKind::Ranker, &losses, &losses).unwrap();
        assert_eq!(place.density.iter().sum::<u32>(), 600);
        assert!((0..GRID).all(|at| place.density[at * GRID + at] == 10));
        assert_eq!(place.groups.len(), 10);
        assert!((place.groups[0].loss - 29.5).abs() < 1e-9 && place.groups.iter().all(|group| group.n == 60));
        // The OOD head's output falls as risk grows: its most familiar items come first.
        let turned = Place::of(HeadKind::Ood, &losses, &losses).unwrap();
        assert!(turned.density[GRID - 1] == 10 && turned.groups[0].predicted > turned.groups[9].predicted);
    }
}
