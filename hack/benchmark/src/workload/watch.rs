//! Every change goes to every watcher; what is counted is what arrived.

use crate::client::Target;
use crate::error::Error;
use crate::lab::{Lab, event};
use crate::peer::Peer;
use crate::sample::Sample;
use crate::server::{collection, create};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// So many watches share a connection.
const STREAMS: usize = 100;
/// So many events are delivered in a second of a cell, whatever the number of watchers.
const DELIVERIES: f64 = 30_000.0;
/// The events are written by so many at once.
const WRITERS: u64 = 4;
/// How long the last event may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many events arrived, all watchers together.
#[derive(Default)]
struct Arrived {
    count: AtomicU64,
    expected: u64,
    all: Notify,
}

pub(super) async fn measure(lab: &Lab, peer: Peer, watchers: usize) -> Result<Sample, Error> {
    let (target, process) = lab.filled(peer)?;
    let events =
        ((lab.cell.as_secs_f64() * DELIVERIES / watchers as f64) as u64).max(WRITERS) / WRITERS * WRITERS;
    let expected = events * watchers as u64;
    let arrived = Arc::new(Arrived { expected, ..Arrived::default() });
    let mut readers = JoinSet::new();
    for body in open(target, peer, watchers).await? {
        readers.spawn(count(body, arrived.clone()));
    }
    let (cpu, etcd, begin) = (process.cpu(), lab.etcd_cpu(peer), Instant::now());
    write(lab, target, peer, events).await?;
    tokio::time::timeout(PATIENCE, arrived.wait()).await.map_err(|_| {
        let count = arrived.count.load(Ordering::Relaxed);
        Error::Wrong(format!("{count} of {expected} events arrived within {PATIENCE:?}"))
    })?;
    Ok(Sample {
        operations: expected,
        wall: begin.elapsed(),
        cpu: process.cpu() - cpu,
        etcd: lab.etcd_cpu(peer) - etcd,
        ..Sample::default()
    })
}

/// Opens the watches; each is answered before the first event is written.
async fn open(target: &Target, peer: Peer, watchers: usize) -> Result<Vec<Incoming>, Error> {
    let mut bodies = Vec::new();
    let mut connection = target.connect().await?;
    let path = match peer {
        Peer::RawHyper => "/watch".to_owned(),
        _ => {
            let page = format!("{}?limit=1", collection("watched"));
            let list = connection.read(Method::GET, &page, Bytes::new()).await?;
            let list: serde_json::Value =
                serde_json::from_slice(&list).map_err(|error| Error::Wrong(error.to_string()))?;
            let revision = list["metadata"]["resourceVersion"].as_str().unwrap_or_default();
            format!("{}?watch=1&resourceVersion={revision}", collection("watched"))
        }
    };
    while bodies.len() < watchers {
        if bodies.len() % STREAMS == 0 {
            connection = target.connect().await?;
        }
        bodies.push(connection.send(Method::GET, &path, Bytes::new()).await?.into_body());
    }
    Ok(bodies)
}

/// Events are lines.
async fn count(mut body: Incoming, arrived: Arc<Arrived>) {
    while let Some(Ok(frame)) = body.frame().await {
        let lines = frame.data_ref().map_or(0, |data| data.iter().filter(|byte| **byte == b'\n').count());
        arrived.add(lines as u64);
    }
}

impl Arrived {
    fn add(&self, events: u64) {
        let before = self.count.fetch_add(events, Ordering::Relaxed);
        if before + events >= self.expected {
            self.all.notify_one();
        }
    }

    async fn wait(&self) {
        while self.count.load(Ordering::Relaxed) < self.expected {
            self.all.notified().await;
        }
    }
}

async fn write(lab: &Lab, target: &Target, peer: Peer, events: u64) -> Result<(), Error> {
    let connection = target.connect().await?;
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let mut connection = connection.clone();
        let numbers: Vec<u64> = (0..events / WRITERS).map(|_| lab.number()).collect();
        writers.spawn(async move {
            for number in numbers {
                let (path, body) = event(peer, number);
                create(&mut connection, &path, body).await?;
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written.map_err(|error| Error::Wrong(error.to_string()))??;
    }
    Ok(())
}
