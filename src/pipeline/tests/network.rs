use http_body_util::BodyExt;

use crate::serve::certificates::Certificates;
use crate::serve::raw_http2::{begin, next_of, send};
use crate::serve::testing::{Ca, Server, get, soon, text};
use crate::serve::{Limits, Listener, Shutdown, Tls};
use crate::telemetry::{Metrics, Stored};

use super::*;

type Served = Pipeline<(ClientCertificates, NoTokens), MastersOnly, Told>;

pub(super) struct Setup {
    pub(super) server: Server,
    pipeline: Served,
    pub(super) users: Ca,
    metrics: Metrics,
}

pub(super) async fn start(options: Options) -> Setup {
    let (users, shutdown, metrics) = (Ca::new("users"), Shutdown::new(), Metrics::new());
    let authenticator = (ClientCertificates::new(users.bundle()), NoTokens);
    let requests = metrics.requests().clone();
    let told = Told::default();
    let pipeline = Pipeline::new(authenticator, MastersOnly, told, options, shutdown.clone(), requests);
    pipeline.complete();
    let server = Server::start(pipeline.clone(), shutdown, Limits::default()).await;
    Setup { server, pipeline, users, metrics }
}

const THINGS: &str = "/apis/g/v1/things";

#[tokio::test]
async fn a_certificate_of_the_bundle_is_a_user() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    for mut client in [setup.server.h1(Some(&root)).await, setup.server.h2(Some(&root)).await] {
        for _ in 0..2 {
            let expected = r#"root ["system:masters", "system:authenticated"] list 0 false"#;
            assert_eq!(text(client.get(THINGS).await).await, expected);
        }
    }
}

#[tokio::test]
async fn asserted_identities_and_tokens_reach_nobody() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    let mut request = get(THINGS);
    for (name, value) in [
        ("x-remote-user", "forged"),
        ("x-remote-group", "system:masters"),
        ("x-remote-extra-a", "b"),
        ("authorization", "Bearer secret"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer = text(setup.server.h1(Some(&root)).await.send(request.clone()).await).await;
    assert!(answer.starts_with("root ") && answer.ends_with(" 0 false"), "{answer}");
    request.headers_mut().remove("authorization");
    let answer = setup.server.h1(None).await.send(request).await;
    assert_eq!(answer.status(), 403);
    assert!(text(answer).await.contains(r#"User \"system:anonymous\" cannot list"#));
}

#[tokio::test]
async fn certificates_that_prove_nothing_are_unauthorized() {
    let setup = start(Options::default()).await;
    let foreign = Ca::new("users").client("root", "system:masters", 2090);
    let expired = setup.users.client("root", "system:masters", 2021);
    let serving = setup.users.server();
    for leaf in [foreign, expired, serving] {
        let answer = setup.server.h1(Some(&leaf)).await.get(THINGS).await;
        assert_eq!(answer.status(), 401);
        let expected = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
        assert_eq!(text(answer).await, format!("{expected}\n"));
    }
}

#[tokio::test]
async fn anonymous_requests_can_be_refused() {
    let setup = start(Options { anonymous: false, ..Options::default() }).await;
    assert_eq!(setup.server.h1(None).await.get("/livez").await.status(), 401);
}

#[tokio::test]
async fn strangers_do_not_keep_http2_connections() {
    let setup = start(Options::default()).await;
    let mut client = setup.server.h2(None).await;
    assert_eq!(client.get("/livez").await.status(), 200);
    soon(client.connection).await.unwrap();
}

#[tokio::test]
async fn a_new_bundle_counts_on_open_connections() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    let mut client = setup.server.h1(Some(&root)).await;
    assert_eq!(client.get(THINGS).await.status(), 200);
    setup.pipeline.authenticator().0.reload(Some(Ca::new("others").bundle()));
    assert_eq!(client.get(THINGS).await.status(), 401);
    setup.pipeline.authenticator().0.reload(Some(setup.users.bundle()));
    assert_eq!(client.get(THINGS).await.status(), 200);
}

#[tokio::test]
async fn a_panic_is_an_answer_and_the_connection_lives() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    for mut client in [setup.server.h1(Some(&root)).await, setup.server.h2(Some(&root)).await] {
        let answer = client.get("/apis/g/v1/panics").await;
        assert_eq!(answer.status(), 500);
        let expected = "This request caused apiserver to panic. Look in the logs for details.\n";
        assert_eq!(text(answer).await, expected);
        assert_eq!(client.get(THINGS).await.status(), 200);
    }
}

#[tokio::test]
async fn a_panic_amid_a_body_aborts_one_stream() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    let mut client = setup.server.h2(Some(&root)).await;
    // The abort may overtake the head of the response.
    if let Ok(answer) = client.try_send(get("/apis/g/v1/bodypanics")).await {
        soon(answer.into_body().collect()).await.unwrap_err();
    }
    assert_eq!(client.get(THINGS).await.status(), 200);
}

#[tokio::test]
async fn kubectl_is_let_in_by_the_kubeconfig() {
    if std::process::Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        eprintln!("SKIPPED: kubectl is not installed");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = format!("https://{}", listener.address());
    let ensured = Certificates::new("databases", directory.path(), [], url).ensure().unwrap();
    let (shutdown, metrics) = (Shutdown::new(), Metrics::new());
    let authenticator = ClientCertificates::new(ensured.bundle().unwrap());
    let requests = metrics.requests().clone();
    let options = Options::default();
    let pipeline =
        Pipeline::new(authenticator, MastersOnly, Told::default(), options, shutdown.clone(), requests);
    let tls = Tls::new(ensured.tls_material().unwrap()).unwrap();
    let serving = tokio::spawn(listener.serve(tls, pipeline, shutdown.clone(), Limits::default()));
    let mut kubectl = tokio::process::Command::new("kubectl");
    kubectl.arg("--kubeconfig").arg(ensured.kubeconfig()).args(["get", "--raw", THINGS]);
    let output = soon(kubectl.kill_on_drop(true).output()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let expected = r#"databases-admin ["system:masters", "system:authenticated"] list 0 false"#;
    assert_eq!(said, expected, "{}", String::from_utf8_lossy(&output.stderr));
    shutdown.begin();
    assert!(soon(serving).await.unwrap());
}

#[tokio::test]
async fn requests_are_counted() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    let mut client = setup.server.h1(Some(&root)).await;
    client.get(THINGS).await;
    setup.server.h1(None).await.get("/apis/made/up/labels").await;
    for (method, target) in [
        ("POST", "/apis/g/v1/namespaces/n/things?dryRun=All"),
        ("DELETE", "/apis/g/v1/namespaces/n/things?dryRun=made"),
        ("PUT", "/apis/g/v1/namespaces/n/things/a/status"),
    ] {
        let mut request = get(target);
        *request.method_mut() = method.parse().unwrap();
        client.send(request).await;
    }
    let text = setup.metrics.text(&Stored::default()).unwrap();
    let counted = r#"apiserver_request_total{verb="LIST",dry_run="",group="g",version="v1",resource="things",subresource="",scope="cluster",component="apiserver",code="200"} 1"#;
    assert!(text.contains(counted), "{text}");
    for (verb, dry_run, subresource, scope) in [
        ("POST", "All", "", "resource"),
        ("DELETECOLLECTION", "invalid", "", "namespace"),
        ("PUT", "", "status", "resource"),
    ] {
        let set = format!(r#"verb="{verb}",dry_run="{dry_run}",group="g",version="v1",resource="things","#);
        let set =
            format!(r#"{set}subresource="{subresource}",scope="{scope}",component="apiserver",code="200""#);
        assert!(text.contains(&format!("apiserver_request_total{{{set}}} 1\n")), "{set} is not in {text}");
    }
    assert!(
        text.contains(r#"resource="",subresource="",scope="",component="apiserver",code="403"} 1"#)
            && !text.contains("made"),
        "{text}"
    );
}

#[tokio::test]
async fn watches_are_counted_while_they_run() {
    let setup = start(Options::default()).await;
    let mut client = setup.pipeline.as_user(master());
    let mut send = async |query: &str| {
        let request = Request::get(format!("{THINGS}{query}")).body(Full::default()).unwrap();
        tower::Service::call(&mut client, request).await.unwrap()
    };
    let running = || {
        let text = setup.metrics.text(&Stored::default()).unwrap();
        let counts = text.lines().filter_map(|line| line.strip_prefix("apiserver_longrunning_requests{"));
        counts.map(|line| line.rsplit_once(' ').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let list = send("").await;
    assert_eq!(running(), [""; 0]);
    let watches = [send("?watch=true").await, send("?watch=1").await];
    assert_eq!(running(), ["2"]);
    drop((list, watches));
    assert_eq!(running(), ["0"]);
}

#[tokio::test]
async fn an_answer_to_head_has_no_content() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    for mut client in [setup.server.h1(Some(&root)).await, setup.server.h2(Some(&root)).await] {
        let length = text(client.get(THINGS).await).await.len();
        let mut request = get(THINGS);
        *request.method_mut() = Method::HEAD;
        let answer = client.send(request).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-length"], length.to_string());
        assert_eq!(text(answer).await, "");
    }
}

#[tokio::test]
async fn an_answer_that_would_begin_too_late_is_a_timeout() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    for mut client in [setup.server.h1(Some(&root)).await, setup.server.h2(Some(&root)).await] {
        let answer = client.get("/apis/g/v1/things?timeout=1ns").await;
        assert_eq!(answer.status(), 504);
        let answer = text(answer).await;
        assert!(answer.contains(r#""reason":"Timeout","details":{},"code":504"#), "{answer}");
        assert_eq!(client.get(THINGS).await.status(), 200);
    }
}

#[tokio::test]
async fn who_reads_nothing_holds_an_answer_no_longer_than_it_may_take() {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    const SETTINGS: u8 = 4;
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    let mut stream = setup.server.handshake(Some(&root), b"h2").await;
    begin(&mut stream).await;
    // A stream may send nothing at first.
    send(&mut stream, (SETTINGS, 0, vec![0, 4, 0, 0, 0, 0]), 0).await;
    let path = "/apis/g/v1/large?timeout=2s";
    let mut head = b"\x82\x87\x41\x09localhost\x44".to_vec();
    head.push(u8::try_from(path.len()).unwrap());
    head.extend(path.bytes());
    send(&mut stream, (HEADERS, 5, head), 1).await;
    for expected in [HEADERS, RESET] {
        assert_eq!(next_of(&mut stream, &[HEADERS, DATA, RESET]).await.0, expected);
    }
}

#[tokio::test]
async fn who_asks_for_the_rights_of_another_does_not_get_his_own() {
    let setup = start(Options::default()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    for name in ["impersonate-user", "impersonate-group", "impersonate-uid", "impersonate-extra-scopes"] {
        let mut request = get(THINGS);
        request.headers_mut().insert(name, "joe".parse().unwrap());
        let answer = setup.server.h2(Some(&root)).await.send(request).await;
        assert_eq!(answer.status(), 403, "{name}");
        assert!(text(answer).await.contains("impersonation is not supported"), "{name}");
    }
}
