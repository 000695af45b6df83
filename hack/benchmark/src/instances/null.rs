//! A backend that does nothing: whatever it is asked for is there at once. What is left is the server's own work.
//!
//! It speaks `api/proto/backend` in the few bytes that it needs, and reads nothing of what it is asked.

use crate::error::Error;
use bytes::Bytes;
use futures_util::stream::{self, Iter};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::path::PathBuf;
use tokio::net::UnixListener;

/// What a class names it by.
pub const NAME: &str = "null.example.com/postgresql";
/// gRPC's code for what is not there.
const UNIMPLEMENTED: &str = "12";

/// Where it listens.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The socket.
    #[arg(long)]
    socket: PathBuf,
}

type Frames = StreamBody<Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;

/// Serves until it is killed.
pub async fn run(options: Options) -> Result<(), Error> {
    let listener =
        UnixListener::bind(&options.socket).map_err(|source| Error::file(&options.socket, source))?;
    loop {
        let (socket, _) = listener.accept().await.map_err(Error::connection)?;
        tokio::spawn(async move {
            let builder = Builder::new(TokioExecutor::new());
            // A server that goes away is how every measurement ends.
            let _ = builder.serve_connection(TokioIo::new(socket), service_fn(answer)).await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Frames>, hyper::Error> {
    let call = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    request.into_body().collect().await?;
    let message = match call.as_str() {
        "GetInfo" => Some(info()),
        "Offer" => Some(offer()),
        "Reference" => Some(reference()),
        "Observe" => Some(inner(1, &observed())),
        "Ensure" => Some(observed()),
        "Remove" => Some(Vec::new()),
        _ => None,
    };
    let code = if message.is_some() { "0" } else { UNIMPLEMENTED };
    let trailers =
        HeaderMap::from_iter([("grpc-status".parse().expect("a name"), HeaderValue::from_static(code))]);
    let data = message.map(|message| Ok(Frame::data(framed(&message))));
    let frames: Vec<_> = data.into_iter().chain([Ok(Frame::trailers(trailers))]).collect();
    let mut response = Response::new(StreamBody::new(stream::iter(frames)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(response)
}

/// A message as gRPC frames it.
fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap_or_default().to_be_bytes();
    [&[0], &length[..], message].concat().into()
}

fn info() -> Vec<u8> {
    [text(1, NAME), text(2, "1"), text(3, "v1")].concat()
}

fn offer() -> Vec<u8> {
    let engine = [text(1, "PostgreSQL"), text(2, "PostgreSQL"), text(3, "17")].concat();
    [inner(1, &engine), text(2, "PostgreSQL")].concat()
}

fn reference() -> Vec<u8> {
    let domain = NAME.split('/').next().unwrap_or_default();
    [text(1, domain), text(2, "Nothing"), text(4, "nothing")].concat()
}

fn observed() -> Vec<u8> {
    let endpoint = [text(1, "ReadWrite"), text(2, "127.0.0.1"), number(3, 5432)].concat();
    let login = [text(1, "app"), text(2, "secret"), text(3, "app")].concat();
    let about = [text(1, "Available"), text(2, "it accepts connections"), text(3, "17.1")].concat();
    let servers = [number(4, 1), number(5, 1)].concat();
    [about, servers, inner(7, &endpoint), inner(8, &login)].concat()
}

/// A field of text.
fn text(field: u8, text: &str) -> Vec<u8> {
    inner(field, text.as_bytes())
}

/// A field of bytes, or of another message.
fn inner(field: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![field << 3 | 2];
    varint(&mut out, bytes.len());
    out.extend_from_slice(bytes);
    out
}

fn number(field: u8, value: usize) -> Vec<u8> {
    let mut out = vec![field << 3];
    varint(&mut out, value);
    out
}

fn varint(out: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_is_protobuf() {
        assert_eq!(number(3, 5432), [0x18, 0xb8, 0x2a]);
        assert_eq!(text(2, "17"), [0x12, 2, b'1', b'7']);
        assert_eq!(framed(b"ab"), Bytes::from_static(b"\0\0\0\0\x02ab"));
    }
}
