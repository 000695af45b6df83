//! `Namespace`.

use super::rules;
use super::{AGE, NAME, PACKAGE, column};
use apimachinery::api_type;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::kind::{Definition, Kind, NameRule, SelectableField, Version, of, only_version, parts};
use apimachinery::meta::ObjectMeta;
use apimachinery::time::Time;
use apimachinery::validation::is_qualified_name;

/// A scope for names.
#[api_type(kind)]
pub struct Namespace {
    /// Metadata.
    #[api(1, written)]
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[api(2, written)]
    pub spec: NamespaceSpec,
    /// What is.
    #[api(3, written)]
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
    pub conditions: Vec<NamespaceCondition>,
}

/// One thing that the deletion of a namespace waits for, or not.
#[api_type]
pub struct NamespaceCondition {
    /// Which, such as NamespaceContentRemaining.
    #[api(1, name = "type", required)]
    pub kind: String,
    /// True, False or Unknown.
    #[api(2, required)]
    pub status: String,
    /// When the status last became another one.
    #[api(4)]
    pub last_transition_time: Option<Time>,
    /// Why, in one word.
    #[api(5)]
    pub reason: String,
    /// Why, for a person to read.
    #[api(6)]
    pub message: String,
}

impl NamespaceCondition {
    /// Sets the condition of a type; the time is another one where the status is.
    pub fn set(all: &mut Vec<Self>, kind: &str, status: &str, reason: &str, message: &str) {
        let found = all.iter().position(|one| one.kind == kind);
        let index = found.unwrap_or(all.len());
        if found.is_none() {
            all.push(NamespaceCondition { kind: kind.into(), ..Self::default() });
        }
        let one = &mut all[index];
        if found.is_none() || one.status != status {
            one.last_transition_time = Some(Time::now());
        }
        one.status = status.into();
        one.reason = reason.into();
        one.message = message.into();
    }
}

only_version!(Namespace, "v1");

/// The kind.
pub static DEFINITION: Definition = Definition {
    group: "",
    kind: "Namespace",
    plural: "namespaces",
    short_names: &["ns"],
    categories: &[],
    namespaced: false,
    versions: const { &[Version::of::<Namespace, Namespace>()] },
    storage_version: "v1",
    status: true,
    scale: false,
    finalize: true,
    status_metadata: true,
    columns: &[NAME, column("Status", 0, of!(Namespace, |it| it.status.phase.as_str())), AGE],
    selectable_fields: &[SelectableField::new("status.phase", of!(Namespace, |it| &it.status.phase))],
    name_rule: NameRule::Label,
};

impl Namespace {
    /// The finalizer that its own controller takes off once a namespace is empty.
    pub const FINALIZER: &str = "kubernetes";

    /// Those of `spec.finalizers` at these paths.
    fn check_own_finalizers(&self, path: impl Fn(usize) -> Path, errors: &mut Errors) {
        for (index, finalizer) in self.spec.finalizers.iter().enumerate() {
            let path = path(index);
            let faults = is_qualified_name(finalizer);
            errors.extend(faults.iter().map(|fault| FieldError::invalid(&path, &**finalizer, fault)));
            rules::check_finalizer(finalizer, &path, errors);
        }
    }
}

impl Kind for Namespace {
    parts!(DEFINITION, spec:, status:);

    fn default_fields(&mut self) {
        if self.status.phase.is_empty() {
            self.status.phase = "Active".into();
        }
        if !self.metadata.name.is_empty() {
            self.metadata.labels.insert("kubernetes.io/metadata.name".into(), self.metadata.name.clone());
        }
    }
    fn prepare_create(&mut self) {
        self.status = NamespaceStatus::default();
        if !self.spec.finalizers.iter().any(|finalizer| finalizer == Self::FINALIZER) {
            self.spec.finalizers.push(Self::FINALIZER.into());
        }
        self.default_fields();
    }
    fn prepare_update(&mut self, old: &Self) {
        self.status = old.status.clone();
        self.spec = old.spec.clone();
        self.default_fields();
    }
    fn prepare_status_update(&mut self, old: &Self) {
        self.spec = old.spec.clone();
    }
    fn prepare_finalize(&mut self, old: &Self) {
        self.status = old.status.clone();
    }
    fn allows_unconditional_update(&self) -> bool {
        true
    }
    fn validate(&self, errors: &mut Errors) {
        rules::check_finalizers(&self.metadata.finalizers, &[], errors);
        self.check_own_finalizers(|_| Path::new("spec").child("finalizers"), errors);
    }
    /// The phase is what the deletion timestamp says.
    fn validate_update(&self, old: &Self, errors: &mut Errors) {
        rules::check_finalizers(&self.metadata.finalizers, &old.metadata.finalizers, errors);
        if self.spec.finalizers != old.spec.finalizers {
            self.check_own_finalizers(|index| Path::new("spec").child("finalizers").index(index), errors);
        }
        let (phase, when) = match self.metadata.deletion_timestamp {
            None => ("Active", "is empty"),
            Some(_) => ("Terminating", "is not empty"),
        };
        if self.status.phase != phase && self.status.phase != old.status.phase {
            let detail = format!("may only be '{phase}' if `deletionTimestamp` {when}");
            let path = Path::new("status").child("Phase");
            errors.push(FieldError::invalid(&path, &*self.status.phase, &detail));
        }
    }
    fn has_generation(&self) -> bool {
        false
    }
    fn holds_deletion(&self) -> bool {
        !self.spec.finalizers.is_empty()
    }
    fn begin_deletion(&mut self) {
        self.status.phase = "Terminating".into();
        // It has no time of its own in which it may end.
        self.metadata.deletion_grace_period_seconds = None;
    }
    fn forbid_deletion(&self) -> Option<String> {
        let system = matches!(self.metadata.name.as_str(), "default" | "kube-public" | "kube-system");
        system.then(|| "this namespace may not be deleted".into())
    }
}
