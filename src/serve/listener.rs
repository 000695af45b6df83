//! The listening socket: binds, accepts, and drains.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{AcquireError, Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::connection::{Accept, Connection, drive};
use super::error::Error;
use super::handshake;
use super::limits::Limits;
use super::shutdown::Shutdown;
use super::tls::Tls;

/// How long accepting rests after the system refused a socket, as when no file descriptors are left.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// How many connected peers the system keeps for us, as tokio asks it to.
const WAITING: usize = 1024;
/// How long connections may take to end when they are cut off.
const LAST: Duration = Duration::from_secs(2);

/// A bound socket that does not accept yet.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

/// What every connection of a listener shares.
struct Shared<A> {
    tls: Tls,
    application: A,
    shutdown: Shutdown,
    limits: Limits,
    handshakes: Arc<Semaphore>,
    /// Tells one handshake, the first that has had its time, to give way.
    crowded: Notify,
}

impl<A> Shared<A> {
    /// A place among the handshakes, as soon as there is one.
    async fn place(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        if let Ok(place) = Arc::clone(&self.handshakes).try_acquire_owned() {
            return Ok(place);
        }
        self.crowded.notify_one();
        let place = Arc::clone(&self.handshakes).acquire_owned().await;
        // Where it came by itself, nobody is to give way for it later.
        let _ = self.crowded.notified().now_or_never();
        place
    }

    /// The end of a handshake's time.
    async fn late(&self) {
        let Limits { handshake_timeout: all, handshake_patience: certain, .. } = self.limits;
        tokio::time::sleep(certain.min(all)).await;
        let _ = tokio::time::timeout(all.saturating_sub(certain), self.crowded.notified()).await;
    }
}

impl Listener {
    /// Binds the address; port 0 takes a free one.
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let explain = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => Error::AddressInUse(address),
            io::ErrorKind::AddrNotAvailable => Error::AddressNotAvailable(address),
            io::ErrorKind::PermissionDenied => Error::AddressForbidden(address),
            _ => Error::Bind { address, source },
        };
        let socket = TcpListener::bind(address).await.map_err(explain)?;
        let address = socket.local_addr().map_err(explain)?;
        Ok(Self { socket, address })
    }

    /// The address it is bound to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `application` until the shutdown is complete. True when every connection ended by itself in time.
    pub async fn serve<A: Accept>(
        self,
        tls: Tls,
        application: A,
        shutdown: Shutdown,
        limits: Limits,
    ) -> bool {
        let connections = TaskTracker::new();
        let handshakes = Arc::new(Semaphore::new(limits.handshakes));
        let crowded = Notify::new();
        let shared = Arc::new(Shared { tls, application, shutdown, limits, handshakes, crowded });
        let mut next = None;
        tokio::select! {
            () = accept_all(&self.socket, &mut next, &shared, &connections) => {}
            () = delay_over(&shared) => {}
        }
        accept_waiting(self.socket, next, &shared, &connections);
        shared.shutdown.drain();
        connections.close();
        let drained = tokio::select! {
            () = connections.wait() => true,
            () = tokio::time::sleep(shared.limits.drain_timeout) => false,
            () = shared.shutdown.immediate().cancelled() => false,
        };
        shared.shutdown.now();
        // What blocks a thread cannot be cut off, and holds nobody else's end.
        let _ = tokio::time::timeout(LAST, connections.wait()).await;
        drained
    }
}

async fn delay_over<A>(shared: &Shared<A>) {
    shared.shutdown.announced().cancelled().await;
    tokio::select! {
        () = tokio::time::sleep(shared.limits.shutdown_delay) => {}
        () = shared.shutdown.draining().cancelled() => {}
    }
}

/// A peer that is connected.
type Peer = (TcpStream, SocketAddr);

/// Accepts for ever. The `next` one waits for a place among the handshakes, and more of them outside the process.
async fn accept_all<A: Accept>(
    socket: &TcpListener,
    next: &mut Option<Peer>,
    shared: &Arc<Shared<A>>,
    connections: &TaskTracker,
) {
    loop {
        match socket.accept().await {
            Ok(peer) => *next = Some(peer),
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; is the limit of open files reached?");
                tokio::time::sleep(ACCEPT_REST).await;
                continue;
            }
        }
        let Ok(place) = shared.place().await else { return };
        if let Some((stream, peer)) = next.take() {
            connections.spawn(serve_one(stream, peer, place, Arc::clone(shared)));
        }
    }
}

/// Accepts the peers that the system has connected already, and closes the socket: they were not told that the server ends, nor
/// was the `next` one.
fn accept_waiting<A: Accept>(
    socket: TcpListener,
    next: Option<Peer>,
    shared: &Arc<Shared<A>>,
    connections: &TaskTracker,
) {
    let waiting = socket.into_std().into_iter().flat_map(|socket| {
        std::iter::from_fn(move || socket.accept().ok()).take(WAITING).filter_map(|(stream, peer)| {
            stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)).ok().map(|it| (it, peer))
        })
    });
    for (stream, peer) in next.into_iter().chain(waiting) {
        let shared = Arc::clone(shared);
        connections.spawn(async move {
            if let Ok(place) = shared.place().await {
                serve_one(stream, peer, place, shared).await;
            }
        });
    }
}

/// Serves one connection; the immediate end of the server drops it wherever it is.
async fn serve_one<A: Accept>(
    stream: TcpStream,
    peer: SocketAddr,
    place: OwnedSemaphorePermit,
    shared: Arc<Shared<A>>,
) {
    let serve = async {
        let performed = tokio::select! {
            performed = handshake::perform(stream, &shared.tls) => performed,
            () = shared.late() => return tracing::debug!(%peer, "TLS handshake took too long"),
        };
        let stream = match performed {
            Ok(Some(stream)) => stream,
            Ok(None) => return,
            Err(error) => return tracing::debug!(%peer, %error, "TLS handshake failed"),
        };
        drop(place);
        let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default().into();
        let closing = shared.shutdown.draining().child_token();
        let connection = Connection::new(peer, certificates, closing);
        let session = shared.application.accept(connection.clone());
        drive(stream, session, connection, &shared.limits).await;
    };
    tokio::select! {
        () = serve => {}
        () = shared.shutdown.immediate().cancelled() => {}
    }
}
