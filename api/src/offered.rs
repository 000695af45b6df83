//! What a class offers an object beyond versions and features: amounts of compute resources, kinds that references may name, and
//! room. All of it stands in the status of the class, as its controller wrote it.

use crate::databaseclass::{DatabaseClass, UnsupportedFieldPolicy};
use crate::features::ADOPTION_ONLY;
use crate::instance::Instance;
use crate::shared::{ADOPT_REF, DATA_SOURCE_REF};
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::quantity::Quantity;

/// An amount that an object asks for, and did not ask for before.
pub(crate) struct Asked<'a> {
    pub(crate) resource: &'a str,
    pub(crate) amount: &'a Quantity,
    pub(crate) path: Path,
    is_limit: bool,
}

/// The compute resources that an object asks for; of an update those that changed.
pub(crate) fn asked<'a>(new: &'a dyn Instance, old: Option<&'a dyn Instance>) -> Vec<Asked<'a>> {
    let path = Path::new("spec.resources");
    let before = old.and_then(|old| old.spec().resources.as_ref());
    let Some(wanted) = &new.spec().resources else { return Vec::new() };
    let lists = [
        ("requests", &wanted.requests, before.map(|before| &before.requests)),
        ("limits", &wanted.limits, before.map(|before| &before.limits)),
    ];
    let asked = lists.into_iter().flat_map(|(part, list, before)| {
        let path = path.child(part);
        let changed = list
            .iter()
            .filter(move |(name, amount)| before.and_then(|list| list.get(*name)) != Some(*amount));
        changed.map(move |(name, amount)| Asked {
            resource: name,
            amount,
            path: path.key(name),
            is_limit: part == "limits",
        })
    });
    asked.collect()
}

/// Refuses amounts that no server of the class can have.
pub(crate) fn check_resources(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    errors: &mut Errors,
) {
    let (name, offered) = (&class.metadata.name, &class.status.resources);
    if offered.is_empty() {
        return;
    }
    for Asked { resource, amount, path, is_limit } in asked(new, old) {
        let Some(known) = offered.iter().find(|known| known.name == resource) else {
            let listed: Vec<&str> = offered.iter().map(|known| known.name.as_str()).collect();
            let detail = format!(
                "class {name:?} knows no resource {resource:?}, but {}: leave it out",
                listed.join(", ")
            );
            errors.push(FieldError::unsupported(&path, &detail));
            continue;
        };
        let invalid = |detail: &str| FieldError::invalid(&path, amount.to_string(), detail);
        if is_limit && !known.no_limits.is_empty() {
            let why = &known.no_limits;
            let detail = format!("class {name:?} cannot hold limits, because {why}: leave them out");
            errors.push(FieldError::forbidden(&path, &detail));
        } else if let Some(least) = known.min_limit.as_ref().filter(|least| is_limit && amount < *least) {
            let detail = format!(
                "no server of class {name:?} does with less than {least}: ask for more, or leave the limit out"
            );
            errors.push(invalid(&detail));
        } else if let Some(most) = known.max_request.as_ref().filter(|most| !is_limit && amount > *most) {
            errors
                .push(invalid(&format!("class {name:?} has no machine with more than {most}: ask for less")));
        }
    }
}

fn qualified(group: &str, kind: &str) -> String {
    match group {
        "" => kind.to_owned(),
        group => format!("{kind}.{group}"),
    }
}

/// Refuses an object that names nothing to run on where its class has nothing else.
pub(crate) fn check_adoption(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    errors: &mut Errors,
) {
    let (kind, name) = (new.definition().kind, &class.metadata.name);
    let had_class = old.is_some_and(|old| old.spec().class_name == new.spec().class_name);
    if had_class || new.spec().adopt_ref.is_some() || !class.offers(&format!("{kind}{ADOPTION_ONLY}")) {
        return;
    }
    let kinds: Vec<String> =
        class.taken_in(ADOPT_REF).map(|known| qualified(&known.group, &known.kind)).collect();
    let what = if kinds.is_empty() { "it".to_owned() } else { format!("a {}", kinds.join(" or a ")) };
    let detail = format!("objects of class {name:?} run on what they name here: name {what}");
    errors.push(FieldError::required(&Path::new(ADOPT_REF), &detail));
}

/// The most memory that a server of an object may have, as the object's limit says it, the class's, or its controller of machines.
pub(crate) fn most_memory<'a>(class: &'a DatabaseClass, object: &'a dyn Instance) -> Option<&'a Quantity> {
    const MEMORY: &str = "memory";
    let own = object.spec().resources.as_ref().and_then(|resources| resources.limits.get(MEMORY));
    let allowed = class.spec.limits.as_ref().and_then(|limits| limits.max_resources.get(MEMORY));
    let machine = class.status.resources.iter().find(|known| known.name == MEMORY);
    let machine = machine.and_then(|known| known.max_request.as_ref());
    [own, allowed, machine].into_iter().flatten().min()
}

/// Refuses references to kinds that the class does not take in that field. A class that only warns may leave the field out.
pub(crate) fn check_references(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    errors: &mut Errors,
) {
    if class.spec.unsupported_field_policy == Some(UnsupportedFieldPolicy::Warn) {
        return;
    }
    for named in new.spec().references() {
        let unchanged = old.is_some_and(|old| old.spec().references().any(|before| before == named));
        let kinds: Vec<_> = class.taken_in(named.path).collect();
        let takes = kinds.iter().any(|known| known.group == named.group && known.kind == named.kind);
        if unchanged || kinds.is_empty() || takes {
            continue;
        }
        let taken: Vec<String> = kinds.iter().map(|known| qualified(&known.group, &known.kind)).collect();
        let detail = format!(
            "class {:?} takes no {} here, but {}",
            class.metadata.name,
            qualified(named.group, named.kind),
            taken.join(", ")
        );
        let field = match kinds.iter().any(|known| known.kind == named.kind) {
            false => "kind",
            true if named.path == DATA_SOURCE_REF => "apiGroup",
            true => "group",
        };
        errors.push(FieldError::unsupported(&Path::new(named.path).child(field), &detail));
    }
}

/// That an object asks for more room than there is: a disk can grow, and the size is not taken from it beforehand.
pub(crate) fn beyond_capacity(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
) -> Option<String> {
    let (size, all) = (new.spec().storage.size.as_ref()?, class.status.storage_capacity.as_ref()?);
    let unchanged = old.is_some_and(|old| old.spec().storage.size.as_ref() == Some(size));
    (size > all && !unchanged).then(|| {
        let name = &class.metadata.name;
        format!(
            "spec.storage.size: {size} is more than the {all} that class {name:?} has in all: the disk is full before that"
        )
    })
}
