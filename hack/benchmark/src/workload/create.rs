//! New objects in an empty store, so that every cell does the same work.

use crate::client::Target;
use crate::error::Error;
use crate::lab::{Lab, creation};
use crate::load::closed_loop;
use crate::peer::Peer;
use crate::process::Process;
use crate::raw_etcd::Work;
use crate::sample::Sample;
use crate::server::create;

const CONCURRENCY: usize = 32;
const STREAMS: usize = 16;

pub(super) async fn measure(lab: &Lab, peer: Peer) -> Result<Sample, Error> {
    match peer {
        Peer::RawEtcd => lab.raw_etcd(Work::Create, CONCURRENCY, &format!("/raw-{}", lab.number())),
        Peer::RawHyper => {
            let (target, process) = lab.filled(peer)?;
            fill(lab, peer, target, process).await
        }
        Peer::Redb | Peer::Etcd => {
            let server = lab.fresh(peer).start().await?;
            server.prepare().await?;
            fill(lab, peer, &server.target, &server.process).await
        }
    }
}

async fn fill(lab: &Lab, peer: Peer, target: &Target, process: &Process) -> Result<Sample, Error> {
    let mut connections = Vec::new();
    for _ in 0..CONCURRENCY / STREAMS {
        connections.push(target.connect().await?);
    }
    let (cpu, etcd) = (process.cpu(), lab.etcd_cpu(peer));
    let sample = closed_loop(CONCURRENCY, lab.cell, move |worker, number| {
        let mut connection = connections[worker / STREAMS].clone();
        async move {
            let (path, body) = creation(peer, number);
            create(&mut connection, &path, body).await
        }
    })
    .await?;
    Ok(Sample { cpu: process.cpu() - cpu, etcd: lab.etcd_cpu(peer) - etcd, ..sample })
}
