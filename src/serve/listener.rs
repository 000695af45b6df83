//! The listening socket: binds, accepts, and drains.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
        let shared = Arc::new(Shared { tls, application, shutdown, limits, handshakes });
        tokio::select! {
            () = accept_all(&self.socket, &shared, &connections) => {}
            () = delay_over(&shared) => {}
        }
        accept_waiting(self.socket, &shared, &connections);
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

/// Accepts for ever; a place among the handshakes is taken first, so that more peers wait outside the process.
async fn accept_all<A: Accept>(socket: &TcpListener, shared: &Arc<Shared<A>>, connections: &TaskTracker) {
    while let Ok(place) = Arc::clone(&shared.handshakes).acquire_owned().await {
        match socket.accept().await {
            Ok((stream, peer)) => {
                connections.spawn(serve_one(stream, peer, place, Arc::clone(shared)));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections; is the limit of open files reached?");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
}

/// Accepts the peers that the system has connected already, and closes the socket: they were not told that the server ends.
fn accept_waiting<A: Accept>(socket: TcpListener, shared: &Arc<Shared<A>>, connections: &TaskTracker) {
    let Ok(socket) = socket.into_std() else { return };
    for _ in 0..WAITING {
        let Ok((stream, peer)) = socket.accept() else { return };
        let Ok(stream) = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) else {
            continue;
        };
        let shared = Arc::clone(shared);
        connections.spawn(async move {
            if let Ok(place) = Arc::clone(&shared.handshakes).acquire_owned().await {
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
        let timeout = shared.limits.handshake_timeout;
        let stream = match tokio::time::timeout(timeout, handshake::perform(stream, &shared.tls)).await {
            Ok(Ok(Some(stream))) => stream,
            Ok(Ok(None)) => return,
            Ok(Err(error)) => return tracing::debug!(%peer, %error, "TLS handshake failed"),
            Err(_) => return tracing::debug!(%peer, "TLS handshake took too long"),
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
