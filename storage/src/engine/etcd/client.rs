//! Calls to etcd: each with a deadline, its revision noted and its errors in this crate's words.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use http::uri::PathAndQuery;
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, ConnectError, Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::config::Config;
use super::rpc::{self, ResponseHeader};
use crate::engine::MAX_VALUE_SIZE;
use crate::{Error, Revision};

/// How many requests may wait on a watch stream: the one that begins it, and those for progress.
const REQUESTS: usize = 4;

/// Connections to etcd's members, of which one is used until it fails. Clones share them.
#[derive(Clone)]
pub(super) struct Client {
    channels: Arc<[Channel]>,
    /// Which one is used.
    current: Arc<AtomicUsize>,
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
            channels: config.channels()?.into(),
            current: Arc::default(),
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
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let call = self.attempt(|mut grpc| {
            let (request, path) = (Request::new(request.clone()), PathAndQuery::from_static(method));
            async move { grpc.unary(request, path, ProstCodec::<Q, A>::default()).await }
        });
        let (answer, _) = self.explained(call.await, at)?;
        Ok(answer)
    }

    /// Opens a watch stream, which begins with `create`; also gives the member it is with. A member that has
    /// lost its leader ends it rather than staying silent.
    pub(super) async fn watch(
        &self,
        create: rpc::WatchRequest,
    ) -> Result<(mpsc::Sender<rpc::WatchRequest>, Streaming<rpc::WatchResponse>, Member), Error> {
        let call = self.attempt(|mut grpc| {
            let (requests, queue) = mpsc::channel(REQUESTS);
            // The queue is new and has room.
            drop(requests.try_send(create.clone()));
            let mut request = Request::new(ReceiverStream::new(queue));
            request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
            let path = PathAndQuery::from_static(rpc::WATCH);
            async move {
                let answer = grpc.streaming(request, path, ProstCodec::default()).await?;
                Ok(answer.map(|answers| (requests, answers)))
            }
        });
        let ((requests, answers), member) = self.explained(call.await, 0)?;
        Ok((requests, answers, member))
    }

    /// Uses another member than `member` from now on.
    pub(super) fn leave(&self, member: Member) {
        let next = (member.0 + 1) % self.channels.len();
        // When it fails, somebody else has left the member already.
        let _ = self.current.compare_exchange(member.0, next, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Calls a member, and the next ones as long as no connection can be made.
    async fn attempt<T, F>(&self, call: impl Fn(Grpc<Channel>) -> F) -> Result<(T, Member), Status>
    where
        F: Future<Output = Result<tonic::Response<T>, Status>>,
    {
        let deadline = tokio::time::Instant::now() + self.call_timeout;
        let mut left = self.channels.len();
        loop {
            left -= 1;
            let member = Member(self.current.load(Ordering::Acquire));
            let mut grpc = self.grpc(member);
            let called = async {
                grpc.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
                call(grpc).await
            };
            let result = tokio::time::timeout_at(deadline, called).await;
            let status = match result {
                Ok(Ok(answer)) => return Ok((answer.into_inner(), member)),
                Ok(Err(status)) => status,
                Err(_) => Status::unavailable(format!("no answer within {:?}", self.call_timeout)),
            };
            if matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled) {
                self.leave(member);
            }
            if left == 0 || !never_sent(&status) {
                return Err(status);
            }
        }
    }

    fn explained<T>(&self, result: Result<T, Status>, at: Revision) -> Result<T, Error> {
        result.map_err(|status| self.explain(&status, at))
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
            _ => self.unavailable(&reason(status)),
        }
    }

    pub(super) fn unavailable(&self, reason: &str) -> Error {
        Error::Unavailable(format!("etcd at {}: {reason}", self.endpoints))
    }

    fn grpc(&self, member: Member) -> Grpc<Channel> {
        Grpc::new(self.channels[member.0].clone()).max_decoding_message_size(i32::MAX as usize)
    }
}

/// The place of a member among the endpoints.
#[derive(Clone, Copy)]
pub(super) struct Member(usize);

/// Whether the request did not leave this process, so that it can be sent elsewhere without being done twice.
fn never_sent(status: &Status) -> bool {
    let mut error: Option<&(dyn std::error::Error + 'static)> = Some(status);
    std::iter::from_fn(|| {
        let this = error?;
        error = this.source();
        Some(this)
    })
    .any(|error| error.is::<ConnectError>())
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
