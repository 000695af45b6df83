//! `Namespace`.

use super::{NAME, PACKAGE, column, only_version};
use apimachinery::age;
use apimachinery::api_type;
use apimachinery::kind::{Definition, Kind, NameRule, Version};
use apimachinery::meta::{Condition, ObjectMeta};
use serde_json::Value;

/// The finalizer that its own controller takes off once a namespace is empty.
const FINALIZER: &str = "kubernetes";

/// A scope for names.
#[api_type(kind)]
pub struct Namespace {
    /// Metadata.
    #[api(1, required)]
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[api(2, required)]
    pub spec: NamespaceSpec,
    /// What is.
    #[api(3, required)]
    pub status: NamespaceStatus,
}

/// What is wanted of a namespace.
#[api_type]
pub struct NamespaceSpec {
    /// Must be empty before the namespace goes.
    #[api(1)]
    pub finalizers: Vec<String>,
}

/// What a namespace is.
#[api_type]
pub struct NamespaceStatus {
    /// Active, or Terminating while its contents are deleted.
    #[api(1)]
    pub phase: String,
    /// What its deletion waits for.
    #[api(2, keys("type"), merge_key = "type", merge)]
    pub conditions: Vec<Condition>,
}

only_version!(Namespace);

/// The kind.
pub static DEFINITION: Definition = Definition {
    group: "",
    kind: "Namespace",
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    categories: &[],
    namespaced: false,
    versions: const { &[Version::of::<Namespace, Namespace>()] },
    storage_version: "v1",
    status: true,
    scale: false,
    columns: &[NAME, column("Status", "string", 0), column("Age", "string", 0)],
    selectable_fields: &["status.phase"],
    name_rule: NameRule::Label,
};

impl Kind for Namespace {
    fn definition() -> &'static Definition {
        &DEFINITION
    }
    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
    fn prepare_create(&mut self) {
        self.status = NamespaceStatus { phase: "Active".into(), conditions: Vec::new() };
        if !self.spec.finalizers.iter().any(|finalizer| finalizer == FINALIZER) {
            self.spec.finalizers.push(FINALIZER.into());
        }
        self.metadata.labels.insert("kubernetes.io/metadata.name".into(), self.metadata.name.clone());
    }
    fn prepare_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        self.spec = old.spec.clone();
        self.metadata.labels.insert("kubernetes.io/metadata.name".into(), self.metadata.name.clone());
    }
    /// The status is written by the namespace's own controller, which also finalizes it there.
    fn prepare_status_update(&mut self, old: &Self) {
        if old.metadata.deletion_timestamp.is_none() {
            self.spec = old.spec.clone();
        }
    }
    fn same_desired_state(&self, _: &Self) -> bool {
        true
    }
    fn has_generation(&self) -> bool {
        false
    }
    fn holds_deletion(&self) -> bool {
        !self.spec.finalizers.is_empty()
    }
    fn begin_deletion(&mut self) {
        self.status.phase = "Terminating".into();
    }
    fn forbid_deletion(&self) -> Option<String> {
        let system = matches!(self.metadata.name.as_str(), "default" | "kube-system");
        system.then(|| "this namespace may not be deleted".into())
    }
    fn cells(&self) -> Vec<Value> {
        vec![
            self.metadata.name.clone().into(),
            self.status.phase.clone().into(),
            age::since(self.metadata.creation_timestamp),
        ]
    }
    fn selectable(&self, _: &str) -> String {
        self.status.phase.clone()
    }
}
