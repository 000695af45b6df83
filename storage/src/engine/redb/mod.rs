//! The engine `redb`: the whole contract in one file, for a single node without etcd.
//!
//! One thread writes. It takes every write that is waiting, applies them in order in one transaction, commits
//! that durably once, and only then answers: concurrent writers share the cost of a commit. Reads see
//! snapshots on the blocking pool; no call into redb ever runs on a worker of the async runtime.
//!
//! A failed commit acknowledges nothing. The file is then opened afresh, by whichever read or write comes
//! next, since only what is in the file tells what became of that commit. While that fails too, as on a full
//! disk, reads are served from what is durable, and every write tries again.

mod file;
mod overlay;
mod recent;
mod shared;
mod tables;
mod view;
mod write;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use self::shared::Shared;
use self::writer::{Task, Work};
use super::{Write, key};
use crate::{Error, KeyValue, Page, ReadAt, Revision, Storage, Update, WatchStream};

/// How many writes may wait for the writer before callers are held back.
const QUEUE: usize = 4096;

/// Where the file is.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file; its folder is made when it is not there.
    pub path: PathBuf,
    /// How much of the file redb keeps in memory, in bytes.
    pub cache_size: usize,
}

impl Config {
    /// The file at `path`, with a cache that suits a store whose objects are held in memory already.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), cache_size: 4 << 20 }
    }
}

/// A store in a file.
pub struct Redb {
    shared: Arc<Shared>,
    /// `None` only while it is dropped.
    tasks: Option<mpsc::Sender<Task>>,
    writer: Option<JoinHandle<()>>,
}

/// Opens the file, or makes it.
///
/// # Errors
/// [`Error::Io`] when the file cannot be used; the message names it and says what to do.
pub async fn open(config: Config) -> Result<Redb, Error> {
    let path = config.path.clone();
    start(blocking(move || Shared::open(Box::new(file::File::new(config)))).await?, &path)
}

fn start(shared: Shared, path: &std::path::Path) -> Result<Redb, Error> {
    let shared = Arc::new(shared);
    let (tasks, queue) = mpsc::channel(QUEUE);
    let writer = std::thread::Builder::new()
        .name("redb-writer".to_owned())
        .spawn({
            let shared = shared.clone();
            move || writer::run(&shared, queue)
        })
        .map_err(|error| Error::Io(format!("cannot start the writer of {}: {error}", path.display())))?;
    Ok(Redb { shared, tasks: Some(tasks), writer: Some(writer) })
}

/// Runs what may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::Unavailable(format!("the read did not finish: {error}"))),
    }
}

impl Redb {
    async fn submit(&self, work: Work) -> Result<Update, Error> {
        let stopped =
            || Error::Unavailable("the writer of the store has stopped; restart the server".to_owned());
        let (answer, answered) = oneshot::channel();
        let tasks = self.tasks.as_ref().ok_or_else(stopped)?;
        tasks.send(Task { work, answer }).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

impl Drop for Redb {
    /// Ends all watches, waits for the writes that were submitted, and leaves the file closed.
    fn drop(&mut self) {
        self.shared.feed().close();
        self.tasks.take();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the store panicked");
        }
        self.shared.close();
    }
}

#[async_trait]
impl Storage for Redb {
    async fn revision(&self) -> Result<Revision, Error> {
        Ok(self.shared.feed().revision())
    }

    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        key::check(key)?;
        let (shared, key) = (self.shared.clone(), key.to_owned());
        blocking(move || shared.read(|view| view.get(&key, at))).await
    }

    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        key::check_prefix(prefix)?;
        let (shared, prefix, start) = (self.shared.clone(), prefix.to_owned(), start.map(str::to_owned));
        blocking(move || shared.read(|view| view.list(&prefix, start.as_deref(), limit, at))).await
    }

    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error> {
        self.submit(Work::Write(Write::new(key, None, Some(value))?)).await
    }

    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        self.submit(Work::Write(Write::new(key, Some(expected), Some(value))?)).await
    }

    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        self.submit(Work::Write(Write::new(key, Some(expected), None)?)).await
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        key::check_prefix(prefix)?;
        let shared = self.shared.clone();
        blocking(move || shared.read(|view| view.check_kept(after))).await?;
        Ok(self.shared.feed().watch(self.shared.clone(), prefix, after))
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.shared.feed().ask_progress();
        Ok(())
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.submit(Work::Compact(revision)).await.map(|_| ())
    }

    async fn size(&self) -> Result<Option<u64>, Error> {
        let shared = self.shared.clone();
        blocking(move || shared.size().map(Some)).await
    }
}

#[cfg(test)]
mod tests;
