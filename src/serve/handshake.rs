//! From an accepted socket to a TLS stream.
//!
//! A peer that speaks plain HTTP gets 400 and one sentence, one that says nothing in time gets nothing.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::tls::Tls;

/// The first byte of every TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;
/// What a peer that speaks plain HTTP is told.
const PLAIN_HTTP: &[u8] = b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
/// What is read of a plain request, so that closing the socket does not destroy the answer on its way.
const PLAIN_BYTES: u64 = 64 << 10;

/// Makes a TLS stream of the socket; none when the peer spoke plain HTTP or left.
pub(super) async fn perform(mut socket: TcpStream, tls: &Tls) -> io::Result<Option<TlsStream<TcpStream>>> {
    socket.set_nodelay(true)?;
    let mut first = [0];
    if socket.peek(&mut first).await? == 0 {
        return Ok(None);
    }
    if first[0] != TLS_HANDSHAKE {
        refuse_plain(&mut socket, first[0]).await?;
        return Ok(None);
    }
    let acceptor = TlsAcceptor::from(Arc::clone(&tls.current()));
    acceptor.accept(socket).await.map(Some)
}

async fn refuse_plain(socket: &mut TcpStream, first: u8) -> io::Result<()> {
    if first.is_ascii_uppercase() {
        socket.write_all(PLAIN_HTTP).await?;
        socket.shutdown().await?;
        tokio::io::copy(&mut socket.take(PLAIN_BYTES), &mut tokio::io::sink()).await?;
    }
    Ok(())
}
