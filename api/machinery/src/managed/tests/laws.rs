//! What holds for all sets, and for all pairs of objects.

use super::super::{Comparison, Element, FieldSet, Literal};
use super::{SCHEMA, text};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

fn element() -> impl Strategy<Value = Element<'static>> {
    let word = || prop::sample::select(vec!["a", "b", "c<", "\"", "é", ""]);
    let literal = || {
        prop_oneof![
            word().prop_map(|text| Literal::Text(text.into())),
            (-2i64..3).prop_map(Literal::Integer),
            Just(Literal::Double(0.5)),
            any::<bool>().prop_map(Literal::Bool),
            Just(Literal::Null),
        ]
    };
    prop_oneof![
        4 => word().prop_map(Element::field),
        1 => btree_map(word().prop_map(Into::into), literal(), 1..3)
            .prop_map(|keys| Element::Key(keys.into_iter().collect())),
        1 => literal().prop_map(Element::Value),
        1 => (0i64..3).prop_map(Element::Index),
    ]
}

fn set() -> impl Strategy<Value = FieldSet<'static>> {
    vec(vec(element(), 1..4), 0..10).prop_map(|paths| FieldSet::of(paths.iter().map(Vec::as_slice)))
}

fn minus<'a>(mut one: FieldSet<'a>, other: &FieldSet<'a>) -> FieldSet<'a> {
    one.subtract(other);
    one
}

pub(in crate::managed) fn object() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(vec!["a", "b", "c"]);
    let map = || btree_map(word(), word(), 0..3);
    let parts = || {
        let distinct = btree_map(word(), 0..3, 0..3);
        distinct.prop_map(|parts| {
            parts.iter().map(|(name, weight)| json!({"name": name, "weight": weight})).collect::<Vec<_>>()
        })
    };
    let tags = || btree_map(word(), Just(()), 0..3).prop_map(|tags| tags.into_keys().collect::<Vec<_>>());
    let some = || prop::sample::select(vec![true, false]);
    (word(), map(), map(), parts(), tags(), some(), some()).prop_map(
        |(word, labels, limits, parts, tags, one, two)| {
            let mut object = json!({"metadata": {}, "spec": {"reference": word}});
            if one {
                object["metadata"]["labels"] = json!(labels);
                object["spec"]["tags"] = json!(tags);
            }
            if two {
                object["spec"]["parts"] = json!(parts);
                object["spec"]["limits"] = json!(limits);
            }
            object
        },
    )
}

/// The value at a path, as far as the types of the sample have one.
fn at<'v>(object: &'v Value, path: &[Element<'_>]) -> Option<&'v Value> {
    let [first, rest @ ..] = path else { return Some(object) };
    let below = match first {
        Element::Field(name) => object.get(&**name)?,
        Element::Key(keys) => {
            let wanted = keys.iter().map(|(name, value)| (name, literal(value)));
            let wanted: Vec<_> = wanted.collect();
            let is_it = |item: &&Value| wanted.iter().all(|(name, value)| item.get(&***name) == Some(value));
            object.as_array()?.iter().find(is_it)?
        }
        Element::Value(value) => object.as_array()?.iter().find(|item| **item == literal(value))?,
        Element::Index(_) => return None,
    };
    at(below, rest)
}

fn literal(value: &Literal<'_>) -> Value {
    match value {
        Literal::Text(text) => json!(text),
        Literal::Integer(number) => json!(number),
        _ => Value::Null,
    }
}

proptest! {
    #[test]
    fn a_set_is_read_back_as_it_was_written(set in set()) {
        let fields = set.write();
        let read = FieldSet::read(&fields).unwrap();
        prop_assert_eq!(&read, &set);
        prop_assert_eq!(read.write(), fields.clone());
    }

    #[test]
    fn sets_are_sets(a in set(), b in set(), c in set()) {
        let union = a.clone().union(b.clone());
        prop_assert_eq!(&union, &b.clone().union(a.clone()));
        prop_assert_eq!(union.clone().union(c.clone()), a.clone().union(b.clone().union(c.clone())));
        prop_assert_eq!(a.clone().union(a.clone()), a.clone());
        prop_assert_eq!(a.intersection(&b), b.intersection(&a));
        prop_assert_eq!(a.intersection(&b), minus(a.clone(), &minus(a.clone(), &b)));
        prop_assert_eq!(minus(a.clone(), &b).union(a.intersection(&b)), a.clone());
        prop_assert!(minus(a.clone(), &b).intersection(&b).is_empty());
        prop_assert!(minus(a.clone(), &a).is_empty());
        prop_assert_eq!(union.len(), a.len() + b.len() - a.intersection(&b).len());
        prop_assert_eq!(a.is_subset(&b), minus(a.clone(), &b).is_empty());
        prop_assert!(a.is_subset(&union) && a.intersection(&b).is_subset(&a));
        prop_assert!(union.paths().iter().all(|path| a.contains(path) || b.contains(path)));
    }

    #[test]
    fn a_subtraction_says_whether_anything_went(a in set(), b in set()) {
        let mut rest = a.clone();
        prop_assert_eq!(rest.subtract(&b), rest != a);
    }

    #[test]
    fn a_comparison_covers_exactly_what_differs(old in object(), new in object()) {
        let (before, after) = (text(&old), text(&new));
        let comparison = Comparison::of(SCHEMA, &before, &after, &|_| true);
        for path in comparison.added.paths() {
            prop_assert!(at(&old, &path).is_none() && at(&new, &path).is_some(), "{:?}", path);
        }
        for path in comparison.removed.paths() {
            prop_assert!(at(&old, &path).is_some() && at(&new, &path).is_none(), "{:?}", path);
        }
        for path in comparison.modified.paths() {
            let (old, new) = (at(&old, &path), at(&new, &path));
            prop_assert!(old.is_some() && new.is_some() && old != new, "{:?}", path);
        }
        prop_assert_eq!(comparison.is_empty(), old == new);
        let back = Comparison::of(SCHEMA, &after, &before, &|_| true);
        prop_assert_eq!((&back.added, &back.removed), (&comparison.removed, &comparison.added));
        prop_assert_eq!(&back.modified, &comparison.modified);
    }
}
