//! One connection: what is known of its peer, and the driver that serves it until it ends, or is handed over and ends then.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::lent::Lent;
use super::limits::Limits;
use super::linger::{SILENCE, linger};
use super::streams::Streams;
use super::takeover::Takeover;

/// The smallest buffer the HTTP/1.1 side can work with.
const SMALLEST_BUFFER: usize = 8 << 10;

/// What is known of a connection's peer.
#[derive(Clone, Debug)]
pub struct Connection {
    peer: SocketAddr,
    certificates: Arc<[CertificateDer<'static>]>,
    closing: CancellationToken,
}

/// Makes the part of an application that serves one connection.
pub trait Accept: Clone + Send + Sync + 'static {
    /// What serves the connection's requests.
    type Session: Session;

    /// Called once for each connection, after its handshake.
    fn accept(&self, connection: Connection) -> Self::Session;
}

/// Serves the requests of one connection.
pub trait Session: Clone + Send + Sync + 'static {
    /// The body of responses.
    type Body: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Unpin
        + Send
        + 'static;

    /// Answers a request; a refusal is an answer too.
    fn respond(&self, request: Request<Incoming>) -> impl Future<Output = Response<Self::Body>> + Send;
}

impl Connection {
    pub(super) fn new(
        peer: SocketAddr,
        certificates: Arc<[CertificateDer<'static>]>,
        closing: CancellationToken,
    ) -> Self {
        Self { peer, certificates, closing }
    }

    /// The peer's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The chain the peer presented, leaf first, not verified; empty when it presented none.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// Takes no new requests on the connection and closes it when those under way are answered.
    pub fn close(&self) {
        self.closing.cancel();
    }
}

/// Serves a connection until its peer leaves, it idles too long, or it is told to close and has finished.
pub(super) async fn drive<I, S>(io: I, session: S, connection: Connection, limits: &Limits)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Session,
{
    let usage = Arc::new(Usage::new());
    let counted = Arc::clone(&usage);
    let handed_over = Arc::new(OnceLock::<Takeover>::new());
    let handing = Arc::clone(&handed_over);
    let service = service_fn(move |request| {
        let (session, started, handing) = (session.clone(), Using::begin(&counted), Arc::clone(&handing));
        // On the heap from the start: an HTTP/2 stream becomes a task, which is moved several times on its way.
        Box::pin(async move {
            let mut response = session.respond(request).await;
            if let Some(takeover) = response.extensions_mut().remove() {
                handing.get_or_init(|| takeover);
            }
            Ok::<_, Infallible>(response.map(|body| Counted { body, _using: started }))
        })
    });
    let builder = protocol(limits);
    let (io, returned) = Lent::new(io);
    let ended = {
        let mut served = pin!(builder.serve_connection_with_upgrades(TokioIo::new(io), service));
        // Who has just connected has a request on its way, which is answered.
        let closing = async {
            connection.closing.cancelled().await;
            usage.begun(limits.first_request).await;
        };
        tokio::select! {
            biased;
            ended = served.as_mut() => ended,
            () = closing => { served.as_mut().graceful_shutdown(); served.await }
            () = usage.idle(limits.idle_timeout) => { served.as_mut().graceful_shutdown(); served.await }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %connection.peer, %error, "connection ended");
    }
    // A peer that was answered long ago has read the answer.
    let is_recent = handed_over.get().is_some() || !usage.has_been_idle(SILENCE);
    if let Some(takeover) = handed_over.get() {
        takeover.run().await;
    }
    if is_recent && let Ok(io) = returned.await {
        linger(io).await;
    }
}

fn protocol(limits: &Limits) -> Builder<Streams> {
    let mut builder = Builder::new(Streams);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(limits.header_lines)
        .max_buf_size((limits.header_bytes as usize).min(limits.http1_buffer).max(SMALLEST_BUFFER));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(limits.stream_window)
        .initial_connection_window_size(limits.connection_window)
        .adaptive_window(false)
        .max_send_buf_size(limits.send_buffer)
        .max_frame_size(limits.frame)
        .max_header_list_size(limits.header_bytes)
        .keep_alive_interval(limits.ping_interval)
        .keep_alive_timeout(limits.ping_timeout);
    builder
}

/// How many requests a connection works on, and when the last one ended.
#[derive(Debug)]
struct Usage {
    opened: Instant,
    requests: AtomicUsize,
    /// In milliseconds from when it was opened; 0 before the first one ended.
    last_end: AtomicU64,
}

impl Usage {
    fn new() -> Self {
        Self { opened: Instant::now(), requests: AtomicUsize::new(0), last_end: AtomicU64::new(0) }
    }

    /// Ready when the connection had no request for the whole of `patience`.
    async fn idle(&self, patience: Duration) {
        while !self.has_been_idle(patience) {
            tokio::time::sleep_until(self.idle_since() + patience).await;
        }
    }

    /// Ready when the connection has had a request, or is so old without one. Nothing but the time wakes who waits: it is
    /// polled behind what serves the requests, in the same task.
    async fn begun(&self, patience: Duration) {
        let mut old = pin!(tokio::time::sleep_until(self.opened + patience));
        poll_fn(|context| if self.is_unused() { old.as_mut().poll(context) } else { Poll::Ready(()) }).await;
    }

    fn is_unused(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0 && self.last_end.load(Ordering::Relaxed) == 0
    }

    fn has_been_idle(&self, length: Duration) -> bool {
        self.idle_since().elapsed() >= length
    }

    /// When the last request ended; now, while there is one.
    fn idle_since(&self) -> Instant {
        if self.requests.load(Ordering::Relaxed) > 0 {
            return Instant::now();
        }
        self.opened + Duration::from_millis(self.last_end.load(Ordering::Relaxed))
    }
}

/// A request under way.
#[derive(Debug)]
struct Using(Arc<Usage>);

impl Using {
    fn begin(usage: &Arc<Usage>) -> Self {
        usage.requests.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(usage))
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        let elapsed = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last_end.store(elapsed.max(1), Ordering::Relaxed);
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A response body whose request counts as under way until it is written.
struct Counted<B> {
    body: B,
    _using: Using,
}

impl<B: Body + Unpin> Body for Counted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
