//! Prompts and pairs in plain text.

use super::{Align, Grid, heading, members, printable};
use crate::audit::{HeadKind, RunRecord};
use crate::diagnose::{PairScores, PromptScores};
use crate::stats::Direction;
use Align::{Left, Right};

/// A probability from few members: never nought or one.
fn probability(value: f64) -> String {
    if value > 0.999 {
        ">.999".into()
    } else if value < 0.001 {
        "<.001".into()
    } else {
        format!("{value:.3}").trim_start_matches('0').to_owned()
    }
}

/// Scores of prompts, one block each.
#[must_use]
pub fn score(prompts: &[PromptScores], run: &RunRecord) -> String {
    let mut text = heading("Prompt scores", run) + "\n";
    for prompt in prompts {
        text.push_str(&format!("\n\"{}\"\n{}", printable(&prompt.text), score_grid(prompt)));
        text.push_str(&remarks(prompt));
    }
    if let Some(prompt) = prompts.first() {
        let over = prompt.heads.iter().map(|score| format!("{} {}", score.head, score.over));
        text.push_str(&format!("\nPercentiles are over: {}.\n", over.collect::<Vec<_>>().join("; ")));
    }
    text
}

fn score_grid(prompt: &PromptScores) -> String {
    let mut grid = Grid::new(&[
        ("  head", Left),
        ("mean", Right),
        ("median", Right),
        ("sd", Right),
        ("percentile", Right),
        ("members", Left),
    ]);
    for score in &prompt.heads {
        let members: Vec<String> = score.members.iter().map(|value| format!("{value:+.3}")).collect();
        let name = if score.head == HeadKind::Ood { "in-dist logit".to_owned() } else { score.head.to_string() };
        grid.row(vec![
            format!("  {name}"),
            format!("{:+.3}", score.summary.mean),
            format!("{:+.3}", score.summary.median),
            format!("{:.3}", score.summary.sd),
            format!("{:.1} %", score.percentile * 100.0),
            members.join(" "),
        ]);
    }
    grid.render()
}

fn remarks(prompt: &PromptScores) -> String {
    let mut text = String::new();
    if !prompt.unseen_words.is_empty() {
        text.push_str(&format!("  no item uses: {}\n", printable(&prompt.unseen_words.join(", "))));
    }
    if prompt.out_of_distribution {
        text.push_str("  ! looks out of distribution: less familiar than 95 % of what the ood percentile is over; its loss means little\n");
    }
    if prompt.pieces > 0 && prompt.unknown_pieces == prompt.pieces {
        text.push_str("  ! the encoder knows none of these words: all such prompts look the same to it\n");
    } else if prompt.unknown_pieces > 0 {
        text.push_str(&format!(
            "  ! {} of {} pieces are unknown to the encoder\n",
            prompt.unknown_pieces, prompt.pieces
        ));
    }
    if prompt.pieces > prompt.piece_limit {
        text.push_str(&format!(
            "  ! the encoder read only the first {} of {} pieces\n",
            prompt.piece_limit, prompt.pieces
        ));
    }
    text
}

/// A pair and its difference.
#[must_use]
pub fn compare(pair: &PairScores, run: &RunRecord) -> String {
    let mut grid = Grid::new(&[
        ("  A − B", Left),
        ("mean", Right),
        ("min", Right),
        ("q1", Right),
        ("median", Right),
        ("q3", Right),
        ("max", Right),
        ("members A > B", Right),
        ("P(mean Δ>0), Student t", Right),
        ("P(new member Δ>0)", Right),
    ]);
    for head in &pair.heads {
        let quartiles = [
            head.summary.mean,
            head.summary.min,
            head.summary.q1,
            head.summary.median,
            head.summary.q3,
            head.summary.max,
        ];
        let mut cells =
            vec![format!("  {}", if head.head == HeadKind::Ood { "in-dist logit" } else { head.head.name() })];
        cells.extend(quartiles.iter().map(|value| format!("{value:+.3}")));
        cells.extend(direction_cells(&head.direction));
        grid.row(cells);
    }
    let blocks = [("A", &pair.a), ("B", &pair.b)].map(|(name, prompt)| {
        format!("\n{name} \"{}\"\n{}{}", printable(&prompt.text), score_grid(prompt), remarks(prompt))
    });
    format!(
        "{}{}\n{}\n{}\nP comes from {}: it measures how far training agrees with itself, not the sampling of items.\n",
        heading("Comparison", run) + "\n",
        blocks.concat(),
        grid.render(),
        pair.verdict,
        members(run)
    )
}

fn direction_cells(direction: &Direction) -> [String; 3] {
    let votes = format!("{} of {}", direction.positive, direction.members);
    match direction.student {
        Some(student) => [
            votes,
            format!("{} ({} d.f.)", probability(student.mean_positive), student.df),
            probability(student.new_member_positive),
        ],
        None => [votes, "n/a".into(), "n/a".into()],
    }
}
