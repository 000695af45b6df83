//! The most that a class allows of what a server takes without end where no limit says otherwise. As a `LimitRange` does it, the
//! most becomes the limit of an object that states none, and what has a limit keeps one.

use crate::databaseclass::DatabaseClass;
use crate::defaulting::Filled;
use crate::instance::Instance;
use crate::shared::InstanceSpec;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::meta::is_true;
use apimachinery::quantity::Quantity;

/// Those resources, and where their limits stand. Of huge pages nobody takes any who does not ask for them.
const ENDLESS: [(&str, &str); 2] =
    [("cpu", "spec.resources.limits[cpu]"), ("memory", "spec.resources.limits[memory]")];

/// The maxima of a class that are held by limits. What its controller cannot limit is held by requests alone, and before the
/// controller has looked at the class nobody knows.
fn held(class: &DatabaseClass) -> Vec<(&'static str, &'static str, Quantity)> {
    let (Some(limits), offered) = (&class.spec.limits, &class.status.resources) else { return Vec::new() };
    let can_be_limited = |name: &str| {
        let mut known = offered.iter().filter(|known| known.name == name);
        offered.is_empty() || known.any(|known| known.no_limits.is_empty())
    };
    if !is_true(&class.status.conditions, "Accepted") {
        return Vec::new();
    }
    let most = |(name, path)| Some((name, path, *limits.max_resources.get(name)?));
    ENDLESS.into_iter().filter(|(name, _)| can_be_limited(name)).filter_map(most).collect()
}

fn limit(spec: &InstanceSpec, name: &str) -> Option<Quantity> {
    spec.resources.as_ref()?.limits.get(name).copied()
}

/// Whether an object has no longer the limits that it had.
pub(crate) fn are_gone(new: &InstanceSpec, old: &InstanceSpec) -> bool {
    let is_gone = |name| limit(new, name).is_none() && limit(old, name).is_some();
    ENDLESS.iter().any(|(name, _)| is_gone(name))
}

/// Gives an object the limits again that it had: what it was, where that was decided by a class, else the most that the class
/// allows now.
pub(crate) fn fill_again(
    object: &mut dyn Instance,
    old: &dyn Instance,
    class: Option<&DatabaseClass>,
    is_decided: impl Fn(&str) -> bool,
    filled: &mut Filled,
) {
    let held = class.map(held).unwrap_or_default();
    for (name, path) in ENDLESS {
        let Some(before) = limit(old.spec(), name) else { continue };
        let decided = is_decided(path).then_some(before);
        let most = || held.iter().find(|(held, ..)| *held == name).map(|(_, _, most)| *most);
        match (limit(object.spec(), name), decided.or_else(most)) {
            (None, Some(limit)) => {
                object.spec_mut().resources.get_or_insert_default().limits.insert(name.to_owned(), limit);
                filled.set.push(path);
            }
            (Some(_), _) if limit(object.spec(), name) == decided => filled.set.push(path),
            _ => {}
        }
    }
}

/// Gives an object that states no limit the most that its class allows.
pub(crate) fn fill(object: &mut dyn Instance, class: &DatabaseClass, filled: &mut Filled) {
    for (name, path, most) in held(class) {
        let limits = &mut object.spec_mut().resources.get_or_insert_default().limits;
        match limits.get(name) {
            None => {
                limits.insert(name.to_owned(), most);
                filled.set.push(path);
            }
            Some(stated) if *stated != most => filled.stated.push(path),
            Some(_) => {}
        }
    }
}

/// Refuses an object that does without a limit, unless it did before.
pub(crate) fn check(
    class: &DatabaseClass,
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    errors: &mut Errors,
) {
    let has = |object: &dyn Instance, name: &str| limit(object.spec(), name).is_some();
    for (name, path, most) in held(class) {
        if !has(new, name) && old.is_none_or(|old| has(old, name)) {
            let detail =
                format!("class {:?} allows at most {most}: say how much, up to that", class.metadata.name);
            errors.push(FieldError::required(&Path::new(path), &detail));
        }
    }
}
