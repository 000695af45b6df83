//! What all kinds of databases have in common, for whatever works on any of them.

pub(crate) mod life;
mod shown;

pub use life::waiting_for;
pub(crate) use life::{lives, shares};
pub use shown::{COLUMNS, SELECTABLE_FIELDS};

use crate::databaseclass::DatabaseClass;
use crate::features::FeatureUse;
use crate::postgresql::{self, PostgreSQL};
use crate::shared::{DATA_SOURCE_REF, DeletionPolicy, InstanceSpec, InstanceStatus, Reference};
use apimachinery::field::Errors;
use apimachinery::kind::{Definition, Hub, Kind};
use apimachinery::meta::ObjectMeta;
use apimachinery::schema::Schema;
use serde_json::Value;

/// Keeps an object until its implementation is gone; who puts it on has taken the object up.
pub const BACKEND_FINALIZER: &str = "databases.standard.k8s.io/backend";

/// What is known of a kind of databases without an object.
#[derive(Debug)]
pub struct Facts {
    /// The kind; its name begins the names of its features.
    pub definition: &'static Definition,
    /// The schema of the spec, in which fields name the features they need.
    pub spec: &'static Schema,
    /// What clients speak to it.
    pub protocol: Protocol,
}

/// The protocol of a kind of databases.
#[derive(Clone, Copy, Debug)]
pub struct Protocol {
    /// Its name, as the key `type` of a Secret has it.
    pub name: &'static str,
    /// The scheme of its URIs.
    pub scheme: &'static str,
    /// The name and value by which a URI, and a Secret, say that clients must encrypt.
    pub encrypted: (&'static str, &'static str),
    /// The port where nothing else is said.
    pub port: u16,
    /// The type of a Secret that says how to connect.
    pub secret_type: &'static str,
}

/// An object of a kind of databases.
pub trait Instance: Hub {
    /// What is known of the kind.
    fn facts(&self) -> &'static Facts;
    /// The part of the spec that all kinds share.
    fn spec(&self) -> &InstanceSpec;
    /// The part of the spec that all kinds share.
    fn spec_mut(&mut self) -> &mut InstanceSpec;
    /// The whole spec as JSON, as its schema describes it.
    fn spec_tree(&self) -> Value;
    /// The part of the status that all kinds share.
    fn status(&self) -> &InstanceStatus;
    /// The part of the status that all kinds share.
    fn status_mut(&mut self) -> &mut InstanceStatus;
    /// The roles that spec names, but for the one that applications are bound by.
    fn roles(&self) -> Vec<&str> {
        Vec::new()
    }
    /// Whether a role can log in.
    fn can_log_in(&self, _role: &str) -> bool {
        true
    }
    /// The object of its own kind that it begins as a copy of.
    fn copied(&self) -> Option<Reference<'_>> {
        let Definition { group, kind, .. } = self.definition();
        let mut references = self.spec().references();
        references.find(|named| named.path == DATA_SOURCE_REF && named.group == *group && named.kind == *kind)
    }
    /// Features that the kind's own fields need by their values; of an update, those that what changed needs.
    fn features_by_value(&self, _old: Option<&dyn Instance>) -> Vec<FeatureUse> {
        Vec::new()
    }
    /// Whether it wishes a new major version, and does not say that it may be taken there.
    fn wants_upgrade(&self, _old: &dyn Instance) -> bool {
        false
    }
    /// What the class does not allow of the kind's own fields; of an update, of what changed.
    fn check_allowance(&self, _: &DatabaseClass, _old: Option<&dyn Instance>, _errors: &mut Errors) {}
    /// What of the kind's own fields no server of the class can do with, as far as that can be told beforehand; of an update, of what
    /// changed.
    fn warn_beyond(&self, _: &DatabaseClass, _old: Option<&dyn Instance>) -> Option<String> {
        None
    }
    /// What applications notice of an update that nobody may have had in mind.
    fn warn_of_change(&self, _old: &dyn Instance) -> Option<String> {
        None
    }
}

/// The Secret by which applications reach an object of this name.
pub fn binding_name(name: &str) -> String {
    format!("{name}-binding")
}

/// Whether somebody has taken the object up.
pub fn is_taken_up(metadata: &ObjectMeta) -> bool {
    metadata.finalizers.iter().any(|finalizer| finalizer == BACKEND_FINALIZER)
}

/// Whether a backup is made before an object's data is deleted: a class that only warns of what it does not do makes none.
pub fn is_backed_up_first(object: &dyn Instance) -> bool {
    let is_passed_over =
        object.status().unsupported_fields.iter().any(|field| field.path == "spec.deletionPolicy");
    object.spec().deletion_policy == Some(DeletionPolicy::Snapshot) && !is_passed_over
}

/// What is done for each kind of databases in its own type.
pub trait Visitor {
    /// Does it for one.
    fn visit<K: Kind + Instance + Default>(&mut self);
}

/// Lists the kinds of databases; each has its `FACTS` in its module.
macro_rules! instances {
    ($($module:ident::$kind:ident),+ $(,)?) => {
        /// What is known of each kind of databases.
        pub fn all() -> &'static [&'static Facts] {
            static ALL: &[&Facts] = &[$(&$module::FACTS),+];
            ALL
        }

        /// Visits each kind of databases, in its own type.
        pub fn each(visitor: &mut impl Visitor) {
            $(visitor.visit::<$kind>();)+
        }

        /// The object as an instance; `None` where its kind is no kind of databases.
        pub fn of(hub: &dyn Hub) -> Option<&dyn Instance> {
            $(if let Some(object) = hub.downcast::<$kind>() {
                return Some(object);
            })+
            None
        }

        /// The object as an instance, to be changed.
        pub fn of_mut<'a>(hub: &'a mut (dyn Hub + 'static)) -> Option<&'a mut dyn Instance> {
            $(if hub.as_any().is::<$kind>() {
                return hub.downcast_mut::<$kind>().map(|object| object as &mut dyn Instance);
            })+
            None
        }
    };
}

instances! {
    postgresql::PostgreSQL,
}
