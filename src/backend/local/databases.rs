//! Databases with their owners, and who may connect to them. Drops nothing.

use super::desired::{Database, Desired};
use super::error::Error;
use super::inventory::{Grant, Inventory};
use super::ownership;
use super::sql::{Access, Session, identifier};
use super::state::State;
use std::collections::BTreeSet;

/// Makes the databases and their owners be what is wanted. True when something was done.
pub(super) async fn converge(
    session: &Session,
    access: &Access,
    state: &mut State,
    found: &Inventory,
) -> Result<bool, Error> {
    let mut changed = false;
    for Database { name, owner, .. } in state.desired.databases.clone() {
        let quoted = identifier(&name);
        match found.databases.get(&name) {
            None => {
                let statement = format!("CREATE DATABASE {quoted} OWNER {}", identifier(&owner));
                session.run(format!("create database {name}"), &statement).await?;
                changed = true;
            }
            Some(database) if database.broken => {
                let what = format!("use database {name}");
                let message =
                    "its DROP DATABASE was interrupted; drop it again as a superuser, and it is made anew";
                return Err(Error::Refused { what, message: message.to_owned() });
            }
            Some(database) => {
                if !database.open {
                    let statement =
                        format!("ALTER DATABASE {quoted} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT -1");
                    session.run(format!("open database {name}"), &statement).await?;
                }
                changed |= ownership::converge(access, found, state, &name, &owner).await? || !database.open;
            }
        }
        state.owners.insert(name, owner);
    }
    Ok(changed)
}

/// Gives owners and users what they are listed with, and takes from them, from roles that are listed no more and from
/// PUBLIC what they are not, among the databases of this instance. True when something was done.
pub(super) async fn converge_grants(
    session: &Session,
    state: &State,
    found: &Inventory,
) -> Result<bool, Error> {
    let desired = &state.desired;
    let wanted = wanted(desired, found)?;
    let ours: BTreeSet<&str> = state.logins.keys().chain(&state.retired).map(String::as_str).collect();
    let listed: BTreeSet<&str> = desired.databases.iter().map(|database| database.name.as_str()).collect();
    let mut changed = false;
    let excess = |grant: &&Grant| {
        listed.contains(&*grant.database)
            && (grant.grantee.is_empty() || ours.contains(&*grant.grantee))
            && !wanted.contains(&(&*grant.database, &*grant.grantee))
    };
    for Grant { database, grantee, other_grantor, .. } in found.grants.iter().filter(excess) {
        let on = identifier(database);
        let statement = match other_grantor {
            Some(grantor) => {
                format!("REVOKE GRANT OPTION FOR ALL ON DATABASE {on} FROM {} CASCADE", identifier(grantor))
            }
            None if grantee.is_empty() => format!("REVOKE ALL ON DATABASE {on} FROM PUBLIC CASCADE"),
            None => format!("REVOKE ALL ON DATABASE {on} FROM {} CASCADE", identifier(grantee)),
        };
        session.run(format!("revoke database {database}"), &statement).await?;
        changed = true;
    }
    let complete = found.grants.iter().filter(|grant| grant.complete);
    let complete: BTreeSet<(&str, &str)> =
        complete.map(|grant| (&*grant.database, &*grant.grantee)).collect();
    for (database, role) in wanted.difference(&complete) {
        let statement = format!("GRANT ALL ON DATABASE {} TO {}", identifier(database), identifier(role));
        session.run(format!("grant database {database} to {role}"), &statement).await?;
        changed = true;
    }
    Ok(changed)
}

/// Which role has all privileges on which database.
fn wanted<'a>(desired: &'a Desired, found: &Inventory) -> Result<BTreeSet<(&'a str, &'a str)>, Error> {
    let owners = desired.databases.iter().map(|database| (database.name.as_str(), database.owner.as_str()));
    let mut wanted: BTreeSet<(&str, &str)> = owners.collect();
    for user in &desired.users {
        for database in &user.databases {
            if !found.databases.contains_key(database) {
                return Err(Error::InvalidSpec(format!(
                    "user {} lists database {database}, which does not exist; add it",
                    user.name
                )));
            }
            wanted.insert((database, &user.name));
        }
    }
    Ok(wanted)
}
