//! `PostgreSQL` v1alpha1: the 2019 draft.

mod from_hub;
mod into_hub;
mod wire;

pub use wire::PostgreSQL as V1alpha1;

use super::{PostgreSQL, UserAttribute, V1};
use crate::draft::{self, Draft};
use apimachinery::kind::WireVersion;
use apimachinery::meta::ObjectMeta;
use apimachinery::wire::StringList;

impl WireVersion<PostgreSQL> for V1alpha1 {
    const NAME: &'static str = "v1alpha1";
    const DEPRECATED: Option<&'static str> = Some(
        "databases.standard.k8s.io/v1alpha1 PostgreSQL is deprecated; use databases.standard.k8s.io/v1 PostgreSQL",
    );

    fn into_hub(self) -> PostgreSQL {
        draft::into_hub(self)
    }

    fn from_hub(hub: &PostgreSQL) -> Self {
        draft::from_hub(hub)
    }
}

impl Draft for V1alpha1 {
    type Hub = PostgreSQL;
    type V1 = V1;

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }

    fn common_into_hub(self) -> PostgreSQL {
        into_hub::common(self)
    }

    fn common_from_hub(hub: &PostgreSQL) -> Self {
        from_hub::common(hub)
    }

    fn clear_computed(&mut self) {
        self.status.phase.clear();
        for StringList(flags) in self.spec.options.iter_mut().flat_map(|options| options.users.values_mut()) {
            for flag in flags.iter_mut().filter(|flag| UserAttribute::SUPPORTED.contains(&flag.as_str())) {
                flag.make_ascii_lowercase();
            }
        }
    }
}

/// Fields of the draft that no server has: those that steered CockroachDB, and the mode that one operator had.
const WITHOUT_EFFECT: [&str; 3] =
    ["spec.options.cachePercent", "spec.options.maxSQLMemoryPercent", "spec.options.standbyMode"];

/// Says of what the draft still carries that it has no effect.
pub(super) fn warnings(hub: &PostgreSQL) -> Vec<String> {
    draft::warn_without_effect(hub, &WITHOUT_EFFECT)
}
