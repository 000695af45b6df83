//! How many creates of 2 KB an engine does each second, with 1, 16, 64 and 256 writers at once.
//!
//! ```text
//! cargo run --release -p databases-storage --example write_rate -- redb /var/tmp/rate.redb
//! cargo run --release -p databases-storage --features etcd --example write_rate -- etcd http://127.0.0.1:2379
//! ```

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use databases_storage::engine::{self, Config, etcd, memory, redb};
use databases_storage::{Error, Storage, Update};

const PERIOD: Duration = Duration::from_secs(3);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let (engine, place) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    let config = match engine.as_str() {
        "memory" => Config::Memory(memory::Config),
        "redb" => Config::Redb(redb::Config::new(place)),
        "etcd" => Config::Etcd(etcd::Config::new([place])),
        _ => return Err(Error::Io("usage: write_rate memory | redb <path> | etcd <url>".to_owned())),
    };
    let store = engine::open(config).await?;
    for writers in [1, 16, 64, 256] {
        measure(&store, writers).await?;
    }
    Ok(())
}

async fn measure(store: &Arc<dyn Storage>, writers: u64) -> Result<(), Error> {
    let end = Instant::now() + PERIOD;
    let tasks: Vec<_> =
        (0..writers).map(|writer| tokio::spawn(write(store.clone(), writers, writer, end))).collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.map_err(|error| Error::Unavailable(error.to_string()))??);
    }
    times.sort_unstable();
    let percentile = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    let rate = times.len() as f64 / PERIOD.as_secs_f64();
    println!("{writers:4} writers: {rate:8.0} creates/s, p50 {:?}, p99 {:?}", percentile(50), percentile(99));
    Ok(())
}

/// Creates keys that spread over the key space until `end`; how long each took.
async fn write(store: Arc<dyn Storage>, run: u64, writer: u64, end: Instant) -> Result<Vec<Duration>, Error> {
    let mut times = Vec::new();
    for number in 0u64.. {
        let begin = Instant::now();
        if begin >= end {
            break;
        }
        let spread = (number * writer.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let key = format!("/rate/{spread:016x}/{run}-{writer}-{number}");
        match store.create(&key, Bytes::from(vec![b'x'; 2048])).await? {
            Update::Done(_) => times.push(begin.elapsed()),
            Update::Conflict(_) => return Err(Error::Io("the store is not empty".to_owned())),
        }
    }
    Ok(times)
}
