//! What a reload takes and a start refuses.

use super::*;

const UNSTARTABLE: [(&str, &str); 3] =
    [("min_wal_size", "2MB"), ("max_wal_size", "16MB"), ("max_connections", "3")];

#[tokio::test]
async fn what_a_start_would_refuse_is_refused_before_it_is_applied() {
    let Some(fixture) = Fixture::new().await else { return };
    let first = with_parameter("min_wal_size", "2MB");
    let refused = fixture.local().ensure(&first).await.expect_err("refused at once");
    assert!(refused.is_permanent(), "{refused}");
    fixture.ensure(&desired()).await;
    let pid = fixture.pid(0);
    for (name, value) in UNSTARTABLE {
        let refused = fixture.local().ensure(&with_parameter(name, value)).await.expect_err("refused");
        assert_eq!(refused.reason(), "InvalidParameters");
        assert!(refused.to_string().contains(name), "{refused}");
        let seen = fixture.local().observe(UID).await.expect("observed");
        assert!(seen.ready && fixture.pid(0) == pid, "nothing was restarted for {name}: {seen:?}");
    }
    let refused = Desired { stopped: true, ..with_parameter("min_wal_size", "2MB") };
    fixture.local().ensure(&refused).await.expect_err("refused, and stopped");
    let refused = Desired { stopped: false, ..refused };
    fixture.local().ensure(&refused).await.expect_err("refused, and started");
    let seen = fixture.local().observe(UID).await.expect("observed");
    assert!(seen.ready, "it starts with what was accepted: {seen:?}");
}

#[tokio::test]
async fn what_does_not_start_with_parameters_of_a_reload_starts_with_those_of_before() {
    let Some(fixture) = Fixture::new().await else { return };
    let wish = with_parameter("min_wal_size", "64MB");
    fixture.ensure(&desired()).await;
    fixture.ensure(&wish).await;
    fixture.ensure(&Desired { stopped: true, ..wish }).await;
    let file = fixture.root().join("instances").join(UID).join("state.json");
    let state = std::fs::read_to_string(&file).expect("the state");
    std::fs::write(&file, state.replace("64MB", "2MB")).expect("written");
    let refused = fixture.local().ensure(&with_parameter("min_wal_size", "2MB")).await.expect_err("refused");
    assert_eq!(refused.reason(), "InvalidParameters");
    assert!(refused.to_string().contains("min_wal_size"), "{refused}");
    let seen = fixture.local().observe(UID).await.expect("observed");
    assert!(seen.ready, "{seen:?}");
    let wish = with_parameter("min_wal_size", "128MB");
    let again = fixture.ensure(&wish).await;
    assert_eq!(value(&connect(&again).await, "SHOW min_wal_size").await, "128MB");
}

#[tokio::test]
async fn more_shared_memory_than_there_is_is_refused_before_anything_takes_it() {
    let Some(fixture) = Fixture::new().await else { return };
    let much = [("max_locks_per_transaction", "2147483647"), ("work_mem", "8MB")];
    // PostgreSQL counts no further than a setting goes.
    let countless = [("max_connections", "200000"), much[0]];
    let refused = fixture.local().ensure(&with_parameters(&much)).await.expect_err("refused at once");
    assert_eq!(refused.reason(), "InvalidParameters", "{refused}");
    let first = with_parameter("max_connections", "37");
    fixture.ensure(&first).await;
    let pid = fixture.pid(0);
    for wish in [&much[..], &countless[..]] {
        let refused = fixture.local().ensure(&with_parameters(wish)).await.expect_err("refused");
        assert!(refused.reason() == "InvalidParameters" && refused.is_permanent(), "{refused}");
        let said = refused.to_string();
        assert!(
            said.contains("max_locks_per_transaction=2147483647") && said.contains("this machine has"),
            "{said}"
        );
        assert!(!said.contains("work_mem"), "{said}");
        let seen = fixture.local().observe(UID).await.expect("observed");
        assert!(seen.ready && fixture.pid(0) == pid, "nothing was restarted: {seen:?}");
    }
    let seen = fixture.ensure(&first).await;
    assert_eq!(value(&connect(&seen).await, "SHOW max_connections").await, "37");
    assert_eq!(fixture.pid(0), pid);
    fixture.ensure(&with_parameter("max_locks_per_transaction", "128")).await;
}
