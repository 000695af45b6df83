//! Roles beside the owners.

use crate::conformance::door::Door;
use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::follow::eventually;
use crate::conformance::suite::Suite;
use serde_json::json;

pub(super) async fn log_in(suite: &Suite) -> Verdict {
    let users = json!([
        {"name": "etl", "databases": ["app"]}, {"name": "bare"}, {"name": "quiet", "attributes": ["NoLogin"]},
    ]);
    let database = suite.ready("users", json!({"users": users})).await?;
    let owner = database.login().await?.door()?;
    let etl = Door { database: owner.database.clone(), ..database.login_of("etl").await?.door()? };
    ensure(etl.username != owner.username, || "the user's Secret is the owner's".into())?;
    let session = etl.open().await?;
    same("current_user", session.text("SELECT current_user").await?, &etl.username)?;
    let may = "SELECT concat_ws(' ', has_database_privilege(current_user, current_database(), 'CREATE'), \
        has_database_privilege(current_user, current_database(), 'CONNECT'))";
    same("CREATE and CONNECT of the user on its database", session.text(may).await?, "t t")?;
    let bare = database.login_of("bare").await?.door()?;
    let create = format!("SELECT has_database_privilege('{}', current_database(), 'CREATE')", bare.username);
    same("CREATE of a user without databases", session.text(&create).await?, "f")?;
    let apart = etl.password != bare.password && etl.password != owner.password;
    ensure(apart, || "logins share a password".into())?;
    ensure(database.login_of("quiet").await.is_err(), || "a role with NoLogin has a Secret".into())
}

/// What a role may, in the order of the names before.
const MAY: &str = "createdb, createrole, replication, bypassrls, superuser, login";

/// The same of the roles that a condition chooses.
fn may(condition: &str) -> String {
    format!(
        "SELECT concat_ws(' ', rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolsuper, rolcanlogin) \
         FROM pg_roles WHERE {condition}"
    )
}

pub(super) async fn attributes(suite: &Suite) -> Verdict {
    let users = json!([
        {"name": "builder", "attributes": ["CreateDB", "CreateRole"]},
        {"name": "copier", "attributes": ["Replication"]}, {"name": "plain"},
        {"name": "quiet", "attributes": ["NoLogin", "BypassRLS"]},
    ]);
    let database = suite.ready("users", json!({"users": users})).await?;
    let owner = database.login().await?.door()?;
    // A server may call roles otherwise than the spec does, and begin with that.
    let quiet = may("rolname LIKE 'quiet%'");
    same(&format!("{MAY} of quiet"), owner.ask(&quiet).await?, "f f f t f f")?;
    for (user, wanted) in [("builder", "t t f f f t"), ("copier", "f f t f f t"), ("plain", "f f f f f t")] {
        let username = database.login_of(user).await?.door()?.username;
        let found = owner.ask(&may(&format!("rolname = '{username}'"))).await?;
        same(&format!("{MAY} of {user}"), found, wanted)?;
    }
    database.changed(json!({"spec": {"users": [{"name": "builder"}]}})).await?;
    let username = database.login_of("builder").await?.door()?.username;
    let found = owner.ask(&may(&format!("rolname = '{username}'"))).await?;
    same(&format!("{MAY} of builder once attributes are taken away"), found, "f f f f f t")
}

pub(super) async fn removed(suite: &Suite) -> Verdict {
    let database = suite.ready("users", json!({"users": [{"name": "etl", "databases": ["app"]}]})).await?;
    let login = database.login_of("etl").await?;
    let door = login.door()?;
    let session = door.open().await?;
    database.changed(json!({"spec": {"users": []}})).await?;
    door.is_refused("a user that is off the list").await?;
    let ended = session.text("SELECT 1").await.is_err();
    ensure(ended, || "a user that is off the list goes on with its session".into())?;
    eventually(suite.limits.grace, "the Secret of a user off the list is gone", async || {
        let there = database.has_secret(&login.name).await?;
        ensure(!there, || format!("{} is there", login.name))
    })
    .await
}

pub(super) async fn superuser(suite: &Suite) -> Verdict {
    let database = suite.ready("super", json!({"superuserAccess": "Enabled"})).await?;
    let login = database.superuser().await?;
    let door = login.door()?;
    let session = door.open().await?;
    let is_super = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    same("whether the superuser is one", session.text(is_super).await?, "t")?;
    session.run("SELECT count(*) FROM pg_authid").await?;
    let owner = database.login().await?.door()?;
    same("whether the owner is one", owner.ask(is_super).await?, "f")?;
    database.changed(json!({"spec": {"superuserAccess": "Disabled"}})).await?;
    door.is_refused("a superuser whose access is disabled").await?;
    eventually(suite.limits.grace, "the superuser's Secret is gone", async || {
        let there = database.has_secret(&login.name).await?;
        ensure(!there, || format!("{} is there", login.name))
    })
    .await
}
