//! What is called how.

use crate::backend::Refusal;
use crate::backend::postgresql::hash;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::Tls;
use serde_json::{Value, json};

/// What all our labels and annotations begin with.
pub(in crate::backend) const DOMAIN: &str = "databases.standard.k8s.io/";
/// On everything that is made for an object: its uid.
pub(in crate::backend) const UID_LABEL: &str = "databases.standard.k8s.io/uid";
/// On everything that is made for an object: its name, for a person who looks.
pub(super) const NAME_LABEL: &str = "databases.standard.k8s.io/postgresql";
/// On what is applied: a hash of what was applied last.
pub(super) const APPLIED: &str = "databases.standard.k8s.io/applied";
/// On a main object that is about to be deleted: the merge patch that takes back what was said for that.
pub(super) const TAKES_BACK: &str = "databases.standard.k8s.io/before-deletion";

/// How much of a uid is in a name.
const UID: usize = 8;
/// Hexadecimal digits of a hash in a name.
const HASH: usize = 8;

/// What everything that is made for an object is labelled with.
pub(in crate::backend) fn labels(object: &PostgreSQL) -> Value {
    json!({UID_LABEL: object.metadata.uid, NAME_LABEL: object.metadata.name})
}

/// Refuses an issuer of certificates, for who takes them from Secrets alone.
pub(in crate::backend) fn check_issuer(tls: &Tls) -> Result<(), Refusal> {
    if tls.issuer_ref.is_none() {
        return Ok(());
    }
    let message =
        "spec.tls.issuerRef: let the issuer write a Secret, and name that in spec.tls.certificateSecretRef";
    Err(Refusal::new("UnsupportedFeature", message))
}

/// The name of an object's implementation, which is at most so long.
pub(super) fn implementation(object: &PostgreSQL, longest: usize) -> String {
    let meta = &object.metadata;
    let uid: String = meta.uid.chars().filter(char::is_ascii_alphanumeric).take(UID).collect();
    let room = longest.saturating_sub(uid.len() + 1);
    let name: String = meta.name.chars().take(room).collect();
    format!("{}-{}", name.trim_end_matches('-'), uid.to_ascii_lowercase())
}

/// A name of Kubernetes for what belongs to an implementation and has a name of PostgreSQL's: another one for each of those.
pub(in crate::backend) fn kubernetes_name(implementation: &str, what: &str, name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    // A name with two hyphens in a row is never plain: that is how hashes are told from names.
    if name.bytes().all(is_plain) && !name.contains("--") && !name.starts_with('-') && !name.ends_with('-') {
        return format!("{implementation}-{what}-{name}");
    }
    let plain: String = name
        .chars()
        .map(|character| character.to_ascii_lowercase())
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .collect();
    let plain: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    let parts = [implementation, what, &plain.join("-"), "", &hash(name, HASH)];
    parts.into_iter().filter(|part| !part.is_empty() || !plain.is_empty()).collect::<Vec<_>>().join("-")
}

/// Refuses roles that an operator has for itself.
pub(super) fn check_reserved(object: &PostgreSQL, operator: &str, reserved: &[&str]) -> Result<(), Refusal> {
    let owners = object.spec.databases.iter().enumerate();
    let owners = owners.map(|(index, database)| (format!("spec.databases[{index}].owner"), &database.owner));
    let users = object.spec.users.iter().enumerate();
    let users = users.map(|(index, user)| (format!("spec.users[{index}].name"), &user.name));
    match owners.chain(users).find(|(_, role)| reserved.contains(&role.as_str())) {
        None => Ok(()),
        Some((field, role)) => {
            let message = format!("{field}: {role:?}: {operator} has a role of that name for itself");
            Err(Refusal::new("UnsupportedFeature", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apimachinery::meta::ObjectMeta;
    use databases_api::postgresql::{Database, User};
    use std::collections::BTreeSet;

    fn object(name: &str) -> PostgreSQL {
        let uid = "3f9a12bc-0000-4000-8000-000000000000".into();
        PostgreSQL {
            metadata: ObjectMeta { name: name.into(), uid, ..ObjectMeta::default() },
            ..PostgreSQL::default()
        }
    }

    #[test]
    fn a_role_that_an_operator_has_for_itself_is_refused_by_field() {
        let mut object = object("shop");
        object.spec.users = vec![User { name: "etl".into(), ..User::default() }, User::default()];
        assert_eq!(check_reserved(&object, "it", &["pooler"]), Ok(()));
        object.spec.users[1].name = "pooler".into();
        let refused = check_reserved(&object, "it", &["pooler"]).expect_err("it is refused");
        assert!(refused.message.starts_with("spec.users[1].name"), "{refused:?}");
        object.spec.databases = vec![Database { owner: "pooler".into(), ..Database::default() }];
        let refused = check_reserved(&object, "it", &["pooler"]).expect_err("it is refused");
        assert!(refused.message.starts_with("spec.databases[0].owner"), "{refused:?}");
    }

    #[test]
    fn an_implementation_is_known_by_its_object_and_fits() {
        assert_eq!(implementation(&object("shop"), 50), "shop-3f9a12bc");
        let long = implementation(&object(&"a".repeat(50)), 50);
        assert_eq!((long.len(), &long[40..]), (50, "a-3f9a12bc"));
        assert_eq!(implementation(&object(&format!("{}-b", "a".repeat(40))), 50).len(), 49);
    }

    #[test]
    fn names_of_postgresql_that_look_alike_are_different_ones_of_kubernetes() {
        let names = ["app", "App", "a-p-p", "a_p_p", "a.p.p", "-app", "app-", "ä", "ö", "a--p", "_", "__"];
        let made: BTreeSet<String> = names.iter().map(|name| kubernetes_name("shop", "role", name)).collect();
        assert_eq!(made.len(), names.len(), "{made:?}");
        let valid = |name: &String| {
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                && name.ends_with(|last: char| last.is_ascii_alphanumeric())
        };
        assert!(made.iter().all(valid), "{made:?}");
        let imitated = made.iter().find(|name| name.contains("--")).unwrap();
        let imitation = imitated.strip_prefix("shop-role-").unwrap();
        assert_ne!(&kubernetes_name("shop", "role", imitation), imitated);
    }
}
