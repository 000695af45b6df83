//! An HTTP/2 client that hides nothing: any header goes out, and status, headers and body come back.
//!
//! One connection is kept and shared, as the field's clients do; a lost one is replaced.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::header::HeaderMap;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use quickstart::kubeconfig::Kubeconfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::wait::DEADLINE;

/// A client of one server.
#[derive(Clone)]
pub struct Http {
    address: String,
    tls: TlsConnector,
    connection: Arc<Mutex<Option<SendRequest<Full<Bytes>>>>>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// An answer whose body is still coming: one JSON event a line.
pub struct Events {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    body: Incoming,
    buffer: Vec<u8>,
}

impl Http {
    /// A client for the first cluster and user of a kubeconfig.
    pub fn of(kubeconfig: &Path) -> Self {
        let Kubeconfig { address, mut tls, .. } = Kubeconfig::read(kubeconfig).expect("a kubeconfig");
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Self { address, tls: TlsConnector::from(Arc::new(tls)), connection: Arc::default() }
    }

    /// Sends one request and reads the whole answer; `Err` says why there is none.
    pub async fn attempt(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Reply, String> {
        let whole = async {
            let response = self.begin(method, path, headers, body.into()).await?;
            let (head, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes();
            Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
        };
        timeout(DEADLINE, whole).await.map_err(|_| format!("{path} was not answered"))?
    }

    /// Sends one request, which must be answered.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let asked = format!("{method} {path}");
        self.attempt(method, path, headers, body).await.unwrap_or_else(|error| panic!("{asked}: {error}"))
    }

    /// Reads a path.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send(Method::GET, path, headers, Bytes::new()).await
    }

    /// Opens a watch.
    pub async fn watch(&self, path: &str, headers: &[(&str, &str)]) -> Events {
        let response = timeout(DEADLINE, self.begin(Method::GET, path, headers, Bytes::new())).await;
        let response = response.unwrap_or_else(|_| panic!("{path} was not answered"));
        let (head, body) = response.unwrap_or_else(|error| panic!("{path}: {error}")).into_parts();
        Events { status: head.status.as_u16(), headers: head.headers, body, buffer: Vec::new() }
    }

    async fn begin(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Incoming>, String> {
        let mut request = Request::builder().method(method).uri(format!("https://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let answer = self.sender().await?.send_request(request.clone()).await;
        match answer {
            // The server had closed the connection before it took the request; so it does after every 401.
            Err(error) if was_not_taken(&error) => self.sender().await?.send_request(request).await,
            answer => answer,
        }
        .map_err(|error| format!("{error:?}"))
    }

    async fn sender(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let mut kept = self.connection.lock().await;
        if let Some(sender) = kept.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let sender = self.connect().await.map_err(|error| format!("{}: {error}", self.address))?;
        *kept = Some(sender.clone());
        Ok(sender)
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(&self.address).await?;
        let host = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        let stream = self.tls.connect(ServerName::try_from(host.to_owned())?, stream).await?;
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// Whether the server did nothing about a request: every client of HTTP/2 sends it again then.
fn was_not_taken(error: &hyper::Error) -> bool {
    let text = format!("{error:?}");
    error.is_canceled() || (text.contains("GoAway") && text.contains("NO_ERROR"))
}

impl Reply {
    /// The body as JSON; `null` when it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header as text, the empty text when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether a warning says this.
    pub fn warns(&self, text: &str) -> bool {
        let mut warnings = self.headers.get_all("warning").iter().filter_map(|value| value.to_str().ok());
        warnings.any(|warning| warning.contains(text))
    }

    /// The body, if the status is this one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The Status in the body, with this code and reason.
    #[track_caller]
    pub fn refused(&self, code: u16, reason: &str) -> Value {
        let status = self.expect(code);
        assert_eq!(status["kind"], "Status", "{status}");
        assert_eq!(status["reason"].as_str().unwrap_or_default(), reason, "{status}");
        status
    }
}

impl Events {
    /// The next event; `None` when the stream came to its end in good order.
    pub async fn next(&mut self) -> Option<Value> {
        timeout(DEADLINE, self.line()).await.expect("an event, or the end of the stream")
    }

    /// The next event, which must be of this type.
    pub async fn expect(&mut self, kind: &str) -> Value {
        let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before {kind}"));
        assert_eq!(event["type"], kind, "{event}");
        event["object"].clone()
    }

    /// Whether nothing comes for a while; for what must not happen there is no condition to wait on.
    pub async fn is_quiet(&mut self, length: Duration) -> bool {
        timeout(length, self.line()).await.is_err()
    }

    /// Reads to the end, however long that takes; how many events came, or how the stream broke.
    pub async fn end(mut self) -> Result<usize, String> {
        let mut count = 0;
        while let Some(frame) = self.body.frame().await {
            let data = frame.map_err(|error| format!("{error:?}"))?.into_data().unwrap_or_default();
            count += data.iter().filter(|byte| **byte == b'\n').count();
        }
        Ok(count)
    }

    /// The whole body, where it is no stream.
    pub async fn rest(self) -> Bytes {
        let whole = timeout(DEADLINE, self.body.collect()).await.expect("the body ends");
        whole.map(|body| body.to_bytes()).expect("the body comes to its end in good order")
    }

    /// The next event, however long it takes.
    pub async fn line(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).expect("an event is JSON"));
            }
            match self.body.frame().await? {
                Ok(frame) => self.buffer.extend(frame.into_data().unwrap_or_default()),
                Err(error) => panic!("the stream broke: {error:?}"),
            }
        }
    }
}
