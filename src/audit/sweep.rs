//! Settings of which several are to be tried: a run for each combination of their values.

use super::HyperParameters;

/// Runs that differ by the values given so far.
#[derive(Debug, Clone)]
pub struct Sweep {
    runs: Vec<HyperParameters>,
    most: usize,
}

impl Sweep {
    /// A sweep of at most `most` runs that begins from some; more are a slip of the hand.
    #[must_use]
    pub fn of(runs: Vec<HyperParameters>, most: usize) -> Self {
        Self { runs, most }
    }

    /// Each run so far with each of these values; none leaves the runs as they are.
    ///
    /// # Errors
    /// If there are too many.
    pub fn over<T: Copy>(&mut self, values: &[T], set: impl Fn(&mut HyperParameters, T)) -> Result<(), String> {
        if values.is_empty() {
            return Ok(());
        }
        if self.runs.len() * values.len() > self.most {
            return Err(format!("these settings make more than {} runs; give fewer values", self.most));
        }
        let with = |run: &HyperParameters, value: T| {
            let mut run = run.clone();
            set(&mut run, value);
            run
        };
        let all = self.runs.iter().flat_map(|run| values.iter().map(|value| with(run, *value)).collect::<Vec<_>>());
        self.runs = all.collect();
        Ok(())
    }

    /// Every combination, in the order of the values given; those that differ in nothing that has an effect once.
    ///
    /// # Errors
    /// If a value is out of range.
    pub fn runs(self) -> Result<Vec<HyperParameters>, String> {
        for run in &self.runs {
            run.validate()?;
        }
        Ok(distinct(self.runs.into_iter().map(HyperParameters::canonical)))
    }
}

/// Each run once, in order.
pub fn distinct(all: impl Iterator<Item = HyperParameters>) -> Vec<HyperParameters> {
    let mut runs: Vec<HyperParameters> = Vec::new();
    for run in all {
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    runs
}
