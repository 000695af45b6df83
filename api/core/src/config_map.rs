//! `ConfigMap`.

use super::rules::{self, LARGEST};
use super::{AGE, NAME, PACKAGE, column};
use apimachinery::api_type;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::kind::{Definition, Kind, NameRule, Version, of, only_version, parts};
use apimachinery::meta::ObjectMeta;
use apimachinery::wire::ByteString;
use std::collections::BTreeMap;

/// Settings by key.
#[api_type(kind)]
pub struct ConfigMap {
    /// Metadata.
    #[api(1, written)]
    pub metadata: ObjectMeta,
    /// The settings as text.
    #[api(2)]
    pub data: BTreeMap<String, String>,
    /// The settings as bytes, base64 in JSON.
    #[api(3)]
    pub binary_data: BTreeMap<String, ByteString>,
    /// Whether the settings can no longer change.
    #[api(4)]
    pub immutable: Option<bool>,
}

only_version!(ConfigMap, "v1");

/// The kind.
pub static DEFINITION: Definition = Definition {
    group: "",
    kind: "ConfigMap",
    plural: "configmaps",
    short_names: &["cm"],
    categories: &[],
    namespaced: true,
    versions: const { &[Version::of::<ConfigMap, ConfigMap>()] },
    storage_version: "v1",
    status: false,
    scale: false,
    finalize: false,
    status_metadata: false,
    columns: &[NAME, column("Data", 0, of!(ConfigMap, |it| it.data.len() + it.binary_data.len())), AGE],
    selectable_fields: &[],
    name_rule: NameRule::Subdomain,
};

impl ConfigMap {
    fn check_data(&self, errors: &mut Errors) {
        let path = Path::new("data");
        for key in self.data.keys() {
            rules::check_key(key, &path, errors);
            if self.binary_data.contains_key(key) {
                let detail = "duplicate of key present in binaryData";
                errors.push(FieldError::invalid(&path.key(key), &**key, detail));
            }
        }
        self.binary_data.keys().for_each(|key| rules::check_key(key, &Path::new("binaryData"), errors));
        let text: usize = self.data.values().map(String::len).sum();
        let bytes: usize = self.binary_data.values().map(|value| value.0.len()).sum();
        if text + bytes > LARGEST {
            // Kubernetes has no name for the object as a whole.
            errors.push(FieldError::too_long(&Path::new("[]"), LARGEST));
        }
    }
}

impl Kind for ConfigMap {
    parts!(DEFINITION, spec:, status:);

    fn has_generation(&self) -> bool {
        false
    }
    fn allows_unconditional_update(&self) -> bool {
        true
    }
    fn validate(&self, errors: &mut Errors) {
        rules::check_finalizers(&self.metadata.finalizers, &[], errors);
        self.check_data(errors);
    }
    fn validate_update(&self, old: &Self, errors: &mut Errors) {
        rules::check_finalizers(&self.metadata.finalizers, &old.metadata.finalizers, errors);
        let changed = [("data", self.data != old.data), ("binaryData", self.binary_data != old.binary_data)];
        rules::check_immutable((self.immutable, old.immutable), &changed, errors);
        self.check_data(errors);
    }
}
