//! What an object asks of a server that others share.

use super::error::Error;
use super::names::Names;
use databases_api::postgresql::{Extension, PostgreSQL, UserAttribute};
use std::collections::BTreeMap;

/// What an object asks for, by the names that it has on the server.
pub(super) struct Wish {
    /// Owners first: the first is whom applications are bound by.
    pub(super) roles: Vec<Role>,
    pub(super) databases: Vec<Database>,
}

/// A role.
pub(super) struct Role {
    pub(super) name: String,
    /// As the spec names it.
    pub(super) user: String,
    pub(super) login: bool,
    /// The databases that it may use; the first is the one that it opens. It owns them, or all that it may there is granted.
    pub(super) databases: Vec<String>,
}

/// A database.
pub(super) struct Database {
    pub(super) name: String,
    pub(super) owner: String,
    /// As the spec names it.
    pub(super) wanted: String,
    pub(super) extensions: Vec<Extension>,
}

impl Wish {
    /// What is refused here whatever the server is: other objects are on it, too.
    pub(super) fn of(object: &PostgreSQL, names: &Names) -> Result<Self, Error> {
        let databases: Vec<Database> = object
            .spec
            .databases
            .iter()
            .map(|database| Database {
                name: names.name(&database.name),
                owner: names.name(&database.owner),
                wanted: database.name.clone(),
                extensions: database.extensions.clone(),
            })
            .collect();
        if databases.is_empty() {
            return Err(Error::Wish(
                "spec.databases is empty: list the one that applications connect to".into(),
            ));
        }
        let mut roles: Vec<Role> = Vec::new();
        let mut places = BTreeMap::new();
        for database in &object.spec.databases {
            let (name, owner) = (names.name(&database.name), names.name(&database.owner));
            let place = *places.entry(owner.clone()).or_insert_with(|| {
                let user = database.owner.clone();
                roles.push(Role { name: owner, user, login: true, databases: Vec::new() });
                roles.len() - 1
            });
            roles[place].databases.push(name);
        }
        for user in &object.spec.users {
            let rights: Vec<&UserAttribute> =
                user.attributes.iter().filter(|attribute| **attribute != UserAttribute::NoLogin).collect();
            if !rights.is_empty() {
                return Err(Error::Wish(format!(
                    "spec.users[{}].attributes: other databases are on this server, and users of it get no attribute but \
                     NoLogin",
                    user.name
                )));
            }
            let listed =
                |name: &&String| object.spec.databases.iter().any(|database| database.name == **name);
            if let Some(other) = user.databases.iter().find(|name| !listed(name)) {
                return Err(Error::Wish(format!(
                    "spec.users[{}].databases names {other}, which spec.databases does not list: add it",
                    user.name
                )));
            }
            roles.push(Role {
                name: names.name(&user.name),
                user: user.name.clone(),
                login: user.attributes.is_empty(),
                databases: user.databases.iter().map(|name| names.name(name)).collect(),
            });
        }
        Ok(Wish { roles, databases })
    }

    /// The names of everything.
    pub(super) fn names(&self) -> Vec<&str> {
        let databases = self.databases.iter().map(|database| database.name.as_str());
        databases.chain(self.roles.iter().map(|role| role.name.as_str())).collect()
    }

    /// Whether a role is to use a database.
    pub(super) fn uses(&self, role: &str, database: &str) -> bool {
        self.roles
            .iter()
            .any(|known| known.name == role && known.databases.iter().any(|used| used == database))
    }
}
