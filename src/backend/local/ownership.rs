//! A database that changes hands, with everything in it.
//!
//! What the owner before owned in that database becomes the new one's, in one transaction with the database itself. What
//! he owns elsewhere stays his. What others own stays theirs: a function that runs with its owner's rights must not come to
//! run with more of them.

use super::error::Error;
use super::inventory::Inventory;
use super::sql::{Access, Session, column, identifier, literal};
use super::state::State;
use std::collections::BTreeSet;

/// Gives a database that exists to its owner. True when something was done.
pub(super) async fn converge(
    access: &Access,
    found: &Inventory,
    state: &State,
    database: &str,
    owner: &str,
) -> Result<bool, Error> {
    let current = found.databases.get(database).map(|found| found.owner.as_str()).unwrap_or_default();
    let mut former: BTreeSet<&str> = BTreeSet::new();
    match state.owners.get(database) {
        Some(last) if last == owner && current == owner => return Ok(false),
        Some(last) => former.extend([last.as_str()]),
        // An earlier release did not write down whose it was: whoever lost what was listed for him.
        None => {
            former.extend(state.retired.iter().map(String::as_str));
            former.extend([current].into_iter().filter(|role| state.logins.contains_key(*role)));
        }
    }
    former.retain(|role| *role != owner && found.roles.contains_key(*role));
    if former.is_empty() && current == owner {
        return Ok(false);
    }
    let session = access.connect_to_change(database).await?;
    let mut statements = String::new();
    for role in former {
        statements += &reassign(&session, role, owner).await?;
    }
    statements += &format!("ALTER DATABASE {} OWNER TO {}", identifier(database), identifier(owner));
    session.run(format!("give database {database} to {owner}"), &statements).await?;
    Ok(true)
}

/// Statements that give everything in this database to the new owner. Databases and tablespaces that go along are given back.
async fn reassign(session: &Session, former: &str, owner: &str) -> Result<String, Error> {
    let shared = format!(
        "SELECT 'DATABASE' AS kind, datname::text AS name FROM pg_database WHERE pg_get_userbyid(datdba) = {role} \
         AND datname <> current_database() UNION ALL \
         SELECT 'TABLESPACE', spcname::text FROM pg_tablespace WHERE pg_get_userbyid(spcowner) = {role}",
        role = literal(former)
    );
    let (from, to) = (identifier(former), identifier(owner));
    let mut statements = format!("REASSIGN OWNED BY {from} TO {to}; ");
    for row in session.rows("read what a role owns", &shared).await? {
        let (kind, name): (String, String) = (column(&row, "kind")?, column(&row, "name")?);
        statements += &format!("ALTER {kind} {} OWNER TO {from}; ", identifier(&name));
    }
    Ok(statements)
}
