//! What goes with an object, and what stays.

use crate::conformance::backup::Place;
use crate::conformance::database::Database;
use crate::conformance::door::Door;
use crate::conformance::failure::{Failure, Verdict, ensure, same};
use crate::conformance::follow::follow;
use crate::conformance::kept::Kept;
use crate::conformance::seen::Seen;
use crate::conformance::suite::Suite;
use kube::api::DeleteParams;
use serde_json::json;

pub(super) async fn forbidden(suite: &Suite) -> Verdict {
    let database = suite.created("forbid", json!({"deletionPolicy": "Forbid"})).await?;
    match database.api.delete(&database.name, &DeleteParams::default()).await {
        Err(kube::Error::Api(status)) if (400..500).contains(&status.code) => {}
        Err(error) => return Err(error.into()),
        Ok(_) => return Err(Failure::new("the deletion is taken")),
    }
    let seen = database.read().await?;
    ensure(seen.text("/metadata/deletionTimestamp").is_empty(), || "the object is being deleted".into())
}

pub(super) async fn delete(suite: &Suite) -> Verdict {
    let database = suite.ready("delete", json!({"deletionPolicy": "Delete"})).await?;
    let login = database.login().await?;
    let door = login.door()?;
    door.open().await?.run("CREATE TABLE gone (value text)").await?;
    database.deleted().await?;
    let there = database.has_secret(&login.name).await?;
    ensure(!there, || format!("Secret {} is still there", login.name))?;
    door.is_shut("the owner of a deleted database").await
}

pub(super) async fn retain(suite: &Suite) -> Verdict {
    let database = suite.ready("retain", json!({"deletionPolicy": "Retain"})).await?;
    let before = database.login().await?;
    suite.keeps(&Kept::of(&database, &database.read().await?, &before.name));
    before.door()?.open().await?.run("CREATE TABLE kept (value text)").await?;
    database.deleted().await?;
    let secret = database.secrets.get_opt(&before.name).await?;
    let missing = || Failure::new(format!("Secret {} is gone", before.name));
    let after = crate::conformance::login::Login::of(secret.ok_or_else(missing)?);
    for key in ["host", "port", "username", "database"] {
        same(&format!("{key} of the Secret that stays"), after.text(key)?, before.text(key)?)?;
    }
    ensure(after.get("password") == before.get("password"), || "the password changed".into())
}

pub(super) async fn snapshot(suite: &Suite) -> Verdict {
    let database = suite.ready("snapshot", json!({"deletionPolicy": "Snapshot"})).await?;
    let (login, seen) = (database.login().await?, database.read().await?);
    let (door, uid) = (login.door()?, seen.text("/metadata/uid").to_owned());
    door.open().await?.run("CREATE TABLE saved (value text)").await?;
    database.api.delete(&database.name, &DeleteParams::default()).await?;
    let what = format!("{} is backed up", database.name);
    let waits = follow(&database.api, &database.name, suite.limits.timeout, &what, |seen| match seen {
        Some(seen) => seen.condition("BackedUp").map(|_| Ok(!seen.is_true("BackedUp"))),
        None => Some(Ok(false)),
    });
    if waits.await? {
        serves_until_it_is_backed_up(&database, &door).await?;
    }
    database.gone().await?;
    let there = database.has_secret(&login.name).await?;
    ensure(!there, || format!("Secret {} is still there", login.name))?;
    door.is_shut("the owner of a deleted database").await?;
    let told = suite.told(&uid, "BackupSucceeded").await?;
    let place = told.iter().find_map(|message| Place::of(message));
    let place = place.ok_or_else(|| Failure::new(format!("no event says where the backup is: {told:?}")))?;
    suite.keeps_backup(&place);
    let is_there = place.is_there(&suite.client).await?;
    ensure(is_there != Some(false), || format!("there is no {place}, where the backup is said to be"))
}

/// A database that still waits for its backup is there.
async fn serves_until_it_is_backed_up(database: &Database, door: &Door) -> Verdict {
    let Err(error) = door.open().await else { return Ok(()) };
    let now = database.api.get_opt(&database.name).await?;
    let now = Seen(serde_json::to_value(now).unwrap_or_default());
    // It may have been backed up just then.
    let waits = now.condition("BackedUp").is_some() && !now.is_true("BackedUp");
    ensure(!waits, || format!("the database is gone before it is backed up: {error}"))
}

pub(super) async fn taken_up(suite: &Suite) -> Verdict {
    let database = suite.ready("adopt", json!({"deletionPolicy": "Retain"})).await?;
    let before = database.login().await?;
    before.door()?.open().await?.run("CREATE TABLE kept AS SELECT 'kept'::text AS value").await?;
    let kept = Kept::of(&database, &database.read().await?, &before.name);
    suite.keeps(&kept);
    database.deleted().await?;
    let heir = suite.ready("adopt", json!({"adoptRef": kept.reference})).await?;
    let after = heir.login().await?;
    ensure(after.get("password") == before.get("password"), || "the password changed".into())?;
    same("the row of before", after.door()?.ask("SELECT value FROM kept").await?, "kept")
}
