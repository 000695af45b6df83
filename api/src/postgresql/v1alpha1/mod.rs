//! `PostgreSQL` v1alpha1: the 2019 draft, converted without loss.
//!
//! Both directions map what both versions can say; what the other cannot say is found by converting back and
//! comparing, and kept in the annotations of [`crate::stash`].

mod from_hub;
mod into_hub;
mod wire;

pub use wire::PostgreSQL as V1alpha1;

use super::{PostgreSQL, V1};
use crate::stash::{self, OF_V1, OF_V1ALPHA1};
use apimachinery::kind::WireVersion;
use apimachinery::wire::{Value as _, json};

impl WireVersion<PostgreSQL> for V1alpha1 {
    const NAME: &'static str = "v1alpha1";
    const DEPRECATED: Option<&'static str> = Some(
        "databases.standard.k8s.io/v1alpha1 PostgreSQL is deprecated; use databases.standard.k8s.io/v1 PostgreSQL",
    );

    fn into_hub(mut self) -> PostgreSQL {
        let entries = stash::take(&mut self.metadata.annotations, OF_V1);
        let draft = without_phase(&self);
        let mut hub = fold_v1(into_hub::plain(self), &entries);
        let back = without_phase(&from_hub::plain(&hub));
        let mut lost = stash::difference(V1alpha1::SCHEMA, &draft, &back);
        lost.retain(stash::Entry::is_news);
        stash::put(&mut hub.metadata.annotations, OF_V1ALPHA1, &lost);
        hub
    }

    fn from_hub(hub: &PostgreSQL) -> Self {
        let mut draft = from_hub::plain(hub);
        let entries = stash::take(&mut draft.metadata.annotations, OF_V1ALPHA1);
        draft = fold_draft(draft, &entries);
        let restored = tree_of_hub(&into_hub::plain(draft.clone()));
        let mut lost = stash::difference(V1::SCHEMA, &tree_of_hub(hub), &restored);
        // Nobody adds to a status what has to come after the rest of it.
        lost.retain(|entry| entry.is_news() || !entry.is_of_status());
        stash::put(&mut draft.metadata.annotations, OF_V1, &lost);
        draft
    }
}

/// Fields of the draft that no server has: those that steered CockroachDB, and the mode that one operator had.
const WITHOUT_EFFECT: [&str; 3] =
    ["spec.options.cachePercent", "spec.options.maxSQLMemoryPercent", "spec.options.standbyMode"];

/// Says of what the draft still carries that it has no effect.
pub(super) fn warnings(hub: &PostgreSQL) -> Vec<String> {
    let paths = stash::paths(&hub.metadata.annotations, OF_V1ALPHA1);
    let kept = paths.iter().filter(|path| WITHOUT_EFFECT.contains(&path.as_str()));
    kept.map(|path| format!("{path}: kept for v1alpha1, without effect")).collect()
}

/// Spec and status alone: metadata is the same in every version.
fn without_metadata(mut tree: serde_json::Value) -> serde_json::Value {
    if let Some(map) = tree.as_object_mut() {
        map.remove("metadata");
    }
    tree
}

fn tree_of_hub(hub: &PostgreSQL) -> serde_json::Value {
    without_metadata(json::to_tree(&V1::from_hub(hub)))
}

/// The phase is computed, so it is never lost.
fn without_phase(draft: &V1alpha1) -> serde_json::Value {
    let mut draft = draft.clone();
    draft.status.phase.clear();
    without_metadata(json::to_tree(&draft))
}

fn fold_v1(hub: PostgreSQL, entries: &[stash::Entry]) -> PostgreSQL {
    if entries.is_empty() {
        return hub;
    }
    let mut tree = json::to_tree(&V1::from_hub(&hub));
    stash::fold(V1::SCHEMA, &mut tree, entries);
    // A stash that does not fit the type is nobody's.
    json::decode_tree::<V1>(&tree).map_or(hub, |(value, _)| value.into_hub())
}

fn fold_draft(draft: V1alpha1, entries: &[stash::Entry]) -> V1alpha1 {
    if entries.is_empty() {
        return draft;
    }
    let mut tree = json::to_tree(&draft);
    stash::fold(V1alpha1::SCHEMA, &mut tree, entries);
    json::decode_tree::<V1alpha1>(&tree).map_or(draft, |(value, _)| value)
}
