//! What a typed prompt's group loses: witnesses, one estimate calibrated on the audit's own slices, and a guard that says
//! where no data speak. `docs/method.md` describes the recipe and its measurements.

mod answer;
mod assessment;
mod calibrate;
mod calibration;
mod clusters;
mod estimator;
mod fixed;
mod form;
mod guard;
mod level;
mod lexicon;
mod mined;
mod nearest;
mod phrase;
mod sentence_guard;
#[cfg(test)]
mod simulation;
mod slice;
mod table;
mod witness;
mod word_index;

pub use answer::*;
pub use assessment::{Assessment, Fold};
pub use calibrate::Slicing;
pub use calibration::{Calibration, Noise, Recipe, SliceFit, SliceOutcome};
pub use estimator::{Estimator, EstimatorMaterial, NEAREST_AMONG, Told, WORDS_AMONG};
pub use guard::Guard;
pub use level::WITNESSES;
pub use lexicon::Lexicon;
pub use nearest::{NearestFinding, NearestItems};
pub use slice::SliceKind;
pub use table::{CalibrationTable, WitnessWeight};
pub use word_index::{WordFinding, WordIndex};
