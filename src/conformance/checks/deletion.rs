//! What goes with an object, and what stays.

use crate::conformance::failure::{Failure, Verdict, ensure, same};
use crate::conformance::suite::Suite;
use databases_api::GROUP;
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
    suite
        .keeps(&before.name, format!("the data of {}, which its deletionPolicy Retain keeps", database.name));
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

pub(super) async fn taken_up(suite: &Suite) -> Verdict {
    let database = suite.ready("adopt", json!({"deletionPolicy": "Retain"})).await?;
    let before = database.login().await?;
    before.door()?.open().await?.run("CREATE TABLE kept AS SELECT 'kept'::text AS value").await?;
    let seen = database.read().await?;
    let part = |name: &str| seen.text(&format!("/status/backendRef/{name}"));
    // A class that has no object of its own for a database keeps it by its binding Secret.
    let kept = match part("group").ends_with(GROUP) {
        true => json!({"kind": "Secret", "name": before.name}),
        false => json!({"group": part("group"), "kind": part("kind"), "name": part("name")}),
    };
    database.deleted().await?;
    let heir = suite.ready("adopt", json!({"adoptRef": kept})).await?;
    let after = heir.login().await?;
    ensure(after.get("password") == before.get("password"), || "the password changed".into())?;
    same("the row of before", after.door()?.ask("SELECT value FROM kept").await?, "kept")
}
