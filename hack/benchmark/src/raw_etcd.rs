//! The limit of etcd: the same keys and values through the client that the server uses, and nothing else.
//!
//! It runs as a process of its own, so that its CPU is told from the harness's.

use crate::error::Error;
use crate::load::{Until, closed_loop};
use crate::process::cpu;
use crate::sample::Sample;
use bytes::Bytes;
use clap::ValueEnum;
use databases_storage::engine::{self, etcd};
use databases_storage::{ReadAt, Storage, Update};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What to do, and how often.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Where etcd is.
    #[arg(long)]
    pub endpoint: String,
    /// Its process.
    #[arg(long)]
    pub etcd_pid: u32,
    /// The prefix of the keys.
    #[arg(long)]
    pub prefix: String,
    /// What is done over and over.
    #[arg(long, value_enum)]
    pub work: Work,
    /// How many at once.
    #[arg(long)]
    pub concurrency: usize,
    /// How long.
    #[arg(long)]
    pub seconds: f64,
    /// Where the sample is written, as JSON.
    #[arg(long)]
    pub out: PathBuf,
}

/// What is done over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// One linearizable read of a key.
    Get,
    /// A key that was not there.
    Create,
    /// Every key below the prefix.
    List,
}

/// A stored object of the benchmark has about so many bytes.
const VALUE: usize = 2200;

/// Does the work and writes the sample.
pub async fn run(options: Options) -> Result<(), Error> {
    let mut config = etcd::Config::new([options.endpoint.clone()]);
    config.prefix.clone_from(&options.prefix);
    let store = engine::open(engine::Config::Etcd(config)).await?;
    if options.work == Work::Get {
        create(&*store, "/objects/one").await?;
    }
    let (own, theirs) = (cpu(std::process::id()), cpu(options.etcd_pid));
    let mut sample = measure(&options, store).await?;
    sample.cpu = cpu(std::process::id()) - own;
    sample.etcd = cpu(options.etcd_pid) - theirs;
    let text = serde_json::to_vec(&sample).map_err(|error| Error::Wrong(error.to_string()))?;
    std::fs::write(&options.out, text).map_err(|source| Error::file(&options.out, source))
}

async fn measure(options: &Options, store: Arc<dyn Storage>) -> Result<Sample, Error> {
    let work = options.work;
    let until = Until { period: Duration::from_secs_f64(options.seconds), operations: u64::MAX };
    if work == Work::List {
        return list_once(&*store).await;
    }
    closed_loop(options.concurrency, until, move |_, number| {
        let store = store.clone();
        async move {
            match work {
                Work::Create => create(&*store, &format!("/objects/{number:08}")).await,
                _ => store.get("/objects/one", ReadAt::Latest).await.map(drop).map_err(Error::from),
            }
        }
    })
    .await
}

async fn create(store: &dyn Storage, key: &str) -> Result<(), Error> {
    match store.create(key, Bytes::from(vec![b'x'; VALUE])).await? {
        Update::Done(_) => Ok(()),
        Update::Conflict(_) => Err(Error::Wrong(format!("{key} is there already"))),
    }
}

/// What a server must do before it can serve: read it all.
async fn list_once(store: &dyn Storage) -> Result<Sample, Error> {
    let begin = Instant::now();
    let page = store.list("/", None, 0, ReadAt::Latest).await?;
    let wall = begin.elapsed();
    let operations = u64::from(!page.items.is_empty());
    Ok(Sample { operations, wall, p50: wall, p99: wall, ..Sample::default() })
}
