//! The screens: each a state that `update` changes and a `view` that only reads.

pub mod attributes;
pub mod compare;
pub mod data;
pub mod direction;
pub mod help;
pub mod ood;
pub mod prompt;
pub mod train;
pub mod validity;
