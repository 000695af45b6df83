//! The objects that a spec refers to, as a backend sees them. They are read here, with this server's rights: a backend needs
//! none. What is in them reaches the backend and nobody else; whoever names a Secret was asked for the right to read it when
//! the reference was written.

use super::Controllers;
use crate::backend::{Backend, ParametersKind, ReferenceKind, Refusal, Resolved};
use crate::cluster::{self, Sought};
use databases_api::instance::Instance;
use databases_api::shared::{BACKUP_CONFIGURATION_REF, DATA_SOURCE_REF, Reference};

/// Parameters are not there.
pub(super) const PARAMETERS_NOT_FOUND: &str = "ParametersNotFound";
/// The cluster does not let us read it.
pub(super) const NOT_PERMITTED: &str = "RefNotPermitted";
const SECRET_NOT_FOUND: &str = "SecretNotFound";
const CONFIGURATION_NOT_FOUND: &str = "BackupConfigurationNotFound";
const SOURCE_NOT_FOUND: &str = "DataSourceNotFound";
/// What is to be copied has nothing that could be, yet.
pub(super) const SOURCE_NOT_READY: &str = "DataSourceNotReady";
const NOT_FOUND: &str = "RefNotFound";
pub(super) const INVALID_KIND: &str = "InvalidKind";

/// Whether a reason is one of `ResolvedRefs`: something that the object refers to cannot be had.
pub(super) fn is_unresolved(reason: &str) -> bool {
    [
        PARAMETERS_NOT_FOUND,
        NOT_PERMITTED,
        SECRET_NOT_FOUND,
        CONFIGURATION_NOT_FOUND,
        SOURCE_NOT_FOUND,
        SOURCE_NOT_READY,
        NOT_FOUND,
        INVALID_KIND,
    ]
    .contains(&reason)
}

/// Why an object cannot be had.
pub(super) enum Absent {
    /// It is not there.
    Missing,
    /// We may not read it.
    Barred,
}

impl Absent {
    /// For a person, about the object that a field names.
    pub(super) fn words(&self, kind: &str, namespace: &str, name: &str, path: &str) -> String {
        let named = format!("{kind} {}", place(namespace, name));
        match self {
            Absent::Missing => format!("there is no {named}, which {path} names"),
            Absent::Barred => {
                format!("this server may not get {named}, which {path} names: give it that right")
            }
        }
    }
}

impl Controllers {
    /// What an object refers to, of the kinds that its backend reads; and what is to be done before all of it can be had.
    pub(super) async fn references_of(
        &self,
        object: &dyn Instance,
        backend: &dyn Backend,
    ) -> Result<(Vec<Resolved>, Option<Refusal>), cluster::Error> {
        let read = backend.object_references();
        let made = !object.status().version.is_empty();
        let done = if made { backend.needed_once() } else { Vec::new() };
        let (mut resolved, mut unresolved) = (Vec::new(), None);
        for reference in object.spec().references() {
            let kinds = taken(&read, reference.path);
            if kinds.is_empty() || done.contains(&reference.path) {
                continue;
            }
            match self.resolve(object, backend, &reference, &kinds).await? {
                Ok(found) => resolved.push(found),
                Err(refusal) => drop(unresolved.get_or_insert(refusal)),
            }
        }
        Ok((resolved, unresolved))
    }

    async fn resolve(
        &self,
        object: &dyn Instance,
        backend: &dyn Backend,
        reference: &Reference<'_>,
        kinds: &[&ParametersKind],
    ) -> Result<Result<Resolved, Refusal>, cluster::Error> {
        let Some(kind) = same_kind(reference, kinds) else {
            return Ok(Err(Refusal::new(INVALID_KIND, other_kind(reference, kinds))));
        };
        let Reference { path, group, kind: named, name } = *reference;
        let namespace = &object.meta().namespace;
        let found = match object.copied().as_ref() == Some(reference) {
            true => self.source(object, backend, reference, &kind.version),
            false => {
                self.read(kind, namespace, name).await?.map_err(|why| unread(&why, reference, namespace))
            }
        };
        Ok(found.map(|object| Resolved {
            path: path.to_owned(),
            group: group.to_owned(),
            kind: named.to_owned(),
            name: name.to_owned(),
            object,
        }))
    }

    /// An object of the cluster as JSON, or why it cannot be had.
    pub(super) async fn read(
        &self,
        kind: &ParametersKind,
        namespace: &str,
        name: &str,
    ) -> Result<Result<String, Absent>, cluster::Error> {
        let api_version = match kind.group.as_str() {
            "" => kind.version.clone(),
            group => format!("{group}/{}", kind.version),
        };
        let sought = Sought {
            api_version,
            kind: kind.kind.clone(),
            namespace: Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty()),
            name: Some(name.to_owned()),
            ..Sought::default()
        };
        match self.cluster.params(&sought, "").await {
            Ok(found) => Ok(found.first().map(ToString::to_string).ok_or(Absent::Missing)),
            Err(error) if error.is_missing() => Ok(Err(Absent::Missing)),
            Err(error) if error.is_forbidden() => Ok(Err(Absent::Barred)),
            Err(error) => Err(error),
        }
    }
}

/// The kinds that a backend takes in a field.
fn taken<'a>(read: &'a [ReferenceKind], path: &str) -> Vec<&'a ParametersKind> {
    read.iter().filter(|read| read.path == path).map(|read| &read.kind).collect()
}

fn same_kind<'a>(reference: &Reference<'_>, kinds: &[&'a ParametersKind]) -> Option<&'a ParametersKind> {
    kinds.iter().copied().find(|known| known.group == reference.group && known.kind == reference.kind)
}

/// Why what a field names cannot be had.
pub(super) fn unread(why: &Absent, reference: &Reference<'_>, namespace: &str) -> Refusal {
    let reason = match why {
        Absent::Missing => missing(reference),
        Absent::Barred => NOT_PERMITTED,
    };
    Refusal::new(reason, why.words(reference.kind, namespace, reference.name, reference.path))
}

/// The reason where what a field names is not there.
fn missing(reference: &Reference<'_>) -> &'static str {
    match reference.path {
        _ if reference.is_secret() => SECRET_NOT_FOUND,
        DATA_SOURCE_REF => SOURCE_NOT_FOUND,
        BACKUP_CONFIGURATION_REF => CONFIGURATION_NOT_FOUND,
        _ => NOT_FOUND,
    }
}

fn other_kind(reference: &Reference<'_>, known: &[&ParametersKind]) -> String {
    let Reference { path, group, kind, .. } = reference;
    let qualified = |group: &str, kind: &str| match group {
        "" => kind.to_owned(),
        group => format!("{kind}.{group}"),
    };
    let known: Vec<String> = known.iter().map(|known| qualified(&known.group, &known.kind)).collect();
    let named = qualified(group, kind);
    format!("{path} names a {named}; the controller of this class takes {}", known.join(", "))
}

pub(super) fn place(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}
