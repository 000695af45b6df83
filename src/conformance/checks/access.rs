//! Who is let in, and who is not.

use crate::conformance::door::Door;
use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::suite::Suite;
use serde_json::json;

pub(super) async fn wrong_password(suite: &Suite) -> Verdict {
    let door = suite.common().await?.login().await?.door()?;
    let wrong = Door { password: Some("conformance".into()), ..door.clone() };
    wrong.is_refused("the owner with a wrong password").await?;
    let nobody = Door { username: "conformance_nobody".into(), ..door };
    nobody.is_refused("a role that does not exist").await
}

pub(super) async fn no_password(suite: &Suite) -> Verdict {
    let door = suite.common().await?.login().await?.door()?;
    Door { password: None, ..door }.is_refused("the owner without a password").await
}

pub(super) async fn owner(suite: &Suite) -> Verdict {
    let session = suite.common().await?.login().await?.door()?.open().await?;
    let attributes = "SELECT \
        concat_ws(' ', rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls) FROM pg_roles WHERE rolname = current_user";
    let found = session.text(attributes).await?;
    same("superuser, createrole, createdb, replication, bypassrls of the owner", found, "f f f f f")?;
    for statement in [
        "SELECT rolpassword FROM pg_authid",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "CREATE ROLE conformance_role",
        "ALTER SYSTEM SET work_mem = '1MB'",
    ] {
        session.is_refused(statement, "the owner").await?;
    }
    Ok(())
}

pub(super) async fn apart(suite: &Suite) -> Verdict {
    let (one, other) = (suite.common().await?, suite.ready("other", json!({})).await?);
    let (one, other) = (one.login().await?.door()?, other.login().await?.door()?);
    ensure(one.password != other.password, || "two objects have the same password".into())?;
    let session = one.open().await?;
    session.run("CREATE TABLE IF NOT EXISTS apart (value text)").await?;
    let seen = "SELECT count(*) FROM pg_tables WHERE tablename = 'apart'";
    same("the number of the other's tables that are seen", other.ask(seen).await?, "0")?;
    Door { password: one.password.clone(), ..other.clone() }
        .is_refused("the login of another object")
        .await?;
    Door { password: other.password.clone(), ..one.clone() }
        .is_refused("the login of another object")
        .await?;
    if (&one.host, one.port) != (&other.host, other.port) {
        return Ok(());
    }
    // They share a server.
    ensure(one.database != other.database, || "two objects have the same database".into())?;
    Door { database: other.database, ..one }.is_refused("the owner of another object's database").await
}
