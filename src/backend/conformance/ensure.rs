//! Made, once, whatever comes between.

use super::{Driver, Wish, available, cut, removed, request, uid, until};
use crate::backend::{Disposal, Phase};

pub(crate) async fn a_second_ensure_changes_nothing(mut driver: impl Driver) {
    let request = request(&driver, 1);
    let first = available(&driver, &request).await;
    let before = driver.world().await;
    let second = driver.backend().ensure(&request).await.unwrap();
    assert_eq!(before, driver.world().await);
    assert_eq!((first.endpoints, first.logins), (second.endpoints, second.logins));
    driver.restart().await;
    let third = driver.backend().ensure(&request).await.unwrap();
    assert_eq!((before, Phase::Available), (driver.world().await, third.phase), "in a new process");
    driver.clear(&[request]).await;
}

pub(crate) async fn a_call_that_is_cut_off_anywhere_is_gone_on_from(mut driver: impl Driver) {
    let mut requests = Vec::new();
    for (number, steps) in (1..).zip(driver.cuts()) {
        let request = request(&driver, number);
        cut(driver.backend().ensure(&request), steps).await;
        driver.restart().await;
        let made = available(&driver, &request).await;
        driver.write(&request, &made, "row").await;
        cut(driver.backend().ensure(&request), steps).await;
        driver.restart().await;
        let again = available(&driver, &request).await;
        assert_eq!(again.logins, made.logins, "after {steps} steps");
        assert!(driver.reads(&request, &again, "row").await, "after {steps} steps");
        removed(&driver, &request, Disposal::Delete).await;
        requests.push(request);
    }
    driver.clear(&requests).await;
}

pub(crate) async fn the_reference_is_known_before_and_again(mut driver: impl Driver) {
    let (request, other) = (request(&driver, 1), request(&driver, 2));
    let before = driver.backend().reference(&request).await.unwrap();
    available(&driver, &request).await;
    driver.restart().await;
    assert_eq!(before, driver.backend().reference(&request).await.unwrap());
    assert_ne!(before, driver.backend().reference(&other).await.unwrap(), "another object is elsewhere");
    assert!(driver.backend().recognises(&before.group));
    assert!(!driver.backend().recognises("somebody.example.org"));
    driver.clear(&[request]).await;
}

pub(crate) async fn observing_and_planning_change_nothing(mut driver: impl Driver) {
    let request = request(&driver, 1);
    let nothing = driver.world().await;
    assert_eq!(driver.backend().observe(&request).await.unwrap(), None, "nothing is there yet");
    assert!(driver.backend().plan(&request).await.unwrap().changes.is_empty(), "nobody is disturbed yet");
    assert_eq!(nothing, driver.world().await);
    let made = available(&driver, &request).await;
    let before = driver.world().await;
    let mut other = request.clone();
    driver.wish(&mut other.object, Wish::Restart);
    driver.wish(&mut other.object, Wish::Harmless);
    for asked in [&request, &other] {
        let seen = driver.backend().observe(asked).await.unwrap().unwrap();
        assert_eq!((seen.phase, &seen.endpoints, &seen.logins), (made.phase, &made.endpoints, &made.logins));
        driver.backend().plan(asked).await.unwrap();
    }
    assert_eq!(before, driver.world().await);
    driver.clear(&[request]).await;
}

pub(crate) async fn no_password_is_shown(mut driver: impl Driver) {
    let request = request(&driver, 1);
    let made = available(&driver, &request).await;
    let passwords: Vec<&String> = made.logins.iter().map(|login| &login.password).collect();
    assert!(!passwords.is_empty() && passwords.iter().all(|password| !password.is_empty()));
    let shown = format!("{made:?} {:?}", driver.backend().observe(&request).await);
    assert!(!passwords.iter().any(|password| shown.contains(*password)), "{shown}");
    driver.clear(&[request]).await;
}

pub(crate) async fn what_is_stopped_keeps_its_data(mut driver: impl Driver) {
    if !driver.stops() {
        return;
    }
    let mut request = request(&driver, 1);
    let made = available(&driver, &request).await;
    driver.write(&request, &made, "row").await;
    driver.wish(&mut request.object, Wish::Stopped);
    driver.wish(&mut request.object, Wish::Refused);
    until(&driver, &request, Phase::Stopped).await;
    driver.restart().await;
    let seen = driver.backend().observe(&request).await.unwrap().unwrap();
    assert_eq!(seen.phase, Phase::Stopped);
    driver.wish(&mut request.object, Wish::Accepted);
    driver.wish(&mut request.object, Wish::Running);
    let again = available(&driver, &request).await;
    assert!(driver.reads(&request, &again, "row").await);
    assert!(!driver.runs(uid(&request)).await.is_empty());
    driver.clear(&[request]).await;
}
