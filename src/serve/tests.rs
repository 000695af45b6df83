use std::convert::Infallible;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::testing::{Ca, Client, Leaf, Server, get, soon, text};
use super::*;

/// Answers `/stream` with a stream that ends when the server drains, `/stuck` never, and all else with the peer's
/// number of certificates.
#[derive(Clone)]
struct Application(Shutdown);

#[derive(Clone)]
struct Answers(CancellationToken, usize);

impl Accept for Application {
    type Session = Answers;

    fn accept(&self, connection: Connection) -> Answers {
        Answers(self.0.draining().clone(), connection.certificates().len())
    }
}

impl Session for Answers {
    type Body = UnsyncBoxBody<Bytes, Infallible>;

    async fn respond(&self, request: Request<Incoming>) -> Response<Self::Body> {
        match request.uri().path() {
            "/stuck" => std::future::pending().await,
            "/stream" => Response::new(stream(self.0.clone())),
            _ => Response::new(Full::from(format!("{} certificates", self.1)).boxed_unsync()),
        }
    }
}

/// One event at once, another when the server drains.
fn stream(draining: CancellationToken) -> UnsyncBoxBody<Bytes, Infallible> {
    let frame = |text: &'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
    let frames = futures_util::stream::unfold(Some(false), move |state| {
        let draining = draining.clone();
        async move {
            match state? {
                false => Some((frame("first"), Some(true))),
                true => {
                    draining.cancelled().await;
                    Some((frame("last"), None))
                }
            }
        }
    });
    StreamBody::new(frames).boxed_unsync()
}

pub(super) async fn start(limits: Limits) -> Server {
    let shutdown = Shutdown::new();
    Server::start(Application(shutdown.clone()), shutdown, limits).await
}

async fn closed(client: Client) {
    soon(client.connection).await.unwrap();
}

#[tokio::test]
async fn both_protocols_are_served_on_one_port() {
    let server = start(Limits::default()).await;
    for client in [&mut server.h1(None).await, &mut server.h2(None).await] {
        for _ in 0..2 {
            assert_eq!(text(client.get("/").await).await, "0 certificates");
        }
    }
}

#[tokio::test]
async fn a_stream_has_no_length_and_every_answer_a_date() {
    let server = start(Limits::default()).await;
    for client in [&mut server.h1(None).await, &mut server.h2(None).await] {
        let whole = client.get("/").await;
        assert!(whole.headers().contains_key("content-length") && whole.headers().contains_key("date"));
        text(whole).await;
        let stream = client.get("/stream").await;
        assert!(!stream.headers().contains_key("content-length") && stream.headers().contains_key("date"));
    }
}

#[tokio::test]
async fn any_client_certificate_passes_the_handshake() {
    let server = start(Limits::default()).await;
    let foreign = Ca::new("foreign").client("somebody", "anything", 2021);
    assert_eq!(text(server.h2(Some(&foreign)).await.get("/").await).await, "1 certificates");
}

/// What a server says in a handshake about the certificates it takes.
#[derive(Debug, Default)]
struct Hints(std::sync::Mutex<Vec<Vec<u8>>>);

impl ResolvesClientCert for Hints {
    fn resolve(&self, hints: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.0.lock().unwrap() = hints.iter().map(|hint| hint.to_vec()).collect();
        None
    }
    fn has_certs(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn the_authorities_of_client_certificates_are_advertised() {
    let server = start(Limits::default()).await;
    let advertised = async || {
        let hints = Arc::new(Hints::default());
        soon(server.handshake_with(|config| config.with_client_cert_resolver(hints.clone()), b"h2")).await;
        std::mem::take(&mut *hints.0.lock().unwrap())
    };
    assert!(advertised().await.is_empty());
    let bundles = [Ca::new("clients").bundle(), Ca::new("fronts").bundle()];
    let names: Vec<Vec<u8>> =
        bundles.iter().flat_map(CaBundle::subjects).map(|name| name.as_ref().to_vec()).collect();
    server.tls.accept(&bundles.each_ref()).unwrap();
    assert_eq!(advertised().await, names);
    server.tls.reload(server.ca.server().material()).unwrap();
    assert_eq!(advertised().await, names);
    server.tls.accept(&[&bundles[1]]).unwrap();
    assert_eq!(advertised().await, names[1..]);
}

#[tokio::test]
async fn plain_http_is_told_so() {
    let server = start(Limits::default()).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    soon(socket.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 400 Bad Request\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"), "{answer}");
}

#[tokio::test]
async fn a_head_too_large_is_refused() {
    let server = start(Limits { header_bytes: 16 << 10, ..Limits::default() }).await;
    for client in [&mut server.h1(None).await, &mut server.h2(None).await] {
        let mut request = get("/");
        request.headers_mut().insert("x-large", "a".repeat(64 << 10).parse().unwrap());
        let taken = client.try_send(request).await.is_ok_and(|answer| answer.status().is_success());
        assert!(!taken);
    }
    assert_eq!(server.h2(None).await.get("/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_large_head_is_taken() {
    let server = start(Limits::default()).await;
    for (client, size) in [(&mut server.h1(None).await, 128 << 10), (&mut server.h2(None).await, 512 << 10)] {
        let mut request = get("/");
        request.headers_mut().insert("x-large", "a".repeat(size).parse().unwrap());
        assert_eq!(client.send(request).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn idle_connections_end_and_busy_ones_do_not() {
    let server = start(Limits { idle_timeout: Duration::from_secs(1), ..Limits::default() }).await;
    let mut busy = server.h2(None).await;
    let mut stream = busy.get("/stream").await.into_body();
    soon(stream.frame()).await.unwrap().unwrap();
    let mut used = server.h2(None).await;
    used.get("/").await;
    for idle in [used, server.h1(None).await, server.h2(None).await] {
        closed(idle).await;
    }
    assert_eq!(busy.get("/").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_drain_ends_streams_and_tells_peers_to_go() {
    let server = start(Limits::default()).await;
    let (mut h1, mut h2, mut idle) = (server.h1(None).await, server.h2(None).await, server.h1(None).await);
    let streams = [h1.get("/stream").await, h2.get("/stream").await];
    idle.get("/").await;
    server.shutdown.begin();
    for response in streams {
        assert_eq!(text(response).await, "firstlast");
    }
    for client in [h1, h2, idle] {
        closed(client).await;
    }
    assert!(soon(server.serving).await.unwrap());
    let refused = TcpStream::connect(server.address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_connection_without_a_request_does_not_keep_the_server() {
    let limits = Limits { first_request: Duration::from_millis(50), ..Limits::default() };
    let server = start(limits).await;
    let clients = [server.h1(None).await, server.h2(None).await];
    server.shutdown.begin();
    for client in clients {
        closed(client).await;
    }
    assert!(soon(server.serving).await.unwrap());
}

#[tokio::test]
async fn a_stuck_request_ends_with_the_drain_time() {
    let server = start(Limits { drain_timeout: Duration::from_millis(50), ..Limits::default() }).await;
    let mut client = server.h2(None).await;
    client.get("/").await;
    let stuck = tokio::spawn(async move { client.try_send(get("/stuck")).await });
    let mut other = server.h1(None).await;
    other.get("/").await;
    server.shutdown.begin();
    soon(stuck).await.unwrap().unwrap_err();
    soon(server.serving).await.unwrap();
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let limits = Limits { shutdown_delay: Duration::from_secs(3600), ..Limits::default() };
    let server = start(limits).await;
    let mut client = server.h1(None).await;
    server.shutdown.begin();
    assert_eq!(client.get("/").await.status(), StatusCode::OK, "served on during the delay");
    assert!(server.shutdown.announced().is_cancelled() && !server.shutdown.draining().is_cancelled());
    let mut stream = client.get("/stream").await.into_body();
    soon(stream.frame()).await.unwrap().unwrap();
    server.shutdown.begin();
    soon(server.serving).await.unwrap();
}

#[tokio::test]
async fn a_reload_shows_the_next_connection_the_new_certificate() {
    let server = start(Limits::default()).await;
    let presented = async || {
        let stream = server.handshake(None, b"h2").await;
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let before = presented().await;
    assert_eq!(presented().await, before);
    server.tls.reload(server.ca.server().material()).unwrap();
    assert_ne!(presented().await, before);
    let (one, other) = (server.ca.server(), server.ca.server());
    let unfit = TlsMaterial::from_pem(one.certificate.as_bytes(), other.key.as_bytes()).unwrap();
    let error = server.tls.reload(unfit).unwrap_err();
    assert!(error.to_string().contains("belong together"), "{error}");
    assert_ne!(presented().await, before);
}

#[tokio::test]
async fn files_are_followed_and_a_broken_one_changes_nothing() {
    let server = start(Limits::default()).await;
    let directory = tempfile::tempdir().unwrap();
    let files =
        TlsFiles { certificates: directory.path().join("tls.crt"), key: directory.path().join("tls.key") };
    let write = |leaf: &Leaf| {
        std::fs::write(&files.key, &leaf.key).unwrap();
        std::fs::write(&files.certificates, &leaf.certificate).unwrap();
    };
    let presents = async |leaf: &Leaf| {
        let expected = CertificateDer::from_pem_slice(leaf.certificate.as_bytes()).unwrap();
        let stream = server.handshake(None, b"h2").await;
        stream.get_ref().1.peer_certificates().unwrap()[0] == expected
    };
    let (first, second) = (server.ca.server(), server.ca.server());
    write(&first);
    server.tls.reload(files.read().unwrap()).unwrap();
    let interval = Duration::from_millis(5);
    let following = tokio::spawn(files.clone().follow(server.tls.clone(), interval, server.shutdown.clone()));
    std::fs::write(&files.certificates, "half a certifi").unwrap();
    assert!(presents(&first).await);
    write(&second);
    soon(async { while !presents(&second).await {} }).await;
    server.shutdown.begin();
    soon(following).await.unwrap();
}

#[tokio::test]
async fn a_signal_announces_the_end_and_a_second_makes_it_immediate() {
    let shutdown = Shutdown::new();
    let listening = tokio::spawn(shutdown.clone().on_signals());
    // On this runtime of one thread, the task is polled, and so listens, before this goes on.
    tokio::task::yield_now().await;
    let terminate =
        || std::process::Command::new("kill").arg(std::process::id().to_string()).status().unwrap();
    terminate();
    soon(shutdown.announced().cancelled()).await;
    assert!(!shutdown.immediate().is_cancelled());
    terminate();
    soon(shutdown.immediate().cancelled()).await;
    soon(listening).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_address_that_cannot_be_bound_is_explained() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = Listener::bind(address).await.unwrap_err().to_string();
    assert!(error.contains(&address.to_string()) && error.contains("choose another port"), "{error}");
    let error = Listener::bind("192.0.2.1:6443".parse().unwrap()).await.unwrap_err().to_string();
    assert!(error.contains("192.0.2.1:6443") && error.contains("127.0.0.1"), "{error}");
}

#[test]
fn a_bundle_without_certificates_is_refused() {
    assert!(matches!(CaBundle::from_pem(b""), Err(Error::EmptyBundle)));
}
