//! What a class claims.

use super::failure::Failure;
use super::seen::{Seen, text};
use std::collections::BTreeSet;

/// The kind that is tested. Its name stands for everything that a class of it must do.
pub(super) const KIND: &str = "PostgreSQL";

/// A class, as its status has it.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) name: String,
    pub(super) controller: String,
    /// Features by name, the kind's own among them.
    pub(super) features: BTreeSet<String>,
    /// Versions as `spec.version` names them.
    pub(super) versions: Vec<String>,
    /// Numbers of servers that are possible; empty for any.
    counts: Vec<i64>,
    /// Whether a field that is not honoured is warned of in place of refused.
    pub(super) warns: bool,
}

impl Class {
    /// Reads it; or says why there is nothing to test.
    pub(super) fn of(object: &Seen) -> Result<Class, Failure> {
        let name = object.text("/metadata/name").to_owned();
        if !object.is_true("Accepted") {
            let accepted = object.condition("Accepted").cloned().unwrap_or_default();
            let (reason, message) = (text(&accepted, "reason"), text(&accepted, "message"));
            return Err(Failure::new(format!("DatabaseClass {name} is not accepted: {reason}: {message}")));
        }
        let features = object.items("/status/supportedFeatures").iter();
        let engines = object.items("/status/engines").iter().filter(|engine| text(engine, "kind") == KIND);
        let list =
            |engine: &serde_json::Value, key: &str| engine[key].as_array().cloned().unwrap_or_default();
        let class = Class {
            controller: object.text("/spec/controllerName").to_owned(),
            features: features.map(|feature| text(feature, "name").to_owned()).collect(),
            versions: engines
                .clone()
                .flat_map(|engine| list(engine, "versions"))
                .map(|version| text(&version, "name").to_owned())
                .collect(),
            counts: engines
                .flat_map(|engine| list(engine, "instanceCounts"))
                .filter_map(|count| count.as_i64())
                .collect(),
            warns: object.text("/spec/unsupportedFieldPolicy") == "Warn",
            name,
        };
        match class.features.contains(KIND) {
            true => Ok(class),
            false => Err(Failure::new(format!("DatabaseClass {} does not claim {KIND}", class.name))),
        }
    }

    /// Whether it claims a feature; the kind's name goes before it.
    pub(super) fn claims(&self, feature: &str) -> bool {
        self.features.contains(&format!("{KIND}{feature}"))
    }

    /// A number of servers, above one, that is possible.
    pub(super) fn several(&self) -> i64 {
        self.counts.iter().copied().filter(|count| *count > 1).min().unwrap_or(2)
    }
}
