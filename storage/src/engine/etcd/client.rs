//! Calls to etcd: each with a deadline, its revision noted and its errors in this crate's words.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use etcd_client::proto::PbResponseHeader as Header;
use etcd_client::{ConnectOptions, KvClient, MaintenanceClient, WatchClient};
use tonic::transport::Channel;
use tonic::{Code, ConnectError, Status};

use super::Config;
use super::channel::channels;
use crate::engine::MAX_VALUE_SIZE;
use crate::{Error, Revision};

/// The largest answer that gRPC can carry. Pages and watches are bounded by what they ask for.
const MAX_ANSWER: usize = i32::MAX as usize;

/// Clients of etcd's members, of which one is used until it fails. Clones share them.
#[derive(Clone)]
pub(super) struct Client {
    members: Arc<[Member]>,
    /// Which one is used.
    current: Arc<AtomicUsize>,
    endpoints: Arc<str>,
    call_timeout: Duration,
    seen: Arc<Seen>,
}

/// The clients of one member, over one connection. Their clones are handles.
pub(super) struct Member {
    pub(super) kv: KvClient,
    pub(super) watch: WatchClient,
    pub(super) maintenance: MaintenanceClient,
}

/// What was learnt from answers.
#[derive(Default)]
struct Seen {
    /// The greatest revision.
    revision: AtomicU64,
    /// The greatest revision known to be compacted to.
    compacted: AtomicU64,
}

impl Member {
    async fn new(channel: Channel) -> Result<Self, etcd_client::Error> {
        let client = async |options| {
            let channel = etcd_client::Channel::Tonic(channel.clone());
            etcd_client::Client::from_channel(channel, Some(options)).await
        };
        let plain = client(ConnectOptions::new()).await?;
        // A member that has lost its leader ends a watch rather than staying silent.
        let led = client(ConnectOptions::new().with_require_leader(true)).await?;
        Ok(Self {
            kv: plain.kv_client().max_decoding_message_size(MAX_ANSWER),
            watch: led.watch_client().max_decoding_message_size(MAX_ANSWER),
            maintenance: plain.maintenance_client(),
        })
    }
}

impl Client {
    pub(super) async fn new(config: &Config) -> Result<Self, Error> {
        let mut members = Vec::new();
        for channel in channels(config)? {
            members.push(Member::new(channel).await.map_err(|error| Error::Io(error.to_string()))?);
        }
        Ok(Self {
            members: members.into(),
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
    pub(super) fn see(&self, header: Option<&Header>) -> Revision {
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
    pub(super) async fn call<T, F>(&self, at: Revision, call: impl Fn(&Member) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, etcd_client::Error>>,
    {
        Ok(self.call_someone(at, call).await?.0)
    }

    /// Likewise; also gives the place of the member that answered. The next ones are called as long as no
    /// connection can be made.
    pub(super) async fn call_someone<T, F>(
        &self,
        at: Revision,
        call: impl Fn(&Member) -> F,
    ) -> Result<(T, Place), Error>
    where
        F: Future<Output = Result<T, etcd_client::Error>>,
    {
        let deadline = tokio::time::Instant::now() + self.call_timeout;
        let mut left = self.members.len();
        loop {
            left -= 1;
            let place = self.place();
            let result = tokio::time::timeout_at(deadline, call(&self.members[place.0])).await;
            let status = match result {
                Ok(Ok(answer)) => return Ok((answer, place)),
                Ok(Err(error)) => status(error),
                Err(_) => Status::unavailable(format!("no answer within {:?}", self.call_timeout)),
            };
            if matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled) {
                self.leave(place);
            }
            if left == 0 || !never_sent(&status) {
                return Err(self.explain(&status, at));
            }
        }
    }

    /// The same members, with so much time for each call.
    pub(super) fn within(&self, call_timeout: Duration) -> Self {
        Self { call_timeout, ..self.clone() }
    }

    /// The place of the member that is used.
    pub(super) fn place(&self) -> Place {
        Place(self.current.load(Ordering::Acquire))
    }

    /// Uses another member than the one at `place` from now on.
    pub(super) fn leave(&self, place: Place) {
        let next = (place.0 + 1) % self.members.len();
        // When it fails, somebody else has left the member already.
        let _ = self.current.compare_exchange(place.0, next, Ordering::AcqRel, Ordering::Acquire);
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
            Code::Unimplemented => self.unavailable(&format!(
                "what answers there has no service of etcd's: {message}; name etcd's own port for clients"
            )),
            _ => self.unavailable(&reason(status)),
        }
    }

    pub(super) fn unavailable(&self, reason: &str) -> Error {
        Error::Unavailable(format!("etcd at {}: {reason}", self.endpoints))
    }
}

/// The place of a member among the endpoints.
#[derive(Clone, Copy)]
pub(super) struct Place(usize);

/// The status of a call; what the client itself could not do counts as a member that cannot be reached.
pub(super) fn status(error: etcd_client::Error) -> Status {
    match error {
        etcd_client::Error::GRpcStatus(status) => status,
        other => Status::unavailable(other.to_string()),
    }
}

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
fn reason(status: &Status) -> String {
    let mut innermost: &dyn std::error::Error = status;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    if std::error::Error::source(status).is_none() {
        status.message().to_owned()
    } else {
        innermost.to_string()
    }
}
