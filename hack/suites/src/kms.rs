//! A plugin of a KMS, as servers that encrypt at rest ask it (`v2.KeyManagementService`), for tests alone: its keys hide
//! nothing. What it wraps it gives back after a restart, too, as a real one does.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::net::UnixListener;
use tokio::task::{JoinHandle, JoinSet};

/// Each field that one of the messages has at its place; which those are differs.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "1")]
    version: String,
    #[prost(string, tag = "2")]
    healthz: String,
    #[prost(string, tag = "3")]
    key_id: String,
}

#[derive(Clone, PartialEq, Message)]
struct Wrapped {
    #[prost(bytes = "vec", tag = "1")]
    ciphertext: Vec<u8>,
    #[prost(string, tag = "2")]
    key_id: String,
    #[prost(btree_map = "string, bytes", tag = "3")]
    annotations: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Wrapping {
    #[prost(bytes = "vec", tag = "1")]
    ciphertext: Vec<u8>,
    #[prost(string, tag = "2")]
    uid: String,
    #[prost(string, tag = "3")]
    key_id: String,
    #[prost(btree_map = "string, bytes", tag = "4")]
    annotations: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Secret {
    #[prost(bytes = "vec", tag = "1")]
    plaintext: Vec<u8>,
}

/// What it knows, and what it was asked.
struct State {
    key_id: String,
    calls: BTreeMap<String, usize>,
}

/// A plugin that listens; dropped, it is gone.
pub struct Kms {
    socket: PathBuf,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl Kms {
    /// Listens at `socket`, with a key of that id.
    pub fn start(socket: &Path, key_id: &str) -> Self {
        let listener = UnixListener::bind(socket).expect("the socket is free");
        let state = Arc::new(Mutex::new(State { key_id: key_id.to_owned(), calls: BTreeMap::new() }));
        let serving = tokio::spawn(serve(listener, state.clone()));
        Self { socket: socket.to_owned(), state, serving }
    }

    /// How often it was asked for `call`.
    pub fn asked(&self, call: &str) -> usize {
        self.state.lock().expect("no panic").calls.get(call).copied().unwrap_or_default()
    }
}

impl Drop for Kms {
    fn drop(&mut self) {
        self.serving.abort();
        let _ = std::fs::remove_file(&self.socket);
    }
}

async fn serve(listener: UnixListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((socket, _)) = listener.accept().await {
        let state = state.clone();
        let service = service_fn(move |request| answer(request, state.clone()));
        connections
            .spawn(http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service));
    }
}

type Body = StreamBody<futures_util::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, Infallible>>>>;

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Body>, hyper::Error> {
    let call = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
    // Behind a byte that says that it is not compressed, and its length.
    let mut body = request.into_body().collect().await?.to_bytes();
    body.advance(body.len().min(5));
    let answered = reply(&call, body, &mut state.lock().expect("no panic"));
    let (message, code) = answered.map_or((Vec::new(), "3"), |message| (message, "0"));
    let mut data = BytesMut::new();
    data.put_u8(0);
    data.put_u32(u32::try_from(message.len()).expect("small"));
    data.extend_from_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(code));
    let mut frames = vec![Ok(Frame::trailers(trailers))];
    if code == "0" {
        frames.insert(0, Ok(Frame::data(data.freeze())));
    }
    let mut response = Response::new(StreamBody::new(futures_util::stream::iter(frames)));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    Ok(response)
}

/// The answer; nothing to what it does not know.
fn reply(call: &str, body: Bytes, state: &mut State) -> Option<Vec<u8>> {
    *state.calls.entry(call.to_owned()).or_default() += 1;
    let key_id = state.key_id.clone();
    let message = match call {
        "Status" => Status { version: "v2".to_owned(), healthz: "ok".to_owned(), key_id }.encode_to_vec(),
        "Encrypt" => {
            let ciphertext = turned(&Secret::decode(body).ok()?.plaintext, &key_id);
            let annotations = BTreeMap::from([("kms.example.com".to_owned(), b"told".to_vec())]);
            Wrapped { ciphertext, key_id, annotations }.encode_to_vec()
        }
        "Decrypt" => {
            let Wrapping { ciphertext, key_id, annotations, .. } = Wrapping::decode(body).ok()?;
            annotations.get("kms.example.com").filter(|value| *value == b"told")?;
            Secret { plaintext: turned(&ciphertext, &key_id) }.encode_to_vec()
        }
        _ => return None,
    };
    Some(message)
}

/// There and back by the same way.
fn turned(secret: &[u8], key_id: &str) -> Vec<u8> {
    secret.iter().zip(key_id.bytes().cycle()).map(|(byte, key)| byte ^ key).collect()
}
