//! All tables of a run at once.

use super::null::NullGaps;
use super::{
    BiasTable, Calibration, DiagnoseError, Estimator, Evidence, IntervalMethod, Material, OodQuestion, Reference,
    Slicing, Tables, attributes, bias, everybody, ood, validity, zero_shot,
};
use crate::audit::RunId;
use serde::{Deserialize, Serialize};

/// What is kept of a run beside its heads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    pub tables: Tables,
    pub reference: Reference,
    pub calibration: Calibration,
}

/// Computes every table of a run.
///
/// # Errors
/// If the encoder or the heads fail.
pub fn tables(run: &RunId, material: &Material) -> Result<Diagnosis, DiagnoseError> {
    let Material { audit, encoder, ensemble, .. } = *material;
    let evidence = Evidence::gather(material)?;
    let estimator = Estimator::new(&material.evidence, None)?;
    let calibration = calibrate(&evidence, material, &estimator)?;
    let mut attributes = attributes::attributes(&evidence, IntervalMethod::Analytic);
    everybody::fill(&mut attributes, &calibration);
    let null = NullGaps::draw(&evidence, ensemble, material.train, &material.train_losses)?;
    let question = OodQuestion { sets: audit.prompts.clone(), drop_people: true };
    let mut ood = ood::ood(&question, encoder, ensemble)?;
    ood::add_guard(&mut ood, &estimator)?;
    let tables = Tables {
        run: run.clone(),
        validity: validity::validity(&evidence, material.train),
        bias: BiasTable { everybody: everybody::rows(&attributes), ..bias::bias(&attributes, &null) },
        zero_shot: zero_shot::zero_shot(&attributes),
        ood,
        attributes,
    };
    let reference = Reference::of(&evidence, encoder, ensemble)?;
    Ok(Diagnosis { tables, reference, calibration })
}

/// Holds the witnesses of the training items against slices of the test items.
fn calibrate(evidence: &Evidence, material: &Material, estimator: &Estimator) -> Result<Calibration, DiagnoseError> {
    let own = evidence.own_prompts();
    let slicing = Slicing {
        test_rows: &evidence.rows,
        test_losses: &evidence.losses,
        test: material.test,
        train_rows: material.train_rows,
        train_losses: &material.train_losses,
        train: material.train,
        own_prompts: &own,
    };
    estimator.calibrate(material.audit, &slicing)
}
