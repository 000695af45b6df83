//! The contract's values as messages, and back. Every field of both is named, so that one that is added to the contract must
//! be given a place on the wire.

use super::messages as wire;
use crate::backend::{
    Backup, BackupPhase, Change, Class, Code, Disposal, Effect, Endpoint, Engine, Error, Login, News,
    Observed, Offer, OfferedResource, ParametersKind, Phase, Plan, Reference, ReferenceKind, Refusal,
    Request, Resolved, Role, Scope, Warning,
};
use apimachinery::kind::Kind;
use apimachinery::wire::ByteString;

/// What a backend says that means nothing.
fn nonsense(what: impl std::fmt::Display) -> Error {
    Error::retried(Code::Unavailable, format!("the backend says what means nothing: {what}"))
}

impl From<&Class> for wire::Class {
    fn from(class: &Class) -> Self {
        let Class { name, parameters } = class;
        wire::Class { name: name.clone(), parameters_json: parameters.as_str().into() }
    }
}

impl<K: Kind> From<&Request<K>> for wire::Request {
    fn from(request: &Request<K>) -> Self {
        let Request { object, class, lost: _, parameters, references, logins } = request;
        wire::Request {
            object_json: ByteString(json(object)),
            database_class: class.as_ref().map(Into::into),
            parameters: parameters.as_deref().map(|json| wire::Parameters { json: json.into() }),
            references: references.iter().map(Into::into).collect(),
            logins: logins.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Login> for wire::Login {
    fn from(login: &Login) -> Self {
        let Login { username, password, database, user } = login.clone();
        wire::Login { username, password: password.as_str().into(), database, user }
    }
}

impl From<&Resolved> for wire::Resolved {
    fn from(resolved: &Resolved) -> Self {
        let Resolved { path, group, kind, name, object } = resolved.clone();
        wire::Resolved { path, group, kind, name, object_json: object.as_str().into() }
    }
}

/// The object as kubectl shows it, in the preferred version.
fn json<K: Kind>(object: &K) -> Vec<u8> {
    let definition = K::definition();
    let mut item = Vec::new();
    let Some(version) = definition.versions.first() else { return item };
    (version.encode_json)(object, &mut item);
    let api_version = definition.api_version(version.name);
    let head = format!("{{\"kind\":\"{}\",\"apiVersion\":\"{api_version}\",", definition.kind);
    item.splice(..1, head.into_bytes());
    item
}

impl From<Disposal> for wire::Disposal {
    fn from(disposal: Disposal) -> Self {
        match disposal {
            Disposal::Retain => wire::Disposal::Retain,
            Disposal::Delete => wire::Disposal::Delete,
        }
    }
}

impl From<wire::ParametersKind> for ParametersKind {
    fn from(kind: wire::ParametersKind) -> Self {
        let wire::ParametersKind { group, version, kind } = kind;
        ParametersKind { group, version, kind }
    }
}

impl From<wire::ReferenceKind> for ReferenceKind {
    fn from(read: wire::ReferenceKind) -> Self {
        let wire::ReferenceKind { path, kind } = read;
        ReferenceKind { path, kind: kind.into() }
    }
}

impl From<wire::Refusal> for Refusal {
    fn from(refusal: wire::Refusal) -> Self {
        let wire::Refusal { reason, message } = refusal;
        Refusal { reason, message }
    }
}

impl From<wire::Engine> for Engine {
    fn from(engine: wire::Engine) -> Self {
        let wire::Engine { kind, flavor, versions } = engine;
        Engine { kind, flavor, versions }
    }
}

impl From<wire::Offer> for Offer {
    fn from(offer: wire::Offer) -> Self {
        let wire::Offer { engines, features, libraries, refused, resources, storage_bytes } = offer;
        Offer {
            engines: engines.into_iter().map(Into::into).collect(),
            features,
            libraries,
            resources: resources.into_iter().map(Into::into).collect(),
            storage_bytes: u64::try_from(storage_bytes).ok().filter(|bytes| *bytes > 0),
            refused: refused.map(Into::into),
        }
    }
}

impl From<wire::OfferedResource> for OfferedResource {
    /// An amount that cannot be read bounds nothing.
    fn from(offered: wire::OfferedResource) -> Self {
        let wire::OfferedResource { name, min_limit, max_request, no_limits } = offered;
        let (min_limit, max_request) = (min_limit.parse().ok(), max_request.parse().ok());
        OfferedResource { name, min_limit, max_request, no_limits }
    }
}

impl From<wire::Reference> for Reference {
    fn from(reference: wire::Reference) -> Self {
        let wire::Reference { group, kind, namespace, name } = reference;
        Reference { group, kind, namespace, name }
    }
}

impl From<wire::News> for News {
    fn from(news: wire::News) -> Self {
        let wire::News { uid, class_name } = news;
        match (uid.is_empty(), class_name.is_empty()) {
            (false, true) => News::Object { uid },
            (true, false) => News::Class { name: class_name },
            _ => News::Everything,
        }
    }
}

impl From<wire::Warning> for Warning {
    fn from(warning: wire::Warning) -> Self {
        let wire::Warning { uid, reason, message } = warning;
        Warning { uid, reason, message }
    }
}

impl TryFrom<wire::Plan> for Plan {
    type Error = Error;

    fn try_from(plan: wire::Plan) -> Result<Self, Error> {
        let wire::Plan { changes } = plan;
        Ok(Plan { changes: changes.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()? })
    }
}

impl TryFrom<wire::Change> for Change {
    type Error = Error;

    fn try_from(change: wire::Change) -> Result<Self, Error> {
        let wire::Change { fields, effect, message } = change;
        let effect = match effect {
            wire::Effect::Nothing => Effect::Nothing,
            wire::Effect::Reload => Effect::Reload,
            wire::Effect::Restart => Effect::Restart,
            wire::Effect::Switchover => Effect::Switchover,
            wire::Effect::Downtime => Effect::Downtime,
            wire::Effect::Rebuild => Effect::Rebuild,
            wire::Effect::Refused => Effect::Refused,
            wire::Effect::Other(other) => return Err(nonsense(format!("effect {other:?}"))),
        };
        Ok(Change { fields, effect, message })
    }
}

impl TryFrom<wire::Endpoint> for Endpoint {
    type Error = Error;

    fn try_from(endpoint: wire::Endpoint) -> Result<Self, Error> {
        let wire::Endpoint { role, host, port, scope } = endpoint;
        let role = match role {
            wire::Role::ReadWrite => Role::ReadWrite,
            wire::Role::ReadOnly => Role::ReadOnly,
            wire::Role::PooledReadWrite => Role::PooledReadWrite,
            wire::Role::Other(other) => return Err(nonsense(format!("role {other:?}"))),
        };
        let port = u16::try_from(port).map_err(|_| nonsense(format!("port {port}")))?;
        let scope = match scope {
            wire::Scope::Cluster => Scope::Cluster,
            wire::Scope::External => Scope::External,
            wire::Scope::Other(other) if other.is_empty() => Scope::Cluster,
            wire::Scope::Other(other) => return Err(nonsense(format!("scope {other:?}"))),
        };
        Ok(Endpoint { role, host, port, scope })
    }
}

impl TryFrom<wire::Login> for Login {
    type Error = Error;

    fn try_from(login: wire::Login) -> Result<Self, Error> {
        let wire::Login { username, password, database, user } = login;
        let password = String::from_utf8(password.0).map_err(|_| nonsense("a password that is not UTF-8"))?;
        Ok(Login { username, password, database, user })
    }
}

impl TryFrom<wire::Phase> for Phase {
    type Error = Error;

    fn try_from(phase: wire::Phase) -> Result<Self, Error> {
        Ok(match phase {
            wire::Phase::Creating => Phase::Creating,
            wire::Phase::Available => Phase::Available,
            wire::Phase::NoPrimary => Phase::NoPrimary,
            wire::Phase::Failing => Phase::Failing,
            wire::Phase::Stopped => Phase::Stopped,
            wire::Phase::Other(other) => return Err(nonsense(format!("phase {other:?}"))),
        })
    }
}

impl TryFrom<wire::Backup> for Backup {
    type Error = Error;

    fn try_from(backup: wire::Backup) -> Result<Self, Error> {
        let wire::Backup { reference, phase, message } = backup;
        let phase = match phase {
            wire::BackupPhase::Nothing => BackupPhase::Nothing,
            wire::BackupPhase::Running => BackupPhase::Running,
            wire::BackupPhase::Failed => BackupPhase::Failed,
            wire::BackupPhase::Succeeded => BackupPhase::Succeeded,
            wire::BackupPhase::Other(other) => return Err(nonsense(format!("phase {other:?} of a backup"))),
        };
        Ok(Backup { reference: reference.map(Into::into).unwrap_or_default(), phase, message })
    }
}

impl TryFrom<wire::Observed> for Observed {
    type Error = Error;

    fn try_from(observed: wire::Observed) -> Result<Self, Error> {
        let wire::Observed {
            phase,
            message,
            version,
            instances,
            ready_instances,
            primary,
            endpoints,
            logins,
            superuser,
            certificates,
            tls_required,
            storage_bytes,
            refused,
            pending,
            shortage,
            selector,
        } = observed;
        Ok(Observed {
            phase: phase.try_into()?,
            message,
            version,
            instances,
            ready_instances,
            primary,
            endpoints: endpoints.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            logins: logins.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            superuser: superuser.map(TryInto::try_into).transpose()?,
            certificates: Some(certificates).filter(|pem| !pem.is_empty()),
            tls_required,
            storage_bytes: u64::try_from(storage_bytes).ok().filter(|bytes| *bytes > 0),
            pending: Some(pending).filter(|pending| !pending.is_empty()),
            // Nobody says so over a socket yet.
            restarting: false,
            refused: refused.map(Into::into),
            shortage: shortage.map(Into::into),
            selector,
        })
    }
}
