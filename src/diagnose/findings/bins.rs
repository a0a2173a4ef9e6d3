//! Losses counted in bins, for a picture of a group beside all.

/// Bins of a picture.
const BINS: usize = 36;
/// Powers of ten that the bins span at most: smaller losses are counted in the first.
const DECADES: f64 = 6.0;

/// Losses in bins of equal width of log10.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LossBins {
    /// log10 of the first bin's left and of the last bin's right edge.
    pub range: (f64, f64),
    /// Losses in each bin, those of 0 in the first; empty where none is above 0.
    pub counts: Vec<usize>,
}

impl LossBins {
    /// Bins that hold all of some losses, each at least 0.
    #[must_use]
    pub fn of(losses: &[f64]) -> Self {
        let above = losses.iter().copied().filter(|loss| *loss > 0.0);
        let (least, most) =
            above.fold((f64::INFINITY, 0.0_f64), |(least, most), loss| (least.min(loss), most.max(loss)));
        if most == 0.0 || !most.is_finite() {
            return Self::default();
        }
        let high = most.log10().ceil();
        let low = least.log10().floor().max(high - DECADES).min(high - 1.0);
        let empty = Self { range: (low, high), counts: vec![0; BINS] };
        Self { counts: empty.count(losses.iter().copied()), ..empty }
    }

    /// Counts other losses in the same bins.
    #[must_use]
    pub fn count(&self, losses: impl Iterator<Item = f64>) -> Vec<usize> {
        let mut counts = vec![0; self.counts.len()];
        let (low, high) = self.range;
        for loss in losses {
            let share = ((loss.log10() - low) / (high - low)).clamp(0.0, 1.0);
            let bin = ((share * BINS as f64) as usize).min(BINS - 1);
            if let Some(count) = counts.get_mut(bin) {
                *count += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_is_counted_once_and_decades_are_of_one_width() {
        let bins = LossBins::of(&[0.0, 1e-9, 0.002, 0.02, 0.2, 9.0]);
        assert_eq!(bins.range, (-5.0, 1.0));
        assert_eq!((bins.counts.iter().sum::<usize>(), bins.counts[0]), (6, 2));
        let at = |loss| bins.count(std::iter::once(loss)).iter().position(|n| *n == 1).unwrap();
        assert_eq!([at(0.002), at(0.02), at(0.2)].map(|bin| bin % 6), [at(0.002) % 6; 3]);
        assert_eq!((at(0.02) - at(0.002), at(0.2) - at(0.02), at(9.0)), (6, 6, 35));
        assert_eq!(LossBins::of(&[0.0, 0.0]), LossBins::default());
        assert_eq!(LossBins::of(&[1.0, 1.0]).counts.iter().sum::<usize>(), 2);
    }
}
