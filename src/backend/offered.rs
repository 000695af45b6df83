//! What a backend says beforehand that it can do for the objects of a class.

use super::Refusal;
use apimachinery::quantity::Quantity;

/// What a backend can do for the objects of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// What it runs.
    pub engines: Vec<Engine>,
    /// Names of Extended features, such as `PostgreSQLReplicas`; Core needs no name but the kind's.
    pub features: Vec<String>,
    /// Modules that `shared_preload_libraries` may name.
    pub libraries: Vec<String>,
    /// Compute resources that `spec.resources` may name; empty for any.
    pub resources: Vec<OfferedResource>,
    /// All the space that there is for the data of a server, used or not; none where that is not known.
    pub storage_bytes: Option<u64>,
    /// Why no new object of the class is taken; none where they are. The reason is one of the class's `Accepted`.
    pub refused: Option<Refusal>,
}

/// How much of a compute resource a server can have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferedResource {
    /// The resource, such as `cpu`.
    pub name: String,
    /// The least that a limit may be; none for any.
    pub min_limit: Option<Quantity>,
    /// The most that a request may be: what a machine has; none where that is not known.
    pub max_request: Option<Quantity>,
    /// Why no limit can be held, in words that follow "because"; empty where limits are held.
    pub no_limits: String,
}

/// One product in its versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    /// The kind, such as `PostgreSQL`.
    pub kind: String,
    /// The product, such as `PostgreSQL`.
    pub flavor: String,
    /// Versions as `spec.version` names them; the first is the default.
    pub versions: Vec<String>,
}
