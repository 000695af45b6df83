//! Ordered, Unique, Reliable, Resumable, Bookmarkable: what a watch promises.

use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};

use super::room::{Fault, Room, Watch, done, ensure, ensure_eq, within};
use crate::{Event, EventKind, KeyValue, ReadAt, Revision, Update};

pub(super) async fn events_tell_what_happened(room: Room) -> Result<(), Fault> {
    let before = room.store().revision().await?;
    let mut watch = room.watch(before).await?;
    let (key, value) = (room.key("a"), |text: &'static str| Bytes::from_static(text.as_bytes()));
    let kv = |text, revision| Some(KeyValue { key: key.clone(), value: value(text), revision });
    let event = |kind, text, previous, revision| Event {
        kind,
        key: key.clone(),
        value: value(text),
        previous,
        revision,
    };
    let first = room.create("a", "one").await?;
    let second = room.update("a", "two", first).await?;
    let third = room.delete("a", second).await?;
    let fourth = room.create("a", "").await?;
    let expected = [
        event(EventKind::Created, "one", None, first),
        event(EventKind::Updated, "two", kv("one", first), second),
        event(EventKind::Deleted, "", kv("two", second), third),
        event(EventKind::Created, "", None, fourth),
    ];
    watch.until(fourth).await?;
    ensure_eq!(watch.events, expected, "a watch that was open delivered");
    let mut late = room.watch(before).await?;
    late.until(fourth).await?;
    ensure_eq!(late.events, expected, "a watch from the past delivered");
    Ok(())
}

/// Many writers, and watches that begin before, during and after.
pub(super) async fn ordered_unique_reliable(room: Room) -> Result<(), Fault> {
    let before = room.store().revision().await?;
    let mut watches = vec![room.watch(before).await?, room.watch(before).await?];
    let writers = |round: usize| {
        let room = &room;
        try_join_all((0..16).map(move |writer| async move {
            let mut acknowledged = Vec::new();
            for number in 0..20 {
                let key = room.key(&format!("{round}/{writer}/{number}"));
                acknowledged.push(done(room.store().create(&key, Bytes::from(key.clone())).await?)?);
            }
            Ok::<_, Fault>(acknowledged)
        }))
    };
    let mut acknowledged = within("the first writers", writers(0)).await??.concat();
    watches.push(room.watch(before).await?);
    acknowledged.extend(within("the second writers", writers(1)).await??.concat());
    watches.push(room.watch(before).await?);
    acknowledged.sort_unstable();
    let last = acknowledged.last().copied().unwrap_or_default();
    for result in join_all(watches.iter_mut().map(|watch| watch.until(last))).await {
        result?;
    }
    for watch in &watches {
        // Equal to the sorted revisions of all writes: none is missing, twice, or out of order.
        ensure_eq!(watch.revisions(), acknowledged, "a watch delivered the revisions");
        ensure_eq!(watch.events, watches[0].events, "two watches differ");
    }
    Ok(())
}

pub(super) async fn resumable(room: Room) -> Result<(), Fault> {
    let before = room.store().revision().await?;
    let mut revisions = vec![room.create("a", "0").await?];
    for number in 1..12 {
        let last = revisions[number - 1];
        revisions.push(room.update("a", &number.to_string(), last).await?);
    }
    let last = revisions[11];
    for (place, after) in std::iter::once(before).chain(revisions.iter().copied()).enumerate() {
        let mut watch = room.watch(after).await?;
        let next = room.create(&format!("then-{place}"), "x").await?;
        watch.until(next).await?;
        let resumed: Vec<_> = watch.revisions().into_iter().filter(|revision| *revision <= last).collect();
        ensure_eq!(resumed, revisions[place..], "a watch after {after} delivered");
    }
    Ok(())
}

/// More, and larger, events than any buffer holds wait for a watch that reads none of them.
pub(super) async fn resumable_far_behind(room: Room) -> Result<(), Fault> {
    const WRITERS: usize = 16;
    const EACH: usize = 64;
    let before = room.store().revision().await?;
    let mut idle = room.watch(before).await?;
    let value = Bytes::from(vec![b'x'; 16 << 10]);
    let writers = (0..WRITERS).map(|writer| {
        let (room, value) = (&room, &value);
        async move {
            for number in 0..EACH {
                done(room.store().create(&room.key(&format!("{writer}/{number}")), value.clone()).await?)?;
            }
            Ok::<_, Fault>(())
        }
    });
    within("the writers", try_join_all(writers)).await??;
    let last = room.create("last", "x").await?;
    let mut late = room.watch(before).await?;
    late.until(last).await?;
    idle.until(last).await?;
    ensure_eq!(idle.events.len(), WRITERS * EACH + 1, "the watch that lagged delivered, in number,");
    ensure_eq!(idle.revisions(), late.revisions(), "the watch that lagged delivered");
    Ok(())
}

pub(super) async fn bookmarkable(room: Room) -> Result<(), Fault> {
    let before = room.store().revision().await?;
    let mut watch = room.watch(before).await?;
    let mut idle = Watch::open(&room, &room.key("idle/"), before).await?;
    let mut expected = Vec::new();
    for round in 0..5 {
        for number in 0..10 {
            expected.push(room.create(&format!("{round}/{number}"), "x").await?);
        }
        let now = room.store().revision().await?;
        room.store().request_progress().await?;
        watch.progress_to(now).await?;
        ensure_eq!(watch.revisions(), expected, "before progress to {} came", watch.progress);
        idle.progress_to(now).await?;
        ensure!(idle.events.is_empty(), "a watch of other keys delivered {:?}", idle.revisions());
    }
    progress_never_overtakes(&room).await
}

/// While writes go on, progress is asked for all the time.
async fn progress_never_overtakes(room: &Room) -> Result<(), Fault> {
    let mut revision = room.create("busy", "0").await?;
    let mut watch = room.watch(revision).await?;
    let mut expected = Vec::new();
    let (mut delivered, mut promised) = (0, revision);
    for number in 1..100 {
        revision = write(room, number, revision).await?;
        expected.push(revision);
        room.store().request_progress().await?;
        if number % 10 == 0 {
            watch.until(revision).await?;
            ensure!(
                watch.events[delivered..].iter().all(|event| event.revision > promised),
                "an event came after progress to {promised}"
            );
            (delivered, promised) = (watch.events.len(), promised.max(watch.progress));
        }
    }
    watch.progress_to(revision).await?;
    ensure_eq!(watch.revisions(), expected, "the busy watch delivered");
    Ok(())
}

async fn write(room: &Room, number: usize, expected: Revision) -> Result<Revision, Fault> {
    let update = room.store().update(&room.key("busy"), Bytes::from(number.to_string()), expected).await?;
    match update {
        Update::Done(revision) => Ok(revision),
        Update::Conflict(_) => {
            let now = room.get("busy", ReadAt::Latest).await?;
            Err(Fault::new(format!("the only writer met a conflict: {now:?}")))
        }
    }
}
