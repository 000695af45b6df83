use std::time::Duration;

use crate::serve::testing::{soon, text};

use super::*;

async fn message(user: &str, decision: Decision, path: &str) -> (u16, String) {
    let pipeline = pipeline(Says(decision), Told::default(), Options::default());
    let response = pipeline.as_user(UserInfo::new(user, [""; 0])).send(get(path)).await;
    let code = response.status().as_u16();
    if code == 403 {
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }
    let body = text(response).await;
    match serde_json::from_str::<serde_json::Value>(&body) {
        Ok(status) => (code, status["message"].as_str().unwrap().to_owned()),
        Err(_) => (code, body),
    }
}

#[tokio::test]
async fn forbidden_names_who_what_and_where() {
    let deny = |reason: &str| Decision::Deny(reason.to_owned());
    for (path, reason, expected) in [
        (
            "/apis/g/v1/namespaces/n/things/a",
            "",
            r#"things.g "a" is forbidden: User "u" cannot get resource "things" in API group "g" in the namespace "n""#,
        ),
        (
            "/apis/g/v1/namespaces/n/things/a/status",
            "no rule",
            r#"things.g "a" is forbidden: User "u" cannot get resource "things/status" in API group "g" in the namespace "n": no rule"#,
        ),
        (
            "/apis/g/v1/things",
            "",
            r#"things.g is forbidden: User "u" cannot list resource "things" in API group "g" at the cluster scope"#,
        ),
        (
            "/api/v1/nodes",
            "",
            r#"nodes is forbidden: User "u" cannot list resource "nodes" in API group "" at the cluster scope"#,
        ),
        ("/metrics%3Cb%3E", "", r#"forbidden: User "u" cannot get path "/metrics&lt;b&gt;""#),
    ] {
        assert_eq!(message("u", deny(reason), path).await, (403, expected.to_owned()));
    }
    let unsure = Decision::Error("no answer".to_owned());
    let expected = "Internal Server Error: \"/apis/g/v1/things\": no answer\n".to_owned();
    assert_eq!(message("u", unsure, "/apis/g/v1/things").await, (500, expected));
}

#[tokio::test]
async fn a_status_document_is_what_clients_know() {
    let pipeline = pipeline(MastersOnly, Told::default(), Options::default());
    let user = pipeline.as_user(UserInfo::new("u", [""; 0]));
    assert_eq!(
        text(user.send(get("/metrics")).await).await,
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"forbidden: User \"u\" cannot get path \"/metrics\"","reason":"Forbidden","details":{},"code":403}"#.to_owned() + "\n",
    );
    let named = text(user.send(get("/apis/g/v1/things/a")).await).await;
    assert!(named.contains(r#""details":{"group":"g","kind":"things","name":"a"},"code":403"#), "{named}");
}

#[tokio::test]
async fn masters_may_do_everything_and_everybody_little() {
    let pipeline = pipeline(MastersOnly, Told::default(), Options::default());
    let everybody = pipeline.as_user(UserInfo::anonymous());
    for (path, code) in [
        ("/healthz", 200),
        ("/livez/ping", 200),
        ("/readyz?verbose", 200),
        ("/version", 200),
        ("/version/x", 403),
        ("/apis", 403),
        ("/api/v1/nodes", 403),
    ] {
        assert_eq!(everybody.send(get(path)).await.status(), code, "{path}");
        assert_eq!(pipeline.as_user(master()).send(get(path)).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn timeouts() {
    let pipeline = pipeline(MastersOnly, Told::default(), Options::default());
    let user = pipeline.as_user(master());
    let response = user.send(get("/apis/g/v1/things?timeout=abc")).await;
    assert_eq!(response.status(), 400);
    let body = text(response).await;
    let expected = r#"invalid timeout specified in the request URL - time: invalid duration \"abc\""#;
    assert!(body.contains(expected) && body.contains(r#""reason":"BadRequest","code":400"#), "{body}");
    let response = soon(user.send(get("/apis/g/v1/never?timeout=20ms"))).await;
    assert_eq!((response.status().as_u16(), response.headers().get("retry-after")), (504, None));
    let body = text(response).await;
    let expected = r#""message":"Timeout: request did not complete within the allotted timeout","reason":"Timeout","details":{},"code":504"#;
    assert!(body.contains(expected), "{body}");
    for harmless in ["0s", "-5s", "", "2h"] {
        let path = format!("/apis/g/v1/things?timeout={harmless}");
        assert_eq!(user.send(get(&path)).await.status(), 200, "{harmless}");
    }
    assert_eq!(user.send(get("/apis/g/v1/things?watch=1&timeout=abc")).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_timeout_has_sixty_seconds_and_a_watch_has_none() {
    let pipeline = pipeline(MastersOnly, Told::default(), Options::default());
    let user = pipeline.as_user(master());
    assert_eq!(user.send(get("/apis/g/v1/never?timeout=2h")).await.status(), 504);
    let watch = user.send(get("/apis/g/v1/never?watch=1"));
    tokio::time::timeout(Duration::from_secs(3600), watch).await.map(drop).unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn a_body_is_aborted_at_the_deadline() {
    let pipeline = pipeline(MastersOnly, Told::default(), Options::default());
    let response = pipeline.as_user(master()).send(get("/apis/g/v1/things?timeout=1s")).await;
    tokio::time::advance(Duration::from_secs(2)).await;
    let error = response.into_body().collect().await.unwrap_err();
    assert_eq!(error.to_string(), "the response was not written within the allotted timeout");
}

#[tokio::test(start_paused = true)]
async fn more_than_the_limit_waits_and_is_turned_away() {
    let told = Told::default();
    let in_flight = InFlightLimits { read_only: 1, mutating: 1 };
    let options = Options { in_flight, ..Options::default() };
    let pipeline = pipeline(Says(Decision::Allow(String::new())), told.clone(), options);
    let user = pipeline.as_user(UserInfo::new("u", [""; 0]));
    let first = tokio::spawn({
        let user = user.clone();
        async move { user.send(get("/apis/g/v1/waits")).await }
    });
    soon(told.arrived.notified()).await;
    let refused = user.send(get("/apis/g/v1/things")).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    assert_eq!(text(refused).await, "Too many requests, please try again later.\n");
    let create = Request::post("/apis/g/v1/things").body(RequestBody::empty()).unwrap();
    assert_eq!(user.send(create).await.status(), 200, "mutating requests have places of their own");
    assert_eq!(user.send(get("/apis/g/v1/things?watch=1")).await.status(), 200, "watches need no place");
    assert_eq!(pipeline.as_user(master()).send(get("/apis/g/v1/things")).await.status(), 200);
    told.go_on.notify_one();
    let held = soon(first).await.unwrap();
    assert_eq!(user.send(get("/apis/g/v1/things")).await.status(), 429, "until the body is written");
    drop(held);
    assert_eq!(user.send(get("/apis/g/v1/things")).await.status(), 200);
}

#[tokio::test]
async fn not_found_means_nothing_before_every_path_is_installed() {
    let metrics = Metrics::new().requests().clone();
    let (shutdown, options) = (Shutdown::new(), Options::default());
    let pipeline = Pipeline::new(Nobody, MastersOnly, Told::default(), options, shutdown, metrics);
    let user = pipeline.as_user(master());
    let response = user.send(get("/apis/g/v1/missing")).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"5".parse().unwrap())
    );
    let body = text(response).await;
    assert!(body.contains(r#""details":{"retryAfterSeconds":5}"#), "{body}");
    let nobody = pipeline.as_user(UserInfo::anonymous());
    let early = nobody.send(get("/apis/g/v1/things")).await;
    assert_eq!(early.status(), 503, "whom to believe may not be known yet");
    pipeline.complete();
    assert_eq!(user.send(get("/apis/g/v1/missing")).await.status(), 404);
    assert_eq!(nobody.send(get("/apis/g/v1/things")).await.status(), 403);
}

#[tokio::test]
async fn a_request_that_comes_while_connections_drain_is_answered() {
    let metrics = Metrics::new().requests().clone();
    let (shutdown, options) = (Shutdown::new(), Options::default());
    let pipeline = Pipeline::new(Nobody, MastersOnly, Told::default(), options, shutdown.clone(), metrics);
    shutdown.now();
    for path in ["/apis/g/v1/things", "/livez"] {
        assert_eq!(pipeline.as_user(master()).send(get(path)).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn every_response_is_named_and_not_cached() {
    let pipeline = pipeline(MastersOnly, Told::default(), Options::default());
    let user = pipeline.as_user(master());
    for path in ["/livez", "/apis/g/v1/panics", "/apis/g/v1/things?timeout=x"] {
        let response = user.send(get(path)).await;
        let id = response.headers()["audit-id"].to_str().unwrap().to_owned();
        assert!(
            id.len() == 36 && id.as_bytes()[14] == b'4' && "89ab".contains(id.as_bytes()[19] as char),
            "{id}"
        );
        assert_eq!(response.headers()["cache-control"], "no-cache, private");
    }
    let mut request = get("/livez");
    request.headers_mut().insert("Audit-ID", "of-the-aggregator".parse().unwrap());
    assert_eq!(user.send(request).await.headers()["audit-id"], "of-the-aggregator");
}

#[tokio::test]
async fn a_client_in_this_process_is_the_user_it_was_made_for() {
    let pipeline = pipeline(MastersOnly, Told::default(), Options::default());
    let mut client = pipeline.as_user(master());
    let request = Request::get("/apis/g/v1/things").body(Full::from("body")).unwrap();
    let response = tower::Service::call(&mut client, request).await.unwrap();
    assert_eq!(text(response).await, r#"root ["system:masters", "system:authenticated"] list 0 false"#);
}

/// Who stands before this server might read such a body otherwise.
#[tokio::test]
async fn a_body_whose_coding_is_unknown_is_not_read_and_its_connection_ends() {
    let pipeline = pipeline(MastersOnly, Told::default(), Options::default());
    let user = pipeline.as_user(UserInfo::new("u", ["system:masters"; 1]));
    for (coding, code) in [("gzip, chunked", 501), ("identity", 501), ("Chunked", 200)] {
        let mut request = get("/apis/g/v1/things");
        request.headers_mut().insert("transfer-encoding", coding.parse().unwrap());
        let response = user.send(request).await;
        assert_eq!(response.status().as_u16(), code, "{coding}");
        assert_eq!(response.headers().contains_key("connection"), code == 501, "{coding}");
    }
}
