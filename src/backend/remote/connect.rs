//! Connections to a backend: over a Unix socket, or over TLS in which both sides say who they are. The files of certificates
//! are read for every connection, so that renewed ones are used without a restart.

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

/// Where a backend listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `unix:///path`: whoever may write to the socket is believed.
    Unix(PathBuf),
    /// `https://host:port`.
    Https {
        /// A name or an address that its certificate is made for.
        host: String,
        /// The port.
        port: u16,
    },
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} must be unix:///path/of/a/socket or https://host:port");
        if let Some(path) = text.strip_prefix("unix://") {
            return if path.starts_with('/') { Ok(Address::Unix(path.into())) } else { Err(wrong()) };
        }
        let place = text.strip_prefix("https://").ok_or_else(wrong)?;
        let (host, port) = place.trim_end_matches('/').rsplit_once(':').ok_or_else(wrong)?;
        let host = host.trim_matches(['[', ']']).to_owned();
        ServerName::try_from(host.as_str()).map_err(|_| wrong())?;
        Ok(Address::Https { host, port: port.parse().map_err(|_| wrong())? })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Unix(path) => write!(out, "unix://{}", path.display()),
            Address::Https { host, port } if host.contains(':') => write!(out, "https://[{host}]:{port}"),
            Address::Https { host, port } => write!(out, "https://{host}:{port}"),
        }
    }
}

/// What `https` needs: files in PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The authorities that may vouch for backends.
    pub ca: PathBuf,
    /// The certificate (chain) by which backends know this server.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Opens a connection. The token is cancelled when it has ended.
pub(super) async fn connect(
    address: &Address,
    tls: Option<&Tls>,
    ended: CancellationToken,
) -> Result<SendRequest<Body>, String> {
    let say = |error: std::io::Error| error.to_string();
    match address {
        Address::Unix(path) => begin(UnixStream::connect(path).await.map_err(say)?, ended).await,
        Address::Https { host, port } => {
            let tls = tls.ok_or("https needs the files that --backend-tls-ca, -cert and -key name")?;
            let config = Arc::new(tls.config()?);
            let name = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
            let socket = TcpStream::connect((host.as_str(), *port)).await.map_err(say)?;
            socket.set_nodelay(true).map_err(say)?;
            begin(TlsConnector::from(config).connect(name, socket).await.map_err(say)?, ended).await
        }
    }
}

/// Begins HTTP/2. It does not ping: gRPC's servers end connections that do so often, and a call that is not answered in time
/// says the same.
async fn begin(
    socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ended: CancellationToken,
) -> Result<SendRequest<Body>, String> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new());
    let (sender, connection) =
        builder.handshake(TokioIo::new(socket)).await.map_err(|error| error.to_string())?;
    tokio::spawn(async move {
        let _ended = ended.drop_guard();
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to a backend ended");
        }
    });
    Ok(sender)
}

impl Tls {
    /// What the files say now; the error names the file that cannot be used.
    fn config(&self) -> Result<ClientConfig, String> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.ca)? {
            roots.add(certificate).map_err(|error| unusable(&self.ca, &error))?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| error.to_string())?.with_root_certificates(roots);
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| unusable(&self.key, &error))?;
        let own = certificates(&self.certificate)?;
        let config = builder.with_client_auth_cert(own, key);
        let mut config = config.map_err(|error| unusable(&self.certificate, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(unusable(path, &"it holds no certificate in PEM")),
        Ok(found) => Ok(found),
        Err(error) => Err(unusable(path, &error)),
    }
}

fn unusable(path: &Path, reason: &dyn fmt::Display) -> String {
    format!("{} cannot be used: {reason}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_socket_or_https() {
        for right in ["unix:///run/x.sock", "https://db.example.com:8443", "https://[::1]:1"] {
            assert_eq!(right.parse::<Address>().unwrap().to_string(), right);
        }
        for wrong in ["", "/run/x", "unix://x", "http://a:1", "https://a", "https://a:b", "https://a b:1"] {
            assert!(wrong.parse::<Address>().unwrap_err().contains("must be unix:///"), "{wrong}");
        }
    }
}
