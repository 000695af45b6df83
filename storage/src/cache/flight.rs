//! One read of the store's revision for all who ask at the same time.
//!
//! A read answers only those who arrived before it began. So there are at most two: the one that is under way,
//! and the next, which begins when the first has landed and which everyone who arrives meanwhile boards. An
//! engine that knows its revision at once is asked on the spot, without any of this.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use super::wake::lock;
use crate::{Error, Revision, Storage};

type Answer = Result<Revision, Arc<Error>>;
type Flight = Shared<BoxFuture<'static, Answer>>;

pub(super) struct Flights {
    storage: Arc<dyn Storage>,
    board: Arc<Mutex<Board>>,
}

#[derive(Default)]
struct Board {
    running: Option<Flight>,
    next: Option<Flight>,
}

enum Boarding {
    Landed(Answer),
    Aboard(Flight),
}

impl Flights {
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, board: Arc::default() }
    }

    /// The store's revision, from a read that began after this was called.
    pub(super) async fn revision(&self) -> Answer {
        let mut flight = None;
        poll_fn(move |context| {
            let aboard = match &mut flight {
                Some(aboard) => aboard,
                None => match self.go_aboard(context) {
                    Boarding::Landed(answer) => return Poll::Ready(answer),
                    Boarding::Aboard(aboard) => flight.insert(aboard),
                },
            };
            Pin::new(aboard).poll_unpin(context)
        })
        .await
    }

    fn go_aboard(&self, context: &mut Context<'_>) -> Boarding {
        let mut board = lock(&self.board);
        if let Some(running) = board.running.clone() {
            let next = board.next.get_or_insert_with(|| {
                let read = read(self.storage.clone());
                let after = running.then(|_| read).boxed();
                land(after, Arc::downgrade(&self.board)).boxed().shared()
            });
            return Boarding::Aboard(next.clone());
        }
        let mut read = read(self.storage.clone()).boxed();
        match read.as_mut().poll(context) {
            Poll::Ready(answer) => Boarding::Landed(answer),
            Poll::Pending => {
                let flight = land(read, Arc::downgrade(&self.board)).boxed().shared();
                board.running = Some(flight.clone());
                Boarding::Aboard(flight)
            }
        }
    }
}

async fn read(storage: Arc<dyn Storage>) -> Answer {
    storage.revision().await.map_err(Arc::new)
}

/// Finishes a flight: from here on the next one is the one under way.
async fn land(read: BoxFuture<'static, Answer>, board: Weak<Mutex<Board>>) -> Answer {
    let answer = read.await;
    if let Some(board) = board.upgrade() {
        let mut board = lock(&board);
        board.running = board.next.take();
    }
    answer
}
