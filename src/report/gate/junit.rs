//! A check as JUnit XML: a test suite a rule, a test case a subject.

use super::{description, fails};
use crate::diagnose::{CheckResult, Outcome, Status};
use crate::report::printable;
use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::Writer;
use std::io;

/// The document.
///
/// # Errors
/// Never for text in memory; the writer's type says otherwise.
pub fn junit(found: &CheckResult, audit: &str) -> io::Result<String> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut rules: Vec<&str> = Vec::new();
    for outcome in &found.outcomes {
        if !rules.contains(&outcome.rule.as_str()) {
            rules.push(&outcome.rule);
        }
    }
    rules.sort_unstable();
    let all: Vec<&Outcome> = found.outcomes.iter().collect();
    let name = printable(&format!("llm2loss check {audit}: {} against {}", found.model, found.against));
    let totals = totals(found, &all);
    let root = writer.create_element("testsuites").with_attribute(("name", name.as_str()));
    // The root of the schema that servers hold files to has no count of skipped cases.
    let root = totals[..3].iter().fold(root, |root, (key, count)| root.with_attribute((*key, count.as_str())));
    root.write_inner_content(|writer| {
        for rule in &rules {
            let outcomes: Vec<&Outcome> = found.outcomes.iter().filter(|outcome| outcome.rule == *rule).collect();
            suite(writer, found, rule, &outcomes)?;
        }
        Ok(())
    })?;
    let mut text = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

fn totals(found: &CheckResult, outcomes: &[&Outcome]) -> [(&'static str, String); 4] {
    let failures = outcomes.iter().filter(|outcome| fails(found, outcome)).count();
    let open = outcomes.iter().filter(|outcome| outcome.status != Status::Pass).count();
    [
        ("tests", outcomes.len().to_string()),
        ("failures", failures.to_string()),
        ("errors", "0".into()),
        ("skipped", (open - failures).to_string()),
    ]
}

fn suite(writer: &mut Writer<Vec<u8>>, found: &CheckResult, rule: &str, outcomes: &[&Outcome]) -> io::Result<()> {
    let totals = totals(found, outcomes);
    let suite = writer.create_element("testsuite").with_attribute(("name", rule));
    let suite = totals.iter().fold(suite, |suite, (key, count)| suite.with_attribute((*key, count.as_str())));
    suite.write_inner_content(|writer| outcomes.iter().try_for_each(|outcome| case(writer, found, outcome)))?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, found: &CheckResult, outcome: &Outcome) -> io::Result<()> {
    let (subject, message) = (printable(&outcome.subject), printable(&outcome.message));
    let case = writer
        .create_element("testcase")
        .with_attribute(("classname", format!("llm2loss.{}", outcome.rule).as_str()))
        .with_attribute(("name", subject.as_str()))
        .with_attribute(("time", "0"));
    match (outcome.status, fails(found, outcome)) {
        (Status::Pass, _) => case.write_empty()?,
        (_, true) => case.write_inner_content(|writer| {
            let failure = writer.create_element("failure");
            failure
                .with_attribute(("message", message.as_str()))
                .with_attribute(("type", outcome.status.name()))
                .write_text_content(BytesText::new(description(&outcome.rule)))?;
            Ok(())
        })?,
        (_, false) => case.write_inner_content(|writer| {
            writer.create_element("skipped").with_attribute(("message", message.as_str())).write_empty()?;
            Ok(())
        })?,
    };
    Ok(())
}
