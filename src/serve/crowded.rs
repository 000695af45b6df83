//! What becomes of connections that wait for a place among the handshakes.

use std::time::Duration;

use futures_util::FutureExt;
use http::StatusCode;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::testing::{Client, soon};
use super::tests::start;
use super::*;

#[tokio::test]
async fn a_silent_peer_is_dropped_and_gives_its_place_back() {
    let limits = Limits { handshakes: 1, handshake_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = start(limits).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(soon(silent.read(&mut [0])).await.unwrap(), 0);
    assert_eq!(server.h1(None).await.get("/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn silent_peers_keep_nobody_out() {
    let never = Duration::from_secs(3600);
    let limits = Limits {
        handshakes: 2,
        handshake_timeout: never,
        handshake_patience: Duration::from_millis(10),
        ..Limits::default()
    };
    let server = start(limits).await;
    let silent = [(); 5].map(|()| TcpStream::connect(server.address));
    let mut silent = futures_util::future::try_join_all(silent).await.unwrap();
    assert_eq!(server.h1(None).await.get("/").await.status(), StatusCode::OK);
    // Three of them gave way for the others, and one for the client, who began first; nobody else does without need.
    for first in &mut silent[..4] {
        assert_eq!(soon(first.read(&mut [0])).await.unwrap(), 0);
    }
    assert!(silent[4].read(&mut [0]).now_or_never().is_none());
}

#[tokio::test]
async fn who_has_just_connected_is_answered_before_the_end() {
    let server = start(Limits { handshakes: 1, ..Limits::default() }).await;
    let mut fresh = [server.h1(None).await, server.h2(None).await];
    // While this one keeps the only place, the next waits for it, and the system alone knows of the others.
    let silent = TcpStream::connect(server.address).await.unwrap();
    let waiting = [(); 3].map(|()| TcpStream::connect(server.address));
    let waiting = futures_util::future::try_join_all(waiting).await.unwrap();
    server.shutdown.begin();
    server.shutdown.draining().cancelled().await;
    drop(silent);
    for waiting in waiting {
        let waiting = server.handshake_over(waiting, |builder| builder.with_no_client_auth(), b"h2");
        let mut client = Client::over(soon(waiting).await).await;
        assert_eq!(client.get("/").await.status(), StatusCode::OK);
    }
    for client in &mut fresh {
        assert_eq!(client.get("/").await.status(), StatusCode::OK);
    }
    drop(fresh);
    assert!(soon(server.serving).await.unwrap());
}
