//! One item as lists show it: whole, whatever its length.

use crate::audit::{Audit, Content, HeadKind, ModelLosses, Split};
use crate::stats::Summary;
use serde::{Serialize, Serializer};

/// What one member or all members of a head say of an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemHead {
    pub head: HeadKind,
    /// Outputs, one a member, in the head's own unit.
    pub members: Vec<f64>,
    pub summary: Summary,
}

/// Another item that lies near one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearItem {
    /// Its position in the audit.
    #[serde(skip)]
    pub row: u32,
    pub id: String,
    /// Cosine of the two embeddings.
    pub similarity: f64,
    /// Loss of the model that is listed.
    pub loss: Option<f64>,
    /// Its whole text; `None` where it has none, or texts are hidden.
    pub text: Option<String>,
}

/// One item with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedItem {
    /// Its position in the audit.
    #[serde(skip)]
    pub row: u32,
    pub id: String,
    /// Its whole text, or the caption of an image; `None` where it has none, or texts are hidden.
    pub text: Option<String>,
    /// Path of its image file, where it is one and texts are not hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    pub split: Split,
    /// 1 or 0, where the audit has labels.
    pub label: Option<u8>,
    /// Score of every model that has one for some item; `None` where it has none for this.
    #[serde(serialize_with = "as_map", skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<(String, Option<f64>)>,
    /// Loss of every model; `None` where it has none.
    #[serde(serialize_with = "as_map")]
    pub losses: Vec<(String, Option<f64>)>,
    /// Whether it has each attribute; `None` where that is not known.
    #[serde(serialize_with = "as_map")]
    pub attributes: Vec<(String, Option<bool>)>,
    /// The regressor's prediction of its loss, mean of the members; `None` without heads or its embedding.
    pub risk: Option<f64>,
    /// Loss less risk.
    pub surprise: Option<f64>,
    /// Of losses of data the model was fitted to: risk is an order, no amount.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub order_only: bool,
    /// Cosine with the prompt asked for.
    pub similarity: Option<f64>,
    /// Loss less that of the model it is compared with.
    pub change: Option<f64>,
    /// Members' outputs and nearest items: only where one item is looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heads: Option<Vec<ItemHead>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<Vec<NearItem>>,
}

impl ListedItem {
    /// What the audit itself knows of the item at a position.
    #[must_use]
    pub fn of(audit: &Audit, row: u32, hide_text: bool) -> Self {
        let at = row as usize;
        let item = &audit.items[at];
        let image = match &item.content {
            Content::Image { path, .. } => Some(path.clone()),
            _ => None,
        };
        Self {
            row,
            id: item.id.to_string(),
            text: shown_text(audit, row, hide_text),
            image: image.filter(|_| !hide_text).map(|path| path.to_string()),
            split: item.split,
            label: audit.labels.as_ref().map(|labels| u8::from(labels[at])),
            scores: scores(audit, at),
            losses: audit.models.iter().map(|model| (model.name.clone(), known(model.losses[at]))).collect(),
            attributes: audit.attributes.iter().map(|one| (one.name.clone(), one.values[at])).collect(),
            risk: None,
            surprise: None,
            order_only: false,
            similarity: None,
            change: None,
            heads: None,
            nearest: None,
        }
    }

    /// The predicted loss as an amount; `None` where it is an order alone.
    #[must_use]
    pub fn predicted_amount(&self) -> Option<f64> {
        self.risk.filter(|_| crate::diagnose::tells_amounts(HeadKind::Regressor, self.order_only))
    }

    /// Loss less predicted loss, likewise.
    #[must_use]
    pub fn surprise_amount(&self) -> Option<f64> {
        self.surprise.filter(|_| self.predicted_amount().is_some())
    }

    /// What a head says of it as an amount, likewise.
    #[must_use]
    pub fn amount<'a>(&self, head: &'a ItemHead) -> Option<&'a Summary> {
        crate::diagnose::tells_amounts(head.head, self.order_only).then_some(&head.summary)
    }

    /// Its loss of a model.
    #[must_use]
    pub fn loss(&self, model: &str) -> Option<f64> {
        self.losses.iter().find(|(name, _)| name == model)?.1
    }

    /// Its score by a model.
    #[must_use]
    pub fn score(&self, model: &str) -> Option<f64> {
        self.scores.iter().find(|(name, _)| name == model)?.1
    }
}

fn scores(audit: &Audit, at: usize) -> Vec<(String, Option<f64>)> {
    let score = |model: &ModelLosses| Some((model.name.clone(), known(model.scores.as_ref()?[at])));
    audit.models.iter().filter_map(score).collect()
}

/// An item's text, if it has one and texts are not hidden.
#[must_use]
pub fn shown_text(audit: &Audit, row: u32, hide_text: bool) -> Option<String> {
    let text = &audit.items[row as usize].text;
    (!hide_text && !text.is_empty()).then(|| text.to_string())
}

/// A figure, unless it is NaN.
#[must_use]
pub fn known(figure: f64) -> Option<f64> {
    (!figure.is_nan()).then_some(figure)
}

fn as_map<S: Serializer, T: Serialize>(pairs: &[(String, T)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}
