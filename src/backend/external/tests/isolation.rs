//! Who may do what on a server that others share.

use super::*;

#[tokio::test]
async fn two_objects_of_one_name_share_a_server_and_nothing_else() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    for secret in [host.steward(), host.root()] {
        let (mut one, mut two) = (request(secret.clone(), object("1")), request(secret, object("2")));
        let (one_up, two_up) = (up(&backend, &mut one).await, up(&backend, &mut two).await);
        let (one_login, two_login) = (&one_up.logins[0], &two_up.logins[0]);
        assert_ne!(one_login.database, two_login.database);
        assert_eq!((one_login.user(), one_up.endpoints[0].port), ("app", host.port));
        host.as_login(one_login).await.unwrap();
        let elsewhere = Login { database: two_login.database.clone(), ..one_login.clone() };
        let refused = host.as_login(&elsewhere).await.unwrap_err();
        assert!(refused.contains("permission denied for database"), "{refused}");
        let rights = format!(
            "SELECT (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication)::text FROM pg_roles WHERE rolname = '{}'",
            one_login.username
        );
        assert_eq!(host.value(&rights).await, "false");
        for request in [one, two] {
            backend.remove(&request, Disposal::Delete).await.unwrap();
        }
        assert_eq!(host.value(ROLES).await, "0");
    }
}

#[tokio::test]
async fn what_is_there_already_is_neither_taken_nor_dropped() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.root(), object("1"));
    let other = Names::of(&request.object).hashed("app");
    host.run("CREATE ROLE app LOGIN PASSWORD 'theirs'").await;
    host.run(&format!("CREATE DATABASE {other} OWNER them")).await;
    let made = up(&backend, &mut request).await;
    assert_eq!((&made.logins[0].username, &*made.logins[0].database), (&other, "app"), "by what is free");
    backend.remove(&request, Disposal::Delete).await.unwrap();
    host.session("app", "theirs", "postgres").await.expect("its password is its own");
    host.inside(&other).await;
    host.run(&format!("CREATE ROLE {other}")).await;
    request.object.status = Default::default();
    let error = backend.ensure(&request).await.unwrap_err();
    assert!(
        error.code == Code::InvalidArgument && error.message.contains("was not made for this object"),
        "{error:?}"
    );
    backend.remove(&request, Disposal::Delete).await.unwrap();
    host.inside(&other).await;
}

#[tokio::test]
async fn what_was_made_keeps_its_name_when_the_one_before_goes() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let (mut one, mut two) = (request(host.steward(), object("1")), request(host.steward(), object("2")));
    assert_eq!(up(&backend, &mut one).await.logins[0].username, "app", "as the spec calls it");
    let made = up(&backend, &mut two).await;
    assert_ne!(made.logins[0].username, "app");
    backend.remove(&one, Disposal::Delete).await.unwrap();
    assert_eq!(up(&backend, &mut two).await.logins, made.logins);
}

#[tokio::test]
async fn who_is_second_to_a_name_that_both_saw_free_gets_another_at_the_next_look() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    // Of one manifest, and with the database alone in common.
    for owner in ["app", "other"] {
        let (mut one, mut two) = (request(host.steward(), object("1")), request(host.steward(), object("2")));
        two.object.spec.databases[0].owner = owner.into();
        let (server, names) = (server(&two).unwrap(), Names::of(&two.object));
        let session = server.connect().await.unwrap();
        let facts = Facts::read(&session, &server).await.unwrap();
        let found = Found::read(&session, &names, &["app", "other"]).await.unwrap();
        let wish = tenant::Wish::of(&two.object, &names, &found);
        let made = up(&backend, &mut one).await;
        let work = tenant::Work {
            server: &server,
            session: &session,
            names: &names,
            facts: &facts,
            wish: &wish,
            published: &[],
        };
        let error = BackendError::from(work.converge(&found).await.unwrap_err());
        assert!(error.code == Code::Unavailable && error.message.contains("already exists"), "{error:?}");
        let other = up(&backend, &mut two).await;
        assert_ne!(other.logins[0].database, "app");
        assert_eq!(other.logins[0].username == "other", owner == "other", "{other:?}");
        assert_eq!(up(&backend, &mut one).await.logins, made.logins);
        for request in [one, two] {
            backend.remove(&request, Disposal::Delete).await.unwrap();
        }
        let left = "SELECT count(*)::text FROM pg_roles WHERE rolname LIKE 'app%' OR rolname LIKE 'other%'";
        assert_eq!(host.value(left).await, "0");
    }
}

#[tokio::test]
async fn a_user_has_what_is_listed_and_who_is_listed_no_more_is_shut_out() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.steward(), object("1"));
    let user = |databases: &[&str]| User {
        name: "etl".into(),
        databases: databases.iter().map(|name| (*name).to_owned()).collect(),
        ..User::default()
    };
    request.object.spec.users = vec![user(&["app"])];
    let made = up(&backend, &mut request).await;
    let etl = &made.logins[1];
    let session = host.as_login(etl).await.unwrap();
    request.object.spec.users = vec![user(&[])];
    let less = up(&backend, &mut request).await;
    assert!(session.simple_query("SELECT 1").await.is_err(), "its session in the database ended");
    assert!(host.as_login(etl).await.is_err());
    let session = host.as_login(&less.logins[1]).await.expect("it may still log in");
    request.object.spec.users.clear();
    assert_eq!(up(&backend, &mut request).await.logins.len(), 1);
    assert!(session.simple_query("SELECT 1").await.is_err(), "its session ended");
    assert!(host.as_login(&less.logins[1]).await.is_err());
}

#[tokio::test]
async fn who_was_made_a_superuser_by_hand_is_told_and_holds_up_nobody_else() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.steward(), object("1"));
    request.object.spec.users =
        ["etl", "rep"].map(|name| User { name: name.into(), ..User::default() }).into();
    let made = up(&backend, &mut request).await;
    assert_eq!(made.pending, None);
    host.run("ALTER ROLE rep SUPERUSER REPLICATION PASSWORD 'other'").await;
    // The Secret of another one is gone.
    request.logins.remove(1);
    let seen = backend.ensure(&request).await.unwrap();
    let pending = seen.pending.clone().unwrap();
    assert!(
        pending.contains("role rep was given SUPERUSER and REPLICATION")
            && pending.ends_with("ALTER ROLE \"rep\" NOSUPERUSER NOREPLICATION"),
        "{pending}"
    );
    assert_eq!((seen.phase, seen.logins.len()), (Phase::Available, 3));
    assert_eq!((&seen.logins[0], &seen.logins[2]), (&made.logins[0], &made.logins[2]), "what is known stays");
    host.as_login(&seen.logins[1]).await.expect("the others go on");
    assert!(backend.observe(&request).await.unwrap().unwrap().pending.is_some());

    request.logins = vec![seen.logins[0].clone(), seen.logins[1].clone()];
    let without = backend.ensure(&request).await.unwrap();
    let told: Vec<&str> = without.logins.iter().map(Login::user).collect();
    assert_eq!(
        (told, without.pending.is_some()),
        (vec!["app", "etl"], true),
        "no password is told that opens nothing"
    );
    host.run("ALTER ROLE rep NOSUPERUSER NOREPLICATION").await;
    let mended = up(&backend, &mut request).await;
    assert_eq!((mended.logins.len(), mended.pending), (3, None));
    host.as_login(&mended.logins[2]).await.unwrap();

    host.run("ALTER ROLE app SUPERUSER").await;
    request.logins.remove(0);
    let error = backend.ensure(&request).await.unwrap_err();
    assert!(
        error.code == Code::FailedPrecondition && error.message.contains("ALTER ROLE \"app\" NOSUPERUSER"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_deletion_takes_along_what_roles_have_elsewhere() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.root(), object("1"));
    let made = up(&backend, &mut request).await;
    let owner = &made.logins[0].username;
    let theirs = host.inside("theirs").await;
    let statements = format!(
        "GRANT CONNECT ON DATABASE theirs TO {owner}; CREATE TABLE t (); GRANT SELECT ON t TO {owner}"
    );
    theirs.batch_execute(&statements).await.unwrap();
    let connected = host.as_login(&made.logins[0]).await.unwrap();
    backend.remove(&request, Disposal::Delete).await.unwrap();
    assert!(connected.simple_query("SELECT 1").await.is_err());
    assert_eq!(
        host.value(&format!("SELECT count(*)::text FROM pg_roles WHERE rolname = '{owner}'")).await,
        "0"
    );
    theirs.simple_query("SELECT FROM t").await.expect("what others have stays");
}

#[tokio::test]
async fn another_login_goes_on_with_what_the_one_before_made() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut first = request(host.steward(), object("1"));
    let made = up(&backend, &mut first).await;
    host.run("CREATE ROLE second LOGIN CREATEROLE CREATEDB PASSWORD 'hunter2'").await;
    let mut second = request(host.secret("second", "hunter2", &[]), first.object.clone());
    second.logins = first.logins;
    second.object.spec.databases.push(Database {
        name: "more".into(),
        owner: "app".into(),
        ..Database::default()
    });
    assert_eq!(up(&backend, &mut second).await.logins, made.logins);
    backend.remove(&second, Disposal::Delete).await.unwrap();
    assert_eq!(host.value(ROLES).await, "0");
}
