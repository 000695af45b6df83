//! Storage.

use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::suite::Suite;
use serde_json::json;

pub(super) async fn grows(suite: &Suite) -> Verdict {
    let database = suite.ready("storage", json!({"storage": {"size": "1Gi"}})).await?;
    let door = database.login().await?.door()?;
    door.open().await?.run("CREATE TABLE kept AS SELECT 'kept'::text AS value").await?;
    let grown = database.changed(json!({"spec": {"storage": {"size": "2Gi"}}})).await?;
    same("spec.storage.size", grown.text("/spec/storage/size"), "2Gi")?;
    let door = database.login().await?.door()?;
    same("the row of before", door.ask("SELECT value FROM kept").await?, "kept")?;
    let smaller = database.patch(json!({"spec": {"storage": {"size": "1Gi"}}})).await;
    ensure(smaller.is_err(), || "a smaller storage.size is taken".into())
}
