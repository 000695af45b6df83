//! Atomic: a write happens whole or not at all; a failed comparison changes nothing.

use bytes::Bytes;
use futures_util::future::join_all;

use super::room::{Fault, Room, done, ensure, ensure_eq, text};
use crate::engine::MAX_VALUE_SIZE;
use crate::{Error, KeyValue, ReadAt, Update};

pub(super) async fn create_puts_only_where_nothing_is(room: Room) -> Result<(), Fault> {
    let before = room.store().revision().await?;
    let first = room.create("a", "one").await?;
    ensure!(first > before && first > 1, "the first write got revision {first} after {before}");
    let again = room.store().create(&room.key("a"), Bytes::from_static(b"two")).await?;
    let there = KeyValue { key: room.key("a"), value: Bytes::from_static(b"one"), revision: first };
    ensure_eq!(again, Update::Conflict(Some(there.clone())), "a second create gave");
    ensure_eq!(room.get("a", ReadAt::Latest).await?, Some(there), "a failed create left");
    ensure_eq!(room.store().revision().await?, first, "after a failed create the store stands at");
    let second = room.delete("a", first).await?;
    ensure!(room.create("a", "three").await? > second, "a key that was removed can be created again");
    Ok(())
}

pub(super) async fn update_replaces_only_what_was_seen(room: Room) -> Result<(), Fault> {
    let first = room.create("a", "one").await?;
    let second = room.update("a", "two", first).await?;
    ensure!(second > first, "an update got revision {second} after {first}");
    let there = KeyValue { key: room.key("a"), value: Bytes::from_static(b"two"), revision: second };
    for stale in [0, first, second + 1] {
        let update = room.store().update(&room.key("a"), Bytes::from_static(b"x"), stale).await?;
        ensure_eq!(update, Update::Conflict(Some(there.clone())), "an update expecting {stale} gave");
    }
    for expected in [0, first] {
        let update = room.store().update(&room.key("none"), Bytes::from_static(b"x"), expected).await?;
        ensure_eq!(update, Update::Conflict(None), "an update of no key, expecting {expected}, gave");
    }
    ensure_eq!(room.get("a", ReadAt::Latest).await?, Some(there), "failed updates left");
    ensure_eq!(room.get("none", ReadAt::Latest).await?, None, "failed updates made");
    Ok(())
}

pub(super) async fn delete_removes_only_what_was_seen(room: Room) -> Result<(), Fault> {
    let first = room.create("a", "one").await?;
    let second = room.update("a", "two", first).await?;
    let there = KeyValue { key: room.key("a"), value: Bytes::from_static(b"two"), revision: second };
    for stale in [0, first] {
        let update = room.store().delete(&room.key("a"), stale).await?;
        ensure_eq!(update, Update::Conflict(Some(there.clone())), "a delete expecting {stale} gave");
    }
    let third = room.delete("a", second).await?;
    ensure!(third > second, "a delete got revision {third} after {second}");
    ensure_eq!(room.get("a", ReadAt::Latest).await?, None, "a delete left");
    for expected in [0, second, third] {
        let again = room.store().delete(&room.key("a"), expected).await?;
        ensure_eq!(again, Update::Conflict(None), "a second delete, expecting {expected}, gave");
    }
    Ok(())
}

pub(super) async fn one_of_many_creators_wins(room: Room) -> Result<(), Fault> {
    let key = room.key("a");
    let creators = (0..32).map(|number| room.store().create(&key, Bytes::from(format!("{number}"))));
    let mut winners = Vec::new();
    for (number, update) in join_all(creators).await.into_iter().enumerate() {
        if let Update::Done(revision) = update? {
            winners.push((revision, number.to_string()));
        }
    }
    ensure_eq!(winners.len(), 1, "the number of creators that won is");
    let found = room.get("a", ReadAt::Latest).await?.map(|kv| (kv.revision, text(&kv.value)));
    ensure_eq!(found.as_ref(), winners.first(), "the key holds");
    Ok(())
}

pub(super) async fn concurrent_increments_are_all_counted(room: Room) -> Result<(), Fault> {
    const WORKERS: usize = 8;
    const EACH: usize = 10;
    room.create("counter", "0").await?;
    let workers = (0..WORKERS).map(|_| async {
        for _ in 0..EACH {
            increment(&room).await?;
        }
        Ok::<_, Fault>(())
    });
    join_all(workers).await.into_iter().collect::<Result<(), _>>()?;
    let counted = room.get("counter", ReadAt::Latest).await?.map(|kv| text(&kv.value));
    ensure_eq!(counted, Some((WORKERS * EACH).to_string()), "the counter stands at");
    Ok(())
}

/// Adds one to the counter, however many others do so too.
async fn increment(room: &Room) -> Result<(), Fault> {
    let key = room.key("counter");
    let mut seen = room.get("counter", ReadAt::Latest).await?;
    loop {
        let Some(KeyValue { value, revision, .. }) = seen else {
            return Err(Fault::new("the counter is gone"));
        };
        let count: u64 = text(&value).parse().map_err(|_| Fault::new("the counter is no number"))?;
        match room.store().update(&key, Bytes::from((count + 1).to_string()), revision).await? {
            Update::Done(_) => return Ok(()),
            Update::Conflict(found) => seen = found,
        }
    }
}

pub(super) async fn values_of_any_size(room: Room) -> Result<(), Fault> {
    for size in [0, 1, 4096, 100_000, 1 << 20] {
        let value: Bytes = (0..size).map(|place: usize| (place % 251) as u8).collect();
        let name = format!("size-{size}");
        let revision = done(room.store().create(&room.key(&name), value.clone()).await?)?;
        let read = room.get(&name, ReadAt::Latest).await?;
        ensure!(
            read.as_ref().is_some_and(|kv| kv.value == value),
            "a value of {size} bytes came back otherwise"
        );
        let mut watch = room.watch(revision - 1).await?;
        watch.until(revision).await?;
        ensure!(watch.events.iter().any(|event| event.value == value), "no event has the {size} bytes");
    }
    let huge = Bytes::from(vec![b'x'; MAX_VALUE_SIZE + 1]);
    let refused = room.store().create(&room.key("huge"), huge).await;
    ensure!(matches!(refused, Err(Error::TooLarge { .. })), "a value beyond the limit gave {refused:?}");
    Ok(())
}

pub(super) async fn keys_that_could_name_another_are_refused(room: Room) -> Result<(), Fault> {
    for name in ["", "a//b", "../a", "a/.", "a/"] {
        let key = room.key(name);
        let results = [
            room.store().create(&key, Bytes::new()).await.err(),
            room.store().update(&key, Bytes::new(), 1).await.err(),
            room.store().delete(&key, 1).await.err(),
            room.store().get(&key, ReadAt::Latest).await.err(),
        ];
        for result in results {
            ensure!(matches!(result, Some(Error::InvalidKey(_))), "the key {key:?} gave {result:?}");
        }
    }
    let prefix = room.key("a");
    let listed = room.store().list(&prefix, None, 0, ReadAt::Latest).await.err();
    ensure!(matches!(listed, Some(Error::InvalidKey(_))), "listing the prefix {prefix:?} gave {listed:?}");
    let watched = room.store().watch(&prefix, 1).await.err();
    ensure!(matches!(watched, Some(Error::InvalidKey(_))), "watching the prefix {prefix:?} gave {watched:?}");
    Ok(())
}
