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

/// A body on its way through the compressor.
pub struct Gzip {
    inner: Body,
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
        Body::Gzip(Box::new(Gzip { inner, encoder: Some(GzEncoder::new(room, Compression::fast())) }))
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
            let Some(Ok(frame)) = ready!(Pin::new(&mut this.inner).poll_frame(context)) else { break };
            // Writing to memory does not fail.
            let _ = frame.data_ref().map(|data| encoder.write_all(data));
        }
        let rest = this.encoder.take().and_then(|encoder| encoder.finish().ok());
        Poll::Ready(rest.map(|rest| Ok(Frame::data(rest.into_inner().freeze()))))
    }
}
