//! What is left of a request's body when the request is answered.
//!
//! Over HTTP/1 the next request stands behind it. A little is read, so that the connection goes on; where it is more, or does
//! not come in time, the answer says that the connection ends with it. A client that waits for leave to send its body is not
//! made to send it in vain. Over HTTP/2 a stream ends by itself, with a reset when its body is dropped. A client that reads the reset
//! together with the answer may forget the answer (curl 7.88 does); so the body is dropped a while later.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::EXPECT;
use http::{HeaderMap, Request, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::oneshot;

use super::body::RequestBody;
use crate::serve::Lent;

/// Whether a client sends its body only once it is told to go on, which it is when the body is first read.
pub fn waits_for_leave(headers: &HeaderMap) -> bool {
    headers.get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// How much is read that nobody wanted, as in Go's server.
const MOST: u64 = 256 << 10;
/// How long it may take to come.
const PATIENCE: Duration = Duration::from_secs(1);

/// A body from the network, which comes back when its user drops it.
#[derive(Debug)]
pub struct Returning(Lent<Read>);

/// A body, and how far it was read.
#[derive(Debug)]
struct Read {
    body: Incoming,
    is_whole: bool,
    is_broken: bool,
}

/// Where the body of a request comes back.
pub(super) struct Rest {
    returned: oneshot::Receiver<Read>,
    waits_for_leave: bool,
    version: Version,
}

impl Rest {
    /// The request to answer, and, where it matters, how to learn what was left of its body.
    pub(super) fn of(request: Request<Incoming>) -> (Request<RequestBody>, Option<Self>) {
        if request.body().is_end_stream() {
            return (request.map(RequestBody::from), None);
        }
        let (waits_for_leave, version) = (waits_for_leave(request.headers()), request.version());
        let (parts, body) = request.into_parts();
        let (lent, returned) = Lent::new(Read { body, is_whole: false, is_broken: false });
        let request = Request::from_parts(parts, RequestBody::Lent(Box::new(Returning(lent))));
        (request, Some(Self { returned, waits_for_leave, version }))
    }

    /// Reads what is left; whether another request may follow on the connection.
    pub(super) async fn read(mut self) -> bool {
        let returned = self.returned.try_recv();
        if self.version >= Version::HTTP_2 {
            if let Ok(Read { body, is_broken: false, .. }) = returned
                && !body.is_end_stream()
            {
                tokio::spawn(tokio::time::timeout(PATIENCE, drain(body, u64::MAX)));
            }
            return true;
        }
        match returned {
            Ok(read) if read.is_broken => false,
            Ok(read) if read.is_whole || read.body.is_end_stream() => true,
            Ok(read) if !self.waits_for_leave && read.body.size_hint().lower() <= MOST => {
                tokio::time::timeout(PATIENCE, drain(read.body, MOST)).await.unwrap_or(false)
            }
            // It is too much, or somebody reads it yet.
            Ok(_) | Err(_) => false,
        }
    }
}

/// Whether the body ended before it was too much.
async fn drain(mut body: Incoming, most: u64) -> bool {
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        read += frame.data_ref().map_or(0, |bytes| bytes.len() as u64);
        if read > most {
            return false;
        }
    }
    true
}

impl Returning {
    pub(super) fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(read) = self.0.lent() else { return Poll::Ready(None) };
        let polled = Pin::new(&mut read.body).poll_frame(context);
        match &polled {
            Poll::Ready(None) => read.is_whole = true,
            Poll::Ready(Some(Err(_))) => read.is_broken = true,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        polled
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.0.get().is_none_or(|read| read.body.is_end_stream())
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.0.get().map(|read| read.body.size_hint()).unwrap_or_default()
    }
}
