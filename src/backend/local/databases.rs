//! Databases with their owners, who may connect to them, and what extensions they have.

use super::desired::{Database, Desired, Extension};
use super::error::Error;
use super::sql::{Access, Session, column, identifier, literal};
use std::collections::BTreeMap;

/// CONNECT, CREATE and TEMPORARY.
const ALL_PRIVILEGES: i64 = 3;

const DATABASES: &str = "SELECT datname::text AS name, pg_get_userbyid(datdba)::text AS owner, \
                         datacl IS NULL AS open FROM pg_database";
const GRANTS: &str = "SELECT d.datname::text AS name, r.rolname::text AS role, count(*) AS privileges \
                      FROM pg_database d, aclexplode(d.datacl) a, pg_roles r WHERE r.oid = a.grantee GROUP BY 1, 2";

/// Makes the databases, their owners and the users' privileges be what is wanted. Drops nothing.
pub(super) async fn converge(session: &Session, desired: &Desired) -> Result<(), Error> {
    let mut found: BTreeMap<String, (String, bool)> = BTreeMap::new();
    for row in session.rows("read databases", DATABASES).await? {
        found.insert(column(&row, "name")?, (column(&row, "owner")?, column(&row, "open")?));
    }
    for database in &desired.databases {
        let (name, owner) = (identifier(&database.name), identifier(&database.owner));
        let what = |verb: &str| format!("{verb} database {}", database.name);
        match found.get(&database.name) {
            None => session.run(what("create"), &format!("CREATE DATABASE {name} OWNER {owner}")).await?,
            Some((current, _)) if *current != database.owner => {
                session.run(what("alter"), &format!("ALTER DATABASE {name} OWNER TO {owner}")).await?;
            }
            Some(_) => {}
        }
        if found.get(&database.name).is_none_or(|(_, open)| *open) {
            session.run(what("close"), &format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC")).await?;
        }
    }
    grant(session, desired, &found).await
}

/// Gives users what they list, and takes from them what they do not, among the databases of this instance.
async fn grant(
    session: &Session,
    desired: &Desired,
    found: &BTreeMap<String, (String, bool)>,
) -> Result<(), Error> {
    let mut grants: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in session.rows("read privileges", GRANTS).await? {
        grants.insert((column(&row, "role")?, column(&row, "name")?), column(&row, "privileges")?);
    }
    for user in &desired.users {
        let held =
            |database: &String| grants.get(&(user.name.clone(), database.clone())).copied().unwrap_or(0);
        for database in &user.databases {
            let known =
                found.contains_key(database) || desired.databases.iter().any(|known| known.name == *database);
            if !known {
                let message =
                    format!("user {} lists database {database}, which does not exist; add it", user.name);
                return Err(Error::InvalidSpec(message));
            }
            if held(database) < ALL_PRIVILEGES {
                let statement =
                    format!("GRANT ALL ON DATABASE {} TO {}", identifier(database), identifier(&user.name));
                session.run(format!("grant database {database} to {}", user.name), &statement).await?;
            }
        }
        for Database { name, .. } in &desired.databases {
            if !user.databases.contains(name) && held(name) > 0 {
                let statement =
                    format!("REVOKE ALL ON DATABASE {} FROM {}", identifier(name), identifier(&user.name));
                session.run(format!("revoke database {name} from {}", user.name), &statement).await?;
            }
        }
    }
    Ok(())
}

/// Installs what is listed, database by database. Leaving out an entry drops no extension.
pub(super) async fn converge_extensions(access: &Access, desired: &Desired) -> Result<(), Error> {
    for database in desired.databases.iter().filter(|database| !database.extensions.is_empty()) {
        let session = access.connect(&database.name).await?;
        for extension in &database.extensions {
            install(&session, &database.name, extension).await?;
        }
    }
    Ok(())
}

async fn install(session: &Session, database: &str, extension: &Extension) -> Result<(), Error> {
    let Extension { name, version, schema } = extension;
    let what = format!("install extension {name} in database {database}");
    let quoted = identifier(name);
    let query = format!("SELECT extversion FROM pg_extension WHERE extname = {}", literal(name));
    match session.text(&what, &query).await? {
        None => {
            let mut statement = String::new();
            let mut options = String::new();
            if let Some(schema) = schema {
                statement += &format!("CREATE SCHEMA IF NOT EXISTS {}; ", identifier(schema));
                options += &format!(" SCHEMA {}", identifier(schema));
            }
            if let Some(version) = version {
                options += &format!(" VERSION {}", literal(version));
            }
            statement += &format!("CREATE EXTENSION IF NOT EXISTS {quoted} WITH{options} CASCADE");
            session.run(what, &statement).await
        }
        Some(found) => match version {
            Some(version) if *version != found => {
                session.run(what, &format!("ALTER EXTENSION {quoted} UPDATE TO {}", literal(version))).await
            }
            _ => Ok(()),
        },
    }
}
