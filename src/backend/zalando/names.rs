//! Names that the operator takes, and those that it derives.

use super::GROUP;
use crate::backend::Refusal;
use databases_api::postgresql::PostgreSQL;
use std::collections::BTreeMap;

/// The Secret of a role, by the operator's usual template.
pub(super) fn secret(name: &str, role: &str) -> String {
    format!("{}.{name}.credentials.postgresql.{GROUP}", role.replace('_', "-"))
}

/// Whether the operator takes all names of an object: one that it does not take stops its care for all the others.
pub(super) fn check(object: &PostgreSQL) -> Result<(), Refusal> {
    let mut secrets: BTreeMap<String, &str> = BTreeMap::new();
    for (index, database) in object.spec.databases.iter().enumerate() {
        let refused = |field: &str, name: &str, why: &str| {
            let message = format!("spec.databases[{index}].{field}: {name:?}: {why}");
            Err(Refusal::new("UnsupportedFeature", message))
        };
        let (name, owner) = (&database.name, &database.owner);
        if !is_database(name) {
            let why =
                "Zalando's operator takes letters of ASCII, digits and underscores, without a digit first";
            return refused("name", name, why);
        }
        if !is_role(owner) {
            let why =
                "Zalando's operator takes lower case letters of ASCII and digits, and in between -, _ and .";
            return refused("owner", owner, why);
        }
        let other = secrets.insert(owner.replace('_', "-"), owner);
        if let Some(other) = other.filter(|other| other != owner) {
            let why =
                format!("Zalando's operator has one Secret for this role and {other:?}; name one otherwise");
            return refused("owner", owner, &why);
        }
    }
    Ok(())
}

fn is_database(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(is_word) && !name.starts_with(|first: char| first.is_ascii_digit())
}

fn is_role(name: &str) -> bool {
    let is_edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_part = |part: &str| {
        let bytes = part.as_bytes();
        let edges = [bytes.first(), bytes.last()];
        edges.into_iter().all(|edge| edge.is_some_and(|byte| is_edge(*byte)))
            && bytes.iter().all(|byte| is_edge(*byte) || matches!(byte, b'-' | b'_'))
    };
    name.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::operator::tests::object;
    use databases_api::postgresql::Database;

    #[test]
    fn names_are_those_that_the_operator_takes() {
        for (name, owner, refused) in [
            ("app", "app", ""),
            ("App_1", "app-1.etl_2", ""),
            ("a-b", "app", "spec.databases[1].name"),
            ("1a", "app", "spec.databases[1].name"),
            ("b", "App", "spec.databases[1].owner"),
            ("b", "app-", "spec.databases[1].owner"),
            ("b", "a..b", "spec.databases[1].owner"),
            ("b", "own_er", "spec.databases[1].owner"),
        ] {
            let mut object = object("shop", 1);
            object.spec.databases[0].owner = "own-er".into();
            object.spec.databases.push(Database {
                name: name.into(),
                owner: owner.into(),
                ..Database::default()
            });
            let message = check(&object).err().map(|refusal| refusal.message).unwrap_or_default();
            assert!(
                message.starts_with(refused) && message.is_empty() == refused.is_empty(),
                "{name} {owner}: {message}"
            );
        }
    }

    #[test]
    fn a_secret_is_where_the_operator_makes_it() {
        let made = secret("shop-1", "etl_owner");
        assert_eq!(made, "etl-owner.shop-1.credentials.postgresql.acid.zalan.do");
    }
}
