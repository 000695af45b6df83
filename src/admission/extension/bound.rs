//! The cluster's policies of one kind with the bindings that apply them, read once and kept until one of them changes; and
//! their parameters, which are watched as long as a policy that is bound names them.

use super::expression::{Value, apart};
use super::kept::Kept;
use super::rule::{Place, Rule};
use crate::cluster::{Cluster, Sought, Watched};
use arc_swap::ArcSwap;
use kube::Resource;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A policy with the bindings that apply it.
pub(super) struct Bound<P, B> {
    pub(super) policy: Arc<P>,
    pub(super) bindings: Vec<Applied<B>>,
}

/// A binding with the parameters that it names of the policy's kind.
pub(super) struct Applied<B> {
    pub(super) binding: Arc<B>,
    pub(super) params: Params,
}

/// The parameters of a policy and a binding; `None` where these name none, an error where they cannot be sought.
pub(super) type Params = Option<Result<Arc<Watched<Value>>, String>>;

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
    cluster: Cluster,
    sources: Arc<Mutex<Sources<K>>>,
    bound: Arc<ArcSwap<AllBound<K>>>,
}

impl<K: Kinds> Clone for Library<K> {
    fn clone(&self) -> Self {
        let Library { cluster, sources, bound } = self;
        Library { cluster: cluster.clone(), sources: sources.clone(), bound: bound.clone() }
    }
}

struct Sources<K: Kinds> {
    policies: Kept<K::PolicyObject, K::Policy>,
    bindings: Kept<K::BindingObject, K::Binding>,
    /// What is watched while somebody holds it.
    watched: HashMap<Sought, Weak<Watched<Value>>>,
}

impl<K: Kinds> Sources<K> {
    /// Policies that are bound, by name.
    fn bound(&mut self, cluster: &Cluster) -> AllBound<K> {
        let Sources { policies, bindings, watched } = self;
        watched.retain(|_, params| params.strong_count() > 0);
        let mut of_policies: HashMap<&str, Vec<&Arc<K::Binding>>> = HashMap::new();
        for (_, binding) in bindings.iter() {
            of_policies.entry(&(**binding).as_ref().policy).or_default().push(binding);
        }
        let bound = policies.iter().filter_map(|(name, policy)| {
            let mut apply = |binding: &Arc<K::Binding>| {
                let sought = (**policy).as_ref().sought((**binding).as_ref())?;
                Some(sought.map(|sought| shared(watched, sought, cluster)))
            };
            let bindings = of_policies.remove(name)?.into_iter();
            let bindings = bindings
                .map(|binding| Applied { params: apply(binding), binding: binding.clone() })
                .collect();
            Some(Bound { policy: policy.clone(), bindings })
        });
        bound.collect()
    }
}

/// What is watched already, or is from now on.
fn shared(
    watched: &mut HashMap<Sought, Weak<Watched<Value>>>,
    sought: Sought,
    cluster: &Cluster,
) -> Arc<Watched<Value>> {
    let known = watched.get(&sought).and_then(Weak::upgrade);
    known.unwrap_or_else(|| {
        let new = Arc::new(cluster.watch_params(sought.clone(), Value::from));
        watched.insert(sought, Arc::downgrade(&new));
        new
    })
}

impl<K: Kinds> Library<K> {
    /// None yet; parameters are those of this cluster.
    pub(super) fn new(cluster: Cluster) -> Self {
        let sources =
            Sources { policies: Kept::default(), bindings: Kept::default(), watched: HashMap::new() };
        Library { cluster, sources: Arc::new(Mutex::new(sources)), bound: Arc::default() }
    }

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
        self.bound.store(Arc::new(sources.bound(&self.cluster)));
    }
}
