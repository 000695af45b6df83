//! What is refused for what stands before a body, without that body: who waits for leave to send it gets none.

use super::*;
use crate::pipeline::BoxError;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that nobody may ask for.
struct Unasked(u64);

impl Body for Unasked {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        panic!("the body was asked for")
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[tokio::test]
async fn a_request_is_refused_before_its_body_is_asked_for() {
    const LARGE: u64 = (3 << 20) + 1;
    const MERGE: &str = "application/merge-patch+json";
    const APPLY: &str = "application/apply-patch+yaml";
    let server = Server::start().await;
    server.create("a").await;
    let (one, unknown) = (of("a"), BASE.replace("flunders", "fischers"));
    let (scale, manager) = (format!("{one}/scale"), "?fieldManager=tests");
    let (applied, scaled) = (format!("{one}{manager}"), format!("{scale}{manager}"));
    let (post, put, patch, delete) = (Method::POST, Method::PUT, Method::PATCH, Method::DELETE);
    for (method, path, (name, value), length, code) in [
        (&post, BASE, ("content-type", "application/json"), LARGE, 413),
        (&put, &one, ("content-type", "application/yaml"), LARGE, 413),
        (&patch, &one, ("content-type", MERGE), LARGE, 413),
        (&patch, &applied, ("content-type", APPLY), LARGE, 413),
        (&delete, &one, ("content-type", "application/json"), LARGE, 413),
        (&delete, BASE, ("content-type", "application/json"), LARGE, 413),
        (&put, &scale, ("content-type", "application/json"), LARGE, 413),
        (&patch, &scaled, ("content-type", APPLY), LARGE, 413),
        (&post, BASE, ("content-type", "text/plain"), 10, 415),
        (&put, &one, ("content-type", "text/plain"), 10, 415),
        (&patch, &one, ("content-type", "application/json"), 10, 415),
        (&put, &scale, ("content-type", "text/plain"), 10, 415),
        (&post, BASE, ("accept", "text/html"), 10, 406),
        (&patch, &one, ("accept", "text/html"), 10, 406),
        (&delete, &one, ("accept", "text/html"), 10, 406),
        (&put, BASE, ("content-type", "application/json"), 10, 405),
        (&post, &one, ("content-type", "application/json"), 10, 405),
        (&post, &unknown, ("content-type", "application/json"), 10, 404),
    ] {
        let request = Request::builder().method(method).uri(path).header(name, value);
        let request = request.header("expect", "100-Continue").body(RequestBody::boxed(Unasked(length)));
        let answer = server.client.send(request.unwrap()).await;
        assert_eq!(answer.status(), code, "{method} {path} {value}");
    }
}
