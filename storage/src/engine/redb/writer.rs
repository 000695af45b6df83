//! The one thread that writes.

use ::redb::Database;
use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot::Sender;

use super::super::Write;
use super::shared::{Failure, Shared, Use};
use super::write::{self, Batch};
use crate::{Error, Event, Revision, Update};

/// The most tasks, and about the most bytes, that share one commit.
const MAX_TASKS: usize = 1024;
const MAX_SIZE: usize = 16 << 20;

/// Something to write, and where the answer goes once it is durable.
pub(super) struct Task {
    pub(super) work: Work,
    pub(super) answer: Sender<Result<Update, Error>>,
}

/// Something to write.
pub(super) enum Work {
    Write(Write),
    /// Answered with the revision, as if it were a write.
    Compact(Revision),
}

/// Works until every sender of `queue` is gone.
pub(super) fn run(shared: &Shared, mut queue: Receiver<Task>) {
    // A compaction that a crash interrupted goes on.
    let mut unswept = true;
    loop {
        let batch = next_batch(&mut queue, !unswept);
        let Some(batch) = batch else { return };
        if !batch.is_empty() {
            unswept |= batch.iter().any(|task| matches!(task.work, Work::Compact(_)));
            commit(shared, batch);
        }
        if unswept {
            unswept = sweep(shared);
        }
    }
}

/// Everything that waits now, or if nothing does and `wait` is set, what comes next; `None` at the end.
fn next_batch(queue: &mut Receiver<Task>, wait: bool) -> Option<Vec<Task>> {
    use tokio::sync::mpsc::error::TryRecvError;

    let mut batch = Vec::new();
    let mut size = 0;
    if wait {
        batch.push(queue.blocking_recv()?);
    }
    while batch.len() < MAX_TASKS && size < MAX_SIZE {
        match queue.try_recv() {
            Ok(task) => {
                size += task.size();
                batch.push(task);
            }
            Err(TryRecvError::Disconnected) if batch.is_empty() => return None,
            Err(_) => break,
        }
    }
    Some(batch)
}

/// Writes `batch` durably, publishes its events, and answers; or answers that it failed.
fn commit(shared: &Shared, batch: Vec<Task>) {
    match shared.with(Use::Write, |database| apply(database, &batch)) {
        Ok(Written { outcomes, revision, events }) => {
            shared.recent().extend(events);
            shared.feed().publish(revision);
            for (task, outcome) in batch.into_iter().zip(outcomes) {
                task.answer(outcome);
            }
        }
        Err(error) => {
            tracing::error!(%error, writes = batch.len(), "a commit failed");
            shared.fail();
            for task in batch {
                task.answer(Err(copy(&error)));
            }
        }
    }
}

/// What one commit did.
struct Written {
    outcomes: Vec<Result<Update, Error>>,
    revision: Revision,
    events: Vec<Event>,
}

/// Applies the tasks in order and commits them.
fn apply(database: &Database, batch: &[Task]) -> Result<Written, Failure> {
    let transaction = database.begin_write()?;
    let written = {
        let mut tables = Batch::open(&transaction)?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for task in batch {
            outcomes.push(match &task.work {
                Work::Write(write) => Ok(tables.apply(write)?),
                Work::Compact(revision) => tables.compact(*revision)?,
            });
        }
        let (revision, events) = tables.finish()?;
        Written { outcomes, revision, events }
    };
    transaction.commit()?;
    Ok(written)
}

/// Whether more is left to sweep.
fn sweep(shared: &Shared) -> bool {
    shared.with(Use::Write, write::sweep).unwrap_or_else(|error| {
        tracing::error!(%error, "compaction failed; the next one goes on with it");
        shared.fail();
        false
    })
}

impl Task {
    fn size(&self) -> usize {
        match &self.work {
            Work::Write(write) => write.value.as_ref().map_or(0, bytes::Bytes::len),
            Work::Compact(_) => 0,
        }
    }

    /// A caller that is gone needs no answer.
    fn answer(self, outcome: Result<Update, Error>) {
        drop(self.answer.send(outcome));
    }
}

/// One error for every write of a batch.
fn copy(error: &Error) -> Error {
    match error {
        Error::Corrupt(message) => Error::Corrupt(message.clone()),
        Error::Unavailable(message) => Error::Unavailable(message.clone()),
        other => Error::Io(other.to_string()),
    }
}
