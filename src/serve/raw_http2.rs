//! HTTP/2 frame by frame: what clients of a library do not see.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::testing::soon;
use super::tests::start;
use super::*;

const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
const GOAWAY: u8 = 7;
pub(crate) const ACK: u8 = 1;
/// A GET of `/stuck` on `localhost`, as HPACK writes it.
const STUCK: &[u8] = b"\x82\x87\x44\x06/stuck\x41\x09localhost";

/// A frame: its type, its flags, and what it holds.
pub(crate) type Frame = (u8, u8, Vec<u8>);

pub(crate) async fn send<S: AsyncWrite + Unpin>(stream: &mut S, (kind, flags, payload): Frame, of: u8) {
    let length = u8::try_from(payload.len()).unwrap();
    let mut bytes = vec![0, 0, length, kind, flags, 0, 0, 0, of];
    bytes.extend(payload);
    stream.write_all(&bytes).await.unwrap();
    stream.flush().await.unwrap();
}

/// The next frame.
async fn frame<S: AsyncRead + Unpin>(stream: &mut S) -> Frame {
    let mut head = [0; 9];
    soon(stream.read_exact(&mut head)).await.unwrap();
    let [a, b, c, kind, flags, ..] = head;
    let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
    soon(stream.read_exact(&mut payload)).await.unwrap();
    (kind, flags, payload)
}

/// The next frame that is of one of these types.
pub(crate) async fn next_of<S: AsyncRead + Unpin>(stream: &mut S, kinds: &[u8]) -> Frame {
    loop {
        let next = frame(stream).await;
        if kinds.contains(&next.0) {
            return next;
        }
    }
}

/// The next frame that is not of settings or windows.
async fn next<S: AsyncRead + Unpin>(stream: &mut S) -> Frame {
    next_of(stream, &[PING, GOAWAY]).await
}

/// Says that this is HTTP/2, with the settings that everybody has.
pub(crate) async fn begin<S: AsyncWrite + Unpin>(stream: &mut S) {
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    send(stream, (SETTINGS, 0, Vec::new()), 0).await;
}

/// A peer that asks whether a connection lives must hear of it as long as it has requests there, or it takes them for lost.
#[tokio::test]
async fn pings_are_answered_while_a_connection_drains() {
    let server = start(Limits::default()).await;
    let mut stream = server.handshake(None, b"h2").await;
    begin(&mut stream).await;
    send(&mut stream, (1, 5, STUCK.to_vec()), 1).await;
    send(&mut stream, (PING, 0, b"started?".to_vec()), 0).await;
    assert_eq!(next(&mut stream).await, (PING, ACK, b"started?".to_vec()));
    server.shutdown.begin();
    let (kind, _, announced) = next(&mut stream).await;
    assert_eq!(
        (kind, &announced[..4]),
        (GOAWAY, &[0x7f, 0xff, 0xff, 0xff][..]),
        "no request is taken for refused"
    );
    let (kind, flags, last) = next(&mut stream).await;
    assert_eq!((kind, flags), (PING, 0), "it is asked whether that arrived");
    send(&mut stream, (PING, ACK, last), 0).await;
    let (kind, _, certain) = next(&mut stream).await;
    assert_eq!((kind, &certain[..4]), (GOAWAY, &[0, 0, 0, 1][..]), "what came before is worked on");
    for asked in [b"alive  1", b"alive  2"] {
        send(&mut stream, (PING, 0, asked.to_vec()), 0).await;
        assert_eq!(next(&mut stream).await, (PING, ACK, asked.to_vec()));
    }
    server.shutdown.begin();
    soon(server.serving).await.unwrap();
}
