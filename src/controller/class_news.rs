//! What is told of a class as events: whether it is accepted, and what keeps it while it is being deleted.

use super::Controllers;
use super::report::COMPONENT;
use crate::cluster::EventType;
use apimachinery::meta::{Condition, ConditionStatus, condition};
use databases_api::databaseclass::DatabaseClass;

/// Tells what a class's conditions came to say.
pub(super) async fn tell(controllers: &Controllers, before: &[Condition], class: &DatabaseClass) {
    let going = class.metadata.deletion_timestamp.is_some();
    for (event_type, now) in news(before, &class.status.conditions, going) {
        let (reason, message) = (&now.reason, &now.message);
        controllers.report(COMPONENT, "DatabaseClass", &class.metadata, event_type, reason, message).await;
    }
}

fn news<'a>(
    before: &[Condition],
    after: &'a [Condition],
    going: bool,
) -> impl Iterator<Item = (EventType, &'a Condition)> {
    let accepted = condition(after, "Accepted").filter(|now| {
        let then = condition(before, "Accepted");
        let same = then.is_some_and(|then| then.status == now.status && then.reason == now.reason);
        now.status != ConditionStatus::Unknown && !same
    });
    let accepted = accepted.map(|now| match now.status {
        ConditionStatus::True => (EventType::Normal, now),
        _ => (EventType::Warning, now),
    });
    let used = condition(after, "InUse").filter(|now| {
        let told = condition(before, "InUse").is_some_and(|then| then.message == now.message);
        going && now.status == ConditionStatus::True && !told
    });
    accepted.into_iter().chain(used.map(|now| (EventType::Warning, now)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use apimachinery::meta::set_condition;

    fn said(kind: &str, status: ConditionStatus, reason: &str, message: &str) -> Vec<Condition> {
        let mut conditions = Vec::new();
        set_condition(&mut conditions, kind, status, reason, message, 1);
        conditions
    }

    fn told(before: &[Condition], after: &[Condition], going: bool) -> Vec<(EventType, String)> {
        news(before, after, going).map(|(kind, now)| (kind, now.reason.clone())).collect()
    }

    #[test]
    fn a_class_tells_once_that_it_is_accepted_or_not() {
        let pending = said("Accepted", ConditionStatus::Unknown, "Pending", "waits");
        let accepted = said("Accepted", ConditionStatus::True, "Accepted", "is answered");
        let without = said("Accepted", ConditionStatus::False, "Unsupported", "install it");
        assert_eq!(told(&pending, &accepted, false), [(EventType::Normal, "Accepted".into())]);
        assert_eq!(told(&accepted, &without, false), [(EventType::Warning, "Unsupported".into())]);
        assert!(told(&accepted, &accepted, false).is_empty() && told(&[], &pending, false).is_empty());
    }

    #[test]
    fn a_class_that_is_deleted_while_it_is_used_tells_by_how_many() {
        let two = said("InUse", ConditionStatus::True, "InUse", "2 objects use this class");
        let one = said("InUse", ConditionStatus::True, "InUse", "1 object uses this class");
        assert!(told(&[], &two, false).is_empty());
        assert_eq!(told(&two, &one, true), [(EventType::Warning, "InUse".into())]);
        assert!(told(&one, &one, true).is_empty());
    }
}
