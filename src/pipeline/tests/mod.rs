mod answers;
mod audit;
mod head;
mod in_flight;
mod network;
mod parsing;
mod refusals;
mod unread;

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use tokio::sync::Notify;

use super::*;
use crate::telemetry::{Metrics, Stored};

/// A handler that does what the resource it is asked for says, and otherwise tells who asked for what.
#[derive(Clone, Default)]
struct Told {
    arrived: Arc<Notify>,
    go_on: Arc<Notify>,
}

impl Handler for Told {
    type Body = UnsyncBoxBody<Bytes, BoxError>;

    async fn handle(&self, request: Request<RequestBody>, context: Arc<Context>) -> Response<Self::Body> {
        match context.info.resource() {
            "panics" => panic!("as asked"),
            "bodypanics" => return Response::new(stream(|_| panic!("as asked"))),
            "missing" => {
                let mut response = Response::new(whole(""));
                *response.status_mut() = StatusCode::NOT_FOUND;
                return response;
            }
            "waits" => {
                self.arrived.notify_one();
                self.go_on.notified().await;
            }
            "large" => return Response::new(whole(&"x".repeat(1 << 20))),
            "reads" => {
                let read = request.into_body().collect().await.unwrap().to_bytes();
                return Response::new(whole(&format!("{} bytes", read.len())));
            }
            "never" => std::future::pending().await,
            _ => {}
        }
        let UserInfo { name, groups, .. } = &*context.user;
        let asserted = request.headers().keys().filter(|key| key.as_str().starts_with("x-remote-")).count();
        let token = request.headers().contains_key("authorization");
        Response::new(whole(&format!("{name} {groups:?} {} {asserted} {token}", context.info.verb())))
    }
}

fn whole(text: &str) -> UnsyncBoxBody<Bytes, BoxError> {
    Full::from(text.to_owned()).map_err(Into::into).boxed_unsync()
}

/// One frame, then whatever `next` does.
fn stream(next: fn(u8) -> Option<Bytes>) -> UnsyncBoxBody<Bytes, BoxError> {
    let frames = futures_util::stream::unfold(0, move |at| async move {
        let bytes = if at == 0 { Some(Bytes::from_static(b"first")) } else { next(at) };
        bytes.map(|bytes| (Ok(Frame::data(bytes)), at + 1))
    });
    StreamBody::new(frames).boxed_unsync()
}

/// An authorizer that says what it was given.
#[derive(Clone)]
struct Says(Decision);

impl Authorizer for Says {
    async fn authorize(&self, _: &UserInfo, _: &RequestInfo) -> Decision {
        self.0.clone()
    }
}

/// An authenticator that knows nobody.
struct Nobody;

impl Authenticator for Nobody {
    async fn authenticate(&self, _: &Peer, _: &http::HeaderMap) -> Result<Option<Arc<UserInfo>>, Rejected> {
        Ok(None)
    }
}

/// A pipeline below authentication, complete.
fn pipeline<Z: Authorizer>(authorizer: Z, handler: Told, options: Options) -> Pipeline<Nobody, Z, Told> {
    let metrics = Metrics::new().requests().clone();
    let pipeline = Pipeline::new(Nobody, authorizer, handler, options, Shutdown::new(), metrics);
    pipeline.complete();
    pipeline
}

fn master() -> UserInfo {
    UserInfo::new("root", [MASTERS_GROUP])
}

fn get(path: &str) -> Request<RequestBody> {
    Request::get(path).body(RequestBody::empty()).unwrap()
}
