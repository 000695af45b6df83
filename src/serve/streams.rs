//! Requests over HTTP/2, each a task of its own, and their ends.
//!
//! Of a peer that reads nothing, an answer's body is not asked for more, and never learns that its time is over. It would keep what it
//! holds, a place among the requests too, for as long as the peer likes. So the task has an end of its own.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use hyper::rt::Executor;
use tokio::time::{Instant, Sleep, sleep_until};

tokio::task_local! {
    /// When the request is over, if ever.
    static END: Cell<Option<Instant>>;
}

/// Runs requests over HTTP/2.
#[derive(Clone, Copy, Debug)]
pub(super) struct Streams;

/// Ends the request at that time, whether its answer is written by then or not. Over HTTP/1.1 it does nothing: there a request is no
/// task of its own.
pub(crate) fn end_at(deadline: Instant) {
    let _ = END.try_with(|end| end.set(Some(deadline)));
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
{
    fn execute(&self, stream: F) {
        tokio::spawn(END.scope(Cell::new(None), until_over(stream)));
    }
}

async fn until_over<F: Future>(stream: F) {
    let mut stream = pin!(stream);
    let mut end: Option<Pin<Box<Sleep>>> = None;
    let over = poll_fn(|context| {
        if stream.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        if end.is_none() {
            end = END.with(Cell::get).map(|at| Box::pin(sleep_until(at)));
        }
        end.as_mut().map_or(Poll::Pending, |end| end.as_mut().poll(context))
    });
    over.await;
}
