//! The end of a connection: the last bytes reach the peer.
//!
//! A socket that is closed while something of the peer's is unread answers with a reset, which destroys what is still on
//! its way to the peer. So the sending side ends first, and what still comes is read and dropped for a moment.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::lent::Lent;

/// How long a peer may take to see the end.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much of what it sends meanwhile is read.
const MOST: u64 = 1 << 20;

/// Ends the sending side, and reads until the peer has ended too, within bounds.
pub(super) async fn linger<I: AsyncRead + AsyncWrite + Unpin>(mut io: I) {
    let ending = async {
        io.shutdown().await?;
        tokio::io::copy(&mut io.take(MOST), &mut tokio::io::sink()).await
    };
    // A peer that is gone has nothing to lose.
    let _ = tokio::time::timeout(PATIENCE, ending).await;
}

impl<I: Unpin> Lent<I> {
    fn io(&mut self) -> io::Result<Pin<&mut I>> {
        self.lent().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Lent<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io()?.poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Lent<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io()?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io()?.poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io()?.poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.get().is_some_and(AsyncWrite::is_write_vectored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpStream};

    /// The bytes of the peer that nobody reads are what makes a reset of a close.
    #[tokio::test]
    async fn the_last_bytes_arrive_though_the_peer_goes_on_sending() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        client.write_all(&[b'x'; 4096]).await.unwrap();
        server.readable().await.unwrap();
        server.write_all(b"last").await.unwrap();
        let (lent, returned) = Lent::new(server);
        drop(lent);
        let lingering = tokio::spawn(async move { linger(returned.await.unwrap()).await });
        client.write_all(&[b'y'; 4096]).await.unwrap();
        let mut text = Vec::new();
        client.read_to_end(&mut text).await.unwrap();
        assert_eq!(text, b"last");
        drop(client);
        lingering.await.unwrap();
    }
}
