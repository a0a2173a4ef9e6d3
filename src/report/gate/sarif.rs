//! A check as SARIF 2.1.0: what did not pass, for code scanning.

use super::{description, fails};
use crate::diagnose::{CheckResult, Outcome, Status};
use crate::report::printable;
use serde_json::{Value, json};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The document; `place` is the file that findings are shown at: rules or baseline.
///
/// # Errors
/// If a value cannot stand in JSON.
pub fn sarif(found: &CheckResult, place: &str) -> serde_json::Result<String> {
    let mut rules: Vec<&str> = found.outcomes.iter().map(|outcome| outcome.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let results = found.outcomes.iter().filter(|outcome| outcome.status != Status::Pass).map(|outcome| {
        json!({
            "ruleId": outcome.rule,
            "ruleIndex": rules.iter().position(|rule| *rule == outcome.rule),
            "level": level(found, outcome),
            "message": { "text": printable(&outcome.message) },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": uri(place) },
                    "region": { "startLine": 1 }
                },
                "logicalLocations": [{ "name": printable(&outcome.subject), "kind": "member" }]
            }],
            "partialFingerprints": { "llm2lossRuleSubject/v1": format!("{}/{}", outcome.rule, outcome.subject) }
        })
    });
    let results: Vec<Value> = results.collect();
    let described = rules.iter().map(|rule| json!({ "id": rule, "shortDescription": { "text": description(rule) } }));
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "llm2loss",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": described.collect::<Vec<Value>>()
            } },
            "results": results
        }]
    });
    crate::report::json(&document)
}

/// What is inconclusive without consequence is a note.
fn level(found: &CheckResult, outcome: &Outcome) -> &'static str {
    if fails(found, outcome) {
        "error"
    } else if found.exit_code() == 4 {
        "warning"
    } else {
        "note"
    }
}

/// A relative path as a URI.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
