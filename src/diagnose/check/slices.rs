//! The rule on new slices: which of those found are new, and whether they are more than may be.

use super::{NewSlices, Outcome, Status};
use crate::diagnose::Measured;
use crate::diagnose::discover::NewSlice;
use crate::stats::{self, Stat, Undefined};

/// The rule's key in the file.
const RULE: &str = "max_new_slices";

/// A slice is new where the model fails on it, its loss rose, and it rose by more than that of the other items beyond
/// chance: q under the rule's level over all slices found. More than `most` of them break the rule, each an outcome of its
/// own; else one outcome says how many there are.
pub fn judge(found: &NewSlices, most: usize, level: f64) -> Vec<Outcome> {
    if let (Some(note), true) = (found.notes.first(), found.slices.is_empty()) {
        let about = format!("no slice could be tested for being new: {}", note.trim_end_matches('.'));
        return vec![summary(Err(Undefined::Empty), found.tested_on, most, Status::Inconclusive, about)];
    }
    let p: Vec<Stat<f64>> = found.slices.iter().map(|slice| Ok(slice.p)).collect();
    let q = stats::benjamini_hochberg(&p);
    let is_new =
        |(slice, q): &(&NewSlice, Stat<f64>)| slice.told && slice.after > slice.before && q.is_ok_and(|q| q < level);
    let new: Vec<(&NewSlice, Stat<f64>)> = found.slices.iter().zip(q).filter(is_new).collect();
    if new.len() > most {
        return new.iter().map(|(slice, q)| broken(slice, *q, new.len(), most)).collect();
    }
    let about = format!("{} of {} slices found are new, at most {most} allowed", new.len(), found.slices.len());
    vec![summary(Ok(new.len() as f64), found.tested_on, most, Status::Pass, about)]
}

fn broken(slice: &NewSlice, q: Stat<f64>, new: usize, most: usize) -> Outcome {
    let chance = match q {
        Ok(q) if q < 1e-4 => "q < .0001".to_owned(),
        Ok(q) => format!("q = {q:.4}"),
        Err(why) => why.to_string(),
    };
    let message = format!(
        "{}: mean loss {:.4}, {:.4} before, while that of all changed by {:.4}, over {} items; {chance}; {new} new, at most {most} allowed",
        slice.name, slice.after, slice.before, slice.rise_of_all, slice.n
    );
    Outcome {
        subject: slice.name.clone(),
        before: Measured::Value(slice.before),
        after: Measured::Value(slice.after),
        p: Measured::Value(slice.p),
        q: q.into(),
        ..summary(Ok(new as f64), slice.n, most, Status::Broken, message)
    }
}

fn summary(new: Stat<f64>, n: usize, most: usize, status: Status, message: String) -> Outcome {
    let none: Measured = Err(Undefined::Empty).into();
    Outcome {
        rule: RULE.into(),
        subject: "all slices found".into(),
        n,
        before: none,
        after: none,
        figure: new.into(),
        limit: most as f64,
        error: none,
        p: none,
        q: none,
        detectable: none,
        power: none,
        underpowered: false,
        status,
        message,
    }
}
