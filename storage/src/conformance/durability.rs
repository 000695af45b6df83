//! Durable: an acknowledged write survives.

use super::room::{Fault, Room, ensure, ensure_eq};
use super::{ROOMS, Subject};
use crate::{Error, ReadAt};

/// Writes, opens the store again, and looks.
pub(super) async fn durable(subject: &Subject<'_>) -> Result<(), Fault> {
    if !subject.durable {
        return Ok(());
    }
    let room = Room::new((subject.open)().await?, "durable", &ROOMS);
    let gone = room.create("gone", "x").await?;
    let old = room.create("kept", "one").await?;
    let gone = room.delete("gone", gone).await?;
    let kept = room.update("kept", "two", old).await?;
    let watch = room.watch(old).await?;
    room.store().compact(old).await?;
    let (past, prefix) = (old - 1, room.prefix().to_owned());
    drop((watch, room));
    let room = Room::at((subject.open)().await?, prefix);

    let (found, at) = room.store().get(&room.key("kept"), ReadAt::Latest).await?;
    ensure!(at >= kept, "the store was opened at {at}, before the write at {kept}");
    ensure_eq!(found.map(|kv| (kv.revision, kv.value)), Some((kept, "two".into())), "after opening there is");
    ensure_eq!(room.get("gone", ReadAt::Latest).await?, None, "what was removed came back as");
    let found = room.get("kept", ReadAt::Exactly(old)).await?.map(|kv| kv.value);
    ensure_eq!(found, Some("one".into()), "the past is");
    let past = room.store().list(room.prefix(), None, 0, ReadAt::Exactly(past)).await.err();
    ensure!(matches!(past, Some(Error::Compacted { .. })), "the compacted past came back: {past:?}");

    let mut watch = room.watch(old).await?;
    let next = room.create("next", "x").await?;
    ensure!(next > kept, "a write after opening got revision {next}, after {kept}");
    watch.until(next).await?;
    ensure_eq!(watch.revisions(), [gone, kept, next], "a watch across the opening delivered");
    Ok(())
}
