//! Who owns the count of an object: what the object's entries say of it is told of its Scale, and what an apply of the Scale
//! makes of that goes back into the object's own (S-2A).
//!
//! These are the rules of `managedfields.ScaleHandler` of Kubernetes. There a count is one field; here it can be several: who
//! owns one of them owns the count.

use super::compare::Comparison;
use super::element::Element;
use super::entry::{self, Managed, Manager, read};
use super::set::FieldSet;
use super::update::{Form, can_be_owned};
use crate::autoscaling::API_VERSION;
use crate::meta::ManagedFields;
use crate::time::Time;

/// The fields of an object in one version that say its count.
#[derive(Clone, Debug)]
pub struct CountFields {
    /// Those that say it now, and those that change with it.
    owned: FieldSet<'static>,
    /// Those that say it then, and those that change with it.
    set: FieldSet<'static>,
}

impl CountFields {
    /// Those that three changes in that version touch: one that leads to the count as it is, the one that is to be made, and
    /// one that leads to the count as it will be.
    pub fn of(now: &Form, change: &Form, then: &Form) -> Self {
        let changed = touched(change);
        CountFields { owned: touched(now).union(changed.clone()), set: touched(then).union(changed) }
    }

    fn belong_to(&self, managed: &Managed<'_>) -> bool {
        !managed.fields.intersection(&self.owned).is_empty()
    }
}

fn touched(change: &Form) -> FieldSet<'static> {
    let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
    let counts = can_be_owned(&|field| field != "status");
    let compared = Comparison::of(change.schema, text(&change.old), text(&change.new), &counts);
    let (set, removed) = compared.into_set_and_removed();
    set.union(removed).into_owned()
}

/// The entries of an object whose Scale is applied.
pub struct Scaling<'a> {
    /// The entries.
    pub entries: &'a ManagedFields,
    /// The fields that say the count in a version such as `wardle.example.com/v1`; `None` where that is not served.
    pub fields: &'a dyn Fn(&str) -> Option<CountFields>,
}

/// An entry with the fields that say the count in its version.
type Served<'m> = (Managed<'m>, CountFields);

impl Scaling<'_> {
    /// The entries of the Scale.
    pub fn of_scale(&self) -> Result<ManagedFields, String> {
        let replicas = FieldSet::of([&path()[..]]);
        let owners = self.served()?.into_iter().filter(|(managed, fields)| fields.belong_to(managed));
        let mut all: Vec<_> = owners
            .map(|(managed, _)| Managed {
                manager: of_scale(managed.manager),
                time: managed.time,
                fields: replicas.clone(),
                source: None,
            })
            .collect();
        entry::sort(&mut all);
        Ok(all.into_iter().map(entry::write).collect::<Vec<_>>().into())
    }

    /// The entries of the object once those of the Scale are these. `applier` applied it, in a version of the object.
    pub fn of_object(&self, scale: &ManagedFields, applier: Manager<'_>) -> Result<ManagedFields, String> {
        let mut owners = read(scale)?;
        owners.retain(|owner| owner.fields.contains(&path()));
        let mut all = self.served()?;
        let is = |managed: &Managed<'_>, owner: &Managed<'_>| of_scale(managed.manager) == owner.manager;
        let owns =
            |owner: &Managed<'_>| all.iter().any(|(one, fields)| is(one, owner) && fields.belong_to(one));
        let gains = |owner: &&Managed<'_>| owner.manager == of_scale(applier) || !owns(owner);
        let gaining: Vec<_> = owners.iter().filter(gains).collect();
        for (managed, fields) in &mut all {
            let keeps = owners.iter().any(|owner| is(managed, owner));
            if !keeps && managed.fields.subtract(&fields.owned) {
                managed.source = None;
            }
        }
        for owner in gaining {
            let manager = Manager { api_version: applier.api_version, ..owner.manager };
            self.give(&mut all, manager, owner.time);
        }
        let mut all: Vec<_> = all.into_iter().map(|(managed, _)| managed).collect();
        all.retain(|managed| !managed.fields.is_empty());
        entry::sort(&mut all);
        let entries: Vec<_> = all.into_iter().map(entry::write).collect();
        Ok(if **self.entries == entries { self.entries.clone() } else { entries.into() })
    }

    /// Makes a manager the owner of what says the count then.
    fn give<'m>(&self, all: &mut Vec<Served<'m>>, manager: Manager<'m>, time: Option<Time>) {
        if let Some((managed, fields)) = all.iter_mut().find(|(managed, _)| managed.manager == manager) {
            let more = managed.fields.clone().union(fields.set.clone());
            if more != managed.fields {
                (managed.fields, managed.time, managed.source) = (more, time, None);
            }
        } else if let Some(fields) = (self.fields)(manager.api_version) {
            all.push((Managed { manager, time, fields: fields.set.clone(), source: None }, fields));
        }
    }

    /// The entries in versions that are served.
    fn served(&self) -> Result<Vec<Served<'_>>, String> {
        let all = read(self.entries)?.into_iter();
        Ok(all.filter_map(|one| (self.fields)(one.manager.api_version).map(|fields| (one, fields))).collect())
    }
}

/// Where a Scale says the count.
fn path() -> [Element<'static>; 2] {
    [Element::field("spec"), Element::field("replicas")]
}

/// Who a manager of the object is for its Scale.
fn of_scale(manager: Manager<'_>) -> Manager<'_> {
    Manager { api_version: API_VERSION, ..manager }
}
