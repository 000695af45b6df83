//! The report of a run, after Gateway API's `ConformanceReport`.

use super::class::{Class, KIND};
use super::run::{Outcome, Result};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a report is about, beside the tests.
pub(super) struct About {
    /// When it was made.
    pub(super) date: String,
    /// What `/version` says.
    pub(super) server: String,
    /// The exact version of the databases that were looked at; empty where none came up.
    pub(super) engine: String,
    /// What manifests would have to change for the class.
    pub(super) portability: Value,
}

/// The document.
pub(super) fn report(class: &Class, about: &About, outcomes: &[Outcome]) -> Value {
    let (kubernetes, server) = about.server.split_once('+').unwrap_or((&about.server, ""));
    let tests = outcomes.iter().map(|outcome| {
        let mut entry = json!({
            "name": outcome.test.name, "feature": outcome.test.feature(), "result": outcome.result.as_str(),
        });
        if let Result::Fail(message) = &outcome.result {
            entry["message"] = message.as_str().into();
        }
        entry
    });
    let untested = untested(class, outcomes);
    let without = untested.iter().map(|feature| json!({"feature": feature, "result": "notTested"}));
    json!({
        "apiVersion": format!("conformance.{}/v1", databases_api::GROUP),
        "kind": "ConformanceReport",
        "date": about.date,
        "implementation": {"class": class.name, "controllerName": class.controller},
        "kubernetesVersion": kubernetes,
        "serverVersion": server,
        "conformanceVersion": env!("CARGO_PKG_VERSION"),
        "engine": {"kind": KIND, "version": about.engine, "offered": class.versions},
        "portability": about.portability,
        "profiles": [{
            "name": KIND,
            "core": profile(outcomes, |outcome| outcome.test.features.is_empty()),
            "extended": extended(class, outcomes),
        }],
        "tests": tests.chain(without).collect::<Vec<Value>>(),
    })
}

/// What is claimed and no test looks at.
pub(super) fn untested(class: &Class, outcomes: &[Outcome]) -> Vec<String> {
    let tested: BTreeSet<String> = outcomes.iter().map(|outcome| outcome.test.feature()).collect();
    class.features.iter().filter(|feature| !tested.contains(*feature)).cloned().collect()
}

fn extended(class: &Class, outcomes: &[Outcome]) -> Value {
    let known = databases_api::features::known(&databases_api::postgresql::FACTS);
    let known = known.into_iter().map(|feature| format!("{KIND}{feature}"));
    let supported = class.features.iter().filter(|feature| *feature != KIND);
    let unsupported: Vec<String> = known.filter(|feature| !class.features.contains(feature)).collect();
    let mut profile = profile(outcomes, |outcome| !outcome.test.features.is_empty());
    profile["supportedFeatures"] = supported.cloned().collect::<Vec<String>>().into();
    profile["unsupportedFeatures"] = unsupported.into();
    profile["untestedFeatures"] = untested(class, outcomes).into();
    profile
}

fn profile(outcomes: &[Outcome], is_part: impl Fn(&Outcome) -> bool) -> Value {
    let part: Vec<&Outcome> = outcomes.iter().filter(|outcome| is_part(outcome)).collect();
    let count = |is: fn(&Result) -> bool| part.iter().filter(|outcome| is(&outcome.result)).count();
    let (passed, failed) = (count(|is| *is == Result::Pass), count(|is| matches!(is, Result::Fail(_))));
    let skipped = part.len() - passed - failed;
    let left_out = count(|is| *is == Result::Skipped);
    let result = match (failed, left_out) {
        (0, 0) => "success",
        (0, _) => "partial",
        _ => "failure",
    };
    let is_failed = |outcome: &&&Outcome| matches!(outcome.result, Result::Fail(_));
    let names: Vec<&str> = part.iter().filter(is_failed).map(|outcome| outcome.test.name).collect();
    json!({
        "result": result,
        "statistics": {"passed": passed, "failed": failed, "skipped": skipped},
        "failedTests": names,
    })
}
