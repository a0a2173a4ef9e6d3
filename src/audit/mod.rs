//! What an audit is: items, attributes, losses, runs. Pure values and their invariants.

mod attribute;
mod dataset;
mod head;
mod hyper;
mod name;
mod rules;
mod run;
mod sweep;
mod text;
mod values;

pub use attribute::{Attribute, AttributePrompts, Contrast, Side};
pub use dataset::{
    Audit, AuditError, ClassAuroc, ClassAurocs, Content, ForeignSet, Item, ModelLosses, PromptSets, Split, clusters,
};
pub use head::{Architecture, HeadKind};
pub use hyper::{HyperParameters, Negatives, Pairs, TRAIN_ROWS, Target};
pub use name::{LONGEST_ATTRIBUTE, LONGEST_NAME, is_attribute_name, is_audit_name, is_hidden, nearest_name};
pub use rules::{AttributeRules, Limit, PromptRule, Rules, RulesError, USUAL_POWER};
pub use run::{EpochMetrics, RunId, RunRecord, RunState, WaitingRun};
pub use sweep::{Sweep, distinct};
pub use text::CompactText;
pub use values::values;
