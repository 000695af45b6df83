//! The kinds of `core/v1` that a server without a cluster serves: what the objects of any group refer to.

apimachinery::kind::kinds! {
    /// The kinds of the core group that a server without a cluster serves beside its own.
    pub fn definitions: namespace, secret, config_map, event
}

mod event_rules;
mod rules;
mod secret_types;
#[cfg(test)]
mod tests;

pub use config_map::ConfigMap;
pub use event::Event;
pub use namespace::{Namespace, NamespaceCondition};
pub use secret::Secret;

use apimachinery::kind::{Column, Hub};
use serde_json::Value;

const PACKAGE: &str = "io.k8s.api.core.v1";

const fn column(name: &'static str, priority: i32, cell: fn(&dyn Hub) -> Value) -> Column {
    Column::new(name, "string", "", priority, cell)
}

/// The column of the name.
const NAME: Column = Column::object_name();
/// The column of the age.
const AGE: Column = Column { description: "", ..Column::age() };
