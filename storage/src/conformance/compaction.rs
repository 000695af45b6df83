//! Compaction: what is forgotten, and what is not.

use futures_util::future::try_join_all;

use super::room::{Fault, Room, ensure, ensure_eq};
use crate::{Error, ReadAt, Revision};

/// `a` updated, `b` removed, `c` removed and made again, `d` untouched; the revision afterwards.
async fn some_history(room: &Room) -> Result<Revision, Fault> {
    room.create("d", "d1").await?;
    let a = room.create("a", "a1").await?;
    let a = room.update("a", "a2", a).await?;
    room.update("a", "a3", a).await?;
    let b = room.create("b", "b1").await?;
    room.delete("b", b).await?;
    let c = room.create("c", "c1").await?;
    let c = room.delete("c", c).await?;
    ensure!(c > a, "revisions grow");
    room.create("c", "c2").await
}

fn state(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) async fn keeps_what_can_be_read(room: Room) -> Result<(), Fault> {
    let now = some_history(&room).await?;
    let a = room.get("a", ReadAt::Latest).await?.map_or(0, |kv| kv.revision);
    let mut watch = room.watch(now).await?;
    let removed = room.delete("a", a).await?;
    let last = room.create("e", "e1").await?;
    room.store().compact(now).await?;
    room.store().compact(now).await?;

    let then = state(&[("a", "a3"), ("c", "c2"), ("d", "d1")]);
    ensure_eq!(room.listed(ReadAt::Exactly(now)).await?, then, "at the revision compacted to there are");
    let since = state(&[("c", "c2"), ("d", "d1")]);
    ensure_eq!(room.listed(ReadAt::Exactly(removed)).await?, since, "after it there are");
    let newest = state(&[("c", "c2"), ("d", "d1"), ("e", "e1")]);
    ensure_eq!(room.listed(ReadAt::Latest).await?, newest, "at last there are");

    watch.until(last).await?;
    let mut late = room.watch(now).await?;
    late.until(last).await?;
    ensure_eq!(late.revisions(), [removed, last], "a watch from the revision compacted to delivered");
    ensure_eq!(late.events, watch.events, "a watch opened after compaction differs");
    let previous = late.events[0].previous.as_ref().map(|kv| kv.revision);
    ensure_eq!(previous, Some(a), "the event after compaction shows the previous value of");
    Ok(())
}

pub(super) async fn forgets_the_past(room: Room) -> Result<(), Fault> {
    let first = room.create("first", "x").await?;
    let now = some_history(&room).await?;
    room.store().compact(now).await?;
    let listed = room.store().list(room.prefix(), None, 0, ReadAt::Exactly(first)).await.err();
    ensure!(
        matches!(listed, Some(Error::Compacted { requested, oldest }) if requested == first && oldest > first),
        "a list at {first}, compacted, gave {listed:?}"
    );
    for at in [0, first] {
        let got = room.store().get(&room.key("a"), ReadAt::Exactly(at)).await.err();
        ensure!(matches!(got, Some(Error::Compacted { .. })), "a get at {at}, compacted, gave {got:?}");
    }
    // To compact to what is compacted already changes nothing.
    room.store().compact(first).await?;
    ensure_eq!(room.listed(ReadAt::Exactly(now)).await?.len(), 4, "after compaction the number of keys is");
    Ok(())
}

pub(super) async fn ends_watches_that_need_the_past(room: Room) -> Result<(), Fault> {
    let before = room.store().revision().await?;
    let now = some_history(&room).await?;
    room.store().compact(now).await?;
    let error = match room.watch(before).await {
        Ok(mut watch) => {
            let error = watch.error().await?;
            ensure!(watch.events.is_empty(), "a watch of a compacted past delivered {:?}", watch.revisions());
            error
        }
        Err(fault) => match room.store().watch(room.prefix(), before).await {
            Err(error) => error,
            Ok(_) => return Err(fault),
        },
    };
    ensure!(
        matches!(error, Error::Compacted { requested, oldest } if requested == before && oldest > before),
        "a watch of a compacted past failed with {error:?}"
    );
    Ok(())
}

pub(super) async fn the_future_is_refused_too(room: Room) -> Result<(), Fault> {
    try_join_all((0..4).map(|number| {
        let room = &room;
        async move { room.create(&number.to_string(), "x").await }
    }))
    .await?;
    let far = room.store().revision().await? + 1_000_000;
    let compacted = room.store().compact(far).await.err();
    ensure!(
        matches!(compacted, Some(Error::FutureRevision { .. })),
        "compaction to {far} gave {compacted:?}"
    );
    ensure_eq!(room.listed(ReadAt::Latest).await?.len(), 4, "the number of keys is");
    Ok(())
}
