//! A recorded history of many clients, and its checker.
//!
//! Since every write names its revision, linearizability needs no search: the revisions are the only order
//! that can explain the answers, so it is enough to replay them and to compare each answer, and the real time
//! in which it was given, with the state they lead to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::future::try_join_all;

use super::random::Random;
use super::room::{Fault, Room, ensure, ensure_eq, within};
use crate::{Event, EventKind, KeyValue, ReadAt, Revision, Update};

const CLIENTS: u64 = 8;
const STEPS: usize = 60;
const KEYS: u64 = 4;

/// One call, with the ticks of the clock at which it began and ended.
struct Call {
    key: String,
    began: u64,
    ended: u64,
    what: What,
}

enum What {
    Write { kind: EventKind, value: Bytes, expected: Revision, outcome: Update },
    Read { found: Option<KeyValue>, at: Revision },
}

pub(super) async fn concurrent_history_is_linearizable(room: Room) -> Result<(), Fault> {
    let before = room.store().revision().await?;
    let mut watch = room.watch(before).await?;
    let clock = AtomicU64::new(0);
    let clients = try_join_all((0..CLIENTS).map(|client| record(&room, client, &clock)));
    let calls: Vec<Call> = within("the clients", clients).await??.into_iter().flatten().collect();
    let last = room.create("last", "x").await?;
    watch.until(last).await?;
    watch.events.pop();
    check(&watch.events, &calls)
}

/// What one client does and sees.
async fn record(room: &Room, client: u64, clock: &AtomicU64) -> Result<Vec<Call>, Fault> {
    let tick = || clock.fetch_add(1, Ordering::SeqCst);
    let mut random = Random::new(client);
    let mut known = BTreeMap::<String, Revision>::new();
    let mut calls = Vec::new();
    for step in 0..STEPS {
        let key = room.key(&format!("k{}", random.below(KEYS)));
        let value = Bytes::from(format!("{client}-{step}"));
        let expected = known.get(&key).copied().unwrap_or(0);
        let began = tick();
        let what = match (random.below(4), expected) {
            (0, _) => {
                let (found, at) = room.store().get(&key, ReadAt::Latest).await?;
                What::Read { found, at }
            }
            (_, 0) => {
                let outcome = room.store().create(&key, value.clone()).await?;
                What::Write { kind: EventKind::Created, value, expected, outcome }
            }
            (1, _) => {
                let outcome = room.store().delete(&key, expected).await?;
                What::Write { kind: EventKind::Deleted, value: Bytes::new(), expected, outcome }
            }
            _ => {
                let outcome = room.store().update(&key, value.clone(), expected).await?;
                What::Write { kind: EventKind::Updated, value, expected, outcome }
            }
        };
        let ended = tick();
        known.insert(key.clone(), learnt(&what));
        calls.push(Call { key, began, ended, what });
    }
    Ok(calls)
}

/// The key's revision, as far as the call tells; 0: it is not there.
fn learnt(what: &What) -> Revision {
    match what {
        What::Write { kind: EventKind::Deleted, outcome: Update::Done(_), .. } => 0,
        What::Write { outcome: Update::Done(revision), .. } => *revision,
        What::Write { outcome: Update::Conflict(found), .. } | What::Read { found, .. } => {
            found.as_ref().map_or(0, |kv| kv.revision)
        }
    }
}

fn check(events: &[Event], calls: &[Call]) -> Result<(), Fault> {
    check_events(events)?;
    let writes: Vec<_> = calls.iter().filter_map(|call| Some((done(call)?, call))).collect();
    ensure_eq!(events.len(), writes.len(), "there are events, for so many acknowledged writes,");
    for (revision, call) in &writes {
        check_write(events, *revision, call)?;
    }
    for call in calls {
        let earlier =
            writes.iter().filter(|(_, write)| write.ended < call.began).map(|(revision, _)| *revision);
        check_seen(events, call, earlier.max().unwrap_or(0))?;
    }
    Ok(())
}

/// The revision of a write that was done.
fn done(call: &Call) -> Option<Revision> {
    match &call.what {
        What::Write { outcome: Update::Done(revision), .. } => Some(*revision),
        _ => None,
    }
}

/// The events follow one another: each finds what the one before left.
fn check_events(events: &[Event]) -> Result<(), Fault> {
    let mut state = BTreeMap::<&str, KeyValue>::new();
    let mut last = 0;
    for event in events {
        ensure!(event.revision > last, "the event of {} follows that of {last}", event.revision);
        last = event.revision;
        ensure_eq!(event.previous.as_ref(), state.get(event.key.as_str()), "before {last} the key held");
        let there = (event.previous.is_some(), event.kind != EventKind::Deleted);
        ensure_eq!(event.kind, kind(there)?, "the event of {last} is called");
        let KeyValue { key, value, revision } =
            KeyValue { key: event.key.clone(), value: event.value.clone(), revision: event.revision };
        match event.kind {
            EventKind::Deleted => drop(state.remove(event.key.as_str())),
            _ => drop(state.insert(&event.key, KeyValue { key, value, revision })),
        }
    }
    Ok(())
}

fn kind(there: (bool, bool)) -> Result<EventKind, Fault> {
    match there {
        (false, true) => Ok(EventKind::Created),
        (true, true) => Ok(EventKind::Updated),
        (true, false) => Ok(EventKind::Deleted),
        (false, false) => Err(Fault::new("a key that was not there was removed")),
    }
}

/// An acknowledged write is the event of its revision, and found what it expected.
fn check_write(events: &[Event], revision: Revision, call: &Call) -> Result<(), Fault> {
    let Ok(place) = events.binary_search_by_key(&revision, |event| event.revision) else {
        return Err(Fault::new(format!("the write acknowledged at {revision} has no event")));
    };
    let event = &events[place];
    let What::Write { kind, value, expected, .. } = &call.what else {
        return Err(Fault::new("a read was acknowledged as a write"));
    };
    ensure_eq!(
        (&event.key, event.kind, &event.value),
        (&call.key, *kind, value),
        "the event of {revision} tells"
    );
    let previous = event.previous.as_ref().map_or(0, |kv| kv.revision);
    ensure_eq!(previous, *expected, "the write at {revision} replaced");
    Ok(())
}

/// What a call was shown was there at some time between its beginning and its end. `earlier` is the greatest
/// revision acknowledged before it began.
fn check_seen(events: &[Event], call: &Call, earlier: Revision) -> Result<(), Fault> {
    match &call.what {
        What::Write { outcome: Update::Done(revision), .. } => {
            ensure!(
                *revision > earlier,
                "a write at {revision} began after that at {earlier} was acknowledged"
            );
        }
        What::Read { found, at } => {
            ensure!(*at >= earlier, "a read at {at} began after the write at {earlier} was acknowledged");
            ensure_eq!(*found, state(events, &call.key, *at), "a read at {at} saw");
        }
        What::Write { outcome: Update::Conflict(found), expected, .. } => {
            ensure!(
                found.as_ref().map_or(0, |kv| kv.revision) != *expected,
                "a conflict shows what was expected"
            );
            let later = events.iter().filter(|event| event.key == call.key && event.revision > earlier);
            let mut states = std::iter::once(state(events, &call.key, earlier)).chain(later.map(after));
            ensure!(states.any(|state| state == *found), "a conflict shows {found:?}, stale since {earlier}");
        }
    }
    Ok(())
}

/// What `key` held at `at`.
fn state(events: &[Event], key: &str, at: Revision) -> Option<KeyValue> {
    events.iter().rfind(|event| event.key == key && event.revision <= at).and_then(after)
}

/// What the event left.
fn after(event: &Event) -> Option<KeyValue> {
    let (key, value, revision) = (event.key.clone(), event.value.clone(), event.revision);
    (event.kind != EventKind::Deleted).then_some(KeyValue { key, value, revision })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(revision: Revision, kind: EventKind, previous: Option<&Event>) -> Event {
        let (key, value) = ("/k".to_owned(), Bytes::from(revision.to_string()));
        Event { kind, key, value, previous: previous.and_then(after), revision }
    }

    fn write(event: &Event, began: u64, ended: u64) -> Call {
        let expected = event.previous.as_ref().map_or(0, |kv| kv.revision);
        let outcome = Update::Done(event.revision);
        let what = What::Write { kind: event.kind, value: event.value.clone(), expected, outcome };
        Call { key: event.key.clone(), began, ended, what }
    }

    fn read(found: Option<KeyValue>, at: Revision, began: u64) -> Call {
        Call { key: "/k".to_owned(), began, ended: began + 1, what: What::Read { found, at } }
    }

    /// Two writes, one after the other.
    fn sound() -> (Vec<Event>, Vec<Call>) {
        let first = event(2, EventKind::Created, None);
        let second = event(3, EventKind::Updated, Some(&first));
        let calls = vec![write(&first, 0, 1), write(&second, 2, 3)];
        (vec![first, second], calls)
    }

    #[test]
    fn accepts_what_is_sound() {
        let (events, mut calls) = sound();
        calls.push(read(after(&events[1]), 3, 4));
        check(&events, &calls).unwrap();
    }

    #[test]
    fn finds_a_stale_read() {
        let (events, mut calls) = sound();
        calls.push(read(after(&events[0]), 2, 4));
        check(&events, &calls).unwrap_err();
    }

    #[test]
    fn finds_a_lost_write() {
        let (mut events, calls) = sound();
        events.pop();
        check(&events, &calls).unwrap_err();
    }

    #[test]
    fn finds_a_swap_of_events() {
        let (mut events, calls) = sound();
        events.swap(0, 1);
        check(&events, &calls).unwrap_err();
    }

    #[test]
    fn finds_an_order_against_time() {
        let (events, mut calls) = sound();
        (calls[0].began, calls[0].ended) = (4, 5);
        check(&events, &calls).unwrap_err();
    }
}
