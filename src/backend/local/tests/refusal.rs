//! A refused wish does not stop the care for what is there.

use super::*;
use crate::backend::{Answers, Backend, Code, Disposal};

fn with_extension(name: &str) -> Desired {
    let extensions = vec![Extension { name: name.to_owned(), version: None, schema: None }];
    let shop = Database { name: "shop".to_owned(), owner: "shop".to_owned(), extensions };
    Desired { databases: vec![shop], ..desired() }
}

/// The data root as a backend, and an object of it with a database.
async fn of_a_shop(fixture: &mut Fixture) -> (LocalPostgreSQL, Request<PostgreSQL>) {
    let (backend, mut request) = fixture.as_backend().await;
    let shop = databases_api::postgresql::Database {
        name: "shop".to_owned(),
        owner: "shop".to_owned(),
        ..Default::default()
    };
    request.object.spec.databases = vec![shop];
    (backend, request)
}

#[tokio::test]
async fn a_server_that_dies_while_a_change_is_refused_is_started_again() {
    let Some(fixture) = Fixture::new().await else { return };
    let accepted = fixture.ensure(&desired()).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let wishes = [
        with_parameter("ssl", "on"),
        with_parameter("work_mem", "much"),
        with_extension("nonesuch"),
        Desired { version: "9".to_owned(), ..desired() },
        Desired { databases: Vec::new(), ..desired() },
        Desired { port: Some(port), ..desired() },
    ];
    for wish in wishes {
        fixture.kill(0).await;
        let refused = fixture.local().ensure(&wish).await.expect_err("refused");
        assert!(refused.is_refusal(), "{refused}");
        let seen = fixture.local().observe(UID).await.expect("observed");
        assert!(seen.ready, "{refused}: {seen:?}");
        assert_eq!((&seen.read_write, &seen.credentials), (&accepted.read_write, &accepted.credentials));
        connect(&seen).await;
    }
}

#[tokio::test]
async fn a_wish_refused_for_an_extension_moves_no_port_and_makes_no_role() {
    let Some(fixture) = Fixture::new().await else { return };
    let accepted = fixture.ensure(&desired()).await;
    let pid = fixture.pid(0);
    let user = User { name: "etl".to_owned(), attributes: Vec::new(), databases: Vec::new() };
    let port = Some(accepted.read_write.port + 7);
    let wish = Desired { port, users: vec![user], ..with_extension("nonesuch") };
    fixture.local().ensure(&wish).await.expect_err("refused");
    let seen = fixture.local().observe(UID).await.expect("observed");
    assert_eq!((&seen.read_write, &seen.credentials), (&accepted.read_write, &accepted.credentials));
    assert_eq!(fixture.pid(0), pid, "nothing was restarted");
    connect(&seen).await;
}

#[tokio::test]
async fn what_was_never_accepted_leaves_nothing_behind_and_what_was_is_kept() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let (backend, mut request) = of_a_shop(&mut fixture).await;
    let parameter = ("shared_buffers".to_owned(), "lots".to_owned());
    request.object.spec.instance.parameters.extend([parameter]);
    let error = backend.ensure(&request).await.expect_err("PostgreSQL does not take it");
    assert_eq!(error.reason, "InvalidParameters", "{error:?}");
    let folder = fixture.root().join("instances").join(UID);
    assert!(folder.exists(), "it was begun");
    backend.remove(&request, Disposal::Retain).await.expect("removed");
    assert!(!folder.exists());
    request.object.spec.instance.parameters.clear();
    let nonesuch = databases_api::postgresql::Extension { name: "nonesuch".to_owned(), ..Default::default() };
    request.object.spec.databases[0].extensions = vec![nonesuch];
    let error = backend.ensure(&request).await.expect_err("it is not installed");
    assert_eq!((&*error.reason, error.code), ("BackendRejected", Code::InvalidArgument), "{error:?}");
    request.object.spec.databases[0].extensions.clear();
    // More than PostgreSQL's settings can say.
    request.object.spec.instance.storage.size = Some("9000Ti".parse().expect("a size"));
    backend.ensure(&request).await.expect("made");
    // Whether its version was told by then or not.
    backend.remove(&request, Disposal::Retain).await.expect("removed");
    assert!(folder.exists());
    backend.remove(&request, Disposal::Delete).await.expect("removed");
    assert!(!folder.exists());
}

#[tokio::test]
async fn the_backend_tells_of_what_runs_together_with_what_is_refused() {
    let Some(mut fixture) = Fixture::new().await else { return };
    let (backend, mut request) = of_a_shop(&mut fixture).await;
    let accepted = backend.ensure(&request).await.expect("made");
    request.object.spec.instance.parameters.insert("ssl".to_owned(), "on".to_owned());
    let seen = backend.ensure(&request).await.expect("what runs");
    request.object.spec.instance.state = Some(databases_api::shared::State::Stopped);
    let stopped = backend.ensure(&request).await.expect("stopped, whatever else is refused");
    backend.close().await;
    drop(backend);
    fixture.reopen().await;
    assert_eq!((accepted.is_ready(), accepted.refused), (true, None));
    assert_eq!((seen.is_ready(), seen.endpoints[0].port), (true, accepted.endpoints[0].port));
    assert_eq!(seen.refused.map(|refusal| refusal.reason).as_deref(), Some("InvalidParameters"));
    assert_eq!(stopped.phase, Phase::Stopped);
}
