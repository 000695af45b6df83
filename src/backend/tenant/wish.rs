//! What an object asks of a server.

use super::error::Error;
use super::found::Found;
use super::names::Names;
use databases_api::postgresql::{Extension, PostgreSQL, UserAttribute};
use databases_api::shared::Access;

/// The superuser that is given out, on servers that are managed by one of their own.
pub(in crate::backend) const SUPERUSER: &str = "databases_superuser";

/// What an object asks for, by the names that it has on the server.
pub(in crate::backend) struct Wish {
    /// Owners first: the first is whom applications are bound by.
    pub(super) roles: Vec<Role>,
    pub(super) databases: Vec<Database>,
}

/// What a role may beside logging in: in the order of [`ATTRIBUTES`].
pub(super) type Attributes = [bool; 5];

/// What a role may beside logging in, and PostgreSQL's word for it.
pub(super) const ATTRIBUTES: [(UserAttribute, &str); 5] = [
    (UserAttribute::Superuser, "SUPERUSER"),
    (UserAttribute::CreateDB, "CREATEDB"),
    (UserAttribute::CreateRole, "CREATEROLE"),
    (UserAttribute::Replication, "REPLICATION"),
    (UserAttribute::BypassRLS, "BYPASSRLS"),
];

/// A role.
pub(in crate::backend) struct Role {
    pub(super) name: String,
    /// As the spec names it.
    pub(super) user: String,
    pub(super) login: bool,
    /// What it may; none where that is not the object's to say.
    pub(super) attributes: Option<Attributes>,
    /// The databases that it may use; the first is the one that it opens. It owns them, or all that it may there is granted.
    pub(super) databases: Vec<String>,
}

/// A database.
pub(in crate::backend) struct Database {
    pub(super) name: String,
    pub(super) owner: String,
    /// As the spec names it.
    pub(super) wanted: String,
    pub(super) extensions: Vec<Extension>,
}

/// What is refused whatever is on the server; where it is shared, more of it.
pub(in crate::backend) fn check(object: &PostgreSQL, names: &Names) -> Result<(), Error> {
    let databases = &object.spec.databases;
    if databases.is_empty() {
        return Err(Error::Wish("spec.databases is empty: list the one that applications connect to".into()));
    }
    for user in &object.spec.users {
        let more = user.attributes.iter().any(|attribute| *attribute != UserAttribute::NoLogin);
        if more && !names.are_alone() {
            return Err(Error::Wish(format!(
                "spec.users[{}].attributes: other databases are on this server, and users of it get no attribute but NoLogin",
                user.name
            )));
        }
        let listed = |name: &&String| databases.iter().any(|database| database.name == **name);
        if let Some(other) = user.databases.iter().find(|name| !listed(name)) {
            return Err(Error::Wish(format!(
                "spec.users[{}].databases names {other}, which spec.databases does not list: add it",
                user.name
            )));
        }
    }
    Ok(())
}

/// Every name that something of an object may have.
pub(super) fn candidates(object: &PostgreSQL, names: &Names) -> Vec<String> {
    let databases = object.spec.databases.iter().flat_map(|database| [&database.name, &database.owner]);
    let all = databases.chain(object.spec.users.iter().map(|user| &user.name));
    all.flat_map(|name| [name.clone(), names.hashed(name)]).collect()
}

impl Wish {
    /// What an object asks for, called by what is there.
    pub(in crate::backend) fn of(object: &PostgreSQL, names: &Names, found: &Found) -> Self {
        let (mut databases, mut roles) = (Vec::new(), Vec::<Role>::new());
        for wanted in &object.spec.databases {
            let (name, owner) = (names.database(found, &wanted.name), names.role(found, &wanted.owner));
            match roles.iter_mut().find(|role| role.name == owner) {
                Some(role) => role.databases.push(name.clone()),
                None => roles.push(Role {
                    name: owner.clone(),
                    user: wanted.owner.clone(),
                    login: true,
                    attributes: None,
                    databases: vec![name.clone()],
                }),
            }
            let (extensions, wanted) = (wanted.extensions.clone(), wanted.name.clone());
            databases.push(Database { name, owner, wanted, extensions });
        }
        roles.extend(object.spec.users.iter().map(|user| {
            Role {
                name: names.role(found, &user.name),
                user: user.name.clone(),
                login: !user.attributes.contains(&UserAttribute::NoLogin),
                attributes: names
                    .are_alone()
                    .then(|| ATTRIBUTES.map(|(attribute, _)| user.attributes.contains(&attribute))),
                databases: user.databases.iter().map(|name| names.database(found, name)).collect(),
            }
        }));
        if names.have_superuser() && object.spec.superuser_access == Some(Access::Enabled) {
            roles.push(Role {
                name: SUPERUSER.to_owned(),
                user: SUPERUSER.to_owned(),
                login: true,
                attributes: Some(ATTRIBUTES.map(|(attribute, _)| attribute == UserAttribute::Superuser)),
                databases: Vec::new(),
            });
        }
        Wish { roles, databases }
    }

    /// The names of the roles that log in.
    pub(super) fn logins(self) -> Vec<String> {
        self.roles.into_iter().filter(|role| role.login).map(|role| role.name).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_user_and_no_owner_can_have_the_superusers_name() {
        assert!(databases_api::postgresql::is_reserved_role(SUPERUSER));
    }
}
