//! What begins as a copy of another database.

use crate::conformance::class::KIND;
use crate::conformance::door::Door;
use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::suite::Suite;
use databases_api::GROUP;
use serde_json::json;

const ROWS: &str = "SELECT count(*) FROM copied";

pub(super) async fn data(suite: &Suite) -> Verdict {
    let source = suite.ready("source", json!({})).await?;
    let before = source.login().await?.door()?;
    before.open().await?.run("CREATE TABLE copied AS SELECT 'before'::text AS value").await?;
    let named = json!({"apiGroup": GROUP, "kind": KIND, "name": source.name});
    let copy = suite.ready("copy", json!({"dataSourceRef": named})).await?;
    let door = copy.login().await?.door()?;
    same("the row of before the copy", door.ask("SELECT value FROM copied").await?, "before")?;
    ensure(door.password != before.password, || "the copy has the password of what it copies".into())?;
    Door { password: before.password.clone(), ..door.clone() }
        .is_refused("the login of what was copied")
        .await?;
    door.open().await?.run("INSERT INTO copied VALUES ('after')").await?;
    same("the number of rows in what was copied", before.ask(ROWS).await?, "1")?;
    source.deleted().await?;
    same("the number of rows in the copy, without what was copied", door.ask(ROWS).await?, "2")
}
