//! Verdicts that hold for a while: bounded in number, asked for once however many wait, never kept when there was none.
//!
//! All who wait share the outcome, a failure as well: a cluster that does not answer costs each of them one patience,
//! not one for everybody before. A question goes on when who asked it has left.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// So many verdicts are kept.
const MOST: usize = 8192;

/// Why there is no verdict.
pub(super) type Failure = Arc<str>;
type Question<V> = Shared<BoxFuture<'static, Result<V, Failure>>>;

/// Verdicts by key.
pub(super) struct Verdicts<K, V> {
    state: Arc<Mutex<State<K, V>>>,
    lifetime: Arc<Lifetime<V>>,
}

type Lifetime<V> = dyn Fn(&V) -> Duration + Send + Sync;

struct State<K, V> {
    /// With the moment until which a verdict holds.
    kept: HashMap<K, (Instant, V)>,
    /// The keys as they were kept, the oldest first; a key that was kept again has a later place, too.
    order: VecDeque<(Instant, K)>,
    asked: HashMap<K, Question<V>>,
}

impl<K, V> Verdicts<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Each holds for as long as `lifetime` says of it.
    pub(super) fn lasting(lifetime: impl Fn(&V) -> Duration + Send + Sync + 'static) -> Self {
        let state = State { kept: HashMap::new(), order: VecDeque::new(), asked: HashMap::new() };
        Verdicts { state: Arc::new(Mutex::new(state)), lifetime: Arc::new(lifetime) }
    }

    /// The verdict that holds, or the one that `ask` brings.
    pub(super) async fn get<F>(&self, key: K, ask: impl FnOnce() -> F) -> Result<V, Failure>
    where
        F: Future<Output = Result<V, String>> + Send + 'static,
    {
        let question = {
            let mut state = lock(&self.state);
            if let Some((until, verdict)) = state.kept.get(&key)
                && Instant::now() < *until
            {
                return Ok(verdict.clone());
            }
            match state.asked.get(&key) {
                Some(question) => question.clone(),
                None => {
                    let question = self.begin(key.clone(), ask());
                    state.asked.insert(key, question.clone());
                    question
                }
            }
        };
        question.await
    }

    /// The caller holds the lock, so the outcome comes after the question is noted.
    fn begin<F>(&self, key: K, asking: F) -> Question<V>
    where
        F: Future<Output = Result<V, String>> + Send + 'static,
    {
        let (state, noted, lifetime) = (Arc::clone(&self.state), key.clone(), Arc::clone(&self.lifetime));
        let asking = tokio::spawn(asking);
        let settled = tokio::spawn(async move {
            let outcome = match asking.await {
                Ok(outcome) => outcome.map_err(Failure::from),
                Err(_) => Err("the question was dropped".into()),
            };
            let mut state = lock(&state);
            state.asked.remove(&noted);
            if let Ok(verdict) = &outcome {
                state.keep(key, verdict.clone(), Instant::now() + lifetime(verdict));
            }
            outcome
        });
        async move { settled.await.unwrap_or_else(|_| Err("the question was dropped".into())) }
            .boxed()
            .shared()
    }
}

impl<K: Hash + Eq + Clone, V> State<K, V> {
    fn keep(&mut self, key: K, verdict: V, until: Instant) {
        self.kept.insert(key.clone(), (until, verdict));
        self.order.push_back((until, key));
        while self.order.len() > MOST {
            let Some((until, oldest)) = self.order.pop_front() else { return };
            if self.kept.get(&oldest).is_some_and(|(kept, _)| *kept == until) {
                self.kept.remove(&oldest);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Notify;

    const LIFETIME: Duration = Duration::from_secs(10);

    /// Answers how often it was asked before; each answer needs leave.
    #[derive(Clone, Default)]
    struct Asked {
        count: Arc<AtomicU32>,
        leave: Arc<Notify>,
    }

    impl Asked {
        fn answer(&self) -> impl Future<Output = Result<u32, String>> + Send + 'static + use<> {
            let asked = self.clone();
            async move {
                asked.leave.notified().await;
                Ok(asked.count.fetch_add(1, Ordering::Relaxed))
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_verdict_is_asked_for_once_and_again_when_it_is_old() {
        let (verdicts, asked) = (Verdicts::lasting(|_| LIFETIME), Asked::default());
        let get = |key| verdicts.get(key, || asked.answer());
        asked.leave.notify_one();
        let (one, two) = tokio::join!(get("a"), get("a"));
        assert_eq!((one, two), (Ok(0), Ok(0)));
        tokio::time::advance(LIFETIME / 2).await;
        assert_eq!(get("a").await, Ok(0));
        tokio::time::advance(LIFETIME).await;
        asked.leave.notify_one();
        assert_eq!(get("a").await, Ok(1));
        asked.leave.notify_one();
        assert_eq!(get("b").await, Ok(2));
    }

    #[tokio::test]
    async fn a_failure_is_shared_and_not_kept() {
        let (verdicts, asked) = (Verdicts::<_, u32>::lasting(|_| LIFETIME), Asked::default());
        let fail = || asked.answer().map(|count| Err(format!("{count:?}")));
        let all = futures_util::future::join_all((0..10).map(|_| verdicts.get("a", fail)));
        asked.leave.notify_one();
        let all = tokio::time::timeout(LIFETIME, all).await.unwrap();
        assert!(all.iter().all(|one| *one == Err("Ok(0)".into())), "{all:?}");
        assert_eq!(verdicts.get("a", || async { Ok(1) }).await, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_outlives_who_asked_it() {
        let (verdicts, asked) = (Verdicts::lasting(|_| LIFETIME), Asked::default());
        let first = verdicts.get("a", || asked.answer());
        tokio::time::timeout(LIFETIME, first).await.unwrap_err();
        asked.leave.notify_one();
        assert_eq!(verdicts.get("a", || async { Ok(7) }).await, Ok(0));
    }

    #[tokio::test]
    async fn the_oldest_go_first() {
        let verdicts = Verdicts::lasting(|_| Duration::from_secs(3600));
        for key in 0..=MOST {
            verdicts.get(key, || async { Ok(()) }).await.unwrap();
        }
        let state = lock(&verdicts.state);
        assert_eq!((state.kept.len(), state.kept.contains_key(&0)), (MOST, false));
        assert!(state.asked.is_empty());
    }
}
