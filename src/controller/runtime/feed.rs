//! What a controller is told: every object at first, then whatever changes.

use crate::registry::{Store, Stored, readable};
use apimachinery::managed::FieldSet;
use apimachinery::meta::{ManagedFieldsEntry, ObjectMeta};
use apimachinery::time::Time;
use databases_storage::EventKind;
use databases_storage::cache::CacheError;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What a controller is told of an object.
#[derive(Clone, Copy)]
pub(in crate::controller) enum Told<'a> {
    /// It is there.
    Is,
    /// It is another than before.
    Changed(&'a Arc<Stored>),
    /// It was there.
    Gone,
}

/// Calls `seen` for every object, and again whenever one changes or goes. A watch that is cut starts over, so an object may be
/// seen without having changed, but no change goes unseen.
pub(super) async fn follow(
    store: Arc<Store>,
    ended: CancellationToken,
    mut seen: impl FnMut(&Arc<Stored>, Told<'_>) + Send,
) {
    let ended = ended.cancelled_owned();
    tokio::pin!(ended);
    loop {
        store.ready().await;
        let snapshot = store.snapshot();
        readable(&snapshot).for_each(|stored| seen(stored, Told::Is));
        let Ok(mut watcher) = store.watch(snapshot.revision(), "") else { continue };
        loop {
            let batch = tokio::select! {
                batch = watcher.next_batch() => batch,
                () = &mut ended => return,
            };
            match batch {
                Ok(batch) => batch.changes.iter().for_each(|change| {
                    let told = match (change.kind, &change.previous) {
                        (EventKind::Deleted, _) => Told::Gone,
                        (EventKind::Updated, Some(before)) => Told::Changed(before),
                        _ => Told::Is,
                    };
                    seen(&change.object, told);
                }),
                Err(CacheError::Stopped) => return,
                Err(error) => {
                    tracing::debug!(%error, kind = store.definition.kind, "a controller's watch starts over");
                    break;
                }
            }
        }
    }
}

/// Whether an object asks for the same as before: only its status is another, or somebody else waits for it to go as well.
pub(super) fn asks_the_same(now: &Stored, before: &Stored) -> bool {
    let (now, before) = (now.object(), before.object());
    let (now, before) = (now.meta(), before.meta());
    let of = |meta: &'_ ObjectMeta| (meta.generation, meta.deletion_timestamp);
    now.uid == before.uid
        && of(now) == of(before)
        && before.finalizers.iter().all(|finalizer| now.finalizers.contains(finalizer))
        && now.annotations == before.annotations
        && now.labels == before.labels
        && now.owner_references == before.owner_references
}

/// Whether somebody else than `manager` wrote the status, by the record of who set what: an entry of another is new or of another
/// time, or somebody lost fields that `manager` did not write itself.
pub(super) fn is_written_by_another(now: &Stored, before: &Stored, manager: &str) -> bool {
    let (now, before) = (now.object(), before.object());
    is_another(&now.meta().managed_fields, &before.meta().managed_fields, (manager, Time::now()))
}

/// As of a time: the record knows seconds, and two writes of `manager` in one look as if another had made the second.
fn is_another(
    now: &[ManagedFieldsEntry],
    before: &[ManagedFieldsEntry],
    (manager, at): (&str, Time),
) -> bool {
    let writes = |entry: &&ManagedFieldsEntry| entry.subresource == "status";
    let is_known = |entry: &ManagedFieldsEntry| {
        let same = |then: &ManagedFieldsEntry| {
            (&then.manager, &then.operation, then.time) == (&entry.manager, &entry.operation, entry.time)
        };
        before.iter().filter(writes).any(same)
    };
    if now.iter().filter(writes).any(|entry| entry.manager != manager && !is_known(entry)) {
        return true;
    }
    let ours = |entry: &&ManagedFieldsEntry| writes(entry) && entry.manager == manager;
    let (written, kept) = (before.iter().find(ours), now.iter().find(ours));
    let stays = |then: &ManagedFieldsEntry| {
        let same = |entry: &ManagedFieldsEntry| {
            (&entry.manager, &entry.operation, &entry.fields_v1)
                == (&then.manager, &then.operation, &then.fields_v1)
        };
        now.iter().filter(writes).any(same)
    };
    let took = match (written, kept) {
        (Some(before), Some(now)) => has_lost(now, before),
        (before, now) => before.is_some() != now.is_some(),
    };
    if !took && before.iter().filter(writes).any(|entry| entry.manager != manager && !stays(entry)) {
        return true;
    }
    match (written, kept) {
        (Some(before), Some(now)) => {
            let is_past = now.time.is_some_and(|time| time.seconds() + 1 < at.seconds());
            is_past && before.time == now.time && has_lost(before, now)
        }
        (before, _) => before.is_some(),
    }
}

fn has_lost(before: &ManagedFieldsEntry, now: &ManagedFieldsEntry) -> bool {
    let (Ok(mut lost), Ok(left)) = (FieldSet::read(&before.fields_v1), FieldSet::read(&now.fields_v1)) else {
        return false;
    };
    lost.subtract(&left);
    !lost.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use apimachinery::wire::json;

    fn at(second: u8) -> Time {
        format!("2027-01-15T08:00:{second:02}Z").parse().expect("a time")
    }

    fn entry(manager: &str, second: u8, subresource: &str, fields: &str) -> ManagedFieldsEntry {
        let text = format!(r#"{{"fieldsType":"FieldsV1","fieldsV1":{fields}}}"#);
        let mut entry: ManagedFieldsEntry = json::decode_value(text.as_bytes()).expect("an entry");
        entry.time = Some(at(second));
        (entry.manager, entry.operation, entry.subresource) =
            (manager.into(), "Update".into(), subresource.into());
        entry
    }

    #[test]
    fn who_wrote_a_status_is_told_by_who_owns_its_fields() {
        const BOTH: &str = r#"{"f:status":{"f:primary":{},"f:version":{}}}"#;
        const ONE: &str = r#"{"f:status":{"f:version":{}}}"#;
        let ours = |second, fields| entry("us", second, "status", fields);
        let theirs = |second, fields| entry("kubectl", second, "status", fields);
        let spec = entry("kubectl", 9, "", r#"{"f:spec":{"f:state":{}}}"#);
        let before = [ours(1, BOTH)];
        for (now, is_so) in [
            (vec![ours(1, BOTH)], false),
            (vec![ours(1, BOTH), spec.clone()], false),
            (vec![ours(2, ONE)], false),
            (vec![ours(1, ONE)], true),
            (vec![], true),
            (vec![spec], true),
            (vec![ours(1, BOTH), theirs(2, ONE)], true),
        ] {
            assert_eq!(is_another(&now, &before, ("us", at(10))), is_so, "{now:?}");
        }
        assert!(
            !is_another(&[ours(1, ONE)], &before, ("us", at(2))),
            "we may have written twice in that second"
        );
        let fought = [ours(1, ONE), theirs(2, r#"{"f:status":{"f:primary":{}}}"#)];
        assert!(!is_another(&[ours(3, BOTH)], &fought, ("us", at(10))), "we took it back");
        assert!(!is_another(&[ours(2, BOTH)], &[], ("us", at(10))), "our first");
        assert!(is_another(&[ours(1, ONE)], &fought, ("us", at(10))), "another took off what was his");
    }
}
