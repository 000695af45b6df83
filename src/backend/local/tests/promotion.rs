//! A primary that is lost for good.

use super::*;
use crate::backend::conformance::cut;

fn wanted(instances: u32, synchronous: bool) -> Desired {
    Desired { instances, synchronous, ..desired() }
}

fn move_away(fixture: &Fixture, index: u32) {
    std::fs::rename(fixture.data(index), fixture.folder.path().join(format!("moved-{index}")))
        .expect("moved");
}

/// An instance with a row, which every standby has.
async fn with_a_row(fixture: &Fixture, wanted: &Desired) -> Observed {
    let observed = fixture.ensure(wanted).await;
    assert_eq!(observed.ready_instances, wanted.instances, "{observed:?}");
    run(&connect(&observed).await, "CREATE TABLE kept AS SELECT 7 AS n").await;
    observed
}

async fn rows(observed: &Observed) -> String {
    value(&connect(observed).await, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM kept").await
}

#[tokio::test]
async fn a_standby_takes_the_place_of_a_primary_whose_data_is_gone() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let wanted = wanted(2, true);
    let before = with_a_row(&fixture, &wanted).await;
    let old = fixture.pid(0);
    move_away(&fixture, 0);
    for steps in [1, 3, 6, 12, 25, 50] {
        cut(fixture.local().ensure(&wanted), steps).await;
        fixture.reopen().await;
    }
    let after = fixture.ensure(&wanted).await;
    assert_eq!((&*after.primary, &after.read_write), ("shop-2", &before.read_write), "on the same address");
    assert!(after.message.contains("it took over from shop-1"), "{}", after.message);
    assert!(after.message.contains("every commit that was acknowledged"), "{}", after.message);
    assert_eq!((rows(&after).await, after.credentials.clone()), ("7".to_owned(), before.credentials));
    let elsewhere = std::fs::read_link(format!("/proc/{old}/cwd"));
    assert!(elsewhere.is_err(), "who ran on in another place is stopped: {elsewhere:?}");
    assert_eq!(after.ready_instances, 2, "the lost one is made anew as a copy: {after:?}");
    run(&connect(&after).await, "INSERT INTO kept VALUES (8)").await;
    let replica = try_connect(after.read_only.as_ref().expect("a replica"), &after.credentials[0]).await;
    assert_eq!(value(&replica.expect("connected"), "SELECT pg_is_in_recovery()::text").await, "true");
    let pids = (fixture.pid(0), fixture.pid(1));
    fixture.reopen().await;
    fixture.ensure(&wanted).await;
    assert_eq!((fixture.pid(0), fixture.pid(1)), pids, "nobody is disturbed any more");
    // Servers that come later get folders of their own.
    let one = fixture.ensure(&Desired { instances: 1, ..wanted.clone() }).await;
    assert_eq!((&*one.primary, fixture.data(0).exists()), ("shop-2", false));
    assert_eq!(fixture.ensure(&wanted).await.ready_instances, 2);
    move_away(&fixture, 1);
    let again = fixture.ensure(&wanted).await;
    assert_eq!((&*again.primary, &*rows(&again).await), ("shop-1", "7 8"), "and back");
    fixture.local().remove(UID, RemovePolicy::Delete).await.expect("removed");
    assert!(!fixture.root().join("instances").join(UID).exists());
}

#[tokio::test]
async fn a_primary_that_does_not_start_is_given_some_chances_and_never_starts_again_after_that() {
    let Some(fixture) = Fixture::new().await else { return };
    let wanted = wanted(2, false);
    let before = with_a_row(&fixture, &wanted).await;
    let replica = try_connect(before.read_only.as_ref().expect("a replica"), &before.credentials[0]).await;
    let replica = replica.expect("connected");
    eventually("the replica has the row", async || {
        value(&replica, "SELECT (to_regclass('kept') IS NOT NULL)::text").await == "true"
    })
    .await;
    std::fs::write(fixture.data(0).join("global/pg_control"), "broken").expect("broken");
    fixture.kill(0).await;
    let mut failed = 0;
    let after = loop {
        match fixture.local().ensure(&wanted).await {
            Ok(observed) => break observed,
            Err(Error::StartFailed { .. }) => failed += 1,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!((failed, &*after.primary, after.ready_instances), (5, "shop-2", 1), "{after:?}");
    assert!(after.pending.is_some(), "who takes over is told of before the other is made again: {after:?}");
    let after = fixture.ensure(&wanted).await;
    assert_eq!((&*after.primary, after.ready_instances), ("shop-2", 2), "{after:?}");
    assert!(after.message.contains("no replica had received by then are lost"), "{}", after.message);
    assert_eq!(rows(&after).await, "7");
    let kept = fixture.data(0).with_file_name("data.lost");
    assert!(kept.join("PG_VERSION").exists(), "somebody may look at it");
}

#[tokio::test]
async fn nobody_takes_over_who_may_lack_what_was_acknowledged() {
    let Some(fixture) = Fixture::new().await else { return };
    with_a_row(&fixture, &wanted(3, true)).await;
    move_away(&fixture, 0);
    move_away(&fixture, 2);
    let error = fixture.local().ensure(&wanted(3, true)).await.expect_err("one cannot be asked");
    let said = error.to_string();
    assert!(
        matches!(&error, Error::NoStandby(_)) && said.contains("shop-3") && said.contains("Asynchronous"),
        "{said}"
    );
    let after = fixture.ensure(&wanted(3, false)).await;
    assert_eq!(
        (&*after.primary, after.ready_instances, &*rows(&after).await),
        ("shop-2", 3, "7"),
        "{after:?}"
    );
}
