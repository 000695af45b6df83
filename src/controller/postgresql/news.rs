//! What is worth an event: changes of conditions that people wait for, or should know of.

use super::super::Controllers;
use crate::cluster::{EventType, Regarding};
use apimachinery::meta::{Condition, ConditionStatus, condition};
use databases_api::postgresql::PostgreSQL;

/// Who the events are from.
const COMPONENT: &str = "databases-controller";

/// One event to be recorded.
pub(super) struct News {
    event_type: EventType,
    reason: &'static str,
    message: String,
}

impl News {
    fn normal(reason: &'static str, message: impl Into<String>) -> Self {
        News { event_type: EventType::Normal, reason, message: message.into() }
    }

    fn warning(reason: &'static str, message: impl Into<String>) -> Self {
        News { event_type: EventType::Warning, reason, message: message.into() }
    }

    /// The data and credentials of a deleted object stayed.
    pub(super) fn retained(uid: &str) -> Self {
        let kept = "the data and the credentials were kept, as spec.deletionPolicy says";
        News::normal(
            "Retained",
            format!("{kept}; the data goes by the uid {uid}, and a new object of this name begins empty"),
        )
    }

    /// What changed between two states of an object.
    pub(super) fn between(before: &PostgreSQL, after: &PostgreSQL) -> Vec<News> {
        let mut news = Vec::new();
        let became = |kind: &str, test: fn(&Condition) -> bool| {
            let now = condition(&after.status.conditions, kind).filter(|now| test(now))?;
            let then = condition(&before.status.conditions, kind);
            let same = then.is_some_and(|then| then.status == now.status && then.reason == now.reason);
            (!same).then_some(now)
        };
        if before.status.backend_ref.is_none() && after.status.backend_ref.is_some() {
            news.push(News::normal("Provisioning", "the database is being created"));
        }
        if let Some(refused) = became("Accepted", |now| now.status == ConditionStatus::False) {
            let reason =
                if refused.reason == "InvalidParameters" { "InvalidParameters" } else { "BackendRejected" };
            news.push(News::warning(reason, &refused.message));
        }
        if became("Ready", |now| now.status == ConditionStatus::True).is_some() {
            let started =
                condition(&before.status.conditions, "Ready").is_some_and(|then| then.reason == "Stopped");
            let reason = if started { "Started" } else { "Ready" };
            news.push(News::normal(
                reason,
                format!("PostgreSQL {} accepts connections", after.status.version),
            ));
        }
        if became("Ready", |now| now.reason == "Stopped").is_some() {
            news.push(News::normal("Stopped", "the database is stopped; its data is kept"));
        }
        let trouble = |now: &Condition| {
            now.status == ConditionStatus::False
                && !matches!(now.reason.as_str(), "Stopped" | "Creating" | "Pending")
        };
        if let Some(now) = became("Ready", trouble) {
            news.push(News::warning("NotReady", &now.message));
        }
        let (then, now) = (before.status.instances, after.status.instances);
        if then > 0 && now > 0 && then != now {
            news.push(News::normal("Scaled", format!("from {then} to {now} instances")));
        }
        news
    }
}

impl Controllers {
    /// Records news; an event that cannot be recorded is only worth a line in the log.
    pub(super) async fn tell(&self, object: &PostgreSQL, news: &News) {
        let regarding = Regarding {
            api_version: format!("{}/v1", databases_api::GROUP),
            kind: "PostgreSQL".into(),
            namespace: object.metadata.namespace.clone(),
            name: object.metadata.name.clone(),
            uid: object.metadata.uid.clone(),
        };
        let recorded =
            self.cluster.record(&regarding, news.event_type, news.reason, &news.message, COMPONENT).await;
        if let Err(error) = recorded
            && object.metadata.deletion_timestamp.is_none()
        {
            tracing::warn!(%error, reason = news.reason, object = regarding.name, "an event was not recorded");
        }
    }
}
