//! The end of a connection: the last bytes reach the peer.
//!
//! A socket that is closed while something of the peer's is unread answers with a reset, which destroys what is still on
//! its way to the peer. So the sending side ends first, and what still comes is read and dropped until the peer has ended too.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use super::lent::Lent;

/// How long a peer may be silent before it has seen the end. Its machine may be busy, or have stood still for seconds.
pub(super) const SILENCE: Duration = Duration::from_secs(10);
/// How long it may take in all.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of what it sends meanwhile is read.
const MOST: usize = 1 << 20;

/// Ends the sending side, and reads until the peer has ended too, within bounds.
pub(super) async fn linger<I: AsyncRead + AsyncWrite + Unpin>(mut io: I) {
    let ending = async {
        timeout(SILENCE, io.shutdown()).await??;
        let (mut unread, mut left) = (vec![0; 4 << 10], MOST);
        loop {
            match timeout(SILENCE, io.read(&mut unread)).await? {
                Ok(read) if read > 0 && read < left => left -= read,
                over => return over,
            }
        }
    };
    // A peer that is gone has nothing to lose.
    let _ = timeout(PATIENCE, ending).await;
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
    use tokio::time::{Instant, advance, interval};

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

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_still_reads_is_waited_for() {
        let (mut client, server) = tokio::io::duplex(64);
        let begun = Instant::now();
        let lingering = tokio::spawn(linger(server));
        for _ in 0..3 {
            advance(SILENCE - Duration::from_secs(1)).await;
            client.write_all(b"window").await.unwrap();
            tokio::task::yield_now().await;
        }
        assert!(!lingering.is_finished());
        drop(client);
        lingering.await.unwrap();
        assert!(begun.elapsed() < PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_is_silent_or_never_ends_is_left() {
        let (silent, server) = tokio::io::duplex(64);
        let begun = Instant::now();
        linger(server).await;
        assert_eq!(begun.elapsed().as_secs(), SILENCE.as_secs());
        drop(silent);

        let (mut endless, server) = tokio::io::duplex(64);
        let begun = Instant::now();
        let mut beat = interval(Duration::from_secs(1));
        let talk = async {
            while endless.write_all(b"more").await.is_ok() {
                beat.tick().await;
            }
        };
        tokio::select! {
            () = talk => panic!("it is left in the middle of its talk"),
            () = linger(server) => {}
        }
        assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
    }
}
