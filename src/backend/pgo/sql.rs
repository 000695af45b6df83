//! The SQL that gives each database to its owner, which the operator runs.
//!
//! It is run as the superuser in the database `postgres`, and says nothing that an object of somebody else's could be taken for.

use super::{Flavour, status};
use crate::backend::operator::{Wish, at, kubernetes_name};
use crate::backend::postgresql::{hash, identifier};
use crate::cluster::CONFIG_MAPS;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The key of the ConfigMap.
pub(super) const KEY: &str = "sql";
/// What the name of such a ConfigMap has in it.
const WHAT: &str = "sql";
/// Hexadecimal digits of a text's hash in it.
const HASH: usize = 8;

/// A text in its ConfigMap, which is called by what the text says.
pub(super) struct Script {
    /// The name of the ConfigMap.
    pub(super) name: String,
    text: String,
}

pub(super) fn script(wish: &Wish<'_>) -> Script {
    // The operator takes a program that ended for one that did everything.
    let mut text = "\\set ON_ERROR_STOP on\n".to_owned();
    for database in &wish.object.spec.databases {
        let (name, owner) = (identifier(&database.name), identifier(&database.owner));
        let _ = writeln!(text, "ALTER DATABASE {name} OWNER TO {owner};");
    }
    Script { name: kubernetes_name(wish.name, WHAT, &hash(&text, HASH)), text }
}

/// Whether a ConfigMap's name is that of one of ours.
pub(super) fn is_ours(wish: &Wish<'_>, name: &str) -> bool {
    name.starts_with(&format!("{}-{WHAT}-", wish.name))
}

/// Which was run last.
pub(super) fn last<'a, F: Flavour>(wish: &'a Wish<'_>) -> &'a str {
    at(status::<F>(wish), "databaseInitSQL")
}

impl Script {
    /// Whether the operator has run it.
    pub(super) fn is_done<F: Flavour>(&self, wish: &Wish<'_>) -> bool {
        last::<F>(wish) == self.name
    }

    /// Whether it can be given to the operator: it has to forget another one first.
    pub(super) fn is_next<F: Flavour>(&self, wish: &Wish<'_>) -> bool {
        last::<F>(wish).is_empty() || self.is_done::<F>(wish)
    }

    /// Its ConfigMap.
    pub(super) fn object(&self) -> Value {
        json!({
            "apiVersion": CONFIG_MAPS.api_version(),
            "kind": CONFIG_MAPS.kind,
            "metadata": {"name": self.name},
            "data": {KEY: self.text},
        })
    }
}
