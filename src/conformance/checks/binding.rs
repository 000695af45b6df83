//! The Secret that an application is bound by.

use crate::conformance::class::KIND;
use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::suite::Suite;
use databases_api::postgresql::PROTOCOL;

/// Keys that every binding has.
const KEYS: [&str; 8] = ["type", "provider", "host", "port", "username", "password", "database", "uri"];

pub(super) async fn contract(suite: &Suite) -> Verdict {
    let database = suite.common().await?;
    let login = database.login().await?;
    for key in KEYS {
        login.text(key)?;
    }
    same("the type of the Secret", &login.kind, PROTOCOL.secret_type)?;
    same("type", login.text("type")?, PROTOCOL.name)?;
    same("provider", login.text("provider")?, &suite.class.controller)?;
    ensure(!login.is_owned, || "the Secret has an owner reference, with which it would go".into())?;
    for (label, wanted) in [("instance-kind", KIND), ("instance", &*database.name)] {
        let label = format!("{}/{label}", databases_api::GROUP);
        let found = login.labels.get(&label).map_or("", String::as_str);
        same(&format!("label {label} of the Secret"), found, wanted)?;
    }
    Ok(())
}

pub(super) async fn connects(suite: &Suite) -> Verdict {
    let login = suite.common().await?.login().await?;
    let session = login.door()?.open().await?;
    same("current_user", session.text("SELECT current_user").await?, login.text("username")?)?;
    same("current_database()", session.text("SELECT current_database()").await?, login.text("database")?)
}

pub(super) async fn uri(suite: &Suite) -> Verdict {
    let login = suite.common().await?.login().await?;
    let (door, by_uri) = (login.door()?, login.uri_door()?);
    same("uri", by_uri.address(), door.address())?;
    ensure(by_uri.password == door.password, || "uri has another password than the Secret".into())?;
    if let Some(jdbc) = login.get("jdbc-uri") {
        let begins = format!("jdbc:postgresql://{}:{}/", door.host, door.port);
        ensure(jdbc.starts_with(&begins), || "jdbc-uri names another host or port than the Secret".into())?;
    }
    same("current_user", by_uri.ask("SELECT current_user").await?, door.username)
}

pub(super) async fn endpoint(suite: &Suite) -> Verdict {
    let database = suite.common().await?;
    let (seen, door) = (database.read().await?, database.login().await?.door()?);
    let endpoint = seen.endpoint("ReadWrite");
    let told = endpoint.map(|(host, port)| format!("{host}:{port}")).unwrap_or_default();
    same("the ReadWrite endpoint", told, format!("{}:{}", door.host, door.port))?;
    let session = door.open().await?;
    same("pg_is_in_recovery()", session.text("SELECT pg_is_in_recovery()").await?, "f")?;
    session.run("CREATE TEMPORARY TABLE written AS SELECT 1").await
}
