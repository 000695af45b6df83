//! Names, columns and rules of `DatabaseClass`.

use super::{DatabaseClass, ReferenceKind, V1, V1alpha1, trial};
use crate::GROUP;
use crate::instance;
use crate::shared::NamespacesFrom;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::kind::{Column, Definition, Kind, NameRule, Version, of, parts};
use apimachinery::meta::{Condition, ConditionStatus, condition};
use apimachinery::time::Time;

const LONGEST_DESCRIPTION: usize = 64;

/// The kind.
pub static DEFINITION: Definition = Definition {
    group: GROUP,
    kind: "DatabaseClass",
    plural: "databaseclasses",
    short_names: &["dbclass"],
    categories: &["dbstandard"],
    namespaced: false,
    versions: const { &[Version::of::<DatabaseClass, V1>(), Version::of::<DatabaseClass, V1alpha1>()] },
    storage_version: "v1",
    status: true,
    scale: false,
    finalize: false,
    status_metadata: false,
    columns: &[
        Column::object_name(),
        Column::new(
            "Controller",
            "string",
            "Who answers objects of this class.",
            0,
            of!(DatabaseClass, |class| class.spec.controller_name.as_str()),
        ),
        Column::new(
            "Accepted",
            "string",
            "Whether the controller has taken the class on.",
            0,
            of!(DatabaseClass, |class| class.acceptance()),
        ),
        Column::new(
            "Default-For",
            "string",
            "Kinds for which it is the default.",
            0,
            of!(DatabaseClass, |class| class.spec.default_for.join(",")),
        ),
        Column::age(),
        Column::new(
            "Kinds",
            "string",
            "Kinds that it answers.",
            1,
            of!(DatabaseClass, |class| class.kinds().join(",")),
        ),
        Column::new(
            "Features",
            "integer",
            "How many features it supports.",
            1,
            of!(DatabaseClass, |class| class.status.supported_features.len()),
        ),
        Column::new(
            "Description",
            "string",
            "What it is for.",
            1,
            of!(DatabaseClass, |class| class.spec.description.as_str()),
        ),
    ],
    selectable_fields: &[],
    name_rule: NameRule::Subdomain,
};

impl DatabaseClass {
    /// The status of `Accepted`.
    fn acceptance(&self) -> &str {
        condition(&self.status.conditions, "Accepted").map_or("Unknown", |accepted| accepted.status.as_str())
    }

    /// Whether it supports a feature.
    pub fn offers(&self, feature: &str) -> bool {
        self.status.supported_features.iter().any(|supported| supported.name == feature)
    }

    /// The kinds that objects may refer to in a field; any where there are none.
    pub fn taken_in<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a ReferenceKind> {
        self.status.reference_kinds.iter().filter(move |known| known.field == field)
    }

    /// The kinds that it answers.
    fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self.status.engines.iter().map(|engine| engine.kind.as_str()).collect();
        kinds.dedup();
        kinds
    }
}

impl Kind for DatabaseClass {
    parts!(DEFINITION, spec: spec, status: status);

    /// A new class waits for its controller.
    fn prepare_create(&mut self) {
        self.status = super::DatabaseClassStatus {
            conditions: vec![Condition {
                kind: "Accepted".into(),
                status: ConditionStatus::Unknown,
                observed_generation: 0,
                last_transition_time: Time::now(),
                reason: "Pending".into(),
                message: "waiting for the controller that spec.controllerName names".into(),
            }],
            ..Default::default()
        };
    }

    fn validate(&self, errors: &mut Errors) {
        let path = Path::new("spec");
        let name = &self.spec.controller_name;
        let at = path.child("controllerName");
        if name.is_empty() {
            errors.push(FieldError::required(&at, "name who answers objects of this class, as domain/path"));
        } else if name.split_once('/').is_none_or(|(domain, path)| {
            path.is_empty() || !apimachinery::validation::is_dns1123_subdomain(domain).is_empty()
        }) {
            errors.push(FieldError::invalid(
                &at,
                &**name,
                "must be domain/path, such as example.com/postgresql",
            ));
        }
        if self.spec.description.chars().count() > LONGEST_DESCRIPTION {
            errors.push(FieldError::too_long(&path.child("description"), LONGEST_DESCRIPTION));
        }
        let kinds: Vec<&str> = instance::all().iter().map(|facts| facts.definition.kind).collect();
        for (index, kind) in self.spec.default_for.iter().enumerate() {
            if !kinds.contains(&kind.as_str()) {
                let at = path.child("defaultFor").index(index);
                errors.push(FieldError::not_supported(&at, &**kind, &kinds));
            }
        }
        let allowed = self.spec.allowed_namespaces.as_ref();
        if allowed.is_some_and(|allowed| allowed.from == Some(NamespacesFrom::Same)) {
            let at = path.child("allowedNamespaces").child("from");
            errors.push(FieldError::not_supported(&at, "Same", &["All", "Selector"]));
        }
        if allowed.is_some_and(|allowed| {
            allowed.from == Some(NamespacesFrom::Selector) && allowed.selector.is_none()
        }) {
            let at = path.child("allowedNamespaces").child("selector");
            errors.push(FieldError::required(&at, "from is Selector"));
        }
        if let Some(reference) = &self.spec.parameters_ref {
            crate::shared::check_named(reference, &path.child("parametersRef"), errors);
        }
        let tree = apimachinery::wire::json::to_tree(&self.spec);
        let schema = <super::DatabaseClassSpec as apimachinery::wire::Value>::SCHEMA;
        crate::shared::check_enumerations(schema, &tree, &path, errors);
        trial::check(self, errors);
    }

    fn validate_update(&self, old: &Self, errors: &mut Errors) {
        if self.spec != old.spec {
            crate::shared::check_change(self, old, Self::validate, errors);
        }
        if self.status != old.status {
            let (status, conditions) = (&self.status, (&*self.status.conditions, &*old.status.conditions));
            crate::status::validate(status.observed_generation, &[], conditions, errors);
        }
        if self.spec.controller_name != old.spec.controller_name {
            let path = Path::new("spec.controllerName");
            errors.push(FieldError::immutable(&path, &*self.spec.controller_name));
        }
    }
}
