//! The events of a watch as the messages of a websocket.
//!
//! A message is a header and the bytes that all watchers share. A client that does not take what was sent to it is neither
//! read from nor made anything for. What a client sends means nothing and is dropped; a ping is answered, a close ends all.

use super::{Body, Media};
use crate::pipeline::Stream;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body::Body as _;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_websockets::{CloseCode, Config, Limits, Message, ServerBuilder, WebSocketStream};

/// The largest message of a client. It is read to be dropped.
const MOST: usize = 64 << 10;
/// How long a client may take to answer a close.
const PATIENCE: Duration = Duration::from_secs(2);
/// What goes before an event of a stream of protobuf: its length, which a message has by itself.
const LENGTH: usize = 4;

/// What is sent, and how.
pub(super) struct Events {
    body: Body,
    media: Media,
    shutdown: CancellationToken,
}

/// Who came to an end.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Events,
    Client,
}

impl Events {
    pub(super) fn new(body: Body, media: Media, shutdown: CancellationToken) -> Self {
        Self { body, media, shutdown }
    }

    /// Sends the events until they end, or the client does.
    pub(super) async fn serve(mut self, stream: Stream) {
        let limits = Limits::default().max_payload_len(Some(MOST));
        // An event is one frame, however large.
        let config = Config::default().frame_size(usize::MAX);
        let mut socket = ServerBuilder::new().limits(limits).config(config).serve(stream);
        let shutdown = self.shutdown.clone();
        let ended = tokio::select! {
            ended = poll_fn(|context| self.poll(&mut socket, context)) => ended,
            () = patience_after(&shutdown) => Ended::Client,
        };
        let code = match ended {
            Ended::Events if shutdown.is_cancelled() => Some(CloseCode::GOING_AWAY),
            Ended::Events => Some(CloseCode::NORMAL_CLOSURE),
            // The answer to the client's own close, or to what it did wrong, is on its way.
            Ended::Client => None,
        };
        let closing = async {
            if let Some(code) = code {
                socket.send(Message::close(Some(code), "")).await?;
            }
            socket.close().await
        };
        // A client that is gone, or stays silent, has its end all the same.
        let _ = tokio::time::timeout(PATIENCE, closing).await;
    }

    fn poll(&mut self, socket: &mut WebSocketStream<Stream>, context: &mut Context<'_>) -> Poll<Ended> {
        loop {
            if ready!(socket.poll_ready_unpin(context)).is_err() {
                return Poll::Ready(Ended::Client);
            }
            let heard = match socket.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(message))) if !message.is_close() => true,
                Poll::Ready(_) => return Poll::Ready(Ended::Client),
                Poll::Pending => false,
            };
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    let bytes = frame.into_data().unwrap_or_default();
                    if socket.start_send_unpin(message(self.media, bytes)).is_err() {
                        return Poll::Ready(Ended::Client);
                    }
                }
                Poll::Ready(_) => return Poll::Ready(Ended::Events),
                Poll::Pending if heard => {}
                Poll::Pending => {
                    let flushed = socket.poll_flush_unpin(context);
                    return match flushed {
                        Poll::Ready(Err(_)) => Poll::Ready(Ended::Client),
                        _ => Poll::Pending,
                    };
                }
            }
        }
    }
}

/// Events end with the server by themselves, but for a client that does not take them.
async fn patience_after(shutdown: &CancellationToken) {
    shutdown.cancelled().await;
    tokio::time::sleep(PATIENCE).await;
}

fn message(media: Media, mut event: Bytes) -> Message {
    match media {
        Media::Protobuf => Message::binary(event.split_off(LENGTH.min(event.len()))),
        _ => Message::text(event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_shares_the_bytes_of_its_event() {
        let event = Bytes::from(vec![b'x'; 100]);
        for (media, at) in [(Media::Json, 0), (Media::Protobuf, LENGTH)] {
            let message = message(media, event.clone());
            assert_eq!(message.as_payload().as_ptr(), event[at..].as_ptr());
            assert_eq!(message.is_text(), media == Media::Json);
        }
    }
}
