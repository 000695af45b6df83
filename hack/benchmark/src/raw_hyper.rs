//! The limit of HTTP: the same bytes over the same TLS and HTTP/2, out of memory and without a thought.

use crate::error::Error;
use crate::words::{Api, Words};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio_rustls::TlsAcceptor;

/// How a large body is cut.
const CHUNK: usize = 64 * 1024;
/// So many events may wait for the slowest watcher.
const EVENTS: usize = 4096;
/// What a group says of itself, so that kube-apiserver finds it there.
const DISCOVERY: &[u8] =
    br#"{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"raw.example.com/v1","resources":[]}"#;
/// Where a watch begins.
const NO_OBJECTS: &[u8] =
    br#"{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}"#;

/// What it serves, and how.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1.
    #[arg(long)]
    port: u16,
    /// A folder with `tls.crt`, `tls.key`, and the answers: `object`, `list` and `event`.
    #[arg(long)]
    folder: PathBuf,
}

struct Answers {
    object: Bytes,
    list: Vec<Bytes>,
    event: Bytes,
    events: broadcast::Sender<Bytes>,
}

type Body = StreamBody<BoxStream<'static, Result<Frame<Bytes>, Infallible>>>;

/// Serves until it is killed.
pub async fn run(options: Options) -> Result<(), Error> {
    let list = read(&options.folder, "list")?;
    let answers = Arc::new(Answers {
        object: read(&options.folder, "object")?,
        list: (0..list.len()).step_by(CHUNK).map(|at| list.slice(at..list.len().min(at + CHUNK))).collect(),
        event: read(&options.folder, "event")?,
        events: broadcast::Sender::new(EVENTS),
    });
    let acceptor = TlsAcceptor::from(Arc::new(tls(&options.folder)?));
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(Error::connection)?;
    loop {
        let (stream, _) = listener.accept().await.map_err(Error::connection)?;
        stream.set_nodelay(true).map_err(Error::connection)?;
        let (acceptor, answers) = (acceptor.clone(), answers.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| answer(answers.clone(), request));
            let connection = Builder::new(TokioExecutor::new())
                .max_concurrent_streams(10_000)
                .serve_connection(TokioIo::new(stream), service);
            // A client that goes away is how every cell ends.
            let _ = connection.await;
        });
    }
}

fn read(folder: &Path, name: &str) -> Result<Bytes, Error> {
    let path = folder.join(name);
    std::fs::read(&path).map(Bytes::from).map_err(|source| Error::file(&path, source))
}

fn tls(folder: &Path) -> Result<ServerConfig, Error> {
    let wrong = |error: String| Error::Wrong(format!("the certificate cannot be used: {error}"));
    let certificate =
        CertificateDer::from_pem_file(folder.join("tls.crt")).map_err(|error| wrong(error.to_string()))?;
    let key =
        PrivateKeyDer::from_pem_file(folder.join("tls.key")).map_err(|error| wrong(error.to_string()))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(|error| wrong(error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// The objects of [`Words`] under [`Api::Raw`], and as much of discovery as kube-apiserver asks for before it proxies.
async fn answer(answers: Arc<Answers>, request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let group = Words::of(Api::Raw).group();
    let query = request.uri().query().unwrap_or_default();
    let Some(path) = request.uri().path().strip_prefix(&group) else {
        let mut response = Response::new(StreamBody::new(chunks(Vec::new())));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Ok(response);
    };
    let body = match (request.method(), path) {
        (_, "") => whole(Bytes::from_static(DISCOVERY)),
        (&Method::POST | &Method::PATCH, path) => {
            let watched = path == "/watched";
            request.into_body().collect().await?;
            if watched {
                // Nobody watches before the first cell.
                let _ = answers.events.send(answers.event.clone());
            }
            whole(answers.object.clone())
        }
        (_, "/watched") if query.contains("watch=1") => watch(answers.events.subscribe()),
        (_, "/watched") => whole(Bytes::from_static(NO_OBJECTS)),
        (_, "/bench") => chunks(answers.list.clone()),
        _ => whole(answers.object.clone()),
    };
    Ok(Response::new(StreamBody::new(body)))
}

fn whole(bytes: Bytes) -> BoxStream<'static, Result<Frame<Bytes>, Infallible>> {
    chunks(vec![bytes])
}

fn chunks(chunks: Vec<Bytes>) -> BoxStream<'static, Result<Frame<Bytes>, Infallible>> {
    stream::iter(chunks).map(|chunk| Ok(Frame::data(chunk))).boxed()
}

fn watch(events: broadcast::Receiver<Bytes>) -> BoxStream<'static, Result<Frame<Bytes>, Infallible>> {
    let next = |mut events: broadcast::Receiver<Bytes>| async {
        events.recv().await.ok().map(|event| (Ok::<_, Infallible>(event), events))
    };
    stream::unfold(events, next).map_ok(Frame::data).boxed()
}
