//! Roles beside the owners.

use crate::conformance::door::Door;
use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::follow::eventually;
use crate::conformance::suite::Suite;
use serde_json::json;

pub(super) async fn log_in(suite: &Suite) -> Verdict {
    let users = json!([
        {"name": "etl", "databases": ["app"]}, {"name": "bare"}, {"name": "role", "attributes": ["NoLogin"]},
    ]);
    let database = suite.ready("users", json!({"users": users})).await?;
    let owner = database.login().await?.door()?;
    let etl = Door { database: owner.database.clone(), ..database.login_of("etl").await?.door()? };
    let session = etl.open().await?;
    same("current_user", session.text("SELECT current_user").await?, "etl")?;
    let may = "SELECT concat_ws(' ', has_database_privilege(current_user, current_database(), 'CREATE'), \
        has_database_privilege(current_user, current_database(), 'CONNECT'))";
    same("CREATE and CONNECT of the user on its database", session.text(may).await?, "t t")?;
    let bare = database.login_of("bare").await?.door()?;
    let create = "SELECT has_database_privilege('bare', 'app', 'CREATE')";
    same("CREATE of a user without databases", session.text(create).await?, "f")?;
    ensure(etl.password != bare.password && etl.password != owner.password, || {
        "logins share a password".into()
    })?;
    ensure(database.login_of("role").await.is_err(), || "a role with NoLogin has a Secret".into())
}

pub(super) async fn attributes(suite: &Suite) -> Verdict {
    let users = json!({"users": [
        {"name": "builder", "attributes": ["CreateDB", "CreateRole"]},
        {"name": "copier", "attributes": ["Replication"]}, {"name": "plain"}, {"name": "role", "attributes": ["NoLogin", "BypassRLS"]},
    ]});
    let database = suite.ready("users", users).await?;
    let session = database.login().await?.door()?.open().await?;
    for (user, wanted) in [
        ("builder", "t t f f f t"),
        ("copier", "f f t f f t"),
        ("plain", "f f f f f t"),
        ("role", "f f f t f f"),
    ] {
        let attributes = format!(
            "SELECT concat_ws(' ', rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolsuper, \
             rolcanlogin) FROM pg_roles WHERE rolname = '{user}'"
        );
        let what = format!("createdb, createrole, replication, bypassrls, superuser, login of {user}");
        same(&what, session.text(&attributes).await?, wanted)?;
    }
    database.changed(json!({"spec": {"users": [{"name": "builder"}]}})).await?;
    let fewer = "SELECT concat_ws(' ', rolcreatedb, rolcreaterole) FROM pg_roles WHERE rolname = 'builder'";
    same("createdb and createrole once they are taken away", session.text(fewer).await?, "f f")
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
