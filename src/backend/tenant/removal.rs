//! What becomes of an object's roles and databases when it is deleted.

use super::converge::join;
use super::error::Error;
use super::found::{Found, Role};
use super::names::Names;
use super::server::Server;
use super::session::Session;
use super::wish::Wish;
use crate::backend::postgresql::{cell, identifier, literal};
use databases_api::postgresql::PostgreSQL;

/// Leaves everything as it is, logins too, and says on the roles that nobody looks after them any more.
pub(in crate::backend) async fn keep(
    session: &Session,
    names: &Names,
    object: &PostgreSQL,
) -> Result<(), Error> {
    let (found, comment) = (Found::read(session, names, &[]).await?, literal(&names.kept()));
    let logins = Wish::of(object, names, &found).logins();
    let statement = |(name, role): (&String, &Role)| {
        let on = identifier(name);
        // A deletion that came this far before it was called off shut it out.
        let shut = !role.login && logins.contains(name);
        let again = if shut { format!("ALTER ROLE {on} WITH LOGIN; ") } else { String::new() };
        format!("{again}COMMENT ON ROLE {on} IS {comment}; ")
    };
    let statements: String = found.our_roles().map(statement).collect();
    session.run("say that roles were kept", &statements).await
}

/// Drops everything that was found of the object, and nothing else. Roles go last: they say whose the rest is. There is one at least.
pub(in crate::backend) async fn drop_all(
    server: &Server,
    session: &Session,
    found: &Found,
) -> Result<(), Error> {
    let roles: Vec<&String> = found.our_roles().map(|(name, _)| name).collect();
    join(session, found).await?;
    let shut: String =
        roles.iter().map(|role| format!("ALTER ROLE {} WITH NOLOGIN; ", identifier(role))).collect();
    session.run("shut roles out", &shut).await?;
    for (name, _) in found.our_databases() {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(name));
        session.run(format!("drop database {name}"), &statement).await?;
    }
    let list = roles.iter().map(|role| literal(role)).collect::<Vec<_>>().join(", ");
    let sessions = format!(
        "SELECT pg_terminate_backend(s.pid) FROM pg_stat_activity s JOIN pg_roles r ON r.oid = s.usesysid \
         WHERE r.rolname = ANY (ARRAY[{list}]::name[]) AND s.pid <> pg_backend_pid()"
    );
    // What they have elsewhere, such as in a database that is open to everybody.
    let elsewhere = format!(
        "SELECT DISTINCT d.datname FROM pg_shdepend s JOIN pg_database d ON d.oid = s.dbid \
         JOIN pg_roles r ON r.oid = s.refobjid WHERE s.refclassid = 'pg_authid'::regclass \
         AND d.datname <> current_database() AND r.rolname = ANY (ARRAY[{list}]::name[])"
    );
    let [_, places] = session.look("look what roles have elsewhere", [sessions, elsewhere]).await?;
    let named = roles.iter().map(|role| identifier(role)).collect::<Vec<_>>().join(", ");
    let owned = format!("DROP OWNED BY {named}");
    for place in places.iter().map(|row| cell(row, 0)) {
        let there = Server { database: place, ..server.clone() }.connect().await?;
        there.run("drop what roles have elsewhere", &owned).await?;
    }
    session.run("drop roles", &format!("{owned}; DROP ROLE {named}")).await
}
