//! Every change goes to every watcher; what is counted is what arrived.

use crate::cell::Cell;
use crate::content::create;
use crate::error::Error;
use crate::sample::Sample;
use crate::service::Service;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use serde::Deserialize;
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

pub(super) async fn measure(cell: &Cell, service: &Service, watchers: usize) -> Result<Sample, Error> {
    let events =
        ((cell.period.as_secs_f64() * DELIVERIES / watchers as f64) as u64).max(WRITERS) / WRITERS * WRITERS;
    let expected = events * watchers as u64;
    let arrived = Arc::new(Arrived { expected, ..Arrived::default() });
    let mut readers = JoinSet::new();
    for body in open(service, watchers).await? {
        readers.spawn(count(body, arrived.clone()));
    }
    let work = async {
        let begin = Instant::now();
        write(cell, service, events).await?;
        tokio::time::timeout(PATIENCE, arrived.wait()).await.map_err(|_| {
            let count = arrived.count.load(Ordering::Relaxed);
            Error::Wrong(format!("{count} of {expected} events arrived within {PATIENCE:?}"))
        })?;
        Ok(Sample { operations: expected, wall: begin.elapsed(), ..Sample::default() })
    };
    service.measure(work).await
}

/// Opens the watches; each is answered before the first event is written.
async fn open(service: &Service, watchers: usize) -> Result<Vec<Incoming>, Error> {
    let mut connection = service.target.connect().await?;
    let collection = service.words.collection("watched");
    let list = connection.read(Method::GET, &format!("{collection}?limit=1"), Bytes::new()).await?;
    let list: List = serde_json::from_slice(&list).map_err(|error| Error::Wrong(error.to_string()))?;
    let path = format!("{collection}?watch=1&resourceVersion={}", list.metadata.resource_version);
    let mut bodies = Vec::new();
    while bodies.len() < watchers {
        if bodies.len() % STREAMS == 0 {
            connection = service.target.connect().await?;
        }
        bodies.push(connection.send(Method::GET, &path, Bytes::new()).await?.into_body());
    }
    Ok(bodies)
}

/// What a watch begins with.
#[derive(Deserialize)]
struct List {
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    resource_version: String,
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

async fn write(cell: &Cell, service: &Service, events: u64) -> Result<(), Error> {
    let (connection, words) = (service.target.connect().await?, service.words);
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (mut connection, numbers) = (connection.clone(), cell.numbers.clone());
        writers.spawn(async move {
            for _ in 0..events / WRITERS {
                let object = words.object("watched", numbers.next());
                create(&mut connection, &words.collection("watched"), object).await?;
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(written) = writers.join_next().await {
        written.map_err(|error| Error::Wrong(error.to_string()))??;
    }
    Ok(())
}
