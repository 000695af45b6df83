//! Calls to a plugin over its Unix socket. A connection is kept while it lasts; every call has an end.

use super::messages::{Call, DecryptRequest};
use crate::telemetry::ProviderMetrics;
use async_trait::async_trait;
use databases_storage::encryption::kms::{Failure, Sealed, Unseal};
use http::uri::PathAndQuery;
use http::{Request, Uri};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

/// What gRPC's servers expect of who comes over a Unix socket.
const ORIGIN: &str = "http://localhost";

/// What metrics call the end of a call that did not come as far as to the plugin.
const NEVER_ASKED: &str = "unknown-non-grpc";

/// What metrics call the end of a call, and why it failed.
type Failed = (&'static str, Failure);

/// A plugin's socket. A clone is the same connection.
#[derive(Clone)]
pub(super) struct Client(Arc<Inner>);

struct Inner {
    path: PathBuf,
    timeout: Duration,
    metrics: ProviderMetrics,
    sender: Mutex<Option<SendRequest<Body>>>,
}

impl Client {
    pub(super) fn new(path: PathBuf, timeout: Duration, metrics: ProviderMetrics) -> Self {
        Client(Arc::new(Inner { path, timeout, metrics, sender: Mutex::default() }))
    }

    /// Asks, and waits for an answer for as long as the configuration says.
    pub(super) async fn call<Q: Call>(&self, message: Q) -> Result<Q::Answer, Failure> {
        let Inner { path, timeout, metrics, .. } = &*self.0;
        let began = Instant::now();
        let answer = match tokio::time::timeout(*timeout, self.answer(message)).await {
            Ok(answer) => answer,
            Err(_) => {
                let reason = format!("{} did not answer in {timeout:?}", path.display());
                Err(("DeadlineExceeded", Failure::Unavailable(reason)))
            }
        };
        let code = answer.as_ref().err().map_or("OK", |(code, _)| code);
        metrics.called(Q::PATH, code, began.elapsed());
        answer.map_err(|(_, failure)| failure)
    }

    async fn answer<Q: Call>(&self, message: Q) -> Result<Q::Answer, Failed> {
        let sender = self.sender().await.map_err(|failure| (NEVER_ASKED, failure))?;
        let wire = tower::service_fn(move |request: Request<Body>| {
            let mut sender = sender.clone();
            async move { sender.send_request(request).await }
        });
        let mut grpc = Grpc::with_origin(wire, Uri::from_static(ORIGIN));
        let ready = grpc.ready().await;
        ready.map_err(|error| (NEVER_ASKED, Failure::Unavailable(error.to_string())))?;
        let codec = ProstCodec::<Q, Q::Answer>::default();
        let answer =
            grpc.unary(tonic::Request::new(message), PathAndQuery::from_static(Q::PATH), codec).await;
        answer.map(tonic::Response::into_inner).map_err(|status| (name(status.code()), failure(&status)))
    }

    async fn sender(&self) -> Result<SendRequest<Body>, Failure> {
        let mut kept = self.0.sender.lock().await;
        if let Some(sender) = kept.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(sender.clone());
        }
        let path = &self.0.path;
        let told =
            |error: &dyn std::fmt::Display| Failure::Unavailable(format!("{}: {error}", path.display()));
        let socket = UnixStream::connect(path).await.map_err(|error| told(&error))?;
        let begun = Builder::new(TokioExecutor::new()).handshake(TokioIo::new(socket)).await;
        let (sender, connection) = begun.map_err(|error| told(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to a KMS ended");
            }
        });
        *kept = Some(sender.clone());
        Ok(sender)
    }
}

/// A code as Go's library spells it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}

/// Whether a plugin does not answer, or refuses.
fn failure(status: &Status) -> Failure {
    let reason = format!("it answered {:?}: {}", status.code(), status.message());
    let is_internal = std::error::Error::source(status).is_some();
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Failure::Unavailable(reason),
        // The connection broke.
        Code::Unknown | Code::Internal if is_internal => Failure::Unavailable(reason),
        _ => Failure::Refused(reason),
    }
}

#[async_trait]
impl Unseal for Client {
    async fn unseal(&self, sealed: &Sealed) -> Result<Vec<u8>, Failure> {
        let Sealed { key_id, source, annotations, .. } = sealed.clone();
        let uid = uuid::Uuid::new_v4().to_string();
        let request = DecryptRequest { ciphertext: source, uid, key_id, annotations };
        Ok(self.call(request).await?.plaintext)
    }

    fn used(&self, key_id: &str, is_read: bool) {
        self.0.metrics.used(key_id, is_read);
    }
}
