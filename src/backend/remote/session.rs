//! One connection to a backend that has said who it is. It is never made again by itself: whoever comes back may be another
//! one, and is asked again who it is.

use super::calls;
use super::calls::Call;
use super::codec::Codec;
use super::failure::Failure;
use super::messages::{Info, Nothing};
use apimachinery::wire::Object;
use futures_util::future::BoxFuture;
use http::uri::{PathAndQuery, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use std::task::{Context, Poll};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::{Request, Status, Streaming};

/// The largest message in either direction: gRPC's own default.
const LIMIT: usize = 4 << 20;
/// The largest announcement, which is a name or a sentence: many of them may wait for who listens.
const ANNOUNCEMENT: usize = 16 << 10;
/// What requests are addressed to. Who is reached is decided by the connection.
const ORIGIN: &str = "http://localhost";

/// A connection.
pub(super) struct Connection {
    sender: SendRequest<Body>,
    /// It ended, or is not to be used any more.
    pub(super) ended: CancellationToken,
}

/// A connection to a backend that is known.
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) info: Info,
}

impl Connection {
    pub(super) fn new(sender: SendRequest<Body>, ended: CancellationToken) -> Self {
        Connection { sender, ended }
    }

    /// Whether calls can be made over it, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed() && !self.ended.is_cancelled()
    }

    /// Makes a call and waits for its answer, not longer than its deadline.
    pub(super) async fn call<Q: Object, A: Object>(
        &self,
        service: &str,
        call: &Call<Q, A>,
        message: Q,
    ) -> Result<A, Failure> {
        let mut request = Request::new(message);
        let deadline = call.deadline.unwrap_or_default();
        request.set_timeout(deadline);
        let answered = async {
            let mut client = self.client().await?;
            client.unary(request, path(service, call)?, Codec::<Q, A>::default()).await
        };
        match tokio::time::timeout(deadline, answered).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(Failure::from(&status)),
            Err(_) => Err(Failure::Late(format!("it did not answer {} in {deadline:?}", call.name))),
        }
    }

    async fn client(&self) -> Result<Grpc<Wire>, Status> {
        let wire = Wire(self.sender.clone());
        let mut client = Grpc::with_origin(wire, Uri::from_static(ORIGIN))
            .max_decoding_message_size(LIMIT)
            .max_encoding_message_size(LIMIT);
        client.ready().await.map_err(|error| Status::from_error(error.into()))?;
        Ok(client)
    }
}

impl Session {
    /// Begins to listen to what it announces by a call that has no end of answers.
    pub(super) async fn announced<A: Object>(
        &self,
        call: &Call<Nothing, A>,
    ) -> Result<Announced<A>, Failure> {
        let opened = async {
            let mut client = self.connection.client().await?.max_decoding_message_size(ANNOUNCEMENT);
            let path = path(calls::IDENTITY, call)?;
            client.server_streaming(Request::new(Nothing {}), path, Codec::<Nothing, A>::default()).await
        };
        Ok(Announced(opened.await.map_err(|status| Failure::from(&status))?.into_inner()))
    }
}

/// What a backend announces.
pub(super) struct Announced<A>(Streaming<A>);

impl<A: Object> Announced<A> {
    /// The next; none where there will be none.
    pub(super) async fn next(&mut self) -> Result<Option<A>, Failure> {
        self.0.message().await.map_err(|status| Failure::from(&status))
    }
}

fn path<Q: Object, A: Object>(service: &str, call: &Call<Q, A>) -> Result<PathAndQuery, Status> {
    call.path(service).parse().map_err(|_| Status::internal("no such service can be named"))
}

/// HTTP/2 as gRPC's client wants it.
struct Wire(SendRequest<Body>);

impl tower::Service<http::Request<Body>> for Wire {
    type Response = http::Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, hyper::Result<Self::Response>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
