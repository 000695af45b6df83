//! The two sides of a comparison: who is asked beside ours, and about which collections.

/// Beside whom ours is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum World {
    /// Upstream's sample-apiserver, with ours of the same group.
    Sample,
    /// kube-apiserver, with ours that has no cluster and serves kinds of the core group itself.
    Core,
}

/// The namespaces in which is written.
pub(crate) const NAMESPACES: [&str; 2] = ["one", "two"];

impl World {
    /// Where its group lies.
    pub(crate) fn root(self) -> &'static str {
        match self {
            World::Sample => "/apis/wardle.example.com",
            World::Core => "/api",
        }
    }

    /// Whether an object is there before anything is asked, and stays.
    pub(crate) fn is_standing(self, namespace: &str, name: &str) -> bool {
        let is_elsewhere = !namespace.is_empty() && !NAMESPACES.contains(&namespace);
        let is_kept = namespace.is_empty() && (name.starts_with("kube-") || name == "default");
        self == World::Core
            && (is_elsewhere || is_kept || (namespace.is_empty() && NAMESPACES.contains(&name)))
    }
}
