//! Versions of the 2019 draft, converted without loss.
//!
//! A kind writes two mappings of what both versions can say. What the other version cannot say is found by mapping back
//! and comparing, and is kept in the annotations of [`crate::stash`].

use crate::stash::{self, Entry, OF_V1, OF_V1ALPHA1};
use apimachinery::kind::{Kind, WireVersion};
use apimachinery::meta::ObjectMeta;
use apimachinery::wire::{Object, Value as _, json};
use serde_json::Value;

/// A version of the draft, by what it has in common with v1.
pub(crate) trait Draft: Object + Clone {
    /// The kind.
    type Hub: Kind;
    /// Its v1.
    type V1: WireVersion<Self::Hub>;

    /// The object's metadata.
    fn meta_mut(&mut self) -> &mut ObjectMeta;
    /// To the hub, what v1 can say.
    fn common_into_hub(self) -> Self::Hub;
    /// From the hub, what the draft can say.
    fn common_from_hub(hub: &Self::Hub) -> Self;
    /// Clears what is computed from other fields, and gives what may be spelled in several ways the spelling that is shown:
    /// neither is ever lost.
    fn clear_computed(&mut self);
}

/// To the hub; what v1 cannot say goes into an annotation, and what came out of one is folded back.
pub(crate) fn into_hub<D: Draft>(mut draft: D) -> D::Hub {
    let kept = stash::take(&mut draft.meta_mut().annotations, OF_V1);
    let before = tree_of_draft(&draft);
    let hub = draft.common_into_hub();
    let mut hub = folded(&D::V1::from_hub(&hub), &kept).map_or(hub, WireVersion::into_hub);
    let after = tree_of_draft(&D::common_from_hub(&hub));
    let mut lost = stash::difference(D::SCHEMA, &before, &after);
    lost.retain(Entry::is_news);
    stash::put(&mut hub.meta_mut().annotations, OF_V1ALPHA1, &lost);
    hub
}

/// From the hub; what the draft cannot say goes into an annotation, and what came out of one is folded back.
pub(crate) fn from_hub<D: Draft>(hub: &D::Hub) -> D {
    let mut draft = D::common_from_hub(hub);
    let kept = stash::take(&mut draft.meta_mut().annotations, OF_V1ALPHA1);
    draft = folded(&draft, &kept).unwrap_or(draft);
    let after = tree_of_hub::<D>(&draft.clone().common_into_hub());
    let mut lost = stash::difference(D::V1::SCHEMA, &tree_of_hub::<D>(hub), &after);
    // Nobody adds to a status what has to come after the rest of it.
    lost.retain(|entry| entry.is_news() || !entry.is_of_status());
    stash::put(&mut draft.meta_mut().annotations, OF_V1, &lost);
    draft
}

/// Says of these fields of a draft, which no server has, that those which the object still carries have no effect.
pub(crate) fn warn_without_effect(hub: &impl Kind, fields: &[&str]) -> Vec<String> {
    let paths = stash::paths(&hub.meta().annotations, OF_V1ALPHA1);
    let kept = paths.iter().filter(|path| fields.contains(&path.as_str()));
    kept.map(|path| format!("{path}: kept for v1alpha1, without effect")).collect()
}

/// Spec and status alone: metadata is the same in every version.
fn without_metadata(mut tree: Value) -> Value {
    if let Some(map) = tree.as_object_mut() {
        map.remove("metadata");
    }
    tree
}

fn tree_of_hub<D: Draft>(hub: &D::Hub) -> Value {
    without_metadata(json::to_tree(&D::V1::from_hub(hub)))
}

fn tree_of_draft<D: Draft>(draft: &D) -> Value {
    let mut draft = draft.clone();
    draft.clear_computed();
    without_metadata(json::to_tree(&draft))
}

/// The value with these entries, unless there are none, or they do not fit the type and are nobody's.
fn folded<T: Object>(value: &T, entries: &[Entry]) -> Option<T> {
    if entries.is_empty() {
        return None;
    }
    let mut tree = json::to_tree(value);
    stash::fold(T::SCHEMA, &mut tree, entries);
    json::decode_tree::<T>(&tree).ok().map(|(value, _)| value)
}
