//! What the audit log has of each asking of a webhook, in the words of an API server: its turn is its round, and its place there.

use super::webhook::Webhook;
use crate::admission::Annotations;
use serde::Serialize;
use serde_json::Value;

const MUTATING: &str = "mutation.webhook.admission.k8s.io";
const VALIDATING: &str = "validating.webhook.admission.k8s.io";

/// When a webhook is asked about a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    kind: &'static str,
    round: usize,
    index: usize,
}

/// Whether a webhook changed the object.
#[derive(Serialize)]
struct Mutation<'a> {
    configuration: &'a str,
    webhook: &'a str,
    mutated: bool,
}

/// How it did.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Patch<'a> {
    configuration: &'a str,
    webhook: &'a str,
    patch: &'a Value,
    patch_type: &'static str,
}

impl Turn {
    /// In a round of those that may change the object, among all there are.
    pub(super) fn mutating(round: usize, index: usize) -> Turn {
        Turn { kind: MUTATING, round, index }
    }

    /// Of those that may refuse it, among those that the request is for.
    pub(super) fn validating(index: usize) -> Turn {
        Turn { kind: VALIDATING, round: 0, index }
    }

    fn place(self) -> String {
        format!("round_{}_index_{}", self.round, self.index)
    }

    /// The webhook could not be asked, and that was no obstacle.
    pub(super) fn failed_open(self, audit: Option<&dyn Annotations>, hook: &Webhook) {
        if let Some(audit) = audit {
            audit.annotate(&format!("failed-open.{}/{}", self.kind, self.place()), &hook.name);
        }
    }

    /// The webhook was asked, whatever came of it.
    pub(super) fn asked(self, audit: Option<&dyn Annotations>, hook: &Webhook, mutated: bool) {
        let Some(audit) = audit else { return };
        let Webhook { configuration, name: webhook, .. } = hook;
        let value = serde_json::to_string(&Mutation { configuration, webhook, mutated });
        audit.annotate(&format!("{}/{}", self.kind, self.place()), &value.unwrap_or_default());
    }

    /// The webhook's patch fits the object, if it changes it or not. It tells what is in the object.
    pub(super) fn patched(self, audit: Option<&dyn Annotations>, hook: &Webhook, patch: &Value) {
        let Some(audit) = audit.filter(|audit| audit.takes_requests()) else { return };
        let Webhook { configuration, name: webhook, .. } = hook;
        let value = serde_json::to_string(&Patch { configuration, webhook, patch, patch_type: "JSONPatch" });
        audit.annotate(
            &format!("patch.webhook.admission.k8s.io/{}", self.place()),
            &value.unwrap_or_default(),
        );
    }
}
