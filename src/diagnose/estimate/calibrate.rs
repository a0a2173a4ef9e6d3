//! From an audit's items to the calibration of a run: slices, what the witnesses say of each, the fit.

use super::calibration::{Calibration, Grounds, LEAST_SLICES, Recipe};
use super::clusters::{ClusterItems, cluster_slices};
use super::estimator::Estimator;
use super::fixed::FixedFormula;
use super::level::Said;
use super::mined::word_slices;
use super::slice::{Slice, TestItems, attribute_slices};
use crate::audit::Audit;
use crate::data::content_words;
use crate::diagnose::DiagnoseError;
use crate::heads::Picked;
use std::sync::PoisonError;

/// Prompts of an audit's own that give the fixed formula its scale; with fewer, sentences about anything do.
const LEAST_OWN: usize = 5;
const ANYTHING: usize = 200;

/// Items that slices are made of: training items name clusters, test items give the truth.
pub struct Slicing<'a> {
    pub test_rows: &'a [usize],
    pub test_losses: &'a [f64],
    /// `[test, d]`.
    pub test: Picked<'a>,
    pub train_rows: &'a [usize],
    pub train_losses: &'a [f64],
    /// `[train, d]`.
    pub train: &'a [f32],
    /// The audit's own prompts.
    pub own_prompts: &'a [&'a str],
}

impl Estimator {
    /// Calibrates on the audit's own slices: those of its attributes, else of words and clusters of its items. `train`
    /// and `test` are embeddings of training and test items, `[n, d]`.
    ///
    /// # Errors
    /// If an encoder or the heads fail.
    pub fn calibrate(&self, audit: &Audit, grounds: &Slicing<'_>) -> Result<Calibration, DiagnoseError> {
        let test = TestItems { rows: grounds.test_rows, losses: grounds.test_losses };
        let mut slices = attribute_slices(audit, test);
        let mut recipe = Recipe { own_form: false, learnt_centre: true };
        if slices.len() < LEAST_SLICES && self.witnesses.index.is_some() {
            recipe = Recipe { own_form: true, learnt_centre: false };
            slices = self.mined(audit, grounds, test);
        }
        slices.retain(|slice| self.knows(&slice.text));
        let texts: Vec<&str> = slices.iter().map(|slice| slice.text.as_str()).collect();
        let heard = self.witnesses.hear(&texts)?;
        let said: Vec<Said> = heard
            .iter()
            .zip(&texts)
            .map(|(heard, text)| {
                Ok(Said { raw: heard.values, form: if recipe.own_form { self.form_of(text)? } else { [0.0; 4] } })
            })
            .collect::<Result<_, DiagnoseError>>()?;
        let own = grounds.own_prompts;
        let anything = self.filler.anything(ANYTHING);
        let scale: Vec<&str> = match self.witnesses.encoder.phrases() {
            _ if own.len() >= LEAST_OWN => own.to_vec(),
            Some(list) => list.phrases().iter().map(String::as_str).collect(),
            None => anything.iter().map(String::as_str).collect(),
        };
        let spread: Vec<[f64; 4]> = self.witnesses.hear(&scale)?.iter().map(|heard| heard.values).collect();
        let longest =
            texts.iter().map(|text| content_words(text, &self.witnesses.guard.generic).len()).max().unwrap_or(0);
        let overall = test.losses.iter().sum::<f64>() / test.losses.len().max(1) as f64;
        Ok(Calibration::of(
            &slices,
            &said,
            Grounds {
                guard: self.witnesses.guard.sentences.clone(),
                recipe,
                overall,
                test_items: test.losses.len(),
                evidence_items: grounds.train_rows.len(),
                evidence_mean: grounds.train_losses.iter().sum::<f64>() / grounds.train_losses.len().max(1) as f64,
                fixed: FixedFormula::of(&spread),
                longest,
                forms: self.forms.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            },
        ))
    }

    fn mined(&self, audit: &Audit, grounds: &Slicing<'_>, test: TestItems<'_>) -> Vec<Slice> {
        let texts_of = |rows: &[usize]| rows.iter().map(|&row| audit.items[row].text.as_str()).collect::<Vec<&str>>();
        let generic = &self.witnesses.guard.generic;
        let mut slices = word_slices(&texts_of(test.rows), test, generic, 0);
        let first = slices.iter().flat_map(|slice| &slice.parts).max().map_or(0, |part| part + 1);
        let texts = texts_of(grounds.train_rows);
        let items = ClusterItems {
            train_texts: &texts,
            train: grounds.train,
            test: grounds.test,
            dimension: self.witnesses.encoder.dimension(),
        };
        slices.extend(cluster_slices(&items, test, generic, first));
        slices
    }
}
