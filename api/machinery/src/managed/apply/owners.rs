//! Who owns what after an apply.

use super::conflict::{self, Conflict};
use super::fields::{fields_of, has_hollow};
use super::prune::Pruning;
use super::{Apply, ApplyError, Versions, last_applied, value};
use crate::managed::compare::{Comparison, settle};
use crate::managed::entry::{self, Managed, Manager};
use crate::managed::tree::Ownership;
use crate::managed::update::{Compared, Form, UNKNOWN, can_be_owned};
use crate::meta::ManagedFieldsEntry;
use crate::schema::Topology;
use serde_json::Value;

/// An apply to an object.
pub(super) struct Owners<'m> {
    pub(super) apply: &'m Apply<'m>,
    /// The object before.
    pub(super) old: &'m Value,
    pub(super) config: &'m Value,
    pub(super) versions: &'m dyn Versions,
}

impl<'m> Owners<'m> {
    /// Prunes the merged object, and says whether it is what it was, and who owns what then.
    pub(super) fn after(
        &self,
        merged: Value,
        owned: Vec<Managed<'m>>,
    ) -> Result<(Value, bool, Vec<ManagedFieldsEntry>), ApplyError> {
        let own = self.own();
        let (mut last, mut owned): (Vec<_>, Vec<_>) =
            self.served(owned).into_iter().partition(|managed| managed.manager == own.manager);
        let last = last.pop();
        let own = self.with_time_of(last.as_ref(), own);
        let new = self.prune(merged, &own, last.as_ref(), &owned)?;
        let changes = !value::same(self.old, &new);
        if changes {
            self.take_from_others(&new, &mut owned)?;
        }
        let now = if changes { Some(self.apply.time) } else { own.time };
        owned.push(match last {
            // Its text says the same.
            Some(last) if last.fields == own.fields && same_version(&last, &own) => {
                Managed { time: now, ..last }
            }
            _ => Managed { time: now, ..own },
        });
        owned.retain(|managed| !managed.fields.is_empty());
        entry::sort(&mut owned);
        Ok((new, !changes, owned.into_iter().map(entry::write).collect()))
    }

    /// What the applier owns from now on. That nothing changes says nothing of the time.
    fn own(&self) -> Managed<'m> {
        let apply = self.apply;
        let name = if apply.applier.name.is_empty() { UNKNOWN } else { apply.applier.name };
        let tree = value::object(apply.schema, self.config, &can_be_owned(apply.counts));
        Managed {
            manager: Manager { name, applies: true, ..apply.applier },
            time: None,
            fields: fields_of(&tree, apply.schema),
            source: None,
        }
    }

    fn with_time_of(&self, last: Option<&Managed<'_>>, own: Managed<'m>) -> Managed<'m> {
        Managed { time: last.and_then(|last| last.time), ..own }
    }

    /// What is owned in versions that are served, as the types are owned now.
    fn served(&self, mut owned: Vec<Managed<'m>>) -> Vec<Managed<'m>> {
        owned.retain_mut(|managed| {
            let Some(schema) = self.versions.schema(managed.manager.api_version) else { return false };
            if settle(&mut managed.fields, Ownership::of(schema, Topology::Default)) {
                managed.source = None;
            }
            true
        });
        owned
    }

    fn prune(
        &self,
        merged: Value,
        own: &Managed<'m>,
        last: Option<&Managed<'m>>,
        others: &[Managed<'m>],
    ) -> Result<Value, ApplyError> {
        let Some(last) = last else { return Ok(merged) };
        // What is applied empty again can go nevertheless, if others have set parts of it since.
        let is_kept = || last.fields.is_subset(&own.fields) && !has_hollow(&last.fields, self.apply.schema);
        if same_version(last, own) && is_kept() {
            return Ok(merged);
        }
        let owned: Vec<_> = std::iter::once(own).chain(others).collect();
        let (version, schema) = (self.apply.applier.api_version, self.apply.schema);
        Pruning { version, schema, versions: self.versions, owned: &owned }.prune(merged, last)
    }

    /// Takes from others what the apply changed, if it may.
    fn take_from_others(&self, new: &Value, owned: &mut Vec<Managed<'m>>) -> Result<(), ApplyError> {
        let Apply { applier, schema, counts, .. } = *self.apply;
        let paths = can_be_owned(counts);
        let before = value::changed(schema, self.old, new, &paths);
        let after = value::changed(schema, new, self.old, &paths);
        let comparison = Comparison::between(&before, &after);
        let forms = self.forms(new, owned)?;
        let mut compared = vec![Compared::from(applier.api_version, schema, comparison)];
        compared.extend(forms.iter().map(|(name, form)| Compared::of(name, form, counts)));
        let in_version = |managed: &Managed<'_>| {
            compared.iter().find(|version| version.name == managed.manager.api_version)
        };
        if !self.apply.force {
            let conflicts = owned.iter().filter_map(|managed| {
                let fields = managed.fields.intersection(&in_version(managed)?.set);
                Some(Conflict { manager: managed.manager, fields })
            });
            self.refuse(conflicts.collect())?;
        }
        owned.retain_mut(|managed| in_version(managed).is_some_and(|version| version.take_from(managed)));
        Ok(())
    }

    /// Refuses an apply that others stand against.
    fn refuse(&self, mut conflicts: Vec<Conflict<'_, '_>>) -> Result<(), ApplyError> {
        conflicts.retain(|conflict| !conflict.fields.is_empty());
        if !conflicts.is_empty() && self.apply.is_kubectl() {
            // What kubectl applied before servers did is its own, whoever is recorded for it.
            let Apply { applier, schema, .. } = *self.apply;
            let applied = last_applied::applied_by_clients(schema, applier.api_version, self.old);
            let applied = applied.unwrap_or_default();
            for conflict in &mut conflicts {
                conflict.fields.subtract(&applied);
            }
        }
        conflict::say(conflicts).map_or(Ok(()), |conflicts| Err(ApplyError::Conflict(conflicts)))
    }

    /// Both states in the other versions in which somebody owns fields.
    fn forms(&self, new: &Value, owned: &[Managed<'m>]) -> Result<Vec<(&'m str, Form)>, ApplyError> {
        let mut names: Vec<&'m str> = owned.iter().map(|managed| managed.manager.api_version).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| *name != self.apply.applier.api_version);
        let form = |name: &'m str| {
            let convert = |object: &Value, which: &str| {
                let failed = |why| ApplyError::Failed(format!("failed to convert {which} object: {why}"));
                self.versions.convert(object, name).map_err(failed)
            };
            let schema = self.versions.schema(name)?;
            let states = convert(self.old, "old").and_then(|old| Ok((old, convert(new, "new")?)));
            Some(states.map(|(old, new)| (name, Form { schema, old, new })))
        };
        names.into_iter().filter_map(form).collect()
    }
}

fn same_version(one: &Managed<'_>, other: &Managed<'_>) -> bool {
    one.manager.api_version == other.manager.api_version
}
