//! Terms from attributes, and what attributes explain.

use super::term::{Term, TermKind};
use crate::audit::{Attribute, Audit};
use nalgebra::{DMatrix, DVector};
use std::collections::HashMap;

/// Items that weigh against an attribute's coefficient.
const RIDGE: f64 = 1.0;

/// Both groups of every attribute, among `rows` of the audit, named by its phrase and its antonym. An antonym that names
/// another group too ("a white person" of several) cannot stand for one: then it is "Not X".
#[must_use]
pub fn attribute_terms(audit: &Audit, rows: &[usize]) -> Vec<Term> {
    let mut said: HashMap<&str, usize> = HashMap::new();
    let mut phrases: HashMap<&str, usize> = HashMap::new();
    for (_, prompts) in audit.attribute_prompts() {
        *phrases.entry(&prompts.phrase).or_default() += 1;
        *said.entry(&prompts.phrase).or_default() += 1;
        prompts.antonym.iter().for_each(|antonym| *said.entry(antonym).or_default() += 1);
    }
    let both = |attribute: &Attribute| {
        let prompts = &attribute.prompts;
        let with = if phrases[prompts.phrase.as_str()] == 1 { &prompts.phrase } else { &attribute.name };
        let without = prompts.antonym.as_ref().filter(|antonym| said[antonym.as_str()] == 1);
        let (with, without) = (with.clone(), without.unwrap_or(&prompts.bare.1).clone());
        [(with, true), (without, false)].map(|(name, wanted)| {
            let holds = (0_u32..).zip(rows).filter(|(_, row)| attribute.values[**row] == Some(wanted));
            Term { name, kind: TermKind::Attribute, rows: holds.map(|(place, _)| place).collect() }
        })
    };
    audit.attributes.iter().flat_map(both).collect()
}

/// What a ridge regression on attributes, fitted on `fit` (places in `rows`), expects of every row; an unknown value counts
/// as the attribute's mean. `None` where it cannot be fitted.
#[must_use]
pub fn expected(attributes: &[&Attribute], rows: &[usize], values: &[f64], fit: &[u32]) -> Option<Vec<f64>> {
    let count = fit.len() as f64;
    let centres: Vec<f64> = attributes
        .iter()
        .map(|attribute| {
            let known: Vec<bool> = fit.iter().filter_map(|&at| attribute.values[rows[at as usize]]).collect();
            known.iter().filter(|is| **is).count() as f64 / known.len().max(1) as f64
        })
        .collect();
    let mean = fit.iter().map(|&at| values[at as usize]).sum::<f64>() / count;
    let line = |row: usize| -> Vec<f64> {
        let value = |(attribute, centre): (&&Attribute, &f64)| {
            attribute.values[row].map_or(0.0, |is| f64::from(u8::from(is)) - centre)
        };
        attributes.iter().zip(&centres).map(value).collect()
    };
    let size = attributes.len();
    let mut normal = DMatrix::<f64>::identity(size, size) * RIDGE;
    let mut right = DVector::<f64>::zeros(size);
    for &at in fit {
        let x = DVector::from_vec(line(rows[at as usize]));
        right.axpy(values[at as usize] - mean, &x, 1.0);
        normal.ger(1.0, &x, &x, 1.0);
    }
    let weights = normal.cholesky()?.solve(&right);
    let predicted =
        |row: &usize| mean + line(*row).iter().zip(weights.iter()).map(|(x, weight)| x * weight).sum::<f64>();
    Some(rows.iter().map(predicted).collect())
}
