//! The cluster's policies of one kind with the bindings that apply them, read once and kept until one of them changes.

use super::expression::apart;
use super::kept::Kept;
use super::rule::{Place, Rule};
use arc_swap::ArcSwap;
use kube::Resource;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A policy with the bindings that apply it.
pub(super) struct Bound<P, B> {
    pub(super) policy: Arc<P>,
    pub(super) bindings: Vec<Arc<B>>,
}

/// What was made of a kind of policy and of its kind of binding.
pub(super) trait Kinds {
    /// The policy in the cluster.
    type PolicyObject: Resource;
    /// The binding in the cluster.
    type BindingObject: Resource;
    /// What is made of a policy.
    type Policy: AsRef<Rule>;
    /// What is made of a binding.
    type Binding: AsRef<Place>;

    fn policy(object: &Self::PolicyObject) -> Self::Policy;
    fn binding(object: &Self::BindingObject) -> Self::Binding;
    /// Whether two policies say the same.
    fn same_policy(old: &Self::PolicyObject, new: &Self::PolicyObject) -> bool;
    /// Whether two bindings say the same.
    fn same_binding(old: &Self::BindingObject, new: &Self::BindingObject) -> bool;
}

/// All policies of a kind that are bound.
type AllBound<K> = Vec<Bound<<K as Kinds>::Policy, <K as Kinds>::Binding>>;

/// Policies of a kind. A clone is the same ones.
pub(super) struct Library<K: Kinds> {
    sources: Arc<Mutex<Sources<K>>>,
    bound: Arc<ArcSwap<AllBound<K>>>,
}

impl<K: Kinds> Clone for Library<K> {
    fn clone(&self) -> Self {
        Library { sources: self.sources.clone(), bound: self.bound.clone() }
    }
}

impl<K: Kinds> Default for Library<K> {
    fn default() -> Self {
        let sources = Sources { policies: Kept::default(), bindings: Kept::default() };
        Library { sources: Arc::new(Mutex::new(sources)), bound: Arc::default() }
    }
}

struct Sources<K: Kinds> {
    policies: Kept<K::PolicyObject, K::Policy>,
    bindings: Kept<K::BindingObject, K::Binding>,
}

impl<K: Kinds> Sources<K> {
    /// Policies that are bound, by name.
    fn bound(&self) -> AllBound<K> {
        let mut bindings: HashMap<&str, Vec<Arc<K::Binding>>> = HashMap::new();
        for (_, binding) in self.bindings.iter() {
            bindings.entry(&(**binding).as_ref().policy).or_default().push(binding.clone());
        }
        let bound = self.policies.iter().filter_map(|(name, policy)| {
            Some(Bound { policy: policy.clone(), bindings: bindings.remove(name)? })
        });
        bound.collect()
    }
}

impl<K: Kinds> Library<K> {
    /// Policies that are bound, by name.
    pub(super) fn bound(&self) -> Arc<AllBound<K>> {
        self.bound.load_full()
    }

    /// From now on, these policies.
    pub(super) fn set_policies(&self, policies: Vec<Arc<K::PolicyObject>>) {
        self.change(|sources| sources.policies.set(policies, K::same_policy, K::policy));
    }

    /// From now on, these bindings.
    pub(super) fn set_bindings(&self, bindings: Vec<Arc<K::BindingObject>>) {
        self.change(|sources| sources.bindings.set(bindings, K::same_binding, K::binding));
    }

    fn change(&self, change: impl FnOnce(&mut Sources<K>)) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        // Many policies at once take long to read.
        apart(true, || change(&mut sources));
        self.bound.store(Arc::new(sources.bound()));
    }
}
