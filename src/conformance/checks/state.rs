//! Stopping and restarting.

use crate::conformance::database::Database;
use crate::conformance::door::Door;
use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::suite::Suite;
use databases_api::shared::RESTARTED_AT;
use serde_json::json;

/// A database with a row, and the way in.
async fn filled(suite: &Suite, word: &str) -> Result<(Database, Door), crate::conformance::failure::Failure> {
    let database = suite.ready(word, json!({})).await?;
    let door = database.login().await?.door()?;
    door.open().await?.run("CREATE TABLE kept AS SELECT 'kept'::text AS value").await?;
    Ok((database, door))
}

async fn has_its_row(database: &Database) -> Verdict {
    let door = database.login().await?.door()?;
    same("the row of before", door.ask("SELECT value FROM kept").await?, "kept")
}

async fn is_stopped(database: &Database, door: &Door) -> Verdict {
    let seen = database.current().await?;
    ensure(seen.holds("Stopped"), || format!("it does not say that it is stopped: {}", seen.words()))?;
    ensure(seen.condition("Ready").is_none(), || "a stopped database has a condition Ready".into())?;
    ensure(seen.number("/status/readyInstances") == 0, || "a stopped database has ready instances".into())?;
    door.is_shut("the owner of a stopped database").await
}

pub(super) async fn stop(suite: &Suite) -> Verdict {
    let (database, door) = filled(suite, "stop").await?;
    database.patch(json!({"spec": {"state": "Stopped"}})).await?;
    is_stopped(&database, &door).await?;
    database.changed(json!({"spec": {"state": "Running"}})).await?;
    has_its_row(&database).await
}

pub(super) async fn scale(suite: &Suite) -> Verdict {
    let (database, door) = filled(suite, "scale").await?;
    database.scale(0).await?;
    is_stopped(&database, &door).await?;
    database.scale(1).await?;
    let seen = database.current().await?;
    same("spec.state", seen.text("/spec/state"), "Running")?;
    has_its_row(&database).await
}

pub(super) async fn restart(suite: &Suite) -> Verdict {
    let (database, door) = filled(suite, "restart").await?;
    let before = door.open().await?.started().await?;
    let restarted = |at: &str| json!({"metadata": {"annotations": {RESTARTED_AT: at}}});
    database.patch(restarted("2026-01-01T00:00:00Z")).await?;
    let moved = async || {
        let after = database.login().await?.door()?.open().await?.started().await?;
        ensure(after != before, || "the server was not restarted".into()).map(|()| after)
    };
    let after =
        crate::conformance::follow::eventually(suite.limits.grace, "the server is restarted", moved).await?;
    database.current().await?;
    tokio::time::sleep(suite.limits.quiet).await;
    let again = database.login().await?.door()?.open().await?.started().await?;
    same("the time of the server's start after one restart", again, after)?;
    has_its_row(&database).await
}
