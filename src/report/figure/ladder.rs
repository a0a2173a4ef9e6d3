//! Figure 2: prompts ranked by the ood head, before and after the sigmoid.

use super::canvas::{Canvas, Scale, short};
use crate::audit::HeadKind;
use crate::diagnose::PromptScores;

const WIDTH: f64 = 760.0;
const ROW: f64 = 20.0;
const TOP: f64 = 40.0;
const LEFT: f64 = 220.0;
const MIDDLE: f64 = 520.0;

/// Prompts by mean in-distribution logit, most familiar first; a thin mark is one member.
#[must_use]
pub fn prompt_ladder(prompts: &[PromptScores]) -> String {
    let mut rows: Vec<(&str, &[f64], f64)> = (prompts.iter())
        .filter_map(|prompt| {
            let score = prompt.head(HeadKind::Ood)?;
            Some((prompt.text.as_str(), score.members.as_slice(), score.summary.mean))
        })
        .collect();
    rows.sort_by(|a, b| b.2.total_cmp(&a.2));
    let height = TOP + ROW * rows.len() as f64 + 48.0;
    let bottom = height - 48.0;
    let logits = Scale::over(rows.iter().flat_map(|row| row.1.iter().copied()), true, LEFT, MIDDLE - 20.0);
    let shares = Scale::fixed(0.0, 1.0, MIDDLE + 20.0, WIDTH - 20.0);
    let mut canvas = Canvas::new(WIDTH, height);
    canvas.across(&logits, TOP - 8.0, bottom, "logit of being in distribution");
    canvas.across(&shares, TOP - 8.0, bottom, "after the sigmoid");
    let sigmoid = |logit: f64| 1.0 / (1.0 + (-logit).exp());
    for (index, (text, members, mean)) in rows.iter().enumerate() {
        let y = TOP + ROW * (index as f64 + 0.5);
        canvas.text("name", "end", (LEFT - 10.0, y + 4.0), &short(text, 32));
        let share = members.iter().map(|logit| sigmoid(*logit)).sum::<f64>() / members.len().max(1) as f64;
        for (scale, values) in [(&logits, members.to_vec()), (&shares, members.iter().map(|m| sigmoid(*m)).collect())] {
            for value in values {
                canvas.line("member", (scale.at(value), y - 5.0), (scale.at(value), y + 5.0));
            }
        }
        canvas.dot("dot", (logits.at(*mean), y), &format!("{text}: mean logit {mean:+.2}"));
        canvas.dot("dot", (shares.at(share), y), &format!("{text}: mean {share:.3} after the sigmoid"));
    }
    let order: Vec<&str> = rows.iter().map(|row| row.0).collect();
    let description =
        format!("Prompts from most to least familiar: {}. Dots are means, marks are members.", order.join(", "));
    canvas.finish("ladder", "Prompts ranked by the ood head (Figure 2)", &description)
}
