//! Names, columns and life cycle of `PostgreSQL`.

use super::{Database, PostgreSQL, V1, V1alpha1, v1alpha1, validation};
use crate::GROUP;
use crate::defaulting;
use crate::instance::{COLUMNS, SELECTABLE_FIELDS, lives};
use apimachinery::field::Errors;
use apimachinery::kind::{Definition, Kind, NameRule, Version, parts};

/// The kind.
pub static DEFINITION: Definition = Definition {
    group: GROUP,
    kind: "PostgreSQL",
    plural: "postgresqls",
    short_names: &["stdpg"],
    categories: &["dbstandard"],
    namespaced: true,
    versions: const { &[Version::of::<PostgreSQL, V1>(), Version::of::<PostgreSQL, V1alpha1>()] },
    storage_version: "v1",
    status: true,
    scale: true,
    finalize: false,
    status_metadata: false,
    columns: COLUMNS,
    selectable_fields: SELECTABLE_FIELDS,
    name_rule: NameRule::Label1035(50),
};

impl Kind for PostgreSQL {
    parts!(DEFINITION, spec: spec, status: status);
    lives!();

    fn default_fields(&mut self) {
        if self.spec.databases.is_empty() {
            let app = Database { name: "app".into(), owner: "app".into(), extensions: Vec::new() };
            self.spec.databases.push(app);
        }
    }

    fn validate(&self, errors: &mut Errors) {
        validation::validate(self, errors);
        defaulting::name_origin(self, None, errors);
    }

    fn validate_update(&self, old: &Self, errors: &mut Errors) {
        validation::validate_update(self, old, errors);
        defaulting::name_origin(self, Some(old), errors);
    }

    fn warnings(&self) -> Vec<String> {
        v1alpha1::warnings(self)
    }
}
