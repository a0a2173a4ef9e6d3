//! Prompts while they are typed: what begins as an earlier prompt did is not computed again.
//!
//! The text tower is causal, so keys and values of a beginning do not depend on what follows it.

use super::stack::Past;
use super::text::TextTower;
use candle_core::{Result, Tensor};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Prompts remembered: two that are edited in turn, and a few to go back to.
const KEPT: usize = 8;

/// The last prompts, newest first.
#[derive(Default)]
pub struct PrefixCache(Mutex<VecDeque<Known>>);

struct Known {
    ids: Vec<u32>,
    past: Vec<Past>,
}

impl PrefixCache {
    /// Features of a text, `[1, projection]`, computing only what no remembered prompt begins with.
    pub fn features(&self, tower: &TextTower, ids: &[u32]) -> Result<Tensor> {
        let pooled = tower.pooled(ids);
        let past = self.longest(&ids[..pooled])?;
        let (features, past) = tower.extend(ids, &past)?;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|one| one.ids != ids);
        known.push_front(Known { ids: ids.to_vec(), past });
        known.truncate(KEPT);
        Ok(features)
    }

    /// Keys and values of the longest beginning of `ids` that is remembered.
    fn longest(&self, ids: &[u32]) -> Result<Vec<Past>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = |one: &Known| one.ids.iter().zip(ids).take_while(|(a, b)| a == b).count();
        let Some((best, tokens)) =
            known.iter().map(|one| (one, shared(one))).max_by_key(|(_, tokens)| *tokens).filter(|(_, n)| *n > 0)
        else {
            return Ok(Vec::new());
        };
        best.past.iter().map(|(keys, values)| Ok((keys.narrow(1, 0, tokens)?, values.narrow(1, 0, tokens)?))).collect()
    }
}
