//! The version that runs.

use crate::conformance::database::Database;
use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::suite::Suite;
use serde_json::json;

async fn is_exact(database: &Database) -> Verdict {
    let seen = database.read().await?;
    let (told, wanted) = (seen.text("/status/version"), seen.text("/spec/version"));
    let server = database.login().await?.door()?.ask("SHOW server_version").await?;
    same("status.version", told, server.split(' ').next().unwrap_or_default())?;
    let is_wanted = told == wanted || told.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'));
    ensure(is_wanted, || format!("version {told} runs where {wanted} was asked for"))
}

pub(super) async fn exact(suite: &Suite) -> Verdict {
    is_exact(suite.common().await?).await
}

pub(super) async fn every(suite: &Suite) -> Verdict {
    let usual = suite.common().await?.read().await?.text("/spec/version").to_owned();
    for version in suite.class.versions.iter().filter(|version| **version != usual) {
        let word = format!("version-{}", version.replace('.', "-"));
        is_exact(&suite.ready(&word, json!({"version": version})).await?).await?;
    }
    Ok(())
}
