//! Servers that cannot be reached, do not let us in, or are not named.

use super::*;
use databases_api::features::ADOPTION_ONLY;

fn claims(offer: &Offer, feature: &str) -> bool {
    offer.features.iter().any(|claimed| claimed == feature)
}

/// An answer that is not about the object.
async fn answer(backend: &ExternalPostgreSQL, secret: String) -> BackendError {
    let error = backend.ensure(&request(secret, object("1"))).await.unwrap_err();
    assert!(!error.message.contains("hunter"), "{error:?}");
    error
}

#[tokio::test]
async fn what_is_wrong_with_the_way_to_a_server_is_said_in_words() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    host.run("CREATE ROLE guest LOGIN CREATEDB PASSWORD 'hunter2'").await;
    for (secret, code, why) in [
        (
            host.secret("steward", "hunter3", &[]),
            Code::FailedPrecondition,
            "put a login that it takes into Secret db/server",
        ),
        (host.secret("guest", "hunter2", &[]), Code::FailedPrecondition, "lacks CREATEROLE"),
        (
            host.secret("steward", "hunter2", &[("database", "nowhere")]),
            Code::FailedPrecondition,
            "\"nowhere\" does not exist",
        ),
        (
            host.secret("steward", "hunter2", &[("port", "1")]),
            Code::Unavailable,
            "127.0.0.1:1 cannot be reached",
        ),
        (
            host.secret("steward", "hunter2", &[("sslmode", "require")]),
            Code::Unavailable,
            "does not support TLS",
        ),
        (host.secret("steward", "", &[]), Code::FailedPrecondition, "lacks its key password"),
    ] {
        let error = answer(&backend, secret).await;
        assert!(error.code == code && error.message.contains(why), "{why}: {error:?}");
    }
    let class = Class { name: "shared".into(), parameters: host.steward() };
    let offer = backend.offer(&class).await.unwrap();
    assert_eq!(offer.engines[0].versions, ["15"]);
    assert!(ADOPTION.iter().all(|adoption| !claims(&offer, adoption)), "the class names the server");
    let bad = Class { name: "shared".into(), parameters: host.secret("steward", "", &[]) };
    assert_eq!(backend.offer(&bad).await.unwrap().refused.unwrap().reason, "InvalidParameters");
}

#[tokio::test]
async fn an_object_names_its_own_server_where_the_class_names_none() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let offer = backend.offer(&Class { name: "any".into(), ..Class::default() }).await.unwrap();
    assert!(ADOPTION.iter().all(|adoption| claims(&offer, adoption)) && offer.refused.is_none());
    assert!(claims(&offer, &format!("PostgreSQL{ADOPTION_ONLY}")), "so that admission asks for it");
    let mut request = request(String::new(), object("1"));
    let error = backend.ensure(&request).await.unwrap_err();
    assert!(error.code == Code::InvalidArgument && error.message.contains("spec.adoptRef"), "{error:?}");
    let named = ObjectRef { kind: "Secret".into(), name: "server".into(), ..ObjectRef::default() };
    request.object.spec.instance.adopt_ref = Some(named);
    let missing = backend.ensure(&request).await.unwrap_err();
    assert!(
        missing.code == Code::FailedPrecondition && missing.message.contains("Secret server"),
        "{missing:?}"
    );
    let adopted = Resolved { path: ADOPT_REF.into(), object: host.steward(), ..Resolved::default() };
    request.references = vec![adopted];
    request.object.spec.instance.version = "14".into();
    let error = backend.ensure(&request).await.unwrap_err();
    assert!(error.code == Code::InvalidArgument && error.message.contains("spec.version is 14"), "{error:?}");
    request.object.spec.instance.version = "15".into();
    let made = up(&backend, &mut request).await;
    // The Secret goes: applications go on, and nothing is told of their logins.
    request.references.clear();
    let seen = backend.ensure(&request).await.unwrap();
    assert_eq!((seen.phase, seen.logins.len()), (Phase::Available, 0));
    assert!(
        seen.pending.is_some_and(|why| why.contains("Secret server")),
        "not all that spec asks for is done"
    );
    let stuck = backend.remove(&request, Disposal::Delete).await.unwrap_err();
    assert!(stuck.message.contains("set spec.deletionPolicy to Retain"), "{stuck:?}");
    let mut stranded = object("1");
    stranded.spec.instance.class_name = "shared".into();
    for (reason, message, expected) in [
        (
            "ClassNotFound",
            "there is none",
            "\"shared\", which names the server of this object, is not there: make it again",
        ),
        (
            "InvalidParameters",
            "there is no Secret db/server",
            "cannot be read: there is no Secret db/server; put that right",
        ),
    ] {
        let lost = Some(Refusal::new(reason, message));
        let request = Request { lost, ..Request::new(stranded.clone()) };
        let stuck = backend.remove(&request, Disposal::Delete).await.unwrap_err();
        assert!(stuck.message.contains(expected), "{stuck:?}");
    }
    // It came as far as that, and was called off.
    host.run(&format!("ALTER ROLE {} NOLOGIN", made.logins[0].username)).await;
    request.references =
        vec![Resolved { path: ADOPT_REF.into(), object: host.steward(), ..Resolved::default() }];
    backend.remove(&request, Disposal::Retain).await.unwrap();
    host.as_login(&made.logins[0]).await.expect("what is kept is kept with its login");
}

#[tokio::test]
async fn a_server_is_the_one_that_its_authorities_vouch_for() {
    let Some(host) = Host::start(TlsMode::Required).await else { return };
    let Some(other) = Host::start(TlsMode::Required).await else { return };
    let backend = ExternalPostgreSQL::default();
    let (ours, theirs) = (host.ca.clone().unwrap(), other.ca.clone().unwrap());
    let secret = |mode: &str, more: &[(&str, &str)]| {
        let keys = [&[("sslmode", mode)], more].concat();
        host.secret(&host.superuser.username, host.superuser.password.expose(), &keys)
    };
    for (mode, authorities, good) in [
        ("require", None, true),
        ("prefer", None, true),
        ("disable", None, false),
        ("require", Some(&theirs), false),
        ("verify-ca", Some(&ours), true),
        ("verify-full", Some(&ours), true),
        ("verify-full", Some(&theirs), false),
        ("verify-full", None, false),
    ] {
        let authorities: Vec<(&str, &str)> =
            authorities.iter().map(|pem| ("certificates", pem.as_str())).collect();
        let ensured = backend.ensure(&request(secret(mode, &authorities), object("1"))).await;
        assert_eq!(ensured.is_ok(), good, "{mode}: {ensured:?}");
        if let Ok(observed) = ensured {
            assert_eq!(
                (observed.tls_required, observed.certificates.is_some()),
                (mode != "prefer", !authorities.is_empty())
            );
        }
    }
}
