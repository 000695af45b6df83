//! From nothing to ready, with all objects in the store.

use crate::error::Error;
use crate::lab::Lab;
use crate::peer::Peer;
use crate::raw_etcd::Work;
use crate::sample::Sample;

pub(super) async fn measure(lab: &Lab, peer: Peer) -> Result<Sample, Error> {
    if peer == Peer::RawEtcd {
        return lab.raw_etcd(Work::List, 1, "/filled");
    }
    let launch = lab.full(peer);
    let server = launch.start().await?;
    let (wall, cpu) = server.start;
    Ok(Sample { operations: 1, wall, cpu, p50: wall, p99: wall, ..Sample::default() })
}
