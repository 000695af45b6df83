//! What can be refused before anything is touched.

use super::desired::Desired;
use super::error::Error;
use super::install::Install;
use super::{parameters, tls};
use apimachinery::quantity::Quantity;
use databases_api::postgresql::{LEAST_SIZE, is_reserved_role};
use std::collections::BTreeSet;

/// PostgreSQL cuts longer names off.
const NAME_BYTES: usize = 63;
const MOST_INSTANCES: u32 = 99;

/// Refuses what PostgreSQL, or this backend, cannot do whatever the state of things.
pub(super) fn check(desired: &Desired) -> Result<(), Error> {
    check_uid(&desired.uid)?;
    if !(1..=MOST_INSTANCES).contains(&desired.instances) {
        return refuse(format!(
            "instances is {}; give a number between 1 and {MOST_INSTANCES}",
            desired.instances
        ));
    }
    if desired.name.is_empty()
        || !desired.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.')
    {
        return refuse(format!("{:?} cannot name servers; use letters, digits and dashes", desired.name));
    }
    if let Some(size) = desired.size.filter(|size| *size < LEAST_SIZE) {
        let least = Quantity::from_bytes(LEAST_SIZE);
        return refuse(format!(
            "spec.storage.size is {size} bytes, and a new PostgreSQL takes half of {least}: ask for {least} or more"
        ));
    }
    check_databases(desired)?;
    check_users(desired)?;
    parameters::check(&desired.parameters)?;
    desired.tls.certificate.as_ref().map_or(Ok(()), tls::check)
}

/// Refuses extensions this machine does not have.
pub(super) fn check_extensions(desired: &Desired, install: &Install) -> Result<(), Error> {
    let mut wanted = desired.databases.iter().flat_map(|database| &database.extensions).peekable();
    if wanted.peek().is_none() {
        return Ok(());
    }
    let available = install.extensions();
    match wanted.find(|extension| !available.contains(&extension.name)) {
        None => Ok(()),
        Some(extension) => Err(Error::ExtensionUnavailable {
            name: extension.name.clone(),
            major: install.major,
            available: available.into_iter().collect::<Vec<_>>().join(", "),
        }),
    }
}

/// A uid becomes the name of a folder.
pub(super) fn check_uid(uid: &str) -> Result<(), Error> {
    let well_formed =
        (1..=64).contains(&uid.len()) && uid.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if well_formed { Ok(()) } else { refuse(format!("{uid:?} is not a uid; use letters, digits and dashes")) }
}

fn check_databases(desired: &Desired) -> Result<(), Error> {
    if desired.databases.is_empty() {
        return refuse("databases is empty; list at least the one applications connect to".to_owned());
    }
    let mut seen = BTreeSet::new();
    for database in &desired.databases {
        check_name("database", &database.name)?;
        check_role(&database.owner)?;
        if database.name == "postgres" || database.name.starts_with("template") {
            return refuse(format!(
                "database {} belongs to PostgreSQL itself; choose another name",
                database.name
            ));
        }
        if !seen.insert(&database.name) {
            return refuse(format!("database {} is listed twice; list it once", database.name));
        }
        for extension in &database.extensions {
            check_name("extension", &extension.name)?;
            extension.schema.as_deref().map_or(Ok(()), |schema| check_name("schema", schema))?;
        }
    }
    Ok(())
}

fn check_users(desired: &Desired) -> Result<(), Error> {
    let mut seen: BTreeSet<&String> = desired.databases.iter().map(|database| &database.owner).collect();
    for user in &desired.users {
        check_role(&user.name)?;
        if !seen.insert(&user.name) {
            return refuse(format!("user {} is listed twice or owns a database; list it once", user.name));
        }
    }
    Ok(())
}

fn check_role(name: &str) -> Result<(), Error> {
    check_name("role", name)?;
    if is_reserved_role(name) {
        return refuse(format!(
            "role {name} belongs to PostgreSQL itself or to its manager; choose another name"
        ));
    }
    Ok(())
}

fn check_name(what: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > NAME_BYTES || name.contains(char::is_control) {
        return refuse(format!(
            "{name:?} cannot name a {what}; use 1 to {NAME_BYTES} bytes and no control characters"
        ));
    }
    Ok(())
}

pub(super) fn refuse(message: String) -> Result<(), Error> {
    Err(Error::InvalidSpec(message))
}

#[cfg(test)]
mod tests {
    use super::super::config::REPLICATION_ROLE;
    use super::super::sql::{MANAGER, SUPERUSER};
    use super::*;

    #[test]
    fn the_roles_that_this_backend_has_are_reserved_by_the_standard() {
        for name in [SUPERUSER, MANAGER, REPLICATION_ROLE, "pg_monitor", "public"] {
            assert!(is_reserved_role(name), "{name}");
        }
        assert!(["app", "postgres2", "databases"].into_iter().all(|name| !is_reserved_role(name)));
    }
}
