//! What becomes of a connection when a request was answered before its body was read.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::network::{Setup, start};
use super::*;
use crate::serve::raw_http2::{ACK, PING, begin, next_of, send};
use crate::serve::testing::{Ca, Leaf, soon, text};

const THINGS: &str = "/apis/g/v1/things";

fn post(path: &str, bytes: usize) -> Request<Full<Bytes>> {
    let request = Request::post(format!("https://localhost{path}")).header("host", "localhost");
    request.body(Full::from(vec![b'x'; bytes])).unwrap()
}

/// What is said to these bytes on a connection of its own, until it ends.
pub(super) async fn said(setup: &Setup, identity: Option<&Leaf>, sent: &str) -> String {
    let mut stream = setup.server.handshake(identity, b"http/1.1").await;
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

fn head(path: &str, headers: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n\r\n")
}

/// Whether an answer is whole and says that it is the last one of its connection.
pub(super) fn is_last(answer: &str, status: &str) -> bool {
    let (head, content) = answer.split_once("\r\n\r\n").unwrap();
    head.starts_with(&format!("HTTP/1.1 {status}"))
        && head.contains("\r\nconnection: close")
        && head.contains(&format!("\r\ncontent-length: {}\r\n", content.len()))
}

#[tokio::test]
async fn a_connection_goes_on_behind_a_small_body_that_nobody_read() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    let foreign = Ca::new("users").client("root", "system:masters", 2090);
    for (identity, path, status) in [
        (Some(&root), THINGS, 200),
        (Some(&root), "/apis/g/v1/missing", 404),
        (Some(&root), "/apis/g/v1/panics", 500),
        (Some(&root), "/apis/g/v1/things?timeout=x", 400),
        (None, THINGS, 403),
        (Some(&foreign), THINGS, 401),
    ] {
        let mut client = setup.server.h1(identity).await;
        for _ in 0..2 {
            let answer = client.send(post(path, 256 << 10)).await;
            let ending = answer.headers().get("connection");
            assert_eq!((answer.status().as_u16(), ending), (status, None), "{path}");
            text(answer).await;
        }
    }
}

#[tokio::test]
async fn a_body_that_was_read_leaves_the_connection_alone() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    let mut client = setup.server.h1(Some(&root)).await;
    for bytes in [0, 1, 1 << 20] {
        let answer = client.send(post("/apis/g/v1/reads", bytes)).await;
        assert_eq!(answer.headers().get("connection"), None);
        assert_eq!(text(answer).await, format!("{bytes} bytes"));
    }
}

#[tokio::test]
async fn a_large_body_that_nobody_read_ends_the_connection_behind_the_answer() {
    let setup = start(Options::default()).await;
    let announced = head(THINGS, "content-length: 300000") + &"x".repeat(300_000);
    let answer = said(&setup, None, &announced).await;
    assert!(is_last(&answer, "403"), "{answer}");
    let chunk = format!("{:x}\r\n{}\r\n", 60_000, "x".repeat(60_000));
    let in_chunks = head(THINGS, "transfer-encoding: chunked") + &chunk.repeat(5) + "0\r\n\r\n";
    let answer = said(&setup, None, &in_chunks).await;
    assert!(is_last(&answer, "403"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_ends_the_connection() {
    let setup = start(Options::default()).await;
    let answer = said(&setup, None, &head(THINGS, "content-length: 10")).await;
    assert!(is_last(&answer, "403"), "{answer}");
    let broken = head(THINGS, "transfer-encoding: chunked") + "no length\r\n";
    let answer = said(&setup, None, &broken).await;
    assert!(is_last(&answer, "403"), "{answer}");
}

#[tokio::test]
async fn who_waits_for_leave_to_send_a_body_gets_it_only_where_it_is_read() {
    let setup = start(Options::default()).await;
    let waits = |path| head(path, "content-length: 4\r\nexpect: 100-continue");
    let answer = said(&setup, None, &waits(THINGS)).await;
    assert!(is_last(&answer, "403"), "{answer}");
    let root = setup.users.client("root", "system:masters", 2090);
    let mut stream = setup.server.handshake(Some(&root), b"http/1.1").await;
    let leave = "HTTP/1.1 100 Continue\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(waits("/apis/g/v1/reads").as_bytes()).await.unwrap();
        let mut given = vec![0; leave.len()];
        soon(stream.read_exact(&mut given)).await.unwrap();
        assert_eq!(given, leave.as_bytes());
        stream.write_all(b"body").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"4 bytes") {
            soon(stream.read_buf(&mut answer)).await.unwrap();
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && !answer.contains("connection"), "{answer}");
    }
}

#[tokio::test]
async fn over_http2_an_answer_is_whole_whatever_was_read_and_its_connection_goes_on() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    let mut client = setup.server.h2(Some(&root)).await;
    // Together more than the connection's window, each more than its stream's.
    for _ in 0..8 {
        for (path, length) in [("/apis/g/v1/large", 1 << 20), ("/apis/g/v1/missing", 0)] {
            assert_eq!(text(client.send(post(path, 1 << 20)).await).await.len(), length);
        }
    }
    assert_eq!(text(client.send(post("/apis/g/v1/reads", 1 << 20)).await).await, "1048576 bytes");
    assert!(!client.connection.is_finished());
    let refused = setup.server.h2(None).await.send(post(THINGS, 1 << 20)).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.headers().get("connection"), None);
    assert!(text(refused).await.ends_with("\"code\":403}\n"));
}

/// A client that waits for leave to send its body reads the whole answer, and ends its stream by itself: a reset that stands
/// right behind the answer makes some forget it.
#[tokio::test]
async fn over_http2_no_reset_stands_right_behind_an_answer() {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    let setup = start(Options::default()).await;
    let mut stream = setup.server.handshake(None, b"h2").await;
    begin(&mut stream).await;
    let mut head = b"\x83\x87\x41\x09localhost\x44".to_vec();
    head.push(u8::try_from(THINGS.len()).unwrap());
    head.extend(THINGS.bytes().chain(*b"\x63\x0c100-continue\x5c\x014"));
    send(&mut stream, (HEADERS, 4, head), 1).await;
    let ends = 1;
    assert_eq!(next_of(&mut stream, &[HEADERS, DATA, RESET]).await.0, HEADERS);
    let (kind, flags, body) = next_of(&mut stream, &[DATA, RESET]).await;
    assert_eq!((kind, flags & ends), (DATA, ends));
    assert!(body.ends_with(b"\"code\":403}\n"));
    for (sent, of) in [((PING, 0, b"answered".to_vec()), 0), ((DATA, ends, b"body".to_vec()), 1)] {
        send(&mut stream, sent, of).await;
    }
    send(&mut stream, (PING, 0, b"ended it".to_vec()), 0).await;
    for pinged in [b"answered", b"ended it"] {
        // The server asks whether the client lives, too.
        let told = loop {
            match next_of(&mut stream, &[RESET, PING]).await {
                (PING, 0, _) => {}
                told => break told,
            }
        };
        assert_eq!(told, (PING, ACK, pinged.to_vec()));
    }
}
