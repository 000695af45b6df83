//! Reading everything below the prefix from the store.

use std::sync::Arc;

use futures_util::future::join;

use super::snapshot::State;
use super::{Decode, Entry};
use crate::{Error, KeyValue, Page, ReadAt, Storage};

/// How many keys are asked for at a time.
const PAGE: usize = 1_000;
/// After how many decoded values other tasks get their turn.
const TURN: usize = 256;

/// The state below `prefix` at one revision. What `known` holds already is shared, not decoded again, unless it is damaged.
pub(super) async fn load<T: 'static>(
    storage: &dyn Storage,
    prefix: &str,
    at: ReadAt,
    known: &State<T>,
    decode: &dyn Decode<T>,
) -> Result<State<T>, Error> {
    let mut page = storage.list(prefix, None, PAGE, at).await?;
    let mut state = State::empty(page.revision);
    loop {
        let last = page.items.last().map(|item| item.key.clone()).filter(|_| page.more);
        let Some(last) = last else {
            insert(&mut state, page, known, decode).await;
            return Ok(state);
        };
        // The next page is on its way while this one is decoded.
        let (start, at) = (last + "\0", ReadAt::Exactly(state.revision));
        let next = storage.list(prefix, Some(&start), PAGE, at);
        let (next, ()) = join(next, insert(&mut state, page, known, decode)).await;
        page = next?;
    }
}

async fn insert<T: 'static>(state: &mut State<T>, page: Page, known: &State<T>, decode: &dyn Decode<T>) {
    for (done, item) in page.items.into_iter().enumerate() {
        state.insert(entry(item, known, decode).await);
        if done % TURN == TURN - 1 {
            tokio::task::yield_now().await;
        }
    }
}

async fn entry<T: 'static>(item: KeyValue, known: &State<T>, decode: &dyn Decode<T>) -> Arc<Entry<T>> {
    let before = known.get(&item.key);
    if let Some(entry) = before.filter(|entry| entry.revision == item.revision && entry.value.is_ok()) {
        return entry.clone();
    }
    if let Some(prepared) = decode.prepare(&item.value) {
        prepared.await;
    }
    let key = before.map_or_else(|| item.key.into(), |entry| entry.key.clone());
    Arc::new(Entry::decode(decode, key, &item.value, item.revision))
}
