//! What Endpoints tell of servers that Patroni runs.

use super::at;
use serde_json::Value;

/// Those who are ready behind a Service.
pub(in crate::backend) fn addresses(endpoints: &Value) -> impl Iterator<Item = &Value> {
    let subsets = endpoints["subsets"].as_array().into_iter().flatten();
    subsets.filter_map(|subset| subset["addresses"].as_array()).flatten()
}

/// The primary, by the Endpoints that are its: as Patroni says, else who is behind them.
pub(in crate::backend) fn primary(endpoints: &Value) -> &str {
    match (at(endpoints, "metadata.annotations.leader"), addresses(endpoints).next()) {
        ("", Some(address)) => at(address, "targetRef.name"),
        (leader, _) => leader,
    }
}
