//! The order of lists that are merged.
//!
//! The items of the patch are in its order, or in that of `$setElementOrder`. Those that only the object has keep their order
//! among themselves, and stand before the first item of the patch that they stood before.

use super::Result;
use super::error::Error;
use super::key::{By, Key, Places};
use super::list::key_of;
use super::order::{is_deletion, object};
use serde_json::Value;

/// Up to how many items an insertion sort sorts.
const FEW: usize = 20;

/// The items of a list that is merged.
pub(super) struct Parts {
    /// Those that the patch names.
    patch: Vec<Value>,
    /// Those that only the object has.
    server: Vec<Value>,
}

impl Parts {
    /// Parts a list by whether the patch's list, or its order, has an item of the same key.
    pub(super) fn of(merged: Vec<Value>, wanted: &[Value], key: Option<&'static str>) -> Result<Parts> {
        let named = |item: &Value| match key {
            Some(key) => item.get(key).map_or(Key::Compound, Key::of),
            None => Key::of(item),
        };
        let places = Places::of(wanted.iter().map(named));
        let has_compound = key.map_or(By::Value, By::Member).keys(wanted).iter().any(Key::is_compound);
        // An item of the order that is no object is a fault for those that were not found before it.
        let fault = wanted.iter().position(|item| key.is_some() && !item.is_object());
        let mut parts = Parts { patch: Vec::new(), server: Vec::new() };
        if key.is_none() && has_compound {
            return Err(Error::Incomparable);
        }
        for item in merged {
            let own = match key {
                Some(key) => Key::of(key_of(object(&item)?, key)?),
                None => Key::of(&item),
            };
            if own.is_compound() && (key.is_none() || has_compound) {
                return Err(Error::Incomparable);
            }
            match (places.find(&own), fault) {
                (Some(place), fault) if fault.is_none_or(|fault| place < fault) => parts.patch.push(item),
                (_, Some(fault)) => return Err(Error::NoMap(fault)),
                (_, None) => parts.server.push(item),
            }
        }
        Ok(parts)
    }

    /// The whole list: the patch's items as `wanted` has them, the others as the object had them.
    pub(super) fn arranged(
        self,
        wanted: &[Value],
        server: &[Key],
        key: Option<&'static str>,
        of_objects: bool,
    ) -> Result<Vec<Value>> {
        let by = if of_objects { By::Member(key.unwrap_or_default()) } else { By::Value };
        if of_objects {
            for item in wanted {
                key_of(object(item)?, key.unwrap_or_default())?;
            }
        }
        let is_compound = |item: &Value| by.key(item).is_compound();
        if self.server.len() > 1 && server.iter().any(Key::is_compound) && self.server.iter().any(is_compound)
        {
            return Err(Error::Incomparable);
        }
        let server_places = Places::of(server.iter().cloned());
        let patch = sorted(self.patch, &Places::of(by.keys(wanted)), by);
        let server = sorted(self.server, &server_places, by);
        Ok(interleaved(server, patch, &server_places, by))
    }
}

/// Sorts items by their places. Those come last that a patch deletes: an item that is new has them as they are.
///
/// Kubernetes' order is none where an item has no place. Few items come out as its insertion sort leaves them.
fn sorted(items: Vec<Value>, places: &Places, by: By) -> Vec<Value> {
    let is_last = |item: &Value| matches!(by, By::Member(_)) && is_deletion(item);
    let (last, items): (Vec<Value>, Vec<Value>) = items.into_iter().partition(is_last);
    let mut placed: Vec<(Option<usize>, Value)> =
        items.into_iter().map(|item| (places.find(&by.key(&item)), item)).collect();
    if placed.len() > FEW || placed.iter().all(|(place, _)| place.is_some()) {
        placed.sort_by_key(|(place, _)| *place);
    } else {
        for end in 1..placed.len() {
            let is_before = |(one, _): &(Option<usize>, Value), (other, _): &(Option<usize>, Value)| {
                one.zip(*other).is_none_or(|(one, other)| one < other)
            };
            let mut at = end;
            while at > 0 && is_before(&placed[at], &placed[at - 1]) {
                placed.swap(at, at - 1);
                at -= 1;
            }
        }
    }
    placed.into_iter().map(|(_, item)| item).chain(last).collect()
}

/// Puts each of the object's own items before the first item of the patch that stood behind it.
fn interleaved(server: Vec<Value>, patch: Vec<Value>, places: &Places, by: By) -> Vec<Value> {
    let mut all = Vec::with_capacity(server.len() + patch.len());
    let (mut server, mut patch) = (server.into_iter().peekable(), patch.into_iter().peekable());
    while let (Some(own), Some(changed)) = (server.peek(), patch.peek()) {
        let found = places.find(&by.key(own)).zip(places.find(&by.key(changed)));
        let next = if found.is_some_and(|(own, changed)| own < changed) { &mut server } else { &mut patch };
        all.extend(next.next());
    }
    all.extend(server);
    all.extend(patch);
    all
}
