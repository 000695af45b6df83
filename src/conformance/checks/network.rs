//! How a database is reached.

use crate::conformance::failure::{Verdict, ensure, same};
use crate::conformance::suite::Suite;
use rand::RngExt;
use serde_json::json;

pub(super) async fn port(suite: &Suite) -> Verdict {
    // Below what systems give out by themselves; on one machine two runs hardly choose the same.
    let port: u16 = rand::rng().random_range(20_000..32_000);
    let database = suite.ready("port", json!({"network": {"port": port}})).await?;
    let endpoint = database.read().await?.endpoint("ReadWrite").map(|(_, port)| port);
    ensure(endpoint == Some(port), || format!("the endpoint's port is {endpoint:?}, not {port}"))?;
    let door = database.login().await?.door()?;
    ensure(door.port == port, || format!("the Secret's port is {}, not {port}", door.port))?;
    same("current_user", door.ask("SELECT current_user").await?, &door.username)
}
