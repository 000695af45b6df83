//! Conditions of one object, set one by one.

use crate::controller::references::is_unresolved;
use apimachinery::meta::{ConditionStatus, condition, set_condition};
use databases_api::instance::Instance;

/// Sets conditions of one object at its present generation.
pub(super) struct Conditions<'a>(pub(super) &'a mut dyn Instance);

impl Conditions<'_> {
    pub(super) fn set(&mut self, kind: &str, status: ConditionStatus, reason: &str, message: &str) {
        self.set_about(self.0.meta().generation, kind, status, reason, message);
    }

    pub(super) fn set_about(
        &mut self,
        about: i64,
        kind: &str,
        status: ConditionStatus,
        reason: &str,
        message: &str,
    ) {
        set_condition(&mut self.0.status_mut().conditions, kind, status, reason, message, about);
    }

    pub(super) fn unset(&mut self, kind: &str) {
        self.0.status_mut().conditions.retain(|condition| condition.kind != kind);
    }

    pub(super) fn accepted(&mut self) {
        self.set("Accepted", ConditionStatus::True, "Accepted", "the class accepts what spec asks for");
        self.resolved();
        self.0.status_mut().observed_generation = self.0.meta().generation;
    }

    fn resolved(&mut self) {
        let message = "everything that spec refers to is there";
        self.set("ResolvedRefs", ConditionStatus::True, "ResolvedRefs", message);
    }

    /// Where the reason is that something is not there, that is said of the references, too.
    pub(super) fn unresolved(&mut self, reason: &str, message: &str) {
        if is_unresolved(reason) {
            self.set("ResolvedRefs", ConditionStatus::False, reason, message);
        }
    }

    /// The backend will not do what is wanted; what it does instead is for others to say.
    pub(super) fn refused(&mut self, reason: &str, message: &str) {
        self.set("Accepted", ConditionStatus::False, reason, message);
        // It was asked about everything that spec refers to.
        self.resolved();
        self.unresolved(reason, message);
        self.set("Programmed", ConditionStatus::False, "BackendRejected", message);
        self.stalled(reason, message);
        self.0.status_mut().observed_generation = self.0.meta().generation;
    }

    /// A person has to change something.
    pub(super) fn stalled(&mut self, reason: &str, message: &str) {
        self.set("Progressing", ConditionStatus::False, "Stalled", message);
        self.unset("Reconciling");
        self.set("Stalled", ConditionStatus::True, reason, message);
    }

    pub(super) fn progressing(&mut self, reason: &str, message: &str) {
        self.unset("Stalled");
        self.set("Progressing", ConditionStatus::True, reason, message);
        self.set("Reconciling", ConditionStatus::True, reason, message);
    }

    pub(super) fn idle(&mut self) {
        self.unset("Stalled");
        self.set("Progressing", ConditionStatus::False, "Idle", "nothing is under way");
        self.unset("Reconciling");
    }

    /// The generation that `Ready` is about.
    pub(super) fn ready_about(&self) -> i64 {
        let conditions = &self.0.status().conditions;
        let about = ["Ready", "InstancesReady"].map(|kind| condition(conditions, kind));
        about.into_iter().flatten().map(|condition| condition.observed_generation).max().unwrap_or_default()
    }

    /// The generation that was accepted last, as far as servers were seen of it; 0 where there was none.
    pub(super) fn accepted_last(&self) -> i64 {
        let seen = condition(&self.0.status().conditions, "InstancesReady");
        seen.map_or(0, |seen| seen.observed_generation)
    }
}
