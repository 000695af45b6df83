//! What differs between two states of an object.

use super::element::Element;
use super::set::FieldSet;
use super::tree::{Ownership, Tree};
use crate::schema::Schema;
use std::cmp::Ordering;

/// What a change did. A path is in one of the sets at most, unless a list had or got an item twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison<'a> {
    /// What is there now and was not.
    pub added: FieldSet<'a>,
    /// What has another value.
    pub modified: FieldSet<'a>,
    /// What was there and is no longer.
    pub removed: FieldSet<'a>,
}

impl<'a> Comparison<'a> {
    /// Compares two states of an object as compact JSON of one version. Only the fields that `counts` names by path are
    /// looked at, down to the fields of the metadata.
    pub fn of(schema: &'static Schema, old: &'a str, new: &'a str, counts: &dyn Fn(&[&str]) -> bool) -> Self {
        Self::between(&Tree::read(schema, old, counts), &Tree::read(schema, new, counts))
    }

    /// Compares two states of an object.
    pub(super) fn between<T: Copy + PartialEq>(old: &Tree<'a, T>, new: &Tree<'a, T>) -> Self {
        compare(Some(old), Some(new)).below
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }

    /// What has a new value, and what is gone.
    pub(super) fn into_set_and_removed(self) -> (FieldSet<'a>, FieldSet<'a>) {
        (self.added.union(self.modified), self.removed)
    }

    fn push(&mut self, element: &Element<'a>, part: Difference<'a>) {
        self.added.push(element, part.added, part.below.added);
        self.modified.push(element, part.modified, part.below.modified);
        self.removed.push(element, part.removed, part.below.removed);
    }
}

/// What differs at a path and below.
#[derive(Default)]
struct Difference<'a> {
    added: bool,
    modified: bool,
    removed: bool,
    below: Comparison<'a>,
}

fn compare<'a, T: Copy + PartialEq>(old: Option<&Tree<'a, T>>, new: Option<&Tree<'a, T>>) -> Difference<'a> {
    let (Some(before), Some(after)) = (old, new) else { return one_sided(old, new) };
    let differs = before.whole != after.whole;
    match (&before.parts, &after.parts) {
        _ if !differs && before.whole.is_some() => Difference::default(),
        (Some(old), Some(new)) if !(old.is_empty() && new.is_empty()) => {
            Difference { below: zip(old, new), ..Difference::default() }
        }
        _ => {
            // Without parts, or with parts on one side alone.
            let below = zip(before.parts(), after.parts());
            Difference { modified: differs, below, ..Difference::default() }
        }
    }
}

fn one_sided<'a, T: Copy + PartialEq>(
    old: Option<&Tree<'a, T>>,
    new: Option<&Tree<'a, T>>,
) -> Difference<'a> {
    let below = zip(old.map_or(&[], Tree::parts), new.map_or(&[], Tree::parts));
    Difference { added: new.is_some(), removed: old.is_some(), modified: false, below }
}

type Parts<'t, 'a, T> = &'t [(Element<'a>, Tree<'a, T>)];

/// Compares parts that are in order.
fn zip<'a, T: Copy + PartialEq>(mut old: Parts<'_, 'a, T>, mut new: Parts<'_, 'a, T>) -> Comparison<'a> {
    let mut whole = Comparison::default();
    loop {
        let order = match (old.first(), new.first()) {
            (Some((one, _)), Some((other, _))) => one.order(other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return whole,
        };
        let ours = if order.is_le() { take_equal(&mut old) } else { &[] };
        let theirs = if order.is_ge() { take_equal(&mut new) } else { &[] };
        if let Some((element, _)) = theirs.first().or(ours.first()) {
            whole.push(element, groups(ours, theirs));
        }
    }
}

/// The first part, with those that have the same element.
pub(super) fn take_equal<'t, 'a, T>(parts: &mut Parts<'t, 'a, T>) -> Parts<'t, 'a, T> {
    let Some((first, _)) = parts.first() else { return &[] };
    let end = parts.iter().position(|(element, _)| element.order(first).is_ne()).unwrap_or(parts.len());
    let (group, rest) = parts.split_at(end);
    *parts = rest;
    group
}

/// Compares what stands under one element. An item that stands several times has one owner, for all of them.
fn groups<'a, T: Copy + PartialEq>(old: Parts<'_, 'a, T>, new: Parts<'_, 'a, T>) -> Difference<'a> {
    let (before, after) = (old.first().map(|(_, tree)| tree), new.first().map(|(_, tree)| tree));
    match (old.len(), new.len()) {
        (0 | 1, 0 | 1) => compare(before, after),
        (0, _) => Difference { added: true, ..Difference::default() },
        (1, _) => Difference { added: true, ..one_sided(before, None) },
        (_, 0) => Difference { removed: true, ..Difference::default() },
        (_, 1) => Difference { removed: true, ..one_sided(None, after) },
        (_, _) => {
            let all = |parts: Parts<'_, 'a, T>| parts.iter().map(|(_, tree)| tree.whole).collect::<Vec<_>>();
            Difference { modified: all(old) != all(new), ..Difference::default() }
        }
    }
}

/// Puts a set right that was written when the type was owned in finer parts: what is owned as a whole now, the owner of
/// a part owns. Whether anything changed.
pub(super) fn settle(set: &mut FieldSet<'_>, ownership: Ownership) -> bool {
    let mut changed = false;
    for node in set.nodes_mut() {
        let Some(below) = ownership.below(&node.element) else { continue };
        if matches!(below, Ownership::Whole) {
            if !node.below.is_empty() {
                (node.member, node.below, changed) = (true, FieldSet::default(), true);
            }
        } else {
            changed |= settle(&mut node.below, below);
        }
    }
    changed
}
