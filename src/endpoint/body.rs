//! Answers: bytes at once, a list spliced from shared bytes, or a watch.

use super::gzip::Gzip;
use super::list_body::ListBody;
use super::watch_body::WatchBody;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The body of an answer. None of its forms buffers more than a chunk.
pub enum Body {
    /// Nothing more to send, or one chunk.
    Full(Option<Bytes>),
    /// A list in chunks.
    List(ListBody),
    /// Events without end.
    Watch(Box<WatchBody>),
    /// One of the others, once it is known which; the answer's head is on its way meanwhile.
    Later(Pin<Box<dyn Future<Output = Body> + Send>>),
    /// One of the others, compressed.
    Gzip(Box<Gzip>),
}

impl Body {
    /// A body of these bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Body::Full(Some(bytes.into()))
    }

    /// An empty body.
    pub fn empty() -> Self {
        Body::Full(None)
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if let Body::Later(body) = this {
            *this = ready!(body.as_mut().poll(context));
        }
        match this {
            Body::Later(_) => Poll::Ready(None),
            Body::Gzip(body) => Pin::new(&mut **body).poll_frame(context),
            Body::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Body::List(list) => Poll::Ready(list.next_chunk().map(|bytes| Ok(Frame::data(bytes)))),
            Body::Watch(watch) => {
                watch.poll_chunk(context).map(|chunk| chunk.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Body::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Body::List(_) | Body::Watch(_) | Body::Later(_) | Body::Gzip(_) => SizeHint::default(),
        }
    }
}
