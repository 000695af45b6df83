//! Roles: owners and users with their passwords and attributes.

use super::config::REPLICATION_ROLE;
use super::desired::{Attribute, User};
use super::error::Error;
use super::secret::Login;
use super::sql::{Session, column, identifier, literal};
use super::state::State;
use std::collections::{BTreeMap, BTreeSet};

/// The attributes in the order of [`Role::has`], and as `CREATE ROLE` spells them.
const ATTRIBUTES: [(Attribute, &str); 6] = [
    (Attribute::Superuser, "SUPERUSER"),
    (Attribute::CreateDB, "CREATEDB"),
    (Attribute::CreateRole, "CREATEROLE"),
    (Attribute::Replication, "REPLICATION"),
    (Attribute::BypassRLS, "BYPASSRLS"),
    (Attribute::NoLogin, "LOGIN"),
];

const QUERY: &str = "SELECT rolname::text AS name, rolsuper, rolcreatedb, rolcreaterole, rolreplication, \
                     rolbypassrls, NOT rolcanlogin AS nologin, coalesce(rolpassword, '') AS verifier FROM pg_authid";

/// A role as it is.
struct Role {
    has: [bool; 6],
    verifier: String,
}

/// Makes roles be what is wanted of them; those no longer listed under `users` may no longer log in.
pub(super) async fn converge(session: &Session, state: &mut State) -> Result<(), Error> {
    let found = read(session).await?;
    if state.desired.instances > 1 {
        let clause = "LOGIN REPLICATION NOSUPERUSER";
        let meets = |role: &Role| role.has == [false, false, false, true, false, false];
        apply(session, REPLICATION_ROLE, &state.replication, clause, found.get(REPLICATION_ROLE), meets)
            .await?;
    }
    let owners: BTreeSet<&String> = state.desired.databases.iter().map(|database| &database.owner).collect();
    for owner in owners {
        if let Some(login) = state.logins.get(owner) {
            apply(session, owner, login, "LOGIN", found.get(owner), |role| !role.has[5]).await?;
        }
    }
    for user in &state.desired.users {
        if let Some(login) = state.logins.get(&user.name) {
            let wanted = ATTRIBUTES.map(|(attribute, _)| user.attributes.contains(&attribute));
            apply(session, &user.name, login, &clause(user), found.get(&user.name), |role| {
                role.has == wanted
            })
            .await?;
        }
    }
    retire(session, state, &found).await
}

async fn read(session: &Session) -> Result<BTreeMap<String, Role>, Error> {
    let mut roles = BTreeMap::new();
    for row in session.rows("read roles", QUERY).await? {
        let has = ["rolsuper", "rolcreatedb", "rolcreaterole", "rolreplication", "rolbypassrls", "nologin"];
        let mut values = [false; 6];
        for (value, name) in values.iter_mut().zip(has) {
            *value = column(&row, name)?;
        }
        roles.insert(column(&row, "name")?, Role { has: values, verifier: column(&row, "verifier")? });
    }
    Ok(roles)
}

/// Creates or alters one role, unless it is as wanted already. PostgreSQL is given the verifier, never the password.
async fn apply(
    session: &Session,
    name: &str,
    login: &Login,
    clause: &str,
    found: Option<&Role>,
    meets: impl Fn(&Role) -> bool,
) -> Result<(), Error> {
    let verb = match found {
        Some(role) if role.verifier == login.verifier.expose() && meets(role) => return Ok(()),
        Some(_) => "ALTER",
        None => "CREATE",
    };
    let password = literal(login.verifier.expose());
    let statement = format!("{verb} ROLE {} WITH {clause} PASSWORD {password}", identifier(name));
    session.run(format!("{} role {name}", verb.to_lowercase()), &statement).await
}

fn clause(user: &User) -> String {
    let spell = |(attribute, word): (Attribute, &str)| {
        let listed = user.attributes.contains(&attribute);
        let negated = listed == (attribute == Attribute::NoLogin);
        format!("{}{word}", if negated { "NO" } else { "" })
    };
    ATTRIBUTES.map(spell).join(" ")
}

async fn retire(session: &Session, state: &mut State, found: &BTreeMap<String, Role>) -> Result<(), Error> {
    let listed: BTreeSet<String> = state.desired.users.iter().map(|user| user.name.clone()).collect();
    let owners: BTreeSet<&String> = state.desired.databases.iter().map(|database| &database.owner).collect();
    for name in state.users.difference(&listed).filter(|name| !owners.contains(name)) {
        if found.contains_key(name) {
            let statement = format!("ALTER ROLE {} WITH NOLOGIN", identifier(name));
            session.run(format!("retire role {name}"), &statement).await?;
        }
        state.logins.remove(name);
    }
    state.users = listed;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_not_listed_are_taken_away() {
        let user = |attributes: &[Attribute]| User {
            name: "u".to_owned(),
            attributes: attributes.to_vec(),
            databases: Vec::new(),
        };
        assert_eq!(clause(&user(&[])), "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS LOGIN");
        assert_eq!(
            clause(&user(&[Attribute::CreateDB, Attribute::NoLogin])),
            "NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOLOGIN"
        );
    }
}
