//! What an applier applied once and applies no more is taken out.

use super::fields::{fields_of, remove, with_structs};
use super::{ApplyError, Versions, value};
use crate::managed::entry::Managed;
use crate::managed::set::FieldSet;
use crate::schema::Schema;
use serde_json::Value;

/// An object in one version.
#[derive(Clone)]
struct Versioned<'v> {
    version: &'v str,
    schema: &'static Schema,
    object: Value,
}

/// A pruning.
pub(super) struct Pruning<'p> {
    /// The version in which the object is.
    pub(super) version: &'p str,
    /// The type in that version.
    pub(super) schema: &'static Schema,
    /// All versions.
    pub(super) versions: &'p dyn Versions,
    /// What is owned now, by the applier and by all others.
    pub(super) owned: &'p [&'p Managed<'p>],
}

impl<'p> Pruning<'p> {
    /// Takes out of a merged object what the applier owned last, unless somebody owns it or something below it now.
    pub(super) fn prune(&self, merged: Value, last: &Managed<'_>) -> Result<Value, ApplyError> {
        let request = Versioned { version: self.version, schema: self.schema, object: merged };
        let version = last.manager.api_version;
        let Some(merged) = self.convert(&request, version)? else { return Ok(request.object) };
        let last = with_structs(last.fields.clone(), merged.schema);
        let mut pruned = merged.clone();
        remove(&mut pruned.object, &last, pruned.schema);
        let pruned = self.with_owned(&merged, pruned, version)?;
        let Some(pruned) = self.convert(&pruned, version)? else { return Ok(request.object) };
        // What went was the applier's, or it stays.
        let mut gone = all_fields(&merged);
        gone.subtract(&all_fields(&pruned));
        let gone = gone.intersection(&last).into_owned();
        let mut result = merged;
        remove(&mut result.object, &gone, result.schema);
        Ok(self.convert(&result, self.version)?.map_or(request.object, |result| result.object))
    }

    /// Puts back what is owned: what is owned in the version of the pruning first, since a conversion may need it.
    fn with_owned(
        &self,
        merged: &Versioned<'p>,
        pruned: Versioned<'p>,
        first: &'p str,
    ) -> Result<Versioned<'p>, ApplyError> {
        let mut versions: Vec<&'p str> = self.owned.iter().map(|owned| owned.manager.api_version).collect();
        versions.sort_by_key(|version| (*version != first, *version));
        versions.dedup();
        let mut pruned = pruned;
        for version in versions {
            let (Some(merged), Some(left)) =
                (self.convert(merged, version)?, self.convert(&pruned, version)?)
            else {
                continue;
            };
            let of_version = self.owned.iter().filter(|owned| owned.manager.api_version == version);
            let owned = FieldSet::union_of(of_version.map(|owned| owned.fields.clone()).collect());
            let mut gone = all_fields(&merged);
            gone.subtract(&all_fields(&left));
            gone.subtract(&with_structs(owned, merged.schema));
            let gone = gone.into_owned();
            pruned = merged;
            remove(&mut pruned.object, &gone, pruned.schema);
        }
        Ok(pruned)
    }

    /// An object in another version; `None` where that is not served.
    fn convert(&self, from: &Versioned<'_>, version: &'p str) -> Result<Option<Versioned<'p>>, ApplyError> {
        let Some(schema) = self.versions.schema(version) else { return Ok(None) };
        let object = match from.version == version {
            true => from.object.clone(),
            false => convert(self.versions, &from.object, version)?,
        };
        Ok(Some(Versioned { version, schema, object }))
    }
}

/// An object in another version, parsed.
fn convert(versions: &dyn Versions, object: &Value, version: &str) -> Result<Value, ApplyError> {
    let parsed = versions
        .convert(object, version)
        .and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()));
    parsed.map_err(|why| {
        ApplyError::Failed(format!(
            "failed to prune fields: failed to convert merged object to last applied version: {why}"
        ))
    })
}

fn all_fields<'a>(of: &'a Versioned<'_>) -> FieldSet<'a> {
    let tree = value::object(of.schema, &of.object, &|_| true);
    with_structs(fields_of(&tree, of.schema), of.schema)
}
