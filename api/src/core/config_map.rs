//! `ConfigMap`.

use super::secret::check_keys;
use super::{NAME, PACKAGE, column, only_version};
use apimachinery::age;
use apimachinery::api_type;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::kind::{Definition, Kind, NameRule, Version};
use apimachinery::meta::ObjectMeta;
use apimachinery::wire::ByteString;
use serde_json::Value;
use std::collections::BTreeMap;

const LARGEST: usize = 1024 * 1024;

/// Settings by key.
#[api_type(kind)]
pub struct ConfigMap {
    /// Metadata.
    #[api(1, required)]
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

only_version!(ConfigMap);

/// The kind.
pub static DEFINITION: Definition = Definition {
    group: "",
    kind: "ConfigMap",
    plural: "configmaps",
    singular: "configmap",
    short_names: &["cm"],
    categories: &[],
    namespaced: true,
    versions: const { &[Version::of::<ConfigMap, ConfigMap>()] },
    storage_version: "v1",
    status: false,
    scale: false,
    columns: &[NAME, column("Data", "string", 0), column("Age", "string", 0)],
    selectable_fields: &[],
    name_rule: NameRule::Subdomain,
};

impl Kind for ConfigMap {
    fn definition() -> &'static Definition {
        &DEFINITION
    }
    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
    fn same_desired_state(&self, _: &Self) -> bool {
        true
    }
    fn has_generation(&self) -> bool {
        false
    }
    fn validate(&self, errors: &mut Errors) {
        check_keys(self.data.keys(), &Path::new("data"), errors);
        check_keys(self.binary_data.keys(), &Path::new("binaryData"), errors);
        for key in self.binary_data.keys().filter(|key| self.data.contains_key(*key)) {
            let path = Path::new("data").key(key);
            errors.push(FieldError::invalid(&path, &**key, "duplicate of key present in binaryData"));
        }
        let text: usize = self.data.values().map(String::len).sum();
        if text + self.binary_data.values().map(|value| value.0.len()).sum::<usize>() > LARGEST {
            errors.push(FieldError::too_long(&Path::new("data"), LARGEST));
        }
    }
    fn validate_update(&self, old: &Self, errors: &mut Errors) {
        self.validate(errors);
        let same = self.data == old.data && self.binary_data == old.binary_data;
        if old.immutable == Some(true) && (!same || self.immutable != Some(true)) {
            errors.push(FieldError::forbidden(
                &Path::new("data"),
                "field is immutable when `immutable` is set",
            ));
        }
    }
    fn cells(&self) -> Vec<Value> {
        vec![
            self.metadata.name.clone().into(),
            (self.data.len() + self.binary_data.len()).into(),
            age::since(self.metadata.creation_timestamp),
        ]
    }
}
