//! Streaming replicas.

use super::*;

fn with_instances(instances: u32) -> Desired {
    Desired { instances, ..desired() }
}

/// Whether the replica shows what the primary wrote.
async fn shows(observed: &Observed, query: &str, expected: &str) -> bool {
    let Some(endpoint) = &observed.read_only else { return false };
    let Ok(client) = try_connect(endpoint, &observed.credentials[0]).await else { return false };
    client.query_one(query, &[]).await.is_ok_and(|row| row.get::<_, String>(0) == expected)
}

#[tokio::test]
async fn replicas_come_follow_survive_and_go() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    let primary = fixture.pid(0);
    let two = fixture.ensure(&Desired { synchronous: true, ..with_instances(2) }).await;
    assert_eq!((two.instances, two.ready_instances), (2, 2), "{two:?}");
    let client = connect(&two).await;
    assert_eq!(value(&client, "SHOW synchronous_standby_names").await, "ANY 1 (*)");
    client.batch_execute("CREATE TABLE t AS SELECT 'first' AS n").await.expect("written on both");
    eventually("the row on the replica", async || shows(&two, "SELECT n FROM t", "first").await).await;
    let replica = try_connect(two.read_only.as_ref().expect("a replica"), &two.credentials[0])
        .await
        .expect("connected");
    assert!(replica.batch_execute("DELETE FROM t").await.is_err(), "a replica takes no writes");

    fixture.kill(1).await;
    let repaired = fixture.ensure(&with_instances(2)).await;
    assert_eq!(repaired.ready_instances, 2);
    connect(&repaired).await.batch_execute("UPDATE t SET n = 'second'").await.expect("written");
    eventually("the change on the replica", async || shows(&repaired, "SELECT n FROM t", "second").await)
        .await;

    std::fs::write(fixture.data(1).join("global/pg_control"), "broken").expect("broken");
    fixture.kill(1).await;
    let copied = fixture.ensure(&with_instances(2)).await;
    assert_eq!(copied.ready_instances, 2, "a replica beyond repair is copied again");

    let one = fixture.ensure(&with_instances(1)).await;
    assert_eq!((one.instances, one.ready_instances, one.read_only.clone()), (1, 1, None));
    assert!(!fixture.data(1).exists());
    let slots = "SELECT count(*)::text FROM pg_replication_slots";
    assert_eq!(value(&connect(&one).await, slots).await, "0");
    assert_eq!(value(&connect(&one).await, "SELECT n FROM t").await, "second");
    assert_eq!(fixture.pid(0), primary, "the primary never restarted");
}

#[tokio::test]
async fn a_parameter_replicas_must_follow_reaches_them() {
    let Some(fixture) = Fixture::new().await else { return };
    for connections in ["60", "40"] {
        let wanted = Desired { instances: 2, ..with_parameter("max_connections", connections) };
        let observed = fixture.ensure(&wanted).await;
        assert_eq!(observed.ready_instances, 2, "{observed:?}");
        assert!(shows(&observed, "SHOW max_connections", connections).await, "{connections}");
    }
}

#[tokio::test]
async fn without_a_primary_replicas_are_counted_and_a_new_one_is_told_of_before_they_follow_it() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&with_instances(2)).await;
    fixture.kill(0).await;
    let seen = fixture.local().observe(UID).await.expect("observed");
    assert_eq!((seen.reason, seen.instances, seen.ready_instances), (Phase::NoPrimary, 2, 1), "{seen:?}");
    assert!(seen.read_only.is_some(), "{seen:?}");
    fixture.kill(1).await;
    let up = fixture.local().ensure(&with_instances(2)).await.expect("the primary is up");
    assert_eq!((up.ready, up.ready_instances, up.pending.is_some()), (true, 1, true), "{up:?}");
    let all = fixture.ensure(&with_instances(2)).await;
    assert_eq!((all.ready_instances, all.pending), (2, None));
}

#[tokio::test]
async fn copies_that_take_long_are_made_by_later_calls() {
    let Some(mut fixture) = Fixture::new().await else { return };
    fixture.options.copying = Duration::ZERO;
    fixture.reopen().await;
    for ready in 2..=4 {
        let observed = fixture.ensure(&with_instances(4)).await;
        assert!(observed.ready, "{observed:?}");
        let made = (1..4).filter(|index| fixture.data(*index).exists()).count();
        assert_eq!((observed.instances, made + 1), (ready, ready as usize), "{observed:?}");
    }
    let observed = fixture.ensure(&with_instances(4)).await;
    assert_eq!(observed.ready_instances, 4, "{observed:?}");
}
