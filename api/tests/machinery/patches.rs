//! Strategic merge patches for an object: mostly such as can be applied, some with mischief.

use crate::generate::{anything, member, some, value};
use crate::random::Random;
use apimachinery::schema::{Field, Schema, Shape};
use serde_json::{Map, Value, json};

/// A patch for an object of that type.
pub(crate) fn patch(random: &mut Random, schema: &'static Schema, original: &Value) -> Value {
    let mischief = random.of(&[0, 0, 1, 3]);
    Value::Object(Patches { random, mischief }.object(schema, original))
}

/// Whether some fields of its Go type are pointers, which schemas do not know of: Kubernetes takes the order of such a field
/// for that of a list.
fn has_pointers(schema: &Schema) -> bool {
    schema.package.starts_with("io.k8s.api")
}

fn is_list(field: &Field) -> bool {
    matches!(field.schema.shape, Shape::List(_))
}

struct Patches<'a> {
    random: &'a mut Random,
    /// How likely it is, in percent, that a part of the patch is bad.
    mischief: usize,
}

impl Patches<'_> {
    fn is_bad(&mut self) -> bool {
        self.random.chance(self.mischief)
    }

    /// Likewise for parts that are rare.
    fn is_worse(&mut self) -> bool {
        self.random.chance(8 * self.mischief)
    }

    fn anything(&mut self) -> Value {
        anything(self.random, 3)
    }

    /// The members of a patch for an object.
    fn object(&mut self, schema: &'static Schema, original: &Value) -> Map<String, Value> {
        let mut patch = Map::new();
        for field in schema.fields() {
            let current = original.get(field.name);
            // A change counts where it meets something.
            if self.random.chance(if current.is_some() { 35 } else { 10 }) {
                let change = self.change(field, current);
                patch.insert(field.name.to_owned(), change);
            }
            if is_list(field) || (!has_pointers(schema) && self.is_bad()) {
                self.list_directives(field, current, &mut patch);
            }
        }
        if self.is_bad() {
            self.stray(schema, &mut patch);
        }
        self.directives(original, &mut patch);
        patch
    }

    /// What becomes of a field.
    fn change(&mut self, field: &'static Field, current: Option<&Value>) -> Value {
        if self.is_bad() {
            return self.anything();
        }
        if self.random.chance(8) {
            return Value::Null;
        }
        match (&field.schema.shape, current) {
            (Shape::List(_), Some(list)) if *list == json!([]) && self.is_worse() => json!([["a"], ["b"]]),
            (Shape::Object(_), current) => {
                Value::Object(self.object(field.schema, current.unwrap_or(&Value::Null)))
            }
            (Shape::List(item), Some(Value::Array(items))) if field.merge => self.list(item, items, field),
            (Shape::List(item), None) if field.merge => self.list(item, &[], field),
            (Shape::Map(_) | Shape::Scalar(_), Some(Value::Object(members))) => {
                self.free(members, field.schema)
            }
            _ => member(self.random, field),
        }
    }

    /// A patch for a map, or for what has no schema: other members, and changes of those that are there.
    fn free(&mut self, members: &Map<String, Value>, schema: &'static Schema) -> Value {
        let Value::Object(mut patch) = value(self.random, schema) else { return Value::Null };
        for (name, current) in members {
            if self.random.chance(20) {
                patch.insert(name.clone(), Value::Null);
            } else if self.is_worse() {
                patch.insert(name.clone(), current.clone());
            }
        }
        if self.is_worse() {
            patch.insert("b".to_owned(), self.anything());
        }
        if self.is_worse() {
            patch.insert("$setElementOrder/unknown".to_owned(), json!([]));
        }
        self.directives(&Value::Object(members.clone()), &mut patch);
        Value::Object(patch)
    }

    /// A patch for a list that is merged.
    fn list(&mut self, item: &'static Schema, items: &[Value], field: &'static Field) -> Value {
        let mut patch = Vec::new();
        for current in items {
            let is_named = self.random.chance(40);
            match field.merge_key {
                Some(key) if is_named => patch.push(self.item(item, current, key)),
                None if is_named => patch.push(current.clone()),
                _ => {}
            }
        }
        let new = member(self.random, field);
        for mut new in new.as_array().into_iter().flatten().take(2).cloned() {
            if let (Some(members), true) = (new.as_object_mut(), self.random.chance(20)) {
                members.insert("unknown".to_owned(), json!({"a": null, "b": {"$patch": "delete"}}));
            }
            patch.push(new);
        }
        if self.random.chance(40) {
            let last = patch.len().saturating_sub(1);
            patch.rotate_left(self.random.below(last + 1));
        }
        if self.random.chance(5) && field.merge_key.is_some() {
            patch.push(json!({"$patch": "replace"}));
        }
        if self.is_worse() {
            let bad = [
                json!({"$patch": "merge"}),
                json!({"$patch": "other"}),
                json!({"$patch": "delete"}),
                json!({"$patch": {"a": [1, null, "b"]}}),
                json!({"a": {"b": null}}),
                json!([["a"]]),
                Value::Null,
            ];
            let at = self.random.below(patch.len() + 1);
            patch.insert(at, bad[self.random.below(bad.len())].clone());
        }
        Value::Array(patch)
    }

    /// A change of an item: it goes, or has other members.
    fn item(&mut self, schema: &'static Schema, current: &Value, key: &str) -> Value {
        let mut patch = match self.random.chance(35) {
            true => Map::from_iter([("$patch".to_owned(), "delete".into())]),
            false => self.object(schema, current),
        };
        if let Some(own) = current.get(key) {
            patch.insert(key.to_owned(), own.clone());
        }
        if self.is_worse() {
            let other = self.anything();
            patch.insert(key.to_owned(), other);
        }
        Value::Object(patch)
    }

    /// `$setElementOrder` and `$deleteFromPrimitiveList` of a field.
    fn list_directives(
        &mut self,
        field: &'static Field,
        current: Option<&Value>,
        patch: &mut Map<String, Value>,
    ) {
        let is_likely = field.merge || self.is_worse();
        if is_likely && (field.merge_key.is_none() || self.is_worse()) && self.random.chance(20) {
            let mut gone = member(self.random, field);
            if self.is_worse() {
                gone = self.anything();
            }
            patch.insert(format!("$deleteFromPrimitiveList/{}", field.name), gone);
        }
        if is_likely && self.random.chance(35) {
            let order = self.order(field, current, patch.get(field.name));
            patch.insert(format!("$setElementOrder/{}", field.name), order);
        }
    }

    /// The keys of the patch's items in their order, and some of the object's among them.
    fn order(&mut self, field: &'static Field, current: Option<&Value>, change: Option<&Value>) -> Value {
        let items = |list: Option<&Value>| list.and_then(Value::as_array).cloned().unwrap_or_default();
        let shown = |item: &Value| match field.merge_key {
            Some(key) => json!({key: item.get(key)}),
            None => item.clone(),
        };
        // Those that are deleted may be named or not.
        let is_named = |item: &&Value| item.get("$patch").is_none() || self.random.chance(20);
        let mut order: Vec<Value> = items(change).iter().filter(is_named).map(shown).collect();
        for item in items(current).iter().map(shown) {
            if !order.contains(&item) && self.random.chance(70) {
                let at = self.random.below(order.len() + 1);
                order.insert(at, item);
            }
        }
        if self.is_worse() {
            let at = self.random.below(order.len() + 1);
            order.insert(at, self.anything());
        }
        if self.is_worse() {
            order.reverse();
        }
        if self.random.chance(10) {
            order.clear();
        }
        if self.is_worse() { self.anything() } else { Value::Array(order) }
    }

    /// Members that no field has, or that are written otherwise.
    fn stray(&mut self, schema: &'static Schema, patch: &mut Map<String, Value>) {
        let fields = schema.fields();
        let fields: Vec<_> =
            fields.into_iter().filter(|field| is_list(field) || !has_pointers(schema)).collect();
        let known = fields.get(self.random.below(fields.len().max(1))).map_or("a", |field| field.name);
        let name = match self.random.below(9) {
            0 => "unknown".to_owned(),
            1 => known.to_uppercase(),
            2 => "$deleteFromPrimitiveList".to_owned(),
            3 => "$setElementOrderOf/a".to_owned(),
            4..=6 => format!("$setElementOrder/{}", known.to_uppercase()),
            7 => "$setElementOrder/unknown\u{1}\"".to_owned(),
            _ => "$deleteFromPrimitiveList/".to_owned(),
        };
        let value = if self.random.chance(50) { json!([]) } else { self.anything() };
        patch.insert(name, value);
    }

    /// `$patch` and `$retainKeys` of an object.
    fn directives(&mut self, original: &Value, patch: &mut Map<String, Value>) {
        if self.random.chance(4) {
            let names = original.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());
            let names: Vec<String> = names.unwrap_or_default();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mut kept: Vec<Value> = some(self.random, &names, 6).into_iter().map(Value::from).collect();
            kept.extend(patch.keys().filter(|name| !name.starts_with('$')).map(|name| name.as_str().into()));
            if self.is_worse() {
                kept.pop();
            }
            if self.is_worse() {
                kept.push(self.anything());
            }
            let kept = if self.is_worse() { self.anything() } else { Value::Array(kept) };
            patch.insert("$retainKeys".to_owned(), kept);
        }
        if self.random.chance(2) {
            patch.insert("$patch".to_owned(), self.random.of(&["replace", "delete"]).into());
        }
        if self.is_bad() {
            let directive = self.anything();
            patch.insert("$patch".to_owned(), directive);
        }
    }
}
