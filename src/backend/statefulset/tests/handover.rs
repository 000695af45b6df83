//! A primary that is one server too many.

use super::process::signal;
use super::*;
use crate::backend::operator::at;

/// What a session is answered, as a number.
async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.expect("an answer").get(0)
}

/// The process by which a standby receives the log, stopped.
async fn stopped_receiver(world: &World, name: &str, pod: &str) -> u32 {
    let standby = world.managed(name, pod).await;
    let receiver = number(&standby, "SELECT pid::bigint FROM pg_stat_wal_receiver").await;
    let receiver = u32::try_from(receiver).expect("a process");
    signal("-STOP", receiver);
    receiver
}

/// Whether another server is to take over.
fn waits(seen: &Observed) -> bool {
    seen.pending.as_ref().is_some_and(|pending| pending.contains("takes over from"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_is_one_too_many_goes_once_another_server_has_every_commit() {
    let Some(world) = World::start().await else { return };
    let mut request = request(303, 2);
    let seen = world.led_by_the_second(&mut request).await;
    let name = named(&request.object);
    let (first, second) = (format!("{name}-0"), format!("{name}-1"));
    let client = world.connect(&name, &seen).await;
    client.batch_execute("CREATE TABLE rows AS SELECT generate_series(1, 1000)").await.expect("written");

    // The standby is as good as stopped; what is written now it has not.
    let receiver = stopped_receiver(&world, &name, &first).await;
    client.batch_execute("INSERT INTO rows SELECT generate_series(1001, 2000)").await.expect("written");
    request.object.spec.instance.instances = Some(1);
    let plan = world.backend().plan(&request).await.expect("a plan");
    assert!(
        plan.changes.iter().any(|change| change.effect == crate::backend::Effect::Switchover),
        "{plan:?}"
    );
    for _ in 0..5 {
        let seen = world.until(&request, "told", waits).await;
        assert_eq!((&*seen.primary, seen.instances), (&*second, 2), "{seen:?}");
    }
    assert!(
        world
            .kubelet
            .get(&PODS, &second)
            .await
            .is_some_and(|pod| at(&pod, "metadata.deletionTimestamp").is_empty())
    );
    signal("-CONT", receiver);

    let alone = |seen: &Observed| is_up(seen) && seen.primary == first && seen.instances == 1;
    let seen = world.until(&request, "the first alone", alone).await;
    assert!(seen.message.contains("it has every commit that was acknowledged"), "{}", seen.message);
    let client = world.connect(&name, &seen).await;
    assert_eq!(number(&client, "SELECT count(*) FROM rows").await, 2000);
    client.batch_execute("INSERT INTO rows VALUES (0)").await.expect("commits wait for nobody any more");
    world.backend().remove(&request, Disposal::Delete).await.expect("it can be removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_to_be_handed_over_stays_when_it_is_to_be_kept_after_all() {
    let Some(world) = World::start().await else { return };
    let mut request = request(304, 2);
    world.led_by_the_second(&mut request).await;
    let name = named(&request.object);
    let (first, second) = (format!("{name}-0"), format!("{name}-1"));
    let receiver = stopped_receiver(&world, &name, &first).await;
    let primary = world.managed(&name, &second).await;
    primary.batch_execute("CREATE TABLE late ()").await.expect("written");
    request.object.spec.instance.instances = Some(1);
    world.until(&request, "told", waits).await;
    request.object.spec.instance.instances = Some(2);
    world.until(&request, "kept", |seen| seen.primary == second && !waits(seen)).await;
    primary.batch_execute("CREATE TABLE later ()").await.expect("commits wait for nobody any more");
    signal("-CONT", receiver);
    world.until(&request, "available", |seen| is_up(seen) && seen.ready_instances == 2).await;
    world.backend().remove(&request, Disposal::Delete).await.expect("it can be removed");
}
