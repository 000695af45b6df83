//! `Secret`.

use super::rules::{self, LARGEST};
use super::{AGE, NAME, PACKAGE, column, secret_types};
use apimachinery::api_type;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::kind::{Definition, Kind, NameRule, SelectableField, Version, of, only_version, parts};
use apimachinery::meta::ObjectMeta;
use apimachinery::wire::ByteString;
use std::collections::BTreeMap;

/// Data to be kept from those who may not read it.
#[api_type(kind)]
pub struct Secret {
    /// Metadata.
    #[api(1, written)]
    pub metadata: ObjectMeta,
    /// The data by key, base64 in JSON.
    #[api(2)]
    pub data: BTreeMap<String, ByteString>,
    /// What the data is for. Defaults to Opaque. It cannot change.
    #[api(3, name = "type")]
    pub kind: String,
    /// The data as text, for writing only: it is merged into data and never read back.
    #[api(4)]
    pub string_data: BTreeMap<String, String>,
    /// Whether the data can no longer change.
    #[api(5)]
    pub immutable: Option<bool>,
}

only_version!(Secret, "v1");

/// The kind.
pub static DEFINITION: Definition = Definition {
    group: "",
    kind: "Secret",
    plural: "secrets",
    short_names: &[],
    categories: &[],
    namespaced: true,
    versions: const { &[Version::of::<Secret, Secret>()] },
    storage_version: "v1",
    status: false,
    scale: false,
    finalize: false,
    status_metadata: false,
    columns: &[
        NAME,
        column("Type", 0, of!(Secret, |it| it.kind.as_str())),
        column("Data", 0, of!(Secret, |it| it.data.len())),
        AGE,
    ],
    selectable_fields: &[SelectableField::new("type", of!(Secret, |it| &it.kind))],
    name_rule: NameRule::Subdomain,
};

impl Secret {
    fn check_data(&self, errors: &mut Errors) {
        let path = Path::new("data");
        self.data.keys().for_each(|key| rules::check_key(key, &path, errors));
        if self.data.values().map(|value| value.0.len()).sum::<usize>() > LARGEST {
            errors.push(FieldError::too_long(&path, LARGEST));
        }
        secret_types::check(self, errors);
    }
}

impl Kind for Secret {
    parts!(DEFINITION, spec:, status:);

    fn default_fields(&mut self) {
        if self.kind.is_empty() {
            self.kind = "Opaque".into();
        }
        for (key, text) in std::mem::take(&mut self.string_data) {
            self.data.insert(key, ByteString(text.into_bytes()));
        }
    }
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
        if self.kind != old.kind {
            errors.push(FieldError::immutable(&Path::new("type"), &*self.kind));
        }
        let changed = [("data", self.data != old.data)];
        rules::check_immutable((self.immutable, old.immutable), &changed, errors);
        self.check_data(errors);
    }
    fn warnings(&self) -> Vec<String> {
        let lacks = |key: &str| {
            !self.data.get(key).is_some_and(|value| value.0.windows(5).any(|part| part == b"-----"))
        };
        if self.kind != "kubernetes.io/tls" {
            return Vec::new();
        }
        let parts = [("tls.crt", "certificate"), ("tls.key", "key")];
        let first = parts.into_iter().find(|(key, _)| lacks(key));
        first
            .map(|(_, what)| format!("tls: failed to find any PEM data in {what} input"))
            .into_iter()
            .collect()
    }
}
