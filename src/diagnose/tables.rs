//! All tables of a run at once.

use super::{DiagnoseError, Evidence, Reference, Tables, attributes, bias, ood, validity, zero_shot};
use crate::audit::{Audit, ModelLosses, RunId};
use crate::encoder::Encoder;
use crate::heads::Ensemble;
use serde::{Deserialize, Serialize};

/// What is kept of a run beside its heads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    pub tables: Tables,
    pub reference: Reference,
}

/// Computes every table of a run; `embeddings` are those of the test items in order.
///
/// # Errors
/// If the encoder or the heads fail.
pub fn tables(
    run: &RunId,
    audit: &Audit,
    model: &ModelLosses,
    embeddings: &[f32],
    encoder: &dyn Encoder,
    ensemble: &Ensemble,
) -> Result<Diagnosis, DiagnoseError> {
    let evidence = Evidence::gather(audit, model, embeddings, encoder, ensemble)?;
    let attributes = attributes::attributes(&evidence);
    let tables = Tables {
        run: run.clone(),
        validity: validity::validity(&evidence),
        bias: bias::bias(&attributes),
        zero_shot: zero_shot::zero_shot(&attributes),
        ood: ood::ood(&evidence, ensemble)?,
        attributes,
    };
    let reference = Reference::of(&evidence, encoder, ensemble)?;
    Ok(Diagnosis { tables, reference })
}
