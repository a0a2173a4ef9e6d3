//! llm2loss says, in plain language, where a machine-learning model fails and whom it fails.
//!
//! Items and losses come in, become embeddings, train heads, are asked questions, are shown. Rooms are listed
//! from the ground up; imports never point upwards. `docs/architecture.md` is the plan of the house.

pub mod files;
pub mod guard;
pub mod kernel;
pub mod numbers;
pub mod stats;

pub mod audit;

pub mod data;
pub mod encoder;
pub mod heads;

pub mod diagnose;
pub mod store;

pub mod engine;

pub mod report;

pub mod console;

pub mod cli;
