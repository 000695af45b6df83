//! A foreign group: `wardle.example.com`, as in Kubernetes' sample-apiserver. Nothing in the server knows it.

use apimachinery::api_type;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::kind::{
    Column, Definition, Kind, NameRule, Scale, SelectableField, Version, WireVersion, of,
};
use apimachinery::meta::ObjectMeta;

const PACKAGE: &str = "com.example.wardle.v1";

/// A flunder.
#[api_type(kind)]
pub(super) struct FlunderV1 {
    /// Metadata.
    #[api(1, required)]
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[api(2)]
    pub spec: FlunderSpec,
    /// What is.
    #[api(3)]
    pub status: FlunderStatus,
}

/// What is wanted of a flunder.
#[api_type]
pub(super) struct FlunderSpec {
    /// A word.
    #[api(1)]
    pub reference: String,
    /// A number.
    #[api(2)]
    pub count: i32,
}

/// What a flunder is.
#[api_type]
pub(super) struct FlunderStatus {
    /// A word.
    #[api(1)]
    pub phase: String,
}

/// The hub.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Flunder {
    meta: ObjectMeta,
    spec: FlunderSpec,
    status: FlunderStatus,
}

impl WireVersion<Flunder> for FlunderV1 {
    const NAME: &'static str = "v1";
    fn into_hub(self) -> Flunder {
        let FlunderV1 { metadata: meta, spec, status } = self;
        Flunder { meta, spec, status }
    }
    fn from_hub(hub: &Flunder) -> Self {
        let Flunder { meta, spec, status } = hub.clone();
        FlunderV1 { metadata: meta, spec, status }
    }
}

pub(super) static DEFINITION: Definition = Definition {
    group: "wardle.example.com",
    kind: "Flunder",
    plural: "flunders",
    short_names: &[],
    categories: &[],
    namespaced: true,
    versions: const { &[Version::of::<Flunder, FlunderV1>()] },
    storage_version: "v1",
    status: true,
    scale: true,
    finalize: false,
    status_metadata: false,
    columns: &[Column::object_name()],
    selectable_fields: &[SelectableField::new("spec.reference", of!(Flunder, |it| &it.spec.reference))],
    name_rule: NameRule::Subdomain,
};

impl Kind for Flunder {
    fn definition() -> &'static Definition {
        &DEFINITION
    }
    fn meta(&self) -> &ObjectMeta {
        &self.meta
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.meta
    }
    fn prepare_create(&mut self) {
        self.status = FlunderStatus::default();
    }
    fn prepare_update(&mut self, old: &Self) {
        self.status = old.status.clone();
    }
    fn prepare_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }
    fn same_desired_state(&self, old: &Self) -> bool {
        self.spec == old.spec
    }
    fn validate(&self, errors: &mut Errors) {
        if self.spec.count < 0 {
            errors.push(FieldError::invalid(
                &Path::new("spec.count"),
                self.spec.count,
                "must not be negative",
            ));
        }
    }
    fn scale(&self) -> Option<Scale> {
        Some(Scale { desired: self.spec.count, current: 0, selector: "flunder=yes".into() })
    }
    fn set_scale(&mut self, replicas: i32) {
        self.spec.count = replicas;
    }
}
