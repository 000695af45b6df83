//! Databases and extensions.

use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::suite::Suite;
use serde_json::{Value, json};

/// Whether the database that a session opened is its role's.
const OWNS: &str =
    "SELECT pg_get_userbyid(datdba) = current_user FROM pg_database WHERE datname = current_database()";

pub(super) async fn owner(suite: &Suite) -> Verdict {
    let session = suite.common().await?.login().await?.door()?.open().await?;
    same("whether the owner owns the database", session.text(OWNS).await?, "t")?;
    session.run("CREATE TABLE IF NOT EXISTS owned (value text)").await?;
    session.run("CREATE SCHEMA IF NOT EXISTS own; CREATE TABLE IF NOT EXISTS own.table (value text)").await?;
    session.run("INSERT INTO owned VALUES ('written'), ('read')").await?;
    same("what was written", session.text("SELECT max(value) FROM owned").await?, "written")?;
    session.run("DROP TABLE owned; DROP SCHEMA own CASCADE").await
}

/// The first database, with extensions.
fn with(extensions: Value) -> Value {
    json!({"databases": [{"name": "app", "owner": "app", "extensions": extensions}]})
}

const INSTALLED: &str = "SELECT string_agg(extname || ' in ' || nspname, ', ' ORDER BY extname) \
    FROM pg_extension JOIN pg_namespace ON extnamespace = pg_namespace.oid WHERE extname IN ('pg_trgm', 'hstore')";

pub(super) async fn extensions(suite: &Suite) -> Verdict {
    let wanted = json!([{"name": "pg_trgm", "schema": "public"}, {"name": "hstore", "schema": "extra"}]);
    let database = suite.ready("extensions", with(wanted)).await?;
    let session = database.login().await?.door()?.open().await?;
    same("extensions", session.text(INSTALLED).await?, "hstore in extra, pg_trgm in public")?;
    same("similarity()", session.text("SELECT public.similarity('word', 'word')").await?, "1")
}

pub(super) async fn added_extension(suite: &Suite) -> Verdict {
    let database = suite.ready("extension", json!({})).await?;
    let door = database.login().await?.door()?;
    door.open().await?.run("CREATE TABLE before AS SELECT 'word'::text AS value").await?;
    database.changed(json!({"spec": with(json!([{"name": "pg_trgm", "schema": "public"}]))})).await?;
    let session = door.open().await?;
    same("extensions", session.text(INSTALLED).await?, "pg_trgm in public")?;
    let similar = "SELECT public.similarity(value, 'word') FROM before";
    same("similarity() of a row of before", session.text(similar).await?, "1")
}

pub(super) async fn unknown_extension(suite: &Suite) -> Verdict {
    let database = suite.ready("extension", json!({})).await?;
    let door = database.login().await?.door()?;
    database.patch(json!({"spec": with(json!([{"name": "conformance_unknown"}]))})).await?;
    let refusal = database.refused().await?;
    ensure(refusal.contains("conformance_unknown"), || format!("the refusal does not name it: {refusal}"))?;
    same("what still runs", door.ask("SELECT 'runs'").await?, "runs")
}

/// Two databases of two owners, as a list.
fn two() -> Value {
    json!([{"name": "shop", "owner": "seller"}, {"name": "reports", "owner": "analyst"}])
}

pub(super) async fn several(suite: &Suite) -> Verdict {
    let database = suite.ready("databases", json!({"databases": two()})).await?;
    let (first, second) = (database.login().await?.door()?, database.login_of("analyst").await?.door()?);
    let (session, other) = (first.open().await?, second.open().await?);
    same("whether the first owner owns its database", session.text(OWNS).await?, "t")?;
    same("whether the second owner owns its database", other.text(OWNS).await?, "t")?;
    ensure(first.database != second.database, || "there is one database where two were asked for".into())?;
    ensure(first.username != second.username, || "there is one owner where two were asked for".into())?;
    ensure(first.password != second.password, || "two owners have the same password".into())?;
    other.run("CREATE TABLE made (value text)").await?;
    let seen = "SELECT count(*) FROM pg_tables WHERE tablename = 'made'";
    same("the number of the other database's tables that are seen", session.text(seen).await?, "0")
}

pub(super) async fn off_the_list(suite: &Suite) -> Verdict {
    let database = suite.ready("databases", json!({"databases": two()})).await?;
    let kept = "CREATE TABLE kept AS SELECT 'kept'::text AS value";
    database.login_of("analyst").await?.door()?.open().await?.run(kept).await?;
    database.changed(json!({"spec": {"databases": [two()[0]]}})).await?;
    database.changed(json!({"spec": {"databases": two()}})).await?;
    let again = database.login_of("analyst").await?.door()?;
    same("the row of a database that was off the list", again.ask("SELECT value FROM kept").await?, "kept")
}
