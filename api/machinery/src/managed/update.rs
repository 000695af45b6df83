//! What a plain write makes of the entries: the writer owns what it set, nobody owns what it took away.

use super::compare::{Comparison, settle};
use super::entry::{self, Managed, Manager};
use super::set::FieldSet;
use super::tree::Ownership;
use crate::meta::ManagedFields;
use crate::schema::{Schema, Topology};
use crate::time::Time;
use bytes::Bytes;

/// So many managers that update keep entries of their own.
const MOST_UPDATERS: usize = 10;
/// The manager that has what the oldest others had.
const ANCIENT: &str = "ancient-changes";
/// The name of a manager that gives none.
pub(super) const UNKNOWN: &str = "unknown";

/// Fields of the metadata that nobody owns: the server sets them, or they say which object it is.
const UNOWNED: &[&str] = &[
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
];

/// The states before and after a write, as compact JSON of one version.
#[derive(Clone, Debug)]
pub struct Form {
    /// The version's type.
    pub schema: &'static Schema,
    /// Before; of an object that is to be made, the type's zero value.
    pub old: Bytes,
    /// After.
    pub new: Bytes,
}

/// A write that changes an object without applying.
pub struct Write<'a> {
    /// Who writes, in which version.
    pub writer: Manager<'a>,
    /// The entries before; `None` where the object is new.
    pub before: Option<&'a ManagedFields>,
    /// The entries that the writer sends.
    pub given: &'a ManagedFields,
    /// The fields that this write may set, by their names in the object.
    pub counts: &'a dyn Fn(&str) -> bool,
    /// Now.
    pub time: Time,
}

impl Write<'_> {
    /// The entries after it. `form` gives both states in a version such as `wardle.example.com/v1`, unless it is not
    /// served: what is owned in such a version is forgotten.
    pub fn entries(&self, form: &dyn Fn(&str) -> Option<Form>) -> ManagedFields {
        let mut managed = self.current();
        if managed.is_empty() && self.before.is_some() {
            // An object of which nothing is recorded stays so until somebody applies.
            return ManagedFields::default();
        }
        let versions = self.versions(&managed, form);
        let mut compared: Vec<Compared<'_>> =
            versions.iter().map(|(name, form)| Compared::of(name, form, self.counts)).collect();
        managed.retain_mut(|managed| {
            let version = compared.iter().find(|version| version.name == managed.manager.api_version);
            version.is_some_and(|version| version.take_from(managed))
        });
        if let Some(own) = compared.iter_mut().find(|version| version.name == self.writer.api_version) {
            self.give(&mut managed, std::mem::take(&mut own.set));
        }
        cap(&mut managed);
        entry::sort(&mut managed);
        let entries: Vec<_> = managed.into_iter().map(entry::write).collect();
        match self.before {
            Some(before) if **before == entries => before.clone(),
            _ => entries.into(),
        }
    }

    /// The entries that this write starts from. Who sends none, or some that cannot be read, has not meant to change
    /// them; through a subresource nobody changes them.
    fn current(&self) -> Vec<Managed<'_>> {
        let before = || {
            let entries = self.before.map(|entries| entry::read(entries));
            entries.and_then(Result::ok).unwrap_or_default()
        };
        if !self.writer.subresource.is_empty() {
            return before();
        }
        if self.given.is_reset() {
            return Vec::new();
        }
        if self.before.is_some_and(|before| before == self.given) {
            return before();
        }
        match entry::read(self.given) {
            // What a client wrote is written anew, so that equal sets have equal texts.
            Ok(given) if !given.is_empty() => {
                given.into_iter().map(|managed| Managed { source: None, ..managed }).collect()
            }
            _ => before(),
        }
    }

    /// Both states in every version that matters.
    fn versions<'m>(
        &'m self,
        managed: &[Managed<'m>],
        form: &dyn Fn(&str) -> Option<Form>,
    ) -> Vec<(&'m str, Form)> {
        let mut versions: Vec<(&str, Form)> = Vec::new();
        let names = managed.iter().map(|managed| managed.manager.api_version);
        for name in std::iter::once(self.writer.api_version).chain(names) {
            if !versions.iter().any(|(known, _)| *known == name) {
                versions.extend(form(name).map(|form| (name, form)));
            }
        }
        versions
    }

    /// Makes the writer the owner of what it set.
    fn give<'m>(&'m self, managed: &mut Vec<Managed<'m>>, fields: FieldSet<'m>) {
        if fields.is_empty() {
            return;
        }
        let name = if self.writer.name.is_empty() { UNKNOWN } else { self.writer.name };
        let writer = Manager { name, ..self.writer };
        let time = Some(self.time);
        match managed.iter_mut().find(|managed| managed.manager == writer) {
            Some(own) => {
                own.fields = std::mem::take(&mut own.fields).union(fields);
                (own.time, own.source) = (time, None);
            }
            None => managed.push(Managed { manager: writer, time, fields, source: None }),
        }
    }
}

/// The paths of an object's fields, down to those of the metadata, that somebody can own.
pub(super) fn can_be_owned(counts: &dyn Fn(&str) -> bool) -> impl Fn(&[&str]) -> bool {
    move |path| match path {
        ["metadata", field] => !UNOWNED.contains(field),
        [field] => counts(field),
        _ => true,
    }
}

/// What a write did, in one version.
pub(super) struct Compared<'f> {
    pub(super) name: &'f str,
    schema: &'static Schema,
    /// What has a new value.
    pub(super) set: FieldSet<'f>,
    /// What is gone.
    removed: FieldSet<'f>,
}

impl<'f> Compared<'f> {
    pub(super) fn of(name: &'f str, form: &'f Form, counts: &dyn Fn(&str) -> bool) -> Self {
        let text = |bytes: &'f Bytes| std::str::from_utf8(bytes).unwrap_or_default();
        let (old, new) = (text(&form.old), text(&form.new));
        Self::from(name, form.schema, Comparison::of(form.schema, old, new, &can_be_owned(counts)))
    }

    pub(super) fn from(name: &'f str, schema: &'static Schema, comparison: Comparison<'f>) -> Self {
        let (set, removed) = comparison.into_set_and_removed();
        Compared { name, schema, set, removed }
    }

    /// Takes from a manager what the write touched; whether anything is left.
    pub(super) fn take_from(&self, managed: &mut Managed<'_>) -> bool {
        let settled = settle(&mut managed.fields, Ownership::of(self.schema, Topology::Default));
        let lost = managed.fields.subtract(&self.set) | managed.fields.subtract(&self.removed);
        if lost || settled {
            managed.source = None;
        }
        !managed.fields.is_empty()
    }
}

/// Merges the entries of the managers that updated longest ago, version by version, until no more are left than may be.
fn cap(managed: &mut Vec<Managed<'_>>) {
    let (appliers, mut updaters): (Vec<_>, Vec<_>) =
        std::mem::take(managed).into_iter().partition(|managed| managed.manager.applies);
    *managed = appliers;
    let mut too_many = updaters.len().saturating_sub(MOST_UPDATERS);
    if too_many == 0 {
        return managed.extend(updaters);
    }
    entry::sort(&mut updaters);
    let mut kept: Vec<(Managed<'_>, Vec<FieldSet<'_>>)> = Vec::with_capacity(MOST_UPDATERS);
    for next in updaters {
        // The first of a version stays as it is until a second one is merged with it.
        let version = next.manager.api_version;
        match kept.iter_mut().find(|(first, _)| first.manager.api_version == version) {
            Some((bucket, more)) if too_many > 0 || bucket.manager == next.manager => {
                bucket.manager = Manager { name: ANCIENT, subresource: "", ..next.manager };
                (bucket.time, bucket.source) = (next.time, None);
                more.push(next.fields);
                too_many = too_many.saturating_sub(1);
            }
            _ => kept.push((next, Vec::new())),
        }
    }
    managed.extend(kept.into_iter().map(|(mut managed, mut more)| {
        more.push(std::mem::take(&mut managed.fields));
        managed.fields = FieldSet::union_of(more);
        managed
    }));
}
