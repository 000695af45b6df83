//! Random histories against a model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Put(usize),
    Remove(usize),
    /// A write that the cache does not hold.
    Foreign,
    /// A write that is announced.
    Own(usize),
    Watch(usize, usize),
    Drain(usize),
    List,
    Cut,
}

const KEYS: [&str; 6] = ["/t/a/x", "/t/a/y", "/t/ab/x", "/t/b/x", "/t/b/y", "/t/c"];
const PREFIXES: [&str; 6] = ["/t/", "/t/a/", "/t/a", "/t/b/", "/t/b/y", "/t/none/"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..KEYS.len()).prop_map(Step::Put),
        4 => (0..KEYS.len()).prop_map(Step::Remove),
        2 => Just(Step::Foreign),
        6 => (0..KEYS.len()).prop_map(Step::Own),
        2 => (0..1000usize, 0..PREFIXES.len()).prop_map(|(after, prefix)| Step::Watch(after, prefix)),
        2 => (0..1000usize).prop_map(Step::Drain),
        1 => Just(Step::List),
        1 => Just(Step::Cut),
    ]
}

/// What the store went through below the prefix.
#[derive(Default)]
struct Model {
    events: Vec<Seen>,
    now: BTreeMap<&'static str, (String, Revision)>,
}

impl Model {
    fn put(&mut self, key: &'static str, value: String, revision: Revision) {
        let kind = match self.now.insert(key, (value.clone(), revision)) {
            Some(_) => EventKind::Updated,
            None => EventKind::Created,
        };
        self.events.push((revision, kind, key.to_owned(), value));
    }

    fn remove(&mut self, key: &'static str, revision: Revision) {
        if let Some((value, _)) = self.now.remove(key) {
            self.events.push((revision, EventKind::Deleted, key.to_owned(), value));
        }
    }

    fn suffix(&self, after: Revision, prefix: &str) -> Vec<Seen> {
        let fits = |(revision, _, key, _): &&Seen| *revision > after && key.starts_with(prefix);
        self.events.iter().filter(fits).cloned().collect()
    }

    fn at(&self, revision: Revision) -> Vec<(String, String, Revision)> {
        let mut state = BTreeMap::new();
        for (at, kind, key, value) in self.events.iter().filter(|event| event.0 <= revision) {
            match kind {
                EventKind::Deleted => state.remove(key),
                _ => state.insert(key.clone(), (value.clone(), *at)),
            };
        }
        state.into_iter().map(|(key, (value, at))| (key, value, at)).collect()
    }
}

struct Open {
    watcher: Watcher<String>,
    after: Revision,
    prefix: &'static str,
    got: Vec<Seen>,
}

async fn play(steps: Vec<Step>) {
    let store = Store::new().await;
    let cache = start(&store);
    cache.ready().await;
    let first = cache.snapshot().revision();
    let mut model = Model::default();
    let mut open: Vec<Open> = Vec::new();
    let mut lists = Vec::new();
    let mut newest = first;
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Put(key) => {
                newest = store.put(KEYS[key], &number.to_string()).await;
                model.put(KEYS[key], number.to_string(), newest);
            }
            Step::Remove(key) if model.now.contains_key(KEYS[key]) => {
                newest = store.remove(KEYS[key]).await;
                model.remove(KEYS[key], newest);
            }
            Step::Remove(_) => {}
            Step::Foreign => newest = store.put("/t2/x", "foreign").await,
            Step::Own(key) => {
                let (value, after) = (number.to_string(), model.now.get(KEYS[key]).map_or(0, |now| now.1));
                let announced = announce(&cache, KEYS[key], after, &value);
                newest = store.put(KEYS[key], &value).await;
                assert_eq!(**announced.done(newest).unwrap(), value);
                model.put(KEYS[key], value, newest);
            }
            Step::Watch(after, prefix) => {
                let current = cache.snapshot().revision();
                let after = first + after as Revision % (current - first + 1);
                let watcher = cache.watch(after, PREFIXES[prefix]).unwrap();
                open.push(Open { watcher, after, prefix: PREFIXES[prefix], got: Vec::new() });
            }
            Step::Drain(which) if !open.is_empty() => {
                let which = which % open.len();
                let until = cache.latest().await.unwrap().revision();
                let got = drain(&mut open[which].watcher, until).await.unwrap();
                open[which].got.extend(got);
            }
            Step::Drain(_) => {}
            Step::List => {
                let snapshot = cache.latest().await.unwrap();
                assert!(snapshot.revision() >= newest);
                let watcher = cache.watch(snapshot.revision(), "/t/").unwrap();
                lists.push((snapshot, watcher));
            }
            Step::Cut => store.cut(),
        }
    }
    let last = cache.latest().await.unwrap();
    assert!(last.revision() >= newest);
    assert_eq!(contents(&last), model.at(newest));
    for revision in first..=newest {
        let snapshot = cache.exactly(revision).await.unwrap();
        assert_eq!(snapshot.revision(), revision);
        assert_eq!(contents(&snapshot), model.at(revision), "the state at {revision}");
    }
    for Open { mut watcher, after, prefix, mut got } in open {
        got.extend(drain(&mut watcher, newest).await.unwrap());
        assert_eq!(got, model.suffix(after, prefix), "below {prefix} after {after}");
    }
    for (snapshot, mut watcher) in lists {
        assert_eq!(contents(&snapshot), model.at(snapshot.revision()));
        let after = drain(&mut watcher, newest).await.unwrap();
        assert_eq!(after, model.suffix(snapshot.revision(), "/t/"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every watcher sees exactly its suffix, every revision its state, every list joins its watch without a
    /// gap, and no consistent read is older than a write before it.
    #[test]
    fn a_history_is_seen_as_it_was(steps in proptest::collection::vec(step(), 1..400)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(play(steps));
    }
}
