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
const UNKNOWN: &str = "unknown";

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
        match self.before {
            Some(before) if is_as_before(&managed, before) => before.clone(),
            _ => managed.into_iter().map(entry::write).collect::<Vec<_>>().into(),
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
        match entry::read(self.given) {
            Ok(given) if !given.is_empty() => given,
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

/// What a write did, in one version.
struct Compared<'f> {
    name: &'f str,
    schema: &'static Schema,
    /// What has a new value.
    set: FieldSet<'f>,
    /// That, and what is gone.
    touched: FieldSet<'f>,
}

impl<'f> Compared<'f> {
    fn of(name: &'f str, form: &'f Form, counts: &dyn Fn(&str) -> bool) -> Self {
        let text = |bytes: &'f Bytes| std::str::from_utf8(bytes).unwrap_or_default();
        let comparison = Comparison::of(form.schema, text(&form.old), text(&form.new), &|path| match path {
            ["metadata", field] => !UNOWNED.contains(field),
            [field] => counts(field),
            _ => true,
        });
        let (touched, set) = comparison.into_touched_and_set();
        Compared { name, schema: form.schema, set, touched }
    }

    /// Takes from a manager what the write touched; whether anything is left.
    fn take_from(&self, managed: &mut Managed<'_>) -> bool {
        let settled = settle(&mut managed.fields, Ownership::of(self.schema, Topology::Default));
        if managed.fields.subtract(&self.touched) || settled {
            managed.source = None;
        }
        !managed.fields.is_empty()
    }
}

/// Whether every entry is as it was, and none is missing.
fn is_as_before(managed: &[Managed<'_>], before: &ManagedFields) -> bool {
    let same = |(managed, entry): (&Managed<'_>, &_)| {
        managed.source.is_some_and(|source| std::ptr::eq(source, entry) || source == entry)
    };
    managed.len() == before.len() && managed.iter().zip(before.iter()).all(same)
}

/// Merges the entries of the managers that updated longest ago, version by version, until no more are left than may be.
fn cap(managed: &mut Vec<Managed<'_>>) {
    let mut updaters = managed.iter().filter(|managed| !managed.manager.applies).count();
    if updaters <= MOST_UPDATERS {
        return;
    }
    managed.sort_by_cached_key(|managed| (managed.time.map_or(0, Time::seconds), managed.manager.identity()));
    let mut kept: Vec<Managed<'_>> = Vec::with_capacity(managed.len());
    for next in std::mem::take(managed) {
        // The first of a version stays as it is until a second one is merged with it.
        let is_first = |other: &&mut Managed<'_>| {
            !other.manager.applies && other.manager.api_version == next.manager.api_version
        };
        let may_stay = next.manager.applies || updaters <= MOST_UPDATERS;
        match kept.iter_mut().find(is_first) {
            Some(bucket) if !may_stay || bucket.manager == next.manager => {
                bucket.manager = Manager { name: ANCIENT, subresource: "", ..next.manager };
                bucket.fields = std::mem::take(&mut bucket.fields).union(next.fields);
                (bucket.time, bucket.source) = (next.time, None);
                updaters -= 1;
            }
            _ => kept.push(next),
        }
    }
    *managed = kept;
}
