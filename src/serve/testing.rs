//! What tests of connections need: an authority of their own, a server on a free port, and clients of both protocols.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::tls::provider;
use super::{Accept, CaBundle, Limits, Listener, Shutdown, Tls, TlsMaterial};

/// Waits for what must happen; a test that waits longer has failed.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it did not happen in time")
}

/// Certificate authority of a test.
pub(crate) struct Ca {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate with its key.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn bundle(&self) -> CaBundle {
        CaBundle::from_pem(self.pem.as_bytes()).unwrap()
    }

    /// A client certificate whose subject has an attribute more.
    pub(crate) fn client_with(&self, name: &str, attribute: &[u64], value: &str) -> Leaf {
        let mut params = params(ExtendedKeyUsagePurpose::ClientAuth, name, "some", 2090);
        params.distinguished_name.push(DnType::CustomDnType(attribute.to_vec()), value);
        self.sign(params)
    }

    /// A client certificate that is valid until `year`.
    pub(crate) fn client(&self, name: &str, group: &str, year: i32) -> Leaf {
        self.issue(ExtendedKeyUsagePurpose::ClientAuth, name, group, year)
    }

    pub(crate) fn server(&self) -> Leaf {
        self.issue(ExtendedKeyUsagePurpose::ServerAuth, "localhost", "servers", 2090)
    }

    fn issue(&self, usage: ExtendedKeyUsagePurpose, name: &str, group: &str, year: i32) -> Leaf {
        self.sign(params(usage, name, group, year))
    }

    fn sign(&self, params: CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Leaf { certificate, key: key.serialize_pem() }
    }
}

fn params(usage: ExtendedKeyUsagePurpose, name: &str, group: &str, year: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, group);
    params.extended_key_usages = vec![usage];
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    params
}

impl Leaf {
    pub(crate) fn material(&self) -> TlsMaterial {
        TlsMaterial::from_pem(self.certificate.as_bytes(), self.key.as_bytes()).unwrap()
    }
}

/// A server on a free port of the loopback interface.
pub(crate) struct Server {
    pub(crate) ca: Ca,
    pub(crate) address: SocketAddr,
    pub(crate) tls: Tls,
    pub(crate) shutdown: Shutdown,
    pub(crate) serving: JoinHandle<bool>,
}

impl Server {
    pub(crate) async fn start<A: Accept>(application: A, shutdown: Shutdown, limits: Limits) -> Self {
        let ca = Ca::new("serving");
        let tls = Tls::new(ca.server().material()).unwrap();
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.address();
        let serving = tokio::spawn(listener.serve(tls.clone(), application, shutdown.clone(), limits));
        Self { ca, address, tls, shutdown, serving }
    }

    pub(crate) async fn h1(&self, identity: Option<&Leaf>) -> Client {
        self.connect(identity, b"http/1.1").await
    }

    pub(crate) async fn h2(&self, identity: Option<&Leaf>) -> Client {
        self.connect(identity, b"h2").await
    }

    async fn connect(&self, identity: Option<&Leaf>, protocol: &[u8]) -> Client {
        let stream = soon(self.handshake(identity, protocol)).await;
        Client::over(stream).await
    }

    /// A TLS stream; `localhost` must be among the names of the server.
    pub(crate) async fn handshake(
        &self,
        identity: Option<&Leaf>,
        protocol: &[u8],
    ) -> tokio_rustls::client::TlsStream<TcpStream> {
        let shown = |builder: ConfigBuilder<ClientConfig, WantsClientCert>| match identity {
            None => builder.with_no_client_auth(),
            Some(leaf) => {
                let certificate = CertificateDer::from_pem_slice(leaf.certificate.as_bytes()).unwrap();
                let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        };
        self.handshake_with(shown, protocol).await
    }

    /// A TLS stream of a client that decides itself about its certificate.
    pub(crate) async fn handshake_with(
        &self,
        shown: impl FnOnce(ConfigBuilder<ClientConfig, WantsClientCert>) -> ClientConfig,
        protocol: &[u8],
    ) -> tokio_rustls::client::TlsStream<TcpStream> {
        let socket = TcpStream::connect(self.address).await.unwrap();
        self.handshake_over(socket, shown, protocol).await
    }

    /// The same over a connection that is there.
    pub(crate) async fn handshake_over(
        &self,
        socket: TcpStream,
        shown: impl FnOnce(ConfigBuilder<ClientConfig, WantsClientCert>) -> ClientConfig,
        protocol: &[u8],
    ) -> tokio_rustls::client::TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.ca.pem.as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = shown(builder);
        config.alpn_protocols = vec![protocol.to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap()
    }
}

/// A client on one connection.
pub(crate) struct Client {
    sender: Sender,
    /// Ends when the connection does.
    pub(crate) connection: JoinHandle<()>,
}

enum Sender {
    H1(http1::SendRequest<Full<Bytes>>),
    H2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    pub(crate) async fn over(stream: tokio_rustls::client::TlsStream<TcpStream>) -> Self {
        let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let io = TokioIo::new(stream);
        if h2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
            let connection = tokio::spawn(async move { drop(connection.await) });
            return Self { sender: Sender::H2(sender), connection };
        }
        let (sender, connection) = http1::handshake(io).await.unwrap();
        let connection = tokio::spawn(async move { drop(connection.await) });
        Self { sender: Sender::H1(sender), connection }
    }

    pub(crate) async fn try_send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        let send = async {
            match &mut self.sender {
                Sender::H1(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await
                }
                Sender::H2(sender) => {
                    sender.ready().await?;
                    sender.send_request(request).await
                }
            }
        };
        soon(send).await
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        self.try_send(request).await.unwrap()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Response<Incoming> {
        self.send(get(path)).await
    }
}

/// A request to read `path`.
pub(crate) fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(format!("https://localhost{path}"))
        .header("host", "localhost")
        .body(Full::default())
        .unwrap()
}

/// The whole body, as text.
pub(crate) async fn text<B>(response: Response<B>) -> String
where
    B: http_body::Body<Data = Bytes, Error: std::fmt::Debug>,
{
    let bytes = soon(response.into_body().collect()).await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}
