//! Objects for which two servers are named, by their class and by themselves.

use super::*;

/// The same object, where its class and itself name these.
fn named(request: &Request<PostgreSQL>, of_class: String, its_own: String) -> Request<PostgreSQL> {
    let reference = ObjectRef { kind: "Secret".into(), name: "server".into(), ..ObjectRef::default() };
    let mut request = Request {
        class: Some(Class { name: "shared".into(), parameters: of_class }),
        references: vec![Resolved { path: ADOPT_REF.into(), object: its_own, ..Resolved::default() }],
        ..request.clone()
    };
    request.object.spec.instance.adopt_ref = Some(reference);
    request
}

#[tokio::test]
async fn an_object_is_not_made_where_its_class_and_itself_name_two_servers() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let new = request(String::new(), object("1"));
    let elsewhere = host.secret("steward", "hunter2", &[("port", "1")]);
    for request in [named(&new, host.steward(), elsewhere.clone()), named(&new, elsewhere, host.steward())] {
        let error = backend.ensure(&request).await.unwrap_err();
        for part in ["spec.adoptRef", "spec.parametersRef of DatabaseClass \"shared\"", "127.0.0.1:1 "] {
            assert!(error.code == Code::InvalidArgument && error.message.contains(part), "{error:?}");
        }
    }
    let waits = Request { references: Vec::new(), ..named(&new, host.steward(), host.root()) };
    let error = backend.ensure(&waits).await.unwrap_err();
    assert!(error.code == Code::FailedPrecondition && error.message.contains("Secret server"), "{error:?}");
    assert_eq!(host.value(ROLES).await, "0");
    up(&backend, &mut named(&new, host.steward(), host.root())).await;
}

#[tokio::test]
async fn what_runs_stays_where_it_runs_and_a_second_server_is_refused() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let Some(other) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.steward(), object("1"));
    let made = up(&backend, &mut request).await;
    let by_both =
        [named(&request, other.steward(), host.steward()), named(&request, host.steward(), other.steward())];
    for request in &by_both {
        let seen = backend.ensure(request).await.unwrap();
        let refused = seen.refused.unwrap();
        assert!(refused.message.contains("name two servers"), "{refused:?}");
        assert_eq!((refused.reason.as_str(), seen.phase), ("BackendRejected", Phase::Available));
        assert_eq!((seen.endpoints, seen.logins), (made.endpoints.clone(), made.logins.clone()));
    }
    // Only the other one is named.
    let astray = Request { references: Vec::new(), ..by_both[0].clone() };
    let error = backend.ensure(&astray).await.unwrap_err();
    assert!(error.message.contains("no empty ones are made"), "{error:?}");
    let seen = backend.observe(&astray).await.unwrap().unwrap();
    assert_eq!((seen.phase, seen.endpoints), (Phase::Failing, made.endpoints), "where it was");
    assert_eq!(other.value(ROLES).await, "0");
    let mut goes = by_both[0].clone();
    goes.object.status.instance.endpoints.clear();
    backend.remove(&goes, Disposal::Delete).await.unwrap();
    assert_eq!(host.value(ROLES).await, "0");
}
