//! Prompts and pairs in plain text.

use super::{Align, Grid, heading, members, printable};
use crate::audit::{HeadKind, RunRecord};
use crate::diagnose::{NO_AMOUNT, PairEstimate, PairScores, PromptEstimate, PromptScores, Support, grouped};
use crate::stats::{Direction, Interval};
use Align::{Left, Right};

/// A probability from few members: never nought or one.
#[must_use]
pub fn probability(value: f64) -> String {
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
        text.push_str(&format!("\n\"{}\"\n{}{}", printable(&prompt.text), estimate(prompt), score_grid(prompt)));
        text.push_str(&remarks(prompt));
        if !prompt.why.is_empty() {
            let words = prompt.why.iter().map(|share| format!("{} {:+.3}", printable(&share.word), share.change));
            text.push_str(&format!("  what each word adds: {}\n", words.collect::<Vec<_>>().join("  ")));
        }
    }
    if let Some(prompt) = prompts.first() {
        let over = prompt.heads.iter().map(|score| format!("{} {}", score.head, score.over));
        text.push_str(&format!("\nPercentiles are over: {}.\n", over.collect::<Vec<_>>().join("; ")));
    }
    text
}

fn between(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |ends| format!(" [{:.3}, {:.3}]", ends.low, ends.high))
}

/// What the data lack of a prompt, and how its words were read.
fn support(found: &Support) -> String {
    let mut text = String::new();
    if let Some(why) = found.refusal(|word| format!("'{}'", printable(word))) {
        text.push_str(&format!("  NO SUCH DATA: {why}; what follows is a guess\n"));
    }
    let read = found
        .replaced()
        .map(|(word, other)| format!("'{}' read as '{other}', {:.2}", printable(&word.word), word.cosine));
    let left_out =
        found.left_out().map(|word| format!("'{}' is read as no item word and left out", printable(&word.word)));
    let read: Vec<String> = read.chain(left_out).collect();
    if !read.is_empty() {
        text.push_str(&format!("  {}\n", read.join("; ")));
    }
    text
}

/// What an estimate's interval is of, or why there is none, in words.
#[must_use]
pub fn grounds(found: &PromptEstimate) -> String {
    let level = found.interval.map_or(0.9, |interval| interval.level);
    if found.measured {
        format!("{:.0} % interval of the mean of test items", 100.0 * level)
    } else if found.calibrated {
        format!("{:.0} % interval, calibrated on {} slices", 100.0 * level, grouped(found.slices))
    } else {
        format!("not calibrated here: {} slices of 20 needed", found.slices)
    }
}

/// The estimate of a prompt, first of all, with its witnesses.
fn estimate(prompt: &PromptScores) -> String {
    let mut text = prompt.support.as_ref().map(support).unwrap_or_default();
    let Some(found) = &prompt.estimate else { return text };
    text.push_str(&format!(
        "  {} mean loss {:.3}{}; {}\n",
        if found.measured { "measured" } else { "estimated" },
        found.value,
        between(found.interval),
        grounds(found)
    ));
    if let Some(note) = &found.note {
        text.push_str(&format!("  {note}\n"));
    }
    let mut grid = Grid::new(&[
        ("  witness", Left),
        ("says", Right),
        ("90 %", Right),
        ("n", Right),
        ("weight", Right),
        ("over", Left),
    ]);
    for witness in &prompt.witnesses {
        let amount = prompt.witness_amount(witness);
        let interval = witness.interval.filter(|_| amount.is_some());
        let amount = amount.map_or_else(|| "n/a".into(), |value| format!("{value:.3}"));
        grid.row(vec![
            format!("  {}", witness.name),
            amount,
            between(interval).trim().to_owned(),
            grouped(witness.n),
            witness.weight.map_or_else(String::new, |weight| format!("{weight:.2}")),
            witness.over.clone(),
        ]);
    }
    text + &grid.render()
}

/// The verdict of a pair, before any number.
fn pair_verdict(found: &PairEstimate) -> String {
    let difference = format!("A − B {:+.3}{}", found.estimate.value, between(found.estimate.interval));
    format!(
        "{}\n{difference}; P(A worse) {}, {}\n",
        found.sentence(),
        probability(found.p_worse),
        grounds(&found.estimate)
    )
}

/// Many pairs, one a line: the verdict first.
#[must_use]
pub fn pairs(pairs: &[(&str, &str, &PairEstimate)], run: &RunRecord) -> String {
    let mut grid = Grid::new(&[
        ("verdict", Left),
        ("P(A worse)", Right),
        ("A − B", Right),
        ("90 %", Right),
        ("A", Left),
        ("B", Left),
    ]);
    for (a, b, found) in pairs {
        grid.row(vec![
            found.verdict.words().to_owned(),
            probability(found.p_worse),
            format!("{:+.3}", found.estimate.value),
            between(found.estimate.interval).trim().to_owned(),
            printable(a),
            printable(b),
        ]);
    }
    let rest = pairs.first().map(|(_, _, found)| format!("\n{}.\n", grounds(&found.estimate))).unwrap_or_default();
    format!("{}\n{}{rest}", heading("Comparisons", run), grid.render())
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
        if prompt.amount(score.head).is_none() {
            // Of such losses only the order is learnt.
            let mut cells = vec![format!("  {name}"), "n/a".into(), "n/a".into(), "n/a".into()];
            cells.extend([format!("{:.1} %", score.percentile * 100.0), NO_AMOUNT.into()]);
            grid.row(cells);
            continue;
        }
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
    if prompt.fitted {
        text.push_str("  ! the losses look like those of data the model was fitted to; give out-of-fold losses: what the heads say is an order, no amount\n");
    }
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
        let told = pair.amount(head).is_some();
        cells.extend(quartiles.iter().map(|value| if told { format!("{value:+.3}") } else { "n/a".into() }));
        cells.extend(direction_cells(&head.direction));
        grid.row(cells);
    }
    let blocks = [("A", &pair.a), ("B", &pair.b)].map(|(name, prompt)| {
        let estimate = estimate(prompt);
        format!("\n{name} \"{}\"\n{estimate}{}{}", printable(&prompt.text), score_grid(prompt), remarks(prompt))
    });
    format!(
        "{}{}{}\n{}\nHeads alone: {}\nTheir P comes from {}: it measures how far training agrees with itself, not the sampling of items.\n",
        heading("Comparison", run) + "\n",
        pair.estimate.as_ref().map(pair_verdict).unwrap_or_default(),
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
