//! The messages of the protocol, each declared once: how they travel and `api/proto/backend/v1/backend.proto` both come from
//! here. They are the contract's values (`crate::backend`), one message a value; `convert` names every field of both.
//!
//! Only a message may be absent. A number, a text or a list that says nothing is empty, as in the contract.

pub(super) use super::object_messages::{
    Backup, BackupPhase, Change, Disposal, Effect, Endpoint, Login, Observation, Observed, Parameters, Phase,
    Plan, Reference, Removal, Request, Resolved, Role, Scope,
};

use apimachinery::wire::ByteString;
use apimachinery::{api_enum, api_type};

/// The package of the protocol; its last part is the protocol's version.
pub(super) const PACKAGE: &str = "databases.backend.v1";
/// The version that this server speaks.
pub(super) const VERSION: &str = "v1";

api_enum! {
    /// What a backend may do, and need not.
    pub(super) enum Capability { News, Plan, ForgetsLogins, Warnings }
}

/// Nothing.
#[api_type]
pub(super) struct Nothing {}

/// Who asks.
#[api_type]
pub(super) struct Caller {
    /// The version of the server.
    #[api(1)]
    pub(super) server_version: String,
    /// The versions of the protocol that it speaks.
    #[api(2)]
    pub(super) protocol_versions: Vec<String>,
}

/// Who a backend is.
#[api_type]
pub(super) struct Info {
    /// What classes name it by: domain/path, the name that it is registered by.
    #[api(1)]
    pub(super) name: String,
    /// Its own version, for people.
    #[api(2)]
    pub(super) version: String,
    /// The versions of the protocol that it speaks, such as v1.
    #[api(3)]
    pub(super) protocol_versions: Vec<String>,
    /// What it does of what it need not do. News: it announces changes. Plan: it says what a change will disturb.
    /// ForgetsLogins: it does not keep passwords, and is given the published ones with every request. Warnings: it tells what
    /// whoever looks after an implementation warns of.
    #[api(4)]
    pub(super) capabilities: Vec<Capability>,
    /// Kinds that spec.parametersRef of a class may name.
    #[api(5)]
    pub(super) class_parameters: Vec<ParametersKind>,
    /// Kinds that spec.parametersRef of an object may name; they lie in the object's namespace.
    #[api(6)]
    pub(super) object_parameters: Vec<ParametersKind>,
    /// Kinds that other references of an object may name, such as spec.adoptRef; they lie in the object's namespace. What is
    /// not listed is not read for it.
    #[api(7)]
    pub(super) object_references: Vec<ReferenceKind>,
    /// The API groups that its references have besides the domain of its name.
    #[api(8)]
    pub(super) groups: Vec<String>,
}

/// A kind of object that a spec.parametersRef may name.
#[api_type]
pub(super) struct ParametersKind {
    /// API group; empty for the core group.
    #[api(1)]
    pub(super) group: String,
    /// The version it is read in.
    #[api(2)]
    pub(super) version: String,
    /// Kind.
    #[api(3)]
    pub(super) kind: String,
}

/// A kind of object that a reference of a spec may name.
#[api_type]
pub(super) struct ReferenceKind {
    /// The field of the spec, such as spec.adoptRef.
    #[api(1)]
    pub(super) path: String,
    /// What it may name.
    #[api(2)]
    pub(super) kind: ParametersKind,
}

/// A class.
#[api_type]
pub(super) struct Class {
    /// Its name.
    #[api(1)]
    pub(super) name: String,
    /// The object that its spec.parametersRef names, as JSON; empty where there is none.
    #[api(2)]
    pub(super) parameters_json: ByteString,
}

/// What a backend can do for the objects of a class.
#[api_type]
pub(super) struct Offer {
    /// What it runs.
    #[api(1)]
    pub(super) engines: Vec<Engine>,
    /// Names of Extended features, such as PostgreSQLReplicas. What is not listed is refused when it is typed.
    #[api(2)]
    pub(super) features: Vec<String>,
    /// Modules that shared_preload_libraries may name.
    #[api(3)]
    pub(super) libraries: Vec<String>,
    /// Why no new object of the class is taken; not set where they are.
    #[api(4)]
    pub(super) refused: Option<Refusal>,
    /// Compute resources that spec.resources may name; empty for any.
    #[api(5)]
    pub(super) resources: Vec<OfferedResource>,
    /// All the bytes that there are for the data of a server, used or not; 0 where that is not known.
    #[api(6)]
    pub(super) storage_bytes: i64,
}

/// How much of a compute resource a server can have. Amounts are written as Kubernetes writes them, such as 500m or 2Gi; what is
/// empty is not bounded.
#[api_type]
pub(super) struct OfferedResource {
    /// The resource, such as cpu.
    #[api(1)]
    pub(super) name: String,
    /// The least that a limit may be.
    #[api(2)]
    pub(super) min_limit: String,
    /// The most that a request may be: what a machine has.
    #[api(3)]
    pub(super) max_request: String,
    /// Why no limit can be held, in words that follow "because"; empty where limits are held.
    #[api(4)]
    pub(super) no_limits: String,
}

/// One product in its versions.
#[api_type]
pub(super) struct Engine {
    /// The kind, such as PostgreSQL.
    #[api(1)]
    pub(super) kind: String,
    /// The product, such as PostgreSQL.
    #[api(2)]
    pub(super) flavor: String,
    /// Versions as spec.version names them; the first is the default.
    #[api(3)]
    pub(super) versions: Vec<String>,
}

/// What a backend will not do.
#[api_type]
pub(super) struct Refusal {
    /// A reason of the Accepted condition, such as InvalidParameters.
    #[api(1)]
    pub(super) reason: String,
    /// What to change.
    #[api(2)]
    pub(super) message: String,
}

/// What changed by itself and should be looked at: an object, a class's offer, or, where nothing is named, everything.
#[api_type]
pub(super) struct News {
    /// The uid of an object, such as one whose server died.
    #[api(1)]
    pub(super) uid: String,
    /// The name of a class that is offered something else.
    #[api(2)]
    pub(super) class_name: String,
}

/// What whoever looks after an object's implementation warns of, such as an operator: shown as an event of the object.
#[api_type]
pub(super) struct Warning {
    /// The object's uid. What is about an object that is not known is shown nowhere.
    #[api(1)]
    pub(super) uid: String,
    /// Why, in a word of at most 128 letters and digits, such as FailedCreate.
    #[api(2)]
    pub(super) reason: String,
    /// The same for a person, without a secret; what is beyond 1024 bytes is not shown.
    #[api(3)]
    pub(super) message: String,
}
