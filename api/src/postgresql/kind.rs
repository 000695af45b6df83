//! Names, columns and life cycle of `PostgreSQL`.

use super::{Database, PostgreSQL, V1, V1alpha1, v1alpha1, validation};
use crate::GROUP;
use crate::instance;
use crate::shared::{DeletionPolicy, State};
use apimachinery::field::Errors;
use apimachinery::kind::{Column, Definition, Kind, NameRule, Scale, SelectableField, Version, of, parts};
use apimachinery::meta::{ConditionStatus, condition, is_true, set_condition};

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
    columns: &[
        Column::object_name(),
        Column::new(
            "Class",
            "string",
            "The DatabaseClass that answers it.",
            0,
            of!(PostgreSQL, |it| it.spec.instance.class_name.as_str()),
        ),
        Column::new(
            "Version",
            "string",
            "The version that runs, or is to run.",
            0,
            of!(PostgreSQL, |it| it.version()),
        ),
        Column::new(
            "Instances",
            "string",
            "Servers that serve, of those wanted.",
            0,
            of!(PostgreSQL, |it| format!("{}/{}", it.status.instance.ready_instances, it.wanted())),
        ),
        Column::new(
            "Ready",
            "string",
            "Whether the read-write endpoint accepts connections.",
            0,
            of!(PostgreSQL, |it| it.readiness().0),
        ),
        Column::new(
            "Status",
            "string",
            "Why it is, or is not, ready.",
            0,
            of!(PostgreSQL, |it| it.readiness().1),
        ),
        Column::age(),
        Column::new(
            "Primary",
            "string",
            "The server that takes writes.",
            1,
            of!(PostgreSQL, |it| it.status.instance.primary.as_str()),
        ),
        Column::new(
            "Endpoint",
            "string",
            "Where reads and writes go.",
            1,
            of!(PostgreSQL, |it| it.endpoint()),
        ),
        Column::new("Backend", "string", "What implements it.", 1, of!(PostgreSQL, |it| it.backend())),
    ],
    selectable_fields: &[
        SelectableField::new("spec.className", of!(PostgreSQL, |it| &it.spec.instance.class_name)),
        SelectableField::new(
            "spec.state",
            of!(PostgreSQL, |it| it.spec.instance.state.as_ref().map_or("Running", State::as_str)),
        ),
    ],
    name_rule: NameRule::Label1035(50),
};

impl PostgreSQL {
    /// Whether somebody has taken the object up.
    pub fn is_taken_up(&self) -> bool {
        instance::is_taken_up(&self.metadata)
    }

    /// How many servers are wanted; none while stopped.
    fn wanted(&self) -> i32 {
        match self.spec.instance.state {
            Some(State::Stopped) => 0,
            _ => self.spec.instance.instances.unwrap_or(1),
        }
    }

    /// Nobody has looked at the object yet, and it says so: who waits for it must not take silence for success.
    fn wait_for_controller(&mut self) {
        let message = match self.spec.instance.class_name.as_str() {
            "" => "waiting for a DatabaseClass that is the default for PostgreSQL".to_owned(),
            class => format!("waiting for the controller of DatabaseClass {class:?}"),
        };
        for kind in ["Accepted", "Ready"] {
            let unknown = ConditionStatus::Unknown;
            set_condition(&mut self.status.instance.conditions, kind, unknown, "Pending", &message, 0);
        }
    }

    /// The version that runs, or is to run.
    fn version(&self) -> &str {
        let versions = [&self.status.instance.version, &self.spec.instance.version];
        versions.into_iter().find(|version| !version.is_empty()).map_or("", String::as_str)
    }

    /// Where reads and writes go.
    fn endpoint(&self) -> String {
        let endpoint = self.status.instance.endpoints.iter().find(|endpoint| endpoint.role == "ReadWrite");
        endpoint.map(|endpoint| format!("{}:{}", endpoint.host, endpoint.port)).unwrap_or_default()
    }

    /// What implements it.
    fn backend(&self) -> String {
        let backend = self.status.instance.backend_ref.as_ref();
        backend.map(|backend| format!("{}/{}", backend.kind, backend.name)).unwrap_or_default()
    }

    /// The words of `Ready` for the table; a database that is stopped has no such condition, and is not ready.
    fn readiness(&self) -> (&str, &str) {
        let conditions = &self.status.instance.conditions;
        match condition(conditions, "Ready") {
            Some(ready) => (ready.status.as_str(), &ready.reason),
            None if is_true(conditions, "Stopped") => ("False", "Stopped"),
            None => ("Unknown", ""),
        }
    }
}

impl Kind for PostgreSQL {
    parts!(DEFINITION, spec: spec, status: status);

    fn default_fields(&mut self) {
        if self.spec.databases.is_empty() {
            let app = Database { name: "app".into(), owner: "app".into(), extensions: Vec::new() };
            self.spec.databases.push(app);
        }
    }

    fn prepare_create(&mut self) {
        self.status = super::PostgreSQLStatus::default();
        self.wait_for_controller();
    }

    fn prepare_update(&mut self, old: &Self) {
        self.keep_status(old);
        // An object of an earlier release that nobody looked at yet.
        if self.status.instance.conditions.is_empty() {
            self.wait_for_controller();
        }
        // A class that was chosen for the object is not lost by a manifest that does not name one.
        if self.spec.instance.class_name.is_empty() {
            self.spec.instance.class_name.clone_from(&old.spec.instance.class_name);
        }
        // The deletion under way follows the policy it began with.
        if old.metadata.deletion_timestamp.is_some() {
            self.spec.instance.deletion_policy.clone_from(&old.spec.instance.deletion_policy);
        }
    }

    fn validate(&self, errors: &mut Errors) {
        validation::validate(self, errors);
    }

    fn validate_update(&self, old: &Self, errors: &mut Errors) {
        validation::validate_update(self, old, errors);
    }

    fn warnings(&self) -> Vec<String> {
        v1alpha1::warnings(self)
    }

    fn forbid_deletion(&self) -> Option<String> {
        (self.spec.instance.deletion_policy == Some(DeletionPolicy::Forbid)).then(|| {
            "spec.deletionPolicy is Forbid: set it to Retain, Snapshot or Delete before deleting this object".into()
        })
    }

    fn scale(&self) -> Option<Scale> {
        let selector = self.status.instance.selector.clone();
        Some(Scale { desired: self.wanted(), current: self.status.instance.instances, selector })
    }

    /// 0 stops the database and keeps the number to come back to.
    fn set_scale(&mut self, replicas: i32) {
        if replicas == 0 {
            self.spec.instance.state = Some(State::Stopped);
            return;
        }
        if self.spec.instance.state == Some(State::Stopped) {
            self.spec.instance.state = Some(State::Running);
        }
        self.spec.instance.instances = Some(replicas);
    }
}
