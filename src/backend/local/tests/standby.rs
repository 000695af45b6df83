//! Standbys that cannot replay, or cannot follow.

use super::*;
use crate::backend::local::instance::Instance;

fn two(parameters: &[(&str, &str)]) -> Desired {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Desired { instances: 2, superuser_access: true, parameters: parameters.collect(), ..desired() }
}

async fn on_standby(observed: &Observed) -> tokio_postgres::Client {
    let login = observed.superuser.as_ref().expect("its login");
    let endpoint = observed.read_only.as_ref().expect("a standby that streams");
    try_connect(endpoint, login).await.expect("the superuser connects")
}

async fn on_primary(observed: &Observed) -> tokio_postgres::Client {
    let login = observed.superuser.as_ref().expect("its login");
    try_connect(&observed.read_write, login).await.expect("the superuser connects")
}

#[tokio::test]
async fn settings_that_standbys_are_sensitive_to_are_raised_and_lowered() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&two(&[])).await;
    let rounds: [[(&str, &str); 5]; 3] = [
        [
            ("max_connections", "150"),
            ("max_worker_processes", "16"),
            ("max_prepared_transactions", "10"),
            ("max_locks_per_transaction", "128"),
            ("max_wal_senders", "30"),
        ],
        [
            ("max_connections", "60"),
            ("max_worker_processes", "32"),
            ("max_prepared_transactions", "20"),
            ("max_locks_per_transaction", "64"),
            ("max_wal_senders", "40"),
        ],
        [
            ("max_connections", "40"),
            ("max_worker_processes", "8"),
            ("max_prepared_transactions", "0"),
            ("max_locks_per_transaction", "32"),
            ("max_wal_senders", "12"),
        ],
    ];
    for round in rounds {
        let observed = fixture.ensure(&two(&round)).await;
        assert_eq!(observed.ready_instances, 2, "{round:?}: {observed:?}");
        let (primary, standby) = (on_primary(&observed).await, on_standby(&observed).await);
        for (name, expected) in round {
            let shown = format!("SHOW {name}");
            assert_eq!(value(&primary, &shown).await, expected, "{name} of the primary");
            assert_eq!(value(&standby, &shown).await, expected, "{name} of the standby");
        }
        assert_eq!(value(&standby, "SELECT pg_get_wal_replay_pause_state()").await, "not paused");
    }
}

#[tokio::test]
async fn a_standby_paused_for_want_of_connections_goes_on() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&two(&[])).await;
    let standby = on_standby(&observed).await;
    {
        // As an earlier release did it: the primary alone got more.
        let instance = Instance::reopen(&fixture.local().host, UID).await.expect("the instance");
        let server = instance.server(0);
        let file = server.folder.conf("server.conf");
        let text = std::fs::read_to_string(&file).expect("the configuration");
        server.stop(ShutdownMode::Fast).await.expect("stopped");
        std::fs::write(&file, format!("{text}max_connections = 200\n")).expect("written");
        server.start().await.expect("started");
    }
    let paused = "SELECT pg_get_wal_replay_pause_state()";
    eventually("the pause", async || value(&standby, paused).await == "paused").await;
    let observed = fixture.ensure(&two(&[])).await;
    assert_eq!(observed.ready_instances, 2, "{observed:?}");
    assert_eq!(value(&on_standby(&observed).await, paused).await, "not paused");
}

#[tokio::test]
async fn a_standby_whose_log_is_gone_or_that_was_promoted_is_made_again() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&two(&[])).await;
    let primary = on_primary(&observed).await;
    fixture.kill(1).await;
    let released = "SELECT (NOT active)::text FROM pg_replication_slots";
    eventually("the release of the slot", async || value(&primary, released).await == "true").await;
    let slot = "SELECT pg_drop_replication_slot('server_1')";
    primary.batch_execute(slot).await.expect("dropped");
    for _ in 0..3 {
        let write = "CREATE TABLE t (); DROP TABLE t; SELECT pg_switch_wal(); CHECKPOINT";
        for statement in write.split("; ") {
            primary.batch_execute(statement).await.expect("written");
        }
    }
    let slot = "SELECT pg_create_physical_replication_slot('server_1', true)";
    primary.batch_execute(slot).await.expect("created");
    let observed = fixture.ensure(&two(&[])).await;
    assert_eq!(observed.ready_instances, 2, "its log is gone: {observed:?}");

    on_standby(&observed).await.batch_execute("SELECT pg_promote()").await.expect("promoted");
    let observed = fixture.ensure(&two(&[])).await;
    assert_eq!(observed.ready_instances, 2, "it was promoted: {observed:?}");
    assert_eq!(value(&on_standby(&observed).await, "SELECT pg_is_in_recovery()::text").await, "true");
}
