//! A database's object, as it was read.

use serde_json::Value;

/// An object at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(pub(super) Value);

impl Seen {
    /// A text, by its JSON pointer; empty where there is none.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// A whole number, by its JSON pointer; 0 where there is none.
    pub(super) fn number(&self, pointer: &str) -> i64 {
        self.0.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
    }

    /// The items of a list, by its JSON pointer.
    pub(super) fn items(&self, pointer: &str) -> &[Value] {
        self.0.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(super) fn generation(&self) -> i64 {
        self.number("/metadata/generation")
    }

    /// A condition of that type.
    pub(super) fn condition(&self, kind: &str) -> Option<&Value> {
        self.items("/status/conditions").iter().find(|condition| condition["type"] == kind)
    }

    pub(super) fn is_true(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|condition| condition["status"] == "True")
    }

    /// Whether a condition is True, about the present generation.
    pub(super) fn holds(&self, kind: &str) -> bool {
        let about = self.condition(kind).and_then(|condition| condition["observedGeneration"].as_i64());
        self.is_true(kind) && about == Some(self.generation())
    }

    /// Whether everything that spec asks for is said to be so, and nothing is under way.
    pub(super) fn is_current(&self) -> bool {
        let looked = self.number("/status/observedGeneration") == self.generation();
        let serves = self.holds("Ready") && self.holds("InstancesReady");
        let stopped = self.holds("Stopped");
        looked && (serves || stopped) && !self.is_true("Reconciling") && !self.is_true("Stalled")
    }

    /// Why what spec asks for is refused, where it is.
    pub(super) fn refusal(&self) -> Option<String> {
        let looked = self.number("/status/observedGeneration") == self.generation();
        let stalled = self.condition("Stalled").filter(|_| looked && self.is_true("Stalled"))?;
        Some(format!("{}: {}", text(stalled, "reason"), text(stalled, "message")))
    }

    /// The conditions that say why it is as it is, in one line.
    pub(super) fn words(&self) -> String {
        let conditions = self.items("/status/conditions").iter();
        let told = conditions.filter(|condition| condition["reason"] != "Idle").map(|condition| {
            let (kind, status) = (text(condition, "type"), text(condition, "status"));
            let about = condition["observedGeneration"].as_i64().unwrap_or_default();
            match (status, text(condition, "message")) {
                ("True", _) | (_, "") => format!("{kind}={status} of generation {about}"),
                (_, message) => format!("{kind}={status} of generation {about} ({message})"),
            }
        });
        let told: Vec<String> = told.collect();
        let generation = self.generation();
        match told.is_empty() {
            true => format!("generation {generation} without a condition"),
            false => format!("generation {generation}: {}", told.join(", ")),
        }
    }

    /// The address of an endpoint; none where the status has no such endpoint.
    pub(super) fn endpoint(&self, role: &str) -> Option<(String, u16)> {
        let found = self.items("/status/endpoints").iter().find(|endpoint| endpoint["role"] == role)?;
        let port = found["port"].as_u64().and_then(|port| u16::try_from(port).ok())?;
        Some((text(found, "host").to_owned(), port))
    }
}

/// A text of an object; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
