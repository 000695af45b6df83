//! How the server is told to end, in three steps.
//!
//! *Announced*: readiness fails, everything is served on. *Draining*: nothing new is accepted, streams without an end
//! of their own end. *Now*: whatever is left is dropped. Each step includes the ones before it.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The handle by which everybody learns that the server ends. Clones are the same handle.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    announced: CancellationToken,
    draining: CancellationToken,
    now: CancellationToken,
}

impl Shutdown {
    /// A handle of a server that runs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Announces the end; a second call makes it immediate.
    pub fn begin(&self) {
        if self.announced.is_cancelled() {
            self.now();
        }
        self.announced.cancel();
    }

    /// Ends at once.
    pub fn now(&self) {
        self.announced.cancel();
        self.draining.cancel();
        self.now.cancel();
    }

    /// Ends what has no end of its own; the listener calls it when the announced delay is over.
    pub(super) fn drain(&self) {
        self.announced.cancel();
        self.draining.cancel();
    }

    /// Cancelled as soon as the end is announced; readiness fails from then on.
    pub fn announced(&self) -> &CancellationToken {
        &self.announced
    }

    /// Cancelled when streams must end and new requests are refused.
    pub fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// Cancelled when nothing is waited for any more.
    pub fn immediate(&self) -> &CancellationToken {
        &self.now
    }

    /// Announces the end at the first SIGTERM or SIGINT and makes it immediate at the second.
    pub async fn on_signals(self) -> std::io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        while !self.now.is_cancelled() {
            tokio::select! {
                _ = terminate.recv() => self.signalled("SIGTERM"),
                _ = interrupt.recv() => self.signalled("SIGINT"),
                () = self.now.cancelled() => {}
            }
        }
        Ok(())
    }

    fn signalled(&self, signal: &str) {
        let how = if self.announced.is_cancelled() { "the server ends at once" } else { "the server ends" };
        tracing::info!(signal, "{how}");
        self.begin();
    }
}
