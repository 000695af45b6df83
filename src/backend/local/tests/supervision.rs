//! Servers that die without us, and servers that were there before us.

use super::*;
use futures_util::StreamExt;

#[tokio::test]
async fn a_server_killed_from_outside_is_noticed_and_repaired() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    let client = connect(&observed).await;
    client.batch_execute("CREATE TABLE kept AS SELECT 7 AS n").await.expect("a table");
    let mut changes = std::pin::pin!(fixture.local().changes());
    let killed = fixture.pid(0);
    fixture.kill(0).await;
    let told = tokio::time::timeout(DEADLINE, changes.next()).await.expect("in time");
    assert_eq!(told.as_deref(), Some(UID));
    let seen = fixture.local().observe(UID).await.expect("observed");
    assert_eq!((seen.ready, seen.reason), (false, Phase::NoPrimary));
    let repaired = fixture.ensure(&desired()).await;
    assert!(repaired.ready);
    assert_ne!(fixture.pid(0), killed);
    assert_eq!(repaired.read_write, observed.read_write);
    assert_eq!(value(&connect(&repaired).await, "SELECT n::text FROM kept").await, "7");
}

#[tokio::test]
async fn a_process_id_used_again_by_another_process_is_no_server() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    let killed = fixture.pid(0);
    fixture.kill(0).await;
    let file = fixture.data(0).join("postmaster.pid");
    let text = std::fs::read_to_string(&file).expect("the file of the process id");
    std::fs::write(&file, text.replacen(&killed.to_string(), &std::process::id().to_string(), 1))
        .expect("written");
    assert!(process::running(&fixture.data(0)).is_none());
    assert!(fixture.ensure(&desired()).await.ready);
}

#[tokio::test]
async fn opening_again_takes_up_running_servers_as_they_are() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&desired()).await;
    let client = connect(&observed).await;
    let pid = fixture.pid(0);
    assert!(matches!(
        LocalPostgres::open(fixture.root(), fixture.options.clone()).await,
        Err(Error::Locked(_))
    ));
    fixture.reopen().await;
    let seen = fixture.local().observe(UID).await.expect("observed");
    assert_eq!(Observed { storage_bytes: observed.storage_bytes, ..seen }, observed);
    assert!(fixture.ensure(&desired()).await.ready);
    assert_eq!(fixture.pid(0), pid);
    assert_eq!(value(&client, "SELECT 'still here'").await, "still here");
    let mut changes = std::pin::pin!(fixture.local().changes());
    fixture.kill(0).await;
    let told = tokio::time::timeout(DEADLINE, changes.next()).await.expect("in time");
    assert_eq!(told.as_deref(), Some(UID));
}

#[tokio::test]
async fn a_server_that_hangs_is_noticed_and_so_is_its_recovery() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    let mut changes = std::pin::pin!(fixture.local().changes());
    let pid = Pid::from_raw(fixture.pid(0));
    kill(pid, Signal::SIGSTOP).expect("stopped");
    let down = tokio::time::timeout(DEADLINE, changes.next()).await;
    kill(pid, Signal::SIGCONT).expect("continued");
    assert_eq!(down.expect("in time").as_deref(), Some(UID));
    let up = tokio::time::timeout(DEADLINE, changes.next()).await.expect("in time");
    assert_eq!(up.as_deref(), Some(UID));
    assert!(fixture.local().observe(UID).await.expect("observed").ready);
}

#[tokio::test]
async fn what_was_stopped_with_its_program_did_not_fail() {
    let Some(mut fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    fixture.local().shutdown(ShutdownMode::Fast).await.expect("stopped");
    fixture.reopen().await;
    let seen = fixture.local().observe(UID).await.expect("observed");
    assert_eq!((seen.ready, seen.reason), (false, Phase::Stopped), "{seen:?}");
    fixture.ensure(&desired()).await;
    fixture.kill(0).await;
    let seen = fixture.local().observe(UID).await.expect("observed");
    assert_eq!((seen.ready, seen.reason), (false, Phase::NoPrimary), "{seen:?}");
}

#[tokio::test]
async fn shutdown_stops_every_server() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    fixture.local().shutdown(ShutdownMode::Fast).await.expect("stopped");
    assert!(process::running(&fixture.data(0)).is_none());
    assert!(fixture.ensure(&desired()).await.ready);
}

#[tokio::test]
async fn a_server_is_no_child_of_ours() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&desired()).await;
    let pid = fixture.pid(0);
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("its status");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    assert_ne!(fields[1], std::process::id().to_string(), "the parent");
    assert_eq!(fields[3], pid.to_string(), "a session of its own");
}
