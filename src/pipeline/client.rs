//! The pipeline as a client: a [`tower::Service`] that acts as one user inside the process.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower::Service;

use super::{
    Authenticator, Authorizer, BoxError, Handler, Origin, Pipeline, RequestBody, ResponseBody, UserInfo,
};

/// Sends requests through a pipeline as one user, past authentication.
#[derive(Debug)]
pub struct InProcess<N, Z, H> {
    pipeline: Pipeline<N, Z, H>,
    user: Arc<UserInfo>,
}

impl<N, Z, H> InProcess<N, Z, H> {
    pub(super) fn new(pipeline: Pipeline<N, Z, H>, user: Arc<UserInfo>) -> Self {
        Self { pipeline, user }
    }
}

impl<N: Authenticator, Z: Authorizer, H: Handler> InProcess<N, Z, H> {
    /// Answers one request.
    pub async fn send(&self, request: Request<RequestBody>) -> Response<ResponseBody<H::Body>> {
        self.pipeline.answer(Origin::InProcess(Arc::clone(&self.user)), request).await
    }
}

impl<N, Z, H> Clone for InProcess<N, Z, H> {
    fn clone(&self) -> Self {
        Self { pipeline: self.pipeline.clone(), user: Arc::clone(&self.user) }
    }
}

impl<N, Z, H, B> Service<Request<B>> for InProcess<N, Z, H>
where
    N: Authenticator,
    Z: Authorizer,
    H: Handler,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<ResponseBody<H::Body>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let client = self.clone();
        Box::pin(async move { Ok(client.send(request.map(RequestBody::boxed)).await) })
    }
}
