//! The kinds of `core/v1` that a server without a cluster serves: what our objects refer to.

apimachinery::kind::kinds! {
    /// The kinds of the core group that a server without a cluster serves beside those of the standard.
    pub fn definitions: namespace, secret, config_map, event
}

mod event_rules;
mod rules;
mod secret_types;
#[cfg(test)]
mod tests;

pub use config_map::ConfigMap;
pub use event::Event;
pub use namespace::Namespace;
pub use secret::Secret;

use apimachinery::kind::Column;

const PACKAGE: &str = "io.k8s.api.core.v1";

const fn column(name: &'static str, kind: &'static str, priority: i32) -> Column {
    Column::new(name, kind, "", priority)
}

/// The column of the name.
const NAME: Column = Column::object_name();
