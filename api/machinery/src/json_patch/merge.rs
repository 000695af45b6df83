//! Merge patches.

use serde_json::Value;

/// Merges a patch: members that are `null` go, objects merge, everything else takes the place of what was there.
///
/// What comes new, or in place of what is no object, comes without its own nulls, those within lists included; the items
/// of a list that are `null` stay.
pub fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(members), Value::Object(changes)) = (&mut *target, patch) else {
        // A list or a plain value in place of an object is taken as it is.
        *target = if target.is_object() { patch.clone() } else { without_nulls(patch) };
        return;
    };
    for (name, change) in changes {
        match members.get_mut(name) {
            _ if change.is_null() => {
                members.remove(name);
            }
            Some(member) => merge(member, change),
            None => {
                members.insert(name.clone(), without_nulls(change));
            }
        }
    }
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, member)| !member.is_null());
            Value::Object(kept.map(|(name, member)| (name.clone(), without_nulls(member))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}
