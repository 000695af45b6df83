//! All objects in one answer, one list after the other.

use crate::error::Error;
use crate::lab::Lab;
use crate::load::closed_loop;
use crate::peer::Peer;
use crate::raw_etcd::Work;
use crate::sample::Sample;
use crate::server::everything;
use bytes::Bytes;
use hyper::Method;

pub(super) async fn measure(lab: &Lab, peer: Peer) -> Result<Sample, Error> {
    if peer == Peer::RawEtcd {
        return lab.raw_etcd(Work::List, 1, "/filled");
    }
    let (target, process) = lab.filled(peer)?;
    let connection = target.connect().await?;
    let path = if peer == Peer::RawHyper { "/list".to_owned() } else { everything() };
    let least = usize::try_from(lab.objects).unwrap_or(usize::MAX).saturating_mul(1000);
    let (cpu, etcd) = (process.cpu(), lab.etcd_cpu(peer));
    let sample = closed_loop(1, lab.cell, move |_, _| {
        let (mut connection, path) = (connection.clone(), path.clone());
        async move {
            match connection.exchange(Method::GET, &path, Bytes::new()).await? {
                length if length >= least => Ok(()),
                length => Err(Error::Wrong(format!("a list of {length} bytes does not hold every object"))),
            }
        }
    })
    .await?;
    Ok(Sample { cpu: process.cpu() - cpu, etcd: lab.etcd_cpu(peer) - etcd, ..sample })
}
