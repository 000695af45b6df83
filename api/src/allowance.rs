//! What a class allows an object: versions, numbers, sizes, parameters, and who may use it at all.

use crate::databaseclass::{DatabaseClass, Engine};
use crate::defaulting::engines;
use crate::instance::Instance;
use crate::maxima;
use crate::offered::{self, Asked};
use crate::shared::NamespacesFrom;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::meta::is_true;
use apimachinery::selector::LabelSelector;
use std::collections::BTreeMap;

/// What the class does not allow. Of an update only what changed is looked at.
pub fn check(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    namespace_labels: &BTreeMap<String, String>,
    errors: &mut Errors,
) {
    let named_now = old.is_none_or(|old| old.spec().class_name != new.spec().class_name);
    if named_now && class.metadata.deletion_timestamp.is_some() {
        let detail = format!("class {:?} is being deleted and takes no new objects", class.metadata.name);
        errors.push(FieldError::forbidden(&Path::new("spec.className"), &detail));
    }
    if named_now && !admits(class, namespace_labels) {
        let detail = format!("class {:?} does not allow this namespace", class.metadata.name);
        errors.push(FieldError::forbidden(&Path::new("spec.className"), &detail));
    }
    if named_now && !class.status.engines.is_empty() && engines(class, new.definition().kind).next().is_none()
    {
        let detail = format!("class {:?} has no engine of this kind", class.metadata.name);
        errors.push(FieldError::forbidden(&Path::new("spec.className"), &detail));
    }
    check_flavor(class, new, old, errors);
    check_version(class, new, old, errors);
    check_instances(class, new, old, errors);
    check_parameters(class, new, old, errors);
    new.check_allowance(class, old, errors);
    check_limits(class, new, old, errors);
    maxima::check(class, new, old, errors);
    offered::check_resources(class, new, old, errors);
    offered::check_references(class, new, old, errors);
    offered::check_adoption(class, new, old, errors);
}

/// Why the class takes an object to no new major version, where the object's own rules would have that agreed to: what they advise
/// would be refused next.
pub fn check_upgrade(class: &DatabaseClass, new: &dyn Instance, old: &dyn Instance, errors: &mut Errors) {
    if !new.wants_upgrade(old) || !is_true(&class.status.conditions, "Accepted") {
        return;
    }
    check_version(class, new, Some(old), errors);
    let (name, feature) = (&class.metadata.name, format!("{}InPlaceMajorUpgrade", new.definition().kind));
    if errors.is_empty() && !class.offers(&feature) {
        let detail = format!(
            "is a new major version, and class {name:?} does not support {feature:?}: copy the data to a new object of that version"
        );
        errors.push(FieldError::forbidden(&Path::new("spec.version"), &detail));
    }
}

/// What the class would rather not see.
pub fn warnings(class: &DatabaseClass, new: &dyn Instance, old: Option<&dyn Instance>) -> Vec<String> {
    let room = offered::beyond_capacity(class, new, old);
    let changed = old.and_then(|old| new.warn_of_change(old));
    let beyond = new.warn_beyond(class, old);
    room.into_iter().chain(deprecated(class, new, old)).chain(beyond).chain(changed).collect()
}

fn deprecated(class: &DatabaseClass, new: &dyn Instance, old: Option<&dyn Instance>) -> Option<String> {
    let wanted = &new.spec().version;
    let unchanged = old.is_some_and(|old| old.spec().version == *wanted);
    let mut versions = engines(class, new.definition().kind).flat_map(|engine| &engine.versions);
    if unchanged || !versions.any(|version| version.deprecated && version.name == *wanted) {
        return None;
    }
    Some(format!("spec.version: version {wanted:?} is deprecated in class {:?}", class.metadata.name))
}

fn check_flavor(class: &DatabaseClass, new: &dyn Instance, old: Option<&dyn Instance>, errors: &mut Errors) {
    let wanted = &new.spec().flavor;
    let unchanged = old.is_some_and(|old| old.spec().flavor == *wanted);
    let mut offered: Vec<&str> = engines(class, new.definition().kind)
        .map(|engine| engine.flavor.as_str())
        .filter(|flavor| !flavor.is_empty())
        .collect();
    offered.dedup();
    if !wanted.is_empty()
        && !unchanged
        && !offered.contains(&wanted.as_str())
        && engines(class, new.definition().kind).next().is_some()
    {
        errors.push(FieldError::not_supported(&Path::new("spec.flavor"), &**wanted, &offered));
    }
}

/// The engines that may run the object: those of its flavor, where it names one.
fn candidates<'a>(class: &'a DatabaseClass, object: &'a dyn Instance) -> impl Iterator<Item = &'a Engine> {
    let flavor = &object.spec().flavor;
    engines(class, object.definition().kind)
        .filter(move |engine| flavor.is_empty() || engine.flavor == *flavor)
}

fn check_instances(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    errors: &mut Errors,
) {
    let wanted = new.spec().instances.unwrap_or(1);
    let unchanged = old.is_some_and(|old| old.spec().instances.unwrap_or(1) == wanted);
    let fits =
        |engine: &Engine| engine.instance_counts.is_empty() || engine.instance_counts.contains(&wanted);
    if unchanged || candidates(class, new).next().is_none() || candidates(class, new).any(fits) {
        return;
    }
    let mut counts: Vec<i32> =
        candidates(class, new).flat_map(|engine| engine.instance_counts.clone()).collect();
    counts.sort_unstable();
    counts.dedup();
    let counts: Vec<String> = counts.iter().map(i32::to_string).collect();
    let counts: Vec<&str> = counts.iter().map(String::as_str).collect();
    errors.push(FieldError::not_supported(&Path::new("spec.instances"), wanted, &counts));
}

fn check_parameters(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    errors: &mut Errors,
) {
    let wanted = &new.spec().parameters_ref;
    let unchanged = old.is_some_and(|old| old.spec().parameters_ref == *wanted);
    let Some(wanted) = wanted.as_ref().filter(|_| !unchanged) else { return };
    let kinds = &class.status.parameters_kinds;
    if kinds.iter().any(|kind| kind.group == wanted.group && kind.kind == wanted.kind) {
        return;
    }
    let path = Path::new("spec.parametersRef");
    if kinds.is_empty() {
        let detail = format!("class {:?} takes no parameters of its own", class.metadata.name);
        return errors.push(FieldError::forbidden(&path, &detail));
    }
    let name =
        |group: &str, kind: &str| if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
    let offered: Vec<String> = kinds.iter().map(|kind| name(&kind.group, &kind.kind)).collect();
    let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
    errors.push(FieldError::not_supported(&path.child("kind"), name(&wanted.group, &wanted.kind), &offered));
}

fn admits(class: &DatabaseClass, labels: &BTreeMap<String, String>) -> bool {
    let Some(allowed) = &class.spec.allowed_namespaces else { return true };
    match &allowed.from {
        Some(NamespacesFrom::Selector) => allowed.selector.as_ref().is_some_and(|selector| {
            LabelSelector::try_from(selector)
                .is_ok_and(|selector| selector.matches(|key| labels.get(key).map(String::as_str)))
        }),
        _ => true,
    }
}

fn check_version(class: &DatabaseClass, new: &dyn Instance, old: Option<&dyn Instance>, errors: &mut Errors) {
    let wanted = &new.spec().version;
    let unchanged = old.is_some_and(|old| old.spec().version == *wanted);
    let offered: Vec<&str> = candidates(class, new)
        .flat_map(|engine| &engine.versions)
        .map(|version| version.name.as_str())
        .collect();
    if wanted.is_empty() || unchanged || offered.is_empty() {
        return;
    }
    let fits = |version: &&str| {
        let rest = version.strip_prefix(wanted.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if !offered.iter().any(fits) {
        errors.push(FieldError::not_supported(&Path::new("spec.version"), &**wanted, &offered));
    }
}

/// What the class's own limits say, in its spec.
pub(crate) fn check_limits(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    errors: &mut Errors,
) {
    let Some(limits) = &class.spec.limits else { return };
    let (name, spec) = (&class.metadata.name, new.spec());
    let before = old.map(Instance::spec);
    let path = Path::new("spec");
    if let (Some(count), Some(most)) = (spec.instances, limits.max_instances)
        && count > most
        && before.is_none_or(|before| before.instances != spec.instances)
    {
        let detail = format!("class {name:?} allows at most {most}");
        errors.push(FieldError::invalid(&path.child("instances"), count, &detail));
    }
    if let (Some(size), Some(most)) = (&spec.storage.size, &limits.max_storage_size)
        && size > most
        && before.is_none_or(|before| before.storage.size != spec.storage.size)
    {
        let at = path.child("storage").child("size");
        let detail = format!("class {name:?} allows at most {most}");
        errors.push(FieldError::invalid(&at, size.to_string(), &detail));
    }
    for Asked { resource, amount, path, .. } in offered::asked(new, old) {
        if let Some(most) = limits.max_resources.get(resource).filter(|most| amount > *most) {
            let detail = format!("class {name:?} allows at most {most}");
            errors.push(FieldError::invalid(&path, amount.to_string(), &detail));
        }
    }
}
