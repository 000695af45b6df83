//! What of a request's head is refused before anybody asks who sent it, and tokens where there are none.

use super::network::start;
use super::unread::{is_last, said};
use super::*;
use crate::serve::testing::{Ca, get, text};

#[tokio::test]
async fn a_request_says_once_where_it_goes() {
    let setup = start(Options::default()).await;
    for (version, hosts, refused) in [
        ("1.1", "", Some(": missing required Host header")),
        ("1.1", "host: a\r\nhost: a\r\n", Some(": too many Host headers")),
        ("1.0", "host: a\r\nhost: b\r\n", Some(": too many Host headers")),
        ("1.1", "host: a b\r\n", Some(": malformed Host header")),
        ("1.1", "host: a/b\r\n", Some(": malformed Host header")),
        ("1.0", "", None),
        ("1.1", "host: \r\n", None),
        ("1.1", "host: [::1]:6443\r\n", None),
        ("1.1", "host: a_b.example.com:443\r\n", None),
    ] {
        let sent = format!("GET /livez HTTP/{version}\r\n{hosts}connection: close\r\n\r\n");
        let answer = said(&setup, None, &sent).await;
        match refused {
            None => assert!(answer.split_once(' ').unwrap().1.starts_with("200"), "{sent}: {answer}"),
            Some(why) => {
                assert!(answer.ends_with(&format!("\r\n\r\n400 Bad Request{why}")), "{sent}: {answer}");
                assert!(!answer.contains("audit-id"), "{answer}");
            }
        }
    }
    let absolute = said(&setup, None, "GET https://localhost/livez HTTP/1.1\r\n\r\n").await;
    assert!(is_last(&absolute, "400"), "{absolute}");
}

#[tokio::test]
async fn a_path_that_cannot_be_decoded_is_no_request() {
    let setup = start(Options::default()).await;
    for path in ["/livez%zz", "/livez%2", "/%"] {
        let answer = said(&setup, None, &format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
        assert!(is_last(&answer, "400"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n400 Bad Request") && !answer.contains("audit-id"), "{answer}");
        let mut client = setup.server.h2(None).await;
        let answer = client.get(path).await;
        assert_eq!((answer.status().as_u16(), &*text(answer).await), (400, "400 Bad Request"));
        assert_eq!(client.get("/livez").await.status(), 200);
    }
}

#[tokio::test]
async fn what_nobody_knows_cannot_be_expected() {
    let setup = start(Options::default()).await;
    let head = "POST /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n";
    let answer = said(&setup, None, &format!("{head}expect: tea\r\n\r\n")).await;
    assert!(is_last(&answer, "417"), "{answer}");
}

#[tokio::test]
async fn a_token_where_there_are_none_is_nobodys() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    let foreign = Ca::new("users").client("root", "system:masters", 2090);
    for (identity, authorization, code) in [
        (None, "Bearer secret", 401),
        (None, "bearer ü", 401),
        (Some(&foreign), "Bearer secret", 401),
        (Some(&root), "Bearer secret", 200),
        (None, "Bearer", 403),
        (None, "Bearer ", 403),
        (None, "Basic YTpi", 403),
    ] {
        for mut client in [setup.server.h1(identity).await, setup.server.h2(identity).await] {
            let mut request = get("/apis/g/v1/things");
            let value = http::HeaderValue::from_bytes(authorization.as_bytes()).unwrap();
            request.headers_mut().insert("authorization", value);
            let answer = client.send(request).await;
            assert_eq!(answer.status(), code, "{authorization}");
            let answer = text(answer).await;
            assert_eq!(
                answer.contains(r#""message":"Unauthorized","reason":"Unauthorized","code":401"#),
                code == 401
            );
        }
    }
}
