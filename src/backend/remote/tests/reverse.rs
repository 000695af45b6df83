//! Messages as a backend sees them: what `convert` does, the other way round.

use super::*;
use crate::backend::{
    Backup, Endpoint, Engine, Login, OfferedResource, Phase, Refusal, Resolved, Role, Scope,
};
use apimachinery::quantity::Quantity;

/// The request as it was, read by the version of the object that came.
pub(super) fn request(request: wire::Request) -> Request<PostgreSQL> {
    let wire::Request { object_json, database_class, parameters, references, logins } = request;
    let version = PostgreSQL::definition().version("v1").expect("what travels is v1");
    let (object, unknown) = (version.decode_json)(&object_json.0).expect("an object");
    assert!(unknown.problems().is_empty(), "everything that travels is known in v1");
    Request {
        object: object.downcast::<PostgreSQL>().expect("a PostgreSQL").clone(),
        class: database_class.map(class),
        lost: None,
        parameters: parameters.map(|parameters| text(parameters.json)),
        references: references.into_iter().map(resolved).collect(),
        logins: logins.into_iter().map(TryInto::try_into).collect::<Result<_, _>>().expect("logins"),
    }
}

fn resolved(resolved: wire::Resolved) -> Resolved {
    let wire::Resolved { path, group, kind, name, object_json } = resolved;
    Resolved { path, group, kind, name, object: text(object_json) }
}

pub(super) fn class(class: wire::Class) -> Class {
    Class { name: class.name, parameters: text(class.parameters_json) }
}

fn text(bytes: apimachinery::wire::ByteString) -> String {
    String::from_utf8(bytes.0).expect("JSON is UTF-8")
}

pub(super) fn disposal(disposal: &wire::Disposal) -> Disposal {
    match disposal {
        wire::Disposal::Retain => Disposal::Retain,
        wire::Disposal::Delete => Disposal::Delete,
        wire::Disposal::Other(other) => panic!("disposal {other:?}"),
    }
}

pub(super) fn kind(kind: ParametersKind) -> wire::ParametersKind {
    let ParametersKind { group, version, kind } = kind;
    wire::ParametersKind { group, version, kind }
}

pub(super) fn read(ReferenceKind { path, kind: named }: ReferenceKind) -> wire::ReferenceKind {
    wire::ReferenceKind { path, kind: kind(named) }
}

fn refusal(Refusal { reason, message }: Refusal) -> wire::Refusal {
    wire::Refusal { reason, message }
}

pub(super) fn offer(offer: Offer) -> wire::Offer {
    let Offer { engines, features, libraries, resources, storage_bytes, refused } = offer;
    let engine = |Engine { kind, flavor, versions }| wire::Engine { kind, flavor, versions };
    let engines = engines.into_iter().map(engine).collect();
    let amount = |amount: Option<Quantity>| amount.map(|amount| amount.to_string()).unwrap_or_default();
    let resource = |OfferedResource { name, min_limit, max_request, no_limits }| wire::OfferedResource {
        name,
        min_limit: amount(min_limit),
        max_request: amount(max_request),
        no_limits,
    };
    let resources = resources.into_iter().map(resource).collect();
    let storage_bytes = storage_bytes.map_or(0, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
    wire::Offer { engines, features, libraries, refused: refused.map(refusal), resources, storage_bytes }
}

pub(super) fn reference(Reference { group, kind, namespace, name }: Reference) -> wire::Reference {
    wire::Reference { group, kind, namespace, name }
}

pub(super) fn backup(Backup { reference: place, phase, message }: Backup) -> wire::Backup {
    let phase = format!("{phase:?}").as_str().into();
    wire::Backup { reference: Some(reference(place)), phase, message }
}

pub(super) fn plan(Plan { changes }: Plan) -> wire::Plan {
    let change = |Change { fields, effect, message }| {
        let effect = format!("{effect:?}").as_str().into();
        wire::Change { fields, effect, message }
    };
    wire::Plan { changes: changes.into_iter().map(change).collect() }
}

pub(super) fn phase(phase: Phase) -> wire::Phase {
    phase.as_str().into()
}

pub(super) fn role(role: Role) -> wire::Role {
    role.as_str().into()
}

pub(super) fn observed(observed: Observed) -> wire::Observed {
    let endpoint = |Endpoint { role: what, host, port, scope }| {
        let scope = scope.as_str().into();
        wire::Endpoint { role: role(what), host, port: port.into(), scope }
    };
    wire::Observed {
        phase: phase(observed.phase),
        message: observed.message,
        version: observed.version,
        instances: observed.instances,
        ready_instances: observed.ready_instances,
        primary: observed.primary,
        selector: observed.selector,
        endpoints: observed.endpoints.into_iter().map(endpoint).collect(),
        logins: observed.logins.iter().map(Into::into).collect(),
        superuser: observed.superuser.as_ref().map(Into::into),
        certificates: observed.certificates.unwrap_or_default(),
        tls_required: observed.tls_required,
        storage_bytes: observed.storage_bytes.map_or(0, |bytes| i64::try_from(bytes).expect("so many bytes")),
        refused: observed.refused.map(refusal),
        pending: observed.pending.unwrap_or_default(),
        shortage: observed.shortage.map(refusal),
    }
}

pub(super) fn news(news: News) -> wire::News {
    match news {
        News::Object { uid } => wire::News { uid, ..wire::News::default() },
        News::Class { name } => wire::News { class_name: name, ..wire::News::default() },
        News::Everything => wire::News::default(),
    }
}

pub(super) fn warning(Warning { uid, reason, message }: Warning) -> wire::Warning {
    wire::Warning { uid, reason, message }
}

pub(super) fn status(error: Error) -> tonic::Status {
    let Error { code, reason, message } = error;
    let code = match code {
        Code::InvalidArgument => tonic::Code::InvalidArgument,
        Code::FailedPrecondition => tonic::Code::FailedPrecondition,
        Code::ResourceExhausted => tonic::Code::ResourceExhausted,
        Code::Unavailable => tonic::Code::Unavailable,
    };
    let mut status = tonic::Status::new(code, message);
    if !reason.is_empty() {
        status.metadata_mut().insert(failure::REASON, reason.parse().expect("a reason is ASCII"));
    }
    status
}

#[test]
fn everything_that_is_observed_arrives() {
    let login = || Login {
        username: "app_1".into(),
        password: "pässword".into(),
        database: "app".into(),
        user: "app".into(),
    };
    for (phase, role) in [
        (Phase::Creating, Role::ReadWrite),
        (Phase::Available, Role::ReadOnly),
        (Phase::NoPrimary, Role::PooledReadWrite),
        (Phase::Failing, Role::ReadOnly),
        (Phase::Stopped, Role::ReadWrite),
    ] {
        let outside = Endpoint { scope: Scope::External, ..Endpoint::new(role, "outside", 1) };
        let sent = Observed {
            phase,
            message: "so it is".into(),
            version: "17.1".into(),
            instances: 3,
            ready_instances: 2,
            primary: "shop-1".into(),
            selector: "app=shop".into(),
            endpoints: vec![Endpoint::new(role, "h", 65535), outside],
            logins: vec![login()],
            superuser: Some(login()),
            certificates: Some("PEM".into()),
            tls_required: true,
            storage_bytes: Some(u64::from(u32::MAX) * 16),
            pending: Some("another replica".into()),
            restarting: false,
            refused: Some(Refusal::new("InvalidParameters", "no")),
            shortage: Some(Refusal::new("NotGrowable", "90 %")),
        };
        assert_eq!(Observed::try_from(observed(sent.clone())), Ok(sent));
    }
    assert_eq!(Observed::try_from(observed(Observed::default())), Ok(Observed::default()));
    let mut effects = Plan::default();
    for effect in [Effect::Nothing, Effect::Reload, Effect::Restart, Effect::Switchover, Effect::Downtime] {
        effects.add("spec", effect, "it does");
    }
    effects.add("spec", Effect::Rebuild, "it does");
    effects.add("spec", Effect::Refused, "it does not");
    assert_eq!(Plan::try_from(plan(effects.clone())), Ok(effects));
}

#[test]
fn what_means_nothing_is_an_error_and_no_value() {
    let endpoint =
        |port, role: &str| wire::Endpoint { role: role.into(), host: "h".into(), port, ..Default::default() };
    let beyond = wire::Endpoint { scope: "Moon".into(), ..endpoint(1, "ReadWrite") };
    let seen = |endpoint| {
        let observed =
            wire::Observed { phase: wire::Phase::Available, endpoints: vec![endpoint], ..Default::default() };
        Observed::try_from(observed).unwrap_err()
    };
    let far = endpoint(65536, "ReadWrite");
    for error in [endpoint(-1, "ReadWrite"), far, endpoint(1, "Write"), beyond].map(seen) {
        assert_eq!(error.code, Code::Unavailable, "{error:?}");
    }
    assert!(Observed::try_from(wire::Observed::default()).is_err(), "a phase is not left out");
    let login = wire::Login { password: apimachinery::wire::ByteString(vec![0xff]), ..Default::default() };
    let error = Observed::try_from(wire::Observed { logins: vec![login], ..observed(Observed::default()) })
        .unwrap_err();
    assert!(error.message.contains("a password that is not UTF-8"), "{error:?}");
}
