//! What is offered, and what becomes of those who have what no longer is.

use super::{DEADLINE, Driver, available, removed, request, uid};
use crate::backend::{Class, Disposal, News};
use futures_util::StreamExt;

pub(crate) async fn what_runs_stays_when_the_offer_shrinks(mut driver: impl Driver) {
    let request = request(&driver, 1);
    let class = request.class.clone().unwrap();
    let full = driver.backend().offer(&class).await.unwrap();
    assert!(full.refused.is_none() && !full.engines.is_empty() && !full.features.is_empty());
    let made = available(&driver, &request).await;
    driver.write(&request, &made, "row").await;
    let before = driver.runs(uid(&request)).await;
    let mut news = driver.backend().news();
    driver.offer_version(false).await;
    let less = driver.backend().offer(&class).await.unwrap();
    assert_ne!(full, less);
    let told = tokio::time::timeout(DEADLINE, news.next()).await.unwrap().unwrap();
    assert!(told == News::Everything || told == News::Class { name: class.name.clone() }, "{told:?}");
    drop(news);
    let kept = driver.backend().ensure(&request).await.unwrap();
    assert_eq!((kept.phase, &kept.logins), (made.phase, &made.logins), "{kept:?}");
    assert_eq!(before, driver.runs(uid(&request)).await);
    assert!(driver.reads(&request, &kept, "row").await);
    driver.offer_version(true).await;
    assert_eq!(full, driver.backend().offer(&Class::clone(&class)).await.unwrap());
    assert_eq!(driver.backend().ensure(&request).await.unwrap().refused, None);
    driver.offer_version(false).await;
    removed(&driver, &request, Disposal::Delete).await;
    assert_eq!(driver.runs(uid(&request)).await, "", "who is not offered any more can be removed");
    driver.clear(&[request]).await;
}
