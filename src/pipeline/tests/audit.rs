//! What the audit log says of requests, whatever becomes of them.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use super::super::audit::testing::Recorded;
use super::super::audit::{Mode, Rotation, Target};
use super::*;
use crate::serve::testing::{soon, text};

const GOLDEN: &str = "src/pipeline/tests/audit.golden";

fn answers(recorded: &Recorded, decision: Decision) -> Pipeline<Nobody, Says, Told> {
    pipeline(Says(decision), Told::default(), recorded.options())
}

fn allow() -> Decision {
    Decision::Allow("RBAC: allowed by ClusterRoleBinding \"b\"".to_owned())
}

fn user() -> UserInfo {
    let extra = vec![("scopes".to_owned(), vec!["a".to_owned(), "b".to_owned()])];
    UserInfo { uid: "u1".to_owned(), extra, ..UserInfo::new("ada", ["dev"]) }
}

#[tokio::test(start_paused = true)]
async fn every_outcome_is_recorded() {
    let recorded = Recorded::by("- {level: Metadata}");
    let pipeline = answers(&recorded, allow());
    let client = pipeline.as_user(user());
    let mut request = get("/apis/g/v1/namespaces/n/things/a?x=%20y");
    for (name, value) in
        [("user-agent", "kubectl/v1"), ("x-forwarded-for", "10.0.0.7, none, ::ffff:10.0.0.8")]
    {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    text(client.send(request).await).await;
    for path in ["/healthz", "/apis/g/v1/missing", "/apis/g/v1/panics", "/apis/g/v1/things?watch=1"] {
        text(client.send(get(path)).await).await;
    }
    let mut body = client.send(get("/apis/g/v1/bodypanics")).await.into_body();
    while let Some(Ok(_)) = body.frame().await {}
    drop(body);
    client.send(get("/apis/g/v1/things?timeout=abc")).await;
    client.send(get("/apis/g/v1/never?timeout=1s")).await;
    let gone = tokio::time::timeout(Duration::from_secs(1), client.send(get("/apis/g/v1/never?watch=1")));
    assert!(gone.await.is_err());
    let mut impersonating = get("/apis/g/v1/things");
    impersonating.headers_mut().insert("impersonate-user", "root".parse().unwrap());
    client.send(impersonating).await;
    for decision in [Decision::Deny("no rule".to_owned()), Decision::Error("nobody answers".to_owned())] {
        answers(&recorded, decision).as_user(user()).send(get("/apis/g/v1/things/a")).await;
    }
    recorded.check(GOLDEN);
    let text = recorded.metrics.text(&Stored::default()).unwrap();
    let events = recorded.events().lines().count();
    assert!(text.contains(&format!("apiserver_audit_event_total {events}\n")), "{text}");
    assert!(text.contains("apiserver_audit_level_total{level=\"Metadata\"} 12\n"), "{text}");
}

#[tokio::test]
async fn one_who_is_not_known_leaves_one_event() {
    let recorded = Recorded::by("- {level: RequestResponse}");
    let setup = super::network::start(Options { anonymous: false, ..recorded.options() }).await;
    assert_eq!(setup.server.h1(None).await.get("/apis/g/v1/things").await.status(), 401);
    let events = recorded.events();
    assert_eq!(events.lines().count(), 1, "{events}");
    for part in [
        r#""stage":"ResponseStarted","requestURI":"/apis/g/v1/things","verb":"list","user":{},"sourceIPs":["127.0.0.1"],"#,
        r#""responseStatus":{"metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401},"#,
        r#""responseObject":{"kind":"Status","apiVersion":"v1","#,
    ] {
        assert!(events.contains(part), "{part} is not in {events}");
    }
}

#[tokio::test]
async fn a_certificate_is_known_by_its_hash() {
    let recorded = Recorded::by("- {level: Metadata}");
    let setup = super::network::start(recorded.options()).await;
    let root = setup.users.client("root", "system:masters", 2090);
    assert_eq!(setup.server.h1(Some(&root)).await.get("/apis/g/v1/things").await.status(), 200);
    let der = CertificateDer::from_pem_slice(root.certificate.as_bytes()).unwrap();
    let hash: String = Sha256::digest(&der).iter().map(|byte| format!("{byte:02x}")).collect();
    let extra = format!(r#""extra":{{"authentication.kubernetes.io/credential-id":["X509SHA256={hash}"]}}"#);
    assert!(recorded.events().contains(&extra), "{}", recorded.events());
}

#[tokio::test]
async fn what_the_policy_leaves_out_is_not_written() {
    let recorded = Recorded::by(
        "- {level: None, verbs: [list]}\n- {level: Metadata, verbs: [watch], omitStages: [RequestReceived, ResponseComplete]}",
    );
    let client = answers(&recorded, allow()).as_user(user());
    for path in ["/apis/g/v1/things", "/apis/g/v1/things/a", "/apis/g/v1/things?watch=1"] {
        text(client.send(get(path)).await).await;
    }
    let events = recorded.events();
    assert_eq!(events.lines().count(), 1, "{events}");
    assert!(events.contains(r#""stage":"ResponseStarted""#), "{events}");
}

#[tokio::test]
async fn nothing_passes_unrecorded_where_that_is_asked_for() {
    for (mode, code) in [(Mode::BlockingStrict, 500), (Mode::Blocking, 200)] {
        let target = Target::File("/dev/full".into(), Rotation { megabytes: 0, days: 0, files: 0 });
        let recorded = Recorded::at(tempfile::tempdir().unwrap(), target, mode, "- {level: Metadata}", None);
        let answer = answers(&recorded, allow()).as_user(user()).send(get("/apis/g/v1/things")).await;
        assert_eq!(answer.status(), code);
        let metrics = recorded.metrics.text(&Stored::default()).unwrap();
        let refused = u8::from(code == 500);
        assert!(
            metrics.contains(&format!("apiserver_audit_requests_rejected_total {refused}\n")),
            "{metrics}"
        );
        if code == 500 {
            let said = "Internal Server Error: \"/apis/g/v1/things\": failed to store audit event\n";
            assert_eq!(soon(text(answer)).await, said);
        }
    }
}
