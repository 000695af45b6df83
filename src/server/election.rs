//! Which replica runs controllers.

use super::{Error, Facts, Serve};
use crate::cluster::{Cluster, Election, Timing, host_name};
use clap::Args;
use std::time::Duration;

/// The shortest lease: below, a busy cluster's answers come too late to renew it.
const SHORTEST: u64 = 3;

/// This replica as a candidate for the program's Lease, under a name that no other process has.
pub(super) fn candidate<F: Args, C: Args>(
    facts: &Facts,
    options: &Serve<F, C>,
    cluster: &Cluster,
) -> Result<Election, Error> {
    if options.lease_seconds < SHORTEST {
        return Err(Error::Flags(format!("--lease-seconds must be {SHORTEST} or more")));
    }
    let identity = format!("{}_{}", host_name(), uuid::Uuid::new_v4());
    let timing = timing(Duration::from_secs(options.lease_seconds));
    Ok(Election::new(cluster, &options.lease_namespace, &facts.program(), identity, timing))
}

/// A holder that cannot renew its lease has the last third of it to come to an end.
fn timing(lease: Duration) -> Timing {
    Timing { lease, renew: lease * 2 / 3, retry: lease * 2 / 15 }
}
