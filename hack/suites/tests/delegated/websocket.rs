//! Watches over a websocket: through kube-apiserver, which passes the connection on, and straight to our server; by a token
//! that stands among the subprotocols, as a page in a browser has to do it.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt;
use hyper::header::{HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use quickstart::apply::apply;
use quickstart::kubeconfig::Kubeconfig;
use serde_json::{Value, json};
use suites::wait::DEADLINE;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_websockets::{ClientBuilder, CloseCode, WebSocketStream};

use crate::believed::token;
use crate::setup::{CLASSES, Setup};

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Opens a websocket as the kubeconfig says; the subprotocol that was chosen, or why there is no websocket.
async fn open(config: &Path, query: &str, protocols: &str) -> Result<(Socket, String), String> {
    let Kubeconfig { address, mut tls, .. } = Kubeconfig::read(config).expect("a kubeconfig");
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host).to_owned();
    let stream = TcpStream::connect(&address).await.expect("it listens");
    let name = host.try_into().expect("a name");
    let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream).await.expect("TLS");
    let mut client = ClientBuilder::new()
        .uri(&format!("wss://{address}{CLASSES}?watch=true&{query}"))
        .expect("a URI")
        .add_header(ORIGIN, HeaderValue::from_static("https://console.example"))
        .expect("a header");
    if !protocols.is_empty() {
        let value = HeaderValue::from_str(protocols).expect("a header");
        client = client.add_header(SEC_WEBSOCKET_PROTOCOL, value).expect("a header");
    }
    let opened = timeout(DEADLINE, client.connect_on(stream)).await.expect("an answer");
    let (socket, response) = opened.map_err(|error| error.to_string())?;
    let chosen = |name: HeaderName| response.headers().get(name).map(|value| value.as_bytes().to_vec());
    let chosen = chosen(SEC_WEBSOCKET_PROTOCOL).unwrap_or_default();
    Ok((socket, String::from_utf8(chosen).expect("a name")))
}

/// The name in the next event, which must be of this type.
async fn expect(socket: &mut Socket, kind: &str) -> Value {
    let message = timeout(DEADLINE, socket.next()).await.expect("an event");
    let message = message.expect("the websocket goes on").expect("a message");
    let event: Value = serde_json::from_str(message.as_text().expect("text")).expect("JSON");
    assert_eq!(event["type"], kind, "{event}");
    event["object"]["metadata"]["name"].clone()
}

async fn robot(setup: &Setup) -> String {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "browser", "namespace": "default"},
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "browser"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "browser", "namespace": "default"}],
    });
    apply(setup.cluster.admin(), &account).await.expect("an account");
    apply(setup.cluster.admin(), &binding).await.expect("its rights");
    token(&setup.host, "browser").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_is_a_websocket_through_the_cluster_and_without_it() {
    let Some(setup) = Setup::start().await else { return };
    let registration = setup.server.registration();
    setup.cluster.register(&registration, &setup.cluster.pki.serving.pem()).await.expect("it is registered");
    setup.cluster.available(&registration).await.expect("it becomes available");
    let secret =
        format!("base64url.bearer.authorization.k8s.io.{}", URL_SAFE_NO_PAD.encode(robot(&setup).await));
    let cluster = Kubeconfig::read(&setup.cluster.kubeconfig()).expect("a kubeconfig").address;
    let through = setup.nobodys("nobody.through", &cluster);
    let straight = setup.nobodys("nobody.straight", &setup.server.address());
    let with_token = format!("{secret}, binary.k8s.io");
    let class = |name: &str| {
        json!({
            "apiVersion": "databases.standard.k8s.io/v1", "kind": "DatabaseClass", "metadata": {"name": name},
            "spec": {"controllerName": "tests.example/none"},
        })
    };
    for (number, config) in [&through, &straight].into_iter().enumerate() {
        let (mut socket, chosen) = open(config, "", &with_token).await.expect("a websocket");
        assert_eq!(chosen, "binary.k8s.io");
        let name = format!("class{number}");
        for seen in (0..number).map(|before| format!("class{before}")) {
            assert_eq!(expect(&mut socket, "ADDED").await, seen);
        }
        apply(setup.cluster.admin(), &class(&name)).await.expect("a class");
        assert_eq!(expect(&mut socket, "ADDED").await, name);
        // Neither the token alone nor a stranger is a user with rights.
        for (protocols, code) in [(secret.as_str(), "401"), ("binary.k8s.io", "403")] {
            let opened = open(config, "", protocols).await.map(|(_, chosen)| chosen);
            assert!(opened.as_ref().is_err_and(|refused| refused.contains(code)), "{opened:?}");
        }
    }
    let (mut socket, chosen) =
        open(&setup.cluster.kubeconfig(), "timeoutSeconds=1", "").await.expect("a websocket");
    assert_eq!(chosen, "");
    let mut last = None;
    while let Some(message) = timeout(DEADLINE, socket.next()).await.expect("its end") {
        last = message.expect("a message").as_close().map(|(code, _)| code);
    }
    assert_eq!(last, Some(CloseCode::NORMAL_CLOSURE), "the close comes through");
    let log = setup.log();
    assert!(!log.contains(&secret) && !log.contains("base64url.bearer"), "{log}");
}
