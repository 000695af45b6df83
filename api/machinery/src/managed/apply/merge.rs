//! A configuration merged into an object.

use super::value::{is_hollow, item_element};
use crate::managed::element::Element;
use crate::managed::tree::Ownership;
use serde_json::{Map, Value};

/// Makes of an object what it becomes: of a part with one owner the configuration says all, maps and structs have the
/// entries of both, and so have lists whose items are told apart.
pub(super) fn merge(live: &mut Value, config: &Value, ownership: Ownership) {
    match (ownership, &mut *live, config) {
        (Ownership::Whole, ..) => replace(live, config),
        (_, known, _) if is_hollow(known) => replace(live, config),
        _ if is_hollow(config) => {}
        (Ownership::Struct(_) | Ownership::Map(_), Value::Object(live), Value::Object(config)) => {
            maps(live, config, ownership);
        }
        (Ownership::Set | Ownership::Keyed(..), Value::Array(live), Value::Array(config)) => {
            *live = lists(live, config, ownership);
        }
        _ => replace(live, config),
    }
}

/// Most texts that are applied are there already, and need no copy.
fn replace(live: &mut Value, config: &Value) {
    match (&*live, config) {
        (Value::String(known), Value::String(applied)) if known == applied => {}
        _ => *live = config.clone(),
    }
}

fn below(ownership: Ownership, element: &Element<'_>) -> Ownership {
    ownership.below(element).unwrap_or(Ownership::Whole)
}

fn maps(live: &mut Map<String, Value>, config: &Map<String, Value>, ownership: Ownership) {
    for (name, config) in config {
        match live.get_mut(name) {
            Some(live) => merge(live, config, below(ownership, &Element::field(name.as_str()))),
            None => {
                live.insert(name.clone(), config.clone());
            }
        }
    }
}

/// Items that both have stand in the order of the configuration; others keep their place among their neighbours.
fn lists(live: &[Value], config: &[Value], ownership: Ownership) -> Vec<Value> {
    let (live_elements, config_elements) = (elements(live, ownership), elements(config, ownership));
    let (in_live, in_config) = (Index::of(&live_elements), Index::of(&config_elements));
    let counterparts: Vec<Option<usize>> =
        live_elements.iter().map(|element| in_config.find(element).map(|(place, _)| place)).collect();
    let merged = |place: usize, config: &Value| -> Option<Value> {
        let element = config_elements.get(place)?;
        let Some((at, is_repeated)) = in_live.find(element) else { return Some(config.clone()) };
        // Of an item that stands several times nothing is merged.
        let mut item = if is_repeated { Value::Null } else { live.get(at)?.clone() };
        merge(&mut item, config, below(ownership, element));
        Some(item)
    };
    let is_shared = config_elements.iter().map(|element| in_live.find(element).is_some()).collect();
    let order = Zip { counterparts, is_shared }.order();
    let items = order.into_iter().filter_map(|source| match source {
        Source::Live(at) => live.get(at).cloned(),
        Source::Config(place) => merged(place, config.get(place)?),
    });
    items.collect()
}

fn elements(items: &[Value], ownership: Ownership) -> Vec<Element<'_>> {
    items.iter().map(|item| item_element(item, ownership)).collect()
}

/// Where elements stand.
struct Index<'e, 'a>(Vec<(&'e Element<'a>, usize)>);

impl<'e, 'a> Index<'e, 'a> {
    fn of(elements: &'e [Element<'a>]) -> Self {
        let mut all: Vec<_> = elements.iter().zip(0..).collect();
        all.sort_by(|(one, _), (other, _)| one.order(other));
        Index(all)
    }

    /// Where an element stands first, and whether it stands anywhere else.
    fn find(&self, element: &Element<'_>) -> Option<(usize, bool)> {
        let first = self.0.partition_point(|(other, _)| other.order(element).is_lt());
        let is_at = |at: usize| self.0.get(at).filter(|(other, _)| other.order(element).is_eq());
        is_at(first).map(|(_, place)| (*place, is_at(first + 1).is_some()))
    }
}

/// Where an item of the merged list comes from.
enum Source {
    Live(usize),
    Config(usize),
}

/// Two lists that become one.
struct Zip {
    /// For each live item, where the configuration has it.
    counterparts: Vec<Option<usize>>,
    /// For each item of the configuration, whether it is live.
    is_shared: Vec<bool>,
}

impl Zip {
    fn order(&self) -> Vec<Source> {
        let mut shared =
            (0..).zip(&self.is_shared).filter(|(_, is_shared)| **is_shared).map(|(place, _)| place);
        let mut next_shared: Option<usize> = shared.next();
        let mut out = Vec::with_capacity(self.counterparts.len().max(self.is_shared.len()));
        // Where both lists are; what is before `place` is merged.
        let (mut at, mut place) = (0, 0);
        while at < self.counterparts.len() || place < self.is_shared.len() {
            match self.counterparts.get(at) {
                Some(None) => {
                    out.push(Source::Live(at));
                    at += 1;
                    continue;
                }
                Some(Some(own)) if place < self.is_shared.len() && *own == place => at += 1,
                Some(Some(own))
                    if place < self.is_shared.len() && next_shared.is_some_and(|next| next != *own) =>
                {
                    at += 1;
                    continue;
                }
                Some(Some(own)) if *own < place => at += 1,
                _ => {}
            }
            if place < self.is_shared.len() {
                out.push(Source::Config(place));
                if next_shared == Some(place) {
                    next_shared = shared.next();
                }
                place += 1;
            }
        }
        out
    }
}
