//! The pipeline on one connection: what is verified of the peer is verified once.

use std::sync::Arc;

use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;

use super::unread::Rest;
use super::{Authenticator, Authorizer, Handler, Origin, Peer, Pipeline, ResponseBody, head};
use crate::serve::{Accept, Connection, Session, end_at};

/// The pipeline on one connection.
#[derive(Debug)]
pub struct OnConnection<N, Z, H> {
    pipeline: Pipeline<N, Z, H>,
    peer: Arc<Peer>,
}

impl<N, Z, H> Clone for OnConnection<N, Z, H> {
    fn clone(&self) -> Self {
        Self { pipeline: self.pipeline.clone(), peer: Arc::clone(&self.peer) }
    }
}

impl<N: Authenticator, Z: Authorizer, H: Handler> Accept for Pipeline<N, Z, H> {
    type Session = OnConnection<N, Z, H>;

    fn accept(&self, connection: Connection) -> Self::Session {
        OnConnection { pipeline: self.clone(), peer: Arc::new(Peer::new(connection)) }
    }
}

impl<N: Authenticator, Z: Authorizer, H: Handler> Session for OnConnection<N, Z, H> {
    type Body = ResponseBody<H::Body>;

    async fn respond(&self, request: Request<Incoming>) -> Response<Self::Body> {
        if let Some(refused) = head::refused(&request) {
            return refused.map(ResponseBody::refusal);
        }
        let (request, rest) = Rest::of(request);
        let mut response = self.pipeline.answer(Origin::Network(&self.peer), request).await;
        if let Some(deadline) = response.body().deadline() {
            end_at(deadline);
        }
        if let Some(rest) = rest
            && response.status() != StatusCode::SWITCHING_PROTOCOLS
            && !rest.read().await
        {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
