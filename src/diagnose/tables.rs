//! All tables of a run at once.

use super::null::NullGaps;
use super::{
    DiagnoseError, Evidence, IntervalMethod, Material, OodQuestion, Reference, Tables, attributes, bias, ood, validity,
    zero_shot,
};
use crate::audit::RunId;
use serde::{Deserialize, Serialize};

/// What is kept of a run beside its heads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    pub tables: Tables,
    pub reference: Reference,
}

/// Computes every table of a run.
///
/// # Errors
/// If the encoder or the heads fail.
pub fn tables(run: &RunId, material: &Material) -> Result<Diagnosis, DiagnoseError> {
    let Material { audit, encoder, ensemble, .. } = *material;
    let evidence = Evidence::gather(material)?;
    let attributes = attributes::attributes(&evidence, IntervalMethod::Analytic);
    let null = NullGaps::draw(&evidence, ensemble, material.train, &material.train_losses)?;
    let question = OodQuestion { sets: audit.prompts.clone(), drop_people: true };
    let tables = Tables {
        run: run.clone(),
        validity: validity::validity(&evidence, material.train),
        bias: bias::bias(&attributes, &null),
        zero_shot: zero_shot::zero_shot(&attributes),
        ood: ood::ood(&question, encoder, ensemble)?,
        attributes,
    };
    let reference = Reference::of(&evidence, encoder, ensemble)?;
    Ok(Diagnosis { tables, reference })
}
