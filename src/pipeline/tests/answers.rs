//! What is said in answers that no handler makes.

use crate::serve::Limits;
use crate::serve::testing::{Ca, Server, text};
use http::HeaderMap;

use super::*;

#[tokio::test]
async fn what_is_asked_too_early_is_told_to_come_again() {
    let metrics = Metrics::new().requests().clone();
    let (shutdown, options) = (Shutdown::new(), Options::default());
    let pipeline = Pipeline::new(Nobody, MastersOnly, Told::default(), options, shutdown, metrics);
    let answer = pipeline.as_user(master()).send(get("/apis/g/v1/missing")).await;
    let status: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(status["reason"], "ServiceUnavailable");
    let expected =
        "the request has been made before all known HTTP paths have been installed, please try again";
    assert_eq!(status["message"], expected);
}

/// An authenticator that says who has come.
#[derive(Clone)]
struct Tells(Arc<ClientCertificates>);

impl Authenticator for Tells {
    async fn authenticate(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<UserInfo>>, Rejected> {
        let user = self.0.authenticate(peer, headers).await?;
        Ok(user.map(|user| Arc::new(UserInfo::new(format!("{} {}", user.name, user.uid), [MASTERS_GROUP]))))
    }
}

#[tokio::test]
async fn a_certificate_may_say_the_uid_of_its_user() {
    let (users, shutdown) = (Ca::new("users"), Shutdown::new());
    let metrics = Metrics::new().requests().clone();
    let authenticator = Tells(Arc::new(ClientCertificates::new(users.bundle())));
    let told = Told::default();
    let pipeline =
        Pipeline::new(authenticator, MastersOnly, told, Options::default(), shutdown.clone(), metrics);
    pipeline.complete();
    let server = Server::start(pipeline, shutdown, Limits::default()).await;
    let ada = users.client_with("ada", &[1, 3, 6, 1, 4, 1, 57683, 2], "42");
    let answer = server.h2(Some(&ada)).await.get("/apis/g/v1/things").await;
    let said = text(answer).await;
    assert!(said.starts_with("ada 42 "), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_write_of_one_object_has_less_time_than_a_list() {
    let pipeline = pipeline(MastersOnly, Told::default(), Options::default());
    let user = pipeline.as_user(master());
    for (method, path, seconds) in [
        ("POST", "/apis/g/v1/never", 34),
        ("PUT", "/apis/g/v1/never/a", 34),
        ("PATCH", "/apis/g/v1/never/a?timeout=50s", 34),
        ("DELETE", "/apis/g/v1/never/a", 34),
        ("DELETE", "/apis/g/v1/never/a?timeout=5s", 5),
        ("DELETE", "/apis/g/v1/never", 60),
        ("GET", "/apis/g/v1/never", 60),
    ] {
        let began = tokio::time::Instant::now();
        let request = Request::builder().method(method).uri(path).body(RequestBody::empty()).unwrap();
        assert_eq!(user.send(request).await.status(), 504, "{method} {path}");
        assert_eq!(began.elapsed().as_secs(), seconds, "{method} {path}");
    }
}

/// A client of TLS 1.1, as far as a server must read it to turn it away.
const HELLO_OF_TLS_1_1: &[u8] = &[
    0x16, 3, 1, 0, 65, // a record of 65 bytes
    1, 0, 0, 61, 3, 2, // a ClientHello of 61 bytes, of TLS 1.1
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32, // random
    0,  // no session
    0, 4, 0, 0x2f, 0, 0x35, // two suites
    1, 0, // no compression
    0, 16, // extensions of 16 bytes
    0, 13, 0, 4, 0, 2, 4, 3, // an algorithm of signatures
    0, 10, 0, 4, 0, 2, 0, 29, // a curve
];

#[tokio::test]
async fn who_speaks_tls_of_before_1_2_is_turned_away() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (shutdown, metrics) = (Shutdown::new(), Metrics::new().requests().clone());
    let options = Options::default();
    let pipeline = Pipeline::new(Nobody, MastersOnly, Told::default(), options, shutdown.clone(), metrics);
    let server = Server::start(pipeline, shutdown, Limits::default()).await;
    let mut socket = tokio::net::TcpStream::connect(server.address).await.unwrap();
    socket.write_all(HELLO_OF_TLS_1_1).await.unwrap();
    let mut answer = Vec::new();
    crate::serve::testing::soon(socket.read_to_end(&mut answer)).await.unwrap();
    // An alert, which is fatal, about the version of the protocol.
    assert_eq!((answer.first(), &answer[5..]), (Some(&0x15), &[2, 70][..]), "{answer:?}");
}
