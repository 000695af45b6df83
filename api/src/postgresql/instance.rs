//! `PostgreSQL` as one of the kinds of databases.

use super::parameters::{BUFFERS, LIBRARIES, bytes_of_blocks, libraries};
use super::validation::wants_upgrade;
use super::{DEFINITION, PostgreSQL, PostgreSQLSpec, User, UserAttribute};
use crate::databaseclass::DatabaseClass;
use crate::features::FeatureUse;
use crate::instance::{Facts, Instance, Protocol, binding_name, shares};
use crate::offered::most_memory;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::meta::is_true;
use apimachinery::quantity::Quantity;
use apimachinery::wire::Value as _;
use std::collections::HashMap;

/// What is known of the kind.
pub static FACTS: Facts = Facts { definition: &DEFINITION, spec: PostgreSQLSpec::SCHEMA, protocol: PROTOCOL };

/// What clients speak to it.
pub const PROTOCOL: Protocol = Protocol {
    name: "postgresql",
    scheme: "postgresql",
    encrypted: ("sslmode", "require"),
    port: 5432,
    secret_type: "servicebinding.io/postgresql",
};

fn own(old: Option<&dyn Instance>) -> Option<&PostgreSQL> {
    old.and_then(|old| old.as_any().downcast_ref())
}

impl User {
    fn gains_more_than_no_login(&self, before: Option<&User>) -> bool {
        let had = |attribute| before.is_some_and(|before| before.attributes.contains(attribute));
        let more = |attribute: &&UserAttribute| **attribute != UserAttribute::NoLogin;
        self.attributes.iter().filter(more).any(|attribute| !had(attribute))
    }
}

impl Instance for PostgreSQL {
    shares!();

    fn roles(&self) -> Vec<&str> {
        let owners = self.spec.databases.iter().skip(1).map(|database| database.owner.as_str());
        owners.chain(self.spec.users.iter().map(|user| user.name.as_str())).collect()
    }

    fn can_log_in(&self, role: &str) -> bool {
        let known = self.spec.users.iter().find(|known| known.name == role);
        known.is_none_or(|known| !known.attributes.contains(&UserAttribute::NoLogin))
    }

    fn features_by_value(&self, old: Option<&dyn Instance>) -> Vec<FeatureUse> {
        let (count, old, mut uses) = (self.spec.databases.len(), own(old), Vec::new());
        if count > 1 && old.is_none_or(|old| old.spec.databases.len() != count) {
            uses.push(FeatureUse::new(&DEFINITION, "spec.databases", "MultipleDatabases"));
        }
        let before = old.into_iter().flat_map(|old| &old.spec.users);
        let before: HashMap<&str, &User> = before.map(|user| (&*user.name, user)).collect();
        // Whoever has users can keep one from logging in; on a server that is shared no more than that is a user's.
        let gains = |user: &User| user.gains_more_than_no_login(before.get(&*user.name).copied());
        let users = self.spec.users.iter().enumerate().filter(|(_, user)| gains(user));
        uses.extend(users.map(|(at, _)| {
            FeatureUse::new(&DEFINITION, format!("spec.users[{at}].attributes"), "UserAttributes")
        }));
        uses
    }

    fn wants_upgrade(&self, old: &dyn Instance) -> bool {
        own(Some(old)).is_some_and(|old| wants_upgrade(self, old))
    }

    /// A server takes all of its buffers and more.
    fn warn_beyond(&self, class: &DatabaseClass, old: Option<&dyn Instance>) -> Option<String> {
        let value = |object: &PostgreSQL| object.spec.instance.parameters.get(BUFFERS).cloned();
        let (wanted, most) = (value(self)?, most_memory(class, self)?);
        let is_news =
            |old: &PostgreSQL| value(old).as_ref() != Some(&wanted) || most_memory(class, old) != Some(most);
        let is_beyond = Quantity::from_bytes(bytes_of_blocks(&wanted)?) >= *most;
        (is_beyond && own(old).is_none_or(is_news)).then(|| {
            format!(
                "spec.parameters[{BUFFERS}]: {wanted} is no less than the {most} of memory that a server of this object can have: it \
                 does not start with that, or is ended when it uses it"
            )
        })
    }

    /// Applications are bound to the first database, as its owner.
    fn warn_of_change(&self, old: &dyn Instance) -> Option<String> {
        let (now, before) = (self.spec.databases.first()?, own(Some(old))?.spec.databases.first()?);
        let is_same = now.name == before.name && now.owner == before.owner;
        (!is_same).then(|| {
            format!(
                "spec.databases[0]: the Secret {:?} opens database {:?} as {:?} from now on, and no longer {:?} as {:?}: the first \
                 database is the one that applications are bound to",
                binding_name(&self.metadata.name),
                now.name,
                now.owner,
                before.name,
                before.owner
            )
        })
    }

    /// What is loaded into the server is out of what the class lists.
    fn check_allowance(&self, class: &DatabaseClass, old: Option<&dyn Instance>, errors: &mut Errors) {
        let value = |object: &PostgreSQL| object.spec.instance.parameters.get(LIBRARIES).cloned();
        let before = own(old).and_then(value);
        let Some(wanted) = value(self).filter(|wanted| before.as_ref() != Some(wanted)) else { return };
        if !is_true(&class.status.conditions, "Accepted") {
            return;
        }
        let listed: Vec<&str> = class.status.libraries.iter().map(String::as_str).collect();
        let path = Path::new("spec.parameters").key(LIBRARIES);
        for name in libraries(&wanted).unwrap_or_default() {
            if listed.is_empty() {
                let detail = format!("class {:?} lists no libraries in its status", class.metadata.name);
                return errors.push(FieldError::forbidden(&path, &detail));
            }
            if !listed.contains(&name) {
                errors.push(FieldError::not_supported(&path, name, &listed));
            }
        }
    }
}
