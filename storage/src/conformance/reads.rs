//! Linearizable: a read sees every write acknowledged before it began. And reads of the past and of pages.

use super::room::{Fault, Room, Watch, ensure, ensure_eq};
use crate::{Error, ReadAt};

pub(super) async fn linearizable(room: Room) -> Result<(), Fault> {
    let mut revision = room.create("a", "0").await?;
    for number in 1..20 {
        revision = room.update("a", &number.to_string(), revision).await?;
        ensure!(room.store().revision().await? >= revision, "`revision` is behind an acknowledged write");
        let (found, at) = room.store().get(&room.key("a"), ReadAt::Latest).await?;
        ensure!(at >= revision, "a get at {at} is behind the write at {revision}");
        ensure_eq!(found.map(|kv| kv.revision), Some(revision), "a get sees the key at");
        let page = room.store().list(room.prefix(), None, 0, ReadAt::Latest).await?;
        ensure!(page.revision >= revision, "a list at {} is behind the write at {revision}", page.revision);
        ensure_eq!(page.items.first().map(|kv| kv.revision), Some(revision), "a list sees the key at");
    }
    Ok(())
}

pub(super) async fn exact_reads_see_the_past(room: Room) -> Result<(), Fault> {
    let before = room.store().revision().await?;
    let mut states = vec![(before, vec![])];
    let a1 = room.create("a", "a1").await?;
    states.push((a1, vec![("a", "a1")]));
    let b1 = room.create("b", "b1").await?;
    states.push((b1, vec![("a", "a1"), ("b", "b1")]));
    let a2 = room.update("a", "a2", a1).await?;
    states.push((a2, vec![("a", "a2"), ("b", "b1")]));
    let b2 = room.delete("b", b1).await?;
    states.push((b2, vec![("a", "a2")]));
    let b3 = room.create("b", "b3").await?;
    states.push((b3, vec![("a", "a2"), ("b", "b3")]));
    for (revision, state) in states {
        let at = ReadAt::Exactly(revision);
        let expected: Vec<_> =
            state.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ensure_eq!(room.listed(at).await?, expected, "a list at {revision} sees");
        for name in ["a", "b"] {
            let value = state.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_bytes());
            let (found, read_at) = room.store().get(&room.key(name), at).await?;
            ensure_eq!(found.as_ref().map(|kv| &kv.value[..]), value, "a get of {name} at {revision} sees");
            ensure_eq!(read_at, revision, "a get at {revision} says it read at");
        }
    }
    Ok(())
}

pub(super) async fn the_future_is_refused(room: Room) -> Result<(), Fault> {
    let far = room.create("a", "1").await? + 1_000_000;
    let got = room.store().get(&room.key("a"), ReadAt::Exactly(far)).await.err();
    ensure!(
        matches!(got, Some(Error::FutureRevision { requested, current }) if requested == far && current < far),
        "a get at {far} gave {got:?}"
    );
    let listed = room.store().list(room.prefix(), None, 0, ReadAt::Exactly(far)).await.err();
    ensure!(matches!(listed, Some(Error::FutureRevision { .. })), "a list at {far} gave {listed:?}");
    Ok(())
}

pub(super) async fn pages_are_one_state(room: Room) -> Result<(), Fault> {
    let mut names: Vec<_> = (0..25).map(|number| format!("item-{number:02}")).collect();
    let mut revision = 0;
    for name in &names {
        revision = room.create(name, name).await?;
    }
    names.retain(|name| name != "item-24");
    revision = room.delete("item-24", revision).await?;

    let (mut seen, mut start, mut at) = (Vec::new(), None::<String>, ReadAt::Latest);
    loop {
        let page = room.store().list(room.prefix(), start.as_deref(), 7, at).await?;
        ensure!(page.revision >= revision, "a page at {} is behind {revision}", page.revision);
        ensure!(page.items.len() <= 7, "a page has {} items", page.items.len());
        at = ReadAt::Exactly(page.revision);
        seen.extend(page.items.iter().map(|kv| kv.key[room.prefix().len()..].to_owned()));
        let left = names.len().saturating_sub(seen.len()) as u64;
        ensure_eq!(page.more, left > 0, "with {left} items left, `more` is");
        if !page.more {
            break;
        }
        start = page.items.last().map(|kv| format!("{}\0", kv.key));
        // What happens between the pages is not seen by them.
        room.create(&format!("item-99-{}", seen.len()), "late").await?;
    }
    ensure_eq!(seen, names, "the pages together have");

    let from = room.store().list(room.prefix(), Some(&room.key("item-20")), 0, at).await?;
    ensure_eq!(from.items.len(), 4, "from item-20, inclusive, the number of items is");
    let behind = room.store().list(room.prefix(), Some("/~"), 0, ReadAt::Latest).await?;
    ensure!(
        behind.items.is_empty() && !behind.more,
        "a start behind the prefix finds {}",
        behind.items.len()
    );
    let ahead = room.store().list(room.prefix(), Some("/"), 1, at).await?;
    ensure_eq!(ahead.items.len(), 1, "a start before the prefix finds, with limit 1,");
    Ok(())
}

pub(super) async fn prefixes_are_apart(room: Room) -> Result<(), Fault> {
    let before = room.store().revision().await?;
    let mut last = 0;
    for name in ["ns1/a", "ns1/b", "ns10/a", "ns", "ns1-a/a", "ns0/a"] {
        last = room.create(name, name).await?;
    }
    let prefix = room.key("ns1/");
    let page = room.store().list(&prefix, None, 0, ReadAt::Latest).await?;
    let keys: Vec<_> = page.items.iter().map(|kv| kv.key.clone()).collect();
    ensure_eq!(keys, [room.key("ns1/a"), room.key("ns1/b")], "below ns1/ are");
    let mut watch = Watch::open(&room, &prefix, before).await?;
    room.store().request_progress().await?;
    watch.progress_to(last).await?;
    let keys: Vec<_> = watch.events.iter().map(|event| event.key.clone()).collect();
    ensure_eq!(keys, [room.key("ns1/a"), room.key("ns1/b")], "the watch of ns1/ sees");
    let everything = room.store().list("/", Some(room.prefix()), 1, ReadAt::Latest).await?;
    ensure_eq!(
        everything.items.first().map(|kv| kv.key.clone()),
        Some(room.key("ns")),
        "the whole store has"
    );
    Ok(())
}
