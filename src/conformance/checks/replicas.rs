//! Replicas.

use crate::conformance::door::Door;
use crate::conformance::failure::{Failure, Verdict, ensure, same};
use crate::conformance::follow::eventually;
use crate::conformance::seen::Seen;
use crate::conformance::session::Session;
use crate::conformance::suite::Suite;
use serde_json::json;

/// The servers that stream from the one that is asked must be that many.
async fn streaming(session: &Session, wanted: i64) -> Verdict {
    let count = session.text("SELECT count(*) FROM pg_stat_replication").await?;
    same("the number of servers in pg_stat_replication", count, wanted.to_string())
}

fn counted(seen: &Seen, wanted: i64) -> Verdict {
    let (all, ready) = (seen.number("/status/instances"), seen.number("/status/readyInstances"));
    ensure((all, ready) == (wanted, wanted), || {
        format!("{ready} of {all} are ready where {wanted} were asked for")
    })
}

pub(super) async fn follow(suite: &Suite) -> Verdict {
    let several = suite.class.several();
    let database = suite.ready("replicas", json!({"instances": several})).await?;
    counted(&database.read().await?, several)?;
    let session = database.login().await?.door()?.open().await?;
    let grace = suite.limits.grace;
    eventually(grace, "every replica streams", async || streaming(&session, several - 1).await).await?;
    session.run("CREATE TABLE kept AS SELECT 'kept'::text AS value").await?;
    database.scale(1).await?;
    counted(&database.current().await?, 1)?;
    let session = database.login().await?.door()?.open().await?;
    eventually(grace, "no replica streams any more", async || streaming(&session, 0).await).await?;
    same("the row of before", session.text("SELECT value FROM kept").await?, "kept")
}

pub(super) async fn read_only(suite: &Suite) -> Verdict {
    let database = suite.ready("replicas", json!({"instances": suite.class.several()})).await?;
    let (seen, login) = (database.read().await?, database.login().await?);
    let (primary, replica) = (login.door()?, login.read_only_door()?);
    let endpoint =
        seen.endpoint("ReadOnly").ok_or_else(|| Failure::new("the status has no ReadOnly endpoint"))?;
    let told = format!("{}:{}", endpoint.0, endpoint.1);
    same("the ReadOnly endpoint", told, format!("{}:{}", replica.host, replica.port))?;
    primary.open().await?.run("CREATE TABLE sent AS SELECT 'arrived'::text AS value").await?;
    let replica = Door { ..primary.at(endpoint) };
    let arrives = async || same("the row", replica.ask("SELECT value FROM sent").await?, "arrived");
    eventually(suite.limits.grace, "a row arrives at the ReadOnly endpoint", arrives).await?;
    let session = replica.open().await?;
    same(
        "pg_is_in_recovery() at the ReadOnly endpoint",
        session.text("SELECT pg_is_in_recovery()").await?,
        "t",
    )?;
    session.is_refused("CREATE TABLE written (value text)", "a client of the ReadOnly endpoint").await
}

pub(super) async fn synchronous(suite: &Suite) -> Verdict {
    let mut spec = json!({"instances": suite.class.several(), "replication": {"mode": "Synchronous"}});
    // Only a superuser sees for which replicas the primary waits.
    let by_superuser = suite.class.claims("SuperuserAccess");
    if by_superuser {
        spec["superuserAccess"] = json!("Enabled");
    }
    let database = suite.ready("synchronous", spec).await?;
    let session = database.login().await?.door()?.open().await?;
    let commit = session.text("SHOW synchronous_commit").await?;
    let waits = ["on", "remote_write", "remote_apply"].contains(&commit.as_str());
    ensure(waits, || format!("synchronous_commit is {commit}"))?;
    if !by_superuser {
        let names = session.text("SHOW synchronous_standby_names").await?;
        return ensure(!names.is_empty(), || "synchronous_standby_names names no replica".into());
    }
    let door = database.superuser().await?.door()?;
    eventually(suite.limits.grace, "a replica is synchronous", async || {
        let states = door.ask("SELECT string_agg(sync_state, ' ') FROM pg_stat_replication").await?;
        ensure(states.contains("sync") && !states.contains("async") || states.contains("quorum"), || {
            format!("sync_state is {states:?}")
        })
    })
    .await
}
