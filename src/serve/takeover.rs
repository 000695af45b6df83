//! A connection that is handed over: behind the answer that switches protocols, who answered has the stream.
//!
//! It stays the task of the connection, so that the end of the server finds it like every other.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use http::Extensions;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;

/// What is left of a connection when its last answer is written.
pub type Stream = TokioIo<Upgraded>;

type Serve = Box<dyn FnOnce(Stream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// What becomes of a connection behind an answer of 101, which carries this as an extension.
#[derive(Clone)]
pub struct Takeover(Arc<Mutex<Option<(OnUpgrade, Serve)>>>);

impl Takeover {
    /// Hands the connection of a request to `serve`; nothing when others use it too, as over HTTP/2.
    pub fn of<F, S>(request: &Extensions, serve: F) -> Option<Self>
    where
        F: FnOnce(Stream) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let stream = request.get::<OnUpgrade>()?.clone();
        let serve: Serve = Box::new(move |stream| Box::pin(serve(stream)));
        Some(Self(Arc::new(Mutex::new(Some((stream, serve))))))
    }

    /// Keeps a value until the connection ends.
    pub fn keep(&self, value: impl Send + 'static) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((stream, serve)) = taken.take() {
            let serve: Serve = Box::new(move |stream| {
                let served = serve(stream);
                Box::pin(async move {
                    let _kept = value;
                    served.await;
                })
            });
            *taken = Some((stream, serve));
        }
    }

    /// Serves the connection to its end; at once over when the answer did not reach the peer.
    pub(super) async fn run(&self) {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((stream, serve)) = taken else { return };
        if let Ok(stream) = stream.await {
            serve(TokioIo::new(stream)).await;
        }
    }
}
