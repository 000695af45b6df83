//! Over https both sides say who they are.

use super::server::serve;
use super::*;
use crate::serve::testing::{Ca, Leaf};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::Path;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A program that lets in whom an authority knows; its port.
async fn listening(own: &Ca, clients: &Ca, fake: &Arc<Fake>) -> u16 {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(clients.pem.as_bytes()).unwrap()).unwrap();
    let known =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let Leaf { certificate, key } = own.server();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_client_cert_verifier(known).with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (acceptor, fake) = (TlsAcceptor::from(Arc::new(config)), fake.clone());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if let Ok(socket) = acceptor.accept(socket).await {
                tokio::spawn(serve(socket, fake.clone(), Manner::good(&fake)));
            }
        }
    });
    port
}

fn write(folder: &Path, ca: &Ca, Leaf { certificate, key }: &Leaf) -> Tls {
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Tls { ca: file("ca.crt", &ca.pem), certificate: file("tls.crt", certificate), key: file("tls.key", key) }
}

#[tokio::test]
async fn a_backend_over_https_knows_us_and_is_known() {
    let (ours, theirs, fake) = (Ca::new("servers"), Ca::new("backends"), Fake::new());
    let port = listening(&theirs, &ours, &fake).await;
    let folder = tempfile::tempdir().unwrap();
    let files = write(folder.path(), &theirs, &Ca::new("others").client("us", "servers", 2090));
    let address = Address::Https { host: "localhost".into(), port };
    let remote = Remote::open(Options { name: CONTROLLER_NAME.into(), address, tls: Some(files) });
    let error = remote.offer(&Class::default()).await.expect_err("nobody knows us");
    assert_eq!(error.code, Code::Unavailable, "{error}");
    write(folder.path(), &ours, &ours.client("us", "servers", 2090));
    let error = remote.offer(&Class::default()).await.expect_err("we do not know them");
    assert!(error.message.contains("invalid peer certificate"), "{error}");
    std::fs::remove_file(folder.path().join("tls.key")).unwrap();
    let error = remote.offer(&Class::default()).await.expect_err("a file is missing");
    assert!(error.message.contains("tls.key cannot be used"), "{error}");
    write(folder.path(), &theirs, &ours.client("us", "servers", 2090));
    assert!(remote.offer(&Class::default()).await.is_ok(), "files are read for every connection");
}
