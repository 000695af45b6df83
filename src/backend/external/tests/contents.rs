//! Passwords, extensions, and what was made once.

use super::*;
use databases_api::postgresql::Extension;

#[tokio::test]
async fn the_password_of_the_secret_is_the_one_that_counts() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.steward(), object("1"));
    let made = up(&backend, &mut request).await;
    let login = made.logins[0].clone();
    host.run(&format!("ALTER ROLE {} PASSWORD 'other'", login.username)).await;
    assert!(host.as_login(&login).await.is_err());
    assert_eq!(up(&backend, &mut request).await.logins, made.logins);
    host.as_login(&login).await.expect("the role has the Secret's password again");
    request.logins.clear();
    let renewed = up(&backend, &mut request).await;
    assert_ne!(renewed.logins[0].password, login.password, "a Secret that is gone gets a new password");
    assert!(host.as_login(&login).await.is_err());
    host.as_login(&renewed.logins[0]).await.unwrap();
}

#[tokio::test]
async fn extensions_are_the_owners_and_what_he_may_not_install_is_said() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.steward(), object("1"));
    let extension = |name: &str, schema: &str| Extension {
        name: name.into(),
        schema: schema.into(),
        ..Extension::default()
    };
    let more = Database { name: "more".into(), owner: "app".into(), ..Database::default() };
    request.object.spec.databases.push(more);
    request.object.spec.databases[1].extensions = vec![extension("dblink", ""), extension("citext", "types")];
    let observed = backend.ensure(&request).await.unwrap();
    let refused = observed.refused.unwrap();
    assert!(refused.message.contains("cannot install extension dblink"), "{refused:?}");
    assert_eq!(observed.phase, Phase::Available);
    let inside = host.inside("more").await;
    let place = "SELECT n.nspname || ' ' || (n.nspowner::regrole::text LIKE 'app%')::text FROM pg_extension e \
                 JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'citext'";
    assert_eq!(inside.query_one(place, &[]).await.unwrap().get::<_, String>(0), "types true");
    inside.batch_execute("CREATE EXTENSION dblink").await.unwrap();
    request.logins = observed.logins;
    up(&backend, &mut request).await;
    request.object.spec.databases[1].extensions[1].schema = "other".into();
    let refused = backend.ensure(&request).await.unwrap().refused.unwrap();
    assert!(refused.message.contains("cannot move extension citext"), "{refused:?}");
    assert_eq!(inside.query_one(place, &[]).await.unwrap().get::<_, String>(0), "types true");
}

#[tokio::test]
async fn databases_that_are_gone_are_missed_and_no_empty_ones_are_made() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.steward(), object("1"));
    let made = up(&backend, &mut request).await;
    host.run(&format!("DROP DATABASE {} WITH (FORCE)", made.logins[0].database)).await;
    let error = backend.ensure(&request).await.unwrap_err();
    assert!(
        error.code == Code::FailedPrecondition && error.message.contains("no empty ones are made"),
        "{error:?}"
    );
    assert_eq!(backend.observe(&request).await.unwrap().unwrap().phase, Phase::Failing);
    backend.remove(&request, Disposal::Delete).await.unwrap();
    assert_eq!(host.value(ROLES).await, "0");
}

#[tokio::test]
async fn the_owner_of_a_database_stays() {
    let Some(host) = Host::start(TlsMode::Disabled).await else { return };
    let backend = ExternalPostgreSQL::default();
    let mut request = request(host.steward(), object("1"));
    let made = up(&backend, &mut request).await;
    request.object.spec.databases[0].owner = "other".into();
    let observed = backend.ensure(&request).await.unwrap();
    assert!(observed.refused.unwrap().message.contains("spec.databases[app].owner cannot be changed"));
    assert_eq!((observed.phase, observed.logins), (Phase::Available, made.logins));
}
