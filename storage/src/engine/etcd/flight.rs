//! The current revision, read once for all who ask at the same time.
//!
//! A caller may share a read only if it was sent after the caller asked, else it could miss a write that was
//! acknowledged in between. So one read runs at a time, and everyone who asks meanwhile shares the next one.

use std::future::Future;

use tokio::sync::{mpsc, oneshot};

use crate::{Error, Revision};

/// The reason of an [`Error::Unavailable`], which unlike the error can be given to many.
type Shared = Result<Revision, String>;

/// Reads that many callers share.
pub(super) struct Flight(mpsc::UnboundedSender<oneshot::Sender<Shared>>);

impl Flight {
    /// Starts the task that calls `read`; it ends with the value.
    pub(super) fn new<F>(read: impl Fn() -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<Revision, Error>> + Send,
    {
        let (callers, mut waiting) = mpsc::unbounded_channel::<oneshot::Sender<Shared>>();
        tokio::spawn(async move {
            let mut aboard = Vec::new();
            while waiting.recv_many(&mut aboard, usize::MAX).await > 0 {
                let result = read().await.map_err(|error| match error {
                    Error::Unavailable(reason) => reason,
                    other => other.to_string(),
                });
                for caller in aboard.drain(..) {
                    // A caller that is gone needs no answer.
                    drop(caller.send(result.clone()));
                }
            }
        });
        Self(callers)
    }

    /// The result of a read that begins after this call.
    pub(super) async fn join(&self) -> Result<Revision, Error> {
        let (caller, answer) = oneshot::channel();
        let stopped = || Error::Unavailable("the server is stopping".to_owned());
        self.0.send(caller).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?.map_err(Error::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn callers_share_the_next_read_but_never_one_under_way() {
        let (reads, gate, begun) =
            (Arc::new(AtomicU64::new(0)), Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let flight = Arc::new(Flight::new({
            let (reads, gate, begun) = (reads.clone(), gate.clone(), begun.clone());
            move || {
                let (reads, gate, begun) = (reads.clone(), gate.clone(), begun.clone());
                async move {
                    let number = reads.fetch_add(1, Ordering::SeqCst) + 1;
                    begun.add_permits(1);
                    gate.acquire().await.expect("open").forget();
                    Ok(number)
                }
            }
        }));

        let first = tokio::spawn({
            let flight = flight.clone();
            async move { flight.join().await }
        });
        begun.acquire().await.unwrap().forget();
        let late = tokio::spawn({
            let flight = flight.clone();
            async move { join_all((0..10).map(|_| flight.join())).await }
        });
        tokio::task::yield_now().await;
        gate.add_permits(1);
        assert_eq!(first.await.unwrap().unwrap(), 1);
        begun.acquire().await.unwrap().forget();
        gate.add_permits(1);
        let late: Vec<_> = late.await.unwrap().into_iter().map(Result::unwrap).collect();
        assert_eq!(late, [2; 10]);
        assert_eq!(reads.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_failure_reaches_every_caller() {
        let flight = Flight::new(|| async { Err(Error::Unavailable("no".to_owned())) });
        for _ in 0..2 {
            let error = flight.join().await.unwrap_err();
            assert!(matches!(error, Error::Unavailable(reason) if reason == "no"));
        }
    }
}
