//! The Findings screen, where the console opens: what the model fails, in sentences, before any head is trained.

mod behind;
mod keys;
mod layout;
mod screen;
mod trust;
mod view;

pub use keys::{CONTEXTS, HERE, KEYS, OPEN};
pub use layout::{Layout, layout};
use view::view;

use crate::console::screen::{Effect, ScreenId};
use crate::console::widget::table::Cursor;
use crate::diagnose::{Finding, Findings, GroupFinding, ItemFilter, Unsaid};
use crate::engine::{DiscoverRequest, RunView};
use std::time::Duration;

/// What the Findings screen remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The model that was asked about, and what was found or why nothing was.
    pub found: Option<(String, Result<Findings, String>)>,
    /// The search for slices that was answered last.
    discovered: Option<DiscoverRequest>,
    pub cursor: Cursor,
    /// The finding whose evidence is shown: it follows the selection when the keys rest.
    behind: usize,
    behind_due: Option<Duration>,
}

impl State {
    /// What was found.
    #[must_use]
    pub fn findings(&self) -> Option<&Findings> {
        self.found.as_ref().and_then(|(_, found)| found.as_ref().ok())
    }

    /// The selected finding.
    #[must_use]
    pub fn selected(&self) -> Option<&Finding> {
        self.findings()?.findings.get(self.cursor.selected)
    }

    /// Whether slices found by a search are among what was found of a model.
    fn has_slices(&self, model: &str) -> bool {
        let of_it = self.findings().filter(|found| found.model == model);
        of_it.is_some_and(|found| found.findings.iter().any(|finding| matches!(finding, Finding::Discovered(_))))
    }

    fn length(&self) -> usize {
        self.findings().map_or(0, |found| found.findings.len())
    }

    /// Takes in what was found of a model; the selection stays where its findings are only looked at again.
    fn take(&mut self, model: &str, found: Result<Findings, String>, shown: Option<&RunView>) {
        if self.found.as_ref().is_none_or(|(known, _)| known != model) {
            self.cursor = Cursor::default();
        }
        self.found = Some((model.to_owned(), found));
        self.add_heads(shown);
        self.follow();
    }

    /// Adds what the heads of the shown run say of the groups found, if they are of this model.
    fn add_heads(&mut self, shown: Option<&RunView>) {
        let Some((model, Ok(found))) = &mut self.found else { return };
        if let Some(shown) = shown.filter(|shown| shown.record.model == *model) {
            found.add_estimates(&shown.tables.attributes);
            found.run = Some(shown.record.id.to_string());
        }
    }

    fn follow(&mut self) {
        self.behind = self.cursor.selected;
        self.behind_due = None;
    }
}

/// What is opened behind a finding.
fn evidence(finding: &Finding) -> Effect {
    match finding {
        Finding::Harder(group) | Finding::Pair(group) | Finding::Easier(group) => {
            Effect::OpenItems(Box::new(ItemFilter::of_group(group)), title(group))
        }
        Finding::Unsaid(Unsaid::NotResolved { .. }) => Effect::Go(ScreenId::Attributes),
        Finding::Changed(_) => Effect::Go(ScreenId::Compare),
        Finding::Discovered(_) => Effect::Go(ScreenId::Discover),
        Finding::Unsaid(_) | Finding::Data(_) => Effect::Go(ScreenId::Data),
    }
}

/// Where [`evidence`] leads, in words for a line.
fn leads_to(finding: &Finding) -> String {
    match evidence(finding) {
        Effect::OpenItems(..) => "lists these items".into(),
        Effect::Go(ScreenId::Attributes) => "shows which".into(),
        Effect::Go(ScreenId::Discover) => "shows every slice found".into(),
        Effect::Go(ScreenId::Compare) => "shows every group under both".into(),
        _ => "shows what the data are".into(),
    }
}

fn title(group: &GroupFinding) -> String {
    let names = group.subject.join(" + ");
    if group.side == crate::audit::Side::True { names } else { format!("without {names}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Side, Split};
    use crate::diagnose::{Measured, Verdict};
    use crate::stats::Undefined;

    pub fn group(subject: &[&str], side: Side) -> GroupFinding {
        let none = Measured::Undefined { undefined: Undefined::Empty };
        GroupFinding {
            subject: subject.iter().map(|name| (*name).to_owned()).collect(),
            side,
            group: "people".into(),
            n: 2,
            of: 4,
            n_others: 2,
            loss: 2.0,
            loss_others: 1.0,
            ratio: Some(2.0),
            gap: 1.0,
            interval: Measured::Undefined { undefined: Undefined::Empty },
            q: none,
            verdict: Verdict::Resolved,
            share: 0.6,
            parts: Vec::new(),
            worst: Vec::new(),
            estimate: None,
            bins: Vec::new(),
        }
    }

    #[test]
    fn every_kind_of_finding_leads_somewhere() {
        let opened = |finding: &Finding| match evidence(finding) {
            Effect::OpenItems(filter, title) => (*filter, title),
            other => panic!("{other:?}"),
        };
        let (filter, title) = opened(&Finding::Pair(group(&["Senior", "Widowed"], Side::True)));
        assert_eq!((filter.split, title.as_str()), (Some(Split::Test), "Senior + Widowed"));
        assert_eq!((filter.with, filter.without.len()), (vec!["Senior".to_owned(), "Widowed".to_owned()], 0));
        let (filter, title) = opened(&Finding::Harder(group(&["Married"], Side::False)));
        assert_eq!((filter.with.len(), filter.without), (0, vec!["Married".to_owned()]));
        assert_eq!(title, "without Married");
        let unsaid = Unsaid::NotResolved { not_resolved: 1, not_enough: 0, of: 2, n: 4 };
        assert_eq!(evidence(&Finding::Unsaid(unsaid)), Effect::Go(ScreenId::Attributes));
        assert_eq!(evidence(&Finding::Unsaid(Unsaid::NoAttributes)), Effect::Go(ScreenId::Data));
    }
}
