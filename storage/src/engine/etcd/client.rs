//! Calls to etcd: each with a deadline, its revision noted and its errors in this crate's words.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::Stream;
use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::config::Config;
use super::rpc::{self, ResponseHeader};
use crate::engine::MAX_VALUE_SIZE;
use crate::{Error, Revision};

/// A connection to etcd. Clones share it.
#[derive(Clone)]
pub(super) struct Client {
    channel: Channel,
    endpoints: Arc<str>,
    call_timeout: Duration,
    seen: Arc<Seen>,
}

/// What was learnt from answers.
#[derive(Default)]
struct Seen {
    /// The greatest revision.
    revision: AtomicU64,
    /// The greatest revision known to be compacted to.
    compacted: AtomicU64,
}

impl Client {
    pub(super) fn new(config: &Config) -> Result<Self, Error> {
        Ok(Self {
            channel: config.channel()?,
            endpoints: config.endpoints.join(", ").into(),
            call_timeout: config.call_timeout,
            seen: Arc::default(),
        })
    }

    /// The greatest revision any answer has carried.
    pub(super) fn seen(&self) -> Revision {
        self.seen.revision.load(Ordering::Acquire)
    }

    /// Notes and gives the revision of an answer.
    pub(super) fn see(&self, header: Option<&ResponseHeader>) -> Revision {
        let revision = header.map_or(0, |header| revision(header.revision));
        self.seen.revision.fetch_max(revision, Ordering::AcqRel);
        revision
    }

    /// Notes that the history before `oldest` is gone, and says so about `requested`.
    pub(super) fn compacted(&self, requested: Revision, oldest: Revision) -> Error {
        // etcd names the oldest revision only to watches; it is greater than what it refused.
        let oldest = oldest.max(requested + 1);
        let known = self.seen.compacted.fetch_max(oldest, Ordering::AcqRel);
        Error::Compacted { requested, oldest: oldest.max(known) }
    }

    /// One call, answered within the deadline. `at` is the revision it asks for, for the error.
    pub(super) async fn call<Q, A>(&self, method: &'static str, request: Q, at: Revision) -> Result<A, Error>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = self.grpc();
        let call = async {
            grpc.ready().await.map_err(|error| Status::unavailable(reason(&error)))?;
            let path = PathAndQuery::from_static(method);
            grpc.unary(Request::new(request), path, ProstCodec::<Q, A>::default()).await
        };
        match tokio::time::timeout(self.call_timeout, call).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(self.explain(&status, at)),
            Err(_) => Err(self.unavailable(&format!("no answer within {:?}", self.call_timeout))),
        }
    }

    /// Opens a watch stream. A member that has lost its leader ends it rather than staying silent.
    pub(super) async fn watch(
        &self,
        requests: impl Stream<Item = rpc::WatchRequest> + Send + 'static,
    ) -> Result<Streaming<rpc::WatchResponse>, Error> {
        let mut grpc = self.grpc();
        let mut request = Request::new(requests);
        request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
        let call = async {
            grpc.ready().await.map_err(|error| Status::unavailable(reason(&error)))?;
            grpc.streaming(request, PathAndQuery::from_static(rpc::WATCH), ProstCodec::default()).await
        };
        match tokio::time::timeout(self.call_timeout, call).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(self.explain(&status, 0)),
            Err(_) => Err(self.unavailable(&format!("no watch within {:?}", self.call_timeout))),
        }
    }

    /// What `status` means.
    pub(super) fn explain(&self, status: &Status, at: Revision) -> Error {
        let message = status.message();
        match status.code() {
            Code::OutOfRange if message.contains("compacted") => self.compacted(at, 0),
            Code::OutOfRange if message.contains("future revision") => {
                Error::FutureRevision { requested: at, current: self.seen() }
            }
            Code::InvalidArgument | Code::ResourceExhausted if message.contains("larg") => {
                Error::TooLarge { size: 0, limit: MAX_VALUE_SIZE }
            }
            Code::ResourceExhausted if message.contains("space exceeded") => Error::Io(format!(
                "etcd at {} has used up its space quota; compact and defragment it, then disarm its NOSPACE alarm",
                self.endpoints
            )),
            Code::Unauthenticated | Code::PermissionDenied => Error::Io(format!(
                "etcd at {} refuses this client: {message}; check its certificate and rights",
                self.endpoints
            )),
            _ => self.unavailable(&format!("{}: {}", status.code(), reason(status))),
        }
    }

    pub(super) fn unavailable(&self, reason: &str) -> Error {
        Error::Unavailable(format!("etcd at {}: {reason}", self.endpoints))
    }

    fn grpc(&self) -> Grpc<Channel> {
        Grpc::new(self.channel.clone()).max_decoding_message_size(i32::MAX as usize)
    }
}

/// A revision as etcd writes it. It is never negative.
pub(super) fn revision(number: i64) -> Revision {
    Revision::try_from(number).unwrap_or(0)
}

/// A revision as etcd reads it.
pub(super) fn number(revision: Revision) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

/// The innermost cause, which is the one that tells: "connection refused", "certificate has expired".
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    match error.downcast_ref::<Status>() {
        Some(status) if error.source().is_none() => status.message().to_owned(),
        _ => innermost.to_string(),
    }
}
