//! Threads of their own for what works with files and processes: however long a disk takes, requests are answered meanwhile.

use std::future::Future;
use std::panic::resume_unwind;
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// As many threads.
const THREADS: usize = 2;

/// Where work is done apart from who asks for it.
pub(in crate::backend) struct Apart(Option<Runtime>);

impl Apart {
    pub(in crate::backend) fn new() -> std::io::Result<Self> {
        Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("local")
            .enable_all()
            .build()
            .map(|runtime| Apart(Some(runtime)))
    }

    /// Does it there. It is given up when nobody waits for it any more.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let Some(runtime) = &self.0 else { unreachable!("it is there until it is dropped") };
        match AbortOnDropHandle::new(runtime.spawn(work)).await {
            Ok(done) => done,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The threads end with the program.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Drop for Apart {
    /// Nobody may wait for threads where it is dropped.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn who_asks_goes_on_while_a_thread_is_held() {
        let apart = Apart::new().expect("threads");
        let (tell, told) = mpsc::channel();
        let held = apart.run(async move { told.recv() });
        let (answer, sent) = tokio::join!(held, async { tell.send(1) });
        assert_eq!((answer, sent), (Ok(1), Ok(())));
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_given_up() {
        let apart = Apart::new().expect("threads");
        let ((begun, begins), (held, gone)) = (oneshot::channel(), oneshot::channel::<()>());
        let work = apart.run(async move {
            let _held = held;
            begun.send(()).expect("somebody waits");
            std::future::pending::<()>().await;
        });
        tokio::select! {
            () = work => unreachable!("it has no end"),
            begun = begins => begun.expect("it begins"),
        }
        gone.await.expect_err("what it had is dropped");
    }
}
