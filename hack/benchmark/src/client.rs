//! Connections as client-go makes them: TLS, HTTP/2, a client certificate, wide windows.

use crate::error::Error;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::header::{ACCEPT, CONTENT_TYPE};
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::{IpAddr, Ipv4Addr, ServerName};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The windows of Go's HTTP/2 transport.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 1 << 30;
/// What is sent and asked for, and what is applied: JSON is YAML.
const JSON: &str = "application/json";
const APPLY: &str = "application/apply-patch+yaml";

/// Where a server is, and how to trust it.
#[derive(Clone)]
pub struct Target {
    /// The port on 127.0.0.1.
    pub port: u16,
    tls: TlsConnector,
}

impl Target {
    /// A server on a port of 127.0.0.1.
    pub fn new(port: u16, mut tls: ClientConfig) -> Self {
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Target { port, tls: TlsConnector::from(Arc::new(tls)) }
    }

    /// Opens one connection.
    pub async fn connect(&self) -> Result<Connection, Error> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.map_err(Error::connection)?;
        stream.set_nodelay(true).map_err(Error::connection)?;
        let name = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([127, 0, 0, 1])));
        let stream = self.tls.connect(name, stream).await.map_err(Error::connection)?;
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(Error::connection)?;
        tokio::spawn(connection);
        Ok(Connection { sender, port: self.port })
    }
}

/// An open connection; clones share it.
#[derive(Clone)]
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    port: u16,
}

impl Connection {
    /// Sends a request and returns its answer once the headers are there; anything but success is an error. A patch is a
    /// configuration that is applied.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, Error> {
        let content = if method == Method::PATCH { APPLY } else { JSON };
        let request = Request::builder()
            .method(method)
            .uri(format!("https://127.0.0.1:{}{path}", self.port))
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, content)
            .body(Full::new(body))
            .map_err(Error::connection)?;
        let response = self.sender.send_request(request).await.map_err(Error::connection)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.into_body().collect().await.map_err(Error::connection)?.to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Err(Error::Refused { path: path.to_owned(), status: status.as_u16(), body })
    }

    /// Sends a request and reads the answer to its end without keeping it; how many bytes it had.
    pub async fn exchange(&mut self, method: Method, path: &str, body: Bytes) -> Result<usize, Error> {
        let mut answer = self.send(method, path, body).await?.into_body();
        let mut length = 0;
        while let Some(frame) = answer.frame().await {
            length += frame.map_err(Error::connection)?.data_ref().map_or(0, Bytes::len);
        }
        Ok(length)
    }

    /// Sends a request and returns the whole answer.
    pub async fn read(&mut self, method: Method, path: &str, body: Bytes) -> Result<Bytes, Error> {
        let answer = self.send(method, path, body).await?;
        Ok(answer.into_body().collect().await.map_err(Error::connection)?.to_bytes())
    }
}
