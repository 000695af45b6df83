//! What an operator leaves to SQL, on real servers.

use super::conformance::{World, name};
use super::disturbed::request;
use super::servers::PASSWORD;
use super::*;
use crate::backend::tenant::SUPERUSER;
use crate::backend::{Answers, Disposal, Login, Observed, Phase, Request};
use crate::cluster::SECRETS;
use databases_api::postgresql::{Extension, User, UserAttribute};
use databases_api::shared::{Access, ObjectRef};

fn user(name: &str, attributes: &[UserAttribute]) -> User {
    User { name: name.into(), attributes: attributes.to_vec(), databases: vec!["stats".into()] }
}

/// What a query gives the superuser of an object's server.
async fn value<P: Player>(world: &World<P>, request: &Request<PostgreSQL>, query: &str) -> String {
    let servers = world.stage.servers.as_ref().expect("servers");
    servers.value(&name(&request.object), query).await
}

/// Whether a login of what was made opens its database.
async fn opens<P: Player>(
    world: &World<P>,
    request: &Request<PostgreSQL>,
    made: &Observed,
    user: &str,
) -> bool {
    let servers = world.stage.servers.as_ref().expect("servers");
    let login = made.logins.iter().find(|login| login.username == user).expect("a login");
    servers.opens(&name(&request.object), login).await
}

pub(super) async fn what_is_listed_is_brought_about_over_sql<P: Player>() {
    if !P::HAS_SERVERS {
        return;
    }
    let Some(world) = World::<P>::start().await else { return };
    users_and_extensions_are_as_they_are_listed(&world).await;
    what_others_did_is_put_right_or_told(&world).await;
    a_superuser_is_nobody_else_and_is_one_while_that_is_asked_for(&world).await;
    a_superuser_that_was_kept_is_shut_out_by_who_does_not_ask_for_one(&world).await;
}

async fn users_and_extensions_are_as_they_are_listed<P: Player>(world: &World<P>) {
    let mut request = request(201);
    let extension = Extension { name: "pg_trgm".into(), ..Extension::default() };
    let stats = Database { name: "stats".into(), owner: P::OWNER.into(), extensions: vec![extension] };
    request.object.spec.databases.push(stats);
    request.object.spec.users =
        vec![user("etl", &[UserAttribute::CreateDB]), user("group", &[UserAttribute::NoLogin])];
    let made = world.available(&request).await;
    let logins: Vec<(&str, &str)> =
        made.logins.iter().map(|login| (&*login.username, &*login.database)).collect();
    assert_eq!(logins, [("app", "app"), (P::OWNER, "stats"), ("etl", "stats")]);
    for user in ["app", P::OWNER, "etl"] {
        assert!(opens(world, &request, &made, user).await, "{user}");
    }
    let attributes = "SELECT string_agg(rolname || rolcanlogin::text || rolcreatedb::text, ' ' ORDER BY rolname) \
        FROM pg_roles WHERE rolname IN ('etl', 'group')";
    assert_eq!(value(world, &request, attributes).await, "etltruetrue groupfalsefalse");
    request.object.spec.users = vec![user("group", &[])];
    let changed = world.available(&request).await;
    assert_eq!(value(world, &request, attributes).await, "etlfalsefalse grouptruefalse");
    assert!(opens(world, &request, &changed, "group").await);
    request.object.spec.users.push(user("postgres", &[UserAttribute::NoLogin]));
    let refused = world.backend().ensure(&request).await.expect("it is kept");
    assert_eq!(refused.phase, Phase::Available);
    assert!(refused.refused.expect("a refusal").message.contains("role postgres is the server's own"));
    assert_eq!(
        value(world, &request, "SELECT rolcanlogin::text FROM pg_roles WHERE rolname = 'postgres'").await,
        "true"
    );
    world.removed(&request).await;
}

async fn what_others_did_is_put_right_or_told<P: Player>(world: &World<P>) {
    let mut request = request(202);
    let made = world.available(&request).await;
    request.object.status.instance.version.clone_from(&made.version);
    value(world, &request, "ALTER ROLE app PASSWORD 'another'; SELECT ''").await;
    assert!(!opens(world, &request, &made, "app").await);
    let again = world.available(&request).await;
    assert_eq!(again.logins, made.logins, "applications notice nothing");
    assert!(opens(world, &request, &again, "app").await);
    value(world, &request, "DROP DATABASE app WITH (FORCE)").await;
    let gone = world.backend().ensure(&request).await.expect("it is told");
    assert_eq!(gone.phase, Phase::Failing, "{}", gone.message);
    let count = value(world, &request, "SELECT count(*)::text FROM pg_database WHERE datname = 'app'").await;
    assert_eq!(count, "0", "an empty one would be taken for the old one");
    world.removed(&request).await;
}

/// Whether the superuser that is given out logs in, and is one.
const RIGHTS: &str =
    "SELECT rolcanlogin || ' ' || rolsuper FROM pg_roles WHERE rolname = 'databases_superuser'";

async fn superuser<P: Player>(world: &World<P>, request: &mut Request<PostgreSQL>) -> Login {
    request.object.spec.superuser_access = Some(Access::Enabled);
    let made = world.available(request).await;
    request.object.status.instance.version = made.version;
    made.superuser.expect("a superuser")
}

async fn a_superuser_is_nobody_else_and_is_one_while_that_is_asked_for<P: Player>(world: &World<P>) {
    let mut request = request(203);
    let servers = world.stage.servers.as_ref().expect("servers");
    let first = superuser(world, &mut request).await;
    assert_eq!(first.username, SUPERUSER);
    assert_ne!(first.password, PASSWORD, "who manages the server is told to nobody");
    let name = name(&request.object);
    let session = servers.session(&name, &first).await.expect("it is let in");
    assert_eq!(value(world, &request, RIGHTS).await, "true true");
    request.object.spec.superuser_access = Some(Access::Disabled);
    let without = world.available(&request).await;
    assert_eq!(without.superuser, None);
    let endless = "DO $$ BEGIN LOOP NULL; END LOOP; END $$";
    assert!(session.simple_query(endless).await.is_err(), "its session ended");
    assert!(!servers.opens(&name, &first).await);
    assert_eq!(value(world, &request, RIGHTS).await, "false false");
    let secrets = world.stage.all(&SECRETS).await;
    let of_superuser = secrets.iter().find(|secret| at(secret, "metadata.name").contains("superuser"));
    assert_eq!(of_superuser, None, "its password is kept nowhere");
    let second = superuser(world, &mut request).await;
    assert!(servers.opens(&name, &second).await && !servers.opens(&name, &first).await);
    value(world, &request, "ALTER ROLE databases_superuser NOSUPERUSER PASSWORD 'another'; SELECT ''").await;
    assert_eq!(superuser(world, &mut request).await, second);
    assert!(servers.opens(&name, &second).await, "applications notice nothing");
    assert_eq!(value(world, &request, RIGHTS).await, "true true");
    world.removed(&request).await;
}

async fn a_superuser_that_was_kept_is_shut_out_by_who_does_not_ask_for_one<P: Player>(world: &World<P>) {
    let (mut old, mut new) = (request(204), request(205));
    let servers = world.stage.servers.as_ref().expect("servers");
    let login = superuser(world, &mut old).await;
    let name = name(&old.object);
    let reference = world.backend().reference(&old).await.expect("a reference");
    let (group, kind, named) = (reference.group, reference.kind, reference.name);
    world.backend().remove(&old, Disposal::Retain).await.expect("it is retained");
    assert!(servers.opens(&name, &login).await, "what is retained goes on");
    new.object.spec.instance.adopt_ref = Some(ObjectRef { group, kind, name: named, ..ObjectRef::default() });
    world.available(&new).await;
    assert!(!servers.opens(&name, &login).await);
    assert_eq!(value(world, &old, RIGHTS).await, "false false");
    world.removed(&new).await;
}
