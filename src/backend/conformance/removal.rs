//! Ended, with or without what was in it.

use super::{Driver, available, cut, removed, request, uid};
use crate::backend::Disposal;

pub(crate) async fn a_removal_may_be_repeated_and_cut_off(driver: impl Driver) {
    let never = request(&driver, 99);
    for disposal in [Disposal::Retain, Disposal::Delete] {
        removed(&driver, &never, disposal).await;
        assert_eq!(driver.backend().observe(&never).await.unwrap(), None);
    }
    cut_off_and_ended(driver, Disposal::Delete).await;
}

/// Whoever deletes may think better of it for as long as something is left.
pub(crate) async fn a_deletion_that_is_called_off_ends_by_keeping_what_is_left(driver: impl Driver) {
    cut_off_and_ended(driver, Disposal::Retain).await;
}

/// A deletion is cut off at each of its steps, and ends as `disposal` says.
async fn cut_off_and_ended(mut driver: impl Driver, disposal: Disposal) {
    let mut requests = Vec::new();
    for (number, steps) in (1..).zip(driver.cuts().into_iter().take(4)) {
        let request = request(&driver, number);
        available(&driver, &request).await;
        cut(driver.backend().remove(&request, Disposal::Delete), steps).await;
        driver.restart().await;
        for _ in 0..2 {
            removed(&driver, &request, disposal).await;
        }
        assert_eq!(driver.runs(uid(&request)).await, "", "after {steps} steps");
        requests.push(request);
    }
    driver.clear(&requests).await;
}

pub(crate) async fn what_is_retained_is_nobody_elses(mut driver: impl Driver) {
    let (old, new) = (request(&driver, 1), request(&driver, 2));
    let made = available(&driver, &old).await;
    driver.write(&old, &made, "row").await;
    for _ in 0..2 {
        removed(&driver, &old, Disposal::Retain).await;
        assert_eq!(driver.runs(uid(&old)).await, "");
    }
    driver.restart().await;
    let other = available(&driver, &new).await;
    assert!(!driver.reads(&new, &other, "row").await, "an object of the same name begins empty");
    removed(&driver, &new, Disposal::Delete).await;
    let again = available(&driver, &old).await;
    assert_eq!(again.logins, made.logins);
    assert!(driver.reads(&old, &again, "row").await, "the object of this uid finds its data");
    driver.clear(&[old, new]).await;
}

pub(crate) async fn what_is_deleted_is_gone(mut driver: impl Driver) {
    let nothing = driver.world().await;
    let request = request(&driver, 1);
    let made = available(&driver, &request).await;
    driver.write(&request, &made, "row").await;
    removed(&driver, &request, Disposal::Delete).await;
    assert_eq!(nothing, driver.world().await);
    assert_eq!(driver.backend().observe(&request).await.unwrap(), None);
    let again = available(&driver, &request).await;
    assert!(!driver.reads(&request, &again, "row").await);
    driver.clear(&[request]).await;
}
