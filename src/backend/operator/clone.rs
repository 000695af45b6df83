//! Databases that begin as a copy of another one of the same operator. Which one it is, and that it is Ready, the controller
//! says; here its main object is read, for as long as there is none of the copy's.

use super::dialect::{Dialect, Wish};
use super::{Operator, at, trouble};
use crate::backend::{Error, Refusal, Resolved};
use crate::cluster::Place;
use databases_api::instance::Instance;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::DATA_SOURCE_REF;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a new main object is made a copy of.
pub struct Origin<'a> {
    /// The main object.
    pub main: &'a Value,
    /// The major version that runs there, which a copy has, too.
    pub major: String,
}

impl Wish<'_> {
    /// What a new main object is made a copy of; none where it is no copy, or there is a main object already.
    pub fn origin(&self) -> Result<Option<Origin<'_>>, Refusal> {
        if self.object.copied().is_none() || !self.live.is_null() {
            return Ok(None);
        }
        let refused = |why: &str| Refusal::new("InvalidParameters", format!("{DATA_SOURCE_REF}: {why}"));
        let copied = copied(self.object, self.references)
            .ok_or_else(|| refused("the PostgreSQL that it names cannot be copied now"))?;
        if self.source.is_null() {
            return Err(refused("the operator has nothing of the PostgreSQL that it names"));
        }
        let major = major(at(&copied, "status.version")).to_owned();
        let wished = &self.object.spec.instance.version;
        if !wished.is_empty() && self::major(wished) != major {
            let message =
                format!("spec.version: a copy of PostgreSQL {major} is of that version; set {major}");
            return Err(Refusal::new("UnsupportedVersion", message));
        }
        Ok(Some(Origin { main: self.source, major }))
    }

    /// The owners and users of what it begins as a copy of, as long as the copy is not made: their logins are copied, too.
    pub fn copied_roles(&self) -> BTreeSet<String> {
        let copied = copied(self.object, self.references).unwrap_or_default();
        let all = |list: &str, name: &str| -> Vec<String> {
            let items = copied["spec"][list].as_array().into_iter().flatten();
            items.map(|item| at(item, name).to_owned()).collect()
        };
        all("databases", "owner").into_iter().chain(all("users", "name")).collect()
    }
}

impl<D: Dialect> Operator<D> {
    /// The main object of what an object begins as a copy of; null where there is none.
    pub(super) async fn source(&self, object: &PostgreSQL, references: &[Resolved]) -> Result<Value, Error> {
        let copied = copied(object, references).unwrap_or_default();
        let (made, namespace) = (&copied["status"]["backendRef"], object.metadata.namespace.as_str());
        let name = at(made, "name");
        if name.is_empty() || at(made, "kind") != D::MAIN.kind || at(made, "namespace") != namespace {
            return Ok(Value::Null);
        }
        let found = self.cluster.look(Place { resource: &D::MAIN, namespace, name }).await;
        Ok(found.map_err(|error| trouble::<D>(&error))?.unwrap_or_default())
    }
}

/// The PostgreSQL that an object begins as a copy of, where the controller gave it to us.
fn copied(object: &PostgreSQL, references: &[Resolved]) -> Option<Value> {
    let named = object.copied()?;
    let found = references.iter().find(|one| one.path == named.path && one.kind == named.kind)?;
    serde_json::from_str(&found.object).ok()
}

/// The major of a version.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}
