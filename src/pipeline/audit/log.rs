//! Where events are written, and what becomes of a request when they cannot be.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::oneshot;

use super::rotation::{Rotated, Rotation};
use crate::telemetry::AuditMetrics;

/// Events that wait to be written take at most so many bytes, however many may wait.
const MOST_WAITING: usize = 64 * 1024 * 1024;
/// How long the end waits for what is still to be written.
const LAST: Duration = Duration::from_secs(5);

/// How requests and the log depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A request waits until its event is written, and goes on if it cannot be.
    Blocking,
    /// Likewise, but one that cannot be recorded when it comes is refused.
    BlockingStrict,
    /// Events are written behind the requests. So many wait at most; others are lost, and counted.
    Batch(usize),
}

/// Where events are written.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Standard output.
    Standard,
    /// A file.
    File(PathBuf, Rotation),
}

/// A log of lines.
#[derive(Debug)]
pub(crate) struct Log {
    way: Way,
    metrics: AuditMetrics,
}

#[derive(Debug)]
enum Way {
    Here { output: Mutex<Output>, is_strict: bool },
    Behind { queue: SyncSender<Told>, waiting: Arc<AtomicUsize> },
}

/// What the thread behind is told.
#[derive(Debug)]
enum Told {
    Line(Vec<u8>),
    /// To say when it has come so far.
    Flush(oneshot::Sender<()>),
}

#[derive(Debug)]
struct Output {
    file: Option<Rotated>,
    metrics: AuditMetrics,
    /// Whether the last line could not be written.
    is_failing: bool,
}

impl Log {
    /// Opens it; in batch mode a thread writes it for as long as this is there.
    pub(crate) fn open(target: Target, mode: Mode, metrics: AuditMetrics) -> io::Result<Self> {
        let file = match target {
            Target::Standard => None,
            Target::File(path, rotation) => Some(Rotated::open(path, rotation, Timestamp::now)?),
        };
        let output = Output { file, metrics: metrics.clone(), is_failing: false };
        let way = match mode {
            Mode::Blocking | Mode::BlockingStrict => {
                Way::Here { output: Mutex::new(output), is_strict: mode == Mode::BlockingStrict }
            }
            Mode::Batch(most) => behind(output, most)?,
        };
        Ok(Self { way, metrics })
    }

    /// Writes a line, which ends in a newline; whether its request may go on.
    pub(super) fn write(&self, line: Vec<u8>) -> bool {
        match &self.way {
            Way::Here { output, is_strict } => {
                let write = || output.lock().unwrap_or_else(PoisonError::into_inner).write(&line);
                let is_written = while_others_go_on(write);
                is_written || !is_strict
            }
            Way::Behind { queue, waiting } => {
                let length = line.len();
                let before = waiting.fetch_add(length, Ordering::Relaxed);
                let told = match before + length <= MOST_WAITING {
                    true => queue.try_send(Told::Line(line)),
                    false => Err(TrySendError::Full(Told::Line(line))),
                };
                if told.is_err() {
                    waiting.fetch_sub(length, Ordering::Relaxed);
                    self.metrics.lost("buffered");
                }
                true
            }
        }
    }

    /// Waits until everything so far is written, or nobody seems to take it.
    pub(super) async fn flush(&self) {
        if tokio::time::timeout(LAST, self.written()).await.is_err() {
            tracing::error!("events that wait for the audit log are lost: it was not written for {LAST:?}");
        }
    }

    async fn written(&self) {
        let Way::Behind { queue, .. } = &self.way else { return };
        let (queue, (done, is_done)) = (queue.clone(), oneshot::channel());
        // The queue may be full.
        let told = tokio::task::spawn_blocking(move || queue.send(Told::Flush(done)));
        if told.await.is_ok_and(|told| told.is_ok()) {
            let _ = is_done.await;
        }
    }
}

/// Does what may stand still, such as a write to a pipe that nobody reads, where other requests have threads of their own.
fn while_others_go_on<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn behind(mut output: Output, most: usize) -> io::Result<Way> {
    let (queue, lines) = mpsc::sync_channel(most);
    let waiting = Arc::new(AtomicUsize::new(0));
    let written = Arc::clone(&waiting);
    let write = move || {
        for told in lines {
            match told {
                Told::Line(line) => {
                    output.write(&line);
                    written.fetch_sub(line.len(), Ordering::Relaxed);
                }
                // Whoever asked may have gone.
                Told::Flush(done) => drop(done.send(())),
            }
        }
    };
    std::thread::Builder::new().name("audit".to_owned()).spawn(write)?;
    Ok(Way::Behind { queue, waiting })
}

impl Output {
    /// Whether the line is written. That it cannot be is told once, and counted each time.
    fn write(&mut self, line: &[u8]) -> bool {
        let written = match &mut self.file {
            Some(file) => file.write(line),
            None => {
                let mut output = io::stdout().lock();
                output.write_all(line).and_then(|()| output.flush())
            }
        };
        let was_failing = std::mem::replace(&mut self.is_failing, written.is_err());
        match &written {
            Ok(()) if was_failing => tracing::info!("the audit log can be written again"),
            Ok(()) => {}
            Err(error) => {
                self.metrics.lost("log");
                if !was_failing {
                    tracing::error!(%error, "the audit log cannot be written; events are lost until it can be");
                }
            }
        }
        written.is_ok()
    }
}
