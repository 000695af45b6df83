//! Where ours answers something else than sample-apiserver or kube-apiserver, on purpose.

mod both;
mod core;
mod sample;

use crate::world::World;

/// One of them.
pub(crate) struct Deviation {
    /// What it is about.
    pub(crate) name: &'static str,
    /// Why.
    pub(crate) why: &'static str,
    /// Where: a pattern of `REQUEST => THEIR STATUS | OUR STATUS`.
    pub(crate) at: &'static str,
    /// What stands in their answer alone: a pattern of whole lines; empty when nothing does.
    pub(crate) theirs: &'static str,
    /// What stands in ours alone.
    pub(crate) ours: &'static str,
}

/// With these the two have different things stored: an episode ends.
pub(crate) const PARTINGS: &[&str] = &[
    "a second reference",
    "a reference without its type",
    "metadata by way of a status",
    "a namespace that nobody finalizes",
];

/// Those that come up beside one of the two servers.
pub(crate) fn beside(world: World) -> impl Iterator<Item = &'static Deviation> {
    let own = match world {
        World::Sample => sample::SAMPLE,
        World::Core => core::CORE,
    };
    both::BOTH.iter().chain(own)
}

/// All of them. Each must come up where very many requests are made.
pub(crate) fn all() -> impl Iterator<Item = &'static Deviation> {
    [both::BOTH, sample::SAMPLE, core::CORE].into_iter().flatten()
}
