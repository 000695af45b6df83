//! Server parameters.

use super::refusal::refused;
use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::suite::Suite;
use serde_json::json;

const BOTH: &str = "SELECT current_setting('work_mem') || ' ' || current_setting('max_connections')";

pub(super) async fn in_force(suite: &Suite) -> Verdict {
    let wanted = json!({"parameters": {"work_mem": "7MB", "max_connections": "73"}});
    let database = suite.ready("parameters", wanted).await?;
    let session = database.login().await?.door()?.open().await?;
    same("work_mem and max_connections", session.text(BOTH).await?, "7MB 73")
}

pub(super) async fn change(suite: &Suite) -> Verdict {
    let database = suite.ready("parameters", json!({"parameters": {"work_mem": "7MB"}})).await?;
    let door = database.login().await?.door()?;
    door.open().await?.run("CREATE TABLE kept AS SELECT 'kept'::text AS value").await?;
    database.changed(json!({"spec": {"parameters": {"work_mem": "9MB", "max_connections": "74"}}})).await?;
    let session = database.login().await?.door()?.open().await?;
    same("work_mem and max_connections once they are changed", session.text(BOTH).await?, "9MB 74")?;
    same("the row of before", session.text("SELECT value FROM kept").await?, "kept")
}

pub(super) async fn removed(suite: &Suite) -> Verdict {
    let usual = suite.common().await?.login().await?.door()?.ask(BOTH).await?;
    let wanted = json!({"parameters": {"work_mem": "7MB", "max_connections": "73"}});
    let database = suite.ready("parameters", wanted).await?;
    database.changed(json!({"spec": {"parameters": null}})).await?;
    let session = database.login().await?.door()?.open().await?;
    same("work_mem and max_connections once they are taken off", session.text(BOTH).await?, usual)
}

pub(super) async fn managed(suite: &Suite) -> Verdict {
    for name in ["listen_addresses", "archive_command", "data_directory", "hba_file", "port"] {
        let answer = suite.tried("parameters", json!({"parameters": {name: "1"}})).await;
        refused(&format!("spec.parameters[{name}]"), answer)?;
    }
    Ok(())
}

pub(super) async fn invalid(suite: &Suite) -> Verdict {
    let database = suite.ready("parameters", json!({"parameters": {"work_mem": "7MB"}})).await?;
    let door = database.login().await?.door()?;
    match database.patch(json!({"spec": {"parameters": {"work_mem": "plenty"}}})).await {
        // Refused when it was typed is as good.
        Err(_) => {}
        Ok(_) => {
            let refusal = database.refused().await?;
            ensure(refusal.contains("work_mem"), || format!("the refusal does not name it: {refusal}"))?;
        }
    }
    same("work_mem", door.ask("SHOW work_mem").await?, "7MB")
}
