//! Watches over a websocket, on real sockets.

use super::*;
use crate::pipeline::audit::testing::Recorded;
use crate::serve::testing::{self, soon, text};
use crate::serve::{Limits, Shutdown};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{SinkExt, StreamExt};
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use http_body_util::Full;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_websockets::{ClientBuilder, CloseCode, Message, WebSocketStream};

const SECRET: &str = "correct horse";

/// Knows one token.
struct OneToken;

impl Authenticator for OneToken {
    async fn authenticate(&self, _: &Peer, headers: &HeaderMap) -> Result<Option<Arc<UserInfo>>, Rejected> {
        match headers.get(AUTHORIZATION).map(HeaderValue::as_bytes) {
            None => Ok(None),
            Some(bearer) if bearer == format!("Bearer {SECRET}").as_bytes() => {
                Ok(Some(Arc::new(UserInfo::new("tester", [MASTERS_GROUP]))))
            }
            Some(_) => Err(Rejected("another token".to_owned())),
        }
    }
}

/// A server that listens, over the objects of one that does not.
struct Listening {
    server: Server,
    network: testing::Server,
}

type Socket = WebSocketStream<TlsStream<TcpStream>>;

fn subprotocol(token: &str) -> String {
    format!("base64url.bearer.authorization.k8s.io.{}", URL_SAFE_NO_PAD.encode(token))
}

impl Listening {
    async fn start() -> Self {
        Self::treating(Options::default()).await
    }

    async fn treating(options: Options) -> Self {
        let server = Server::start().await;
        let (metrics, shutdown) = (Arc::new(Metrics::new()), Shutdown::new());
        let requests = metrics.requests().clone();
        let endpoint = Endpoint::new(
            "tests".to_owned(),
            &[&flunder::DEFINITION],
            server.registry.clone(),
            Health::default(),
            metrics,
            Arc::new(MastersOnly),
        );
        let pipeline = Pipeline::new(OneToken, MastersOnly, endpoint, options, shutdown.clone(), requests);
        pipeline.complete();
        let network = testing::Server::start(pipeline, shutdown, Limits::default()).await;
        Self { server, network }
    }

    /// A websocket on this watch; what it cannot be is the test's failure.
    async fn open(&self, query: &str, accept: &str) -> (Socket, HeaderMap) {
        let stream = soon(self.network.handshake(None, b"http/1.1")).await;
        let uri = format!("wss://localhost{BASE}?watch=true&{query}");
        let protocols = format!("binary.k8s.io, {}", subprotocol(SECRET));
        let mut client = ClientBuilder::new().uri(&uri).unwrap();
        for (name, value) in [
            (ORIGIN, "https://localhost"),
            (SEC_WEBSOCKET_PROTOCOL, &protocols),
            (http::header::ACCEPT, accept),
        ] {
            client = client.add_header(name, value.parse().unwrap()).unwrap();
        }
        let (socket, response) = soon(client.connect_on(stream)).await.unwrap();
        (socket, response.headers().clone())
    }

    /// The answer to a handshake with these headers besides, or in place of, what is right.
    async fn asked(&self, changed: &[(HeaderName, &str)]) -> (StatusCode, HeaderMap, String) {
        let mut request = testing::get(&format!("{BASE}?watch=true"));
        let right = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-version", "13"),
            ("origin", "https://localhost"),
            ("authorization", &format!("Bearer {SECRET}")),
        ];
        for (name, value) in right {
            request.headers_mut().insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        for (name, value) in changed {
            request.headers_mut().remove(name);
            if !value.is_empty() {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
        }
        let response = self.network.h1(None).await.send(request).await;
        let (code, headers) = (response.status(), response.headers().clone());
        let body = if code == StatusCode::SWITCHING_PROTOCOLS { String::new() } else { text(response).await };
        (code, headers, body)
    }

    /// The ordinary watch, as it was when the server ended it.
    async fn ordinary(&self, query: &str, accept: &str) -> http::Response<hyper::body::Incoming> {
        let mut request: Request<Full<Bytes>> = testing::get(&format!("{BASE}?watch=true&{query}"));
        request.headers_mut().insert(AUTHORIZATION, format!("Bearer {SECRET}").parse().unwrap());
        request.headers_mut().insert(http::header::ACCEPT, accept.parse().unwrap());
        self.network.h1(None).await.send(request).await
    }
}

async fn message(socket: &mut Socket) -> Message {
    soon(socket.next()).await.expect("the websocket goes on").unwrap()
}

async fn event(socket: &mut Socket) -> Value {
    let message = message(socket).await;
    serde_json::from_str(message.as_text().unwrap_or_else(|| panic!("no text: {message:?}"))).unwrap()
}

/// What comes before the close, and its code.
async fn rest(socket: &mut Socket) -> (Vec<Message>, CloseCode) {
    let mut before = Vec::new();
    loop {
        let message = message(socket).await;
        if let Some((code, _)) = message.as_close() {
            return (before, code);
        }
        before.push(message);
    }
}

/// What a stream has of a message.
fn framed(message: &Message) -> Vec<u8> {
    let payload = message.as_payload();
    match message.is_text() {
        true => payload.to_vec(),
        false => [&u32::try_from(payload.len()).unwrap().to_be_bytes()[..], payload].concat(),
    }
}

#[tokio::test]
async fn what_is_recorded_of_a_websocket_ends_with_it() {
    let recorded = Recorded::by("- {level: Metadata, omitStages: [RequestReceived]}");
    let listening = Listening::treating(recorded.options()).await;
    let (mut socket, _) = listening.open("", "application/json").await;
    listening.server.create("a").await;
    event(&mut socket).await;
    let events = recorded.events();
    assert_eq!(events.lines().count(), 1, "{events}");
    assert!(events.contains(r#""stage":"ResponseStarted""#) && events.contains(r#""code":101"#), "{events}");
    drop(socket);
    let ended = async {
        while !recorded.events().contains(r#""stage":"ResponseComplete""#) {
            tokio::task::yield_now().await;
        }
    };
    soon(ended).await;
}

#[tokio::test]
async fn the_messages_are_the_events_of_the_ordinary_watch_in_every_form() {
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    let partial = "as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
    for accept in [
        "application/json",
        table,
        &format!("application/json;{partial}"),
        "application/vnd.kubernetes.protobuf",
        &format!("application/vnd.kubernetes.protobuf;{partial}"),
    ] {
        for query in [
            "allowWatchBookmarks=true",
            "labelSelector=on%3Dyes",
            "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
            "resourceVersion=1",
        ] {
            same_events(query, accept).await;
        }
    }
}

async fn same_events(query: &str, accept: &str) {
    let listening = Listening::start().await;
    let server = &listening.server;
    for name in ["a", "b", "c"] {
        server.create(name).await;
    }
    let ordinary = listening.ordinary(query, accept).await;
    let (mut socket, _) = listening.open(query, accept).await;
    server.merge(&of("a"), &json!({"metadata": {"labels": {"on": "yes"}}})).await;
    server.merge(&of("b"), &json!({"spec": {"reference": "x".repeat(70_000)}})).await;
    server.merge(&of("a"), &json!({"metadata": {"labels": null}})).await;
    server.send(Method::DELETE, &of("b"), &[], "").await;
    listening.network.shutdown.begin();
    let (messages, code) = rest(&mut socket).await;
    let joined: Vec<u8> = messages.iter().flat_map(framed).collect();
    let body = soon(ordinary.into_body().collect()).await.unwrap().to_bytes();
    assert!(!body.is_empty(), "{query} {accept}");
    assert_eq!(Bytes::from(joined), body, "{query} {accept}");
    assert_eq!(code, CloseCode::GOING_AWAY);
    let is_text = accept.starts_with("application/json");
    for message in &messages {
        assert_eq!((message.is_text(), message.is_binary()), (is_text, !is_text), "{query} {accept}");
        if let Some(text) = message.as_text() {
            serde_json::from_str::<Value>(text).unwrap();
        }
    }
    drop(socket);
    assert!(soon(listening.network.serving).await.unwrap(), "the server waited for nothing");
}

#[tokio::test]
async fn one_subprotocol_is_echoed_and_never_the_token() {
    let listening = Listening::start().await;
    let (_, headers) = listening.open("", "application/json").await;
    assert_eq!(headers[SEC_WEBSOCKET_PROTOCOL], "binary.k8s.io");
    assert!(!format!("{headers:?}").contains("base64url.bearer"), "{headers:?}");
    let (code, headers, _) = listening.asked(&[]).await;
    assert_eq!(code, StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert!(!headers.contains_key(SEC_WEBSOCKET_PROTOCOL));
}

#[tokio::test]
async fn a_token_among_the_subprotocols_is_all_or_nothing() {
    let listening = Listening::start().await;
    let (right, wrong) = (subprotocol(SECRET), subprotocol("wrong"));
    for (protocols, code) in [
        (format!("a,{right}"), 101),
        (right.clone(), 401),
        (format!("a,{wrong}"), 401),
        (format!("a,{right},{right}"), 401),
        (format!("a,b,{right}"), 400),
        (format!("a,{right}="), 401),
        ("a".to_owned(), 403),
    ] {
        let changed = [(AUTHORIZATION, ""), (SEC_WEBSOCKET_PROTOCOL, protocols.as_str())];
        let (got, _, body) = listening.asked(&changed).await;
        assert_eq!(got.as_u16(), code, "{protocols}: {body}");
        assert!(!body.contains("base64url"), "{body}");
    }
}

#[tokio::test]
async fn who_does_not_ask_as_the_protocol_says_is_refused() {
    let listening = Listening::start().await;
    let name = HeaderName::from_static;
    for (header, value, code, expected) in [
        ("sec-websocket-key", "", 400, "mismatch challenge/response"),
        ("sec-websocket-version", "", 400, "missing or bad WebSocket Version"),
        ("sec-websocket-version", "8", 400, "missing or bad WebSocket Version"),
        ("origin", "", 403, "say in the header Origin"),
        ("origin", "null", 403, "say in the header Origin"),
        ("sec-websocket-protocol", "a, b", 400, "one subprotocol or none"),
    ] {
        let (got, headers, body) = listening.asked(&[(name(header), value)]).await;
        assert_eq!((got.as_u16(), body.contains(expected)), (code, true), "{header}: {value}: {body}");
        assert_eq!(headers.contains_key("sec-websocket-version"), header == "sec-websocket-version");
    }
    // What no watch would answer, no websocket does.
    let (code, _, body) = listening.asked(&[(http::header::ACCEPT, "image/png")]).await;
    assert_eq!(code, StatusCode::NOT_ACCEPTABLE, "{body}");
    // In this process there is no connection to give away.
    let headers = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-key", "a"),
        ("sec-websocket-version", "13"),
        ("origin", "https://localhost"),
    ];
    let answer = listening.server.send(Method::GET, &format!("{BASE}?watch=true"), &headers, "").await;
    assert_eq!(answer.code, 400, "{:?}", answer.bytes);
}

#[tokio::test]
async fn what_a_client_sends_is_dropped_and_its_pings_are_answered() {
    let listening = Listening::start().await;
    let (mut socket, _) = listening.open("", "application/json").await;
    socket.send(Message::text("to nobody")).await.unwrap();
    socket.send(Message::binary(vec![0_u8; 60_000])).await.unwrap();
    socket.send(Message::ping("there?")).await.unwrap();
    let pong = message(&mut socket).await;
    assert_eq!((pong.is_pong(), &pong.as_payload()[..]), (true, &b"there?"[..]));
    listening.server.create("a").await;
    let added = event(&mut socket).await;
    assert_eq!((&added["type"], &added["object"]["metadata"]["name"]), (&"ADDED".into(), &"a".into()));
    socket.send(Message::close(Some(CloseCode::NORMAL_CLOSURE), "enough")).await.unwrap();
    let (before, code) = rest(&mut socket).await;
    assert_eq!((before.len(), code), (0, CloseCode::NORMAL_CLOSURE));
    assert!(soon(socket.next()).await.is_none());
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_watch() {
    let listening = Listening::start().await;
    let (mut socket, _) = listening.open("", "application/json").await;
    socket.send(Message::binary(vec![0_u8; 70_000])).await.unwrap();
    let (before, code) = rest(&mut socket).await;
    assert_eq!((before.len(), code), (0, CloseCode::MESSAGE_TOO_BIG));
}

#[tokio::test]
async fn a_watch_that_ends_closes_and_an_error_is_its_last_event() {
    let listening = Listening::start().await;
    let (mut socket, _) = listening.open("timeoutSeconds=1", "application/json").await;
    let (before, code) = rest(&mut socket).await;
    assert_eq!((before.len(), code), (0, CloseCode::NORMAL_CLOSURE));
    let (mut never, _) = listening.open("resourceVersion=1000", "application/json").await;
    let error = event(&mut never).await;
    assert_eq!((&error["type"], &error["object"]["code"]), (&"ERROR".into(), &504.into()));
    let (before, code) = rest(&mut never).await;
    assert_eq!((before.len(), code), (0, CloseCode::NORMAL_CLOSURE));
}

#[tokio::test]
async fn a_client_that_reads_nothing_does_not_hold_the_end() {
    let listening = Listening::start().await;
    let (socket, _) = listening.open("", "application/json").await;
    let (idle, _) = listening.open("fieldSelector=metadata.name%3Dnone", "application/json").await;
    for name in (0..24).map(|n| format!("large{n}")) {
        let object =
            json!({"metadata": {"name": name}, "spec": {"reference": "x".repeat(900_000), "count": 1}});
        assert_eq!(listening.server.post(BASE, &object).await.code, 201);
    }
    listening.network.shutdown.begin();
    assert!(soon(listening.network.serving).await.unwrap());
    drop((socket, idle));
}
