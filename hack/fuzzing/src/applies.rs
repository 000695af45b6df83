use crate::kinds::{Kind, choose, of_each};
use apimachinery::managed::{Apply, ApplyError, FieldSet, Manager, Versions};
use apimachinery::meta::ManagedFields;
use apimachinery::schema::Schema;
use apimachinery::time::Time;
use apimachinery::wire::json;
use bytes::Bytes;
use serde_json::Value;

impl Kind {
    fn named(self, api_version: &str) -> Option<Kind> {
        Some(Kind { version: self.definition.served_as(api_version)?, ..self })
    }

    /// An object with its type in front.
    fn tree(self, hub: &dyn apimachinery::kind::Hub) -> Value {
        let mut tree = (self.version.to_tree)(hub);
        tree["apiVersion"] = self.definition.api_version(self.version.name).into();
        tree["kind"] = self.definition.kind.into();
        tree
    }
}

impl Versions for Kind {
    fn schema(&self, api_version: &str) -> Option<&'static Schema> {
        Some(self.named(api_version)?.version.schema)
    }

    fn convert(&self, object: &Value, api_version: &str) -> Result<Bytes, String> {
        let of = object["apiVersion"].as_str().unwrap_or_default();
        let from = self.named(of).ok_or("no version of its own")?;
        let to = self.named(api_version).ok_or("no such version")?;
        let (hub, _) = (from.version.decode_tree)(object).map_err(|error| error.to_string())?;
        Ok(text(&to.tree(&*hub)).into())
    }
}

fn text(tree: &Value) -> String {
    let mut out = Vec::new();
    json::encode(tree, &mut out);
    String::from_utf8(out).expect("JSON is text")
}

/// An object, which every applier found as the one before left it.
struct Live {
    kind: Kind,
    object: Value,
    entries: ManagedFields,
}

impl Live {
    /// Applies; true where it changed something.
    fn apply(&mut self, manager: &str, config: &Value, force: bool) -> Result<bool, ApplyError> {
        let api_version = self.kind.definition.api_version(self.kind.version.name);
        let zero = self.kind.version.zero_json();
        let apply = Apply {
            applier: Manager { name: manager, api_version: &api_version, subresource: "", applies: true },
            schema: self.kind.version.schema,
            zero: std::str::from_utf8(&zero).expect("JSON is text"),
            before: &self.entries,
            force,
            counts: &|field| field != "status",
            time: Time::from_seconds(1),
        };
        let applied = apply.merge(Some(&text(&self.object)), config, &self.kind)?;
        let unfit = |error: json::JsonError| ApplyError::Failed(error.to_string());
        let object = match &applied.object {
            Some(object) => self.kind.tree(&*(self.kind.version.decode_tree)(object).map_err(unfit)?.0),
            None => self.object.clone(),
        };
        let is_other = object != self.object || *applied.entries != *self.entries;
        (self.object, self.entries) = (object, applied.entries);
        Ok(is_other)
    }
}

/// An object, and two configurations, with zero bytes between them.
pub(crate) fn read(data: &[u8]) {
    let Some((kind, data)) = choose(data) else { return };
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let Some((mut hub, _)) = parts.next().and_then(|object| (kind.version.decode_json)(object).ok()) else {
        return;
    };
    for entry in &*hub.meta().managed_fields {
        if let Ok(set) = FieldSet::read(&entry.fields_v1) {
            let written = set.write();
            assert_eq!(FieldSet::read(&written).as_ref(), Ok(&set), "{}", written.0.as_str());
        }
    }
    let entries = std::mem::take(&mut hub.meta_mut().managed_fields);
    let mut live = Live { kind, object: kind.tree(&*hub), entries };
    for (config, manager) in parts.zip(["one", "other"]) {
        let Ok(config) = json::parse(config) else { return };
        if live.apply(manager, &config, false).is_err() && live.apply(manager, &config, true).is_err() {
            return;
        }
        let again = live.apply(manager, &config, true);
        assert_eq!(again, Ok(false), "applied again: {}", live.object);
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    of_each(|object| {
        let config: &[u8] = br#"{"metadata":{"name":"text","labels":{"a":"b"},"finalizers":["x"]}}"#;
        [object, b"\0", config, b"\0", object].concat()
    })
}
