//! Every engine behaves like a list of states, whatever is done to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use databases_storage::engine::{self, Config, memory, redb};
use databases_storage::{Error, KeyValue, ReadAt, Revision, Storage, Update};
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, TestRunner};

/// One thing done to the store. Revisions are counted back from the newest.
#[derive(Clone, Debug)]
enum Step {
    Create(u8, u8),
    Update(u8, u8, u64),
    Delete(u8, u64),
    Get(u8, u64),
    List(u8, usize, u64),
    Compact(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (key, back) = (0..6u8, 0..12u64);
    let step = prop_oneof![
        4 => (key.clone(), any::<u8>()).prop_map(|(key, value)| Step::Create(key, value)),
        4 => (key.clone(), any::<u8>(), prop_oneof![3 => Just(0), 1 => 1..3u64])
            .prop_map(|(key, value, back)| Step::Update(key, value, back)),
        2 => (key.clone(), prop_oneof![3 => Just(0), 1 => 1..3u64]).prop_map(|(key, back)| Step::Delete(key, back)),
        2 => (key.clone(), back.clone()).prop_map(|(key, back)| Step::Get(key, back)),
        2 => (key, 0..4usize, back.clone()).prop_map(|(start, limit, back)| Step::List(start, limit, back)),
        1 => back.prop_map(Step::Compact),
    ];
    prop::collection::vec(step, 1..60)
}

/// The model: the state after every revision.
struct Model {
    prefix: String,
    states: BTreeMap<Revision, BTreeMap<String, KeyValue>>,
    oldest: Revision,
}

impl Model {
    fn key(&self, number: u8) -> String {
        format!("{}{number}", self.prefix)
    }

    fn newest(&self) -> (Revision, &BTreeMap<String, KeyValue>) {
        let (revision, state) = self.states.last_key_value().unwrap();
        (*revision, state)
    }

    /// A revision of the history, `back` steps ago.
    fn past(&self, back: u64) -> Revision {
        let nth = usize::try_from(back).unwrap();
        *self.states.keys().rev().nth(nth).unwrap_or(self.states.keys().next().unwrap())
    }

    /// The outcome of a write, applied to the model when it is done.
    fn expect(&mut self, key: &str, expected: Option<Revision>, value: Option<Bytes>, got: &Update) {
        let (newest, state) = self.newest();
        let there = state.get(key);
        match got {
            Update::Conflict(found) => {
                assert_ne!(there.map(|kv| kv.revision), expected, "a needless conflict");
                assert_eq!(found.as_ref(), there);
            }
            Update::Done(revision) => {
                assert_eq!(there.map(|kv| kv.revision), expected, "a conflict went unnoticed");
                assert!(*revision > newest);
                let mut state = state.clone();
                match value {
                    Some(value) => state
                        .insert(key.to_owned(), KeyValue { key: key.to_owned(), value, revision: *revision }),
                    None => state.remove(key),
                };
                self.states.insert(*revision, state);
            }
        }
    }

    /// Whether `error` is right for a read at `at`, or the state that should have been read.
    fn state<T>(&self, at: Revision, got: &Result<T, Error>) -> Option<&BTreeMap<String, KeyValue>> {
        if at < self.oldest {
            assert!(matches!(got, Err(Error::Compacted { requested, .. }) if *requested == at));
            return None;
        }
        self.states.get(&at)
    }
}

async fn apply(store: &dyn Storage, model: &mut Model, step: Step) {
    match step {
        Step::Create(key, value) => {
            let (key, value) = (model.key(key), Bytes::from(vec![value; usize::from(value)]));
            let got = store.create(&key, value.clone()).await.unwrap();
            model.expect(&key, None, Some(value), &got);
        }
        Step::Update(key, value, back) => {
            let (key, value) = (model.key(key), Bytes::from(vec![value; usize::from(value)]));
            let expected = known(model, &key, back);
            let got = store.update(&key, value.clone(), expected).await.unwrap();
            model.expect(&key, Some(expected), Some(value), &got);
        }
        Step::Delete(key, back) => {
            let key = model.key(key);
            let expected = known(model, &key, back);
            let got = store.delete(&key, expected).await.unwrap();
            model.expect(&key, Some(expected), None, &got);
        }
        Step::Get(key, back) => {
            let (key, at) = (model.key(key), model.past(back));
            let got = store.get(&key, ReadAt::Exactly(at)).await;
            let Some(state) = model.state(at, &got) else { return };
            assert_eq!(got.unwrap(), (state.get(&key).cloned(), at));
        }
        Step::List(start, limit, back) => {
            let (start, at) = (model.key(start), model.past(back));
            let got = store.list(&model.prefix, Some(&start), limit, ReadAt::Exactly(at)).await;
            let Some(state) = model.state(at, &got) else { return };
            let (page, all) =
                (got.unwrap(), state.range(start..).map(|(_, kv)| kv.clone()).collect::<Vec<_>>());
            let wanted = if limit == 0 { all.len() } else { limit.min(all.len()) };
            assert_eq!((page.items.as_slice(), page.revision), (&all[..wanted], at));
            assert_eq!(page.more, wanted < all.len());
        }
        Step::Compact(back) => {
            let to = model.past(back);
            store.compact(to).await.unwrap();
            model.oldest = model.oldest.max(to);
        }
    }
}

/// The key's revision, `back` too small.
fn known(model: &Model, key: &str, back: u64) -> Revision {
    let newest = model.newest().1.get(key).map_or(0, |kv| kv.revision);
    newest.saturating_sub(back)
}

/// Runs random steps on the store, each case below a prefix of its own.
fn agrees(runtime: &tokio::runtime::Runtime, store: &Arc<dyn Storage>, cases: u32) {
    let mut runner = TestRunner::new(Runs { cases, failure_persistence: None, ..Runs::default() });
    let case = std::cell::Cell::new(0);
    let result = runner.run(&steps(), |steps| {
        case.set(case.get() + 1);
        let prefix = format!("/model/{}/", case.get());
        runtime.block_on(async {
            let start = store.revision().await.unwrap();
            let states = BTreeMap::from([(start, BTreeMap::new())]);
            let mut model = Model { prefix, states, oldest: 0 };
            for step in steps {
                apply(store.as_ref(), &mut model, step).await;
            }
        });
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build().unwrap()
}

#[test]
fn memory() {
    let runtime = runtime();
    let store = runtime.block_on(engine::open(Config::Memory(memory::Config))).unwrap();
    agrees(&runtime, &store, 256);
}

#[test]
fn redb() {
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let config = redb::Config::new(folder.path().join("store.redb"));
    let store = runtime.block_on(engine::open(Config::Redb(config))).unwrap();
    agrees(&runtime, &store, 64);
}

#[cfg(feature = "etcd")]
#[test]
fn etcd() {
    let runtime = runtime();
    let Some(etcd) = runtime.block_on(crate::support::Etcd::start()) else { return };
    let store: Arc<dyn Storage> = Arc::new(runtime.block_on(etcd.open(etcd.config())));
    agrees(&runtime, &store, 48);
}
