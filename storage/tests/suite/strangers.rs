//! Somebody else where etcd should be: it is told who, and the store is waited for.

use std::sync::Arc;
use std::time::Duration;

use databases_storage::Error;
use databases_storage::engine::etcd::{self, Config, Tls};
use futures_util::future::join_all;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::support::{Authority, Etcd};

/// What somebody says: at once, and once he was told something.
#[derive(Clone, Copy)]
struct Words {
    first: &'static [u8],
    then: &'static [u8],
}

const SSH: Words = Words { first: b"SSH-2.0-OpenSSH_9.2p1\r\n", then: b"" };
const HTTP1: Words = Words { first: b"", then: b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n" };
const NOTHING: Words = Words { first: b"", then: b"" };
/// HTTP/2's settings, and the answer to its first stream: `:status: 200`, `grpc-status: 12`, which is "unimplemented".
const GRPC: Words =
    Words { first: b"\0\0\0\x04\0\0\0\0\0", then: b"\0\0\x11\x01\x05\0\0\0\x01\x88\0\x0bgrpc-status\x0212" };

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, words: Words) {
    let mut heard = [0; 1024];
    let _ = stream.write_all(words.first).await;
    // A client of HTTP/2 sends its preface first, and its request after it.
    while let Ok(1..) = stream.read(&mut heard).await {
        let is_request = words.first != GRPC.first || heard.windows(5).any(|at| at == b"\x01\x04\0\0\0");
        if is_request && stream.write_all(words.then).await.is_err() {
            return;
        }
    }
}

/// Serves everybody so; gives the address.
async fn serve(tls: Option<TlsAcceptor>, words: Words) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(one(stream, tls.clone(), words));
        }
    });
    address
}

async fn one(stream: TcpStream, tls: Option<TlsAcceptor>, words: Words) {
    match tls {
        None => talk(stream, words).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                talk(stream, words).await;
            }
        }
    }
}

/// A server's side of TLS, and the file with its authority.
fn tls(folder: &TempDir) -> (TlsAcceptor, Tls) {
    let authority = Authority::new();
    let (certificate, key) = authority.sign("127.0.0.1");
    let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let ca = folder.path().join("ca.crt");
    std::fs::write(&ca, authority.pem()).unwrap();
    (TlsAcceptor::from(Arc::new(config)), Tls { ca, identity: None })
}

/// Why the store at this place is waited for.
async fn said(url: &str, tls: Option<Tls>) -> String {
    let dial_timeout = Duration::from_secs(2);
    match etcd::open(Config { tls, dial_timeout, ..Config::new([url]) }).await.map(drop) {
        Err(Error::Unavailable(reason)) => reason,
        other => panic!("{url}: {other:?}"),
    }
}

#[tokio::test]
async fn who_is_no_etcd_is_called_what_he_is() {
    let folder = tempfile::tempdir().unwrap();
    let (server, client) = tls(&folder);
    let cases = [
        ("http", None, SSH, "an SSH server answers (SSH-2.0-OpenSSH_9.2p1), and no etcd"),
        ("http", None, HTTP1, "a server of HTTP/1.1 answers (HTTP/1.1 400 Bad Request), and no etcd"),
        ("http", None, GRPC, "has no service of etcd's"),
        ("http", None, NOTHING, "nobody says a word"),
        ("http", Some(server.clone()), GRPC, "a server of TLS answers; if it is etcd, write https://"),
        ("https", Some(server.clone()), HTTP1, "a server of HTTP/1.1 answers (HTTP/1.1 400 Bad Request)"),
        ("https", Some(server), GRPC, "has no service of etcd's"),
        ("https", None, GRPC, "a server of HTTP/2 without TLS answers; if it is etcd, write http://"),
        ("https", None, HTTP1, "a server of HTTP/1.1 without TLS answers"),
        ("https", None, SSH, "an SSH server without TLS answers"),
        ("https", None, NOTHING, "nobody says a word"),
    ];
    let client = &client;
    let told = cases.map(|(scheme, server, words, expected)| async move {
        let url = format!("{scheme}://{}", serve(server, words).await);
        let said = said(&url, (scheme == "https").then(|| client.clone())).await;
        assert!(said.contains(expected) && said.contains(&url), "{url}: {said}");
    });
    join_all(told).await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_the_reason() {
    let folder = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let ((server, _), (_, stranger)) = (tls(&folder[0]), tls(&folder[1]));
    let url = format!("https://{}", serve(Some(server), GRPC).await);
    let said = said(&url, Some(stranger)).await;
    assert!(said.contains("certificate") && !said.contains("answers"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_silent_or_a_stranger_is_passed_over() {
    let Some(server) = Etcd::start().await else { return };
    let live = server.config().endpoints.remove(0);
    drop(server.open(server.config()).await);
    let others = [serve(None, NOTHING).await, serve(None, SSH).await, serve(None, GRPC).await];
    let endpoints = others.map(|address| format!("http://{address}")).into_iter().chain([live]);
    let dial_timeout = Duration::from_secs(1);
    etcd::open(Config { dial_timeout, ..Config::new(endpoints) }).await.map(drop).unwrap();
}
