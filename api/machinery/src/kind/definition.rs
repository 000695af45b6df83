//! What a server knows of a kind: names, versions, columns, subresources.

use super::{Hub, Version};
use crate::age;
use serde_json::Value;

/// What a server knows of a kind: names, versions, columns, subresources.
#[derive(Debug)]
pub struct Definition {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind, such as `PostgreSQL`.
    pub kind: &'static str,
    /// The resource, such as `postgresqls`.
    pub plural: &'static str,
    /// Such as `stdpg`.
    pub short_names: &'static [&'static str],
    /// Such as `dbstandard`.
    pub categories: &'static [&'static str],
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Served versions, the preferred one first.
    pub versions: &'static [Version],
    /// The version objects are stored in.
    pub storage_version: &'static str,
    /// Whether there is a status subresource.
    pub status: bool,
    /// Whether there is a scale subresource.
    pub scale: bool,
    /// Whether objects go step by step: there is a finalize subresource, and a collection is not deleted as one.
    pub finalize: bool,
    /// Whether the status subresource takes labels, annotations, finalizers and owners as well.
    pub status_metadata: bool,
    /// Printer columns.
    pub columns: &'static [Column],
    /// Fields that a field selector takes besides `metadata.name` and `metadata.namespace`.
    pub selectable_fields: &'static [SelectableField],
    /// The longest name, and whether it must be a DNS-1035 label (else a DNS-1123 subdomain).
    pub name_rule: NameRule,
}

/// Which names objects of a kind may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// A DNS-1123 subdomain of up to 253 characters.
    Subdomain,
    /// A DNS-1123 label of up to 63 characters.
    Label,
    /// Any name that can be a segment of a path.
    Segment,
    /// A DNS-1035 label of up to so many characters.
    Label1035(usize),
}

/// A printer column.
#[derive(Debug)]
pub struct Column {
    /// The heading.
    pub name: &'static str,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: &'static str,
    /// `name` for the name column, else empty.
    pub format: &'static str,
    /// What it shows.
    pub description: &'static str,
    /// 0: always shown; above: only with `-o wide`.
    pub priority: i32,
    /// What it shows of an object.
    pub cell: fn(&dyn Hub) -> Value,
}

/// A field that a field selector takes.
#[derive(Debug)]
pub struct SelectableField {
    /// Its path, such as `spec.className`.
    pub name: &'static str,
    /// Its value in an object.
    pub value: fn(&dyn Hub) -> String,
}

impl SelectableField {
    /// A field and its value.
    pub const fn new(name: &'static str, value: fn(&dyn Hub) -> String) -> SelectableField {
        SelectableField { name, value }
    }
}

impl Column {
    /// A column; a priority above 0 is shown only with `-o wide`.
    pub const fn new(
        name: &'static str,
        kind: &'static str,
        description: &'static str,
        priority: i32,
        cell: fn(&dyn Hub) -> Value,
    ) -> Column {
        Column { name, kind, format: "", description, priority, cell }
    }

    /// The column of the object's name.
    pub const fn object_name() -> Column {
        let cell = |object: &dyn Hub| object.meta().name.clone().into();
        Column { format: "name", ..Column::new("Name", "string", "Name of the object.", 0, cell) }
    }

    /// The column of the object's age.
    pub const fn age() -> Column {
        let cell = |object: &dyn Hub| age::since(object.meta().creation_timestamp);
        Column::new("Age", "string", "Time since its creation.", 0, cell)
    }
}

impl Definition {
    /// A kind without anything special: namespaced, stored in the first of its versions, without subresources, with the columns
    /// Name and Age.
    pub const fn new(
        group: &'static str,
        kind: &'static str,
        plural: &'static str,
        versions: &'static [Version],
    ) -> Definition {
        Definition {
            group,
            kind,
            plural,
            short_names: &[],
            categories: &[],
            namespaced: true,
            versions,
            storage_version: versions[0].name,
            status: false,
            scale: false,
            finalize: false,
            status_metadata: false,
            columns: const { &[Column::object_name(), Column::age()] },
            selectable_fields: &[],
            name_rule: NameRule::Subdomain,
        }
    }

    /// The same without namespaces.
    pub const fn cluster_scoped(self) -> Definition {
        Definition { namespaced: false, ..self }
    }

    /// The same with a status subresource.
    pub const fn with_status(self) -> Definition {
        Definition { status: true, ..self }
    }

    /// One object of the kind in the words of the command line: `postgresql`.
    pub fn singular(&self) -> String {
        self.kind.to_lowercase()
    }

    /// The served version of that name.
    pub fn version(&self, name: &str) -> Option<&'static Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    /// The served version that objects call so, such as `wardle.example.com/v1`.
    pub fn served_as(&self, api_version: &str) -> Option<&'static Version> {
        match self.group {
            "" => self.version(api_version),
            group => self.version(api_version.strip_prefix(group)?.strip_prefix('/')?),
        }
    }

    /// `group/version`, or the version alone in the core group.
    pub fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// The path of an object in the preferred version.
    pub fn object_path(&self, namespace: &str, name: &str) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let version = self.versions.first().map_or("", |version| version.name);
        let within = if namespace.is_empty() { String::new() } else { format!("/namespaces/{namespace}") };
        format!("{root}/{}{within}/{}/{name}", self.api_version(version), self.plural)
    }

    /// `plural.group`, or the plural alone in the core group.
    pub fn qualified_resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// `Kind.group`, or the kind alone in the core group.
    pub fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.group) }
    }
}
