//! The bodies that pass through the pipeline.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::audit::Audited;
use super::in_flight::Place;
use super::unread::Returning;
use crate::telemetry::LongRunning;

/// Any error of a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a request: from the network as it comes, or from a caller in this process.
#[derive(Debug)]
pub enum RequestBody {
    /// From the network.
    Network(Incoming),
    /// From the network, and what becomes of the rest of it matters. On the heap: other requests have no use for so much room.
    Lent(Box<Returning>),
    /// Whole and in memory.
    Memory(Full<Bytes>),
    /// Of any other kind.
    Boxed(UnsyncBoxBody<Bytes, BoxError>),
}

impl RequestBody {
    /// A body without bytes.
    pub fn empty() -> Self {
        Self::Memory(Full::default())
    }

    /// A body of any kind.
    pub fn boxed<B>(body: B) -> Self
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        Self::Boxed(body.map_err(Into::into).boxed_unsync())
    }
}

impl From<Incoming> for RequestBody {
    fn from(body: Incoming) -> Self {
        Self::Network(body)
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self::Memory(Full::new(bytes))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Network(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Self::Lent(body) => body.poll_frame(context).map_err(Into::into),
            Self::Memory(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Self::Boxed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Network(body) => body.is_end_stream(),
            Self::Lent(body) => body.is_end_stream(),
            Self::Memory(body) => body.is_end_stream(),
            Self::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Network(body) => body.size_hint(),
            Self::Lent(body) => body.size_hint(),
            Self::Memory(body) => body.size_hint(),
            Self::Boxed(body) => body.size_hint(),
        }
    }
}

/// The body of a response: the handler's, or the pipeline's own refusal.
///
/// It keeps the request's place until it is written, is aborted at the deadline, and turns a panic into an abort. With it
/// ends what is recorded of the request, and it is no longer counted as one that runs.
#[derive(Debug)]
pub struct ResponseBody<B> {
    source: Source<B>,
    deadline: Option<Instant>,
    _place: Option<Place>,
    audited: Option<Audited>,
    _running: Option<LongRunning>,
}

#[derive(Debug)]
enum Source<B> {
    Refusal(Full<Bytes>),
    Handler(B),
}

/// Why a response is cut short.
#[derive(Debug, thiserror::Error)]
enum Abort {
    #[error("the response was not written within the allotted timeout")]
    Deadline,
    #[error("the response's body panicked")]
    Panic,
}

impl<B> ResponseBody<B> {
    pub(super) fn refusal(text: Bytes) -> Self {
        Self::from(Source::Refusal(Full::new(text)), None, None)
    }

    pub(super) fn of_handler(body: B, deadline: Option<Instant>, place: Place) -> Self {
        Self::from(Source::Handler(body), deadline, Some(place))
    }

    fn from(source: Source<B>, deadline: Option<Instant>, place: Option<Place>) -> Self {
        Self { source, deadline, _place: place, audited: None, _running: None }
    }

    /// When it is aborted.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The request is recorded, and counted, until this is dropped.
    pub(super) fn recorded(self, audited: Option<Audited>, running: Option<LongRunning>) -> Self {
        Self { audited, _running: running, ..self }
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let body = match &mut this.source {
            Source::Refusal(body) => return Pin::new(body).poll_frame(context).map_err(Into::into),
            Source::Handler(body) => body,
        };
        if this.deadline.is_some_and(|deadline| deadline < Instant::now()) {
            return Poll::Ready(Some(Err(Abort::Deadline.into())));
        }
        let polled =
            catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(context).map_err(Into::into)));
        polled.unwrap_or_else(|panic| {
            if let Some(audited) = &this.audited {
                audited.panicked(&*panic);
            }
            Poll::Ready(Some(Err(Abort::Panic.into())))
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Refusal(body) => body.is_end_stream(),
            Source::Handler(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Refusal(body) => body.size_hint(),
            Source::Handler(body) => body.size_hint(),
        }
    }
}
