//! Reads of one object each, spread over all of them.

use crate::error::Error;
use crate::lab::{Lab, one};
use crate::load::closed_loop;
use crate::peer::Peer;
use crate::raw_etcd::Work;
use crate::sample::Sample;
use bytes::Bytes;
use hyper::Method;

/// So many requests share a connection, as they do in clients of Go.
const STREAMS: usize = 16;
/// Spreads consecutive numbers over all objects.
const STRIDE: u64 = 7919;

pub(super) async fn measure(lab: &Lab, peer: Peer, concurrency: usize) -> Result<Sample, Error> {
    if peer == Peer::RawEtcd {
        return lab.raw_etcd(Work::Get, concurrency, &format!("/raw-{}", lab.number()));
    }
    let (target, process) = lab.filled(peer)?;
    let mut connections = Vec::new();
    for _ in 0..concurrency.div_ceil(STREAMS) {
        connections.push(target.connect().await?);
    }
    let objects = lab.objects;
    let (cpu, etcd) = (process.cpu(), lab.etcd_cpu(peer));
    let sample = closed_loop(concurrency, lab.cell, move |worker, number| {
        let mut connection = connections[worker / STREAMS].clone();
        async move {
            let path = one(number.wrapping_mul(STRIDE) % objects);
            connection.exchange(Method::GET, &path, Bytes::new()).await.map(drop)
        }
    })
    .await?;
    Ok(Sample { cpu: process.cpu() - cpu, etcd: lab.etcd_cpu(peer) - etcd, ..sample })
}
