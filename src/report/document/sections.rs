//! What a report says, before it is HTML, Markdown or LaTeX.

use super::ReportMaterial;
use crate::audit::{Contrast, HeadKind};
use crate::diagnose::{Aggregate, Measured, TestSetTrend, TrueGap, grouped};
use crate::report::comparison::{self, Room};
use crate::report::sheet::Sheet;
use crate::report::{self, DiscoveryTitle, figure, printable};

/// A heading, paragraphs, a figure and tables.
pub struct Section {
    /// Its anchor.
    pub id: &'static str,
    pub title: String,
    pub paragraphs: Vec<String>,
    /// An SVG with a caption.
    pub figure: Option<(String, String)>,
    pub tables: Vec<Sheet>,
}

/// Where the numbers come from: name and value.
pub fn facts(material: &ReportMaterial) -> Vec<(&'static str, String)> {
    let run = material.run;
    let mut facts = vec![
        ("audit", printable(&run.audit)),
        ("model", printable(&run.model)),
        (
            "items",
            format!(
                "{} to train heads, {} to watch them, {} test items",
                grouped(run.train_items),
                grouped(run.validation_items),
                grouped(material.test_items)
            ),
        ),
        ("data fingerprint", run.data_fingerprint.clone()),
        ("encoder", format!("{}, {} dimensions", printable(&run.encoder), run.dimension)),
        ("run", run.id.to_string()),
        ("heads", run.summary()),
        ("seed", run.hyper.seed.to_string()),
        ("weights digest", run.weights_digest.clone()),
        ("device", printable(&run.device)),
        ("program", format!("llm2loss {}", run.version)),
    ];
    if let Some(date) = &material.date {
        facts.push(("date", printable(date)));
    }
    facts
}

/// All sections in reading order.
pub fn sections(material: &ReportMaterial) -> Vec<Section> {
    let mut all = vec![findings(material), discovered(material)];
    all.extend(changed(material));
    all.extend(material.ledger.map(checked));
    all.extend([
        attributes(material),
        predicted(material),
        calibration(material),
        validity(material),
        words(material),
        pairs(material),
        training(material),
        limits(material),
    ]);
    all
}

fn findings(material: &ReportMaterial) -> Section {
    let one = |finding: &crate::diagnose::Finding| {
        let figures = finding.figures().join("; ");
        let figures = if figures.is_empty() { figures } else { format!(" {figures}.") };
        printable(&format!("{}.{figures}", finding.claim()))
    };
    let paragraphs = material.findings.findings.iter().map(one).collect();
    let tables = material.items.iter().map(|items| items.sheet(&material.run.model)).collect();
    Section { id: "findings", title: "What was found".into(), paragraphs, figure: None, tables }
}

fn discovered(material: &ReportMaterial) -> Section {
    let title = DiscoveryTitle { audit: &material.run.audit, model: &material.run.model, wanted: "hard", within: None };
    let sheet = report::discovery(&material.discovery, &title);
    let (paragraphs, tables) =
        if material.discovery.slices.is_empty() { (sheet.notes, vec![]) } else { (vec![], vec![sheet]) };
    Section { id: "discovered", title: "Where to look first".into(), paragraphs, figure: None, tables }
}

fn changed(material: &ReportMaterial) -> Option<Section> {
    let found = material.comparison?;
    let mut tables = comparison::groups(found, true);
    tables.push(comparison::changed_attributes(found, Room::Plenty));
    if let Some(predicted) = &found.predicted {
        tables.extend([comparison::heads(predicted), comparison::prompts(predicted, None)]);
    }
    tables.push(comparison::items(found, None));
    let mut paragraphs = comparison::summary(found, &material.run.audit);
    paragraphs.extend(comparison::rule(found));
    let caption = "Loss gap of each attribute under both models: ring before, dot after.".to_owned();
    Some(Section {
        id: "changes",
        title: format!("What {} changed against {}", printable(&found.after), printable(&found.before)),
        paragraphs,
        figure: Some((figure::changed_gaps(found), caption)),
        tables,
    })
}

fn checked(trend: &TestSetTrend) -> Section {
    let drawn = trend.figures.len().min(figure::DRAWN);
    let caption = format!(
        "{drawn} of {} figures over {} looks: those broken last, then those nearest to their limit, the dashed line. A diamond is a look past it.",
        trend.figures.len(),
        grouped(trend.looks.len())
    );
    Section {
        id: "ledger",
        title: "What checks found over time".into(),
        paragraphs: vec![report::trend_heading(trend) + "."],
        figure: (drawn > 0).then(|| (figure::figures_over_looks(trend), caption)),
        tables: vec![report::looks_sheet(trend), report::figures_sheet(trend)],
    }
}

fn attributes(material: &ReportMaterial) -> Section {
    let table = &material.tables.attributes;
    Section {
        id: "attributes",
        title: "Whom the model fails".into(),
        paragraphs: vec![
            "A gap is the mean loss of the group with an attribute minus that of the group without it. A filled dot is a gap beyond chance (q < .05, Benjamini-Hochberg over the attributes); a ring is not resolved, or has too few items.".into(),
        ],
        figure: Some((figure::attribute_gaps(table), "Measured loss gaps with 95 % intervals.".into())),
        tables: vec![report::attributes(table, material.run)],
    }
}

fn predicted(material: &ReportMaterial) -> Section {
    let tables = material.tables;
    let row = tables.bias.rows.iter().find(|row| {
        row.head == HeadKind::Regressor && row.contrast == Contrast::Antonym && row.against == TrueGap::SignedLoss
    });
    let everybody = tables.bias.everybody.iter().find(|row| row.against == TrueGap::SignedLoss).and_then(|row| {
        let spearman = row.correlations.spearman.value()?;
        Some(format!(
            "The estimate of an attribute's phrase against everybody, from slices without the attribute, has the sign of the measured loss gap right for {} of {} attributes; Spearman {:+.3} over attributes (n = {}).",
            row.same_sign?, row.n, spearman.value, row.n
        ))
    });
    let said = row.and_then(|row| {
        let spearman = row.correlations.spearman.value()?;
        Some(format!(
            "From words alone the regressor has the sign of the measured loss gap right for {} of {} attributes; Spearman {:+.3} over attributes (n = {}).",
            row.same_sign?, row.n, spearman.value, row.n
        ))
    });
    Section {
        id: "predicted",
        title: "What the heads predict from words alone".into(),
        paragraphs: everybody.into_iter().chain(said).collect(),
        figure: Some((
            figure::predicted_against_true(&tables.attributes),
            "Predicted against measured loss gaps; hollow diamonds have the wrong sign.".into(),
        )),
        tables: vec![report::bias(&tables.bias, material.run), report::zero_shot(&tables.zero_shot, material.run)],
    }
}

fn calibration(material: &ReportMaterial) -> Section {
    let table = &material.calibration;
    let drawn = table.held_out.as_ref().map(|found| {
        (figure::reliability(found), "P(worse) as said against how often it came true, on slices held out.".to_owned())
    });
    Section {
        id: "calibration",
        title: "How far estimates of prompts can be believed".into(),
        paragraphs: Vec::new(),
        figure: drawn,
        tables: vec![report::calibration(table, material.run)],
    }
}

fn validity(material: &ReportMaterial) -> Section {
    Section {
        id: "validity",
        title: "How far the heads know which items fail".into(),
        paragraphs: Vec::new(),
        figure: None,
        tables: vec![report::validity(&material.tables.validity, material.run)],
    }
}

fn words(material: &ReportMaterial) -> Section {
    let drawn = !material.ladder.is_empty();
    Section {
        id: "ood",
        title: "Which words are unlike the data".into(),
        paragraphs: vec!["A prompt that the ood head finds unfamiliar has a predicted loss that means little.".into()],
        figure: drawn.then(|| {
            let caption = "Prompts by the ood head, before and after the sigmoid; dots are means, marks are members.";
            (figure::prompt_ladder(&material.ladder), caption.into())
        }),
        tables: vec![report::ood(&material.tables.ood, material.run, false)],
    }
}

fn pairs(material: &ReportMaterial) -> Section {
    let members = material.run.hyper.members;
    Section {
        id: "pairs",
        title: "Pairs of prompts".into(),
        paragraphs: vec![format!(
            "Each box spans the quartiles over {members} members of the regressor; whiskers reach the furthest member. It shows how far training agrees with itself, not the sampling of items."
        )],
        figure: Some((figure::pair_quartiles(&material.pairs), "Difference of two prompts' predicted losses.".into())),
        tables: Vec::new(),
    }
}

fn training(material: &ReportMaterial) -> Section {
    Section {
        id: "training",
        title: "Training".into(),
        paragraphs: vec![
            "Thin lines are members, the thick one is their mean. The three losses have units of their own.".into(),
        ],
        figure: Some((figure::training_curves(material.run), "Training loss by epoch.".into())),
        tables: Vec::new(),
    }
}

fn limits(material: &ReportMaterial) -> Section {
    let tables = material.tables;
    let spearman = |head: HeadKind| {
        let row = tables.validity.rows.iter().find(|row| row.head == head && row.aggregate == Aggregate::Mean);
        match row.map(|row| row.correlations.spearman) {
            Some(Measured::Value(found)) => format!("{:.2}", found.value),
            _ => "n/a".into(),
        }
    };
    let paragraphs = vec![
        format!(
            "Measured gaps are over the {} test items of this audit and say nothing of other data.",
            grouped(tables.attributes.n)
        ),
        format!(
            "Predicted losses come from heads fitted to {} training items; over the test items they order losses with Spearman {} (regressor) and {} (ranker). A prompt is not an item: read predicted gaps as direction.",
            grouped(material.run.train_items),
            spearman(HeadKind::Regressor),
            spearman(HeadKind::Ranker)
        ),
        format!(
            "Correlations over attributes have n = {}; attributes overlap, so that they are not {} independent points.",
            tables.attributes.rows.len(),
            tables.attributes.rows.len()
        ),
        format!(
            "Spread over {} members measures how far training agrees with itself; it is no interval for an item's loss.",
            material.run.hyper.members
        ),
        "A gap is an association. It does not say why the model fails a group, nor that the attribute is the cause."
            .into(),
    ];
    Section { id: "limits", title: "Limits".into(), paragraphs, figure: None, tables: Vec::new() }
}
