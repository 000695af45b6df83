//! A program that serves the fake backend at a socket, as it should or not.

use super::*;
use apimachinery::wire::Object;
use calls::Call;
use codec::Codec;
use futures_util::stream;
use futures_util::{Stream, StreamExt};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Response, Status};

/// How a program behaves.
#[derive(Clone)]
pub(super) struct Manner {
    pub(super) info: wire::Info,
    /// What it does in the service of a kind.
    pub(super) does: Does,
    /// Counts what it was asked.
    pub(super) asked: Arc<AtomicUsize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// What it is asked.
    Its,
    /// Nothing, for ever; but it says who it is.
    Nothing,
    /// It answers with bytes that mean nothing.
    Nonsense,
    /// It has no such service.
    Lack,
    /// It ends.
    Die,
    /// Nothing, and it does not even say who it is any more.
    Hang,
    /// What it is asked, but it warns without end.
    Flood,
}

impl Manner {
    pub(super) fn good(fake: &Fake) -> Self {
        let info = wire::Info {
            name: CONTROLLER_NAME.into(),
            version: "1.2.3".into(),
            protocol_versions: vec!["v1".into()],
            capabilities: vec![Capability::News, Capability::Plan, Capability::Warnings],
            class_parameters: fake.class_parameters().into_iter().map(reverse::kind).collect(),
            object_parameters: fake.object_parameters().into_iter().map(reverse::kind).collect(),
            object_references: fake.object_references().into_iter().map(reverse::read).collect(),
            groups: vec!["operator.example.com".into()],
        };
        Manner { info, does: Does::Its, asked: Arc::default() }
    }
}

/// A program that may end and be started again.
pub(super) struct Server {
    folder: tempfile::TempDir,
    running: JoinSet<()>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    /// Not started yet.
    pub(super) fn new() -> Self {
        Server {
            folder: tempfile::tempdir().expect("a folder"),
            running: JoinSet::new(),
            asked: Arc::default(),
        }
    }

    pub(super) fn started(fake: &Arc<Fake>) -> Self {
        let mut server = Server::new();
        server.start(fake, Manner::good(fake));
        server
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("backend.sock")
    }

    /// Ends it, whatever it was doing.
    pub(super) async fn stop(&mut self) {
        self.running.shutdown().await;
        std::fs::remove_file(self.socket()).expect("it had a socket");
    }

    /// How many calls were made since this was asked last.
    pub(super) fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }

    pub(super) fn start(&mut self, fake: &Arc<Fake>, manner: Manner) {
        let (listener, fake) = (UnixListener::bind(self.socket()).expect("a socket"), fake.clone());
        let asked = self.asked.clone();
        self.running.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                let manner = Manner { asked: asked.clone(), ..manner.clone() };
                connections.spawn(serve(socket, fake.clone(), manner));
            }
        });
    }
}

/// Serves one connection to its end.
pub(super) async fn serve(
    socket: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    fake: Arc<Fake>,
    manner: Manner,
) {
    let died = CancellationToken::new();
    let service = hyper::service::service_fn({
        let died = died.clone();
        move |request| answer(fake.clone(), manner.clone(), died.clone(), request)
    });
    let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    tokio::select! {
        _ = builder.serve_connection(TokioIo::new(socket), service) => {}
        () = died.cancelled() => {}
    }
}

type Answer = http::Response<Body>;

async fn answer(
    fake: Arc<Fake>,
    manner: Manner,
    died: CancellationToken,
    request: http::Request<Incoming>,
) -> Result<Answer, Infallible> {
    manner.asked.fetch_add(1, Ordering::Relaxed);
    let path = request.uri().path().to_owned();
    Ok(match path.strip_prefix("/databases.backend.v1.").and_then(|call| call.split_once('/')) {
        Some(("Identity", call)) => match manner.does {
            Does::Hang => std::future::pending().await,
            _ => identity(call, &fake, manner, request).await,
        },
        Some(("PostgreSQL", call)) => match manner.does {
            Does::Its | Does::Flood => postgresql(call, fake, request).await,
            Does::Nonsense => nonsense(),
            Does::Lack => Status::unimplemented("there is no such service here").into_http(),
            Does::Nothing | Does::Hang => std::future::pending().await,
            Does::Die => {
                died.cancel();
                std::future::pending().await
            }
        },
        _ => Status::unimplemented("there is no such service here").into_http(),
    })
}

async fn identity(call: &str, fake: &Arc<Fake>, manner: Manner, request: http::Request<Incoming>) -> Answer {
    match call {
        "GetInfo" => unary(&calls::GET_INFO, request, async move |_| Ok(manner.info)).await,
        "Offer" => {
            let fake = fake.clone();
            let offer = async move |class| fake.offer(&reverse::class(class)).await.map(reverse::offer);
            unary(&calls::OFFER, request, offer).await
        }
        "News" => {
            let (first, news) = (stream::once(async { News::Everything }), fake.news());
            announce(&calls::NEWS, request, first.chain(news).map(reverse::news)).await
        }
        "Warnings" => match manner.does {
            Does::Nonsense => nonsense(),
            Does::Lack => Status::unimplemented("there is no such call here").into_http(),
            Does::Flood => {
                announce(&calls::WARNINGS, request, stream::repeat(wire::Warning::default())).await
            }
            _ => announce(&calls::WARNINGS, request, fake.warnings().map(reverse::warning)).await,
        },
        _ => Status::unimplemented("there is no such call here").into_http(),
    }
}

async fn postgresql(call: &str, fake: Arc<Fake>, request: http::Request<Incoming>) -> Answer {
    use reverse::request as read;
    match call {
        "Reference" => {
            let call = async move |asked| fake.reference(&read(asked)).await.map(reverse::reference);
            unary(&calls::REFERENCE, request, call).await
        }
        "Plan" => {
            let call = async move |asked| fake.plan(&read(asked)).await.map(reverse::plan);
            unary(&calls::PLAN, request, call).await
        }
        "Observe" => {
            let call = async move |asked| {
                let seen = fake.observe(&read(asked)).await?;
                Ok(wire::Observation { observed: seen.map(reverse::observed) })
            };
            unary(&calls::OBSERVE, request, call).await
        }
        "Ensure" => {
            let call = async move |asked| fake.ensure(&read(asked)).await.map(reverse::observed);
            unary(&calls::ENSURE, request, call).await
        }
        "BackUp" => {
            let call = async move |asked| fake.back_up(&read(asked)).await.map(reverse::backup);
            unary(&calls::BACK_UP, request, call).await
        }
        "Remove" => {
            let call = async move |removal: wire::Removal| {
                let asked = read(removal.request.expect("an object"));
                fake.remove(&asked, reverse::disposal(&removal.disposal)).await?;
                Ok(wire::Nothing {})
            };
            unary(&calls::REMOVE, request, call).await
        }
        _ => Status::unimplemented("there is no such call here").into_http(),
    }
}

async fn unary<Q: Object, A: Object, F>(
    _: &Call<Q, A>,
    request: http::Request<Incoming>,
    answer: impl FnOnce(Q) -> F,
) -> Answer
where
    F: Future<Output = Result<A, Error>>,
{
    let mut answer = Some(answer);
    let service = tower::service_fn(move |request: tonic::Request<Q>| {
        let answer = answer.take().expect("one request a call");
        async move { answer(request.into_inner()).await.map(Response::new).map_err(reverse::status) }
    });
    tonic::server::Grpc::new(Codec::<A, Q>::default()).unary(service, request).await
}

async fn announce<A: Object>(
    _: &Call<wire::Nothing, A>,
    request: http::Request<Incoming>,
    all: impl Stream<Item = A> + Send + 'static,
) -> Answer {
    let mut all = Some(all.map(Ok::<_, Status>).boxed());
    let service = tower::service_fn(move |_: tonic::Request<wire::Nothing>| {
        let all = all.take().expect("one listener a call");
        async move { Ok::<_, Status>(Response::new(all)) }
    });
    tonic::server::Grpc::new(Codec::<A, wire::Nothing>::default()).server_streaming(service, request).await
}

/// A message of five bytes that is none.
fn nonsense() -> Answer {
    let body = http_body_util::Full::new(bytes::Bytes::from_static(b"\0\0\0\0\x05\xff\xff\xff\xff\xff"));
    let answer = http::Response::builder().header("content-type", "application/grpc");
    answer
        .body(Body::new(http_body_util::BodyExt::map_err(body, |never: Infallible| match never {})))
        .expect("an answer")
}
