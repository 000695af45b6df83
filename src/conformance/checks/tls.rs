//! Encryption.

use crate::conformance::door::Door;
use crate::conformance::failure::{Failure, Verdict, same};
use crate::conformance::login::Login;
use crate::conformance::suite::Suite;
use crate::conformance::trust::Trust;
use serde_json::json;

const ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

/// The way in that checks the server by the Secret's authority.
fn verified(login: &Login) -> Result<Door, Failure> {
    Ok(Door { trust: Trust::Authority(login.text("certificates")?.to_owned()), ..login.door()? })
}

pub(super) async fn required(suite: &Suite) -> Verdict {
    let database = suite.ready("tls", json!({"tls": {"mode": "Required"}})).await?;
    let login = database.login().await?;
    let door = verified(&login)?;
    same("whether the session is encrypted", door.ask(ENCRYPTED).await?, "t")?;
    Door { trust: Trust::Plain, ..door }.is_refused("a client that does not encrypt").await?;
    let mode = login.text("sslmode")?;
    let strict = ["require", "verify-ca", "verify-full"].contains(&mode);
    crate::conformance::failure::ensure(strict, || format!("sslmode is {mode}"))?;
    same("whether the session by uri is encrypted", login.uri_door()?.ask(ENCRYPTED).await?, "t")
}

pub(super) async fn optional(suite: &Suite) -> Verdict {
    let database = suite.ready("tls", json!({"tls": {"mode": "Optional"}})).await?;
    let door = verified(&database.login().await?)?;
    same("whether a session that may be encrypted is", door.ask(ENCRYPTED).await?, "t")?;
    let plain = Door { trust: Trust::Plain, ..door };
    same("whether a plain session is encrypted", plain.ask(ENCRYPTED).await?, "f")
}
