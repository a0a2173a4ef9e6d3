//! Answers in plain text. Every table says what it is over.

use super::{Align, Grid, printable};
use crate::audit::{Contrast, HeadKind, RunRecord, Side};
use crate::diagnose::{
    AttributesTable, BiasTable, Correlations, Measured, OodTable, PairScores, PromptScores, Tables, TrueGap,
    ValidityTable, ZeroShotTable,
};
use crate::stats::{Correlation, Direction};
use Align::{Left, Right};

/// Heads, members and audit a table rests on.
fn heading(title: &str, run: &RunRecord) -> String {
    format!(
        "{title}
audit {} · model {} · run {} · {}
",
        printable(&run.audit),
        printable(&run.model),
        run.id,
        run.hyper.summary()
    )
}

fn members(run: &RunRecord) -> String {
    if run.hyper.members == 1 { "one member".into() } else { format!("{} members", run.hyper.members) }
}

fn fixed(value: Measured, digits: usize) -> String {
    match value {
        Measured::Value(value) => format!("{value:.digits$}"),
        Measured::Undefined { undefined } => undefined.to_string(),
    }
}

fn signed(value: Measured, digits: usize) -> String {
    match value {
        Measured::Value(value) => format!("{value:+.digits$}"),
        Measured::Undefined { undefined } => undefined.to_string(),
    }
}

fn side(side: Option<Side>) -> String {
    side.map_or_else(|| "=".into(), |side| side.letter().to_string())
}

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

fn p_value(p: f64) -> String {
    if p < 1e-4 { "<.0001".into() } else { format!("{p:.4}") }
}

/// Table 5, each attribute under its own contrast.
#[must_use]
pub fn attributes(table: &AttributesTable, run: &RunRecord) -> String {
    let mut grid = Grid::new(&[
        ("attribute", Left),
        ("n true", Right),
        ("n false", Right),
        ("AUROC true", Right),
        ("AUROC false", Right),
        ("RMM", Right),
        ("worse", Left),
        ("AUROC gap", Right),
        ("loss gap", Right),
        ("harder", Left),
        ("pred regressor", Right),
        ("pred ranker", Right),
        ("pred ood", Right),
        ("0-shot", Right),
        ("contrast", Left),
    ]);
    for row in &table.rows {
        let contrast = row.contrast;
        let predicted = |head: HeadKind| {
            row.predicted(head, contrast).map_or_else(|| "n/a".into(), |gap| format!("{:+.3}", gap.summary.mean))
        };
        grid.row(vec![
            printable(&row.name),
            row.n_true.to_string(),
            row.n_false.to_string(),
            fixed(row.auroc_true, 4),
            fixed(row.auroc_false, 4),
            fixed(row.rmm, 4),
            side(row.worse_auroc),
            signed(row.auroc_gap, 4),
            signed(row.loss_gap, 3),
            side(row.worse_loss),
            predicted(HeadKind::Regressor),
            predicted(HeadKind::Ranker),
            predicted(HeadKind::Ood),
            row.zero_shot(contrast).map_or_else(|| "n/a".into(), |auroc| fixed(auroc, 4)),
            contrast.to_string(),
        ]);
    }
    let note = format!(
        "Over {} test items. Gaps are group with the attribute minus group without; a positive loss gap means the group with it is harder.\n\
         Predicted gaps are risk of the phrase minus risk of its contrast, mean over {}; only the regressor's is in loss units.\n",
        table.n,
        members(run)
    );
    format!("{}\n{}\n{note}", heading("Table 5 · Rawlsian max-min per attribute", run), grid.render())
}

/// Table 2.
#[must_use]
pub fn validity(table: &ValidityTable, run: &RunRecord) -> String {
    let mut grid = Grid::new(&[
        ("head", Left),
        ("members as", Left),
        ("Pearson", Right),
        ("p", Right),
        ("Spearman", Right),
        ("p", Right),
        ("Kendall τ-b", Right),
        ("p", Right),
    ]);
    for row in &table.rows {
        let name = if row.aggregate == crate::diagnose::Aggregate::Mean { "mean" } else { "median" };
        let mut cells = vec![row.head.to_string(), name.to_owned()];
        cells.extend(correlation_cells(&row.correlations));
        grid.row(cells);
    }
    format!(
        "{}\n{}\nPredicted risk against true loss over {} test items.\n",
        heading("Table 2 · do the heads know which items fail?", run),
        grid.render(),
        table.n
    )
}

fn correlation_cells(correlations: &Correlations) -> Vec<String> {
    let cell = |value: &Measured<Correlation>| match value {
        Measured::Value(correlation) => [format!("{:+.3}", correlation.value), p_value(correlation.p)],
        Measured::Undefined { undefined } => [undefined.to_string(), String::new()],
    };
    [&correlations.pearson, &correlations.spearman, &correlations.kendall].into_iter().flat_map(cell).collect()
}

/// Table 3.
#[must_use]
pub fn bias(table: &BiasTable, run: &RunRecord) -> String {
    let mut grid = Grid::new(&[
        ("head", Left),
        ("contrast", Left),
        ("against", Left),
        ("n", Right),
        ("Pearson", Right),
        ("p", Right),
        ("Spearman", Right),
        ("p", Right),
        ("Kendall τ-b", Right),
        ("p", Right),
        ("same sign", Right),
    ]);
    for row in &table.rows {
        let against = match row.against {
            TrueGap::SignedLoss => "signed loss gap",
            TrueGap::SignedAuroc => "−signed AUROC gap",
            TrueGap::Rmm => "RMM, unsigned (paper)",
        };
        let mut cells = vec![row.head.to_string(), row.contrast.to_string(), against.to_owned(), row.n.to_string()];
        cells.extend(correlation_cells(&row.correlations));
        cells.push(row.same_sign.map_or_else(String::new, |same| format!("{same} of {}", row.n)));
        grid.row(cells);
    }
    format!(
        "{}\n{}\nOver attributes. They overlap, so n of them are fewer independent points and the textbook p flatters.\n",
        heading("Table 3 · do predicted gaps follow true gaps?", run),
        grid.render()
    )
}

/// Table 4.
#[must_use]
pub fn zero_shot(table: &ZeroShotTable, run: &RunRecord) -> String {
    let mut grid = Grid::new(&[
        ("contrast", Left),
        ("n", Right),
        ("mean 0-shot AUROC", Right),
        ("Pearson", Right),
        ("p", Right),
        ("Spearman", Right),
        ("p", Right),
        ("Kendall τ-b", Right),
        ("p", Right),
    ]);
    for row in &table.rows {
        let mut cells = vec![row.contrast.to_string(), row.n.to_string(), fixed(row.mean_auroc, 3)];
        cells.extend(correlation_cells(&row.correlations));
        grid.row(cells);
    }
    format!(
        "{}\n{}\nZero-shot AUROC of the encoder against −RMM of the model, over attributes.\n",
        heading("Table 4 · is the model robust where the encoder knows the attribute?", run),
        grid.render()
    )
}

/// Table 1.
#[must_use]
pub fn ood(table: &OodTable, run: &RunRecord) -> String {
    let mut grid =
        Grid::new(&[("foreign set", Left), ("n", Right), ("ood", Right), ("regressor", Right), ("ranker", Right)]);
    for row in &table.rows {
        let of = |head: HeadKind| row.auroc(head).map_or_else(String::new, |auroc| fixed(auroc, 3));
        grid.row(vec![
            printable(&row.foreign),
            row.n_foreign.to_string(),
            of(HeadKind::Ood),
            of(HeadKind::Regressor),
            of(HeadKind::Ranker),
        ]);
    }
    format!(
        "{}\n{}\nAUROC of familiarity (−risk): {} prompts that describe the data against each foreign set. Left out because they name people: {}.\n\
         Only the ood head is trained for this; −regressor and −ranker are printed because the paper does, not to be trusted.\n",
        heading("Table 1 · do the heads tell foreign words from the data's own?", run),
        grid.render(),
        table.in_distribution.len(),
        printable(&table.left_out.join(", "))
    )
}

/// Scores of prompts, one block each.
#[must_use]
pub fn score(prompts: &[PromptScores], run: &RunRecord) -> String {
    let mut text = heading("Prompt scores", run);
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
        heading("Comparison", run),
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

/// The runs kept.
#[must_use]
pub fn runs(runs: &[RunRecord]) -> String {
    if runs.is_empty() {
        return "no runs yet; 'llm2loss train adult' makes one\n".into();
    }
    let mut grid = Grid::new(&[
        ("run", Left),
        ("audit", Left),
        ("model", Left),
        ("heads", Left),
        ("val ρ regressor", Right),
        ("val ρ ranker", Right),
        ("seconds", Right),
        ("device", Left),
    ]);
    for run in runs {
        let validation =
            |head: HeadKind| run.validation_spearman(head).map_or_else(|| "n/a".into(), |value| format!("{value:.3}"));
        grid.row(vec![
            run.id.to_string(),
            printable(&run.audit),
            printable(&run.model),
            run.hyper.summary(),
            validation(HeadKind::Regressor),
            validation(HeadKind::Ranker),
            format!("{:.1}", run.seconds),
            run.device.clone(),
        ]);
    }
    grid.render()
}

/// How many attributes the demo names.
const DEMO_ROWS: usize = 5;

/// What a newcomer should see first: whom the model fails, and how far to trust the heads.
#[must_use]
pub fn demo(tables: &Tables, run: &RunRecord) -> String {
    let mut rows: Vec<_> = tables.attributes.rows.iter().filter(|row| row.loss_gap.value().is_some()).collect();
    rows.sort_by(|a, b| b.loss_gap.value().unwrap_or(0.0).abs().total_cmp(&a.loss_gap.value().unwrap_or(0.0).abs()));
    let mut grid = Grid::new(&[
        ("  attribute", Left),
        ("n true", Right),
        ("loss true", Right),
        ("loss false", Right),
        ("gap", Right),
        ("predicted", Right),
        ("prompts compared", Left),
    ]);
    for row in rows.iter().take(DEMO_ROWS) {
        let predicted = row
            .predicted(HeadKind::Regressor, row.contrast)
            .map_or_else(|| "n/a".into(), |gap| format!("{:+.2}", gap.summary.mean));
        let prompts = row.prompts.pair(row.contrast).map_or_else(String::new, |(a, b)| format!("\"{a}\" − \"{b}\""));
        grid.row(vec![
            format!("  {}", printable(&row.name)),
            row.n_true.to_string(),
            fixed(row.loss_true, 2),
            fixed(row.loss_false, 2),
            signed(row.loss_gap, 2),
            predicted,
            printable(&prompts),
        ]);
    }
    let spearman = |head: HeadKind| {
        let row = tables
            .validity
            .rows
            .iter()
            .find(|row| row.head == head && row.aggregate == crate::diagnose::Aggregate::Mean);
        row.map_or_else(
            || "n/a".into(),
            |row| row.correlations.spearman.value().map_or_else(|| "n/a".into(), |value| format!("{:.2}", value.value)),
        )
    };
    let bias = tables.bias.rows.iter().find(|row| {
        row.head == HeadKind::Ranker && row.contrast == Contrast::Antonym && row.against == TrueGap::SignedLoss
    });
    let signs =
        bias.and_then(|row| row.same_sign.map(|same| format!("{same} of {}", row.n))).unwrap_or_else(|| "n/a".into());
    format!(
        "{}\nWhere the loss differs most, over {} test items:\n{}\n\
         The ranker orders test items by loss with Spearman {}, the regressor with {}.\n\
         From words alone, the ranker has the sign of the loss gap right for {signs} attributes.\n\
         Open the console with 'llm2loss', or ask: llm2loss score {} \"an elderly person\"\n",
        heading("What was found", run),
        tables.attributes.n,
        grid.render(),
        spearman(HeadKind::Ranker),
        spearman(HeadKind::Regressor),
        run.audit,
    )
}
