//! Sets of fields.

use super::element::Element;
use std::cmp::Ordering;

/// A set of paths into an object. That a path is in it says nothing of the paths above or below.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSet<'a> {
    /// By element; none without a meaning.
    nodes: Vec<Node<'a>>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node<'a> {
    pub(super) element: Element<'a>,
    /// Whether the path that ends here is in the set.
    pub(super) member: bool,
    /// What is in the set below.
    pub(super) below: FieldSet<'a>,
}

impl<'a> FieldSet<'a> {
    /// The set of these paths.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p [Element<'a>]>) -> Self
    where
        'a: 'p,
    {
        let mut set = FieldSet::default();
        for path in paths {
            set.insert(path);
        }
        set
    }

    /// Adds a path; the empty one is in no set.
    pub fn insert(&mut self, path: &[Element<'a>]) {
        let [first, rest @ ..] = path else { return };
        let found = self.nodes.binary_search_by(|node| node.element.order(first));
        let at = found.unwrap_or_else(|at| {
            let node = Node { element: first.clone(), member: false, below: FieldSet::default() };
            self.nodes.insert(at, node);
            at
        });
        match rest {
            [] => self.nodes[at].member = true,
            rest => self.nodes[at].below.insert(rest),
        }
    }

    /// Adds a node whose element comes after all that are there; one without a meaning is left out.
    pub(super) fn push(&mut self, element: &Element<'a>, member: bool, below: FieldSet<'a>) {
        if member || !below.is_empty() {
            self.nodes.push(Node { element: element.clone(), member, below });
        }
    }

    /// A set of nodes, which stand in order in most texts. Of equal elements the last says what is below.
    pub(super) fn from_nodes(mut nodes: Vec<Node<'a>>) -> Self {
        let in_order = |pair: &[Node<'a>]| pair[0].element.order(&pair[1].element).is_lt();
        if !nodes.windows(2).all(in_order) {
            nodes.sort_by(|one, other| one.element.order(&other.element));
            nodes.dedup_by(|other, one| {
                let same = other.element.order(&one.element).is_eq();
                if same {
                    one.member |= other.member;
                    if !other.below.is_empty() {
                        one.below = std::mem::take(&mut other.below);
                    }
                }
                same
            });
        }
        nodes.retain(|node| node.member || !node.below.is_empty());
        FieldSet { nodes }
    }

    /// What is in any of them.
    pub(super) fn union_of(mut sets: Vec<FieldSet<'a>>) -> Self {
        // In pairs, so that what was merged is not copied again for each set that follows.
        while sets.len() > 1 {
            let mut pairs = sets.into_iter();
            sets = Vec::with_capacity(pairs.len().div_ceil(2));
            while let Some(one) = pairs.next() {
                sets.push(one.union(pairs.next().unwrap_or_default()));
            }
        }
        sets.pop().unwrap_or_default()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many paths are in it.
    pub fn len(&self) -> usize {
        self.nodes.iter().map(|node| usize::from(node.member) + node.below.len()).sum()
    }

    /// Whether the path is in it.
    pub fn contains(&self, path: &[Element<'_>]) -> bool {
        let [first, rest @ ..] = path else { return false };
        let Some(node) = self.find(first) else { return false };
        if rest.is_empty() { node.member } else { node.below.contains(rest) }
    }

    /// Whether all that is in it is in `other`.
    pub(super) fn is_subset(&self, other: &FieldSet<'_>) -> bool {
        self.nodes.iter().all(|node| {
            let is_in = |theirs: &Node<'_>| theirs.member || !node.member;
            other
                .find(&node.element)
                .is_some_and(|theirs| is_in(theirs) && node.below.is_subset(&theirs.below))
        })
    }

    pub(super) fn find(&self, element: &Element<'_>) -> Option<&Node<'a>> {
        let at = self.nodes.binary_search_by(|node| node.element.order(element)).ok()?;
        Some(&self.nodes[at])
    }

    /// All paths, each before those below it.
    pub fn paths(&self) -> Vec<Vec<Element<'a>>> {
        let mut paths = Vec::new();
        self.collect(&mut Vec::new(), &mut paths);
        paths
    }

    fn collect(&self, above: &mut Vec<Element<'a>>, paths: &mut Vec<Vec<Element<'a>>>) {
        for node in &self.nodes {
            above.push(node.element.clone());
            if node.member {
                paths.push(above.clone());
            }
            node.below.collect(above, paths);
            above.pop();
        }
    }

    /// What is in either.
    pub fn union(self, other: FieldSet<'a>) -> FieldSet<'a> {
        if self.is_empty() {
            return other;
        }
        let mut nodes = Vec::with_capacity(self.nodes.len() + other.nodes.len());
        let (mut ours, mut theirs) = (self.nodes.into_iter().peekable(), other.nodes.into_iter().peekable());
        while let (Some(one), Some(other)) = (ours.peek(), theirs.peek()) {
            match one.element.order(&other.element) {
                Ordering::Less => nodes.extend(ours.next()),
                Ordering::Greater => nodes.extend(theirs.next()),
                Ordering::Equal => nodes.extend(ours.next().zip(theirs.next()).map(|(one, other)| Node {
                    element: one.element,
                    member: one.member || other.member,
                    below: one.below.union(other.below),
                })),
            }
        }
        nodes.extend(ours);
        nodes.extend(theirs);
        FieldSet { nodes }
    }

    /// What is in both.
    pub fn intersection(&self, other: &FieldSet<'_>) -> FieldSet<'a> {
        let mut both = FieldSet::default();
        for node in &self.nodes {
            if let Some(theirs) = other.find(&node.element) {
                let below = node.below.intersection(&theirs.below);
                both.push(&node.element, node.member && theirs.member, below);
            }
        }
        both
    }

    /// Takes out what is in `other`, and not what is below it; whether anything went.
    pub fn subtract(&mut self, other: &FieldSet<'_>) -> bool {
        let mut changed = false;
        if !other.is_empty() {
            self.nodes.retain_mut(|node| {
                let Some(theirs) = other.find(&node.element) else { return true };
                changed |= node.member && theirs.member;
                node.member &= !theirs.member;
                changed |= node.below.subtract(&theirs.below);
                node.member || !node.below.is_empty()
            });
        }
        changed
    }

    pub(super) fn nodes(&self) -> &[Node<'a>] {
        &self.nodes
    }

    pub(super) fn nodes_mut(&mut self) -> &mut [Node<'a>] {
        &mut self.nodes
    }

    /// The same set with text of its own.
    pub fn into_owned(self) -> FieldSet<'static> {
        let own = |node: Node<'a>| Node {
            element: node.element.into_owned(),
            member: node.member,
            below: node.below.into_owned(),
        };
        FieldSet { nodes: self.nodes.into_iter().map(own).collect() }
    }
}
