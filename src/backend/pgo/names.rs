//! Names that the operator takes, and those that it derives.

use super::Flavour;
use crate::backend::Refusal;
use databases_api::postgresql::PostgreSQL;

/// The most roles that the operator takes.
const MOST_ROLES: usize = 64;

/// The Secret of a role.
pub(super) fn secret(name: &str, role: &str) -> String {
    format!("{name}-pguser-{role}")
}

/// Whether the operator takes all names of an object.
pub(super) fn check<F: Flavour>(object: &PostgreSQL) -> Result<(), Refusal> {
    let refused = |message: String| Err(Refusal::new("UnsupportedFeature", message));
    for (index, database) in object.spec.databases.iter().enumerate() {
        let owner = database.owner.as_str();
        let field = format!("spec.databases[{index}].owner: {owner:?}");
        if !is_role(owner) {
            let takes = "takes lower case letters of ASCII and digits, and hyphens in between";
            return refused(format!("{field}: {} {takes}", F::NAME));
        }
    }
    // The superuser is one of them.
    if object.spec.databases.len() >= MOST_ROLES {
        return refused(format!("spec.databases: {} takes fewer than {MOST_ROLES}", F::NAME));
    }
    Ok(())
}

fn is_role(name: &str) -> bool {
    let is_edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    bytes.first().is_some_and(is_edge)
        && bytes.last().is_some_and(is_edge)
        && bytes.iter().all(|byte| is_edge(byte) || *byte == b'-')
}
