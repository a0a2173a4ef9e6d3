//! Figures as inline SVG: no script, no font, no file beside them. Colours are the page's own variables, so that
//! figures follow its light and dark faces; no meaning hangs on colour alone.

mod canvas;
mod changes;
mod curves;
mod gaps;
mod ladder;
mod looks;
mod quartiles;
mod reliability;
mod scatter;

pub use changes::changed_gaps;
pub use curves::training_curves;
pub use gaps::attribute_gaps;
pub use ladder::prompt_ladder;
pub use looks::{DRAWN, figures_over_looks};
pub use quartiles::pair_quartiles;
pub use reliability::reliability;
pub use scatter::predicted_against_true;

pub(super) use canvas::escape;
