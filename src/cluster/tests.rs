//! A cluster that does not answer well.

use super::testing::{failure, played};
use super::*;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

#[tokio::test(start_paused = true)]
async fn a_review_without_an_answer_is_asked_for_again_for_ten_seconds() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = |code: u16, good: usize| {
        let asked = asked.clone();
        asked.store(0, Ordering::Relaxed);
        played(move |_| {
            let review = json!({
                "kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {}, "spec": {},
                "status": {"authenticated": true, "user": {"username": "ada"}},
            });
            Some(if asked.fetch_add(1, Ordering::Relaxed) < good { failure(code) } else { (201, review) })
        })
    };
    for code in [429, 500, 503] {
        let user = counting(code, 3).review_token("secret").await.unwrap().unwrap();
        assert_eq!((user.username.as_deref(), asked.load(Ordering::Relaxed)), (Some("ada"), 4), "{code}");
    }
    assert!(counting(503, usize::MAX).review_token("secret").await.is_err());
    assert_eq!(asked.load(Ordering::Relaxed), 5);
    assert!(counting(403, usize::MAX).review_token("secret").await.is_err());
    assert_eq!(asked.load(Ordering::Relaxed), 1, "a refusal is an answer");
    let began = Instant::now();
    let silent = played(|_| None).review_token("secret").await;
    assert!(matches!(silent, Err(Error::Timeout(_))), "{silent:?}");
    assert_eq!(began.elapsed().as_secs(), 10);
}

/// Whom a server believes that follows the ConfigMap of this cluster, and how following it ended.
async fn believed(list: (u16, Value), tolerant: bool) -> (Vec<Authentication>, Result<(), Error>) {
    let ended = CancellationToken::new();
    let (end, told) = (ended.clone(), Arc::new(Mutex::new(Vec::new())));
    let cluster = played(move |path| (!path.contains("watch=true")).then(|| list.clone()));
    let heard = told.clone();
    let changed = move |said: &Authentication| {
        heard.lock().unwrap().push(said.clone());
        end.cancel();
    };
    let outcome = cluster.follow_authentication(ended, tolerant, changed).await;
    let told = told.lock().unwrap().clone();
    (told, outcome)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_may_not_know_whom_to_believe_ends_unless_it_tolerates_that() {
    let (told, outcome) = believed(failure(403), false).await;
    assert!(told.is_empty() && matches!(outcome, Err(Error::Authentication)), "{outcome:?}");
    let (told, outcome) = believed(failure(403), true).await;
    assert!(told == [Authentication::default()] && outcome.is_ok(), "{told:?}");
    // None there yet: only tokens are believed until it comes.
    let none = json!({"kind": "ConfigMapList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []});
    let (told, outcome) = believed((200, none), false).await;
    assert!(told == [Authentication::default()] && outcome.is_ok(), "{told:?}");
}
