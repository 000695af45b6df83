//! Loops over lists and maps.

use super::compare::compare;
use super::evaluate::{Evaluation, bool_of};
use super::node::{Kind, Loop, Node};
use super::value::{Key, Map, Outcome, Value, fault};
use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// An item of what a loop goes over, as one variable names it or two do.
fn items(range: &Value) -> Outcome<Vec<(Value, Value)>> {
    match range {
        Value::List(list) => {
            let numbered = list.iter().zip(0_i64..);
            Ok(numbered.map(|(item, number)| (Value::Int(number), item.clone())).collect())
        }
        Value::Map(map) => Ok(map.iter().map(|(key, value)| (Value::from(key), value.clone())).collect()),
        other => Err(fault(format!("got '{}', expected iterable type", other.type_of().name()))),
    }
}

/// What a loop has come to so far.
#[derive(Default)]
struct Progress {
    /// What decided a loop that asks whether something holds.
    decided: Option<bool>,
    /// The first error that nothing outweighs yet.
    error: Option<super::value::Fault>,
    found: usize,
    list: Vec<Value>,
    keys: Vec<Value>,
    map: Map,
}

impl Evaluation<'_> {
    pub(super) fn looped(&mut self, inner: &Loop) -> Outcome<Value> {
        let range = self.value(&inner.range)?;
        let is_map = matches!(range, Value::Map(_));
        let mut progress = Progress::default();
        for (first, second) in items(&range)? {
            self.variables.budget().charge(1)?;
            let before = self.locals.len();
            let single = if is_map { first.clone() } else { second.clone() };
            if inner.has_pair {
                self.locals.push(first.clone());
                self.locals.push(second);
            } else {
                self.locals.push(single.clone());
            }
            let turned = self.turn(inner, &first, single, &mut progress);
            self.locals.truncate(before);
            turned?;
            if let Some(decided) = progress.decided {
                return Ok(Value::Bool(decided));
            }
        }
        self.finished(inner.kind, progress)
    }

    fn turn(&mut self, inner: &Loop, key: &Value, item: Value, progress: &mut Progress) -> Outcome<()> {
        if let Some(filter) = &inner.filter
            && !self.value(filter).and_then(bool_of)?
        {
            return Ok(());
        }
        match inner.kind {
            Kind::Filter => progress.list.push(item),
            Kind::All => self.decide(&inner.body, false, progress)?,
            Kind::Exists => self.decide(&inner.body, true, progress)?,
            Kind::ExistsOne => progress.found += usize::from(self.value(&inner.body).and_then(bool_of)?),
            Kind::Map => progress.list.push(self.value(&inner.body)?),
            Kind::SortBy => {
                progress.keys.push(self.value(&inner.body)?);
                progress.list.push(item);
            }
            Kind::TransformMap => {
                let value = self.value(&inner.body)?;
                insert(&mut progress.map, key.key()?, value)?;
            }
            Kind::TransformMapEntry => {
                let Value::Map(entries) = self.value(&inner.body)? else {
                    return Err(fault("no such overload"));
                };
                for (key, value) in entries.iter() {
                    insert(&mut progress.map, key.clone(), value.clone())?;
                }
            }
        }
        Ok(())
    }

    /// An item that decides outweighs those that cannot be told.
    fn decide(&mut self, body: &Node, decisive: bool, progress: &mut Progress) -> Outcome<()> {
        match self.value(body).and_then(bool_of) {
            Ok(holds) if holds == decisive => progress.decided = Some(decisive),
            Ok(_) => {}
            // What is too dear ends every loop.
            Err(error) if self.variables.budget().is_exceeded() => return Err(error),
            Err(error) => progress.error = progress.error.take().or(Some(error)),
        }
        Ok(())
    }

    fn finished(&self, kind: Kind, progress: Progress) -> Outcome<Value> {
        if let Some(error) = progress.error {
            return Err(error);
        }
        Ok(match kind {
            Kind::All => Value::Bool(true),
            Kind::Exists => Value::Bool(false),
            Kind::ExistsOne => Value::Bool(progress.found == 1),
            Kind::Filter | Kind::Map => Value::list(progress.list),
            Kind::TransformMap | Kind::TransformMapEntry => Value::Map(Arc::new(progress.map)),
            Kind::SortBy => {
                self.variables.budget().charge(progress.list.len())?;
                Value::list(sorted(progress.list, &progress.keys)?)
            }
        })
    }
}

fn insert(map: &mut Map, key: Key, value: Value) -> Outcome<()> {
    match map.entry(key) {
        Entry::Vacant(place) => {
            place.insert(value);
            Ok(())
        }
        Entry::Occupied(place) => {
            Err(fault(format!("insert failed: key {} already exists", Value::from(place.key()).shown())))
        }
    }
}

/// Items in the order of their keys, which are of one type.
pub(crate) fn sorted(items: Vec<Value>, keys: &[Value]) -> Outcome<Vec<Value>> {
    if let Some(first) = keys.first() {
        for key in keys {
            compare(first, key)?;
            if key.type_of() != first.type_of() {
                return Err(fault("list elements must have the same type"));
            }
        }
    }
    let mut pairs: Vec<(&Value, Value)> = keys.iter().zip(items).collect();
    pairs.sort_by(|(a, _), (b, _)| compare(a, b).unwrap_or(Ordering::Equal));
    Ok(pairs.into_iter().map(|(_, item)| item).collect())
}
