//! A small HTTP/2 client: one connection per request, JSON bodies, watches as lines.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::handshake;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::kubeconfig::Kubeconfig;
use crate::{Error, Result};

/// A client of one server.
#[derive(Clone)]
pub struct Client {
    address: String,
    tls: TlsConnector,
    token: Option<String>,
}

/// A whole answer.
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; `null` when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The message of a Status object, or the body as text.
    pub fn message(&self) -> String {
        match self.json()["message"].as_str() {
            Some(message) => message.to_owned(),
            None => String::from_utf8_lossy(&self.body).into_owned(),
        }
    }
}

impl Client {
    /// A client for the first cluster and user of a kubeconfig.
    pub fn from_kubeconfig(path: &Path) -> Result<Self> {
        let Kubeconfig { address, mut tls, token } = Kubeconfig::read(path)?;
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self { address, tls: TlsConnector::from(Arc::new(tls)), token })
    }

    /// The same client, of another address.
    pub fn at(mut self, address: String) -> Self {
        self.address = address;
        self
    }

    /// Reads `path`, whatever the status.
    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.request(Method::GET, path, "application/json", Bytes::new()).await
    }

    /// Sends one request and reads the whole answer, whatever the status.
    pub async fn request(&self, method: Method, path: &str, content: &str, body: Bytes) -> Result<Answer> {
        let response = self.send(method, path, content, body).await?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(|error| self.unreachable(error))?;
        Ok(Answer { status, body: body.to_bytes() })
    }

    /// Sends one request and expects success; the answer is JSON.
    pub async fn expect(&self, method: Method, path: &str, content: &str, body: &Value) -> Result<Value> {
        let request = format!("{method} {path}");
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let answer = self.request(method, path, content, body).await?;
        match answer.status.is_success() {
            true => Ok(answer.json()),
            false => Err(Error::Refused { request, status: answer.status, message: answer.message() }),
        }
    }

    /// Reads `path` and expects success.
    pub async fn read(&self, path: &str) -> Result<Value> {
        self.expect(Method::GET, path, "application/json", &Value::Null).await
    }

    /// Opens a watch.
    pub async fn watch(&self, path: &str) -> Result<Watch> {
        let response = self.send(Method::GET, path, "application/json", Bytes::new()).await?;
        Ok(Watch { address: self.address.clone(), body: response.into_body(), buffer: Vec::new() })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        content: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://{}{path}", self.address))
            .header(ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, content);
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::new(body)).map_err(|error| self.unreachable(error))?;
        let stream = TcpStream::connect(&self.address).await.map_err(|error| self.unreachable(error))?;
        let host = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())
            .map_err(|error| self.unreachable(error))?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| self.unreachable(error))?;
        let (mut sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .map_err(|error| self.unreachable(error))?;
        tokio::spawn(connection);
        sender.send_request(request).await.map_err(|error| self.unreachable(error))
    }

    fn unreachable(&self, reason: impl std::error::Error) -> Error {
        unreachable(&self.address, &reason)
    }
}

/// A watch: one JSON event a line.
pub struct Watch {
    address: String,
    body: Incoming,
    buffer: Vec<u8>,
}

impl Watch {
    /// The next event; `None` when the server ended the watch.
    pub async fn next(&mut self) -> Result<Option<Value>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let event =
                    serde_json::from_slice(&line).map_err(|error| unreachable(&self.address, &error))?;
                return Ok(Some(event));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(unreachable(&self.address, &error)),
                Some(Ok(frame)) => self.buffer.extend(frame.into_data().unwrap_or_default()),
            }
        }
    }
}

/// The innermost reason is the one a person can act on.
fn unreachable(address: &str, error: &dyn std::error::Error) -> Error {
    let mut reason = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    Error::Unreachable { address: address.to_owned(), reason: reason.to_string() }
}
