//! Compression of large answers (C-08).

use super::body::Body;
use bytes::{BufMut, Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderValue, VARY};
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame};
use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// Answers of up to so many bytes are sent as they are.
const THRESHOLD: usize = 128 * 1024;
/// So many compressed bytes are collected before they are sent.
const CHUNK: usize = 32 * 1024;
/// So many bytes are compressed at a time: who compresses holds a thread, and others wait for it.
const TURN: usize = 32 * 1024;

/// A body on its way through the compressor.
pub struct Gzip {
    inner: Body,
    /// What came of it and is not compressed yet.
    waiting: Bytes,
    /// How much is compressed before others have their turn.
    turn: usize,
    /// `None` once everything is out.
    encoder: Option<GzEncoder<bytes::buf::Writer<BytesMut>>>,
}

/// The answer, compressed where the client takes that and it is worth it.
pub(super) fn compress(response: Response<Body>, headers: &HeaderMap) -> Response<Body> {
    let large = match response.body() {
        Body::Full(bytes) => bytes.as_ref().is_some_and(|bytes| bytes.len() > THRESHOLD),
        Body::List(list) => list.is_larger_than(THRESHOLD),
        Body::Watch(_) | Body::Later(_) | Body::Gzip(_) => false,
    };
    if !large || !is_accepted(headers) {
        return response;
    }
    let mut response = response.map(|inner| {
        let room = BytesMut::with_capacity(CHUNK).writer();
        let encoder = Some(GzEncoder::new(room, Compression::fast()));
        Body::Gzip(Box::new(Gzip { inner, waiting: Bytes::new(), turn: TURN, encoder }))
    });
    let headers = response.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    response
}

/// All of these bytes, compressed.
pub(super) fn whole(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::default());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("memory takes every byte").into()
}

/// Whether a clause of Accept-Encoding names gzip with a quality above nothing.
pub(super) fn is_accepted(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|clause| {
        let mut parts = clause.split(';').map(str::trim);
        let refused = |part: &str| {
            part.strip_prefix("q=")
                .is_some_and(|quality| quality.parse::<f32>().is_ok_and(|quality| quality <= 0.0))
        };
        parts.next().is_some_and(|coding| coding.eq_ignore_ascii_case("gzip")) && !parts.any(refused)
    })
}

impl Gzip {
    pub(super) fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        while let Some(encoder) = &mut this.encoder {
            if encoder.get_ref().get_ref().len() >= CHUNK {
                let chunk = encoder.get_mut().get_mut().split().freeze();
                return Poll::Ready(Some(Ok(Frame::data(chunk))));
            }
            if this.waiting.is_empty() {
                let Some(Ok(frame)) = ready!(Pin::new(&mut this.inner).poll_frame(context)) else { break };
                this.waiting = frame.into_data().unwrap_or_default();
            } else if this.turn == 0 {
                this.turn = TURN;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let next = this.waiting.split_to(this.turn.min(this.waiting.len()));
            this.turn -= next.len();
            // Writing to memory does not fail.
            let _ = encoder.write_all(&next);
        }
        let rest = this.encoder.take().and_then(|encoder| encoder.finish().ok());
        Poll::Ready(rest.map(|rest| Ok(Frame::data(rest.into_inner().freeze()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;
    use std::task::Waker;

    #[test]
    fn others_have_their_turn_between_the_parts_of_a_large_body() {
        let large: Vec<u8> =
            (0..1_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let mut body = compress(Response::new(Body::full(large.clone())), &headers).into_body();
        let (mut compressed, mut turns) = (Vec::new(), 1);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match Pin::new(&mut body).poll_frame(&mut context) {
                Poll::Ready(Some(Ok(frame))) => compressed.extend(frame.into_data().unwrap()),
                Poll::Ready(_) => break,
                Poll::Pending => turns += 1,
            }
        }
        assert_eq!(turns, large.len().div_ceil(TURN));
        let mut read = Vec::new();
        GzDecoder::new(&*compressed).read_to_end(&mut read).unwrap();
        assert_eq!(read, large);
    }
}
