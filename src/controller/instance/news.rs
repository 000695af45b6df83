//! What is worth an event: changes of conditions that people wait for, or should know of.

use super::super::Controllers;
use super::super::report::COMPONENT;
use super::conditions::{BACKED_UP, BACKUP_FAILED, CUT_OFF, RESTARTING, SECRET_CONFLICT, UNAVAILABLE};
use crate::backend::Phase;
use crate::cluster::EventType;
use apimachinery::meta::{Condition, ConditionStatus, condition, is_true};
use databases_api::instance::Instance;
use databases_api::shared::State;

/// The reason of `StorageLow` where writes are refused.
const STORAGE_FULL: &str = "StorageFull";

/// One event to be recorded.
#[derive(Debug)]
pub(super) struct News {
    event_type: EventType,
    reason: String,
    message: String,
}

impl News {
    fn normal(reason: &str, message: impl Into<String>) -> Self {
        News { event_type: EventType::Normal, reason: reason.into(), message: message.into() }
    }

    fn warning(reason: &str, message: impl Into<String>) -> Self {
        News { event_type: EventType::Warning, reason: reason.into(), message: message.into() }
    }

    /// The data of a deleted object stayed, with these Secrets; of one that was never ready there may be nothing.
    pub(super) fn retained(uid: &str, was_ready: bool, secrets: &[String]) -> Self {
        let data = match was_ready {
            true => format!("the data was kept, as spec.deletionPolicy says, and goes by the uid {uid}"),
            false => format!("it was never ready: what its backend kept of it by then goes by the uid {uid}"),
        };
        let adopts = "unless its spec.adoptRef names what was kept and its class takes that up";
        let (credentials, new) = match secrets {
            [] => ("no credentials".to_owned(), "begins empty".to_owned()),
            [one] => (format!("Secret {one}"), format!("waits for that to be deleted, {adopts}")),
            [first, rest @ ..] => (
                format!("Secret {first} and {} more", rest.len()),
                format!("waits for those to be deleted, {adopts}"),
            ),
        };
        News::normal("Retained", format!("{data}, with {credentials}; a new object of the name {new}"))
    }

    /// The database is still there.
    pub(super) fn not_removed(message: &str) -> Self {
        News::warning("NotRemoved", message)
    }

    /// What changed between two states of an object.
    pub(super) fn between(before: &dyn Instance, after: &dyn Instance) -> Vec<News> {
        let mut news = Vec::new();
        let became = |kind: &str, test: fn(&Condition) -> bool| {
            let now = condition(&after.status().conditions, kind).filter(|now| test(now))?;
            let then = condition(&before.status().conditions, kind);
            let same = then.is_some_and(|then| then.status == now.status && then.reason == now.reason);
            (!same).then_some(now)
        };
        let is_so = |now: &Condition| now.status == ConditionStatus::True;
        let is_not = |now: &Condition| now.status == ConditionStatus::False;
        let adopts = after.spec().adopt_ref.is_some();
        if before.status().backend_ref.is_none() && after.status().backend_ref.is_some() && !adopts {
            news.push(News::normal("Provisioning", "the database is being created"));
        }
        if before.status().version.is_empty() && !after.status().version.is_empty() && adopts {
            news.push(News::normal("Adopted", "what spec.adoptRef names is taken up"));
        }
        let refused = condition(&after.status().conditions, "Accepted").filter(|now| is_not(now));
        if let Some(refused) =
            refused.filter(|now| became("Accepted", is_not).is_some() || is_of_another_spec(before, now))
        {
            news.push(News::warning(&refused.reason, &refused.message));
        }
        let was_refused = condition(&before.status().conditions, "Accepted").is_some_and(is_not);
        if let Some(accepted) = became("Accepted", is_so).filter(|_| was_refused) {
            news.push(News::normal("Accepted", &accepted.message));
        }
        if became("Ready", is_so).is_some() {
            let started = is_true(&before.status().conditions, "Stopped");
            let reason = if started { "Started" } else { "Ready" };
            let message = runs(after);
            news.push(News::normal(reason, message));
        }
        let restarts = |object: &dyn Instance| {
            condition(&object.status().conditions, "Reconciling")
                .filter(|now| now.reason == RESTARTING)
                .cloned()
        };
        match (restarts(before), restarts(after)) {
            (None, Some(begun)) => news.push(News::normal(RESTARTING, &begun.message)),
            (Some(_), None) if is_true(&after.status().conditions, "Ready") => {
                news.push(News::normal("Restarted", runs(after)));
            }
            _ => {}
        }
        let (was, is) = (&before.status().primary, &after.status().primary);
        if !was.is_empty() && !is.is_empty() && was != is {
            news.push(News::warning("PrimaryChanged", runs(after)));
        }
        if became("Stopped", is_so).is_some() {
            news.push(News::normal("Stopped", "the database is stopped; its data is kept"));
        }
        let is_no_more = |now: &Condition| now.status != ConditionStatus::True;
        let failed = became("Ready", is_no_more)
            .filter(|now| is_trouble(now, refused) && !is_on_purpose(before, after, now));
        if let Some(now) = failed {
            let reason = if now.reason == SECRET_CONFLICT { SECRET_CONFLICT } else { "NotReady" };
            news.push(News::warning(reason, &now.message));
        }
        let kept_away = became("Programmed", |now| {
            now.status == ConditionStatus::False && [UNAVAILABLE, CUT_OFF].contains(&&*now.reason)
        });
        if let Some(now) = kept_away.filter(|now| failed.is_none_or(|failed| failed.message != now.message)) {
            news.push(News::warning(&now.reason, &now.message));
        }
        if let Some(low) = became("StorageLow", is_so) {
            let reason = if low.reason == STORAGE_FULL { STORAGE_FULL } else { "StorageLow" };
            news.push(News::warning(reason, &low.message));
        }
        let was_low = is_true(&before.status().conditions, "StorageLow");
        if was_low && is_asked_to_run(after) && !is_true(&after.status().conditions, "StorageLow") {
            news.push(News::normal("StorageSufficient", "there is enough storage again"));
        }
        if let Some(backup) = became(BACKED_UP, |_| true) {
            news.push(match backup.reason.as_str() {
                BACKUP_FAILED => News::warning(BACKUP_FAILED, &backup.message),
                reason => News::normal(reason, &backup.message),
            });
        }
        let (then, now) = (before.status().instances, after.status().instances);
        if then > 0 && now > 0 && then != now {
            news.push(News::normal("Scaled", format!("from {then} to {now} instances")));
        }
        news
    }
}

/// What accepts connections, and what its backend adds to that, such as how its primary came to be it.
fn runs(object: &dyn Instance) -> String {
    let status = object.status();
    let said = condition(&status.conditions, "Ready").map_or("", |ready| ready.message.trim_end_matches('.'));
    let more = said.find("; ").map_or("", |at| &said[at..]);
    format!("{} {} accepts connections{more}", status.flavor, status.version)
}

/// Whether somebody should know that the database is not ready, who was not told already that its wish is refused.
fn is_trouble(ready: &Condition, refused: Option<&Condition>) -> bool {
    !matches!(ready.reason.as_str(), "Creating" | "Pending" | "Terminating")
        && refused.is_none_or(|refused| refused.message != ready.message)
}

fn is_asked_to_run(object: &dyn Instance) -> bool {
    object.spec().state != Some(State::Stopped) && object.meta().deletion_timestamp.is_none()
}

/// Whether it is another spec than that of before which is refused, for something else.
fn is_of_another_spec(before: &dyn Instance, refused: &Condition) -> bool {
    let then = condition(&before.status().conditions, &refused.kind);
    then.is_some_and(|then| {
        then.observed_generation != refused.observed_generation && then.message != refused.message
    })
}

/// Whether the database does not serve because it is on its way to being stopped, or to running again.
fn is_on_purpose(before: &dyn Instance, after: &dyn Instance, ready: &Condition) -> bool {
    let is_down = ready.reason == Phase::NoPrimary.as_str();
    let was_stopped = is_true(&before.status().conditions, "Stopped");
    ready.reason == Phase::Stopped.as_str() || is_down && (was_stopped || !is_asked_to_run(after))
}

impl Controllers {
    /// Records news.
    pub(super) async fn tell(&self, object: &dyn Instance, news: &News) {
        let (kind, meta) = (object.definition().kind, object.meta());
        self.report(COMPONENT, kind, meta, news.event_type, &news.reason, &news.message).await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::conditions::{self, Progress};
    use super::*;
    use crate::backend::{Observed, Refusal};
    use apimachinery::quantity::Quantity;
    use databases_api::postgresql::PostgreSQL;

    fn observed(phase: Phase) -> Observed {
        let ready_instances = i32::from(phase == Phase::Available);
        Observed { phase, version: "15.9".into(), ready_instances, instances: 1, ..Observed::default() }
    }

    fn reasons(before: &dyn Instance, after: &dyn Instance) -> Vec<String> {
        News::between(before, after).into_iter().map(|news| news.reason).collect()
    }

    #[test]
    fn after_a_failure_the_last_event_says_that_it_runs_again() {
        let mut object = PostgreSQL::default();
        conditions::observed(&mut object, &observed(Phase::Available), None);
        let mut failed = object.clone();
        conditions::runs_on(&mut failed, &observed(Phase::NoPrimary));
        assert_eq!(reasons(&object, &failed), ["NotReady"]);
        let mut again = failed.clone();
        conditions::observed(&mut again, &observed(Phase::Available), None);
        assert_eq!(reasons(&failed, &again), ["Ready"]);
        assert!(reasons(&again, &again).is_empty());
    }

    #[test]
    fn what_is_kept_is_told_with_what_comes_of_a_new_object_of_the_name() {
        let kept = ["a-binding", "a-user-etl"].map(str::to_owned);
        for (was_ready, secrets, said) in [
            (
                true,
                &kept[..],
                ["the data was kept", "with Secret a-binding and 1 more; ", "waits for those to be deleted"],
            ),
            (
                true,
                &kept[..1],
                ["the data was kept", "with Secret a-binding; ", "waits for that to be deleted"],
            ),
            (true, &[], ["the data was kept", "with no credentials; ", "begins empty"]),
            (false, &kept[..1], ["never ready", "with Secret a-binding; ", "waits for that to be deleted"]),
            (false, &[], ["never ready", "with no credentials; ", "begins empty"]),
        ] {
            let message = News::retained("1", was_ready, secrets).message;
            assert!(
                said.iter().all(|part| message.contains(part)) && message.contains("the uid 1"),
                "{message}"
            );
        }
    }

    #[test]
    fn storage_that_gets_short_is_told_and_so_is_that_it_is_full() {
        let mut object = PostgreSQL::default();
        object.spec.instance.storage.size = Some(Quantity::from_bytes(128 << 20));
        let mut told = |shortage: Option<(&str, &str)>| {
            let before = object.clone();
            let shortage = shortage.map(|(reason, message)| Refusal::new(reason, message));
            let storage_bytes = Some(100 << 20);
            let seen = Observed { shortage, storage_bytes, ..observed(Phase::Available) };
            conditions::observed(&mut object, &seen, None);
            let status = &object.status.instance;
            let used =
                status.storage.as_ref().and_then(|storage| storage.used.as_ref()).map(Quantity::to_string);
            assert_eq!(used.as_deref(), Some("112Mi"), "it does not change with every row");
            let low = condition(&status.conditions, "StorageLow").map(|low| low.message.clone());
            let reasons: Vec<String> = reasons(&before, &object);
            (reasons.into_iter().filter(|reason| reason.starts_with("Storage")).collect::<Vec<_>>(), low)
        };
        assert_eq!(told(None), (vec![], None));
        assert_eq!(told(Some(("NotGrowable", "90 %"))), (vec!["StorageLow".into()], Some("90 %".into())));
        assert_eq!(told(Some(("NotGrowable", "91 %"))), (vec![], Some("91 %".into())));
        assert_eq!(told(Some(("StorageFull", "100 %"))), (vec!["StorageFull".into()], Some("100 %".into())));
        assert_eq!(told(None), (vec!["StorageSufficient".into()], None));
        assert_eq!(told(None), (vec![], None));
    }

    #[test]
    fn a_database_that_is_stopped_and_started_on_purpose_is_in_no_trouble() {
        let mut object = PostgreSQL::default();
        let mut told = |state: State, phase: Phase| {
            let before = object.clone();
            object.spec.instance.state = Some(state);
            conditions::observed(&mut object, &observed(phase), None);
            reasons(&before, &object)
        };
        assert_eq!(told(State::Running, Phase::Available), ["Ready"]);
        assert!(told(State::Stopped, Phase::NoPrimary).is_empty());
        assert_eq!(told(State::Stopped, Phase::Stopped), ["Stopped"]);
        assert!(told(State::Running, Phase::Stopped).is_empty());
        assert_eq!(told(State::Running, Phase::Failing), ["NotReady"]);
        assert_eq!(told(State::Running, Phase::Available), ["Ready"]);
    }

    #[test]
    fn that_another_server_is_the_primary_is_told_with_what_that_cost() {
        let led_by = |primary: &str, message: &str| {
            let mut object = PostgreSQL::default();
            let (primary, message) = (primary.into(), message.into());
            conditions::observed(
                &mut object,
                &Observed { primary, message, ..observed(Phase::Available) },
                None,
            );
            object
        };
        let before = led_by("shop-1", "Server shop-1 accepts connections.");
        let after = led_by("shop-2", "Server shop-2 accepts connections; it took over from shop-1.");
        let news = News::between(&before, &after);
        assert_eq!(news.iter().map(|news| &*news.reason).collect::<Vec<_>>(), ["PrimaryChanged"]);
        assert_eq!(news[0].message, "PostgreSQL 15.9 accepts connections; it took over from shop-1");
    }

    #[test]
    fn a_restart_that_was_asked_for_is_told_when_it_begins_and_when_it_is_made() {
        let mut object = PostgreSQL::default();
        conditions::observed(&mut object, &observed(Phase::Available), None);
        let mut begun = object.clone();
        conditions::restarting(&mut begun);
        assert_eq!(reasons(&object, &begun), ["Restarting"]);
        let mut made = begun.clone();
        conditions::observed(&mut made, &observed(Phase::Available), None);
        assert_eq!(reasons(&begun, &made), ["Restarted"]);
        let mut failed = begun.clone();
        conditions::unavailable(&mut failed, "it does not start", Some(&observed(Phase::NoPrimary)));
        assert!(!reasons(&begun, &failed).contains(&"Restarted".to_owned()));
    }

    #[test]
    fn the_reason_of_an_event_is_what_happened() {
        let new = PostgreSQL::default();
        let mut lost = new.clone();
        conditions::not_accepted(&mut lost, "ClassNotFound", "there is no DatabaseClass \"x\"");
        assert_eq!(reasons(&new, &lost), ["ClassNotFound"]);
        let mut refused = new.clone();
        let progress = Progress::Rejected(Refusal::new("InvalidParameters", "no such parameter"));
        conditions::progress(&mut refused, &progress);
        assert_eq!(reasons(&new, &refused), ["InvalidParameters"]);
        let mut otherwise = refused.clone();
        let progress = Progress::Rejected(Refusal::new("InvalidParameters", "no such parameter either"));
        conditions::progress(&mut otherwise, &progress);
        assert!(reasons(&refused, &otherwise).is_empty(), "of one spec it is said once");
        otherwise.metadata.generation += 1;
        conditions::progress(&mut otherwise, &progress);
        assert_eq!(reasons(&refused, &otherwise), ["InvalidParameters"]);
        let mut mended = refused.clone();
        conditions::progress(&mut mended, &Progress::Creating);
        assert_eq!(reasons(&refused, &mended), ["Accepted"]);
        assert!(reasons(&new, &mended).is_empty());
    }
}
