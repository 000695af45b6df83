//! Who depends on whom, as far as the feeds have told: whom to look at when something goes.

use crate::registry::Stored;
use std::collections::{BTreeSet, HashMap};

/// One object, and no later one of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// The kind's place among the registry's stores.
    pub(super) store: usize,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
}

impl Node {
    pub(super) fn new(store: usize, stored: &Stored) -> Self {
        let (namespace, name, uid) = (stored.namespace(), stored.name(), stored.uid());
        Node { store, namespace: namespace.to_owned(), name: name.to_owned(), uid: uid.to_owned() }
    }

    pub(super) fn key(&self) -> String {
        format!("{}/{}/{}/{}", self.store, self.namespace, self.name, self.uid)
    }

    pub(super) fn parse(key: &str) -> Option<Self> {
        let mut parts = key.splitn(4, '/').map(str::to_owned);
        let store = parts.next()?.parse().ok()?;
        Some(Node { store, namespace: parts.next()?, name: parts.next()?, uid: parts.next()? })
    }
}

/// Dependents and their owners' uids. Objects without owners are not in it.
#[derive(Default)]
pub(super) struct Graph {
    owners: HashMap<String, Vec<String>>,
    dependents: HashMap<String, BTreeSet<String>>,
    /// The keys of owners that wait for dependents, by uid.
    waiting: HashMap<String, String>,
}

impl Graph {
    /// Notes an object's owners; whether it has or had any.
    pub(super) fn put(&mut self, node: &Node, owners: Vec<String>) -> bool {
        let key = node.key();
        let before = self.unlink(&key);
        if owners.is_empty() {
            return before;
        }
        for owner in &owners {
            self.dependents.entry(owner.clone()).or_default().insert(key.clone());
        }
        self.owners.insert(key, owners);
        true
    }

    /// Forgets an object that is gone.
    pub(super) fn remove(&mut self, node: &Node) {
        self.unlink(&node.key());
        self.settled(&node.uid);
    }

    fn unlink(&mut self, key: &str) -> bool {
        let Some(owners) = self.owners.remove(key) else { return false };
        for owner in &owners {
            if let Some(dependents) = self.dependents.get_mut(owner) {
                dependents.remove(key);
                if dependents.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
        true
    }

    pub(super) fn has_dependents(&self, uid: &str) -> bool {
        self.dependents.contains_key(uid)
    }

    /// The keys of an owner's dependents.
    pub(super) fn dependents(&self, uid: &str) -> Vec<String> {
        self.dependents.get(uid).map_or_else(Vec::new, |keys| keys.iter().cloned().collect())
    }

    /// An owner waits for its dependents.
    pub(super) fn waits(&mut self, node: &Node) {
        self.waiting.insert(node.uid.clone(), node.key());
    }

    /// It waits no more.
    pub(super) fn settled(&mut self, uid: &str) {
        self.waiting.remove(uid);
    }

    /// The keys of an object's owners that wait.
    pub(super) fn waiting_owners(&self, node: &Node) -> Vec<String> {
        let owners = self.owners.get(&node.key()).into_iter().flatten();
        owners.filter_map(|uid| self.waiting.get(uid).cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> Node {
        Node { store: 3, namespace: "demo".into(), name: name.into(), uid: format!("uid-{name}") }
    }

    #[test]
    fn a_key_is_one_object() {
        for node in [node("a"), Node { namespace: String::new(), ..node("b") }] {
            assert_eq!(Node::parse(&node.key()), Some(node));
        }
    }

    #[test]
    fn what_is_forgotten_leaves_nothing() {
        let mut graph = Graph::default();
        assert!(graph.put(&node("a"), vec!["x".into(), "y".into()]));
        assert_eq!(graph.dependents("x"), [node("a").key()]);
        assert!(graph.put(&node("a"), vec!["y".into()]), "the owners changed");
        assert!(!graph.has_dependents("x"));
        graph.remove(&node("a"));
        assert!(graph.owners.is_empty() && graph.dependents.is_empty());
        assert!(!graph.put(&node("a"), Vec::new()), "it never had owners");
    }
}
