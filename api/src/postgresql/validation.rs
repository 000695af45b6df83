//! What a `PostgreSQL` may say.

use super::{Database, PostgreSQL, PostgreSQLSpec, ReplicationMode, User, parameters};
use crate::instance::Instance;
use crate::instance::life::check_ending;
use crate::shared::{MajorUpgrade, TO_STOP, check_change, check_instance, shown, too_large};
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::quantity::Quantity;
use std::collections::BTreeSet;

/// What PostgreSQL takes as an identifier without cutting it.
const LONGEST_IDENTIFIER: usize = 63;
const MOST_DATABASES: usize = 64;
/// The least size, in bytes, that leaves room beside the files of PostgreSQL itself.
pub const LEAST_SIZE: u64 = 128 << 20;
const RESERVED: [&str; 3] = ["postgres", "template0", "template1"];
/// Roles that PostgreSQL has or reads as something else, and those by which a server is managed.
const RESERVED_ROLES: [&str; 9] = [
    "postgres",
    "public",
    "none",
    "current_user",
    "current_role",
    "session_user",
    "databases_manager",
    "databases_standby",
    "databases_superuser",
];

const RESERVED_ROLE: &str = "is reserved by PostgreSQL or by its manager; choose another name";

/// Whether no user and no owner can have this name.
pub fn is_reserved_role(name: &str) -> bool {
    name.starts_with("pg_") || RESERVED_ROLES.contains(&name)
}

pub(super) fn validate(object: &PostgreSQL, errors: &mut Errors) {
    let (spec, path) = (&object.spec, Path::new("spec"));
    instance(spec, &path, errors);
    if object.copied().is_some_and(|source| source.name == object.metadata.name) {
        let (path, name) = (path.child("dataSourceRef").child("name"), &*object.metadata.name);
        errors.push(FieldError::invalid(&path, name, "must not be the name of this object"));
    }
    parameters::validate(&spec.instance.parameters, &path.child("parameters"), errors);
    databases(&spec.databases, &path.child("databases"), errors);
    users(spec, &path.child("users"), errors);
    let replication = spec.replication.as_ref().and_then(|replication| replication.mode.as_ref());
    if replication == Some(&ReplicationMode::Synchronous) && spec.instance.instances.unwrap_or(1) < 2 {
        let path = path.child("replication").child("mode");
        errors.push(FieldError::invalid(&path, "Synchronous", "needs spec.instances greater than 1"));
    }
    if let Some(count) =
        spec.pooling.as_ref().and_then(|pooling| pooling.instances).filter(|count| *count < 1)
    {
        let path = path.child("pooling").child("instances");
        errors.push(FieldError::invalid(&path, count, "must be greater than zero"));
    }
    enumerations(spec, errors);
}

/// Unknown texts of enumerations, wherever they stand.
fn enumerations(spec: &PostgreSQLSpec, errors: &mut Errors) {
    let tree = apimachinery::wire::json::to_tree(spec);
    let schema = <PostgreSQLSpec as apimachinery::wire::Value>::SCHEMA;
    crate::shared::check_enumerations(schema, &tree, &Path::new("spec"), errors);
}

fn instance(spec: &PostgreSQLSpec, path: &Path, errors: &mut Errors) {
    let instance = &spec.instance;
    if !instance.version.is_empty() && !is_version(&instance.version) {
        let detail = "must be a version such as 17 or 17.6";
        errors.push(FieldError::invalid(&path.child("version"), &*instance.version, detail));
    }
    if let Some(count) = instance.instances.filter(|count| !(1..=99).contains(count)) {
        let detail = format!("must be between 1 and 99{}", if count == 0 { TO_STOP } else { "" });
        errors.push(FieldError::invalid(&path.child("instances"), count, &detail));
    }
    size(instance.storage.size.as_ref(), &path.child("storage").child("size"), errors);
    check_instance(instance, "PostgreSQL", path, errors);
    if let Some(tls) = &instance.tls
        && tls.certificate_secret_ref.is_some()
        && tls.issuer_ref.is_some()
    {
        errors.push(FieldError::forbidden(
            &path.child("tls").child("issuerRef"),
            "excludes certificateSecretRef",
        ));
    }
    if instance.adopt_ref.is_some() && instance.data_source_ref.is_some() {
        errors.push(FieldError::forbidden(&path.child("adoptRef"), "excludes dataSourceRef"));
    }
    if instance.recovery_target.is_some()
        && instance.data_source_ref.as_ref().is_none_or(|source| source.kind == "Secret")
    {
        let detail = "needs spec.dataSourceRef to name a backup, a repository or a database";
        errors.push(FieldError::forbidden(&path.child("recoveryTarget"), detail));
    }
}

fn size(size: Option<&Quantity>, path: &Path, errors: &mut Errors) {
    let Some(size) = size else {
        let detail = "say how much space the data gets, such as 20Gi, or choose a class that has a default";
        return errors.push(FieldError::required(path, detail));
    };
    let least = Quantity::from_bytes(LEAST_SIZE);
    if *size < least {
        let detail = format!("must be {least} or more: a new PostgreSQL takes half of that");
        errors.push(FieldError::invalid(path, size.to_string(), &detail));
    } else if let Some(detail) = too_large(size) {
        errors.push(FieldError::invalid(path, shown(size), detail));
    }
}

fn identifier(name: &str, path: &Path, errors: &mut Errors) {
    if name.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else if name.len() > LONGEST_IDENTIFIER {
        errors.push(FieldError::too_long(path, LONGEST_IDENTIFIER));
    } else if name.contains(char::is_control) {
        errors.push(FieldError::invalid(path, name, "must not contain control characters"));
    }
}

fn databases(databases: &[Database], path: &Path, errors: &mut Errors) {
    if databases.len() > MOST_DATABASES {
        errors.push(FieldError::too_many(path, databases.len(), MOST_DATABASES));
    }
    let mut seen = BTreeSet::new();
    for (index, database) in databases.iter().enumerate() {
        let at = path.index(index);
        identifier(&database.name, &at.child("name"), errors);
        identifier(&database.owner, &at.child("owner"), errors);
        if RESERVED.contains(&database.name.as_str()) {
            errors.push(FieldError::invalid(&at.child("name"), &*database.name, "is reserved by PostgreSQL"));
        }
        if database.owner == "postgres" {
            let detail = "is the superuser's; a database needs an owner of its own";
            errors.push(FieldError::invalid(&at.child("owner"), "postgres", detail));
        } else if is_reserved_role(&database.owner) {
            errors.push(FieldError::invalid(&at.child("owner"), &*database.owner, RESERVED_ROLE));
        }
        if !seen.insert(&database.name) {
            errors.push(FieldError::duplicate(&at.child("name"), &*database.name));
        }
        let mut extensions = BTreeSet::new();
        for (index, extension) in database.extensions.iter().enumerate() {
            let at = at.child("extensions").index(index).child("name");
            identifier(&extension.name, &at, errors);
            if !extensions.insert(&extension.name) {
                errors.push(FieldError::duplicate(&at, &*extension.name));
            }
        }
    }
}

fn users(spec: &PostgreSQLSpec, path: &Path, errors: &mut Errors) {
    let owners: BTreeSet<&String> = spec.databases.iter().map(|database| &database.owner).collect();
    let known: BTreeSet<&String> = spec.databases.iter().map(|database| &database.name).collect();
    let mut seen = BTreeSet::new();
    for (index, User { name, databases, .. }) in spec.users.iter().enumerate() {
        let at = path.index(index);
        identifier(name, &at.child("name"), errors);
        if owners.contains(name) {
            let detail = "owns a database and is a role already";
            errors.push(FieldError::invalid(&at.child("name"), &**name, detail));
        }
        if name == "postgres" {
            let detail = "is the superuser; use spec.superuserAccess";
            errors.push(FieldError::invalid(&at.child("name"), "postgres", detail));
        } else if is_reserved_role(name) {
            errors.push(FieldError::invalid(&at.child("name"), &**name, RESERVED_ROLE));
        }
        if !seen.insert(name) {
            errors.push(FieldError::duplicate(&at.child("name"), &**name));
        }
        for (index, database) in databases.iter().enumerate() {
            if !known.contains(database) {
                errors.push(FieldError::not_found(&at.child("databases").index(index), &**database));
            }
        }
    }
}

/// Up to three numbers with dots in between.
fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() <= 3
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

/// Faults of the change.
pub(super) fn validate_update(new: &PostgreSQL, old: &PostgreSQL, errors: &mut Errors) {
    if new.spec != old.spec {
        check_change(new, old, validate, errors);
    }
    if new.status != old.status {
        let (status, number) = (&new.status.instance, |number: i32| i64::from(number));
        let numbers =
            [("instances", number(status.instances)), ("readyInstances", number(status.ready_instances))];
        let conditions = (&*status.conditions, &*old.status.instance.conditions);
        crate::status::validate(status.observed_generation, &numbers, conditions, errors);
    }
    immutable(new, old, errors);
    check_ending(new, old, errors);
    version_change(new, old, errors);
    shrinking(new, old, errors);
}

/// Of a size below what the volumes have that alone is said: what it can be is no less than the least size. Of what nobody has
/// seen yet there are none.
fn shrinking(new: &PostgreSQL, old: &PostgreSQL, errors: &mut Errors) {
    let sizes = (&new.spec.instance.storage.size, &old.spec.instance.storage.size);
    let (Some(wanted), Some(previous)) = sizes else { return };
    let status = &old.status.instance;
    let actual = status.storage.as_ref().and_then(|storage| storage.size.as_ref());
    let seen = (!status.version.is_empty()).then_some(previous);
    let Some(least) = actual.or(seen) else { return };
    if wanted < previous && wanted < least {
        let path = Path::new("spec").child("storage").child("size");
        errors.retain(|error| error.field != path.as_str());
        let detail = format!("can shrink only to what the volumes have: {least}");
        errors.push(FieldError::invalid(&path, wanted.to_string(), &detail));
    }
}

fn immutable(new: &PostgreSQL, old: &PostgreSQL, errors: &mut Errors) {
    let path = Path::new("spec");
    let (new, old) = (&new.spec.instance, &old.spec.instance);
    if new.class_name != old.class_name && !old.class_name.is_empty() {
        errors.push(FieldError::immutable(&path.child("className"), &*new.class_name));
    }
    if new.flavor != old.flavor {
        errors.push(FieldError::immutable(&path.child("flavor"), &*new.flavor));
    }
    let (class, before) = (&new.storage.storage_class_name, &old.storage.storage_class_name);
    if class != before && before.is_some() {
        let at = path.child("storage").child("storageClassName");
        errors.push(FieldError::immutable(&at, class.clone().unwrap_or_default()));
    }
    let tree = |name: &str, changed: bool| changed.then(|| path.child(name));
    for at in [
        tree("dataSourceRef", new.data_source_ref != old.data_source_ref),
        tree("dataSourcePath", new.data_source_path != old.data_source_path),
        tree("recoveryTarget", new.recovery_target != old.recovery_target),
        tree("adoptRef", new.adopt_ref != old.adopt_ref),
    ]
    .into_iter()
    .flatten()
    {
        errors.push(FieldError::forbidden(&at, "field is immutable"));
    }
}

/// The version that runs, where another one is wished from now on. Of what nobody has seen yet there is none.
fn version_before<'a>(new: &PostgreSQL, old: &'a PostgreSQL) -> Option<&'a str> {
    let (wanted, stated) = (&new.spec.instance.version, &old.spec.instance.version);
    let runs = &old.status.instance.version;
    (!runs.is_empty() && !wanted.is_empty() && wanted != stated).then_some(runs.as_str())
}

/// Whether a new major version is wished, and spec.upgradePolicy does not allow it.
pub(super) fn wants_upgrade(new: &PostgreSQL, old: &PostgreSQL) -> bool {
    let wish = &new.spec.instance;
    let policy = wish.upgrade_policy.as_ref().and_then(|policy| policy.major.as_ref());
    let is_newer =
        |previous: &str| numbers(&wish.version).first().copied() > numbers(previous).first().copied();
    policy != Some(&MajorUpgrade::InPlace) && version_before(new, old).is_some_and(is_newer)
}

fn version_change(new: &PostgreSQL, old: &PostgreSQL, errors: &mut Errors) {
    let path = Path::new("spec").child("version");
    let wanted = &new.spec.instance.version;
    let Some(previous) = version_before(new, old) else { return };
    let (to, from) = (numbers(wanted), numbers(previous));
    let common = to.len().min(from.len());
    if to[..common] < from[..common] {
        let back = match to.first() < from.first() {
            true => "; no data goes back to an older major version: copy it to a new object of that version",
            false => "",
        };
        let detail = format!("cannot be lower than the version that runs, {previous}{back}");
        errors.push(FieldError::invalid(&path, &**wanted, &detail));
    } else if wants_upgrade(new, old) {
        let detail = "is a new major version: set spec.upgradePolicy.major to InPlace to allow it";
        errors.push(FieldError::forbidden(&path, detail));
    }
}
