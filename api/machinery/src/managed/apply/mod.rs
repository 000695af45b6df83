//! What an apply makes of an object and of its entries.
//!
//! A configuration is merged into the object, what the applier no longer applies and nobody else owns is taken out, and
//! what others own and the apply would change is a conflict, unless the applier forces it.

mod check;
mod conflict;
mod fields;
mod go;
mod last_applied;
mod merge;
mod overlay;
mod owners;
mod prune;
mod value;

use super::entry::{self, Manager};
use super::scan::Scanner;
use super::tree::Ownership;
use super::update::{Form, Write};
use crate::meta::ManagedFields;
use crate::schema::{Schema, Topology};
use crate::status::{ApiError, StatusCause};
use crate::time::Time;
use bytes::Bytes;
use owners::Owners;
use serde_json::Value;

pub use overlay::overlay;

/// The versions in which a kind is served, by names such as `wardle.example.com/v1`.
pub trait Versions {
    /// The type in a version; `None` where it is not served.
    fn schema(&self, api_version: &str) -> Option<&'static Schema>;

    /// An object, which says of what version it is, as compact JSON of another one. Nothing is defaulted. The error
    /// says why the object is none of its kind.
    fn convert(&self, object: &Value, api_version: &str) -> Result<Bytes, String>;
}

/// Somebody applies a configuration.
pub struct Apply<'a> {
    /// Who applies, in which version.
    pub applier: Manager<'a>,
    /// The type in that version.
    pub schema: &'static Schema,
    /// The type's zero value in that version, as compact JSON.
    pub zero: &'a str,
    /// The entries before; none where the object is new.
    pub before: &'a ManagedFields,
    /// Whether the applier takes what others own.
    pub force: bool,
    /// The fields that this apply may set, by their names in the object. Others are merged, too, but nobody comes to own
    /// them, and no conflict comes of them: whoever stores the object puts them back.
    pub counts: &'a dyn Fn(&str) -> bool,
    /// Now.
    pub time: Time,
}

/// What an apply makes.
#[derive(Debug)]
pub struct Applied {
    /// The object in the applier's version, not defaulted and without entries; it can hold nulls. `None` where it is
    /// what it was.
    pub object: Option<Value>,
    /// The entries; shared with those before where they are the same.
    pub entries: ManagedFields,
}

/// Why a configuration cannot be applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// The request is none.
    #[error("{0}")]
    BadRequest(&'static str),
    /// The configuration is none of the type, or the entries cannot be read.
    #[error("{0}")]
    Failed(String),
    /// Others own what it sets.
    #[error("{}", .0.message)]
    Conflict(Conflicts),
}

/// What others own of that which a configuration sets.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflicts {
    /// All of it as one text.
    pub message: String,
    /// Each field of each owner.
    pub causes: Vec<StatusCause>,
}

impl From<ApplyError> for ApiError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::BadRequest(message) => ApiError::bad_request(message),
            ApplyError::Failed(message) => ApiError::untyped(&message),
            ApplyError::Conflict(conflicts) => ApiError::apply_conflict(&conflicts.message, conflicts.causes),
        }
    }
}

/// The manager that has what an object had before anybody applied.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

impl Apply<'_> {
    /// Applies a configuration, which is not defaulted, to the object as compact JSON of the applier's version without
    /// its entries; `None` for an object that is to be made.
    pub fn merge(
        &self,
        live: Option<&str>,
        config: &Value,
        versions: &dyn Versions,
    ) -> Result<Applied, ApplyError> {
        if config
            .get("metadata")
            .and_then(|metadata| metadata.get("managedFields"))
            .is_some_and(Value::is_array)
        {
            return Err(ApplyError::BadRequest("metadata.managedFields must be nil"));
        }
        let first = self.before_first_apply(live);
        let before = first.as_ref().unwrap_or(self.before);
        let owned = entry::read(before)
            .map_err(|why| ApplyError::Failed(format!("failed to decode managed fields: {why}")))?;
        check::check(self.schema, config).map_err(|why| self.no_patch(config, &why))?;
        let old = without_entries(live.unwrap_or(self.zero))?;
        let mut merged = old.clone();
        merge::merge(&mut merged, config, Ownership::of(self.schema, Topology::Default));
        let (mut new, is_same, entries) =
            Owners { apply: self, old: &old, config, versions }.after(merged, owned)?;
        let is_refreshed = self.is_kubectl() && last_applied::refresh(&mut new, config);
        let entries = if *entries == **self.before { self.before.clone() } else { entries.into() };
        Ok(Applied { object: (!is_same || is_refreshed || live.is_none()).then_some(new), entries })
    }

    fn is_kubectl(&self) -> bool {
        self.applier.name == last_applied::KUBECTL
    }

    /// The entries of an object of which nothing is recorded.
    fn before_first_apply(&self, live: Option<&str>) -> Option<ManagedFields> {
        let live = live.filter(|_| self.before.is_empty())?;
        let write = Write {
            writer: Manager { name: BEFORE_FIRST_APPLY, applies: false, ..self.applier },
            before: None,
            given: &ManagedFields::default(),
            counts: self.counts,
            time: self.time,
        };
        let form = || Form {
            schema: self.schema,
            old: Bytes::copy_from_slice(self.zero.as_bytes()),
            new: Bytes::copy_from_slice(live.as_bytes()),
        };
        Some(write.entries(&|version| (version == self.applier.api_version).then(form)))
    }

    fn no_patch(&self, config: &Value, why: &str) -> ApplyError {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let meta = |name: &str| text(config.get("metadata").and_then(|metadata| metadata.get(name)));
        let core = if self.applier.api_version.contains('/') { "" } else { "/" };
        ApplyError::Failed(format!(
            "failed to create typed patch object ({}/{}; {core}{}, Kind={}): {why}",
            meta("namespace"),
            meta("name"),
            self.applier.api_version,
            text(config.get("kind")),
        ))
    }
}

/// An object without its entries. They are cut out of its text: parsed, they would take longer than all the rest.
fn without_entries(text: &str) -> Result<Value, ApplyError> {
    let parsed = match around_entries(text) {
        Some(rest) => serde_json::from_str(&rest.concat()),
        None => serde_json::from_str(text),
    };
    parsed.map_err(|why| ApplyError::Failed(format!("failed to create typed live object: {why}")))
}

/// What stands before the entries of an object, and behind them.
fn around_entries(text: &str) -> Option<[&str; 2]> {
    let mut scanner = Scanner::new(text);
    enter(&mut scanner, "metadata")?;
    let at = enter(&mut scanner, "managedFields")?;
    scanner.value();
    let (before, rest) = (text.get(..at)?, text.get(scanner.mark()..)?);
    // A comma stands between two members, and before the first none.
    let rest = if before.ends_with('{') { rest.strip_prefix(',').unwrap_or(rest) } else { rest };
    Some([before, rest])
}

/// Steps to the value of a member of the object that comes; gives where its name, with the comma before it, begins.
fn enter(scanner: &mut Scanner<'_>, name: &str) -> Option<usize> {
    if !scanner.open(b'{') {
        return None;
    }
    loop {
        let before = scanner.mark();
        if !scanner.next() {
            return None;
        }
        if scanner.name() == name {
            return Some(before);
        }
        scanner.value();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_cut_out_wherever_they_stand() {
        const ENTRIES: &str = r#""managedFields":[{"manager":"a\"}]","fieldsV1":{"f:x":{}}},{}]"#;
        for (text, without) in [
            (r#"{"metadata":{ENTRIES},"b":1}"#, r#"{"metadata":{},"b":1}"#),
            (
                r#"{"a":{"metadata":{}},"metadata":{"name":"n",ENTRIES}}"#,
                r#"{"a":{"metadata":{}},"metadata":{"name":"n"}}"#,
            ),
            (r#"{"metadata":{ENTRIES,"name":"n"}}"#, r#"{"metadata":{"name":"n"}}"#),
            (
                r#"{"metadata":{"labels":{"managedFields":"l"},ENTRIES,"name":"n"}}"#,
                r#"{"metadata":{"labels":{"managedFields":"l"},"name":"n"}}"#,
            ),
            (
                r#"{"metadata":{"name":"n"},"spec":{"managedFields":1}}"#,
                r#"{"metadata":{"name":"n"},"spec":{"managedFields":1}}"#,
            ),
            (r#"{"metadata":null}"#, r#"{"metadata":null}"#),
            ("{}", "{}"),
        ] {
            let text = text.replace("ENTRIES", ENTRIES);
            let expected: Value = serde_json::from_str(without).unwrap();
            assert_eq!(without_entries(&text).unwrap(), expected, "{text}");
        }
    }
}
