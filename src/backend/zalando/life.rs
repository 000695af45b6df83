//! How many servers a `postgresql` has, and whether they run.

use crate::backend::operator::Wish;
use databases_api::shared::State;

/// Whether it is to be stopped; none where nobody says so.
pub(super) fn stopped(wish: &Wish<'_>) -> Option<bool> {
    let said = !wish.is_adopted() && wish.live["spec"]["numberOfInstances"] == 0;
    match &wish.object.spec.instance.state {
        Some(State::Stopped) => Some(true),
        Some(_) => Some(false),
        None => said.then_some(false),
    }
}

/// Whether the volumes of servers that are stopped stay.
pub(super) fn keeps_volumes(wish: &Wish<'_>) -> bool {
    wish.evidence(2)["spec"]["persistentVolumeClaimRetentionPolicy"]["whenScaled"] != "Delete"
}

/// How many servers there are where it is not stopped.
pub(super) fn instances(wish: &Wish<'_>) -> i64 {
    let now = wish.live["spec"]["numberOfInstances"].as_i64().filter(|now| *now > 0 && wish.is_adopted());
    wish.object.spec.instance.instances.map(i64::from).or(now).unwrap_or(1)
}
