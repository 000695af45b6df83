//! Sizes are held. How much is taken is steered by a file beside the server's own.

use super::*;
use crate::backend::Code;
use futures_util::StreamExt;
use nix::fcntl::posix_fallocate;
use std::fs::File;

const SIZE: u64 = 256 << 20;

fn sized(size: u64) -> Desired {
    Desired { size: Some(size), ..desired() }
}

/// Makes so many percent of [`SIZE`] be taken.
fn fill(fixture: &Fixture, percent: u64) {
    let filler = fixture.data(0).join("filler");
    let _ = std::fs::remove_file(&filler);
    let free = (SIZE * percent / 100).saturating_sub(server::disk_usage(&fixture.data(0)));
    let file = File::create(&filler).expect("a file");
    if free > 0 {
        posix_fallocate(&file, 0, i64::try_from(free).expect("a length")).expect("room for it");
    }
}

fn reason(observed: &Observed) -> &str {
    observed.shortage.as_ref().map_or("", |shortage| &shortage.reason)
}

async fn refused(client: &tokio_postgres::Client, statements: &str) {
    let error = client.batch_execute(statements).await.expect_err("it is refused");
    assert_eq!(error.code().map(|code| code.code()), Some("25006"), "{error:?}");
    client.batch_execute("ROLLBACK").await.expect("the transaction ends");
}

#[tokio::test]
async fn a_full_database_reads_on_and_writes_again_once_there_is_room() {
    let Some(fixture) = Fixture::new().await else { return };
    let observed = fixture.ensure(&sized(SIZE)).await;
    assert_eq!(reason(&observed), "");
    let session = connect(&observed).await;
    run(&session, "CREATE TABLE kept AS SELECT generate_series(1, 9) AS n").await;
    fill(&fixture, 92);
    assert_eq!(reason(&fixture.ensure(&sized(SIZE)).await), "NotGrowable");
    run(&session, "INSERT INTO kept VALUES (10)").await;
    fill(&fixture, 104);
    let (pid, more) = (fixture.pid(0), Desired { users: vec![user("etl", &[], &["shop"])], ..sized(SIZE) });
    let full = fixture.ensure(&more).await;
    assert_eq!((full.ready, reason(&full), fixture.pid(0)), (true, "StorageFull", pid));
    for client in [&session, &connect(&full).await] {
        assert_eq!(value(client, "SELECT count(*)::text FROM kept").await, "10");
        for statement in ["INSERT INTO kept VALUES (11)", "CREATE TABLE more (n int)"] {
            refused(client, statement).await;
        }
    }
    // A person makes room.
    run(&session, "BEGIN READ WRITE; DELETE FROM kept WHERE n > 5; COMMIT").await;
    run(&session, "VACUUM FULL kept").await;
    fill(&fixture, 97);
    assert_eq!(
        reason(&fixture.ensure(&sized(SIZE)).await),
        "StorageFull",
        "it is not full and not full by turns"
    );
    fill(&fixture, 50);
    assert_eq!(reason(&fixture.ensure(&sized(SIZE)).await), "");
    run(&session, "INSERT INTO kept VALUES (12)").await;
    // Or asks for more of it.
    fill(&fixture, 104);
    fixture.ensure(&sized(SIZE)).await;
    refused(&session, "INSERT INTO kept VALUES (13)").await;
    assert_eq!(reason(&fixture.ensure(&sized(2 * SIZE)).await), "");
    run(&session, "INSERT INTO kept VALUES (13)").await;
    assert_eq!(fixture.pid(0), pid, "nobody was disturbed");
}

#[tokio::test]
async fn what_is_written_all_the_same_ends_at_ten_percent_more() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let wanted = |size| Desired { instances: 2, superuser_access: true, ..sized(size) };
    let observed = fixture.ensure(&wanted(SIZE)).await;
    run(&connect(&observed).await, "CREATE TABLE kept AS SELECT 1 AS n").await;
    fill(&fixture, 120);
    let frozen = async |fixture: &Fixture| {
        let error = fixture.local().ensure(&wanted(SIZE)).await.expect_err("nothing can be changed");
        assert!(
            error.code() == Code::ResourceExhausted && error.to_string().contains("spec.storage.size"),
            "{error}"
        );
        assert_eq!((error.is_refusal(), error.reason()), (true, "StorageFull"), "who waits for it is told");
        let observed = fixture.local().observe(UID).await.expect("observed");
        assert_eq!((observed.ready, reason(&observed)), (true, "StorageFull"), "{observed:?}");
        let root = observed.superuser.as_ref().expect("its login");
        for login in [&Credentials { database: "shop".to_owned(), ..root.clone() }, &observed.credentials[0]]
        {
            let client = try_connect(&observed.read_write, login).await.expect("connected");
            assert_eq!(value(&client, "SELECT count(*)::text FROM kept").await, "1");
            for statements in [
                "INSERT INTO kept VALUES (2)",
                "BEGIN; SET TRANSACTION READ WRITE; INSERT INTO kept VALUES (2)",
            ] {
                let error = client.batch_execute(statements).await.expect_err("nobody writes");
                assert!(error.as_db_error().is_some(), "{error:?}");
                client.batch_execute("ROLLBACK").await.expect("the transaction ends");
            }
        }
    };
    frozen(&fixture).await;
    let pid = fixture.pid(0);
    fixture.reopen().await;
    frozen(&fixture).await;
    assert_eq!(fixture.pid(0), pid, "it is frozen once");
    let again = fixture.ensure(&wanted(2 * SIZE)).await;
    assert_eq!((again.ready_instances, reason(&again)), (2, ""), "{again:?}");
    let client = connect(&again).await;
    run(&client, "INSERT INTO kept VALUES (2)").await;
    let line = "SELECT (timeline_id)::text FROM pg_control_checkpoint()";
    assert_eq!(seen(&fixture, &wanted(2 * SIZE), line).await, "1", "nothing was promoted");
    let replica = try_connect(again.read_only.as_ref().expect("a replica"), &again.credentials[0]).await;
    let replica = replica.expect("connected");
    eventually("the replica has the row", async || {
        value(&replica, "SELECT count(*)::text FROM kept").await == "2"
    })
    .await;
}

#[tokio::test]
async fn that_a_database_fills_up_is_noticed_by_itself() {
    let Some(fixture) = Fixture::new().await else { return };
    fixture.ensure(&sized(SIZE)).await;
    let mut changes = std::pin::pin!(fixture.local().changes());
    for percent in [95, 101, 20] {
        fill(&fixture, percent);
        let changed = tokio::time::timeout(DEADLINE, changes.next()).await.expect("told in time");
        assert_eq!(changed.as_deref(), Some(UID), "{percent}");
    }
}

#[tokio::test]
async fn a_size_without_room_for_postgresql_itself_is_refused() {
    let Some(fixture) = Fixture::new().await else { return };
    let error = fixture.local().ensure(&sized(64 << 20)).await.expect_err("refused");
    assert!(error.is_permanent() && error.to_string().contains("128Mi"), "{error}");
    let observed = fixture.ensure(&sized(128 << 20)).await;
    assert_eq!(reason(&observed), "", "{observed:?}");
    let client = connect(&observed).await;
    assert_eq!(value(&client, "SHOW max_wal_size").await, "32MB");
    let wish = Desired { size: Some(128 << 20), ..with_parameter("max_wal_size", "48MB") };
    fixture.ensure(&wish).await;
    assert_eq!(value(&client, "SHOW max_wal_size").await, "48MB", "a default is a default");
}
