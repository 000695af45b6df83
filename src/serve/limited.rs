//! How much a peer may send and ask for at once.

use http::StatusCode;

use super::raw_http2::{begin, next_of};
use super::testing::{get, text};
use super::tests::start;
use super::*;

#[tokio::test]
async fn a_front_proxy_names_every_group_of_a_user() {
    let server = start(Limits::default()).await;
    let of_groups = |groups: usize| {
        let mut request = get("/");
        for group in 0..groups {
            request.headers_mut().append("x-remote-group", format!("group-{group}").parse().unwrap());
        }
        request
    };
    for client in [&mut server.h1(None).await, &mut server.h2(None).await] {
        assert_eq!(client.send(of_groups(900)).await.status(), StatusCode::OK);
    }
    let refused = server.h1(None).await.send(of_groups(1001)).await;
    assert_eq!(refused.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn a_connection_is_told_how_many_requests_it_may_have_at_once() {
    const SETTINGS: u8 = 4;
    const MOST_STREAMS: u8 = 3;
    let server = start(Limits::default()).await;
    let mut stream = server.handshake(None, b"h2").await;
    begin(&mut stream).await;
    let (_, _, settings) = next_of(&mut stream, &[SETTINGS]).await;
    assert!(settings.chunks(6).any(|setting| setting == [0, MOST_STREAMS, 0, 0, 0, 100]), "{settings:?}");
}

#[tokio::test]
async fn a_few_connections_carry_every_watch_of_an_aggregator() {
    let server = start(Limits::default()).await;
    let (mut clients, mut streams) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        let mut client = server.h2(None).await;
        for _ in 0..Limits::default().streams {
            streams.push(client.get("/stream").await);
        }
        clients.push(client);
    }
    server.shutdown.begin();
    for response in streams {
        assert_eq!(text(response).await, "firstlast");
    }
}
