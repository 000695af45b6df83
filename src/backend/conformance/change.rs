//! Changed: what is refused, and what it disturbs.

use super::{Driver, Wish, available, request, uid};
use crate::backend::{Code, Effect};

pub(crate) async fn a_refused_wish_leaves_what_runs(mut driver: impl Driver) {
    let mut request = request(&driver, 1);
    let made = available(&driver, &request).await;
    let before = driver.runs(uid(&request)).await;
    driver.wish(&mut request.object, Wish::Restart);
    driver.wish(&mut request.object, Wish::Refused);
    assert_eq!(driver.backend().plan(&request).await.unwrap().effect(), Effect::Refused);
    let seen = driver.backend().ensure(&request).await.unwrap();
    let refused = seen.refused.unwrap();
    assert!(!refused.reason.is_empty() && !refused.message.is_empty(), "{refused:?}");
    assert_eq!((seen.phase, seen.endpoints, seen.logins), (made.phase, made.endpoints, made.logins));
    assert_eq!(before, driver.runs(uid(&request)).await);
    driver.restart().await;
    assert!(driver.backend().ensure(&request).await.unwrap().refused.is_some(), "in a new process");
    driver.wish(&mut request.object, Wish::Accepted);
    assert_eq!(available(&driver, &request).await.refused, None);
    assert_ne!(before, driver.runs(uid(&request)).await, "the rest of the wish is made so");
    driver.clear(&[request]).await;
}

pub(crate) async fn what_was_never_accepted_is_rejected(mut driver: impl Driver) {
    let mut request = request(&driver, 1);
    driver.wish(&mut request.object, Wish::Refused);
    assert_eq!(driver.backend().plan(&request).await.unwrap().effect(), Effect::Refused);
    for _ in 0..2 {
        let error = driver.backend().ensure(&request).await.unwrap_err();
        assert_eq!(error.code, Code::InvalidArgument, "{error:?}");
        assert!(!error.reason.is_empty() && !error.message.is_empty(), "{error:?}");
    }
    assert_eq!(driver.runs(uid(&request)).await, "");
    driver.wish(&mut request.object, Wish::Accepted);
    available(&driver, &request).await;
    driver.clear(&[request]).await;
}

pub(crate) async fn what_is_planned_is_what_happens(mut driver: impl Driver) {
    let mut request = request(&driver, 1);
    available(&driver, &request).await;
    let wishes = [
        (Wish::Harmless, Effect::Nothing),
        (Wish::Restart, Effect::Restart),
        (Wish::Stopped, Effect::Downtime),
        (Wish::Running, Effect::Nothing),
    ];
    let possible = wishes.into_iter().take(if driver.stops() { 4 } else { 2 });
    for (wish, effect) in possible {
        driver.wish(&mut request.object, wish);
        let plan = driver.backend().plan(&request).await.unwrap();
        assert_eq!(plan.effect(), effect, "{wish:?}: {plan:?}");
        assert!(plan.changes.iter().all(|change| !change.fields.is_empty() && !change.message.is_empty()));
        let before = driver.runs(uid(&request)).await;
        driver.backend().ensure(&request).await.unwrap();
        driver.settle().await;
        let after = driver.runs(uid(&request)).await;
        let disturbs = effect >= Effect::Restart || wish == Wish::Running;
        assert_eq!(before != after, disturbs, "{wish:?}: {plan:?}");
        let left = driver.backend().plan(&request).await.unwrap();
        assert!(left.changes.is_empty() || wish == Wish::Stopped, "{wish:?} is done: {left:?}");
    }
    driver.clear(&[request]).await;
}
