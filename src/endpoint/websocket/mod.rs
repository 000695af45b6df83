//! A watch over a websocket (V-4B): what it asks for is answered like any watch, and its events are messages.

mod events;
mod handshake;

use super::body::Body;
use super::health;
use super::negotiation::Media;
use crate::pipeline::Takeover;
use apimachinery::status::ApiError;
use events::Events;
use handshake::Handshake;
use http::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::request::Parts;
use http::{Response, StatusCode};
use tokio_util::sync::CancellationToken;

/// Switches the connection of a request to a websocket on which these events go out, each chunk of the body a message.
pub(super) fn switch(
    request: &Parts,
    body: Body,
    media: Media,
    shutdown: &CancellationToken,
) -> Result<Response<Body>, ApiError> {
    let handshake = match Handshake::read(&request.headers) {
        Ok(handshake) => handshake,
        Err(refused) => return Ok(refused.into_response()),
    };
    let events = Events::new(body, media, shutdown.clone());
    let Some(takeover) = Takeover::of(&request.extensions, |stream| events.serve(stream)) else {
        return Err(ApiError::bad_request("a websocket needs a connection of its own: ask over HTTP/1.1"));
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.extensions_mut().insert(takeover);
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, handshake.accept);
    if let Some(protocol) = handshake.protocol {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    Ok(response)
}
