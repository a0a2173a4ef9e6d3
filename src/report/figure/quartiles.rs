//! Figure 3: quartiles over the members of a pair's difference.

use super::canvas::{Canvas, Scale, short};
use crate::audit::HeadKind;
use crate::diagnose::PairScores;

const WIDTH: f64 = 760.0;
const ROW: f64 = 52.0;
const TOP: f64 = 14.0;

/// A box a pair, from the regressor, with zero marked.
#[must_use]
pub fn pair_quartiles(pairs: &[PairScores]) -> String {
    let rows: Vec<_> = (pairs.iter())
        .filter_map(|pair| Some((pair, pair.heads.iter().find(|head| head.head == HeadKind::Regressor)?)))
        .collect();
    let height = TOP + ROW * rows.len() as f64 + 48.0;
    let bottom = height - 48.0;
    let scale = Scale::over(rows.iter().flat_map(|(_, head)| head.deltas.iter().copied()), true, 30.0, WIDTH - 30.0);
    let mut canvas = Canvas::new(WIDTH, height);
    canvas.across(&scale, TOP, bottom, "predicted loss of A minus predicted loss of B");
    let mut words = Vec::new();
    for (index, (pair, head)) in rows.iter().enumerate() {
        let top = TOP + ROW * index as f64;
        let name = format!("A \"{}\" − B \"{}\"", short(&pair.a.text, 44), short(&pair.b.text, 44));
        canvas.text("name", "start", (34.0, top + 14.0), &name);
        let (y, s) = (top + 32.0, &head.summary);
        canvas.line("whisker", (scale.at(s.min), y), (scale.at(s.max), y));
        canvas.rect("box", (scale.at(s.q1), y - 8.0), (scale.at(s.q3) - scale.at(s.q1), 16.0));
        canvas.line("median", (scale.at(s.median), y - 8.0), (scale.at(s.median), y + 8.0));
        for delta in &head.deltas {
            canvas.line("member", (scale.at(*delta), y - 3.0), (scale.at(*delta), y + 3.0));
        }
        words.push(format!(
            "{name}: median {:+.3}, quartiles {:+.3} and {:+.3}, {} of {} members above zero",
            s.median, s.q1, s.q3, head.direction.positive, head.direction.members
        ));
    }
    canvas.finish("quartiles", "Quartiles of the difference of two prompts (Figure 3)", &(words.join(". ") + "."))
}
